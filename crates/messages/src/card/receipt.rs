//! What the issuer says about a batch: a signed header, then one byte for each record, in the order of the batch.
//!
//! A terminal deletes a record only after a receipt that it verified accepts or knows it.

use core::fmt;

use pki::{Context, KeyPair, PublicKey, Signature};

use super::{
    batch::{BatchHeader, BatchLink, SignedHeader},
    bytes::{Reader, Writer},
    fields::{BatchNumber, TerminalId},
};

/// Length of the header of every receipt.
pub const RECEIPT_HEADER_BYTES: usize = 160;

const SIGNED_BYTES: usize = 96;
const MAGIC: [u8; 4] = *b"SYPR";
const VERSION: [u8; 2] = [0, 1];
const CONTEXT: Context = Context::new("sycee purse receipt v1");

/// Why the issuer does not pay for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RefusalReason {
    /// The bytes are no record.
    Malformed = 0x10,
    /// It names another terminal than its batch.
    WrongTerminal = 0x11,
    /// The issuer has no such card.
    UnknownCard = 0x12,
    /// The card has no key of this version or algorithm, or none any more.
    KeyVersion = 0x13,
    /// The TAC is not the card's over these terms.
    WrongTac = 0x14,
    /// The card's sequence is known with other content: a clone, or a terminal that lies.
    Clone = 0x15,
    /// The issuer does not clear this kind.
    Kind = 0x16,
    /// The card's rest was paid out before.
    CardClosed = 0x17,
    /// The TAC over the split is not the card's.
    WrongSplit = 0x18,
}

/// What the issuer says about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordVerdict {
    /// Accepted now: paid, or kept until the card shows what became of it.
    Accepted,
    /// Accepted before, by this batch or another.
    AlreadyKnown,
    /// Not accepted.
    Refused(RefusalReason),
}

impl RecordVerdict {
    /// Every verdict.
    pub const ALL: [Self; 11] = [
        Self::Accepted,
        Self::AlreadyKnown,
        Self::Refused(RefusalReason::Malformed),
        Self::Refused(RefusalReason::WrongTerminal),
        Self::Refused(RefusalReason::UnknownCard),
        Self::Refused(RefusalReason::KeyVersion),
        Self::Refused(RefusalReason::WrongTac),
        Self::Refused(RefusalReason::Clone),
        Self::Refused(RefusalReason::Kind),
        Self::Refused(RefusalReason::CardClosed),
        Self::Refused(RefusalReason::WrongSplit),
    ];

    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::AlreadyKnown => 1,
            Self::Refused(reason) => reason as u8,
        }
    }

    /// The verdict of a byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.byte() == byte)
    }
}

/// How many records of a batch got which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// Accepted now.
    pub accepted: u32,
    /// Accepted before.
    pub already_known: u32,
    /// Refused.
    pub refused: u32,
}

/// What the issuer says about a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchReceipt {
    terminal: TerminalId,
    number: BatchNumber,
    batch: BatchLink,
    counts: VerdictCounts,
    verdicts: Vec<u8>,
    signature: Signature,
}

/// The bytes are not the receipt of this batch by this issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTheReceipt {
    /// Too short, too long, or not a receipt of this version.
    Malformed,
    /// The receipt of another batch.
    OtherBatch,
    /// The verdicts are not as the header says.
    Verdicts,
    /// The issuer did not sign it.
    Signature,
}

impl fmt::Display for NotTheReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "bytes are no receipt",
            Self::OtherBatch => "receipt is that of another batch",
            Self::Verdicts => "verdicts are others than the receipt's header says",
            Self::Signature => "receipt is not signed by the issuer",
        })
    }
}

impl core::error::Error for NotTheReceipt {}

impl BatchReceipt {
    /// Signs the verdicts about a batch, one for each record in its order.
    #[must_use]
    pub fn signed(batch: &SignedHeader, verdicts: &[RecordVerdict], issuer: &KeyPair) -> Self {
        let BatchHeader { terminal, number, .. } = *batch.header();
        let verdicts: Vec<u8> = verdicts.iter().map(|verdict| verdict.byte()).collect();
        let counts = count(&verdicts).unwrap_or_default();
        let unsigned = Self { terminal, number, batch: batch.link(), counts, verdicts, signature: [0; 64] };
        let signature = issuer
            .sign(CONTEXT, &unsigned.signed_bytes())
            .expect("96 bytes are fewer than the most that can be signed");
        Self { signature, ..unsigned }
    }

    /// How many records got which verdict.
    #[must_use]
    pub const fn counts(&self) -> VerdictCounts {
        self.counts
    }

    /// The verdict about each record.
    pub fn verdicts(&self) -> impl Iterator<Item = RecordVerdict> + '_ {
        self.verdicts.iter().filter_map(|byte| RecordVerdict::from_byte(*byte))
    }

    fn signed_bytes(&self) -> [u8; SIGNED_BYTES] {
        Writer::new()
            .put(&MAGIC)
            .put(&VERSION)
            .put(&self.terminal.0)
            .put(&self.number.to_bytes())
            .put(&length(&self.verdicts).to_be_bytes())
            .put(&self.counts.accepted.to_be_bytes())
            .put(&self.counts.already_known.to_be_bytes())
            .put(&self.counts.refused.to_be_bytes())
            .put(&self.batch.0)
            .put(&blake3::derive_key("sycee purse receipt content v1", &self.verdicts))
            .done()
    }

    /// The one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let header: [u8; RECEIPT_HEADER_BYTES] =
            Writer::new().put(&self.signed_bytes()).put(&self.signature).done();
        [&header, self.verdicts.as_slice()].concat()
    }

    /// Reads the receipt of a batch.
    ///
    /// # Errors
    /// [`NotTheReceipt`].
    pub fn parse(bytes: &[u8], batch: &SignedHeader, issuer: &PublicKey) -> Result<Self, NotTheReceipt> {
        let (header, verdicts) =
            bytes.split_first_chunk::<RECEIPT_HEADER_BYTES>().ok_or(NotTheReceipt::Malformed)?;
        let mut reader = Reader::new(header);
        if reader.take() != Some(MAGIC) || reader.take() != Some(VERSION) {
            return Err(NotTheReceipt::Malformed);
        }
        let BatchHeader { terminal, number, records, .. } = *batch.header();
        let names = (reader.take().map(TerminalId), reader.take().map(BatchNumber::from_bytes));
        if names != (Some(terminal), Some(number)) || reader.u32() != Some(records) {
            return Err(NotTheReceipt::OtherBatch);
        }
        if length(verdicts) != records {
            return Err(NotTheReceipt::Malformed);
        }
        let counts = count(verdicts).ok_or(NotTheReceipt::Verdicts)?;
        let signature: &[u8; 64] = header.last_chunk().ok_or(NotTheReceipt::Malformed)?;
        let receipt = Self {
            terminal,
            number,
            batch: batch.link(),
            counts,
            verdicts: verdicts.to_vec(),
            signature: *signature,
        };
        if receipt.signed_bytes().as_slice() != header.get(..SIGNED_BYTES).unwrap_or_default() {
            return Err(NotTheReceipt::Verdicts);
        }
        issuer
            .verify(CONTEXT, &receipt.signed_bytes(), &receipt.signature)
            .map_err(|_| NotTheReceipt::Signature)?;
        Ok(receipt)
    }
}

fn length(verdicts: &[u8]) -> u32 {
    u32::try_from(verdicts.len()).unwrap_or(u32::MAX)
}

/// `None` where a byte is no verdict.
fn count(verdicts: &[u8]) -> Option<VerdictCounts> {
    let mut counts = VerdictCounts::default();
    for byte in verdicts {
        let place = match RecordVerdict::from_byte(*byte)? {
            RecordVerdict::Accepted => &mut counts.accepted,
            RecordVerdict::AlreadyKnown => &mut counts.already_known,
            RecordVerdict::Refused(_) => &mut counts.refused,
        };
        *place = place.saturating_add(1);
    }
    Some(counts)
}
