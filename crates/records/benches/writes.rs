//! How fast operations are recorded: `cargo bench -p records --bench writes [simulated|sqlite|postgres]`.
//!
//! A payment is one awaited insert and one unawaited finish, as on the hot path of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ledger::Timestamp;
use money::{Amount, Currency};
use records::operations::{self, Filter, NewOperation, OperationKind, OperationState};
use records::simulated::SimulatedRecords;
use records::{Records, RecordsError};
use wallet::ids::{self, HolderId, MerchantId, OperationId};

/// Concurrent callers.
const CALLERS: u64 = 64;

/// How long each measurement runs.
const SPAN: Duration = Duration::from_secs(4);

fn payment(number: u64) -> NewOperation {
    let holder = HolderId::new(ids::derive("bench holder", &[&(number % 1_000).to_be_bytes()]));
    let merchant = MerchantId::new(ids::derive("bench merchant", &[&(number % 14).to_be_bytes()]));
    NewOperation {
        id: OperationId::new(ids::derive("bench operation", &[&number.to_be_bytes()])),
        kind: OperationKind::Payment,
        payer: Some(holder.into()),
        payee: Some(merchant.into()),
        merchant: Some(merchant),
        card: None,
        parent: None,
        amount: Amount::zero(Currency::CNY),
        memo: String::new(),
        fingerprint: u128::from(number),
        created_at: Timestamp(1_767_225_600_000_000_000 + number),
    }
}

async fn pay(records: &Records, number: u64) -> Result<(), RecordsError> {
    let new = payment(number);
    let id = new.id;
    records.write(move |sql| operations::insert(sql, &new)).await?;
    records.write_later(move |sql| {
        operations::finish(
            sql,
            id,
            OperationState::Completed,
            None,
            Timestamp(1_767_225_600_000_000_000 + number),
        )
        .map(|_| ())
    });
    Ok(())
}

/// Payments per second by [`CALLERS`] concurrent callers.
fn with_callers(name: &str, records: &Records) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut waits = runtime.block_on(async {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (records, next) = (records.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    let mut waits = Vec::new();
                    while started.elapsed() < SPAN {
                        let begun = Instant::now();
                        pay(&records, next.fetch_add(1, Ordering::Relaxed)).await?;
                        waits.push(begun.elapsed());
                    }
                    Ok::<_, RecordsError>(waits)
                })
            })
            .collect();
        let mut all = Vec::new();
        for caller in callers {
            all.extend(caller.await??);
        }
        Ok::<_, Box<dyn std::error::Error>>(all)
    })?;
    waits.sort_unstable();
    let at = |share: usize| waits.get(waits.len() * share / 100).copied().unwrap_or_default();
    let rate = waits.len() as f64 / started.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} payments/s, p50 {:?}, p99 {:?}", at(50), at(99));
    Ok(())
}

/// Payments, statements and pages of history per second in one thread.
fn simulated() -> Result<(), Box<dyn std::error::Error>> {
    let records = Records::new(Arc::new(SimulatedRecords::new(Box::new(|_| false))?));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let payments = 200_000;
    let started = Instant::now();
    for number in 0..payments {
        runtime.block_on(pay(&records, number))?;
    }
    let rate = payments as f64 / started.elapsed().as_secs_f64();
    println!("simulated: {rate:.0} payments/s, {:.0} statements/s", rate * 2.0);
    let started = Instant::now();
    for number in 0..payments {
        let id = payment(number).id;
        runtime.block_on(records.read(move |sql| operations::get(sql, id)))?;
    }
    println!("simulated: {:.0} look-ups/s", payments as f64 / started.elapsed().as_secs_f64());
    let pages = 5_000;
    let started = Instant::now();
    for number in 0..pages {
        let filter = Filter { party: payment(number).payer, ..Filter::default() };
        runtime.block_on(records.read(move |sql| operations::history(sql, &filter, None, 20)))?;
    }
    println!("simulated: {:.0} pages of 20 operations/s", pages as f64 / started.elapsed().as_secs_f64());
    Ok(())
}

fn sqlite() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("sycee-records-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let records = Records::open_sqlite(&directory.join("records.sqlite"))?;
    with_callers("sqlite", &records)?;
    drop(records);
    Ok(std::fs::remove_dir_all(&directory)?)
}

fn postgres() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = postgres_cluster::Cluster::start(&postgres_cluster::Options::default())?;
    let records = Records::open_postgres(&cluster.create_database("bench")?)?;
    with_callers("postgres", &records)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("simulated") {
        simulated()?;
    }
    if wanted("sqlite") {
        sqlite()?;
    }
    if wanted("postgres") {
        postgres()?;
    }
    Ok(())
}
