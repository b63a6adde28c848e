//! Opening a journal: newest good snapshot, indexes of sealed segments, then the frames after it; and what to do with a
//! torn end.
//!
//! Every frame says up to where the journal was durable when it was written. A frame that cannot be read is the torn end
//! of a crash unless a later frame says that it had been durable: then acknowledged facts are damaged, and the engine
//! refuses to open.

use std::sync::Arc;

use crate::core::Core;
use crate::frame::{ChainHash, FrameError, FrameHeader, MAGIC, SECTOR_BYTES};
use crate::sealed_index::{self, Load};
use crate::segments::{Journal, ReadError, Segments, segment_name};
use crate::snapshot::{self, Snapshot};
use crate::state::State;
use crate::storage::{ASIDE, Storage, StorageError, read_file, replace_file};

/// How the journal is cut up, and how often the state is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of a segment: a multiple of 512, at least 4 KiB, at most 4 GiB. A journal keeps the size it began with.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 128 * 1024 * 1024 }
    }
}

/// Why a journal was not opened. The text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The medium failed, or the directory is in use.
    Storage(StorageError),
    /// A newer program wrote the journal.
    NewerVersion(String),
    /// Acknowledged facts are damaged or missing.
    Damaged(String),
}

impl From<StorageError> for OpenError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Storage(error) => Self::Storage(error),
            ReadError::Damaged(what) => Self::Damaged(what),
        }
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Storage(error) => error.fmt(f),
            Self::NewerVersion(format) => write!(
                f,
                "the ledger directory has format {format:?}, which this program does not know; open it with the \
                 version of sycee that wrote it, or a newer one"
            ),
            Self::Damaged(what) => write!(
                f,
                "the ledger is damaged: {what}; nothing was changed; run `sycee ledger verify` to see all of it and \
                 restore the directory from a backup"
            ),
        }
    }
}

impl std::error::Error for OpenError {}

/// The file that names the format, and the first line that this version writes.
const FORMAT: &str = "format";
const FORMAT_LINE: &str = "sycee ledger journal 1";

/// What opening found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Frames replayed after the snapshot.
    pub frames_replayed: u64,
    /// Bytes of a torn end that were cut off. Nothing in them had been acknowledged.
    pub bytes_cut: u64,
    /// Indexes of sealed segments that were missing or not whole, and were made anew.
    pub indexes_rebuilt: u64,
    /// Those of them that were there and not whole.
    pub indexes_damaged: u64,
    /// Snapshots that were not whole and were passed over.
    pub snapshots_skipped: u64,
}

/// Reads or writes the format file; answers the segment size of the journal.
pub(crate) fn check_format<S: Storage>(
    storage: &S,
    names: &[String],
    options: Options,
) -> Result<u64, OpenError> {
    if names.iter().any(|name| name == FORMAT) {
        return read_format(storage);
    }
    if names.iter().any(|name| name.starts_with("journal-") || name.starts_with(snapshot::PREFIX)) {
        return Err(OpenError::Damaged("the file `format` is missing beside a journal".into()));
    }
    let text = format!("{FORMAT_LINE}\n{}\n", options.segment_bytes);
    // Its name becomes durable together with that of the first segment, before anything is acknowledged.
    replace_file(storage, FORMAT, text.as_bytes())?;
    Ok(options.segment_bytes)
}

fn read_format<S: Storage>(storage: &S) -> Result<u64, OpenError> {
    let bytes = read_file(storage, FORMAT)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default();
    if line != FORMAT_LINE {
        let known = line.starts_with("sycee ledger journal ");
        return Err(if known {
            OpenError::NewerVersion(line.to_owned())
        } else {
            OpenError::Damaged("the file `format` is not readable".into())
        });
    }
    let size = lines.next().and_then(|size| size.parse().ok());
    size.filter(|size| segment_size_is_valid(*size))
        .ok_or_else(|| OpenError::Damaged("the file `format` has no segment size".into()))
}

fn segment_size_is_valid(size: u64) -> bool {
    size.is_multiple_of(SECTOR_BYTES) && (4096..=sealed_index::SEGMENT_BYTES_MAX).contains(&size)
}

/// Opens the journal and recovers the state.
pub(crate) fn open<S: Storage>(storage: Arc<S>, options: Options) -> Result<(Core<S>, Recovery), OpenError> {
    let names = storage.list()?;
    let segment_bytes = check_format(&*storage, &names, options)?;
    for name in names.iter().filter(|name| name.ends_with(ASIDE) && !name.starts_with(FORMAT)) {
        storage.remove(name)?;
    }
    let segments = Arc::new(open_segments(&storage, &names, segment_bytes)?);
    let mut recovery = Recovery::default();
    let mut tail = load_snapshot(&*storage, &names, &mut recovery)?;
    load_ids(&segments, &mut tail, &mut recovery)?;
    replay(&segments, &mut tail, &mut recovery)?;
    cut(&segments, &tail, &mut recovery)?;
    let journal = Journal::new(segments, tail.offset, tail.sequence, tail.previous);
    Ok((Core::new(tail.state, journal), recovery))
}

fn open_segments<S: Storage>(
    storage: &Arc<S>,
    names: &[String],
    bytes: u64,
) -> Result<Segments<S>, OpenError> {
    let segments = Segments::new(Arc::clone(storage), bytes);
    for name in names.iter().filter(|name| name.starts_with("journal-")) {
        let expected = segment_name(segments.count());
        if *name != expected {
            return Err(OpenError::Damaged(format!("{expected} is missing")));
        }
        segments.push(storage.open(name)?);
    }
    Ok(segments)
}

/// The state as far as recovery has got, and where the next frame is.
struct Tail {
    state: State,
    offset: u64,
    sequence: u64,
    previous: ChainHash,
}

fn load_snapshot<S: Storage>(
    storage: &S,
    names: &[String],
    recovery: &mut Recovery,
) -> Result<Tail, OpenError> {
    let complete = |name: &&String| name.starts_with(snapshot::PREFIX) && !name.ends_with(ASIDE);
    for name in names.iter().rev().filter(complete) {
        match Snapshot::read(storage, name) {
            Ok(snapshot) => {
                let (offset, sequence, previous) = (snapshot.offset, snapshot.sequence, snapshot.previous);
                return Ok(Tail { state: snapshot.into_state(), offset, sequence, previous });
            }
            // The journal has everything that the snapshot had, so an older one, or none, does too.
            Err(_) => recovery.snapshots_skipped += 1,
        }
    }
    Ok(Tail { state: State::new(), offset: 0, sequence: 0, previous: ChainHash::default() })
}

/// Fills the id index with what is older than the snapshot.
fn load_ids<S: Storage>(
    segments: &Segments<S>,
    tail: &mut Tail,
    recovery: &mut Recovery,
) -> Result<(), OpenError> {
    let size = segments.segment_bytes();
    let whole = tail.offset / size;
    for segment in 0..whole.min(segments.count()) {
        let loaded = sealed_index::load(segments, segment, &mut tail.state.ids);
        if loaded != Load::Done {
            recovery.indexes_rebuilt += 1;
            recovery.indexes_damaged += u64::from(loaded == Load::Damaged);
            let entries = sealed_index::collect(segments, segment, u64::MAX)?;
            entries.iter(segment * size).for_each(|(key, position)| tail.state.ids.insert(key, position));
            sealed_index::write(segments, segment, Some(entries))?;
        }
    }
    if !tail.offset.is_multiple_of(size) {
        let entries = sealed_index::collect(segments, whole, tail.offset)?;
        entries.iter(whole * size).for_each(|(key, position)| tail.state.ids.insert(key, position));
    }
    Ok(())
}

/// Replays the frames from the tail on, up to the end or to the first that cannot be read.
fn replay<S: Storage>(
    segments: &Segments<S>,
    tail: &mut Tail,
    recovery: &mut Recovery,
) -> Result<(), OpenError> {
    let size = segments.segment_bytes();
    if segments.count() * size < tail.offset {
        return Err(OpenError::Damaged("the journal ends before its snapshot".into()));
    }
    let mut frames_end = tail.offset;
    for number in tail.offset / size..segments.count() {
        let start = number * size;
        let bytes = segments.bytes(number, u64::MAX)?;
        tail.offset = tail.offset.max(start);
        loop {
            let local = usize::try_from(tail.offset - start).unwrap_or(usize::MAX);
            if local > bytes.len() {
                return Err(OpenError::Damaged(format!("{} ends before its snapshot", segment_name(number))));
            }
            match replay_frame(&bytes[local..], tail) {
                Ok(Replayed::Frame) => recovery.frames_replayed += 1,
                Ok(Replayed::End) => break,
                Err(FrameOrMisfit::Frame(error)) => {
                    let torn = Torn { number, local, frames_end, offset: tail.offset };
                    return refuse_if_acknowledged(segments, &torn, error);
                }
                Err(FrameOrMisfit::Misfit(what)) => {
                    let name = segment_name(number);
                    return Err(OpenError::Damaged(format!("{name} at byte {local}: {what}")));
                }
            }
            frames_end = tail.offset;
        }
    }
    Ok(())
}

/// Why a frame could not be replayed.
enum FrameOrMisfit {
    Frame(FrameError),
    /// The frame is whole and says something that cannot be.
    Misfit(String),
}

/// What was at the tail.
enum Replayed {
    Frame,
    /// Nothing more in this segment.
    End,
}

fn replay_frame(bytes: &[u8], tail: &mut Tail) -> Result<Replayed, FrameOrMisfit> {
    let next = FrameHeader::next(bytes, tail.offset).map_err(FrameOrMisfit::Frame)?;
    let Some((header, body)) = next else { return Ok(Replayed::End) };
    if header.previous != tail.previous || header.sequence != tail.sequence {
        // A whole frame of an earlier life of this place, from before a torn end was cut off.
        return Err(FrameOrMisfit::Frame(FrameError::Hash));
    }
    for (position, record) in header.records(body) {
        let record = record.map_err(|error| FrameOrMisfit::Misfit(error.to_string()))?;
        tail.state.replay(&record, position).map_err(|misfit| FrameOrMisfit::Misfit(misfit.to_owned()))?;
        for key in State::keys_of(&record) {
            tail.state.ids.insert(key, position);
        }
    }
    tail.state.times.last = tail.state.times.last.max(header.timestamp);
    tail.offset += header.bytes();
    tail.sequence += 1;
    tail.previous = header.hash;
    Ok(Replayed::Frame)
}

/// Where the frames end for reason of an unreadable one.
struct Torn {
    /// Its segment, and the byte in it.
    number: u64,
    local: usize,
    /// Where the last whole frame ends: before `offset` where that begins a segment.
    frames_end: u64,
    offset: u64,
}

impl Torn {
    /// Whether a frame that knew the journal to be durable up to there has lost what it knew.
    const fn is_refuted_by(&self, durable_offset: u64) -> bool {
        // An engine opened at the beginning of an empty segment takes that for durable, with no frame behind it.
        durable_offset > self.frames_end && durable_offset != self.offset
    }
}

/// Looks behind an unreadable frame for one that knew it to be durable.
fn refuse_if_acknowledged<S: Storage>(
    segments: &Segments<S>,
    torn: &Torn,
    error: FrameError,
) -> Result<(), OpenError> {
    let Torn { number, local, .. } = *torn;
    for later in number..segments.count() {
        let bytes = segments.bytes(later, u64::MAX)?;
        let start = later * segments.segment_bytes();
        let from = if later == number { local } else { 0 };
        let sector = usize::try_from(SECTOR_BYTES).unwrap_or(usize::MAX);
        for place in (from..bytes.len()).step_by(sector) {
            if !bytes[place..].starts_with(&MAGIC) {
                continue;
            }
            let Ok((header, _)) = FrameHeader::read(&bytes[place..], start + place as u64) else { continue };
            if torn.is_refuted_by(header.durable_offset) {
                let place = format!("{} at byte {local}", segment_name(number));
                return Err(OpenError::Damaged(format!("{place}: {error}, and it had been acknowledged")));
            }
        }
    }
    Ok(())
}

/// Cuts off what lies behind the last whole frame, so that nothing of it is ever taken for a frame again.
fn cut<S: Storage>(segments: &Segments<S>, tail: &Tail, recovery: &mut Recovery) -> Result<(), OpenError> {
    let size = segments.segment_bytes();
    let storage = segments.storage();
    let keep = tail.offset.div_ceil(size);
    while segments.count() > keep {
        let name = segment_name(segments.count() - 1);
        if let Some(file) = segments.pop() {
            recovery.bytes_cut += storage.length(&file)?;
        }
        storage.remove(&name)?;
    }
    remove_stale_indexes(segments, tail.offset / size)?;
    let Some(number) = segments.count().checked_sub(1) else { return Ok(()) };
    let Some(file) = segments.file(number) else { return Ok(()) };
    let (length, wanted) = (storage.length(&file)?, tail.offset - number * size);
    if length > wanted {
        if !is_zero_from(segments, number, wanted)? {
            recovery.bytes_cut += length - wanted;
        }
        storage.truncate(&file, wanted)?;
    }
    // What was replayed may be in the page cache alone: it is acknowledged from now on, so it must be durable first.
    storage.sync(&file)?;
    Ok(())
}

/// Whether a segment has only zeros from there on: then they were written ahead, and nothing is lost with them.
fn is_zero_from<S: Storage>(segments: &Segments<S>, number: u64, from: u64) -> Result<bool, OpenError> {
    let bytes = segments.bytes(number, u64::MAX)?;
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    Ok(bytes.get(from..).is_none_or(|rest| rest.iter().all(|&byte| byte == 0)))
}

/// Removes indexes of segments that will grow again: the torn end may have followed a segment that was sealed.
fn remove_stale_indexes<S: Storage>(segments: &Segments<S>, growing: u64) -> Result<(), OpenError> {
    let storage = segments.storage();
    let first = sealed_index::name(growing);
    for name in
        storage.list()?.iter().filter(|name| name.starts_with(sealed_index::PREFIX) && **name >= first)
    {
        storage.remove(name)?;
    }
    Ok(())
}
