//! Compares the engine's accounts with the auditor's books.

use ledger::{Account, Amount, BATCH_MAX, Engine, QueryFilter, Timestamp};

use crate::books::{Books, Page};
use crate::{AuditReport, Finding};

/// Compares every account that the engine has.
pub(crate) fn compare(engine: &mut dyn Engine, books: &Books, report: &mut AuditReport) {
    let mut from = Timestamp::FIRST;
    let mut seen = 0;
    loop {
        let limit = u32::try_from(BATCH_MAX).unwrap_or(u32::MAX);
        let filter = QueryFilter { timestamp_min: from, limit, ..QueryFilter::default() };
        let accounts = match engine.query_accounts(&filter) {
            Ok(accounts) => accounts,
            Err(error) => return report.find(Finding::new("engine", error.to_string())),
        };
        let Some(last) = accounts.last() else { break };
        from = Timestamp(last.timestamp.0 + 1);
        seen += accounts.len() as u64;
        for account in &accounts {
            compare_account(account, books, report);
        }
    }
    if seen != report.accounts {
        let what = format!("the engine has {seen} accounts, the journal has {}", report.accounts);
        report.find(Finding::new("engine", what));
    }
}

fn compare_account(account: &Account, books: &Books, report: &mut AuditReport) {
    let place = || format!("account {}", account.id);
    let Some(page) = books.page(account.id.0) else {
        return report.find(Finding::new(place(), "is in the engine, but not in the journal"));
    };
    for (name, engine, own) in balances(account, page) {
        if engine.0 != own {
            let what = format!("{name} is {engine} in the engine, but {own} by the journal");
            report.find(Finding::new(place(), what));
        }
    }
    if account.flags != page.flags || account.ledger.0 != page.ledger {
        report.find(Finding::new(place(), "flags or ledger in the engine differ from the journal"));
    }
}

fn balances(account: &Account, page: &Page) -> [(&'static str, Amount, u128); 4] {
    [
        ("debits_pending", account.debits_pending, page.debits.pending),
        ("debits_posted", account.debits_posted, page.debits.posted),
        ("credits_pending", account.credits_pending, page.credits.pending),
        ("credits_posted", account.credits_posted, page.credits.posted),
    ]
}
