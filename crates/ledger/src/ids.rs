//! The words of the model: ids, amounts, time, codes. Each is its own type so that none can stand for another.

use core::fmt;

macro_rules! word {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $int);

        impl $name {
            /// All bits zero: "not given".
            pub const ZERO: Self = Self(0);
            /// All bits one.
            pub const MAX: Self = Self(<$int>::MAX);

            /// Whether the field is "not given".
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// Whether all bits are one.
            #[must_use]
            pub const fn is_max(self) -> bool {
                self.0 == <$int>::MAX
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

word! {
    /// The id of an account, chosen by the client. Neither 0 nor 2^128 − 1.
    AccountId(u128)
}
word! {
    /// The id of a transfer, chosen by the client and therefore its idempotency key. Neither 0 nor 2^128 − 1.
    TransferId(u128)
}
word! {
    /// A number of minor units of the ledger's currency.
    Amount(u128)
}
word! {
    /// The partition of an account: Sycee uses the ISO 4217 numeric code of its currency.
    LedgerId(u32)
}
word! {
    /// The entry of the chart of accounts: what kind of account, or why the transfer happened.
    Code(u16)
}
word! {
    /// Nanoseconds since 1970-01-01 UTC. Unique over all accounts and transfers of an engine.
    Timestamp(u64)
}

impl Amount {
    /// The sum, or `None` where it would not fit.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` where `other` is greater.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The sum of what the state machine has checked before: see `limit_broken` in [`apply`](crate::apply).
    #[must_use]
    pub(crate) const fn plus(self, other: Self) -> Self {
        self.checked_add(other).expect("a transfer that would overflow a sum is refused before it is added")
    }

    /// The difference where `other` is a part of this: what a pending transfer reserved is released once.
    #[must_use]
    pub(crate) const fn minus(self, other: Self) -> Self {
        self.checked_sub(other).expect("what is released was reserved before")
    }

    /// The difference, or zero where `other` is greater.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether the sum would not fit.
    #[must_use]
    pub const fn sum_overflows(self, other: Self) -> bool {
        self.0.checked_add(other.0).is_none()
    }
}

/// Nanoseconds in a second: the unit of `timeout` against the unit of [`Timestamp`].
pub const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

impl Timestamp {
    /// The least timestamp an event may carry.
    pub const FIRST: Self = Self(1);
    /// The greatest timestamp an event may carry: the top bit is never set.
    pub const LAST: Self = Self((1 << 63) - 1);

    /// This moment plus `seconds`, or `None` beyond [`Timestamp::LAST`].
    #[must_use]
    pub fn checked_add_seconds(self, seconds: u32) -> Option<Self> {
        let nanoseconds = u64::from(seconds).checked_mul(NANOSECONDS_PER_SECOND)?;
        let sum = self.0.checked_add(nanoseconds)?;
        (sum <= Self::LAST.0).then_some(Self(sum))
    }
}
