//! The state machine with nothing else around it.

use std::convert::Infallible;

use super::MemoryStore;
use crate::{
    Account, AccountBalance, AccountFilter, AccountFlags, AccountId, BATCH_MAX, CreateAccountResult,
    CreateTransferResult, Engine, EngineError, Existing, QueryFilter, QueryFilterFlags, Store, Timestamp,
    Transfer, TransferId, apply,
};
use crate::{AccountFilterFlags, memory::Entry};

/// The ledger in memory, gone with the process: for tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryEngine {
    store: MemoryStore,
}

impl MemoryEngine {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The engine's time.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.store.last_timestamp()
    }

    fn entries_of<'a>(&'a self, filter: &'a AccountFilter) -> impl Iterator<Item = &'a Entry> {
        let reversed = filter.flags.contains(AccountFilterFlags::REVERSED);
        let asked = if filter.is_valid() { self.store.entries() } else { &[] };
        either_way(asked, reversed).filter(|entry| filter.accepts(&entry.transfer)).take(filter.row_limit())
    }
}

/// The rows in order of time, or newest first.
fn either_way<T>(rows: &[T], reversed: bool) -> impl Iterator<Item = &T> {
    let (forward, backward) = if reversed { (&rows[..0], rows) } else { (rows, &rows[..0]) };
    forward.iter().chain(backward.iter().rev())
}

fn within_batch<T>(events: &[T]) -> Result<(), EngineError> {
    if events.len() > BATCH_MAX { Err(EngineError::BatchTooLarge) } else { Ok(()) }
}

fn certain<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

impl Engine for MemoryEngine {
    fn create_accounts(
        &mut self,
        now: Timestamp,
        accounts: &[Account],
    ) -> Result<Vec<CreateAccountResult>, EngineError> {
        within_batch(accounts)?;
        Ok(certain(apply::create_accounts(&mut self.store, now, accounts)))
    }

    fn create_transfers(
        &mut self,
        now: Timestamp,
        transfers: &[Transfer],
    ) -> Result<Vec<CreateTransferResult>, EngineError> {
        within_batch(transfers)?;
        Ok(certain(apply::create_transfers(&mut self.store, now, transfers)))
    }

    fn lookup_accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, EngineError> {
        within_batch(ids)?;
        let slots = ids.iter().filter_map(|id| self.store.find_account(*id));
        Ok(slots.map(|slot| *self.store.account(slot)).collect())
    }

    fn lookup_transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, EngineError> {
        within_batch(ids)?;
        let found = ids.iter().filter_map(|id| match certain(self.store.find_transfer(*id)) {
            Existing::Found(transfer) => Some(transfer),
            Existing::NotFound | Existing::Failed => None,
        });
        Ok(found.collect())
    }

    fn get_account_transfers(&mut self, filter: &AccountFilter) -> Result<Vec<Transfer>, EngineError> {
        Ok(self.entries_of(filter).map(|entry| entry.transfer).collect())
    }

    fn get_account_balances(&mut self, filter: &AccountFilter) -> Result<Vec<AccountBalance>, EngineError> {
        let balances = self.entries_of(filter).filter_map(|entry| {
            let debited = entry.transfer.debit_account_id == filter.account_id;
            let account = if debited { &entry.debit } else { &entry.credit };
            let kept = account.flags.contains(AccountFlags::HISTORY);
            kept.then(|| account.balance(entry.transfer.timestamp))
        });
        Ok(balances.collect())
    }

    fn query_accounts(&mut self, filter: &QueryFilter) -> Result<Vec<Account>, EngineError> {
        let asked = if filter.is_valid() { self.store.accounts() } else { &[] };
        let rows = either_way(asked, filter.flags.contains(QueryFilterFlags::REVERSED));
        Ok(rows.filter(|account| filter.accepts_account(account)).take(filter.row_limit()).copied().collect())
    }

    fn query_transfers(&mut self, filter: &QueryFilter) -> Result<Vec<Transfer>, EngineError> {
        let asked = if filter.is_valid() { self.store.entries() } else { &[] };
        let rows = either_way(asked, filter.flags.contains(QueryFilterFlags::REVERSED));
        let transfers = rows.map(|entry| entry.transfer).filter(|transfer| filter.accepts_transfer(transfer));
        Ok(transfers.take(filter.row_limit()).collect())
    }

    fn advance(&mut self, now: Timestamp) -> Result<(), EngineError> {
        certain(apply::expire_due(&mut self.store, now));
        Ok(())
    }
}
