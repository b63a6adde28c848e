//! The headless town as a command: options in, one JSON object out.

use std::time::{Duration, Instant};

use crate::simulation::{Report, RunOptions, RunSetOptions, RunSetReport, run, run_set};

/// What `sycee town --headless` runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadlessOptions {
    /// The seed, or the first of a set.
    pub seed: u64,
    /// The last seed of a set. `None`: one seed only.
    pub last_seed: Option<u64>,
    /// How many days at least.
    pub days: u32,
    /// How many operations at least of each seed of a set.
    pub min_operations: u64,
    /// How many faults at least of each seed of a set.
    pub min_faults: u64,
    /// On how many threads a set runs.
    pub threads: usize,
}

/// What a headless town reports.
#[derive(Clone, Debug, PartialEq)]
pub enum HeadlessReport {
    /// Of one seed.
    One(Box<Report>),
    /// Of a set of seeds.
    Set(Box<RunSetReport>),
}

/// Runs one seed or a set of them.
#[must_use]
pub fn run_headless(options: HeadlessOptions) -> HeadlessReport {
    let HeadlessOptions { seed, last_seed, days, min_operations, min_faults, threads } = options;
    let started = Instant::now();
    match last_seed {
        None => {
            let mut report = run(RunOptions { seed, days, min_operations, min_faults, defect: None });
            report.operations_per_s = per_second(report.operations, started.elapsed());
            HeadlessReport::One(Box::new(report))
        }
        Some(last_seed) => {
            let set =
                RunSetOptions { first_seed: seed, last_seed, days, min_operations, min_faults, threads };
            let mut report = run_set(set);
            report.operations_per_s = per_second(report.operations, started.elapsed());
            HeadlessReport::Set(Box::new(report))
        }
    }
}

fn per_second(operations: u64, elapsed: Duration) -> u64 {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    operations.saturating_mul(1_000) / milliseconds
}

impl HeadlessReport {
    /// Whether value was neither made nor lost, nothing forbidden happened, and all that had to be seen was seen.
    #[must_use]
    pub fn is_good(&self) -> bool {
        match self {
            Self::One(report) => report.is_good(),
            Self::Set(report) => report.is_good(),
        }
    }

    /// The report as one JSON object.
    ///
    /// # Errors
    /// Those of the serialiser; there is no cause in a report.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::One(report) => serde_json::to_string_pretty(report),
            Self::Set(report) => serde_json::to_string_pretty(report),
        }
    }

    /// The report in a few lines for a person.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::One(report) => format!(
                "seed {}: {} days, {} operations ({} a second), {} faults, {} violations, trace {}",
                report.seed,
                report.days,
                report.operations,
                report.operations_per_s,
                report.fault_count(),
                report.violations.len(),
                report.trace_hash
            ),
            Self::Set(report) => format!(
                "seeds {} to {}: {} operations ({} a second), {} failed, {} situations missing",
                report.first_seed,
                report.last_seed,
                report.operations,
                report.operations_per_s,
                report.failures.len(),
                report.missing_situations.len()
            ),
        }
    }

    /// The commands that run again what failed, one a line.
    #[must_use]
    pub fn replay(&self) -> Vec<String> {
        match self {
            Self::One(report) if report.is_good() => Vec::new(),
            Self::One(report) => vec![report.replay.clone()],
            Self::Set(report) => report.failures.iter().map(|failure| failure.replay.clone()).collect(),
        }
    }
}
