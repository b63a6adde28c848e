//! What `sycee bench payments` prints.

use core::fmt;

use serde::Serialize;

use super::super::figures::{Figures, ratio};
use super::Slice;

/// The rounds of both sides.
#[derive(Debug)]
pub(super) struct Report {
    connections: usize,
    empty: Vec<Slice>,
    payments: Vec<Slice>,
}

#[derive(Serialize)]
struct Json {
    connections: usize,
    payments: u64,
    per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    p100_ms: f64,
    empty_per_s: f64,
    empty_p50_ms: f64,
    empty_p99_ms: f64,
    /// Median over the rounds.
    ratio_to_empty: Option<f64>,
}

impl Report {
    pub(super) fn new(connections: usize) -> Self {
        Self { connections, empty: Vec::new(), payments: Vec::new() }
    }

    pub(super) fn add(&mut self, empty: Slice, payments: Slice) {
        self.empty.push(empty);
        self.payments.push(payments);
    }

    fn json(&self) -> Json {
        let (payments, empty) = (Figures::of(&self.payments), Figures::of(&self.empty));
        Json {
            connections: self.connections,
            payments: self.payments.iter().map(|slice| slice.done).sum(),
            per_s: payments.per_s,
            p50_ms: payments.p50_ms,
            p99_ms: payments.p99_ms,
            p100_ms: payments.p100_ms,
            empty_per_s: empty.per_s,
            empty_p50_ms: empty.p50_ms,
            empty_p99_ms: empty.p99_ms,
            ratio_to_empty: ratio(&self.payments, &self.empty),
        }
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(&self.json()).expect("a report of numbers always serializes")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.json();
        writeln!(f, "{} connections, {} payments\n", report.connections, report.payments)?;
        writeln!(f, "{:16}{:>12}{:>12}{:>12}{:>12}", "", "requests/s", "p50 ms", "p99 ms", "p100 ms")?;
        let Json { per_s, p50_ms, p99_ms, p100_ms, .. } = report;
        writeln!(f, "{:16}{per_s:>12.0}{p50_ms:>12.3}{p99_ms:>12.3}{p100_ms:>12.3}", "payments")?;
        let Json { empty_per_s, empty_p50_ms, empty_p99_ms, .. } = report;
        writeln!(f, "{:16}{empty_per_s:>12.0}{empty_p50_ms:>12.3}{empty_p99_ms:>12.3}\n", "empty handler")?;
        writeln!(f, "ratio to empty {:.3}", report.ratio_to_empty.unwrap_or_default())
    }
}
