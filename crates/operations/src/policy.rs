//! What the operator allows: currencies and the size of one operation.

use money::{Amount, Currency};

use crate::error::OperationError;

/// What the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The currencies that wallets may be opened in.
    pub currencies: Vec<Currency>,
    /// The most that one operation may move, in whole units of its currency.
    pub units_per_operation: u64,
}

impl Default for Policy {
    fn default() -> Self {
        let currencies =
            vec![Currency::CNY, Currency::EUR, Currency::HKD, Currency::JPY, Currency::KWD, Currency::USD];
        Self { currencies, units_per_operation: 1_000_000 }
    }
}

impl Policy {
    /// # Errors
    /// [`OperationError::CurrencyNotSupported`].
    pub(crate) fn check_currency(&self, currency: Currency) -> Result<(), OperationError> {
        if self.currencies.contains(&currency) { Ok(()) } else { Err(OperationError::CurrencyNotSupported) }
    }

    /// # Errors
    /// [`OperationError::AmountZero`], [`OperationError::AmountTooLarge`] or
    /// [`OperationError::CurrencyNotSupported`].
    pub(crate) fn check_amount(&self, amount: Amount) -> Result<(), OperationError> {
        self.check_currency(amount.currency())?;
        if amount.is_zero() {
            return Err(OperationError::AmountZero);
        }
        let most = self.units_per_operation.saturating_mul(amount.currency().minor_per_unit());
        if amount.minor() > most { Err(OperationError::AmountTooLarge { most }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_moves_something_within_the_limit_in_a_currency_of_the_operator() {
        let policy = Policy::default();
        let check = |minor, currency| policy.check_amount(Amount::from_minor(minor, currency).unwrap());
        assert_eq!(check(1, Currency::CNY), Ok(()));
        assert_eq!(check(100_000_000, Currency::CNY), Ok(()));
        assert_eq!(check(0, Currency::CNY), Err(OperationError::AmountZero));
        let too_large = |most| Err(OperationError::AmountTooLarge { most });
        assert_eq!(check(100_000_001, Currency::CNY), too_large(100_000_000));
        assert_eq!(check(1_000_001, Currency::JPY), too_large(1_000_000));
        assert_eq!(check(1, Currency::CLF), Err(OperationError::CurrencyNotSupported));
    }
}
