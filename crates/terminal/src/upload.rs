//! Day-end, or whenever there is a network: batches go up, lists come down.
//!
//! * A record is named by card and sequence, not by its batch: uploaded again, under whatever batch number, it changes nothing.
//! * A batch's number and link are durable before it leaves, so that no two batches have the same.
//! * A record leaves the journal only after a receipt of the issuer, which is signed and speaks of exactly this batch, accepts or
//!   knows it. One that the issuer refuses stays for a person to look at, and holds nothing up.

use card_reader::reader::Reader;
use std::fmt;

use messages::card::{
    self, BatchNumber, Cancel, DebitKind, IssuerId, KeyVersion, ListVersion, Outcome, PurseRecord, SplitPart,
    Units,
    batch::{BatchClosing, BatchLink, BatchTally, ListsHeld, SignedHeader},
    receipt::{BatchReceipt, NotTheReceipt, RecordVerdict},
};
use purse::fields::{self, Kind};

use crate::{
    book::{Record, State},
    clock::Now,
    disk::Disk,
    entry::{Batch, Entry, List, RECEIVED_MAX, RecordNumber},
    journal::{JournalError, UPKEEP_ROOM_BYTES},
    lists::ListError,
    refusal::Failure,
    terminal::Terminal,
};

/// The host could not be reached, or did not answer; its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable(pub String);

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host cannot be reached: {}", self.0)
    }
}

impl std::error::Error for Unreachable {}

/// The issuer's host, as a terminal sees it.
pub trait Host {
    /// Sends a batch; the receipt's bytes.
    ///
    /// # Errors
    /// [`Unreachable`]; whether the batch arrived is not known.
    fn upload(&mut self, batch: &[u8]) -> Result<Vec<u8>, Unreachable>;

    /// Asks for a list that is newer than this version; `None` where there is none.
    ///
    /// # Errors
    /// [`Unreachable`].
    fn download(&mut self, list: List, newer_than: u32) -> Result<Option<Vec<u8>>, Unreachable>;
}

/// Why an upload or download ended early. What was received until then is received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncError {
    /// The host is not there.
    Host(Unreachable),
    /// It answered with something else than the receipt of this batch.
    Receipt(NotTheReceipt),
    /// A list is not taken.
    List(List, ListError),
    /// The journal cannot be written.
    Journal(JournalError),
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(error) => error.fmt(f),
            Self::Receipt(error) => error.fmt(f),
            Self::List(list, error) => write!(f, "{}: {error}", list.file()),
            Self::Journal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SyncError {}

impl From<JournalError> for SyncError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// A batch on its way: what was sent of each record.
#[derive(Clone, Debug)]
pub struct OutgoingBatch {
    header: SignedHeader,
    sent: Vec<(RecordNumber, PurseRecord)>,
    bytes: Vec<u8>,
}

impl OutgoingBatch {
    /// What the host gets.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What became of the records that were uploaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// How many batches.
    pub batches: u32,
    /// How many records the issuer has now.
    pub received: u32,
    /// How many it refused.
    pub refused: u32,
}

impl Uploaded {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            batches: self.batches.saturating_add(other.batches),
            received: self.received.saturating_add(other.received),
            refused: self.refused.saturating_add(other.refused),
        }
    }
}

impl<D: Disk, M: Reader> Terminal<D, M> {
    /// Uploads everything that the issuer does not have, in batches of at most [`RECEIVED_MAX`] records.
    ///
    /// # Errors
    /// [`SyncError`]; the rest goes the next time.
    pub fn upload(&mut self, host: &mut dyn Host, now: &Now) -> Result<Uploaded, SyncError> {
        let mut uploaded = Uploaded::default();
        while let Some(batch) = self.next_batch(now)? {
            let receipt = host.upload(&batch.bytes).map_err(SyncError::Host)?;
            uploaded = uploaded.and(self.take_receipt(&batch, &receipt)?);
        }
        Ok(uploaded)
    }

    /// Makes the next batch, at most [`RECEIVED_MAX`] records; `None` where the issuer has everything. Its number is used up.
    /// Sales may go on until [`Terminal::take_receipt`].
    ///
    /// # Errors
    /// [`SyncError::Journal`].
    pub fn next_batch(&mut self, now: &Now) -> Result<Option<OutgoingBatch>, SyncError> {
        self.journal.reserve(UPKEEP_ROOM_BYTES)?;
        let (mut tally, mut records, mut sent) = (BatchTally::default(), Vec::new(), Vec::new());
        let queue = self
            .book
            .queue()
            .filter_map(|record| Some((record.intent.number, self.purse_record(record)?)))
            .take(RECEIVED_MAX);
        for (number, record) in queue {
            let Some(bytes) = tally.add(&record) else { break };
            records.extend(bytes);
            sent.push((number, record));
        }
        if sent.is_empty() {
            return Ok(None);
        }
        let before = self.book.summary().batch;
        let closing = BatchClosing {
            terminal: card::TerminalId(self.id().0),
            number: BatchNumber(before.number.saturating_add(1)),
            clock: card::DateTime(now.local.0),
            lists: self.lists_held(),
            previous: BatchLink(before.link),
        };
        let header = tally.header(&closing).signed(&self.settings.key);
        self.note(&Entry::Batch(Batch { number: closing.number.0, link: header.link().0 }))?;
        let bytes = [&header.to_bytes()[..], &records].concat();
        Ok(Some(OutgoingBatch { header, sent, bytes }))
    }

    /// Takes the issuer's receipt of a batch over. What a card has changed since the batch was made goes up again.
    ///
    /// # Errors
    /// [`SyncError`].
    pub fn take_receipt(&mut self, batch: &OutgoingBatch, receipt: &[u8]) -> Result<Uploaded, SyncError> {
        let receipt = BatchReceipt::parse(receipt, &batch.header, &self.settings.issuer_key);
        let receipt = receipt.map_err(SyncError::Receipt)?;
        let (mut uploaded, mut received) = (Uploaded { batches: 1, ..Uploaded::default() }, Vec::new());
        for ((number, sent), verdict) in batch.sent.iter().zip(receipt.verdicts()) {
            let stands = self.book.record(*number).and_then(|record| self.purse_record(record));
            if stands != Some(*sent) {
                continue;
            }
            self.journal.reserve(UPKEEP_ROOM_BYTES)?;
            match verdict {
                RecordVerdict::Accepted | RecordVerdict::AlreadyKnown => received.push(*number),
                RecordVerdict::Refused(reason) => {
                    self.note(&Entry::NotPaid(*number, reason as u8))?;
                    uploaded.refused = uploaded.refused.saturating_add(1);
                }
            }
        }
        uploaded.received = u32::try_from(received.len()).unwrap_or(u32::MAX);
        if !received.is_empty() {
            self.note(&Entry::Received(received))?;
        }
        Ok(uploaded)
    }

    /// Takes over every list that the host has in a newer version. Parameters first: they say how old the others may be.
    ///
    /// # Errors
    /// [`SyncError`]; what was taken over before it stays.
    pub fn download(&mut self, host: &mut dyn Host, now: &Now) -> Result<(), SyncError> {
        for list in [List::Parameters, List::Status, List::White] {
            let known = self.book.newest(list).version;
            if let Some(bytes) = host.download(list, known).map_err(SyncError::Host)? {
                self.take_list(list, &bytes, now).map_err(|error| SyncError::List(list, error))?;
            }
        }
        Ok(())
    }

    /// The end of a day: what cards claimed is checked, everything goes up, lists come down, the journal is rewritten.
    ///
    /// # Errors
    /// [`SyncError`]; every part that was done stays done.
    pub fn day_end(&mut self, host: &mut dyn Host, now: &Now) -> Result<Uploaded, SyncError> {
        // A module that does not answer leaves the claims for another day.
        if let Err(Failure::Journal(error)) = self.check_claims() {
            return Err(error.into());
        }
        let uploaded = self.upload(host, now)?;
        self.download(host, now)?;
        match self.tidy_up(now) {
            Ok(()) | Err(JournalError::Full) => Ok(uploaded),
            Err(error) => Err(error.into()),
        }
    }

    fn lists_held(&self) -> ListsHeld {
        let version = |list| ListVersion(self.book.newest(list).version);
        ListsHeld {
            status: version(List::Status),
            white: version(List::White),
            parameters: version(List::Parameters),
        }
    }

    /// The record as the issuer reads it; `None` for what it does not clear.
    fn purse_record(&self, record: &Record) -> Option<PurseRecord> {
        let intent = &record.intent;
        let kind = match intent.kind {
            Kind::Purchase => DebitKind::Purchase,
            Kind::CompoundPurchase => DebitKind::CompoundPurchase,
            _ => return None,
        };
        let split = intent.due.map(|due| SplitPart {
            payer: due.payer,
            due: Units(due.amount.units()),
            order: card::OrderId(due.order.0),
            tac: record.split_code.map(tac_of).unwrap_or_default(),
        });
        Some(PurseRecord {
            issuer: IssuerId(intent.issuer),
            asn: card::Asn(intent.card.0),
            kind,
            amount: Units(intent.amount.units()),
            balance_before: Units(intent.balance.units()),
            sequence: card::Sequence(intent.sequence.0),
            terminal: card::TerminalId(self.id().0),
            transaction: card::TerminalTransaction(intent.transaction.0),
            when: card::DateTime(intent.when.0),
            key_version: KeyVersion(intent.key_version),
            algorithm: card::AlgorithmId(intent.algorithm),
            outcome: self.outcome(record),
            split,
        })
    }

    fn outcome(&self, record: &Record) -> Outcome {
        let State::Done(codes) = record.state else { return Outcome::Unknown };
        let debit = tac_of(codes.tac);
        let Some(cancel) = record.cancelled_by.and_then(|number| self.book.record(number)) else {
            return Outcome::Done(debit);
        };
        let asked = Cancel {
            transaction: card::TerminalTransaction(cancel.intent.transaction.0),
            when: card::DateTime(cancel.intent.when.0),
        };
        match cancel.state {
            State::Done(codes) => Outcome::Cancelled { debit, cancel: asked, given_back: tac_of(codes.tac) },
            _ => Outcome::CancelUnknown { debit, cancel: asked },
        }
    }
}

const fn tac_of(tac: fields::Tac) -> card::Tac {
    card::Tac(tac.0.0)
}
