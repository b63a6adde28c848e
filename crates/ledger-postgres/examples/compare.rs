//! Prints transfers per second of the bare baselines and of the engine, on a durable server of its own.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ledger::{
    Account, AccountId, Amount, BATCH_MAX, Code, Engine, LedgerId, Timestamp, Transfer, TransferId,
};
use ledger_postgres::{PostgresEngine, baseline};
use postgres_cluster::{Cluster, Options};

fn now() -> Timestamp {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
    Timestamp(u64::try_from(nanoseconds).expect("before 2554"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let batches: usize = std::env::args().nth(1).map_or(Ok(40), |text| text.parse())?;
    let accounts: Vec<AccountId> = (1..=10_000).map(AccountId).collect();
    let mut random: u64 = 42;
    let mut draw = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let mut seq = 0_u128;
    let mut transfer = || {
        let debit = draw() % 10_000;
        let credit = (debit + 1 + draw() % 9_999) % 10_000;
        Transfer {
            id: { seq += 1; TransferId(((1_767_225_600_000_u128 + seq / 1024) << 80) | ((seq % 1024) << 64) | u128::from(draw())) }, user_data_128: seq,
            debit_account_id: accounts[debit as usize],
            credit_account_id: accounts[credit as usize],
            amount: Amount(u128::from(draw() % 100_000)),
            ledger: LedgerId(156),
            code: Code(1),
            ..Transfer::default()
        }
    };
    let transfers: Vec<Transfer> = (0..batches * BATCH_MAX).map(|_| transfer()).collect();
    let cluster = Cluster::start(&Options { parent: None, settings: [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("wal_buffers", "64MB")].map(|(a,b)|(a.to_owned(),b.to_owned())).to_vec() })?;
    let url = cluster.create_database("compare")?;
    let rate = |count: usize, seconds: f64| count as f64 / seconds;

    let _ = rate;
    baseline::prepare(&url, &accounts)?;
    let mut lean = baseline::Lean::new(&url);
    let fresh = cluster.create_database("engine")?;
    let mut engine = PostgresEngine::connect(&fresh)?;
    let rows: Vec<Account> = accounts.iter().map(|id| Account { id: *id, ledger: LedgerId(156), code: Code(1), flags: ledger::AccountFlags::HISTORY, ..Account::default() }).collect();
    for batch in rows.chunks(BATCH_MAX) { engine.create_accounts(now(), batch)?; }
    let (mut a, mut b) = (0.0, 0.0);
    for (i, batch) in transfers.chunks(BATCH_MAX).enumerate() {
        let x = lean.run(batch).as_secs_f64();
        let started = Instant::now();
        engine.create_transfers(now(), batch)?;
        let y = started.elapsed().as_secs_f64();
        if i > 2 { a += x; b += y; }
    }
    println!("lean {:.1} ms engine {:.1} ms ratio {:.3}", a*1000.0/(batches-3) as f64, b*1000.0/(batches-3) as f64, a/b);
    Ok(())
}
