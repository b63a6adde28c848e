//! What a batch begins with: what is in it, and its terminal's signature over all of it.

use core::fmt;

use pki::{BadSignature, Context, KeyPair, PublicKey, Signature};

use super::{
    bytes::{Reader, Writer},
    fields::{BatchNumber, DateTime, ListVersion, TerminalId},
    record::{Outcome, PurseRecord},
};

/// Length of the header of every batch.
pub const HEADER_BYTES: usize = 192;

const SIGNED_BYTES: usize = 128;
const MAGIC: [u8; 4] = *b"SYPB";
const VERSION: [u8; 2] = [0, 1];
const CONTEXT: Context = Context::new("sycee purse batch v1");

/// 32 bytes that stand for a batch and, through its header, for all batches of its terminal before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BatchLink(pub [u8; 32]);

impl BatchLink {
    /// What the first batch of a terminal follows.
    pub const NONE: Self = Self([0; 32]);
}

/// Amounts of a batch by outcome, each a sum over its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeSums {
    /// Of what was done.
    pub done: u64,
    /// Of what is unknown, debits and cancels alike.
    pub unknown: u64,
    /// Of what was done and given back.
    pub cancelled: u64,
}

impl OutcomeSums {
    /// Adds a record. `None` where the sum does not fit, after 4,294,967,297 records at the earliest.
    #[must_use]
    pub fn with(self, record: &PurseRecord) -> Option<Self> {
        let mut next = self;
        let sum = match record.outcome {
            Outcome::Done(_) => &mut next.done,
            Outcome::Unknown | Outcome::CancelUnknown { .. } => &mut next.unknown,
            Outcome::Cancelled { .. } => &mut next.cancelled,
        };
        *sum = sum.checked_add(u64::from(record.amount.0))?;
        Some(next)
    }
}

/// Versions of the lists that a terminal holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListsHeld {
    /// Of the status list.
    pub status: ListVersion,
    /// Of the white list.
    pub white: ListVersion,
    /// Of the terminal parameters.
    pub parameters: ListVersion,
}

/// What a terminal says about a batch of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Whose batch.
    pub terminal: TerminalId,
    /// Its number.
    pub number: BatchNumber,
    /// How many records it has.
    pub records: u32,
    /// What they add up to.
    pub sums: OutcomeSums,
    /// The terminal's clock when it closed the batch.
    pub clock: DateTime,
    /// The lists that it held.
    pub lists: ListsHeld,
    /// The batch before this one.
    pub previous: BatchLink,
    /// BLAKE3 over the bytes of all records.
    pub content: [u8; 32],
}

/// A header with its terminal's signature. Nothing about it is believed before [`SignedHeader::verify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHeader {
    header: BatchHeader,
    signature: Signature,
}

/// The bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedHeader {
    /// Not a batch, or of another version.
    Version,
    /// A date or time that cannot be.
    DateTime,
    /// Something else than zero where nothing stands.
    NotZero,
}

impl fmt::Display for MalformedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "header is not that of a batch of this version",
            Self::DateTime => "header has an impossible date or time",
            Self::NotZero => "header has a part that should be empty",
        })
    }
}

impl core::error::Error for MalformedHeader {}

impl BatchHeader {
    fn to_bytes(self) -> [u8; SIGNED_BYTES] {
        Writer::new()
            .put(&MAGIC)
            .put(&VERSION)
            .put(&self.terminal.0)
            .put(&self.number.to_bytes())
            .put(&self.records.to_be_bytes())
            .put(&self.sums.done.to_be_bytes())
            .put(&self.sums.unknown.to_be_bytes())
            .put(&self.sums.cancelled.to_be_bytes())
            .put(&self.clock.0)
            .put(&[0])
            .put(&self.lists.status.to_bytes())
            .put(&self.lists.white.to_bytes())
            .put(&self.lists.parameters.to_bytes())
            .put(&self.previous.0)
            .put(&self.content)
            .done()
    }

    /// Signs it as its terminal.
    #[must_use]
    pub fn signed(self, terminal: &KeyPair) -> SignedHeader {
        let signature = terminal
            .sign(CONTEXT, &self.to_bytes())
            .expect("128 bytes are fewer than the most that can be signed");
        SignedHeader { header: self, signature }
    }
}

impl SignedHeader {
    /// What it says.
    #[must_use]
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The one encoding.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        Writer::new().put(&self.header.to_bytes()).put(&self.signature).done()
    }

    /// Reads a header.
    ///
    /// # Errors
    /// [`MalformedHeader`].
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, MalformedHeader> {
        let mut reader = Reader::new(bytes);
        if reader.take() != Some(MAGIC) || reader.take() != Some(VERSION) {
            return Err(MalformedHeader::Version);
        }
        let signed = Self::fields(&mut reader).ok_or(MalformedHeader::NotZero)?;
        if signed.header.clock.is_possible() { Ok(signed) } else { Err(MalformedHeader::DateTime) }
    }

    fn fields(reader: &mut Reader<'_>) -> Option<Self> {
        let (terminal, number) = (TerminalId(reader.take()?), BatchNumber(reader.u32()?));
        let records = reader.u32()?;
        let sums = OutcomeSums { done: reader.u64()?, unknown: reader.u64()?, cancelled: reader.u64()? };
        let clock = DateTime(reader.take()?);
        reader.zeros::<1>()?;
        let lists = ListsHeld {
            status: ListVersion(reader.u32()?),
            white: ListVersion(reader.u32()?),
            parameters: ListVersion(reader.u32()?),
        };
        let (previous, content) = (BatchLink(reader.take()?), reader.take()?);
        let header = BatchHeader { terminal, number, records, sums, clock, lists, previous, content };
        Some(Self { header, signature: reader.take()? })
    }

    /// Whether this terminal's key signed it.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, terminal: &PublicKey) -> Result<(), BadSignature> {
        terminal.verify(CONTEXT, &self.header.to_bytes(), &self.signature)
    }

    /// What the next batch of the terminal names as the one before it. The signature does not enter: it could be made twice.
    #[must_use]
    pub fn link(&self) -> BatchLink {
        BatchLink(blake3::derive_key("sycee purse batch link v1", &self.header.to_bytes()))
    }
}
