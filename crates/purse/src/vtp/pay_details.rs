//! What a transfer is: the pay details that both purses remember and every message bears.

use pki::SubjectId;

use crate::{
    amount::Amount,
    bytes::{Reader, Writer},
};

/// The currency of a pocket: the two bytes of its ISO 4217 number in BCD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(pub [u8; 2]);

/// A series of value, which its issuer can switch off as a whole. Value never leaves its series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series(pub [u8; 2]);

/// Counter of the transfers of a purse; each is used once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferSequence(pub u32);

impl TransferSequence {
    /// No transfer can bear this: the counter is at its end for ever.
    pub const END: Self = Self(u32::MAX);

    /// The one after; `None` at the end.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

/// On which side of a transfer a purse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The payer.
    From,
    /// The payee.
    To,
}

impl Side {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::From => 0,
            Self::To => 1,
        }
    }

    pub(super) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::From),
            1 => Some(Self::To),
            _ => None,
        }
    }
}

/// Who pays whom how much, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayDetails {
    /// The payer.
    pub from: SubjectId,
    /// The payer's sequence.
    pub from_sequence: TransferSequence,
    /// The payee.
    pub to: SubjectId,
    /// The payee's sequence.
    pub to_sequence: TransferSequence,
    /// How much, in minor units.
    pub amount: Amount,
    /// Of which currency.
    pub currency: Currency,
    /// Of which series.
    pub series: Series,
}

impl PayDetails {
    /// Their size.
    pub const BYTES: usize = 48;

    /// from 16 ‖ its sequence 4 ‖ to 16 ‖ its sequence 4 ‖ amount 4 ‖ currency 2 ‖ series 2.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        self.write(&mut Writer::new(&mut bytes));
        bytes
    }

    /// Reads [`PayDetails::to_bytes`]: every text of this length is pay details.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        Self::read(&mut Reader::new(bytes))
    }

    /// Who is on a side, with its sequence.
    #[must_use]
    pub const fn on(&self, side: Side) -> (SubjectId, TransferSequence) {
        match side {
            Side::From => (self.from, self.from_sequence),
            Side::To => (self.to, self.to_sequence),
        }
    }

    /// Who is on the other side.
    #[must_use]
    pub const fn opposite(&self, side: Side) -> SubjectId {
        match side {
            Side::From => self.to,
            Side::To => self.from,
        }
    }

    pub(super) fn write(&self, body: &mut Writer<'_>) {
        body.put(&self.from.0);
        body.put(&self.from_sequence.0.to_be_bytes());
        body.put(&self.to.0);
        body.put(&self.to_sequence.0.to_be_bytes());
        body.put(&self.amount.to_bytes());
        body.put(&self.currency.0);
        body.put(&self.series.0);
    }

    pub(super) fn read(body: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            from: SubjectId(body.take()?),
            from_sequence: TransferSequence(u32::from_be_bytes(body.take()?)),
            to: SubjectId(body.take()?),
            to_sequence: TransferSequence(u32::from_be_bytes(body.take()?)),
            amount: Amount::from_bytes(body.take()?),
            currency: Currency(body.take()?),
            series: Series(body.take()?),
        })
    }
}
