//! `sycee bench ledger`: the embedded engine beside the bare disk, SQLite and PostgreSQL, in interleaved rounds.

mod clock;
mod contenders;
mod driver;
mod embedded;
mod postgres_server;
mod postgres_tables;
mod raw;
mod report;
mod sqlite;
mod workload;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use ledger::BATCH_MAX;
use ledger_embedded::frame::frame_bytes;

use super::figures::Slice;
use super::scratch::Scratch;
use crate::exit::Failure;
use contenders::{ACCOUNTS, Baselines, RoundSize};
use embedded::Embedded;
use raw::RawLog;
use report::{Measured, Report};
use workload::Ids;

/// Rounds of the sustained run: each is a tenth of it.
const ROUNDS: usize = 10;
/// Parts in which the last tenth of the run takes turns with the first tenth of a new ledger.
const PARTS: usize = 11;
/// Rounds in which uniform accounts, hot accounts and random ids are compared.
const VARIANT_ROUNDS: usize = 5;
/// Accounts of the hot workload.
const HOT_ACCOUNTS: u32 = 10;
/// Unloaded transfers whose median is taken.
const SINGLES: usize = 500;
/// A twentieth of the workload expires, and each expiry is a record of its own.
const EXPIRIES_PER_BATCH: usize = BATCH_MAX / 20;

#[derive(Debug, Args)]
pub(crate) struct LedgerOptions {
    /// Transfers of the sustained run
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    transfers: u64,
    /// Directory for the files, on the disk to be measured; default: the system's temporary directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// PostgreSQL server to compare with, else `SYCEE_BENCH_POSTGRES`, else a private one where it is installed
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReopenOptions {
    #[arg(long)]
    data: PathBuf,
}

pub(crate) fn run(options: &LedgerOptions) -> Result<(), Failure> {
    let scratch = Scratch::new(options.data.as_deref())?;
    let size = RoundSize::of(options.transfers, ROUNDS);
    let mut measured = sustained(&scratch, options, size)?;
    variants(&scratch, size, &mut measured)?;
    measured.bytes_per_account = embedded::bytes_per_account(scratch.join("accounts"))?;
    let report = Report::from(&measured);
    let mut output = io::stdout().lock();
    if options.json {
        writeln!(output, "{}", report.to_json())?;
    } else {
        write!(output, "{report}")?;
    }
    Ok(())
}

/// Prints what opening the ledger took, for the benchmark that started this process.
pub(crate) fn reopen(options: &ReopenOptions) -> Result<(), Failure> {
    let reopened = embedded::reopen_here(&options.data)?;
    let line = serde_json::to_string(&reopened).expect("numbers always serialize");
    Ok(writeln!(io::stdout(), "{line}")?)
}

/// The long run: in each round the bare disk, the engine, the bare disk again, then the plain solutions.
fn sustained(scratch: &Scratch, options: &LedgerOptions, size: RoundSize) -> Result<Measured, Failure> {
    let mut measured = Measured::default();
    let mut baselines = Baselines::create(scratch, options.postgres.as_deref())?;
    let mut engine = Embedded::create(scratch.join("sustained"), ACCOUNTS, Ids::TimeOrdered)?;
    for round in 0..ROUNDS {
        progress(&format!("round {} of {ROUNDS}", round + 1));
        let before = raw_slice(scratch, size.batches.div_ceil(2))?;
        let tenth = if round + 1 == ROUNDS {
            last_tenth(scratch, &mut engine, size, &mut measured)?
        } else {
            engine.slice(size.batches)?
        };
        measured.embedded.push(tenth);
        measured.raw.push(before.and(raw_slice(scratch, size.batches.div_ceil(2))?));
        baselines.round(round, size)?;
    }
    measured.baselines = baselines.finish()?;
    progress("unloaded transfers");
    measured.singles = engine.singles(SINGLES, &scratch.join("raw"))?;
    measured.memory = engine.memory();
    progress("recovery");
    let remains = engine.crash()?;
    measured.disk_bytes = remains.bytes;
    measured.transfers = remains.transfers;
    measured.reopened = Some(embedded::reopen(&remains.directory)?);
    measured.peak_memory = super::figures::memory().peak;
    scratch.discard("sustained")?;
    Ok(measured)
}

/// The last tenth of the run, in turns with the first tenth of a new ledger: a machine that slows down while the run lasts
/// slows both.
fn last_tenth(
    scratch: &Scratch,
    old: &mut Embedded,
    size: RoundSize,
    measured: &mut Measured,
) -> Result<Slice, Failure> {
    let mut new = Embedded::create(scratch.join("new"), ACCOUNTS, Ids::TimeOrdered)?;
    let mut tenth = Slice::default();
    for part in 0..PARTS {
        let batches = size.batches * (part + 1) / PARTS - size.batches * part / PARTS;
        if batches == 0 {
            continue;
        }
        // Neither always follows the other.
        let (slice, first) = if part.is_multiple_of(2) {
            let first = new.slice(batches)?;
            (old.slice(batches)?, first)
        } else {
            let last = old.slice(batches)?;
            (last, new.slice(batches)?)
        };
        measured.first_parts.push(first);
        measured.last_parts.push(slice.clone());
        tenth = tenth.and(slice);
    }
    drop(new);
    scratch.discard("new")?;
    Ok(tenth)
}

/// Fresh ledgers side by side: uniform accounts, hot accounts, random ids.
fn variants(scratch: &Scratch, size: RoundSize, measured: &mut Measured) -> Result<(), Failure> {
    let batches = (size.batches / VARIANT_ROUNDS).max(1);
    let mut uniform = Embedded::create(scratch.join("uniform"), ACCOUNTS, Ids::TimeOrdered)?;
    let mut hot = Embedded::create(scratch.join("hot"), HOT_ACCOUNTS, Ids::TimeOrdered)?;
    let mut random = Embedded::create(scratch.join("random"), ACCOUNTS, Ids::Random)?;
    for round in 0..VARIANT_ROUNDS {
        progress(&format!("variants, round {} of {VARIANT_ROUNDS}", round + 1));
        measured.uniform.push(uniform.slice(batches)?);
        measured.hot.push(hot.slice(batches)?);
        measured.random_ids.push(random.slice(batches)?);
    }
    Ok(())
}

/// Appends to a plain file of the bytes that the engine writes for a batch.
fn raw_slice(scratch: &Scratch, appends: usize) -> Result<Slice, Failure> {
    let bytes = usize::try_from(frame_bytes(BATCH_MAX + EXPIRIES_PER_BATCH)).unwrap_or(usize::MAX);
    let path = scratch.join("raw");
    let slice = RawLog::create(&path, bytes)?.slice(appends, BATCH_MAX)?;
    std::fs::remove_file(path)?;
    Ok(slice)
}

/// Says on a terminal what is being measured.
fn progress(what: &str) {
    if io::stderr().is_terminal() {
        eprintln!("{what}");
    }
}
