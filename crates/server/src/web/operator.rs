//! The operator's first page.

use axum::response::Response;
use money::{Amount, Currency, Delta, MAX_MINOR};
use operations::history::{self, Named};
use operations::totals::{self, CurrencyTotals};
use pages::operator::{Entry, Overview, Waiting};
use pages::sums::Sum;
use records::operations::{Filter, KindCount, OperationKind, OperationState, counts as count_kinds};
use records::principals::{self, Role};
use records::{approvals, control, risk};

use super::merchant::main_currency;
use super::stop::Stop;
use super::visit::{OperatorVisit, Visit, page};
use super::{describe, spans};

/// How many days the chart of volumes goes back, today included.
const DAYS: u32 = 28;
const HOURS: u32 = 24;
/// How many operations the page shows.
const LATEST: u32 = 12;

/// `GET /operator`
pub(super) async fn operator(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let (now, currency) = (visit.app.now(), main_currency(&visit));
    let (by_hour, by_day) = (spans::hours_of_today(now), spans::last_days(now, DAYS));
    let hours = visit.need(totals::volumes(operations, by_hour).await)?;
    let days = visit.need(totals::volumes(operations, by_day).await)?;
    let (from, until) = (spans::midnight(now, 0), now);
    let counted = visit.app.records().read(move |sql| count_kinds(sql, from, until)).await;
    let counts = visit.need_records(counted)?;
    let holders = visit.app.records().read(|sql| principals::count(sql, Role::Holder)).await;
    let payment = (OperationKind::Payment, currency);
    let view = Overview {
        sums: sums(&visit).await?,
        currency,
        days: spans::series(&by_day, &days, payment, DAYS, spans::minor),
        hours: spans::series(&by_hour, &hours, payment, HOURS, |volume| volume.count),
        completed: count(&counts, |state| state == OperationState::Completed),
        failed: count(&counts, |state| matches!(state, OperationState::Declined | OperationState::Reversed)),
        open: count(&counts, OperationState::is_open),
        holders: visit.need_records(holders)?,
        waiting: waiting(&visit).await?,
        latest: latest(&visit).await?,
        as_of: now,
    };
    Ok(page(pages::operator::operator(&visit.frame(), &view)))
}

/// What waits for somebody: held payments, approvals, differences with a bank.
async fn waiting(visit: &Visit) -> Result<Waiting, Stop> {
    let read = visit.app.records().read(|sql| {
        Ok(Waiting {
            held: risk::count_waiting(sql)?,
            approvals: approvals::count_waiting(sql)?,
            differences: control::count_open_differences(sql)?,
        })
    });
    visit.need_records(read.await)
}

fn count(counts: &[KindCount], wanted: impl Fn(OperationState) -> bool) -> u64 {
    counts.iter().filter(|count| wanted(count.state)).map(|count| count.count).sum()
}

async fn latest(visit: &Visit) -> Result<Vec<Entry>, Stop> {
    let found = history::page(visit.app.operations(), Filter::default(), None, LATEST).await;
    let named = visit.need(history::named(visit.app.operations(), visit.need(found)?.operations).await)?;
    Ok(named.into_iter().map(|row| entry(visit, row)).collect())
}

fn entry(visit: &Visit, row: Named) -> Entry {
    Entry {
        id: row.operation.id,
        kind: describe::kind(row.operation.kind),
        state: describe::state(row.operation.state),
        payer: describe::party(visit.locale, row.payer.as_ref()),
        payee: describe::party(visit.locale, row.payee.as_ref()),
        amount: row.operation.amount,
        at: row.operation.created_at,
    }
}

/// The equation of each currency that is in use, the main one first.
pub(super) async fn sums(visit: &Visit) -> Result<Vec<Sum>, Stop> {
    let (_, counted) = visit.need(totals::recent(visit.app.operations()).await)?;
    let main = main_currency(visit);
    let used = |totals: &&CurrencyTotals| {
        totals.currency == main
            || [totals.float, totals.wallets, totals.merchants, totals.suspense].iter().any(|sum| *sum != 0)
    };
    let mut sums: Vec<Sum> = counted.currencies.iter().filter(used).map(sum).collect();
    sums.sort_by_key(|sum| sum.float.currency() != main);
    Ok(sums)
}

fn sum(totals: &CurrencyTotals) -> Sum {
    let amount = |value| shown(value, totals.currency);
    Sum {
        float: amount(totals.float),
        wallets: amount(totals.wallets),
        merchants: amount(totals.merchants),
        escrow: amount(totals.escrow),
        vouchers: amount(totals.vouchers),
        card_purses: amount(totals.card_purses()),
        suspense: difference(totals.suspense, totals.currency),
        coming: amount(totals.coming),
        leaving: amount(totals.leaving),
        difference: difference(totals.difference(), totals.currency),
    }
}

/// A sum of the ledger for a page. What is below 0 or beyond the greatest amount is shown as the nearest amount; the
/// difference then tells that something is wrong.
fn shown(value: i128, currency: Currency) -> Amount {
    let minor = u64::try_from(value.clamp(0, i128::from(MAX_MINOR))).unwrap_or(MAX_MINOR);
    Amount::from_minor(minor, currency).unwrap_or(Amount::zero(currency))
}

/// As [`shown`], for what may be below 0.
fn difference(value: i128, currency: Currency) -> Delta {
    let most = i128::from(MAX_MINOR);
    let minor = i64::try_from(value.clamp(-most, most)).unwrap_or(i64::MAX);
    Delta::from_minor(minor, currency).unwrap_or(Amount::zero(currency).to_delta())
}
