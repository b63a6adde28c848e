//! The journal's frame: the records of one commit behind a header that chains to the frame before.
//!
//! Header, 128 bytes little-endian: magic (8), records (4), zero (4), journal offset of the frame (8), sequence number (8),
//! engine time after the frame (8), offset up to which the journal was durable when the frame was written (8), hash of
//! the frame before (32), BLAKE3 of the header up to here and of all records (32), zero (16). Frames are padded with
//! zeros to whole sectors, so that writing one never touches a sector of another. Behind the last frame of a segment there
//! may be zeros, written ahead of the frames to come.

use ledger::Timestamp;

use crate::record::{Position, RECORD_BYTES, Reader, Record, RecordError};

/// Bytes of a frame header.
pub const HEADER_BYTES: usize = 128;
/// Frames begin at multiples of this.
pub const SECTOR_BYTES: u64 = 512;
/// The most records in one frame.
pub const FRAME_RECORDS_MAX: usize = 16_384;

/// Begins every frame; the digit is the version of the format.
pub const MAGIC: [u8; 8] = *b"sycee/f1";
const HASHED_HEADER_BYTES: usize = 80;

/// A BLAKE3 hash that chains frames.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ChainHash(pub [u8; 32]);

impl std::fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a frame says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// How many records follow.
    pub records: u32,
    /// Where in the journal the frame begins.
    pub offset: u64,
    /// 0 for the first frame of the journal, then one more each.
    pub sequence: u64,
    /// The engine's time after the frame.
    pub timestamp: Timestamp,
    /// Everything before this offset was durable when the frame was written.
    pub durable_offset: u64,
    /// The hash of the frame before; zeros before the first.
    pub previous: ChainHash,
    /// The hash of this frame.
    pub hash: ChainHash,
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// They do not begin with the magic, or the frame says it is elsewhere.
    NoFrame,
    /// They end before the frame does.
    Incomplete,
    /// The hash does not match, or the padding is not zero.
    Hash,
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoFrame => "no frame begins here",
            Self::Incomplete => "frame is incomplete",
            Self::Hash => "frame does not match its hash",
        })
    }
}

impl std::error::Error for FrameError {}

/// Bytes that a frame of so many records takes, padding included.
#[must_use]
pub const fn frame_bytes(records: usize) -> u64 {
    ((HEADER_BYTES + records * RECORD_BYTES) as u64).next_multiple_of(SECTOR_BYTES)
}

/// How many records a frame of at most so many bytes can have.
#[must_use]
pub const fn frame_records_that_fit(bytes: u64) -> usize {
    (bytes as usize).saturating_sub(HEADER_BYTES) / RECORD_BYTES
}

fn frame_hash(header: &[u8], body: &[u8]) -> ChainHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&header[..HASHED_HEADER_BYTES]);
    hasher.update(body);
    ChainHash(*hasher.finalize().as_bytes())
}

impl FrameHeader {
    /// Fills in the header (its hash too) at the front of `frame`, behind which the records already are, and pads.
    pub(crate) fn seal(mut self, frame: &mut Vec<u8>) -> Self {
        frame[0..8].copy_from_slice(&MAGIC);
        frame[8..12].copy_from_slice(&self.records.to_le_bytes());
        frame[16..24].copy_from_slice(&self.offset.to_le_bytes());
        frame[24..32].copy_from_slice(&self.sequence.to_le_bytes());
        frame[32..40].copy_from_slice(&self.timestamp.0.to_le_bytes());
        frame[40..48].copy_from_slice(&self.durable_offset.to_le_bytes());
        frame[48..80].copy_from_slice(&self.previous.0);
        let (header, body) = frame.split_at(HEADER_BYTES);
        self.hash = frame_hash(header, body);
        frame[80..112].copy_from_slice(&self.hash.0);
        let padded = frame.len().next_multiple_of(512);
        frame.resize(padded, 0);
        self
    }

    /// Reads the header alone, without checking the hash.
    ///
    /// # Errors
    /// [`FrameError::NoFrame`] or [`FrameError::Incomplete`].
    pub fn peek(bytes: &[u8], offset: u64) -> Result<Self, FrameError> {
        if bytes.len() < HEADER_BYTES {
            return Err(FrameError::Incomplete);
        }
        let mut reader = Reader(bytes);
        let magic: [u8; 8] = reader.take();
        let records = reader.u32();
        let zero = reader.u32();
        let header = Self {
            records,
            offset: reader.u64(),
            sequence: reader.u64(),
            timestamp: Timestamp(reader.u64()),
            durable_offset: reader.u64(),
            previous: ChainHash(reader.take()),
            hash: ChainHash(reader.take()),
        };
        let sane = zero == 0 && records as usize <= FRAME_RECORDS_MAX && header.offset == offset;
        if magic != MAGIC || !sane || reader.u128() != 0 {
            return Err(FrameError::NoFrame);
        }
        Ok(header)
    }

    /// Bytes of the whole frame, padding included.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        frame_bytes(self.records as usize)
    }

    /// Reads the frame at the front of `bytes`, which is at `offset` of the journal, and checks its hash.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub fn read(bytes: &[u8], offset: u64) -> Result<(Self, &[u8]), FrameError> {
        let header = Self::peek(bytes, offset)?;
        let length = usize::try_from(header.bytes()).map_err(|_| FrameError::Incomplete)?;
        let frame = bytes.get(..length).ok_or(FrameError::Incomplete)?;
        let end = HEADER_BYTES + header.records as usize * RECORD_BYTES;
        let body = &frame[HEADER_BYTES..end];
        if frame_hash(frame, body) != header.hash || frame[end..].iter().any(|&byte| byte != 0) {
            return Err(FrameError::Hash);
        }
        Ok((header, body))
    }

    /// Reads the frame at the front of `bytes`, which are all that the segment has from `offset` of the journal on. `None`
    /// where nothing was written: they end here, or are zeros to the end.
    ///
    /// # Errors
    /// See [`FrameError`].
    pub fn next(bytes: &[u8], offset: u64) -> Result<Option<(Self, &[u8])>, FrameError> {
        if bytes.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        Self::read(bytes, offset).map(Some)
    }

    /// The records of a frame body with their positions.
    pub fn records(
        self,
        body: &[u8],
    ) -> impl Iterator<Item = (Position, Result<Record, RecordError>)> + use<'_> {
        body.chunks_exact(RECORD_BYTES).enumerate().map(move |(index, bytes)| {
            let offset = self.offset + (HEADER_BYTES + index * RECORD_BYTES) as u64;
            let position = Position::of_offset(offset).unwrap_or(Position::NONE);
            let mut record = [0; RECORD_BYTES];
            record.copy_from_slice(bytes);
            (position, Record::decode(&record, position))
        })
    }
}
