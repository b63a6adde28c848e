//! Many seeds, each a whole run, on as many threads as wanted.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::report::RunSetReport;
use super::run::{RunOptions, run};

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunSetOptions {
    /// The first seed.
    pub first_seed: u64,
    /// The last seed.
    pub last_seed: u64,
    /// How many days at least of each seed.
    pub days: u32,
    /// How many operations at least of each seed.
    pub min_operations: u64,
    /// How many faults at least of each seed.
    pub min_faults: u64,
    /// On how many threads.
    pub threads: usize,
}

/// Runs all seeds. What the report says does not depend on the number of threads.
#[must_use]
pub fn run_set(options: RunSetOptions) -> RunSetReport {
    let next = AtomicU64::new(options.first_seed);
    let report = Mutex::new(RunSetReport::new(options.first_seed, options.last_seed));
    thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > options.last_seed {
                        return;
                    }
                    let of_seed = run(RunOptions {
                        seed,
                        days: options.days,
                        min_operations: options.min_operations,
                        min_faults: options.min_faults,
                        defect: None,
                    });
                    report.lock().unwrap_or_else(PoisonError::into_inner).add(&of_seed);
                }
            });
        }
    });
    report.into_inner().unwrap_or_else(PoisonError::into_inner).finished()
}
