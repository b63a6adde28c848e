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
    id UUID PRIMARY KEY,
    debits_posted NUMERIC NOT NULL,
    credits_posted NUMERIC NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE bare_transfers (
    id UUID PRIMARY KEY,
    debit_account_id UUID NOT NULL,
    credit_account_id UUID NOT NULL,
    timestamp BIGINT NOT NULL,
    user_data_64 BIGINT NOT NULL,
    user_data_32 INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    ledger INTEGER NOT NULL,
    code INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    amount NUMERIC NOT NULL,
    user_data_128 UUID NOT NULL
);
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
    let ids: Vec<Wide> = accounts.iter().map(|id| Wide(id.0)).collect();
    let statement = "INSERT INTO bare_accounts SELECT id, 0, 0 FROM unnest($1::UUID[]) AS n (id)";
    client.execute(statement, &[&ids]).map(drop)
}

/// One connection; each transaction inserts [`BATCH_MAX`] transfers with one statement and updates their accounts with
/// another. [`prepare`] has made the tables. Returns the time it took.
///
/// # Errors
/// Those of the server.
pub fn run_batched(url: &str, transfers: &[Transfer]) -> Result<Duration, Error> {
    let mut client = Client::connect(url, NoTls)?;
    let insert = client.prepare(&format!(
        "INSERT INTO bare_transfers ({COLUMNS}) SELECT * FROM unnest($1::UUID[], $2::UUID[], $3::UUID[], $4::BIGINT[], \
         $5::BIGINT[], $6::INTEGER[], $7::INTEGER[], $8::INTEGER[], $9::INTEGER[], $10::INTEGER[], $11::NUMERIC[], \
         $12::UUID[])"
    ))?;
    let update = client.prepare(
        "UPDATE bare_accounts AS a SET debits_posted = a.debits_posted + n.debits, \
         credits_posted = a.credits_posted + n.credits \
         FROM unnest($1::UUID[], $2::NUMERIC[], $3::NUMERIC[]) AS n (id, debits, credits) WHERE a.id = n.id",
    )?;
    let started = Instant::now();
    let mut timestamp: i64 = 0;
    for batch in transfers.chunks(BATCH_MAX) {
        let columns = Columns::of(batch, &mut timestamp);
        let (ids, debits, credits) = sums(batch);
        let mut transaction = client.transaction()?;
        transaction.execute(
            &insert,
            &[
                &columns.id,
                &columns.debit,
                &columns.credit,
                &columns.timestamp,
                &columns.user_data_64,
                &columns.user_data_32,
                &columns.timeout,
                &columns.ledger,
                &columns.code,
                &columns.flags,
                &columns.amount,
                &columns.user_data_128,
            ],
        )?;
        transaction.execute(&update, &[&ids, &debits, &credits])?;
        transaction.commit()?;
    }
    Ok(started.elapsed())
}

/// Several connections; each transfer is a transaction of its own that inserts it and updates its two accounts, the
/// lesser id first so that no two wait for each other. [`prepare`] has made the tables. Returns the time it took.
///
/// # Errors
/// Those of the server.
pub fn run_naive(url: &str, transfers: &[Transfer], connections: usize) -> Result<Duration, Error> {
    let clients =
        (0..connections.max(1)).map(|_| Client::connect(url, NoTls)).collect::<Result<Vec<_>, _>>()?;
    let next = AtomicU32::new(0);
    let started = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = clients
            .into_iter()
            .map(|client| {
                let next = &next;
                scope.spawn(move || one_by_one(client, transfers, next))
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })?;
    Ok(started.elapsed())
}

fn one_by_one(mut client: Client, transfers: &[Transfer], next: &AtomicU32) -> Result<(), Error> {
    let insert = client.prepare(&format!(
        "INSERT INTO bare_transfers ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    ))?;
    let update = client.prepare(
        "UPDATE bare_accounts SET debits_posted = debits_posted + $2, credits_posted = credits_posted + $3 WHERE id = $1",
    )?;
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(transfer) = usize::try_from(index).ok().and_then(|index| transfers.get(index)) else {
            return Ok(());
        };
        let mut timestamp = i64::from(index);
        let row = Columns::of(std::slice::from_ref(transfer), &mut timestamp);
        let mut transaction = client.transaction()?;
        transaction.execute(
            &insert,
            &[
                &row.id[0],
                &row.debit[0],
                &row.credit[0],
                &row.timestamp[0],
                &row.user_data_64[0],
                &row.user_data_32[0],
                &row.timeout[0],
                &row.ledger[0],
                &row.code[0],
                &row.flags[0],
                &row.amount[0],
                &row.user_data_128[0],
            ],
        )?;
        let (ids, debits, credits) = sums(std::slice::from_ref(transfer));
        for ((id, debit), credit) in ids.iter().zip(&debits).zip(&credits) {
            transaction.execute(&update, &[id, debit, credit])?;
        }
        transaction.commit()?;
    }
}

/// Transfers as one array for each column.
struct Columns {
    id: Vec<Wide>,
    debit: Vec<Wide>,
    credit: Vec<Wide>,
    timestamp: Vec<i64>,
    user_data_64: Vec<i64>,
    user_data_32: Vec<i32>,
    timeout: Vec<i32>,
    ledger: Vec<i32>,
    code: Vec<i32>,
    flags: Vec<i32>,
    amount: Vec<Number>,
    user_data_128: Vec<Wide>,
}

impl Columns {
    fn of(transfers: &[Transfer], timestamp: &mut i64) -> Self {
        fn column<T>(transfers: &[Transfer], of: impl Fn(&Transfer) -> T) -> Vec<T> {
            transfers.iter().map(of).collect()
        }
        let first = *timestamp + 1;
        *timestamp += i64::try_from(transfers.len()).unwrap_or(i64::MAX);
        Self {
            id: column(transfers, |t| Wide(t.id.0)),
            debit: column(transfers, |t| Wide(t.debit_account_id.0)),
            credit: column(transfers, |t| Wide(t.credit_account_id.0)),
            timestamp: (first..=*timestamp).collect(),
            user_data_64: column(transfers, |t| t.user_data_64.cast_signed()),
            user_data_32: column(transfers, |t| t.user_data_32.cast_signed()),
            timeout: column(transfers, |t| t.timeout.cast_signed()),
            ledger: column(transfers, |t| t.ledger.0.cast_signed()),
            code: column(transfers, |t| i32::from(t.code.0)),
            flags: column(transfers, |t| i32::from(t.flags.0)),
            amount: column(transfers, |t| Number(t.amount.0)),
            user_data_128: column(transfers, |t| Wide(t.user_data_128)),
        }
    }
}

/// What each account is debited and credited, in order of its id.
fn sums(transfers: &[Transfer]) -> (Vec<Wide>, Vec<Number>, Vec<Number>) {
    let mut sums: BTreeMap<AccountId, (u128, u128)> = BTreeMap::new();
    for transfer in transfers {
        sums.entry(transfer.debit_account_id).or_default().0 += transfer.amount.0;
        sums.entry(transfer.credit_account_id).or_default().1 += transfer.amount.0;
    }
    let ids = sums.keys().map(|id| Wide(id.0)).collect();
    let debits = sums.values().map(|(debits, _)| Number(*debits)).collect();
    let credits = sums.values().map(|(_, credits)| Number(*credits)).collect();
    (ids, debits, credits)
}
