//! A batch: a signed header, then its records. It is written and read as a stream, record by record.
//!
//! # Specification
//!
//! * A terminal counts, adds up and hashes its records with a [`BatchTally`], makes the header of it and signs that. The header
//!   stands before the records, so a host knows whose batch it is, and how long, before it reads on.
//! * A host feeds bytes as they come to a [`BatchReader`]: each record is handed on once, in order. A record that is malformed
//!   is handed on as such and does not stop the others. Memory: one record.
//! * [`BatchReader::finish`] says whether the stream was the batch that the terminal signed: all records, their sums, their
//!   hash. Before that nothing but each record's own TAC speaks for it.

use core::fmt;

pub use super::batch_header::{
    BatchHeader, BatchLink, HEADER_BYTES, ListsHeld, MalformedHeader, OutcomeSums, SignedHeader,
};
use super::{
    fields::{BatchNumber, DateTime, TerminalId},
    record::{MalformedRecord, PurseRecord, RECORD_BYTES},
};

/// Count, sums and hash of records so far.
#[derive(Clone, Debug)]
pub struct BatchTally {
    records: u32,
    sums: OutcomeSums,
    content: blake3::Hasher,
}

impl Default for BatchTally {
    fn default() -> Self {
        Self {
            records: 0,
            sums: OutcomeSums::default(),
            content: blake3::Hasher::new_derive_key("sycee purse batch content v1"),
        }
    }
}

/// What a terminal says of a batch beside its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchClosing {
    /// Whose batch.
    pub terminal: TerminalId,
    /// Its number.
    pub number: BatchNumber,
    /// The terminal's clock.
    pub clock: DateTime,
    /// The lists that it holds.
    pub lists: ListsHeld,
    /// The batch before this one.
    pub previous: BatchLink,
}

impl BatchTally {
    /// Adds the next record; what is to be written after the header. `None` where there are 4,294,967,295 already.
    #[must_use]
    pub fn add(&mut self, record: &PurseRecord) -> Option<[u8; RECORD_BYTES]> {
        let (records, sums) = (self.records.checked_add(1)?, self.sums.with(record)?);
        let bytes = record.to_bytes();
        self.content.update(&bytes);
        (self.records, self.sums) = (records, sums);
        Some(bytes)
    }

    /// The header of a batch of these records.
    #[must_use]
    pub fn header(&self, closing: &BatchClosing) -> BatchHeader {
        BatchHeader {
            terminal: closing.terminal,
            number: closing.number,
            records: self.records,
            sums: self.sums,
            clock: closing.clock,
            lists: closing.lists,
            previous: closing.previous,
            content: *self.content.finalize().as_bytes(),
        }
    }
}

/// Reads the records of a batch as they come.
#[derive(Clone, Debug)]
pub struct BatchReader {
    header: BatchHeader,
    tally: BatchTally,
    /// The beginning of a record whose rest has not come.
    begun: [u8; RECORD_BYTES],
    begun_bytes: usize,
    is_too_long: bool,
}

/// The stream was not the batch that its header speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTheBatch {
    /// It ended before its last record.
    Truncated,
    /// It went on after its last record.
    TooLong,
    /// The records add up to something else.
    Sums,
    /// The records are others.
    Content,
}

impl fmt::Display for NotTheBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "batch ended before its last record",
            Self::TooLong => "batch went on after its last record",
            Self::Sums => "records add up to something else than the header says",
            Self::Content => "records are others than the header speaks of",
        })
    }
}

impl core::error::Error for NotTheBatch {}

impl BatchReader {
    /// Begins after a header, whose signature the caller has verified.
    #[must_use]
    pub fn new(header: &SignedHeader) -> Self {
        Self {
            header: *header.header(),
            tally: BatchTally::default(),
            begun: [0; RECORD_BYTES],
            begun_bytes: 0,
            is_too_long: false,
        }
    }

    /// How many records were handed on.
    #[must_use]
    pub const fn records_read(&self) -> u32 {
        self.tally.records
    }

    /// Takes the next bytes of the stream and hands on each record that they complete. What comes after the last record is
    /// never handed on.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Result<PurseRecord, MalformedRecord>)) {
        while !bytes.is_empty() {
            if self.tally.records == self.header.records {
                self.is_too_long = true;
                return;
            }
            let wanted = RECORD_BYTES.saturating_sub(self.begun_bytes).min(bytes.len());
            let (now, later) = bytes.split_at(wanted);
            bytes = later;
            let places = self.begun.iter_mut().skip(self.begun_bytes);
            places.zip(now).for_each(|(place, byte)| *place = *byte);
            self.begun_bytes = self.begun_bytes.saturating_add(wanted);
            if self.begun_bytes == RECORD_BYTES {
                self.begun_bytes = 0;
                each(self.next());
            }
        }
    }

    /// Parses and counts the record that is whole now.
    fn next(&mut self) -> Result<PurseRecord, MalformedRecord> {
        self.tally.content.update(&self.begun);
        self.tally.records = self.tally.records.saturating_add(1);
        let record = PurseRecord::parse(&self.begun)?;
        if let Some(sums) = self.tally.sums.with(&record) {
            self.tally.sums = sums;
        }
        Ok(record)
    }

    /// The stream is over: whether it was the batch.
    ///
    /// # Errors
    /// [`NotTheBatch`].
    pub fn finish(self) -> Result<(), NotTheBatch> {
        if self.is_too_long {
            return Err(NotTheBatch::TooLong);
        }
        if self.tally.records != self.header.records || self.begun_bytes != 0 {
            return Err(NotTheBatch::Truncated);
        }
        if *self.tally.content.finalize().as_bytes() != self.header.content {
            return Err(NotTheBatch::Content);
        }
        if self.tally.sums == self.header.sums { Ok(()) } else { Err(NotTheBatch::Sums) }
    }
}
