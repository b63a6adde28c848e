//! A second ledger, written from the model's description alone: slow, simple, and sharing no posting code with
//! [`apply`](crate::apply), so that a mistake would have to be made twice.
//!
//! It stores no balances. It keeps the accounts as they were asked for and a list of facts (a transfer was made, a
//! pending transfer expired); balances, what became of a pending transfer, and whether an account is closed are read
//! off that list each time.

mod books;
mod rules;

use books::{Books, Fact};
use rules::{Refusal, account_refusal, transfer_verdict};

use crate::{
    Account, AccountBalance, AccountFilter, AccountFilterFlags, AccountFlags, AccountId, BATCH_MAX,
    CreateAccountResult, CreateAccountStatus, CreateTransferResult, CreateTransferStatus, Engine,
    EngineError, QueryFilter, QueryFilterFlags, Timestamp, Transfer, TransferFlags, TransferId,
};

/// The reference ledger as an engine.
#[derive(Clone, Debug, Default)]
pub struct ReferenceEngine {
    books: Books,
}

/// What a batch needs to know of one event, whether account or transfer.
#[derive(Clone, Copy)]
struct Marks {
    linked: bool,
    imported: bool,
    timestamp: Timestamp,
}

/// Where an event stands before its own rules are looked at.
enum Standing {
    /// Judge it, at this moment.
    Judge(Timestamp),
    /// Refused for its place in the batch, by the name that both kinds of event share.
    Refused(&'static str),
}

/// The rules of batches that come before the rules of events.
fn standing(
    marks: Marks,
    first: Marks,
    is_last: bool,
    chain_broken: bool,
    own: Timestamp,
    end: Timestamp,
) -> Standing {
    let mode = if marks.imported { "imported_event_not_expected" } else { "imported_event_expected" };
    let out_of_range = marks.timestamp < Timestamp::FIRST || marks.timestamp > Timestamp::LAST;
    let refusals = [
        (marks.linked && is_last, "linked_event_chain_open"),
        (chain_broken, "linked_event_failed"),
        (marks.imported != first.imported, mode),
        (!marks.imported && !marks.timestamp.is_zero(), "timestamp_must_be_zero"),
        (marks.imported && out_of_range, "imported_event_timestamp_out_of_range"),
        (marks.imported && marks.timestamp >= end, "imported_event_timestamp_must_not_advance"),
    ];
    match refusals.into_iter().find(|(applies, _)| *applies) {
        Some((_, name)) => Standing::Refused(name),
        None => Standing::Judge(if marks.imported { marks.timestamp } else { own }),
    }
}

fn account_status(name: &str) -> CreateAccountStatus {
    let status = CreateAccountStatus::ALL.iter().find(|status| status.name() == name);
    *status.expect("the rules of batches are rules of accounts")
}

fn transfer_status(name: &str) -> CreateTransferStatus {
    let status = CreateTransferStatus::ALL.iter().find(|status| status.name() == name);
    *status.expect("the rules of batches are rules of transfers")
}

impl ReferenceEngine {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a batch of either kind: `event` judges and performs one event, and says whether it was created.
    fn batch<R>(
        &mut self,
        now: Timestamp,
        marks: &[Marks],
        refused: impl Fn(&'static str, Timestamp) -> R,
        mut event: impl FnMut(&mut Books, usize, Timestamp) -> (bool, R),
        mut after_failure: impl FnMut(&mut Books, usize, &R, Timestamp),
    ) -> Vec<R> {
        let count = u64::try_from(marks.len()).expect("a batch is small");
        let end = Timestamp(now.0.max(self.books.last().0.saturating_add(count)));
        let mut results: Vec<R> = Vec::with_capacity(marks.len());
        let mut moments: Vec<Timestamp> = Vec::with_capacity(marks.len());
        let mut chain: Option<(usize, Option<Books>)> = None;
        for (index, mark) in marks.iter().enumerate() {
            let passed = u64::try_from(index).expect("a batch is small").saturating_add(1);
            let own = Timestamp(end.0.saturating_sub(count).saturating_add(passed));
            let is_last = results.len().saturating_add(1) == marks.len();
            if mark.linked && chain.is_none() {
                chain = Some((index, Some(self.books.clone())));
            }
            let broken = matches!(chain, Some((_, None)));
            let (moment, (created, result)) = match standing(*mark, marks[0], is_last, broken, own, end) {
                Standing::Judge(at) => (at, event(&mut self.books, index, at)),
                Standing::Refused(name) => (own, (false, refused(name, own))),
            };
            if !created {
                if let Some((start, before)) = &mut chain
                    && let Some(before) = before.take()
                {
                    self.books = before;
                    for (result, moment) in results.iter_mut().zip(&moments).skip(*start) {
                        *result = refused("linked_event_failed", *moment);
                    }
                }
                after_failure(&mut self.books, index, &result, own);
            }
            results.push(result);
            moments.push(moment);
            if !mark.linked || is_last {
                chain = None;
            }
        }
        results
    }

    /// The facts that a filter of one account asks for, with their place in the list.
    fn asked(&self, filter: &AccountFilter) -> Vec<(usize, Transfer)> {
        if !filter.is_valid() {
            return Vec::new();
        }
        let mut asked: Vec<(usize, Transfer)> =
            self.books.transfers().filter(|(_, t)| filter.accepts(t)).collect();
        if filter.flags.contains(AccountFilterFlags::REVERSED) {
            asked.reverse();
        }
        asked.truncate(filter.row_limit());
        asked
    }
}

fn within_batch<T>(events: &[T]) -> Result<(), EngineError> {
    if events.len() > BATCH_MAX { Err(EngineError::BatchTooLarge) } else { Ok(()) }
}

impl Engine for ReferenceEngine {
    fn create_accounts(
        &mut self,
        now: Timestamp,
        accounts: &[Account],
    ) -> Result<Vec<CreateAccountResult>, EngineError> {
        within_batch(accounts)?;
        self.books.expire(now);
        let mark = |a: &Account| Marks {
            linked: a.flags.contains(AccountFlags::LINKED),
            imported: a.flags.contains(AccountFlags::IMPORTED),
            timestamp: a.timestamp,
        };
        let marks: Vec<Marks> = accounts.iter().map(mark).collect();
        let refused = |name, timestamp| CreateAccountResult { status: account_status(name), timestamp };
        let event = |books: &mut Books, index: usize, at| {
            let account = Account { timestamp: at, ..accounts[index] };
            match account_refusal(books, &account) {
                Some(Refusal { status, timestamp }) => (false, CreateAccountResult { status, timestamp }),
                None => {
                    books.accounts.insert(account.id, account);
                    (true, CreateAccountResult { status: CreateAccountStatus::Created, timestamp: at })
                }
            }
        };
        Ok(self.batch(now, &marks, refused, event, |_, _, _, _| {}))
    }

    fn create_transfers(
        &mut self,
        now: Timestamp,
        transfers: &[Transfer],
    ) -> Result<Vec<CreateTransferResult>, EngineError> {
        within_batch(transfers)?;
        self.books.expire(now);
        let mark = |t: &Transfer| Marks {
            linked: t.flags.contains(TransferFlags::LINKED),
            imported: t.flags.contains(TransferFlags::IMPORTED),
            timestamp: t.timestamp,
        };
        let marks: Vec<Marks> = transfers.iter().map(mark).collect();
        let refused = |name, timestamp| CreateTransferResult { status: transfer_status(name), timestamp };
        let event = |books: &mut Books, index: usize, at| {
            let transfer = Transfer { timestamp: at, ..transfers[index] };
            match transfer_verdict(books, &transfer) {
                Err(Refusal { status, timestamp }) => (false, CreateTransferResult { status, timestamp }),
                Ok(transfer) => {
                    books.facts.push(Fact::Made(transfer));
                    (true, CreateTransferResult { status: CreateTransferStatus::Created, timestamp: at })
                }
            }
        };
        let burn = |books: &mut Books, index: usize, result: &CreateTransferResult, at| {
            if result.status.is_transient() {
                books.failed.insert(transfers[index].id, at);
            }
        };
        Ok(self.batch(now, &marks, refused, event, burn))
    }

    fn lookup_accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, EngineError> {
        within_batch(ids)?;
        Ok(ids.iter().filter_map(|id| self.books.account(*id)).collect())
    }

    fn lookup_transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, EngineError> {
        within_batch(ids)?;
        Ok(ids.iter().filter_map(|id| self.books.transfer(*id)).collect())
    }

    fn get_account_transfers(&mut self, filter: &AccountFilter) -> Result<Vec<Transfer>, EngineError> {
        Ok(self.asked(filter).into_iter().map(|(_, transfer)| transfer).collect())
    }

    fn get_account_balances(&mut self, filter: &AccountFilter) -> Result<Vec<AccountBalance>, EngineError> {
        let Some(account) = self.books.accounts.get(&filter.account_id) else { return Ok(Vec::new()) };
        if !account.flags.contains(AccountFlags::HISTORY) {
            return Ok(Vec::new());
        }
        let balances = self.asked(filter).into_iter().map(|(place, transfer)| {
            let until = self.books.balances(filter.account_id, place.saturating_add(1));
            AccountBalance { timestamp: transfer.timestamp, ..until }
        });
        Ok(balances.collect())
    }

    fn query_accounts(&mut self, filter: &QueryFilter) -> Result<Vec<Account>, EngineError> {
        let ids = self.books.accounts.keys();
        let mut rows: Vec<Account> = ids.filter_map(|id| self.books.account(*id)).collect();
        rows.sort_by_key(|account| account.timestamp);
        Ok(page(rows, filter, QueryFilter::accepts_account))
    }

    fn query_transfers(&mut self, filter: &QueryFilter) -> Result<Vec<Transfer>, EngineError> {
        let rows = self.books.transfers().map(|(_, transfer)| transfer).collect();
        Ok(page(rows, filter, QueryFilter::accepts_transfer))
    }

    fn advance(&mut self, now: Timestamp) -> Result<(), EngineError> {
        self.books.expire(now);
        Ok(())
    }
}

/// What a query asks for, of rows in order of time.
fn page<T>(mut rows: Vec<T>, filter: &QueryFilter, accepts: impl Fn(&QueryFilter, &T) -> bool) -> Vec<T> {
    if !filter.is_valid() {
        return Vec::new();
    }
    if filter.flags.contains(QueryFilterFlags::REVERSED) {
        rows.reverse();
    }
    rows.retain(|row| accepts(filter, row));
    rows.truncate(filter.row_limit());
    rows
}
