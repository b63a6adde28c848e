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
    let mut transfer = || {
        let debit = draw() % 10_000;
        let credit = (debit + 1 + draw() % 9_999) % 10_000;
        Transfer {
            id: TransferId((u128::from(draw()) << 64) | u128::from(draw()) | 1),
            debit_account_id: accounts[debit as usize],
            credit_account_id: accounts[credit as usize],
            amount: Amount(u128::from(draw() % 100_000)),
            ledger: LedgerId(156),
            code: Code(1),
            ..Transfer::default()
        }
    };
    let transfers: Vec<Transfer> = (0..batches * BATCH_MAX).map(|_| transfer()).collect();
    let cluster = Cluster::start(&Options::default())?;
    let url = cluster.create_database("compare")?;
    let rate = |count: usize, seconds: f64| count as f64 / seconds;

    for turn in 0..2 {
        baseline::prepare(&url, &accounts)?;
        let batched = baseline::run_batched(&url, &transfers)?;
        println!("batched {turn}: {:.0}/s", rate(transfers.len(), batched.as_secs_f64()));

        let fresh = cluster.create_database(&format!("engine_{turn}"))?;
        let mut engine = PostgresEngine::connect(&fresh)?;
        let rows: Vec<Account> = accounts
            .iter()
            .map(|id| Account { id: *id, ledger: LedgerId(156), code: Code(1), ..Account::default() })
            .collect();
        for batch in rows.chunks(BATCH_MAX) {
            engine.create_accounts(now(), batch)?;
        }
        let started = Instant::now();
        for batch in transfers.chunks(BATCH_MAX) {
            engine.create_transfers(now(), batch)?;
        }
        println!("engine  {turn}: {:.0}/s", rate(transfers.len(), started.elapsed().as_secs_f64()));
    }
    baseline::prepare(&url, &accounts)?;
    let few = &transfers[..BATCH_MAX];
    let naive = baseline::run_naive(&url, few, 16)?;
    println!("naive: {:.0}/s", rate(few.len(), naive.as_secs_f64()));
    Ok(())
}
