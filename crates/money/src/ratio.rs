//! Exact parts of an amount, with the rounding named.

use crate::MoneyError;

/// What happens to the part of a minor unit that is left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Towards zero.
    Down,
    /// To the next whole minor unit.
    Up,
    /// To the nearest; a half goes up.
    HalfUp,
    /// To the nearest; a half goes to the even neighbour.
    HalfEven,
}

/// A fraction with its rounding, such as a fee rate of 6/1,000 rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
    rounding: Rounding,
}

impl Ratio {
    /// The fraction `numerator / denominator`.
    ///
    /// # Errors
    /// [`MoneyError::DivisionByZero`].
    pub const fn new(numerator: u32, denominator: u32, rounding: Rounding) -> Result<Self, MoneyError> {
        if denominator == 0 {
            return Err(MoneyError::DivisionByZero);
        }
        Ok(Self { numerator, denominator, rounding })
    }

    /// This part of `minor` minor units.
    pub(crate) fn of(self, minor: u64) -> Result<u64, MoneyError> {
        let denominator = u128::from(self.denominator);
        let product =
            u128::from(minor).checked_mul(u128::from(self.numerator)).ok_or(MoneyError::OutOfRange)?;
        let quotient = product.checked_div(denominator).ok_or(MoneyError::DivisionByZero)?;
        let remainder = product.checked_rem(denominator).ok_or(MoneyError::DivisionByZero)?;
        let twice = remainder.checked_mul(2).ok_or(MoneyError::OutOfRange)?;
        let odd = quotient.checked_rem(2) == Some(1);
        let up = match self.rounding {
            Rounding::Down => false,
            Rounding::Up => remainder > 0,
            Rounding::HalfUp => twice >= denominator,
            Rounding::HalfEven => twice > denominator || (twice == denominator && odd),
        };
        let rounded = quotient.checked_add(u128::from(up)).ok_or(MoneyError::OutOfRange)?;
        u64::try_from(rounded).map_err(|_| MoneyError::OutOfRange)
    }
}
