//! The journal file: entries one after the other, durable before anything that depends on them happens.
//!
//! # Specification
//!
//! * Header: "SYCEETJ1" ‖ generation 4 ‖ chain 32 ‖ CRC-32C 4. Then frames: length 2 ‖ entry ‖ chain 32 ‖ CRC-32C 4. Then
//!   zeros, which are room that is reserved. Numbers are big-endian.
//! * The CRC covers all before it in the frame: it finds a torn one. The chain is BLAKE3 of the chain before, length and
//!   entry: it finds a frame that is missing, moved or changed. The header's chain is the one that the file before ended with.
//! * An entry counts when it was written and synced. Room for entries is reserved and synced beforehand, so that a full
//!   disk is found before a card is debited, and never by the entry that says what became of the debit.
//! * After a failed write or sync nothing more is appended until the file is opened again.
//!
//! # What a power loss leaves
//!
//! All synced frames, and of the last one any part. A torn frame is overwritten with zeros when the file is opened; the
//! last whole frame is written and synced again, because the sync that it waited for may be the one that failed.
//! A bad frame with a good one behind it is no torn write: the file is damaged, and it is not opened.

use std::fmt;

use crate::disk::{Disk, DiskError};

/// The longest entry.
pub const ENTRY_BYTES_MAX: usize = 2048;
/// How much room is reserved at a time.
pub const RESERVE_BYTES: usize = 64 * 1024;
/// A sale begins only with so much room: its intent and outcome, what recovery of others may have to say, and beyond that what
/// an upload needs, so that a full disk keeps no terminal from handing in what it has.
pub const SALE_ROOM_BYTES: usize = 24 * 1024;
/// What everything else needs at most.
pub const UPKEEP_ROOM_BYTES: usize = 4 * 1024;

const FILE: &str = "journal";
const MAGIC: &[u8; 8] = b"SYCEETJ1";
const HEADER_BYTES: usize = 8 + 4 + 32 + 4;
const FRAME_EXTRA: usize = 2 + 4 + 32;
const CHAIN_CONTEXT: &str = "sycee 2026 terminal journal chain";

/// The entries of a journal, in order.
pub type Entries = Vec<Vec<u8>>;

/// Hash of a frame and all before it.
type Chain = [u8; 32];

/// Why the journal cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// There is no room; nothing was begun.
    Full,
    /// The disk failed, now or before: open the journal again.
    Failed(String),
    /// The file is not what was written; at which byte.
    Damaged(usize),
    /// The entry is too long or empty.
    Entry,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("disk is full"),
            Self::Failed(cause) => write!(f, "journal is closed: {cause}"),
            Self::Damaged(at) => write!(f, "journal is damaged at byte {at}"),
            Self::Entry => f.write_str("journal entry has a wrong length"),
        }
    }
}

impl std::error::Error for JournalError {}

/// What a journal's bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Grows with each rewriting.
    pub generation: u32,
    /// The entries in order.
    pub entries: Entries,
    /// Where the next frame goes.
    pub end: usize,
    /// How many bytes behind the end are no zeros: a torn frame.
    pub torn_bytes: usize,
    chain: Chain,
    /// Where the last frame begins.
    last: usize,
}

/// Reads a journal's bytes, as they may be found after a power loss.
///
/// # Errors
/// [`JournalError::Damaged`].
pub fn read(bytes: &[u8]) -> Result<Contents, JournalError> {
    let (generation, mut chain) = read_header(bytes).ok_or(JournalError::Damaged(0))?;
    let (mut entries, mut at, mut last) = (Vec::new(), HEADER_BYTES, HEADER_BYTES);
    while let Some((entry, stated)) = read_frame(bytes, at) {
        chain = chained(&chain, entry);
        if chain != stated {
            return Err(JournalError::Damaged(at));
        }
        entries.push(entry.to_vec());
        last = at;
        at += entry.len() + FRAME_EXTRA;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let torn_bytes = rest.iter().rposition(|byte| *byte != 0).map_or(0, |position| position + 1);
    let is_torn_write = torn_bytes <= ENTRY_BYTES_MAX + FRAME_EXTRA
        && !(at + 1..at + torn_bytes).any(|later| read_frame(bytes, later).is_some());
    if is_torn_write {
        Ok(Contents { generation, entries, end: at, torn_bytes, chain, last })
    } else {
        Err(JournalError::Damaged(at))
    }
}

fn read_header(bytes: &[u8]) -> Option<(u32, Chain)> {
    let header = bytes.get(..HEADER_BYTES)?;
    let (content, checksum) = header.split_last_chunk::<4>()?;
    let (magic, rest) = content.split_first_chunk::<8>()?;
    let (generation, chain) = rest.split_first_chunk::<4>()?;
    let is_right = magic == MAGIC && checksum_of(content) == *checksum;
    is_right.then_some((u32::from_be_bytes(*generation), chain.try_into().ok()?))
}

/// The entry and stated chain of a frame that is whole.
fn read_frame(bytes: &[u8], at: usize) -> Option<(&[u8], Chain)> {
    let frame = bytes.get(at..)?;
    let length = usize::from(u16::from_be_bytes(*frame.first_chunk::<2>()?));
    if length == 0 || length > ENTRY_BYTES_MAX {
        return None;
    }
    let (covered, rest) = frame.split_at_checked(2 + length + 32)?;
    let (entry, chain) = covered.get(2..)?.split_last_chunk::<32>()?;
    (checksum_of(covered) == *rest.first_chunk::<4>()?).then_some((entry, *chain))
}

fn checksum_of(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).to_be_bytes()
}

fn length_bytes(entry: &[u8]) -> [u8; 2] {
    u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes()
}

fn chained(before: &Chain, entry: &[u8]) -> Chain {
    let mut hasher = blake3::Hasher::new_derive_key(CHAIN_CONTEXT);
    hasher.update(before).update(&length_bytes(entry)).update(entry);
    *hasher.finalize().as_bytes()
}

fn header(generation: u32, chain: &Chain) -> Vec<u8> {
    let mut header = [&MAGIC[..], &generation.to_be_bytes(), chain].concat();
    header.extend(checksum_of(&header));
    header
}

fn frame(chain: &Chain, entry: &[u8]) -> (Vec<u8>, Chain) {
    let chain = chained(chain, entry);
    let mut frame = [&length_bytes(entry), entry, &chain].concat();
    frame.extend(checksum_of(&frame));
    (frame, chain)
}

/// An open journal.
#[derive(Debug)]
pub struct Journal<D> {
    disk: D,
    generation: u32,
    chain: Chain,
    end: usize,
    reserved: usize,
    /// Why nothing more is appended.
    closed: Option<String>,
}

impl<D: Disk> Journal<D> {
    /// Opens the journal, or begins one: repairs what a power loss left, and gives the entries.
    ///
    /// # Errors
    /// [`JournalError`], with the disk.
    pub fn open(mut disk: D) -> Result<(Self, Entries), (JournalError, D)> {
        match Self::load(&mut disk) {
            Ok((contents, reserved)) => {
                let Contents { generation, entries, end, chain, .. } = contents;
                Ok((Self { disk, generation, chain, end, reserved, closed: None }, entries))
            }
            Err(error) => Err((error, disk)),
        }
    }

    fn load(disk: &mut D) -> Result<(Contents, usize), JournalError> {
        let Some(bytes) = disk.read(FILE).map_err(JournalError::from)? else {
            let mut bytes = header(0, &[0; 32]);
            bytes.resize(RESERVE_BYTES, 0);
            disk.replace(FILE, &bytes).map_err(JournalError::from)?;
            return Ok((read(&bytes)?, bytes.len()));
        };
        let contents = read(&bytes)?;
        let again = bytes.get(contents.last..contents.end).unwrap_or_default();
        let zeros = vec![0; contents.torn_bytes];
        let at = u64::try_from(contents.last).unwrap_or(u64::MAX);
        disk.write_at(FILE, at, &[again, &zeros].concat()).map_err(JournalError::from)?;
        disk.sync(FILE).map_err(JournalError::from)?;
        Ok((contents, bytes.len()))
    }

    /// Makes sure that there is so much room, [`SALE_ROOM_BYTES`] or [`UPKEEP_ROOM_BYTES`].
    ///
    /// # Errors
    /// [`JournalError::Full`]: nothing is spoilt, and later there may be room. [`JournalError::Failed`].
    pub fn reserve(&mut self, room: usize) -> Result<(), JournalError> {
        self.ensure_open()?;
        if self.reserved >= self.end + room {
            return Ok(());
        }
        let zeros = vec![0; RESERVE_BYTES];
        match self.disk.write_at(FILE, offset(self.reserved), &zeros) {
            Err(DiskError::Full) => return Err(JournalError::Full),
            other => other.map_err(|error| self.close(error))?,
        }
        match self.disk.sync(FILE) {
            Err(DiskError::Full) => return Err(JournalError::Full),
            other => other.map_err(|error| self.close(error))?,
        }
        self.reserved += RESERVE_BYTES;
        Ok(())
    }

    /// Appends an entry and waits until it is durable.
    ///
    /// # Errors
    /// [`JournalError`]; whether the entry is there is known when the journal is opened again.
    pub fn append(&mut self, entry: &[u8]) -> Result<(), JournalError> {
        self.ensure_open()?;
        if entry.is_empty() || entry.len() > ENTRY_BYTES_MAX {
            return Err(JournalError::Entry);
        }
        let (frame, chain) = frame(&self.chain, entry);
        let written = self.disk.write_at(FILE, offset(self.end), &frame);
        written.and_then(|()| self.disk.sync(FILE)).map_err(|error| self.close(error))?;
        self.end += frame.len();
        self.reserved = self.reserved.max(self.end);
        self.chain = chain;
        Ok(())
    }

    /// Puts these entries in the place of all that there are; the chain goes on.
    ///
    /// # Errors
    /// [`JournalError::Full`] changes nothing. [`JournalError::Failed`].
    pub fn rewrite(&mut self, entries: &[Vec<u8>]) -> Result<(), JournalError> {
        self.ensure_open()?;
        if entries.iter().any(|entry| entry.is_empty() || entry.len() > ENTRY_BYTES_MAX) {
            return Err(JournalError::Entry);
        }
        let generation = self.generation.wrapping_add(1);
        let mut bytes = header(generation, &self.chain);
        let mut chain = self.chain;
        for entry in entries {
            let (frame, next) = frame(&chain, entry);
            bytes.extend(frame);
            chain = next;
        }
        let end = bytes.len();
        bytes.resize(end + RESERVE_BYTES, 0);
        match self.disk.replace(FILE, &bytes) {
            Err(DiskError::Full) => return Err(JournalError::Full),
            other => other.map_err(|error| self.close(error))?,
        }
        (self.generation, self.chain, self.end, self.reserved) = (generation, chain, end, bytes.len());
        Ok(())
    }

    /// The disk, for the terminal's other files.
    pub const fn disk_mut(&mut self) -> &mut D {
        &mut self.disk
    }

    /// Closes the journal.
    pub fn into_disk(self) -> D {
        self.disk
    }

    /// How many bytes its entries take.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.end
    }

    fn ensure_open(&self) -> Result<(), JournalError> {
        self.closed.clone().map_or(Ok(()), |cause| Err(JournalError::Failed(cause)))
    }

    fn close(&mut self, error: DiskError) -> JournalError {
        let error = JournalError::from(error);
        self.closed = Some(error.to_string());
        error
    }
}

fn offset(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated_disk::{DiskFault, SimulatedDisk};

    fn open(disk: SimulatedDisk) -> (Journal<SimulatedDisk>, Vec<Vec<u8>>) {
        Journal::open(disk).map_err(|(error, _)| error).unwrap()
    }

    fn entry(number: u8) -> Vec<u8> {
        vec![number; 40 + usize::from(number)]
    }

    /// A journal of two entries in which the third is cut at each of its steps and bytes.
    #[test]
    fn a_torn_entry_is_there_as_a_whole_or_not_at_all() {
        for step in 0..2 {
            for kept_bytes in 0..100 {
                for keeps_earlier in [false, true] {
                    let (mut journal, _) = open(SimulatedDisk::new());
                    journal.append(&entry(1)).unwrap();
                    journal.append(&entry(2)).unwrap();
                    journal.disk.fail_at(step, DiskFault::Crash { kept_bytes, keeps_earlier });
                    journal.append(&entry(3)).unwrap_err();
                    let mut disk = journal.into_disk();
                    disk.restart();
                    let (mut journal, entries) = open(disk);
                    assert_eq!(entries[..2], [entry(1), entry(2)]);
                    assert!(entries.len() == 2 || entries[2] == entry(3));
                    // A shorter entry does not leave the rest of the torn one behind it.
                    journal.append(&[9]).unwrap();
                    let mut disk = journal.into_disk();
                    disk.restart();
                    assert_eq!(open(disk).1.last().unwrap(), &[9]);
                }
            }
        }
    }

    #[test]
    fn after_a_failed_write_nothing_is_appended_until_it_is_opened_again() {
        for step in 0..2 {
            let (mut journal, _) = open(SimulatedDisk::new());
            journal.disk.fail_at(step, DiskFault::Fails);
            assert!(matches!(journal.append(&entry(1)), Err(JournalError::Failed(_))));
            assert!(matches!(journal.append(&entry(2)), Err(JournalError::Failed(_))));
            assert!(matches!(journal.reserve(SALE_ROOM_BYTES), Err(JournalError::Failed(_))));
            let (mut journal, entries) = open(journal.into_disk());
            assert!(entries.is_empty());
            journal.append(&entry(3)).unwrap();
        }
    }

    #[test]
    fn room_is_reserved_before_it_is_needed_and_a_full_disk_spoils_nothing() {
        let (mut journal, _) = open(SimulatedDisk::with_capacity(RESERVE_BYTES + 100));
        let mut count = 0;
        let refusal = loop {
            match journal.reserve(SALE_ROOM_BYTES) {
                Ok(()) => journal.append(&entry(7)).unwrap(),
                Err(error) => break error,
            }
            count += 1;
        };
        assert_eq!(refusal, JournalError::Full);
        assert!(
            RESERVE_BYTES - journal.length() > SALE_ROOM_BYTES - 100,
            "there was room when it was refused"
        );
        journal.append(&entry(8)).unwrap();
        journal.disk_mut().make_room();
        journal.reserve(SALE_ROOM_BYTES).unwrap();
        assert_eq!(open(journal.into_disk()).1.len(), count + 1);
    }

    #[test]
    fn a_changed_missing_or_moved_frame_is_damage() {
        let (mut journal, _) = open(SimulatedDisk::new());
        for number in [1, 2, 3] {
            journal.append(&entry(number)).unwrap();
        }
        let bytes = journal.into_disk().durable_mut(FILE).unwrap().clone();
        let sizes = [1, 2, 3].map(|number| entry(number).len() + FRAME_EXTRA);
        for at in 0..HEADER_BYTES + sizes[0] + sizes[1] {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            assert!(matches!(read(&changed), Err(JournalError::Damaged(_))), "byte {at}");
        }
        let first = HEADER_BYTES..HEADER_BYTES + sizes[0];
        let mut missing = bytes.clone();
        missing.drain(first);
        assert_eq!(read(&missing), Err(JournalError::Damaged(HEADER_BYTES)));
    }

    #[test]
    fn rewriting_keeps_the_chain_and_a_crash_leaves_the_old_file() {
        let (mut journal, _) = open(SimulatedDisk::new());
        for number in [1, 2, 3] {
            journal.append(&entry(number)).unwrap();
        }
        journal.disk.fail_at(0, DiskFault::Crash { kept_bytes: 50, keeps_earlier: true });
        journal.rewrite(&[entry(3)]).unwrap_err();
        let mut disk = journal.into_disk();
        disk.restart();
        let (mut journal, entries) = open(disk);
        assert_eq!(entries.len(), 3);
        let before = journal.chain;
        journal.rewrite(&[entry(3)]).unwrap();
        journal.append(&entry(4)).unwrap();
        let bytes = journal.into_disk().durable_mut(FILE).unwrap().clone();
        assert_eq!(read_header(&bytes), Some((1, before)));
        assert_eq!(read(&bytes).unwrap().entries, [entry(3), entry(4)]);
    }
}
