//! Medians, percentiles and what the operating system says of memory and disk.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

/// What was done in how long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slice {
    /// How many transfers or requests.
    pub(crate) done: u64,
    /// The time all of it took together.
    pub(crate) elapsed: Duration,
    /// The time of each batch or request.
    pub(crate) latencies: Vec<Duration>,
}

impl Slice {
    pub(crate) fn per_second(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// This slice and another of the same kind as one.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.done += other.done;
        self.elapsed += other.elapsed;
        self.latencies.extend(other.latencies);
        self
    }
}

/// Throughput and latency over all rounds of one contender.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    /// Median of the rounds.
    pub(crate) per_s: f64,
    /// Slowest round.
    pub(crate) per_s_min: f64,
    /// Fastest round.
    pub(crate) per_s_max: f64,
    /// Every round in its order.
    pub(crate) per_s_rounds: Vec<f64>,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p100_ms: f64,
}

impl Figures {
    pub(crate) fn of(rounds: &[Slice]) -> Self {
        let rates: Vec<f64> = rounds.iter().map(Slice::per_second).collect();
        let mut latencies: Vec<Duration> = rounds.iter().flat_map(|round| round.latencies.clone()).collect();
        latencies.sort_unstable();
        Self {
            per_s: rounded(median(&rates), 1),
            per_s_min: rounded(rates.iter().copied().fold(f64::INFINITY, f64::min), 1),
            per_s_max: rounded(rates.iter().copied().fold(0.0, f64::max), 1),
            per_s_rounds: rates.iter().map(|rate| rounded(*rate, 0)).collect(),
            p50_ms: milliseconds(percentile(&latencies, 50)),
            p99_ms: milliseconds(percentile(&latencies, 99)),
            p100_ms: milliseconds(percentile(&latencies, 100)),
        }
    }
}

/// The median over the rounds of each round's ratio, so that drift of the machine falls out.
pub(crate) fn ratio(rounds: &[Slice], baseline: &[Slice]) -> Option<f64> {
    let ratios: Vec<f64> =
        rounds.iter().zip(baseline).map(|(slice, base)| slice.per_second() / base.per_second()).collect();
    (!ratios.is_empty()).then(|| rounded(median(&ratios), 3))
}

/// The median; zero of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The value that `percent` of the sorted values do not exceed.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or_default()
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1_000.0, 3)
}

/// So many digits behind the point: reports are read by people.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// Memory of this process in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Resident now.
    pub(crate) resident: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
}

/// Zeros where the operating system does not say.
pub(crate) fn memory() -> Memory {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kibibytes.unwrap_or_default() * 1_024
    };
    Memory { resident: field("VmRSS:"), peak: field("VmHWM:") }
}

/// The bytes that the files of a directory occupy on disk.
pub(crate) fn disk_bytes(directory: &Path) -> std::io::Result<u64> {
    /// The unit of `st_blocks`, whatever the file system's own block size.
    const BLOCK: u64 = 512;
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { disk_bytes(&entry.path())? } else { metadata.blocks() * BLOCK };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&values, 50), Duration::from_millis(100));
        assert_eq!(percentile(&values, 99), Duration::from_millis(198));
        assert_eq!(percentile(&values, 100), Duration::from_millis(200));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn the_median_ratio_ignores_a_disturbed_round() {
        let slice = |done| Slice { done, elapsed: Duration::from_secs(1), latencies: Vec::new() };
        let rounds = [slice(10), slice(1), slice(20)];
        let baseline = [slice(5), slice(5), slice(10)];
        assert_eq!(ratio(&rounds, &baseline), Some(2.0));
        assert_eq!(ratio(&[], &[]), None);
    }
}
