//! The plain solutions on PostgreSQL: one transaction a transfer over many connections, and one a batch.

use std::thread;
use std::time::{Duration, Instant};

use ledger::{AccountFlags, Transfer};
use postgres::{Client, Error, NoTls, Statement};

use super::super::figures::Slice;
use super::sqlite::{balance_changes, integer, row_id};
use super::workload::{Ids, Mix, Workload};

/// Connections of the naive solution.
pub(super) const NAIVE_CONNECTIONS: u64 = 16;

const SCHEMA: &str = "
    CREATE TABLE accounts (
        id bigint PRIMARY KEY,
        debits_posted bigint NOT NULL DEFAULT 0,
        credits_posted bigint NOT NULL DEFAULT 0,
        may_overdraw boolean NOT NULL,
        CHECK (may_overdraw OR debits_posted <= credits_posted)
    ) WITH (fillfactor = 50);
    CREATE TABLE transfers (
        id bytea PRIMARY KEY,
        debit_account_id bigint NOT NULL,
        credit_account_id bigint NOT NULL,
        amount bigint NOT NULL,
        user_data bigint NOT NULL,
        ledger integer NOT NULL,
        code integer NOT NULL,
        timestamp bigint NOT NULL
    );
    CREATE INDEX transfers_by_debit ON transfers (debit_account_id, timestamp);
    CREATE INDEX transfers_by_credit ON transfers (credit_account_id, timestamp);
";
const INSERT_ACCOUNTS: &str = "INSERT INTO accounts (id, may_overdraw) \
                               SELECT * FROM unnest($1::bigint[], $2::boolean[])";
const INSERT_TRANSFERS: &str = "INSERT INTO transfers SELECT id, debit, credit, amount, user_data, 156, 1, timestamp \
    FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) \
    AS batch (id, debit, credit, amount, user_data, timestamp)";
const UPDATE_ACCOUNTS: &str = "UPDATE accounts SET debits_posted = debits_posted + debits, \
    credits_posted = credits_posted + credits \
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS changes (account, debits, credits) WHERE id = account";
const INSERT_TRANSFER: &str = "INSERT INTO transfers VALUES ($1, $2, $3, $4, $5, 156, 1, $6)";
const UPDATE_ACCOUNT: &str = "UPDATE accounts SET debits_posted = debits_posted + $2, \
                              credits_posted = credits_posted + $3 WHERE id = $1";

/// Tables in a PostgreSQL database, written a batch at a time: two statements a transaction.
pub(super) struct PostgresTables {
    client: Client,
    insert: Statement,
    update: Statement,
    timestamp: i64,
}

impl PostgresTables {
    /// Makes the tables in an empty database.
    pub(super) fn create(url: &str, workload: &mut Workload) -> Result<Self, Error> {
        let mut client = Client::connect(url, NoTls)?;
        client.batch_execute(SCHEMA)?;
        let accounts = workload.accounts();
        let ids: Vec<i64> = accounts.iter().map(|account| row_id(account.id)).collect();
        let limited = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
        let may_overdraw: Vec<bool> =
            accounts.iter().map(|account| !account.flags.contains(limited)).collect();
        client.execute(INSERT_ACCOUNTS, &[&ids, &may_overdraw])?;
        let insert = client.prepare(INSERT_TRANSFERS)?;
        let update = client.prepare(UPDATE_ACCOUNTS)?;
        let mut tables = Self { client, insert, update, timestamp: 0 };
        tables.post(&workload.funding())?;
        tables.client.batch_execute("ANALYZE")?;
        Ok(tables)
    }

    pub(super) fn slice(
        &mut self,
        workload: &mut Workload,
        batches: usize,
        len: usize,
    ) -> Result<Slice, Error> {
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

    fn post(&mut self, batch: &[Transfer]) -> Result<(), Error> {
        let ids: Vec<Vec<u8>> = batch.iter().map(|transfer| transfer.id.0.to_be_bytes().to_vec()).collect();
        let debits: Vec<i64> = batch.iter().map(|transfer| row_id(transfer.debit_account_id)).collect();
        let credits: Vec<i64> = batch.iter().map(|transfer| row_id(transfer.credit_account_id)).collect();
        let amounts: Vec<i64> = batch.iter().map(|transfer| integer(transfer.amount.0)).collect();
        let user_data: Vec<i64> = batch.iter().map(|transfer| integer(transfer.user_data_128)).collect();
        let first = self.timestamp + 1;
        self.timestamp += i64::try_from(batch.len()).unwrap_or(i64::MAX);
        let timestamps: Vec<i64> = (first..=self.timestamp).collect();
        let changes = balance_changes(batch);
        let accounts: Vec<i64> = changes.keys().copied().collect();
        let (more_debits, more_credits): (Vec<i64>, Vec<i64>) = changes.values().copied().unzip();

        let mut transaction = self.client.transaction()?;
        transaction.execute(&self.insert, &[&ids, &debits, &credits, &amounts, &user_data, &timestamps])?;
        transaction.execute(&self.update, &[&accounts, &more_debits, &more_credits])?;
        transaction.commit()
    }
}

/// The naive solution on the same kind of tables: each transfer is a transaction of three statements, over
/// [`NAIVE_CONNECTIONS`] connections that work all the time for `duration`.
pub(super) fn naive_slice(url: &str, accounts: u32, round: u64, duration: Duration) -> Result<Slice, Error> {
    let started = Instant::now();
    let slices: Vec<Result<Slice, Error>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..NAIVE_CONNECTIONS)
            .map(|worker| scope.spawn(move || naive_worker(url, accounts, round, worker, duration)))
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    let mut all = Slice::default();
    for slice in slices {
        all = all.and(slice?);
    }
    all.elapsed = started.elapsed().min(all.elapsed / u32::try_from(NAIVE_CONNECTIONS).unwrap_or(1));
    Ok(all)
}

fn naive_worker(
    url: &str,
    accounts: u32,
    round: u64,
    worker: u64,
    duration: Duration,
) -> Result<Slice, Error> {
    let mut client = Client::connect(url, NoTls)?;
    let insert = client.prepare(INSERT_TRANSFER)?;
    let update = client.prepare(UPDATE_ACCOUNT)?;
    let mut workload = Workload::new(round << 32 | worker, accounts, Ids::TimeOrdered, Mix::SinglePhase);
    let mut slice = Slice::default();
    let began = Instant::now();
    while began.elapsed() < duration {
        for mut transfer in workload.batch(16) {
            // Every worker of every round counts from one: the upper bits make the ids distinct.
            transfer.id.0 ^= u128::from(round << 8 | worker) << 112;
            let started = Instant::now();
            post_one(&mut client, &insert, &update, &transfer)?;
            slice.latencies.push(started.elapsed());
            slice.done += 1;
        }
    }
    slice.elapsed = began.elapsed();
    Ok(slice)
}

fn post_one(
    client: &mut Client,
    insert: &Statement,
    update: &Statement,
    transfer: &Transfer,
) -> Result<(), Error> {
    let (debit, credit) = (row_id(transfer.debit_account_id), row_id(transfer.credit_account_id));
    let amount = integer(transfer.amount.0);
    let mut changes = [(debit, amount, 0), (credit, 0, amount)];
    // Locks taken in the order of ids never wait in a circle.
    changes.sort_unstable();
    let mut transaction = client.transaction()?;
    for (account, debits, credits) in changes {
        transaction.execute(update, &[&account, &debits, &credits])?;
    }
    let id = transfer.id.0.to_be_bytes().to_vec();
    let user_data = integer(transfer.user_data_128);
    transaction.execute(insert, &[&id, &debit, &credit, &amount, &user_data, &user_data])?;
    transaction.commit()
}
