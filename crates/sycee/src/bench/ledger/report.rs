//! What `sycee bench ledger` prints.

use core::fmt;

use ledger_embedded::Memory;
use serde::Serialize;

use super::super::figures::{Figures, Slice, milliseconds, percentile, ratio, rounded};
use super::contenders::{ACCOUNTS, BaselineRounds};
use super::embedded::{Reopened, Singles};

/// Everything measured, as it was measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) raw: Vec<Slice>,
    pub(super) embedded: Vec<Slice>,
    /// The last tenth in parts, and as many parts of the first tenth of a new ledger between them.
    pub(super) last_parts: Vec<Slice>,
    pub(super) first_parts: Vec<Slice>,
    pub(super) baselines: BaselineRounds,
    pub(super) uniform: Vec<Slice>,
    pub(super) hot: Vec<Slice>,
    pub(super) random_ids: Vec<Slice>,
    pub(super) singles: Singles,
    pub(super) memory: Option<Memory>,
    pub(super) reopened: Option<Reopened>,
    pub(super) transfers: u64,
    pub(super) disk_bytes: u64,
    pub(super) bytes_per_account: f64,
    pub(super) peak_memory: u64,
}

/// The report, field by field as in JSON. `None` where there was no server to compare with.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    transfers: u64,
    accounts: u32,
    /// Median over the rounds of the engine's rate to that of appends of the same bytes in the same round.
    ratio_to_raw: Option<f64>,
    ratio_to_sqlite: Option<f64>,
    ratio_to_postgres_batched: Option<f64>,
    ratio_to_postgres_naive: Option<f64>,
    /// The engine on PostgreSQL to plain batched tables.
    postgres_engine_to_batched: Option<f64>,
    hot_to_uniform: Option<f64>,
    random_ids_to_time_ordered: Option<f64>,
    /// The last tenth of the run to the first tenth of a new ledger, in turns: what its age costs a ledger.
    last_to_first: Option<f64>,
    /// The last tenth of the run to its own first, when disk and memory of the machine may have been faster.
    last_to_first_apart: Option<f64>,
    /// The same, each tenth first divided by the bare disk's rate in its round.
    last_to_first_by_raw: Option<f64>,
    /// p50 of one unloaded durable transfer to p50 of one append of the same bytes.
    single_to_raw: f64,
    single_p50_ms: f64,
    single_raw_p50_ms: f64,
    /// Bytes on disk, everything in the directory included.
    bytes_per_transfer: f64,
    /// Opening after a crash, in a new process.
    recovery_s: Option<f64>,
    recovery_frames_replayed: Option<u64>,
    memory_bytes_per_account: f64,
    /// Of the id index, the one part that grows with each transfer.
    memory_bytes_per_transfer: Option<f64>,
    /// The whole of a new process that has opened the ledger.
    resident_bytes_after_recovery: Option<u64>,
    /// The most memory of the benchmark's process, caches of SQLite included.
    peak_memory_bytes: u64,
    raw: Figures,
    embedded: Figures,
    embedded_uniform: Figures,
    embedded_hot: Figures,
    embedded_random_ids: Figures,
    sqlite: Figures,
    postgres_naive: Option<Figures>,
    postgres_batched: Option<Figures>,
    postgres_engine: Option<Figures>,
}

impl From<&Measured> for Report {
    fn from(measured: &Measured) -> Self {
        let Measured { raw, embedded, baselines, uniform, singles, reopened, .. } = measured;
        let (single, single_raw) = (percentile(&singles.engine, 50), percentile(&singles.raw, 50));
        let some = |rounds: &[Slice]| (!rounds.is_empty()).then(|| Figures::of(rounds));
        let index_bytes = measured.memory.map(|memory| memory.id_index_bytes as f64);
        Self {
            transfers: measured.transfers,
            accounts: ACCOUNTS,
            ratio_to_raw: ratio(embedded, raw),
            ratio_to_sqlite: ratio(embedded, &baselines.sqlite),
            ratio_to_postgres_batched: ratio(embedded, &baselines.postgres_batched),
            ratio_to_postgres_naive: ratio(embedded, &baselines.postgres_naive),
            postgres_engine_to_batched: ratio(&baselines.postgres_engine, &baselines.postgres_batched),
            hot_to_uniform: ratio(&measured.hot, uniform),
            random_ids_to_time_ordered: ratio(&measured.random_ids, uniform),
            last_to_first: ratio(&measured.last_parts, &measured.first_parts),
            last_to_first_apart: last_to_first(embedded),
            last_to_first_by_raw: last_to_first_by_raw(embedded, raw),
            single_to_raw: rounded(single.as_secs_f64() / single_raw.as_secs_f64().max(1e-9), 3),
            single_p50_ms: milliseconds(single),
            single_raw_p50_ms: milliseconds(single_raw),
            bytes_per_transfer: rounded(measured.disk_bytes as f64 / measured.transfers.max(1) as f64, 1),
            recovery_s: reopened.map(|reopened| rounded(reopened.recovery_s, 3)),
            recovery_frames_replayed: reopened.map(|reopened| reopened.frames_replayed),
            memory_bytes_per_account: rounded(measured.bytes_per_account, 1),
            memory_bytes_per_transfer: index_bytes
                .map(|bytes| rounded(bytes / measured.transfers.max(1) as f64, 2)),
            resident_bytes_after_recovery: reopened.map(|reopened| reopened.resident_bytes),
            peak_memory_bytes: measured.peak_memory,
            raw: Figures::of(raw),
            embedded: Figures::of(embedded),
            embedded_uniform: Figures::of(uniform),
            embedded_hot: Figures::of(&measured.hot),
            embedded_random_ids: Figures::of(&measured.random_ids),
            sqlite: Figures::of(&baselines.sqlite),
            postgres_naive: some(&baselines.postgres_naive),
            postgres_batched: some(&baselines.postgres_batched),
            postgres_engine: some(&baselines.postgres_engine),
        }
    }
}

fn last_to_first(rounds: &[Slice]) -> Option<f64> {
    Some(rounded(rounds.last()?.per_second() / rounds.first()?.per_second(), 3))
}

fn last_to_first_by_raw(rounds: &[Slice], raw: &[Slice]) -> Option<f64> {
    Some(rounded(last_to_first(rounds)? / last_to_first(raw)?, 3))
}

impl Report {
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report of numbers always serializes")
    }

    fn rows(&self) -> Vec<(&'static str, &Figures)> {
        let mut rows = vec![
            ("raw append + fdatasync", &self.raw),
            ("embedded", &self.embedded),
            ("embedded, fresh", &self.embedded_uniform),
            ("embedded, 10 hot accounts", &self.embedded_hot),
            ("embedded, random ids", &self.embedded_random_ids),
            ("SQLite, 2 indexes", &self.sqlite),
        ];
        let postgres = [
            ("PostgreSQL naive, 16 conn.", &self.postgres_naive),
            ("PostgreSQL batched, 2 idx", &self.postgres_batched),
            ("PostgreSQL engine", &self.postgres_engine),
        ];
        rows.extend(postgres.into_iter().filter_map(|(name, figures)| Some((name, figures.as_ref()?))));
        rows
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} transfers, {} accounts, batches of 8190\n", self.transfers, self.accounts)?;
        let head = ["transfers/s", "min", "max", "p50 ms", "p99 ms", "p100 ms"];
        write!(f, "{:28}", "")?;
        head.iter().try_for_each(|title| write!(f, "{title:>12}"))?;
        for (name, row) in self.rows() {
            write!(f, "\n{name:28}{:>12.0}{:>12.0}{:>12.0}", row.per_s, row.per_s_min, row.per_s_max)?;
            write!(f, "{:>12.3}{:>12.3}{:>12.3}", row.p50_ms, row.p99_ms, row.p100_ms)?;
        }
        writeln!(f, "\n")?;
        for (name, value) in [
            ("ratio to raw", self.ratio_to_raw),
            ("ratio to SQLite", self.ratio_to_sqlite),
            ("ratio to PostgreSQL batched", self.ratio_to_postgres_batched),
            ("ratio to PostgreSQL naive", self.ratio_to_postgres_naive),
            ("PostgreSQL engine to batched", self.postgres_engine_to_batched),
            ("hot accounts to uniform", self.hot_to_uniform),
            ("random ids to time-ordered", self.random_ids_to_time_ordered),
            ("last tenth to a new ledger's first", self.last_to_first),
            ("last tenth to its own first", self.last_to_first_apart),
            ("same, by raw", self.last_to_first_by_raw),
            ("one transfer to one raw append", Some(self.single_to_raw)),
            ("disk bytes a transfer", Some(self.bytes_per_transfer)),
            ("memory bytes a transfer", self.memory_bytes_per_transfer),
            ("memory bytes an account", Some(self.memory_bytes_per_account)),
            ("recovery, s", self.recovery_s),
        ] {
            match value {
                Some(value) => writeln!(f, "{name:36}{value:>12.3}")?,
                None => writeln!(f, "{name:36}{:>12}", "no server")?,
            }
        }
        Ok(())
    }
}
