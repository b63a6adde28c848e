//! The plain solution on SQLite, as fast as it goes durably: one transaction a batch, one row a transfer.
//!
//! Duplicate ids are found by the primary key, history by two indexes, overdrafts by a CHECK; balances are summed in
//! memory and written once an account and batch. There is no two-phase, expiry or balance history: it does less.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use ledger::{AccountId, Transfer};
use rusqlite::{Connection, params};

use super::super::figures::Slice;
use super::workload::Workload;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -524288;
    PRAGMA wal_autocheckpoint = 16384;
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        debits_posted INTEGER NOT NULL DEFAULT 0,
        credits_posted INTEGER NOT NULL DEFAULT 0,
        may_overdraw INTEGER NOT NULL,
        CHECK (may_overdraw OR debits_posted <= credits_posted)
    );
    CREATE TABLE transfers (
        id BLOB PRIMARY KEY,
        debit_account_id INTEGER NOT NULL,
        credit_account_id INTEGER NOT NULL,
        amount INTEGER NOT NULL,
        user_data INTEGER NOT NULL,
        ledger INTEGER NOT NULL,
        code INTEGER NOT NULL,
        timestamp INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX transfers_by_debit ON transfers (debit_account_id, timestamp);
    CREATE INDEX transfers_by_credit ON transfers (credit_account_id, timestamp);
";
const INSERT_ACCOUNT: &str = "INSERT INTO accounts (id, may_overdraw) VALUES (?1, ?2)";
const INSERT_TRANSFER: &str = "INSERT INTO transfers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const UPDATE_ACCOUNT: &str = "UPDATE accounts SET debits_posted = debits_posted + ?2, \
                              credits_posted = credits_posted + ?3 WHERE id = ?1";

/// A ledger in a SQLite file.
#[derive(Debug)]
pub(super) struct SqliteLedger {
    connection: Connection,
    timestamp: i64,
}

impl SqliteLedger {
    pub(super) fn create(path: &Path, workload: &mut Workload) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        let mut ledger = Self { connection, timestamp: 0 };
        let transaction = ledger.connection.transaction()?;
        for account in workload.accounts() {
            let limited = account.flags.contains(ledger::AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS);
            transaction.execute(INSERT_ACCOUNT, params![row_id(account.id), !limited])?;
        }
        transaction.commit()?;
        ledger.post(&workload.funding())?;
        Ok(ledger)
    }

    pub(super) fn slice(
        &mut self,
        workload: &mut Workload,
        batches: usize,
        len: usize,
    ) -> rusqlite::Result<Slice> {
        let mut slice = Slice::default();
        for _ in 0..batches {
            let batch = workload.batch(len);
            let started = Instant::now();
            self.post(&batch)?;
            slice.latencies.push(started.elapsed());
        }
        slice.elapsed = slice.latencies.iter().sum();
        slice.done = (batches * len) as u64;
        Ok(slice)
    }

    fn post(&mut self, batch: &[Transfer]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT_TRANSFER)?;
            for transfer in batch {
                self.timestamp += 1;
                insert.execute(params![
                    transfer.id.0.to_be_bytes(),
                    row_id(transfer.debit_account_id),
                    row_id(transfer.credit_account_id),
                    integer(transfer.amount.0),
                    integer(transfer.user_data_128),
                    transfer.ledger.0,
                    transfer.code.0,
                    self.timestamp,
                ])?;
            }
            let mut update = transaction.prepare_cached(UPDATE_ACCOUNT)?;
            for (account, (debits, credits)) in balance_changes(batch) {
                update.execute(params![account, debits, credits])?;
            }
        }
        transaction.commit()
    }
}

/// How much a batch debits and credits each account, by account id.
pub(super) fn balance_changes(batch: &[Transfer]) -> BTreeMap<i64, (i64, i64)> {
    let mut changes = BTreeMap::new();
    for transfer in batch {
        let amount = integer(transfer.amount.0);
        changes.entry(row_id(transfer.debit_account_id)).or_insert((0, 0)).0 += amount;
        changes.entry(row_id(transfer.credit_account_id)).or_insert((0, 0)).1 += amount;
    }
    changes
}

/// The benchmark's account ids as SQL integers; the issuer, beyond 64 bits, is 0.
pub(super) fn row_id(id: AccountId) -> i64 {
    i64::try_from(id.0).unwrap_or(0)
}

/// The benchmark's amounts as SQL integers.
pub(super) fn integer(value: u128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
