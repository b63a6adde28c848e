//! The index of a sealed segment on disk: the key of each id in it, so that recovery need not read the records.
//!
//! Magic (8), keys (8), then each key's 36 bits above the 28 bits of its place in the segment (8 each, sorted), BLAKE3 of
//! all that (32). It can be rebuilt from the segment at any time.

use crate::id_index::{IdIndex, KEY_BITS, Key};
use crate::query::for_each_record;
use crate::record::Position;
use crate::segments::{ReadError, Segments};
use crate::state::State;
use crate::storage::{Storage, read_file, replace_file};

const MAGIC: [u8; 8] = *b"sycee/i1";
const PLACE_BITS: u32 = 64 - KEY_BITS;
const POSITION_UNIT: u64 = 16;
/// Names of indexes begin with this; the rest is the segment's number.
pub(crate) const PREFIX: &str = "index-";

/// The greatest segment whose places fit an entry.
pub(crate) const SEGMENT_BYTES_MAX: u64 = (1 << PLACE_BITS) * POSITION_UNIT;

/// The file name of a segment's index.
pub(crate) fn name(segment: u64) -> String {
    format!("{PREFIX}{segment:08}")
}

/// The entries of one segment's index, gathered while the segment grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries(Vec<u64>);

impl Entries {
    pub(crate) fn push(&mut self, key: Key, position: Position, segment_bytes: u64) {
        let place = position.offset() % segment_bytes / POSITION_UNIT;
        self.0.push(key.bits() << PLACE_BITS | place);
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// The keys with their positions in the segment that begins at `start`.
    pub(crate) fn iter(&self, start: u64) -> impl Iterator<Item = (Key, Position)> + '_ {
        self.0.iter().map(move |&entry| split(entry, start))
    }

    /// The bytes of the index file.
    fn encode(mut self) -> Vec<u8> {
        self.0.sort_unstable();
        let mut out = Vec::with_capacity(self.0.len() * 8 + 48);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&(self.0.len() as u64).to_le_bytes());
        self.0.iter().for_each(|entry| out.extend_from_slice(&entry.to_le_bytes()));
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        out
    }
}

fn split(entry: u64, segment_start: u64) -> (Key, Position) {
    let place = entry & ((1 << PLACE_BITS) - 1);
    let position = Position::of_offset(segment_start + place * POSITION_UNIT).unwrap_or(Position::NONE);
    (Key::from_bits(entry >> PLACE_BITS), position)
}

/// Reads the entries of all records from the start of a segment up to `end`.
pub(crate) fn collect<S: Storage>(
    segments: &Segments<S>,
    segment: u64,
    end: u64,
) -> Result<Entries, ReadError> {
    let mut entries = Entries::default();
    let end = end.min((segment + 1) * segments.segment_bytes());
    for_each_record(segments, segment, end, |_, position, record| {
        State::keys_of(&record).for_each(|key| entries.push(key, position, segments.segment_bytes()));
        true
    })?;
    Ok(entries)
}

/// Writes the index of a sealed segment, whole or not at all. What was not gathered is read back from the segment.
pub(crate) fn write<S: Storage>(
    segments: &Segments<S>,
    segment: u64,
    gathered: Option<Entries>,
) -> Result<(), ReadError> {
    let entries = match gathered {
        Some(entries) => entries,
        None => collect(segments, segment, u64::MAX)?,
    };
    replace_file(segments.storage(), &name(segment), &entries.encode())?;
    Ok(())
}

/// What became of loading an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    Done,
    Missing,
    Damaged,
}

/// Adds the keys of a segment's index to the id index.
pub(crate) fn load<S: Storage>(segments: &Segments<S>, segment: u64, ids: &mut IdIndex) -> Load {
    let Ok(bytes) = read_file(segments.storage(), &name(segment)) else { return Load::Missing };
    let Some(entries) = entries(&bytes) else { return Load::Damaged };
    let start = segment * segments.segment_bytes();
    for entry in entries.as_chunks().0 {
        let (key, position) = split(u64::from_le_bytes(*entry), start);
        ids.insert(key, position);
    }
    Load::Done
}

/// The entries of an index file, or `None` where it does not match its hash.
fn entries(bytes: &[u8]) -> Option<&[u8]> {
    let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    let matches = blake3::hash(body).as_bytes() == hash;
    let (magic, rest) = body.split_first_chunk::<8>()?;
    let (count, entries) = rest.split_first_chunk::<8>()?;
    let counted = u64::from_le_bytes(*count).checked_mul(8) == Some(entries.len() as u64);
    (matches && *magic == MAGIC && counted).then_some(entries)
}

/// Whether a segment's index file says exactly what its records say.
pub(crate) fn matches<S: Storage>(segments: &Segments<S>, segment: u64) -> Result<bool, ReadError> {
    let bytes = read_file(segments.storage(), &name(segment))?;
    Ok(bytes == collect(segments, segment, u64::MAX)?.encode())
}
