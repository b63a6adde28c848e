//! Money: amounts, deltas and currencies. Integer minor units of ISO 4217 currencies, bounded, never mixed.
//!
//! * [`Amount`] is never negative; [`Delta`] is signed. Both carry their [`Currency`].
//! * All arithmetic is checked; two currencies never meet.
//! * Division names its rounding; [`Amount::split`] loses nothing.
//!
//! ```
//! use money::{Amount, Currency};
//!
//! let tea = Amount::parse("8.50", Currency::CNY)?;
//! assert_eq!(tea.minor(), 850);
//! assert_eq!(tea.checked_add(tea)?.to_string(), "17.00 CNY");
//! let shares: Vec<u64> = tea.split(3)?.map(Amount::minor).collect();
//! assert_eq!(shares, [284, 283, 283]);
//! # Ok::<(), money::MoneyError>(())
//! ```
#![no_std]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::expect_used
)]

#[cfg(test)]
extern crate std;

mod amount;
mod currency;
mod error;
mod ratio;

pub use amount::{Amount, Delta, MAX_MINOR, Split};
pub use currency::Currency;
pub use error::MoneyError;
pub use ratio::{Ratio, Rounding};
