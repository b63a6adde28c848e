//! The journal's files: segments of one size, read at any position, written at the end.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

use crate::frame::{ChainHash, FrameHeader, HEADER_BYTES, frame_bytes};
use crate::record::{Position, Previous, RECORD_BYTES, Record};
use crate::storage::{Storage, StorageError};
use ledger::Timestamp;

/// Why something could not be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The medium failed.
    Storage(StorageError),
    /// The bytes are there and wrong. The text says where.
    Damaged(String),
}

impl From<StorageError> for ReadError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Storage(error) => error.fmt(f),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The file name of a segment.
#[must_use]
pub fn segment_name(number: u64) -> String {
    format!("journal-{number:08}")
}

/// All segments of a journal, shared by its end, its writer and readers of history.
pub(crate) struct Segments<S: Storage> {
    storage: Arc<S>,
    files: RwLock<Vec<S::File>>,
    segment_bytes: u64,
}

impl<S: Storage> Segments<S> {
    pub(crate) fn new(storage: Arc<S>, segment_bytes: u64) -> Self {
        Self { storage, files: RwLock::new(Vec::new()), segment_bytes }
    }

    pub(crate) fn storage(&self) -> &S {
        &self.storage
    }

    pub(crate) const fn segment_bytes(&self) -> u64 {
        self.segment_bytes
    }

    pub(crate) fn push(&self, file: S::File) {
        self.files.write().unwrap_or_else(PoisonError::into_inner).push(file);
    }

    pub(crate) fn pop(&self) -> Option<S::File> {
        self.files.write().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(crate) fn count(&self) -> u64 {
        self.files.read().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    pub(crate) fn file(&self, number: u64) -> Option<S::File> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        usize::try_from(number).ok().and_then(|index| files.get(index)).cloned()
    }

    fn file_at(&self, offset: u64) -> Result<(S::File, u64), ReadError> {
        let number = offset / self.segment_bytes;
        let file = self.file(number);
        let file =
            file.ok_or_else(|| ReadError::Damaged(format!("{} does not exist", segment_name(number))))?;
        Ok((file, offset % self.segment_bytes))
    }

    /// The record at a position.
    pub(crate) fn record(&self, position: Position) -> Result<Record, ReadError> {
        let (file, local) = self.file_at(position.offset())?;
        let mut bytes = [0; RECORD_BYTES];
        self.storage.read_at(&file, local, &mut bytes)?;
        Record::decode(&bytes, position).map_err(|error| {
            let name = segment_name(position.offset() / self.segment_bytes);
            ReadError::Damaged(format!("{name} at byte {local}: {error}"))
        })
    }

    /// The bytes of a segment from its beginning up to `end` of the journal.
    pub(crate) fn bytes(&self, number: u64, end: u64) -> Result<Vec<u8>, ReadError> {
        let start = number * self.segment_bytes;
        let (file, _) = self.file_at(start)?;
        let length = self.storage.length(&file)?.min(end.saturating_sub(start));
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.storage.read_at(&file, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// Makes the journal durable from one offset to another.
    pub(crate) fn sync(&self, from: u64, to: u64) -> Result<(), StorageError> {
        if from >= to {
            return Ok(());
        }
        for number in from / self.segment_bytes..=(to - 1) / self.segment_bytes {
            if let Some(file) = self.file(number) {
                self.storage.sync(&file)?;
            }
        }
        Ok(())
    }
}

/// A frame that takes no more records.
#[derive(Clone, Debug)]
pub(crate) struct SealedFrame {
    /// Where it begins in the journal.
    offset: u64,
    bytes: Arc<Vec<u8>>,
}

impl SealedFrame {
    fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

/// Small frames are written over zeros, which are written ahead up to the next multiple of this: a sync of bytes that the
/// file already has changes none of its metadata, and so waits for no other file of the disk.
const ZEROS_AHEAD: usize = 128 * 1024;
/// Frames from this size on are so rarely synced that zeros ahead would only be written for nothing.
const SMALL_FRAME: usize = ZEROS_AHEAD / 4;
static ZEROS: [u8; ZEROS_AHEAD] = [0; ZEROS_AHEAD];

/// Writes sealed frames to their segments, in their order.
pub(crate) struct FrameWriter<S: Storage> {
    segments: Arc<Segments<S>>,
    /// Up to where the growing segment is filled with zeros.
    zeros_end: u64,
}

impl<S: Storage> FrameWriter<S> {
    pub(crate) const fn new(segments: Arc<Segments<S>>, end: u64) -> Self {
        Self { segments, zeros_end: end }
    }

    /// Writes a frame, not yet durable.
    pub(crate) fn write(&mut self, frame: &SealedFrame) -> Result<(), StorageError> {
        let size = self.segments.segment_bytes();
        let file = self.segments.file(frame.offset / size);
        let file = file.ok_or_else(|| StorageError::new("write journal", "segment was not reserved"))?;
        self.segments.storage().write_at(&file, frame.offset % size, &frame.bytes)?;
        if frame.bytes.len() < SMALL_FRAME { self.write_zeros(&file, frame.end()) } else { Ok(()) }
    }

    /// Fills the place of the next small frames, where that is not done yet.
    fn write_zeros(&mut self, file: &S::File, end: u64) -> Result<(), StorageError> {
        let size = self.segments.segment_bytes();
        let inside = end % size;
        if end <= self.zeros_end || inside == 0 {
            return Ok(());
        }
        let until = (inside + 1).next_multiple_of(ZEROS_AHEAD as u64).min(size);
        let zeros = usize::try_from(until - inside).unwrap_or(ZEROS_AHEAD);
        self.segments.storage().write_at(file, inside, &ZEROS[..zeros])?;
        self.zeros_end = end - inside + until;
        Ok(())
    }
}

/// The end of the journal, where the next frame grows.
pub(crate) struct Journal<S: Storage> {
    pub(crate) segments: Arc<Segments<S>>,
    /// Where the next frame begins.
    pub(crate) end: u64,
    pub(crate) sequence: u64,
    pub(crate) previous: ChainHash,
    /// The segment that takes the next frame, once there is one.
    growing: Option<u64>,
    frame: Vec<u8>,
    /// Sealed frames that may not be written yet, in their order: they are read from here.
    unwritten: VecDeque<SealedFrame>,
    /// The memory of frames that were written.
    spare: Vec<Vec<u8>>,
}

/// Frames whose memory is kept for later ones: as many as are on their way at a time.
const SPARES: usize = 8;

/// How much of the frame is kept when a chain is undone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameMark(usize);

/// The records of a frame that begins at `offset`; what fills it up is none.
fn records_of(bytes: &[u8], offset: u64) -> impl Iterator<Item = Record> + '_ {
    bytes[HEADER_BYTES..].chunks_exact(RECORD_BYTES).enumerate().filter_map(move |(index, bytes)| {
        let position = Position::of_offset(offset + (HEADER_BYTES + index * RECORD_BYTES) as u64)?;
        bytes.try_into().ok().and_then(|bytes| Record::decode(bytes, position).ok())
    })
}

impl<S: Storage> Journal<S> {
    pub(crate) fn new(segments: Arc<Segments<S>>, end: u64, sequence: u64, previous: ChainHash) -> Self {
        let size = segments.segment_bytes();
        let growing = (!end.is_multiple_of(size)).then_some(end / size);
        let (frame, spare, unwritten) = (vec![0; HEADER_BYTES], Vec::new(), VecDeque::new());
        Self { segments, end, sequence, previous, growing, frame, unwritten, spare }
    }

    /// Makes sure that a frame of so many records fits the segment, else seals it and begins the next.
    /// Tells the number of a segment that this sealed.
    pub(crate) fn reserve(&mut self, records: usize) -> Result<Option<u64>, StorageError> {
        let size = self.segments.segment_bytes();
        let inside = self.end % size;
        if self.growing == Some(self.end / size) && inside + frame_bytes(records) <= size {
            return Ok(None);
        }
        let next = self.end.div_ceil(size);
        let storage = self.segments.storage();
        let file = storage.create(&segment_name(next))?;
        storage.sync_directory()?;
        self.segments.push(file);
        self.end = next * size;
        Ok(self.growing.replace(next))
    }

    pub(crate) fn frame_records(&self) -> usize {
        (self.frame.len() - HEADER_BYTES) / RECORD_BYTES
    }

    fn position_of(&self, frame_offset: usize) -> Position {
        Position::of_offset(self.end + frame_offset as u64).unwrap_or(Position::NONE)
    }

    /// Adds a record to the frame.
    pub(crate) fn append(&mut self, record: &Record) -> Position {
        let position = self.position_of(self.frame.len());
        record.encode(position, &mut self.frame);
        position
    }

    pub(crate) fn append_transfer(&mut self, transfer: &ledger::Transfer, previous: Previous) -> Position {
        self.append(&Record::Transfer(*transfer, previous))
    }

    pub(crate) fn mark(&self) -> FrameMark {
        FrameMark(self.frame.len())
    }

    pub(crate) fn cut(&mut self, mark: FrameMark) {
        self.frame.truncate(mark.0);
    }

    /// The record at a position, be it still in memory or written.
    pub(crate) fn record(&self, position: Position) -> Result<Record, ReadError> {
        let offset = position.offset();
        let unwritten = || self.unwritten.iter().rfind(|frame| frame.offset <= offset);
        let (frame, start) = match offset.checked_sub(self.end) {
            Some(inside) => (&self.frame, inside),
            None => match unwritten() {
                Some(frame) => (&*frame.bytes, offset - frame.offset),
                None => return self.segments.record(position),
            },
        };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let bytes = frame.get(start..start.saturating_add(RECORD_BYTES)).unwrap_or_default();
        let bytes = bytes
            .try_into()
            .map_err(|_| ReadError::Damaged("position behind the end of the journal".into()))?;
        Record::decode(bytes, position)
            .map_err(|error| ReadError::Damaged(format!("frame in memory: {error}")))
    }

    /// The records that may be in memory only.
    pub(crate) fn unwritten_records(&self) -> impl Iterator<Item = Record> + '_ {
        let sealed = self.unwritten.iter().flat_map(|frame| records_of(&frame.bytes, frame.offset));
        sealed.chain(records_of(&self.frame, self.end))
    }

    /// Everything before this offset is written.
    pub(crate) fn written_end(&self) -> u64 {
        self.unwritten.front().map_or(self.end, |frame| frame.offset)
    }

    /// Seals the frame. Nothing where it has no record.
    pub(crate) fn seal(&mut self, timestamp: Timestamp, durable_offset: u64) -> Option<SealedFrame> {
        let records = self.frame_records();
        if records == 0 {
            return None;
        }
        let header = FrameHeader {
            records: u32::try_from(records).unwrap_or(u32::MAX),
            offset: self.end,
            sequence: self.sequence,
            timestamp,
            durable_offset,
            previous: self.previous,
            hash: ChainHash::default(),
        };
        let header = header.seal(&mut self.frame);
        let mut next = self.spare.pop().unwrap_or_default();
        next.clear();
        next.resize(HEADER_BYTES, 0);
        let bytes = Arc::new(std::mem::replace(&mut self.frame, next));
        let frame = SealedFrame { offset: self.end, bytes };
        self.end = frame.end();
        self.sequence += 1;
        self.previous = header.hash;
        self.unwritten.push_back(frame.clone());
        Some(frame)
    }

    /// Lets go of the frames before an offset: they are written.
    pub(crate) fn forget_before(&mut self, written: u64) {
        while let Some(frame) = self.unwritten.pop_front_if(|frame| frame.end() <= written) {
            if let Ok(bytes) = Arc::try_unwrap(frame.bytes)
                && self.spare.len() < SPARES
            {
                self.spare.push(bytes);
            }
        }
    }
}
