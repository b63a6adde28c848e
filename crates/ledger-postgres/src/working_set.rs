//! The part of the ledger that a batch can touch, loaded with one statement for each table.

use std::collections::BTreeSet;

use ledger::memory::{Clock, MemoryStore};
use ledger::{Account, AccountId, BATCH_MAX, PendingStatus, Timestamp, Transfer, TransferId};
use postgres::Row;
use postgres::types::ToSql;

use crate::rows;
use crate::session::Turn;
use crate::words::Wide;

/// What one call wants to write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Batch<'a> {
    Accounts(&'a [Account]),
    Transfers(&'a [Transfer]),
}

/// The row of `ledger_clock`, locked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LockedClock {
    pub(crate) round: i64,
    pub(crate) clock: Clock,
    pub(crate) next_expiry: Timestamp,
}

/// The store that [`ledger::apply`] runs on, and what it held at first.
#[derive(Debug)]
pub(crate) struct WorkingSet {
    pub(crate) store: MemoryStore,
    pub(crate) loaded: Vec<Account>,
    pub(crate) pendings: Vec<(TransferId, PendingStatus)>,
}

/// Waits for its turn, and holds it until the transaction ends.
pub(crate) fn lock_clock(turn: &mut Turn<'_>) -> Result<LockedClock, postgres::Error> {
    let row = turn.transaction.query_one(&turn.statements.lock_clock, &[])?;
    let moment = |index: usize| rows::timestamp(row.get(index));
    let clock = Clock { last: moment(1), last_account: moment(2), last_transfer: moment(3) };
    Ok(LockedClock { round: row.get(0), clock, next_expiry: moment(4) })
}

/// The ids that a round names.
#[derive(Debug, Default)]
struct Named {
    accounts: Vec<AccountId>,
    transfers: Vec<TransferId>,
    pendings: BTreeSet<TransferId>,
    imported: Vec<Timestamp>,
}

impl Named {
    fn by(batches: &[Batch<'_>]) -> Self {
        let mut named = Self::default();
        for batch in batches {
            match batch {
                Batch::Accounts(accounts) => {
                    named.accounts.extend(accounts.iter().map(|account| account.id));
                    named.imported.extend(accounts.iter().map(|account| account.timestamp));
                }
                Batch::Transfers(transfers) => {
                    named
                        .accounts
                        .extend(transfers.iter().flat_map(|t| [t.debit_account_id, t.credit_account_id]));
                    named.transfers.extend(transfers.iter().map(|transfer| transfer.id));
                    named.pendings.extend(transfers.iter().map(|transfer| transfer.pending_id));
                    named.imported.extend(transfers.iter().map(|transfer| transfer.timestamp));
                }
            }
        }
        named.pendings.remove(&TransferId::ZERO);
        named.imported.retain(|timestamp| !timestamp.is_zero() && *timestamp <= Timestamp::LAST);
        named
    }
}

impl WorkingSet {
    /// Loads what the batches name. Unless `thorough`, the ids of new transfers are taken to be new: see
    /// [`PostgresEngine`](crate::PostgresEngine).
    pub(crate) fn load(
        turn: &mut Turn<'_>,
        clock: Clock,
        batches: &[Batch<'_>],
        thorough: bool,
    ) -> Result<Self, postgres::Error> {
        let mut named = Named::by(batches);
        let mut set = Self::at(clock);
        let mut wanted: Vec<Wide> = named.pendings.iter().map(|id| Wide(id.0)).collect();
        if thorough {
            wanted.extend(named.transfers.iter().map(|id| Wide(id.0)));
        }
        set.store.reserve(0, named.transfers.len());
        set.load_transfers(turn, &wanted, &mut named.accounts)?;
        set.load_failed(turn, &named.transfers)?;
        if !named.imported.is_empty() {
            set.load_moments(turn, &named.imported, &mut named.accounts)?;
        }
        set.load_accounts(turn, named.accounts)?;
        Ok(set)
    }

    /// Loads the pending transfers that are due, at most [`BATCH_MAX`], the first to expire first.
    pub(crate) fn load_due(
        turn: &mut Turn<'_>,
        clock: Clock,
        now: Timestamp,
    ) -> Result<Self, postgres::Error> {
        let mut set = Self::at(clock);
        let limit = i64::try_from(BATCH_MAX).unwrap_or(i64::MAX);
        let due = turn.transaction.query(&turn.statements.due, &[&now.0.cast_signed(), &limit])?;
        let ids: Vec<Wide> = due.iter().map(|row| row.get(0)).collect();
        let mut accounts = Vec::new();
        set.load_transfers(turn, &ids, &mut accounts)?;
        set.load_accounts(turn, accounts)?;
        Ok(set)
    }

    fn at(clock: Clock) -> Self {
        Self { store: MemoryStore::at(clock), loaded: Vec::new(), pendings: Vec::new() }
    }

    /// Loads transfers with what became of them where they are pending, and notes the accounts they name.
    fn load_transfers(
        &mut self,
        turn: &mut Turn<'_>,
        ids: &[Wide],
        accounts: &mut Vec<AccountId>,
    ) -> Result<(), postgres::Error> {
        if ids.is_empty() {
            return Ok(());
        }
        for row in turn.transaction.query(&turn.statements.transfers, &[&ids])? {
            self.take_transfer(&row, accounts);
        }
        Ok(())
    }

    fn take_transfer(&mut self, row: &Row, accounts: &mut Vec<AccountId>) {
        let transfer = rows::transfer(row);
        let status = row.get::<_, Option<i16>>(13).map(rows::status);
        self.store.load_transfer(&transfer, status);
        self.pendings.extend(status.map(|status| (transfer.id, status)));
        accounts.extend([transfer.debit_account_id, transfer.credit_account_id]);
    }

    fn load_failed(&mut self, turn: &mut Turn<'_>, ids: &[TransferId]) -> Result<(), postgres::Error> {
        let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) else { return Ok(()) };
        // Ids that follow time, as the model advises, lie beyond all that failed before: one look instead of thousands.
        let between: [&(dyn ToSql + Sync); 2] = [&Wide(first.0), &Wide(last.0)];
        if !turn.transaction.query_one(&turn.statements.any_failed, &between)?.get::<_, bool>(0) {
            return Ok(());
        }
        let ids: Vec<Wide> = ids.iter().map(|id| Wide(id.0)).collect();
        for row in turn.transaction.query(&turn.statements.failed, &[&ids])? {
            self.store.load_failed(TransferId(row.get::<_, Wide>(0).0));
        }
        Ok(())
    }

    /// Loads whatever happened at the moments that imported events claim.
    fn load_moments(
        &mut self,
        turn: &mut Turn<'_>,
        moments: &[Timestamp],
        accounts: &mut Vec<AccountId>,
    ) -> Result<(), postgres::Error> {
        let moments: Vec<i64> = moments.iter().map(|moment| moment.0.cast_signed()).collect();
        let at = turn.transaction.query(&turn.statements.accounts_at, &[&moments])?;
        accounts.extend(at.iter().map(|row| AccountId(row.get::<_, Wide>(0).0)));
        for row in turn.transaction.query(&turn.statements.transfers_at, &[&moments])? {
            self.take_transfer(&row, accounts);
        }
        Ok(())
    }

    fn load_accounts(&mut self, turn: &mut Turn<'_>, mut ids: Vec<AccountId>) -> Result<(), postgres::Error> {
        ids.sort_unstable();
        ids.dedup();
        self.loaded.reserve(ids.len());
        self.store.reserve(ids.len(), 0);
        let mut unknown = Vec::new();
        for id in ids {
            match turn.recent.get(id) {
                Some(account) => self.take_account(account),
                None => unknown.push(Wide(id.0)),
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        for row in turn.transaction.query(&turn.statements.accounts, &[&unknown])? {
            self.take_account(&rows::account(&row));
        }
        Ok(())
    }

    fn take_account(&mut self, account: &Account) {
        self.store.load_account(account);
        self.loaded.push(*account);
    }
}
