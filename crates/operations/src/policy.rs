//! What the operator allows: currencies and the size of one operation.

use messages::emv_qr::CITY_CHARACTERS_MAX;
use money::{Amount, Currency};

use crate::error::OperationError;

/// Where the merchants of an installation are: merchant codes say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceOfBusiness {
    country: String,
    city: String,
}

impl PlaceOfBusiness {
    /// A country by its two capital letters (ISO 3166-1) and a city of at most 15 printable ASCII characters, as merchant codes
    /// have them (EMV QRCPS, Merchant-Presented Mode, 58 and 60). `None` for anything else.
    #[must_use]
    pub fn new(country: &str, city: &str) -> Option<Self> {
        let is_country = country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase());
        let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        let is_city = (1..=CITY_CHARACTERS_MAX).contains(&city.len())
            && city.bytes().all(is_plain)
            && city.trim().len() == city.len();
        (is_country && is_city).then(|| Self { country: country.to_owned(), city: city.to_owned() })
    }

    /// The country.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The city.
    #[must_use]
    pub fn city(&self) -> &str {
        &self.city
    }
}

/// The town that the program plays.
impl Default for PlaceOfBusiness {
    fn default() -> Self {
        Self { country: "CN".to_owned(), city: "Qingliu".to_owned() }
    }
}

/// What the operator allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The currencies that wallets may be opened in.
    pub currencies: Vec<Currency>,
    /// The most that one operation may move, in whole units of its currency.
    pub units_per_operation: u64,
    /// From this on, in whole units, a holder who has a payment PIN or passkey proves that it is really them.
    pub step_up_units: u64,
    /// The most that a holder who has neither may pay or send at once, in whole units.
    pub unsecured_units: u64,
    /// How many days after a card was listed its rest is paid out: until then terminals may upload what it spent before.
    pub clearing_window_days: u32,
    /// Where merchants are.
    pub place: PlaceOfBusiness,
}

impl Default for Policy {
    fn default() -> Self {
        let currencies =
            vec![Currency::CNY, Currency::EUR, Currency::HKD, Currency::JPY, Currency::KWD, Currency::USD];
        Self {
            currencies,
            units_per_operation: 1_000_000,
            step_up_units: 500,
            unsecured_units: 50_000,
            clearing_window_days: 8,
            place: PlaceOfBusiness::default(),
        }
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

    /// Whether nothing has to be proven for an amount of this size.
    pub(crate) fn is_small(&self, amount: Amount) -> bool {
        amount.minor() < self.step_up_units.saturating_mul(amount.currency().minor_per_unit())
    }

    /// # Errors
    /// [`OperationError::NotSecured`].
    pub(crate) fn check_unsecured(&self, amount: Amount) -> Result<(), OperationError> {
        let most = self.unsecured_units.saturating_mul(amount.currency().minor_per_unit());
        if amount.minor() > most { Err(OperationError::NotSecured { most }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_what_a_merchant_code_can_say() {
        assert_eq!(PlaceOfBusiness::new("CN", "Qingliu"), Some(PlaceOfBusiness::default()));
        for (country, city) in [
            ("cn", "Qingliu"),
            ("CHN", "Qingliu"),
            ("CN", ""),
            ("CN", " Graz"),
            ("CN", "清流"),
            ("CN", "sixteen-letters-"),
        ] {
            assert_eq!(PlaceOfBusiness::new(country, city), None, "{country} {city}");
        }
    }

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
