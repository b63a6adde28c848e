//! `sycee town`: Qingliu Town, to look at, or headless as a simulation with faults.

use std::io::{self, Write};
use std::num::NonZero;
use std::thread::available_parallelism;

use ::town::simulation::{Report, RunOptions, RunSetOptions, RunSetReport, run, run_set};
use clap::Args;
use serde::Serialize;

use crate::exit::Failure;

/// The least that each seed of a set must see to count.
const OPERATIONS_MIN: u64 = 500;
const FAULTS_MIN: u64 = 10;

#[derive(Debug, Args)]
pub(crate) struct TownArguments {
    /// Live the town's life as fast as possible with injected faults, check the books after every event, and report
    #[arg(long)]
    headless: bool,
    /// Days to live
    #[arg(long, value_name = "D", default_value_t = 30, requires = "headless")]
    days: u32,
    /// The number that everything is drawn from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many seeds to run, from --seed on, each until it has seen enough operations and faults
    #[arg(long, value_name = "N", default_value_t = 1, requires = "headless")]
    seeds: u64,
    /// Print the report as JSON
    #[arg(long, requires = "headless")]
    json: bool,
}

pub(crate) fn run_town(arguments: &TownArguments) -> Result<(), Failure> {
    if arguments.seeds > 1 {
        return many_seeds(arguments);
    }
    let report = run(RunOptions::days(arguments.seed, arguments.days));
    print(&report, arguments.json, summary)?;
    if report.is_good() { Ok(()) } else { Err(Failure::findings(format!("replay with: {}", report.replay))) }
}

fn many_seeds(arguments: &TownArguments) -> Result<(), Failure> {
    let report = run_set(RunSetOptions {
        first_seed: arguments.seed,
        last_seed: arguments.seed.saturating_add(arguments.seeds - 1),
        days: arguments.days,
        min_operations: OPERATIONS_MIN,
        min_faults: FAULTS_MIN,
        threads: available_parallelism().map_or(1, NonZero::get),
    });
    print(&report, arguments.json, set_summary)?;
    if report.is_good() {
        return Ok(());
    }
    let replay = report.failures.first().map(|failure| format!("; replay with: {}", failure.replay));
    let missing = format!("{:?}", report.missing_situations);
    Err(Failure::findings(format!(
        "{} seeds failed, situations never seen: {missing}{}",
        report.failures.len(),
        replay.unwrap_or_default()
    )))
}

fn print<T: Serialize>(report: &T, json: bool, summary: impl Fn(&T) -> String) -> Result<(), Failure> {
    let text = if json {
        serde_json::to_string(report).map_err(|error| Failure::software(error.to_string()))?
    } else {
        summary(report)
    };
    Ok(writeln!(io::stdout(), "{text}")?)
}

fn summary(report: &Report) -> String {
    let mut lines = vec![
        format!("seed {}, {} days, {} operations", report.seed, report.days, report.operations),
        format!("{} operations/s, {} faults", report.operations_per_s, report.fault_count()),
    ];
    for (currency, balance) in &report.equation {
        let (issued, accounted) = (balance.issued, balance.accounted);
        let currency = currency.0.code();
        lines.push(format!(
            "{currency}: issued {issued}, accounted {accounted}, difference {}",
            balance.difference
        ));
    }
    lines.extend(report.violations.iter().map(|violation| format!("VIOLATION {}", violation.0)));
    lines.push(format!("trace {}", report.trace_hash));
    lines.join("\n")
}

fn set_summary(report: &RunSetReport) -> String {
    let mut lines = vec![
        format!("{} seeds, {} operations", report.seeds, report.operations),
        format!("{} operations/s, {} seeds failed", report.operations_per_s, report.failures.len()),
    ];
    lines.extend(report.failures.iter().map(|failure| format!("seed {}: {}", failure.seed, failure.what)));
    lines.join("\n")
}
