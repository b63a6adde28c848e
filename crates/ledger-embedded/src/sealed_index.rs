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

/// Reads the keys of all records from the start of a segment up to `end`.
pub(crate) fn collect<S: Storage>(
    segments: &Segments<S>,
    segment: u64,
    end: u64,
) -> Result<Vec<(Key, Position)>, ReadError> {
    let mut keys = Vec::new();
    let end = end.min((segment + 1) * segments.segment_bytes());
    for_each_record(segments, segment, end, |_, position, record| {
        keys.extend(State::keys_of(&record).map(|key| (key, position)));
        true
    })?;
    keys.sort_unstable();
    Ok(keys)
}

fn encode(keys: &[(Key, Position)], segment_start: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(keys.len() * 8 + 48);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&(keys.len() as u64).to_le_bytes());
    for (key, position) in keys {
        let place = (position.offset() - segment_start) / POSITION_UNIT;
        out.extend_from_slice(&(key.bits() << PLACE_BITS | place).to_le_bytes());
    }
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    out
}

/// Writes the index of a sealed segment, whole or not at all.
pub(crate) fn write<S: Storage>(segments: &Segments<S>, segment: u64) -> Result<(), ReadError> {
    let start = segment * segments.segment_bytes();
    let keys = collect(segments, segment, start + segments.segment_bytes())?;
    replace_file(segments.storage(), &name(segment), &encode(&keys, start))?;
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
        let number = u64::from_le_bytes(*entry);
        let place = number & ((1 << PLACE_BITS) - 1);
        let Some(position) = Position::of_offset(start + place * POSITION_UNIT) else { return Load::Damaged };
        ids.insert(Key::from_bits(number >> PLACE_BITS), position);
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
    let start = segment * segments.segment_bytes();
    let bytes = read_file(segments.storage(), &name(segment))?;
    Ok(bytes == encode(&collect(segments, segment, start + segments.segment_bytes())?, start))
}
