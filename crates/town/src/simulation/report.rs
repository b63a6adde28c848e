//! What a run says at its end.

use std::collections::BTreeMap;

use money::Currency;
use serde::{Serialize, Serializer};

use super::faults::{FaultKind, Place, Situation, Tally, Violation};

/// The equation in one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// What the banks' own books say moved to the operator, less what moved back.
    pub issued: i128,
    /// What customers own in the ledger, with what is in flight.
    pub accounted: i128,
    /// Issued less accounted: 0, or value was made or lost.
    pub difference: i128,
}

/// The report of one seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How many days were lived.
    pub days: u32,
    /// How many different operations were asked for.
    pub operations: u64,
    /// Operations by the second of real time, founding and checks included. Not part of the trace.
    pub operations_per_s: u64,
    /// How many requests arrived, repetitions included.
    pub requests: u64,
    /// Operations by kind.
    pub by_kind: BTreeMap<&'static str, u64>,
    /// Final answers by word.
    pub outcomes: BTreeMap<String, u64>,
    /// Faults by kind.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Crashes by place.
    pub crash_places: BTreeMap<Place, u64>,
    /// Wanted situations that occurred.
    pub situations: BTreeMap<Situation, u64>,
    /// How many transfers the ledger accepted.
    pub postings: u64,
    /// The equation, by currency.
    pub equation: BTreeMap<CurrencyCode, Balance>,
    /// What must never happen and did. Empty in a good run.
    pub violations: Vec<Violation>,
    /// Wanted situations that a run of this size must see and did not.
    pub missing_situations: Vec<Situation>,
    /// BLAKE3 over everything that happened, in hexadecimal: the same seed and days give the same.
    pub trace_hash: String,
    /// The command that runs this again.
    pub replay: String,
}

/// A currency that is written as its alphabetic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CurrencyCode(pub Currency);

impl Serialize for CurrencyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

/// The wanted situations that a run of so many operations must see and did not. Small runs need not see any by
/// themselves: their set must.
pub(super) fn missing(seen: &BTreeMap<Situation, u64>, operations: u64) -> Vec<Situation> {
    let wanted: &[Situation] = match operations {
        0..500 => &[],
        500..8_000 => &[Situation::DuplicateOfCompleted],
        _ => &[
            Situation::DuplicateOfCompleted,
            Situation::DuplicateOfDeclined,
            Situation::OtherBodyRefused,
            Situation::OverRefundRefused,
            Situation::RefundsRaced,
            Situation::UnknownWasDone,
            Situation::UnknownWasNotDone,
        ],
    };
    wanted.iter().copied().filter(|situation| !seen.contains_key(situation)).collect()
}

/// The command that runs so many days of a seed again.
pub(super) fn replay(seed: u64, days: u32) -> String {
    format!("cargo run --release -- town --headless --days {days} --seed {seed} --json")
}

impl Report {
    /// The report of a town that was never founded.
    pub(super) fn of_failed_founding(seed: u64, tally: &Tally) -> Self {
        Self {
            seed,
            days: 0,
            operations: 0,
            operations_per_s: 0,
            requests: 0,
            by_kind: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            faults: BTreeMap::new(),
            crash_places: BTreeMap::new(),
            situations: BTreeMap::new(),
            postings: 0,
            equation: BTreeMap::new(),
            violations: tally.violations.clone(),
            missing_situations: Vec::new(),
            trace_hash: String::new(),
            replay: replay(seed, 0),
        }
    }

    /// How many faults were injected.
    #[must_use]
    pub fn fault_count(&self) -> u64 {
        self.faults.values().sum()
    }

    /// Whether value was neither made nor lost, nothing forbidden happened, and all that had to be seen was seen.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
            && self.missing_situations.is_empty()
            && self.equation.values().all(|balance| balance.difference == 0)
    }
}

/// The report of a set of seeds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSetReport {
    /// The first seed.
    pub first_seed: u64,
    /// The last seed.
    pub last_seed: u64,
    /// How many seeds ran.
    pub seeds: u64,
    /// How many different operations were asked for.
    pub operations: u64,
    /// Operations by the second of real time, over all threads.
    pub operations_per_s: u64,
    /// The fewest operations of a seed.
    pub least_operations: u64,
    /// The fewest faults of a seed.
    pub least_faults: u64,
    /// Operations by kind.
    pub by_kind: BTreeMap<&'static str, u64>,
    /// Final answers by word.
    pub outcomes: BTreeMap<String, u64>,
    /// Faults by kind.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Crashes by place.
    pub crash_places: BTreeMap<Place, u64>,
    /// Wanted situations that occurred.
    pub situations: BTreeMap<Situation, u64>,
    /// Wanted situations that never occurred. Empty in a good set.
    pub missing_situations: Vec<Situation>,
    /// The seeds that failed, with what happened first and the command that replays it.
    pub failures: Vec<Failure>,
}

/// So many seeds together must see every wanted situation.
const ALL_SITUATIONS_SEEDS: u64 = 200;

/// A seed that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What happened first.
    pub what: String,
    /// The command that runs it again.
    pub replay: String,
}

impl RunSetReport {
    /// An empty report for these seeds.
    #[must_use]
    pub fn new(first_seed: u64, last_seed: u64) -> Self {
        Self {
            first_seed,
            last_seed,
            seeds: 0,
            operations: 0,
            operations_per_s: 0,
            least_operations: u64::MAX,
            least_faults: u64::MAX,
            by_kind: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            faults: BTreeMap::new(),
            crash_places: BTreeMap::new(),
            situations: BTreeMap::new(),
            missing_situations: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Adds the report of one seed.
    pub fn add(&mut self, report: &Report) {
        self.seeds += 1;
        self.operations += report.operations;
        self.least_operations = self.least_operations.min(report.operations);
        self.least_faults = self.least_faults.min(report.fault_count());
        add_counts(&mut self.by_kind, &report.by_kind);
        add_counts(&mut self.outcomes, &report.outcomes);
        add_counts(&mut self.faults, &report.faults);
        add_counts(&mut self.crash_places, &report.crash_places);
        add_counts(&mut self.situations, &report.situations);
        if !report.is_good() {
            let first = report.violations.first().map(|violation| violation.0.clone());
            let what =
                first.unwrap_or_else(|| "the equation does not hold, or a situation is missing".to_owned());
            self.failures.push(Failure { seed: report.seed, what, replay: report.replay.clone() });
        }
    }

    /// Puts the failures in order and says what was never seen. A small set must see only what each large run must.
    #[must_use]
    pub(super) fn finished(mut self) -> Self {
        self.failures.sort_by_key(|failure| failure.seed);
        self.missing_situations = if self.seeds >= ALL_SITUATIONS_SEEDS {
            Situation::ALL.into_iter().filter(|wanted| !self.situations.contains_key(wanted)).collect()
        } else {
            missing(&self.situations, self.operations)
        };
        self
    }

    /// Whether every seed was good and every wanted situation occurred.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && self.missing_situations.is_empty()
    }
}

fn add_counts<K: Ord + Clone>(sums: &mut BTreeMap<K, u64>, counts: &BTreeMap<K, u64>) {
    for (key, count) in counts {
        *sums.entry(key.clone()).or_insert(0) += count;
    }
}
