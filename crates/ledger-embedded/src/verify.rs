//! Re-reads everything: every record, the chain of hashes and of back-pointers, snapshots and indexes against the journal.

use std::sync::Arc;

use ledger::AccountFlags;

use crate::frame::{ChainHash, FrameHeader};
use crate::recovery::{self, OpenError, Options};
use crate::sealed_index;
use crate::segments::{Segments, segment_name};
use crate::snapshot::{self, Snapshot};
use crate::state::State;
use crate::storage::{ASIDE, Storage};

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The byte in it.
    pub offset: u64,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}: {}", self.file, self.offset, self.what)
    }
}

/// What was read and what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Frames read.
    pub frames: u64,
    /// Records read.
    pub records: u64,
    /// Accounts at the end.
    pub accounts: u64,
    /// Pending transfers open at the end.
    pub open_pendings: u64,
    /// The hash of the last frame: the same for the same history.
    pub head: ChainHash,
    /// All that is wrong, in order of place. Empty for a sound ledger.
    pub findings: Vec<Finding>,
}

/// Reads the whole ledger without changing it. The ledger must not be open.
///
/// # Errors
/// [`OpenError`] where the directory cannot be read at all or is of a newer version.
pub fn verify<S: Storage>(storage: S) -> Result<Verification, OpenError> {
    let storage = Arc::new(storage);
    let names = storage.list()?;
    if names.is_empty() {
        return Ok(Verification::default());
    }
    let mut verifier = Verifier {
        segment_bytes: recovery::check_format(&*storage, &names, Options::default())?,
        snapshots: Vec::new(),
        state: State::new(),
        previous: ChainHash::default(),
        offset: 0,
        result: Verification::default(),
    };
    verifier.load_snapshots(&*storage, &names);
    verifier.read_journal(&storage, &names)?;
    verifier.compare_leftover_snapshots();
    verifier.check_limits();
    verifier.result.accounts = verifier.state.accounts.len() as u64;
    verifier.result.open_pendings = verifier.state.pendings.len() as u64;
    verifier.result.head = verifier.previous;
    Ok(verifier.result)
}

struct Verifier {
    segment_bytes: u64,
    snapshots: Vec<Snapshot>,
    state: State,
    previous: ChainHash,
    offset: u64,
    result: Verification,
}

impl Verifier {
    fn find(&mut self, file: impl Into<String>, offset: u64, what: impl std::fmt::Display) {
        self.result.findings.push(Finding { file: file.into(), offset, what: what.to_string() });
    }

    fn load_snapshots<S: Storage>(&mut self, storage: &S, names: &[String]) {
        for name in names.iter().filter(|name| name.starts_with(snapshot::PREFIX) && !name.ends_with(ASIDE)) {
            match Snapshot::read(storage, name) {
                Ok(snapshot) => self.snapshots.push(snapshot),
                Err(what) => self.find(name, 0, what),
            }
        }
    }

    fn read_journal<S: Storage>(&mut self, storage: &Arc<S>, names: &[String]) -> Result<(), OpenError> {
        let segments = Segments::new(Arc::clone(storage), self.segment_bytes);
        for name in names.iter().filter(|name| name.starts_with("journal-")) {
            let expected = segment_name(segments.count());
            if *name != expected {
                self.find(expected, 0, "segment is missing");
                return Ok(());
            }
            segments.push(storage.open(name)?);
        }
        for number in 0..segments.count() {
            if !self.read_segment(&segments, number)? {
                return Ok(());
            }
        }
        for number in 0..segments.count() {
            let name = sealed_index::name(number);
            if names.contains(&name) && !sealed_index::matches(&segments, number).unwrap_or(false) {
                self.find(name, 0, "index does not say what its segment says");
            }
        }
        Ok(())
    }

    /// Reads one segment; tells whether the chain goes on behind it.
    fn read_segment<S: Storage>(&mut self, segments: &Segments<S>, number: u64) -> Result<bool, OpenError> {
        let start = number * self.segment_bytes;
        let name = segment_name(number);
        let bytes = segments.bytes(number, u64::MAX)?;
        self.compare_snapshots();
        self.offset = self.offset.max(start);
        while self.offset - start < bytes.len() as u64 {
            let local = self.offset - start;
            let rest = bytes.get(usize::try_from(local).unwrap_or(usize::MAX)..).unwrap_or_default();
            self.compare_snapshots();
            let (header, body) = match FrameHeader::next(rest, self.offset) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => {
                    self.find(name, local, error);
                    return Ok(false);
                }
            };
            if header.previous != self.previous || header.sequence != self.result.frames {
                self.find(name, local, "frame does not follow the frame before it");
                return Ok(false);
            }
            self.replay(&header, body, start);
            self.previous = header.hash;
            self.offset += header.bytes();
            self.result.frames += 1;
        }
        Ok(true)
    }

    fn replay(&mut self, header: &FrameHeader, body: &[u8], start: u64) {
        for (position, record) in header.records(body) {
            self.result.records += 1;
            let local = position.offset() - start;
            let name = || segment_name(start / self.segment_bytes);
            match record {
                Err(error) => self.find(name(), local, error),
                Ok(record) => {
                    if let Err(misfit) = self.state.replay(&record, position) {
                        self.find(name(), local, misfit);
                    }
                }
            }
        }
        self.state.times.last = self.state.times.last.max(header.timestamp);
    }

    /// Compares the snapshots at the present offset with what the journal says.
    fn compare_snapshots(&mut self) {
        let (here, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.snapshots)
            .into_iter()
            .partition(|snapshot| snapshot.offset == self.offset);
        self.snapshots = later;
        for snapshot in here {
            let expected = Snapshot::take(&self.state, self.offset, self.result.frames, self.previous);
            let same = snapshot.sequence == expected.sequence
                && snapshot.previous == expected.previous
                && snapshot.accounts.iter().eq(expected.accounts.iter())
                && snapshot.pendings == expected.pendings;
            if !same {
                self.find(snapshot::name(snapshot.offset), 0, "snapshot does not say what the journal says");
            }
        }
    }

    fn compare_leftover_snapshots(&mut self) {
        self.compare_snapshots();
        for snapshot in std::mem::take(&mut self.snapshots) {
            let name = snapshot::name(snapshot.offset);
            self.find(name, 0, "the journal has no frame boundary where this snapshot was taken");
        }
    }

    fn check_limits(&mut self) {
        let broken: Vec<String> =
            self.state.accounts.iter().filter_map(|entry| broken_limit(&entry.account)).collect();
        for what in broken {
            self.find(segment_name(0), 0, what);
        }
    }
}

fn broken_limit(account: &ledger::Account) -> Option<String> {
    let debits = account.debits_pending.0.checked_add(account.debits_posted.0)?;
    let credits = account.credits_pending.0.checked_add(account.credits_posted.0)?;
    let has = |flag| account.flags.contains(flag);
    let overdrawn = has(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS) && debits > account.credits_posted.0;
    let overfilled = has(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS) && credits > account.debits_posted.0;
    (overdrawn || overfilled).then(|| format!("account {} has broken its limit", account.id))
}
