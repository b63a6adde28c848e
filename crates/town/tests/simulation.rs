//! The whole system under simulation: reproducible, sound over many seeds, and able to find what is wrong.

use ledger_embedded::storage::SyncSite;
use town::simulation::{Defect, RunOptions, RunSetOptions, run, run_set};

#[test]
fn the_same_seed_gives_the_same_report_and_trace() {
    let first = run(RunOptions::days(7, 1));
    assert_eq!(first, run(RunOptions::days(7, 1)));
    assert_ne!(first.trace_hash, run(RunOptions::days(8, 1)).trace_hash);
}

#[test]
fn sixty_seeds_make_and_lose_no_value() {
    let report = run_set(RunSetOptions {
        first_seed: 1,
        last_seed: 60,
        days: 1,
        min_operations: 500,
        min_faults: 10,
        threads: 2,
    });
    assert!(report.is_good(), "{:?} {:?}", report.failures, report.missing_situations);
    assert!(report.least_operations >= 500 && report.least_faults >= 10);
}

/// Whether one of the first seeds finds the defect.
fn is_found(defect: Defect) -> bool {
    (1..=24).any(|seed| !run(RunOptions { defect: Some(defect), ..RunOptions::days(seed, 1) }).is_good())
}

#[test]
fn a_journal_that_is_not_synced_is_found() {
    assert!(is_found(Defect::MissingSync(SyncSite::Journal)));
}

#[test]
fn a_directory_that_is_not_synced_is_found() {
    assert!(is_found(Defect::MissingSync(SyncSite::Directory)));
}

#[test]
fn a_retry_that_is_posted_twice_is_found() {
    assert!(is_found(Defect::PostsRetriesTwice));
}

#[test]
fn a_forgotten_void_is_found() {
    assert!(is_found(Defect::ForgetsVoids));
}

#[test]
fn a_forgotten_post_is_found() {
    assert!(is_found(Defect::ForgetsPosts));
}

#[test]
fn ignored_limits_are_found() {
    assert!(is_found(Defect::IgnoresLimits));
}
