//! Currencies of ISO 4217 with their minor units.

use core::fmt;

use crate::MoneyError;

/// A currency of ISO 4217, list one, without funds, metals and testing codes (but with the accounting units CLF and UYW).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(u16);

/// Numeric code, alphabetic code, decimals of the minor unit, English name; sorted by alphabetic code.
const TABLE: &[(u16, &str, u8, &str)] = &[
    (784, "AED", 2, "UAE Dirham"),
    (971, "AFN", 2, "Afghani"),
    (8, "ALL", 2, "Lek"),
    (51, "AMD", 2, "Armenian Dram"),
    (973, "AOA", 2, "Kwanza"),
    (32, "ARS", 2, "Argentine Peso"),
    (36, "AUD", 2, "Australian Dollar"),
    (533, "AWG", 2, "Aruban Florin"),
    (944, "AZN", 2, "Azerbaijan Manat"),
    (977, "BAM", 2, "Convertible Mark"),
    (52, "BBD", 2, "Barbados Dollar"),
    (50, "BDT", 2, "Taka"),
    (48, "BHD", 3, "Bahraini Dinar"),
    (108, "BIF", 0, "Burundi Franc"),
    (60, "BMD", 2, "Bermudian Dollar"),
    (96, "BND", 2, "Brunei Dollar"),
    (68, "BOB", 2, "Boliviano"),
    (986, "BRL", 2, "Brazilian Real"),
    (44, "BSD", 2, "Bahamian Dollar"),
    (64, "BTN", 2, "Ngultrum"),
    (72, "BWP", 2, "Pula"),
    (933, "BYN", 2, "Belarusian Ruble"),
    (84, "BZD", 2, "Belize Dollar"),
    (124, "CAD", 2, "Canadian Dollar"),
    (976, "CDF", 2, "Congolese Franc"),
    (756, "CHF", 2, "Swiss Franc"),
    (990, "CLF", 4, "Unidad de Fomento"),
    (152, "CLP", 0, "Chilean Peso"),
    (156, "CNY", 2, "Yuan Renminbi"),
    (170, "COP", 2, "Colombian Peso"),
    (188, "CRC", 2, "Costa Rican Colon"),
    (192, "CUP", 2, "Cuban Peso"),
    (132, "CVE", 2, "Cabo Verde Escudo"),
    (203, "CZK", 2, "Czech Koruna"),
    (262, "DJF", 0, "Djibouti Franc"),
    (208, "DKK", 2, "Danish Krone"),
    (214, "DOP", 2, "Dominican Peso"),
    (12, "DZD", 2, "Algerian Dinar"),
    (818, "EGP", 2, "Egyptian Pound"),
    (232, "ERN", 2, "Nakfa"),
    (230, "ETB", 2, "Ethiopian Birr"),
    (978, "EUR", 2, "Euro"),
    (242, "FJD", 2, "Fiji Dollar"),
    (238, "FKP", 2, "Falkland Islands Pound"),
    (826, "GBP", 2, "Pound Sterling"),
    (981, "GEL", 2, "Lari"),
    (936, "GHS", 2, "Ghana Cedi"),
    (292, "GIP", 2, "Gibraltar Pound"),
    (270, "GMD", 2, "Dalasi"),
    (324, "GNF", 0, "Guinean Franc"),
    (320, "GTQ", 2, "Quetzal"),
    (328, "GYD", 2, "Guyana Dollar"),
    (344, "HKD", 2, "Hong Kong Dollar"),
    (340, "HNL", 2, "Lempira"),
    (332, "HTG", 2, "Gourde"),
    (348, "HUF", 2, "Forint"),
    (360, "IDR", 2, "Rupiah"),
    (376, "ILS", 2, "New Israeli Sheqel"),
    (356, "INR", 2, "Indian Rupee"),
    (368, "IQD", 3, "Iraqi Dinar"),
    (364, "IRR", 2, "Iranian Rial"),
    (352, "ISK", 0, "Iceland Krona"),
    (388, "JMD", 2, "Jamaican Dollar"),
    (400, "JOD", 3, "Jordanian Dinar"),
    (392, "JPY", 0, "Yen"),
    (404, "KES", 2, "Kenyan Shilling"),
    (417, "KGS", 2, "Som"),
    (116, "KHR", 2, "Riel"),
    (174, "KMF", 0, "Comorian Franc"),
    (408, "KPW", 2, "North Korean Won"),
    (410, "KRW", 0, "Won"),
    (414, "KWD", 3, "Kuwaiti Dinar"),
    (136, "KYD", 2, "Cayman Islands Dollar"),
    (398, "KZT", 2, "Tenge"),
    (418, "LAK", 2, "Lao Kip"),
    (422, "LBP", 2, "Lebanese Pound"),
    (144, "LKR", 2, "Sri Lanka Rupee"),
    (430, "LRD", 2, "Liberian Dollar"),
    (426, "LSL", 2, "Loti"),
    (434, "LYD", 3, "Libyan Dinar"),
    (504, "MAD", 2, "Moroccan Dirham"),
    (498, "MDL", 2, "Moldovan Leu"),
    (969, "MGA", 2, "Malagasy Ariary"),
    (807, "MKD", 2, "Denar"),
    (104, "MMK", 2, "Kyat"),
    (496, "MNT", 2, "Tugrik"),
    (446, "MOP", 2, "Pataca"),
    (929, "MRU", 2, "Ouguiya"),
    (480, "MUR", 2, "Mauritius Rupee"),
    (462, "MVR", 2, "Rufiyaa"),
    (454, "MWK", 2, "Malawi Kwacha"),
    (484, "MXN", 2, "Mexican Peso"),
    (458, "MYR", 2, "Malaysian Ringgit"),
    (943, "MZN", 2, "Mozambique Metical"),
    (516, "NAD", 2, "Namibia Dollar"),
    (566, "NGN", 2, "Naira"),
    (558, "NIO", 2, "Cordoba Oro"),
    (578, "NOK", 2, "Norwegian Krone"),
    (524, "NPR", 2, "Nepalese Rupee"),
    (554, "NZD", 2, "New Zealand Dollar"),
    (512, "OMR", 3, "Rial Omani"),
    (590, "PAB", 2, "Balboa"),
    (604, "PEN", 2, "Sol"),
    (598, "PGK", 2, "Kina"),
    (608, "PHP", 2, "Philippine Peso"),
    (586, "PKR", 2, "Pakistan Rupee"),
    (985, "PLN", 2, "Zloty"),
    (600, "PYG", 0, "Guarani"),
    (634, "QAR", 2, "Qatari Rial"),
    (946, "RON", 2, "Romanian Leu"),
    (941, "RSD", 2, "Serbian Dinar"),
    (643, "RUB", 2, "Russian Ruble"),
    (646, "RWF", 0, "Rwanda Franc"),
    (682, "SAR", 2, "Saudi Riyal"),
    (90, "SBD", 2, "Solomon Islands Dollar"),
    (690, "SCR", 2, "Seychelles Rupee"),
    (938, "SDG", 2, "Sudanese Pound"),
    (752, "SEK", 2, "Swedish Krona"),
    (702, "SGD", 2, "Singapore Dollar"),
    (654, "SHP", 2, "Saint Helena Pound"),
    (925, "SLE", 2, "Leone"),
    (706, "SOS", 2, "Somali Shilling"),
    (968, "SRD", 2, "Surinam Dollar"),
    (728, "SSP", 2, "South Sudanese Pound"),
    (930, "STN", 2, "Dobra"),
    (760, "SYP", 2, "Syrian Pound"),
    (748, "SZL", 2, "Lilangeni"),
    (764, "THB", 2, "Baht"),
    (972, "TJS", 2, "Somoni"),
    (934, "TMT", 2, "Turkmenistan New Manat"),
    (788, "TND", 3, "Tunisian Dinar"),
    (776, "TOP", 2, "Pa'anga"),
    (949, "TRY", 2, "Turkish Lira"),
    (780, "TTD", 2, "Trinidad and Tobago Dollar"),
    (901, "TWD", 2, "New Taiwan Dollar"),
    (834, "TZS", 2, "Tanzanian Shilling"),
    (980, "UAH", 2, "Hryvnia"),
    (800, "UGX", 0, "Uganda Shilling"),
    (840, "USD", 2, "US Dollar"),
    (858, "UYU", 2, "Peso Uruguayo"),
    (927, "UYW", 4, "Unidad Previsional"),
    (860, "UZS", 2, "Uzbekistan Sum"),
    (926, "VED", 2, "Bolivar Digital"),
    (928, "VES", 2, "Bolivar Soberano"),
    (704, "VND", 0, "Dong"),
    (548, "VUV", 0, "Vatu"),
    (882, "WST", 2, "Tala"),
    (950, "XAF", 0, "CFA Franc BEAC"),
    (951, "XCD", 2, "East Caribbean Dollar"),
    (532, "XCG", 2, "Caribbean Guilder"),
    (952, "XOF", 0, "CFA Franc BCEAO"),
    (953, "XPF", 0, "CFP Franc"),
    (886, "YER", 2, "Yemeni Rial"),
    (710, "ZAR", 2, "Rand"),
    (967, "ZMW", 2, "Zambian Kwacha"),
    (924, "ZWG", 2, "Zimbabwe Gold"),
];

impl Currency {
    /// Yuan Renminbi, two decimals.
    pub const CNY: Self = Self(156);
    /// Euro, two decimals.
    pub const EUR: Self = Self(978);
    /// Hong Kong Dollar, two decimals.
    pub const HKD: Self = Self(344);
    /// Yen, no decimals.
    pub const JPY: Self = Self(392);
    /// Kuwaiti Dinar, three decimals.
    pub const KWD: Self = Self(414);
    /// US Dollar, two decimals.
    pub const USD: Self = Self(840);
    /// Unidad de Fomento, four decimals.
    pub const CLF: Self = Self(990);

    /// The currency with this alphabetic code, such as `CNY`.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`].
    pub fn from_code(code: &str) -> Result<Self, MoneyError> {
        let index = TABLE.binary_search_by(|row| row.1.cmp(code)).map_err(|_| MoneyError::UnknownCurrency)?;
        TABLE.get(index).map(|row| Self(row.0)).ok_or(MoneyError::UnknownCurrency)
    }

    /// The currency with this numeric code, such as 156.
    ///
    /// # Errors
    /// [`MoneyError::UnknownCurrency`].
    pub fn from_numeric(numeric: u16) -> Result<Self, MoneyError> {
        TABLE.iter().find(|row| row.0 == numeric).map(|row| Self(row.0)).ok_or(MoneyError::UnknownCurrency)
    }

    /// Every currency, sorted by alphabetic code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| Self(row.0))
    }

    fn row(self) -> (u16, &'static str, u8, &'static str) {
        // Every constructor takes its number from the table.
        TABLE.iter().copied().find(|row| row.0 == self.0).unwrap_or((self.0, "XXX", 0, "No currency"))
    }

    /// The numeric code.
    #[must_use]
    pub const fn numeric(self) -> u16 {
        self.0
    }

    /// The alphabetic code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CNY => "CNY",
            _ => self.row().1,
        }
    }

    /// How many decimals the minor unit has: 2 where 100 minor units make one unit.
    #[must_use]
    pub fn decimals(self) -> u8 {
        match self {
            Self::CNY => 2,
            _ => self.row().2,
        }
    }

    /// The English name of ISO 4217.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().3
    }

    /// Minor units in one unit: 1, 100, 1,000 or 10,000.
    #[must_use]
    pub fn minor_per_unit(self) -> u64 {
        10_u64.pow(u32::from(self.decimals()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn minor_units_are_those_of_iso_4217() {
        let decimals = |code| Currency::from_code(code).map(Currency::decimals);
        assert_eq!(decimals("JPY"), Ok(0));
        assert_eq!(decimals("CNY"), Ok(2));
        assert_eq!(decimals("KWD"), Ok(3));
        assert_eq!(decimals("CLF"), Ok(4));
        assert_eq!(decimals("cny"), Err(MoneyError::UnknownCurrency));
        assert_eq!(decimals("XAU"), Err(MoneyError::UnknownCurrency));
    }

    #[test]
    fn the_table_is_sorted_and_each_code_is_unique() {
        assert!(TABLE.windows(2).all(|pair| pair[0].1 < pair[1].1));
        let mut numbers: Vec<u16> = TABLE.iter().map(|row| row.0).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), TABLE.len());
    }

    #[test]
    fn each_currency_is_found_by_both_its_codes() {
        for currency in Currency::all() {
            assert_eq!(Currency::from_code(currency.code()), Ok(currency));
            assert_eq!(Currency::from_numeric(currency.numeric()), Ok(currency));
        }
    }

    #[test]
    fn the_named_constants_are_in_the_table() {
        let named = [
            (Currency::CNY, "CNY"),
            (Currency::EUR, "EUR"),
            (Currency::HKD, "HKD"),
            (Currency::JPY, "JPY"),
            (Currency::KWD, "KWD"),
            (Currency::USD, "USD"),
            (Currency::CLF, "CLF"),
        ];
        for (currency, code) in named {
            assert_eq!(Currency::from_code(code), Ok(currency));
        }
    }
}
