//! The embedded engine as programs use it: its threads, its group commit, its answers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ledger::{Account, AccountId, BATCH_MAX, Code, LedgerId};
use ledger_embedded::frame::frame_bytes;
use ledger_embedded::{EmbeddedLedger, Memory};
use serde::{Deserialize, Serialize};

use super::super::figures::{Slice, disk_bytes, memory};
use super::clock::Stopwatch;
use super::driver;
use super::raw::RawLog;
use super::workload::{Ids, Mix, Workload};
use crate::exit::Failure;

/// One embedded ledger with its stream of transfers.
pub(super) struct Embedded {
    directory: PathBuf,
    ledger: EmbeddedLedger,
    stopwatch: Stopwatch,
    workload: Workload,
    created: u64,
}

impl Embedded {
    /// A new ledger in a new directory, its accounts open and funded.
    pub(super) fn create(directory: PathBuf, accounts: u32, ids: Ids) -> Result<Self, Failure> {
        let stopwatch = Stopwatch::new();
        let ledger = EmbeddedLedger::open(&directory, stopwatch.clock())?;
        let mut workload = Workload::new(2, accounts, ids, Mix::TwoPhase);
        driver::found(&ledger, &mut workload)?;
        Ok(Self { directory, ledger, stopwatch, workload, created: u64::from(accounts) })
    }

    /// So many full batches, several in flight.
    pub(super) fn slice(&mut self, batches: usize) -> Result<Slice, Failure> {
        let Self { ledger, stopwatch, workload, .. } = self;
        let slice = stopwatch.during(|| driver::slice(ledger, workload, batches, BATCH_MAX))?;
        self.created += slice.done;
        Ok(slice)
    }

    /// So many transfers, each alone and waited for, in turns with a raw append of the same bytes.
    pub(super) fn singles(&mut self, count: usize, raw: &Path) -> Result<Singles, Failure> {
        let bytes = usize::try_from(frame_bytes(1)).unwrap_or(usize::MAX);
        let mut log = RawLog::create(raw, bytes)?;
        let mut singles = Singles::default();
        for _ in 0..count {
            let Self { ledger, stopwatch, workload, .. } = self;
            singles.engine.push(stopwatch.during(|| driver::single(ledger, workload))?);
            singles.raw.push(log.append()?);
            self.created += 1;
        }
        singles.engine.sort_unstable();
        singles.raw.sort_unstable();
        Ok(singles)
    }

    /// What the engine says that it holds in memory.
    pub(super) fn memory(&self) -> Option<Memory> {
        self.ledger.memory()
    }

    /// Closes the ledger and leaves its directory as a crash would: without the snapshot that closing saves.
    pub(super) fn crash(self) -> Result<Remains, Failure> {
        let snapshots = || -> std::io::Result<Vec<PathBuf>> {
            let files = std::fs::read_dir(&self.directory)?;
            let paths = files.map(|file| Ok(file?.path())).collect::<std::io::Result<Vec<_>>>()?;
            let is_snapshot = |path: &PathBuf| {
                path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"snapshot-"))
            };
            Ok(paths.into_iter().filter(is_snapshot).collect())
        };
        let before = snapshots()?;
        self.ledger.close();
        for saved_by_closing in snapshots()?.iter().filter(|path| !before.contains(path)) {
            std::fs::remove_file(saved_by_closing)?;
        }
        Ok(Remains {
            bytes: disk_bytes(&self.directory)?,
            transfers: self.created,
            directory: self.directory,
        })
    }
}

/// Sorted times of unloaded transfers and of raw appends.
#[derive(Debug, Default)]
pub(super) struct Singles {
    pub(super) engine: Vec<Duration>,
    pub(super) raw: Vec<Duration>,
}

/// What a closed ledger left on the disk.
#[derive(Debug)]
pub(super) struct Remains {
    pub(super) directory: PathBuf,
    /// Bytes on disk, all files.
    pub(super) bytes: u64,
    /// Transfers created, funding included.
    pub(super) transfers: u64,
}

/// What opening a ledger in a fresh process took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Reopened {
    pub(super) recovery_s: f64,
    pub(super) frames_replayed: u64,
    /// Memory that the open ledger takes.
    pub(super) resident_bytes: u64,
    pub(super) account_bytes: u64,
    pub(super) id_index_bytes: u64,
}

/// Opens the ledger in a process of its own, so that neither its memory nor its caches are warm.
pub(super) fn reopen(directory: &Path) -> Result<Reopened, Failure> {
    let program = std::env::current_exe()?;
    let output = Command::new(program).args(["bench", "ledger-reopen", "--data"]).arg(directory).output()?;
    if !output.status.success() {
        return Err(Failure::software(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::software(format!("the reopening process answered nonsense: {error}")))
}

/// The reopening process itself.
pub(super) fn reopen_here(directory: &Path) -> Result<Reopened, Failure> {
    let before = memory().resident;
    let started = Instant::now();
    let ledger = EmbeddedLedger::open(directory, Stopwatch::new().clock())?;
    let recovery_s = started.elapsed().as_secs_f64();
    let resident_bytes = memory().resident.saturating_sub(before);
    let Some(held) = ledger.memory() else {
        return Err(Failure::software("the ledger stopped right after opening"));
    };
    Ok(Reopened {
        recovery_s,
        frames_replayed: ledger.recovery().frames_replayed,
        resident_bytes,
        account_bytes: held.account_bytes as u64,
        id_index_bytes: held.id_index_bytes as u64,
    })
}

/// Bytes of memory that an account takes, from a ledger with many of them and nothing else.
pub(super) fn bytes_per_account(directory: PathBuf) -> Result<f64, Failure> {
    const MANY: u64 = 262_144;
    let accounts: Vec<Account> = (1..=MANY)
        .map(|id| Account {
            id: AccountId(u128::from(id) << 64 | u128::from(id)),
            ledger: LedgerId(156),
            code: Code(1),
            ..Account::default()
        })
        .collect();
    let ledger = EmbeddedLedger::open(&directory, Stopwatch::new().clock())?;
    driver::open_accounts(&ledger, &accounts)?;
    let held = ledger.memory().map_or(0, |memory| memory.account_bytes);
    Ok(held as f64 / MANY as f64)
}
