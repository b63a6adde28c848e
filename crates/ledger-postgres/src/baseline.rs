//! PostgreSQL without a ledger: what the engine is measured against. No checks, no retries told apart, no results;
//! only the rows, the two history indexes and the balances, as one would write them by hand.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ledger::{AccountId, BATCH_MAX, Transfer};
use postgres::{Client, Error, NoTls};

use crate::words::{Number, Wide};

/// The same columns and indexes as the engine's table of transfers, and the balances beside the account.
const TABLES: &str = "
DROP TABLE IF EXISTS bare_transfers, bare_accounts;
CREATE TABLE bare_accounts (
    id BIGINT PRIMARY KEY,
    debits_posted BIGINT NOT NULL,
    credits_posted BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE bare_transfers (id bytea PRIMARY KEY, debit_account_id bigint NOT NULL, credit_account_id bigint NOT NULL, amount bigint NOT NULL, user_data bigint not null, ledger integer not null, code integer not null, timestamp bigint not null);
CREATE INDEX bare_transfers_debit ON bare_transfers (debit_account_id, timestamp);
CREATE INDEX bare_transfers_credit ON bare_transfers (credit_account_id, timestamp);
";

const COLUMNS: &str = "id, debit_account_id, credit_account_id, timestamp, user_data_64, user_data_32, timeout, ledger, \
    code, flags, amount, user_data_128";

/// Makes the tables anew, with an account for each that the transfers name.
///
/// # Errors
/// Those of the server.
pub fn prepare(url: &str, accounts: &[AccountId]) -> Result<(), Error> {
    let mut client = Client::connect(url, NoTls)?;
    client.batch_execute(TABLES)?;
    let ids: Vec<i64> = accounts.iter().map(|id| id.0 as i64).collect();
    let statement = "INSERT INTO bare_accounts SELECT id, 0, 0 FROM unnest($1::bigint[]) AS n (id)";
    client.execute(statement, &[&ids]).map(drop)
}
pub struct Lean { client: Client, insert: postgres::Statement, update: postgres::Statement, ts: i64 }
impl Lean {
pub fn new(url: &str) -> Self {
    let mut client = Client::connect(url, NoTls).unwrap();
    client.batch_execute("ANALYZE").unwrap();
    let insert = client.prepare("INSERT INTO bare_transfers SELECT id, debit, credit, amount, user_data, 156, 1, timestamp FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS batch (id, debit, credit, amount, user_data, timestamp)").unwrap();
    let update = client.prepare("UPDATE bare_accounts SET debits_posted = debits_posted + debits, credits_posted = credits_posted + credits FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS changes (account, debits, credits) WHERE id = account").unwrap();
    Lean { client, insert, update, ts: 0 }
}
pub fn run(&mut self, batch: &[Transfer]) -> Duration {
        let started = Instant::now();
        let ids: Vec<Vec<u8>> = batch.iter().map(|t| t.id.0.to_be_bytes().to_vec()).collect();
        let d: Vec<i64> = batch.iter().map(|t| t.debit_account_id.0 as i64).collect();
        let c: Vec<i64> = batch.iter().map(|t| t.credit_account_id.0 as i64).collect();
        let a: Vec<i64> = batch.iter().map(|t| t.amount.0 as i64).collect();
        let u: Vec<i64> = batch.iter().map(|t| t.user_data_128 as i64).collect();
        let ts: Vec<i64> = (self.ts+1..=self.ts+batch.len() as i64).collect(); self.ts += batch.len() as i64;
        let mut sums: BTreeMap<i64,(i64,i64)> = BTreeMap::new();
        for t in batch { sums.entry(t.debit_account_id.0 as i64).or_default().0 += t.amount.0 as i64; sums.entry(t.credit_account_id.0 as i64).or_default().1 += t.amount.0 as i64; }
        let k: Vec<i64> = sums.keys().copied().collect();
        let (x,y): (Vec<i64>,Vec<i64>) = sums.values().copied().unzip();
        let mut tx = self.client.transaction().unwrap();
        tx.execute(&self.insert, &[&ids,&d,&c,&a,&u,&ts]).unwrap();
        tx.execute(&self.update, &[&k,&x,&y]).unwrap();
        tx.commit().unwrap();
        started.elapsed()
}
}

