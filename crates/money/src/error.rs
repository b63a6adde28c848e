//! Which rule of money was broken.

use core::fmt;

use crate::Currency;

/// Which rule of money was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyError {
    /// The result is greater than [`MAX_MINOR`](crate::MAX_MINOR) or less than the least value of its type.
    OutOfRange,
    /// Two currencies met.
    CurrencyMismatch(Currency, Currency),
    /// The text is not a plain decimal number.
    NotANumber,
    /// The text has more decimals than the currency has minor units.
    TooManyDecimals,
    /// A division by zero, or a split into no parts.
    DivisionByZero,
    /// No currency of ISO 4217 has this code.
    UnknownCurrency,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange => f.write_str("amount is out of range"),
            Self::CurrencyMismatch(left, right) => write!(f, "{left} and {right} cannot be combined"),
            Self::NotANumber => f.write_str("amount is not a plain decimal number"),
            Self::TooManyDecimals => f.write_str("amount has more decimals than its currency"),
            Self::DivisionByZero => f.write_str("division by zero"),
            Self::UnknownCurrency => f.write_str("currency code is not one of ISO 4217"),
        }
    }
}

impl core::error::Error for MoneyError {}
