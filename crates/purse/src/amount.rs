//! Amounts as a card counts them: four bytes, in the unit of the card's profile, fen or yuan.

use core::fmt;

/// Zero or more units of a card's currency; four bytes big-endian on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u32);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The greatest that four bytes can say.
    pub const MAX: Self = Self(u32::MAX);

    /// So many units.
    #[must_use]
    pub const fn new(units: u32) -> Self {
        Self(units)
    }

    /// How many units.
    #[must_use]
    pub const fn units(self) -> u32 {
        self.0
    }

    /// The sum, `None` where four bytes do not hold it.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, `None` where it would be below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

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
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An overdraft limit: three bytes big-endian on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OverdraftLimit([u8; 3]);

impl OverdraftLimit {
    /// No overdraft.
    pub const NONE: Self = Self([0; 3]);

    /// From big-endian.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 3]) -> Self {
        Self(bytes)
    }

    /// Big-endian.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 3] {
        self.0
    }

    /// The limit as an amount.
    #[must_use]
    pub const fn amount(self) -> Amount {
        let [high, middle, low] = self.0;
        Amount(u32::from_be_bytes([0, high, middle, low]))
    }
}
