//! Amounts (never negative) and deltas (signed), in minor units of one currency.

use core::cmp::Ordering;
use core::fmt;

use crate::{Currency, MoneyError, Ratio};

/// The greatest number of minor units: 10^18 − 1, so that amounts and deltas fit every store's signed 64 bits.
pub const MAX_MINOR: u64 = 999_999_999_999_999_999;

/// A non-negative number of minor units of one currency.
///
/// There is no order between amounts of different currencies, so `<` is false both ways.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    minor: u64,
    currency: Currency,
}

/// A signed number of minor units of one currency: the difference of two amounts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delta {
    minor: i64,
    currency: Currency,
}

fn same(left: Currency, right: Currency) -> Result<Currency, MoneyError> {
    if left == right { Ok(left) } else { Err(MoneyError::CurrencyMismatch(left, right)) }
}

impl Amount {
    /// An amount of `minor` minor units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] above [`MAX_MINOR`].
    pub const fn from_minor(minor: u64, currency: Currency) -> Result<Self, MoneyError> {
        if minor > MAX_MINOR {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { minor, currency })
    }

    /// Nothing, in that currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads a plain decimal number such as `12.50`: digits, at most one point, no sign, exponent or spaces, no more
    /// decimals than the currency has.
    ///
    /// # Errors
    /// [`MoneyError::NotANumber`], [`MoneyError::TooManyDecimals`] or [`MoneyError::OutOfRange`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(MoneyError::NotANumber),
            Some(parts) => parts,
            None => (text, ""),
        };
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(MoneyError::NotANumber);
        }
        let mut minor: u64 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            if !digit.is_ascii_digit() {
                return Err(MoneyError::NotANumber);
            }
            let value = u64::from(digit.wrapping_sub(b'0'));
            minor = minor.checked_mul(10).and_then(|m| m.checked_add(value)).ok_or(MoneyError::OutOfRange)?;
        }
        let missing = usize::from(currency.decimals())
            .checked_sub(fraction.len())
            .ok_or(MoneyError::TooManyDecimals)?;
        for _ in 0..missing {
            minor = minor.checked_mul(10).ok_or(MoneyError::OutOfRange)?;
        }
        Self::from_minor(minor, currency)
    }

    /// The number of minor units.
    #[must_use]
    pub const fn minor(self) -> u64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::OutOfRange`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        let currency = same(self.currency, other.currency)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?;
        Self::from_minor(minor, currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`], or [`MoneyError::OutOfRange`] where `other` is greater.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        let currency = same(self.currency, other.currency)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::OutOfRange)?;
        Self::from_minor(minor, currency)
    }

    /// This amount `factor` times.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn checked_mul(self, factor: u64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(factor).ok_or(MoneyError::OutOfRange)?;
        Self::from_minor(minor, self.currency)
    }

    /// This part of the amount, such as a fee of 6/1,000.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn part(self, ratio: Ratio) -> Result<Self, MoneyError> {
        Self::from_minor(ratio.of(self.minor)?, self.currency)
    }

    /// Splits into `parts` amounts that differ by at most one minor unit and sum to the whole; the greater come first.
    ///
    /// # Errors
    /// [`MoneyError::DivisionByZero`] for no parts.
    pub fn split(self, parts: u32) -> Result<Split, MoneyError> {
        let count = u64::from(parts);
        let quotient = self.minor.checked_div(count).ok_or(MoneyError::DivisionByZero)?;
        let remainder = self.minor.checked_rem(count).ok_or(MoneyError::DivisionByZero)?;
        Ok(Split { quotient, greater: remainder, left: count, currency: self.currency })
    }

    /// This amount as a delta that adds it.
    #[must_use]
    pub fn to_delta(self) -> Delta {
        // Below MAX_MINOR, so it fits.
        Delta { minor: i64::try_from(self.minor).unwrap_or(i64::MAX), currency: self.currency }
    }

    /// Units and minor units as text without the currency: `12.50`.
    #[must_use]
    pub fn decimal(self) -> impl fmt::Display {
        Decimal { minor: self.minor, decimals: self.currency.decimals(), negative: false }
    }
}

/// The parts of [`Amount::split`].
#[derive(Clone, Debug)]
pub struct Split {
    quotient: u64,
    greater: u64,
    left: u64,
    currency: Currency,
}

impl Iterator for Split {
    type Item = Amount;

    fn next(&mut self) -> Option<Amount> {
        self.left = self.left.checked_sub(1)?;
        let extra = u64::from(self.greater > 0);
        self.greater = self.greater.saturating_sub(1);
        Some(Amount { minor: self.quotient.saturating_add(extra), currency: self.currency })
    }
}

impl Delta {
    /// A delta of `minor` minor units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] beyond ±[`MAX_MINOR`].
    pub const fn from_minor(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor.unsigned_abs() > MAX_MINOR {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { minor, currency })
    }

    /// The number of minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::OutOfRange`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        let currency = same(self.currency, other.currency)?;
        Self::from_minor(self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?, currency)
    }

    /// The same, the other way.
    #[must_use]
    pub fn negated(self) -> Self {
        // Within ±MAX_MINOR, so it fits.
        Self { minor: self.minor.saturating_neg(), currency: self.currency }
    }

    /// The amount without the sign.
    #[must_use]
    pub const fn magnitude(self) -> Amount {
        Amount { minor: self.minor.unsigned_abs(), currency: self.currency }
    }

    /// Whether this takes away.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

impl PartialOrd for Delta {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

struct Decimal {
    minor: u64,
    decimals: u8,
    negative: bool,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(u32::from(self.decimals));
        let units = self.minor.checked_div(scale).unwrap_or(self.minor);
        let rest = self.minor.checked_rem(scale).unwrap_or(0);
        let sign = if self.negative { "-" } else { "" };
        if self.decimals == 0 {
            return write!(f, "{sign}{units}");
        }
        write!(f, "{sign}{units}.{rest:0width$}", width = usize::from(self.decimals))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = Decimal {
            minor: self.minor.unsigned_abs(),
            decimals: self.currency.decimals(),
            negative: self.is_negative(),
        };
        write!(f, "{decimal} {}", self.currency)
    }
}

impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
