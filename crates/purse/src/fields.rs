//! The fields of purse messages, each a type of its own, in the sizes of PBOC.

use core::{fmt, hash};

use crate::amount::Amount;

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $bytes:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
    )*};
}

fields! {
    /// Number of a terminal, which is that of its security module.
    TerminalId: 6;
    /// What makes one session unlike another, from the card.
    Random: 4;
    /// Date YYYYMMDD and time HHMMSS in BCD, as the terminal or host says them.
    DateTime: 7;
    /// Date YYYYMMDD in BCD.
    Date: 4;
    /// Application serial number: which card this is.
    Asn: 10;
    /// Names an order of integrated payment.
    OrderId: 16;
}

impl DateTime {
    /// The date alone.
    #[must_use]
    pub const fn date(&self) -> Date {
        let [a, b, c, d, ..] = self.0;
        Date([a, b, c, d])
    }
}

impl Asn {
    /// The factor of the first level of diversification: the last eight bytes.
    #[must_use]
    pub const fn factor(&self) -> [u8; 8] {
        let [_, _, rest @ ..] = self.0;
        rest
    }
}

/// Counter of a card's transactions, as it is before the transaction that bears it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u16);

impl Sequence {
    /// No transaction can bear this: the counter is at its end for ever.
    pub const END: Self = Self(u16::MAX);

    /// The one after; `None` at the end.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }

    /// Big-endian.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }

    /// From big-endian.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 2]) -> Self {
        Self(u16::from_be_bytes(bytes))
    }
}

/// Counter of a security module's transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TerminalTransaction(pub u32);

impl TerminalTransaction {
    /// Big-endian.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    /// From big-endian.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    /// The two bytes that enter a session key.
    #[must_use]
    pub const fn low(self) -> [u8; 2] {
        let [_, _, high, low] = self.0.to_be_bytes();
        [high, low]
    }
}

/// A message authentication code of four bytes. Comparing takes the same time wherever they differ.
#[derive(Clone, Copy, Default, Eq)]
pub struct Mac(pub [u8; 4]);

impl PartialEq for Mac {
    fn eq(&self, other: &Self) -> bool {
        u32::from_be_bytes(self.0) == u32::from_be_bytes(other.0)
    }
}

impl hash::Hash for Mac {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}", u32::from_be_bytes(self.0))
    }
}

/// A transaction authentication code: what the issuer pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tac(pub Mac);

/// What a transaction is (PBOC transaction type identifiers; 0A to 0C are this system's own).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Load of the electronic deposit.
    LoadDeposit = 0x01,
    /// Load of the electronic purse.
    LoadPurse = 0x02,
    /// Unload of the electronic deposit.
    Unload = 0x03,
    /// Cash from the electronic deposit.
    Cash = 0x04,
    /// Purchase from the electronic deposit.
    PurchaseDeposit = 0x05,
    /// Purchase from the electronic purse.
    Purchase = 0x06,
    /// New overdraft limit.
    Overdraft = 0x07,
    /// Compound application purchase: debit and record, both or none.
    CompoundPurchase = 0x09,
    /// Cancel of the last purchase.
    Cancel = 0x0A,
    /// Conversion between pockets.
    Conversion = 0x0B,
    /// New parameters of the purse.
    Parameters = 0x0C,
    /// Grey lock of the electronic deposit.
    GreyLockDeposit = 0x91,
    /// Grey lock of the electronic purse.
    GreyLock = 0x92,
    /// Debit for unlock of the electronic deposit.
    DebitForUnlockDeposit = 0x93,
    /// Debit for unlock of the electronic purse.
    DebitForUnlock = 0x94,
    /// Online unlock of the electronic deposit.
    OnlineUnlockDeposit = 0x95,
    /// Online unlock of the electronic purse.
    OnlineUnlock = 0x96,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 17] = [
        Self::LoadDeposit,
        Self::LoadPurse,
        Self::Unload,
        Self::Cash,
        Self::PurchaseDeposit,
        Self::Purchase,
        Self::Overdraft,
        Self::CompoundPurchase,
        Self::Cancel,
        Self::Conversion,
        Self::Parameters,
        Self::GreyLockDeposit,
        Self::GreyLock,
        Self::DebitForUnlockDeposit,
        Self::DebitForUnlock,
        Self::OnlineUnlockDeposit,
        Self::OnlineUnlock,
    ];

    /// Whether a security module signs it.
    #[must_use]
    pub const fn is_debit_or_cancel(self) -> bool {
        matches!(
            self,
            Self::PurchaseDeposit | Self::Purchase | Self::CompoundPurchase | Self::Cash | Self::Cancel
        )
    }

    /// The identifier on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The kind of an identifier.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }
}

/// What a transaction moves, as both sides sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    /// How much.
    pub amount: Amount,
    /// What it is.
    pub kind: Kind,
    /// Where.
    pub terminal: TerminalId,
}
