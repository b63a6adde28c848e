//! The auditor's own books: balances by its own arithmetic, from nothing but the records.

use std::collections::{BTreeMap, HashMap, HashSet};

use ledger::{Account, AccountFlags, Transfer, TransferFlags};
use ledger_embedded::record::Record;

use crate::journal::Place;
use crate::{AuditReport, Finding};

/// The sums of one ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotals {
    /// The number of the ledger.
    pub ledger: u32,
    /// Its accounts.
    pub accounts: u64,
    /// Sum over its accounts.
    pub debits_posted: u128,
    /// Sum over its accounts.
    pub credits_posted: u128,
    /// Sum over its accounts.
    pub debits_pending: u128,
    /// Sum over its accounts.
    pub credits_pending: u128,
}

/// One side of an account: what is reserved and what has moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) pending: u128,
    pub(crate) posted: u128,
}

/// An account in the auditor's books.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) ledger: u32,
    pub(crate) flags: AccountFlags,
    pub(crate) debits: Side,
    pub(crate) credits: Side,
}

impl Page {
    pub(crate) fn is_closed(&self) -> bool {
        self.flags.contains(AccountFlags::CLOSED)
    }

    /// The limit that the account breaks now.
    fn broken_limit(&self) -> Option<&'static str> {
        let exceeds = |limited: Side, by: Side| {
            limited.pending.checked_add(limited.posted).is_none_or(|sum| sum > by.posted)
        };
        if self.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS)
            && exceeds(self.debits, self.credits)
        {
            return Some("debits exceed credits");
        }
        if self.flags.contains(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS)
            && exceeds(self.credits, self.debits)
        {
            return Some("credits exceed debits");
        }
        None
    }
}

/// Everything the journal says, added up.
#[derive(Default)]
pub(crate) struct Books {
    pages: HashMap<u128, Page>,
    open: HashMap<u128, Transfer>,
    transfer_ids: HashSet<u128>,
    last_timestamp: u64,
}

/// What is wrong with a record.
type Wrong = String;

impl Books {
    pub(crate) fn page(&self, account: u128) -> Option<&Page> {
        self.pages.get(&account)
    }

    /// Enters a record, or finds why it cannot be right.
    pub(crate) fn enter(&mut self, record: &Record, place: &Place<'_>, report: &mut AuditReport) {
        let entered = match record {
            Record::Account(account) => self.open_account(account),
            Record::Transfer(transfer, _) => self.enter_transfer(transfer),
            Record::Expired(released, _) => self.enter_expiry(released),
            Record::Failed(id, timestamp) => self.enter_failure(id.0, timestamp.0),
        };
        match record {
            Record::Account(_) => report.accounts += 1,
            Record::Transfer(..) => report.transfers += 1,
            Record::Expired(..) | Record::Failed(..) => {}
        }
        if let Err(wrong) = entered {
            report.find(Finding::new(place, wrong));
        }
    }

    /// Adds up each ledger, once every record is entered.
    pub(crate) fn close(&self, report: &mut AuditReport) {
        report.open_pendings = self.open.len() as u64;
        let mut totals: BTreeMap<u32, LedgerTotals> = BTreeMap::new();
        let mut ids: Vec<&u128> = self.pages.keys().collect();
        ids.sort_unstable();
        for id in ids {
            let page = &self.pages[id];
            let total = totals.entry(page.ledger).or_default();
            total.ledger = page.ledger;
            total.accounts += 1;
            // Sums of a whole ledger may pass 2^128 where single accounts may not; equal sums stay equal modulo 2^128.
            total.debits_posted = total.debits_posted.wrapping_add(page.debits.posted);
            total.credits_posted = total.credits_posted.wrapping_add(page.credits.posted);
            total.debits_pending = total.debits_pending.wrapping_add(page.debits.pending);
            total.credits_pending = total.credits_pending.wrapping_add(page.credits.pending);
            if let Some(limit) = page.broken_limit() {
                report.find(Finding::new(format!("account {id}"), limit));
            }
        }
        for total in totals.values() {
            let balanced =
                total.debits_posted == total.credits_posted && total.debits_pending == total.credits_pending;
            if !balanced {
                let place = format!("ledger {}", total.ledger);
                report.find(Finding::new(place, "the sum of debits is not the sum of credits"));
            }
        }
        report.ledgers = totals.into_values().collect();
    }

    fn enter_time(&mut self, timestamp: u64, imported: bool) -> Result<(), Wrong> {
        if timestamp <= self.last_timestamp && !imported {
            return Err(format!("timestamp {timestamp} does not come after {}", self.last_timestamp));
        }
        self.last_timestamp = self.last_timestamp.max(timestamp);
        Ok(())
    }

    fn open_account(&mut self, account: &Account) -> Result<(), Wrong> {
        self.enter_time(account.timestamp.0, account.flags.contains(AccountFlags::IMPORTED))?;
        let page = Page {
            ledger: account.ledger.0,
            flags: account.flags,
            debits: Side::default(),
            credits: Side::default(),
        };
        match self.pages.insert(account.id.0, page) {
            None => Ok(()),
            Some(_) => Err(format!("account {} is created a second time", account.id)),
        }
    }

    fn enter_failure(&mut self, id: u128, timestamp: u64) -> Result<(), Wrong> {
        self.enter_time(timestamp, false)?;
        self.take_id(id)
    }

    fn take_id(&mut self, id: u128) -> Result<(), Wrong> {
        if self.transfer_ids.insert(id) {
            Ok(())
        } else {
            Err(format!("transfer id {id} occurs a second time"))
        }
    }

    fn enter_transfer(&mut self, transfer: &Transfer) -> Result<(), Wrong> {
        self.enter_time(transfer.timestamp.0, transfer.flags.contains(TransferFlags::IMPORTED))?;
        self.take_id(transfer.id.0)?;
        let post = transfer.flags.contains(TransferFlags::POST_PENDING_TRANSFER);
        let void = transfer.flags.contains(TransferFlags::VOID_PENDING_TRANSFER);
        if post || void {
            return self.resolve(transfer, post);
        }
        let amount = transfer.amount.0;
        let pending = transfer.flags.contains(TransferFlags::PENDING);
        for (account, closing) in [
            (transfer.debit_account_id.0, TransferFlags::CLOSING_DEBIT),
            (transfer.credit_account_id.0, TransferFlags::CLOSING_CREDIT),
        ] {
            let is_debit = closing == TransferFlags::CLOSING_DEBIT;
            let page = self.page_of(account, transfer)?;
            if page.is_closed() {
                return Err(format!("transfer {} moves value of the closed account {account}", transfer.id));
            }
            let side = if is_debit { &mut page.debits } else { &mut page.credits };
            let sum = if pending { &mut side.pending } else { &mut side.posted };
            *sum = sum.checked_add(amount).ok_or_else(|| format!("account {account} overflows"))?;
            if transfer.flags.contains(closing) {
                page.flags |= AccountFlags::CLOSED;
            }
        }
        if pending {
            self.open.insert(transfer.id.0, *transfer);
        }
        self.check_limits(transfer)
    }

    /// Posts or voids what was pending.
    fn resolve(&mut self, transfer: &Transfer, post: bool) -> Result<(), Wrong> {
        let pending = self.take_open(transfer.pending_id.0)?;
        let same_accounts = transfer.debit_account_id == pending.debit_account_id
            && transfer.credit_account_id == pending.credit_account_id;
        if !same_accounts {
            return Err(format!("transfer {} resolves a pending transfer of other accounts", transfer.id));
        }
        if transfer.amount > pending.amount || (!post && transfer.amount != pending.amount) {
            return Err(format!("transfer {} resolves another amount than was pending", transfer.id));
        }
        if deadline(&pending).is_some_and(|deadline| u128::from(transfer.timestamp.0) >= deadline) {
            return Err(format!("transfer {} resolves a pending transfer after its timeout", transfer.id));
        }
        self.release(&pending, !post)?;
        if post {
            let amount = transfer.amount.0;
            let debit = self.page_of(transfer.debit_account_id.0, transfer)?;
            debit.debits.posted = debit.debits.posted.checked_add(amount).ok_or("debits overflow")?;
            let credit = self.page_of(transfer.credit_account_id.0, transfer)?;
            credit.credits.posted = credit.credits.posted.checked_add(amount).ok_or("credits overflow")?;
        }
        self.check_limits(transfer)
    }

    fn enter_expiry(&mut self, released: &Transfer) -> Result<(), Wrong> {
        self.enter_time(released.timestamp.0, false)?;
        let pending = self.take_open(released.pending_id.0)?;
        match deadline(&pending) {
            Some(deadline) if u128::from(released.timestamp.0) >= deadline => {}
            _ => return Err(format!("pending transfer {} expires before its timeout", pending.id)),
        }
        if released.amount != pending.amount {
            return Err(format!("pending transfer {} expires with another amount", pending.id));
        }
        self.release(&pending, true)
    }

    fn take_open(&mut self, id: u128) -> Result<Transfer, Wrong> {
        self.open
            .remove(&id)
            .ok_or_else(|| format!("transfer {id} is resolved, but is not pending at that time"))
    }

    /// Gives back what a pending transfer reserved; voiding and expiry also reopen what it had closed.
    fn release(&mut self, pending: &Transfer, reopen: bool) -> Result<(), Wrong> {
        let underflow = || format!("more is released than was reserved by transfer {}", pending.id);
        let debit = self.page_of(pending.debit_account_id.0, pending)?;
        debit.debits.pending = debit.debits.pending.checked_sub(pending.amount.0).ok_or_else(underflow)?;
        if reopen && pending.flags.contains(TransferFlags::CLOSING_DEBIT) {
            debit.flags = debit.flags.without(AccountFlags::CLOSED);
        }
        let credit = self.page_of(pending.credit_account_id.0, pending)?;
        credit.credits.pending =
            credit.credits.pending.checked_sub(pending.amount.0).ok_or_else(underflow)?;
        if reopen && pending.flags.contains(TransferFlags::CLOSING_CREDIT) {
            credit.flags = credit.flags.without(AccountFlags::CLOSED);
        }
        Ok(())
    }

    fn page_of(&mut self, account: u128, transfer: &Transfer) -> Result<&mut Page, Wrong> {
        let page = self.pages.get_mut(&account);
        let page = page.ok_or_else(|| {
            format!("transfer {} names account {account}, which does not exist", transfer.id)
        })?;
        if page.ledger != transfer.ledger.0 {
            return Err(format!("transfer {} is in another ledger than account {account}", transfer.id));
        }
        Ok(page)
    }

    fn check_limits(&self, transfer: &Transfer) -> Result<(), Wrong> {
        for account in [transfer.debit_account_id.0, transfer.credit_account_id.0] {
            if let Some(limit) = self.pages.get(&account).and_then(Page::broken_limit) {
                return Err(format!("after transfer {}, {limit} of account {account}", transfer.id));
            }
        }
        Ok(())
    }
}

/// The moment in nanoseconds from which a pending transfer can no longer be posted or voided.
fn deadline(pending: &Transfer) -> Option<u128> {
    let nanoseconds = u128::from(pending.timeout) * 1_000_000_000;
    (pending.timeout != 0).then(|| u128::from(pending.timestamp.0) + nanoseconds)
}

#[cfg(test)]
mod tests {
    use ledger::memory::MemoryEngine;
    use ledger::{AccountId, Amount, Code, Engine, LedgerId, Timestamp, TransferId};

    use super::*;

    const PLACE: Place<'static> = Place { file: "journal", offset: 0 };

    fn account(id: u128, flags: AccountFlags) -> Account {
        Account {
            id: AccountId(id),
            ledger: LedgerId(156),
            code: Code(1),
            flags,
            timestamp: Timestamp(u64::try_from(id).expect("small")),
            ..Account::default()
        }
    }

    fn transfer(id: u128, timestamp: u64, amount: u128, flags: TransferFlags) -> Transfer {
        Transfer {
            id: TransferId(id),
            debit_account_id: AccountId(1),
            credit_account_id: AccountId(2),
            amount: Amount(amount),
            ledger: LedgerId(156),
            code: Code(1),
            flags,
            timestamp: Timestamp(timestamp),
            ..Transfer::default()
        }
    }

    /// Books with account 1, which may be overdrawn, account 2, which may not, and these records.
    fn books(records: &[Record]) -> (Books, Vec<String>) {
        let (mut books, mut report) = (Books::default(), AuditReport::default());
        let limited = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
        for account in [account(1, AccountFlags::NONE), account(2, limited)] {
            books.enter(&Record::Account(account), &PLACE, &mut report);
        }
        for record in records {
            books.enter(record, &PLACE, &mut report);
        }
        books.close(&mut report);
        (books, report.findings.into_iter().map(|finding| finding.what).collect())
    }

    fn moved(transfer: Transfer) -> Record {
        Record::Transfer(transfer, Default::default())
    }

    const POST: TransferFlags = TransferFlags::POST_PENDING_TRANSFER;
    const VOID: TransferFlags = TransferFlags::VOID_PENDING_TRANSFER;

    #[test]
    fn a_pending_transfer_is_resolved_once() {
        let pending = transfer(10, 100, 5, TransferFlags::PENDING);
        let posted = Transfer { pending_id: TransferId(10), ..transfer(11, 101, 5, POST) };
        let again = Transfer { pending_id: TransferId(10), ..transfer(12, 102, 5, VOID) };
        let (_, findings) = books(&[moved(pending), moved(posted), moved(again)]);
        assert_eq!(findings, ["transfer 10 is resolved, but is not pending at that time"]);
    }

    #[test]
    fn more_is_never_posted_than_was_pending() {
        let pending = transfer(10, 100, 5, TransferFlags::PENDING);
        let posted = Transfer { pending_id: TransferId(10), ..transfer(11, 101, 6, POST) };
        let (_, findings) = books(&[moved(pending), moved(posted)]);
        assert_eq!(findings, ["transfer 11 resolves another amount than was pending"]);
    }

    #[test]
    fn a_timeout_is_kept_from_both_sides() {
        let pending = Transfer { timeout: 1, ..transfer(10, 100, 5, TransferFlags::PENDING) };
        let expired = |timestamp| {
            let released =
                Transfer { pending_id: TransferId(10), ..transfer(0, timestamp, 5, TransferFlags::NONE) };
            Record::Expired(released, Default::default())
        };
        assert_eq!(
            books(&[moved(pending), expired(1_000_000_099)]).1,
            ["pending transfer 10 expires before its timeout"]
        );
        assert!(books(&[moved(pending), expired(1_000_000_100)]).1.is_empty());
        let late = Transfer { pending_id: TransferId(10), ..transfer(11, 1_000_000_100, 5, POST) };
        let findings = books(&[moved(pending), moved(late)]).1;
        assert_eq!(findings, ["transfer 11 resolves a pending transfer after its timeout"]);
    }

    #[test]
    fn an_overdraft_and_a_repeated_id_and_time_that_goes_back_are_found() {
        let overdraft = Transfer {
            debit_account_id: AccountId(2),
            credit_account_id: AccountId(1),
            ..transfer(10, 100, 5, TransferFlags::NONE)
        };
        let findings = books(&[moved(overdraft)]).1;
        assert_eq!(
            findings,
            ["after transfer 10, debits exceed credits of account 2", "debits exceed credits"]
        );
        let plain = |id, timestamp| moved(transfer(id, timestamp, 5, TransferFlags::NONE));
        assert_eq!(books(&[plain(10, 100), plain(10, 101)]).1, ["transfer id 10 occurs a second time"]);
        assert_eq!(books(&[plain(10, 100), plain(11, 100)]).1, ["timestamp 100 does not come after 100"]);
    }

    #[test]
    fn an_engine_that_says_something_else_than_its_journal_is_found() {
        let mut engine = MemoryEngine::new();
        let accounts =
            [account(1, AccountFlags::NONE), account(2, AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS)];
        let requests = accounts.map(|account| Account { timestamp: Timestamp::ZERO, ..account });
        engine.create_accounts(Timestamp(2), &requests).expect("memory does not fail");
        let request = Transfer { timestamp: Timestamp::ZERO, ..transfer(10, 0, 7, TransferFlags::NONE) };
        engine.create_transfers(Timestamp(100), &[request]).expect("memory does not fail");

        let (books, _) = books(&[moved(transfer(10, 100, 5, TransferFlags::NONE))]);
        let mut report = AuditReport { accounts: 2, ..AuditReport::default() };
        crate::comparison::compare(&mut engine, &books, &mut report);
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            findings,
            [
                "account 1: debits_posted is 7 in the engine, but 5 by the journal",
                "account 2: credits_posted is 7 in the engine, but 5 by the journal"
            ]
        );
    }
}
