//! Until when a card is good.

use core::fmt;
use core::str::FromStr;

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use serde::{Deserialize, Serialize};

/// The last month in which a card is good, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Expiry {
    /// Four digits.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
}

const SECONDS_PER_DAY: u64 = 86_400;

/// Days since 1970-01-01 of this moment.
pub(crate) const fn day_of(now: Timestamp) -> u64 {
    now.0 / NANOSECONDS_PER_SECOND / SECONDS_PER_DAY
}

impl Expiry {
    /// The month of this moment. Eras of 400 years of 146,097 days, years from March, so that the leap day comes last.
    #[must_use]
    pub fn month_of(now: Timestamp) -> Self {
        let days = day_of(now) + 719_468;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + days / 146_097 * 400 + u64::from(month <= 2);
        Self { year: u16::try_from(year).unwrap_or(u16::MAX), month: u8::try_from(month).unwrap_or(12) }
    }

    /// Whether a card with this expiry is no longer good.
    #[must_use]
    pub fn is_past(self, now: Timestamp) -> bool {
        self < Self::month_of(now)
    }
}

/// The text is not `MM/YY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnExpiry;

impl FromStr for Expiry {
    type Err = NotAnExpiry;

    /// Reads `MM/YY`, as printed on cards; years are 2000 to 2099.
    fn from_str(text: &str) -> Result<Self, NotAnExpiry> {
        let (month, year) = text.split_once('/').ok_or(NotAnExpiry)?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(month) || !two_digits(year) {
            return Err(NotAnExpiry);
        }
        let month: u8 = month.parse().map_err(|_| NotAnExpiry)?;
        let year: u16 = year.parse().map_err(|_| NotAnExpiry)?;
        if !(1..=12).contains(&month) {
            return Err(NotAnExpiry);
        }
        Ok(Self { year: 2000 + year, month })
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}", self.month, self.year % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_day(day: u64) -> Timestamp {
        Timestamp(day * SECONDS_PER_DAY * NANOSECONDS_PER_SECOND)
    }

    #[test]
    fn months_follow_the_calendar() {
        let month_of = |day| {
            let month = Expiry::month_of(at_day(day));
            (month.year, month.month)
        };
        assert_eq!(month_of(0), (1970, 1));
        assert_eq!(month_of(31), (1970, 2));
        assert_eq!(month_of(11_016), (2000, 2)); // 2000-02-29
        assert_eq!(month_of(11_017), (2000, 3));
        assert_eq!(month_of(20_819), (2027, 1)); // 2027-01-01
        assert_eq!(month_of(20_818), (2026, 12));
    }

    #[test]
    fn a_card_is_good_to_the_end_of_its_month() {
        let expiry: Expiry = "12/26".parse().unwrap();
        assert!(!expiry.is_past(at_day(20_818)));
        assert!(expiry.is_past(at_day(20_819)));
        assert_eq!(expiry.to_string(), "12/26");
    }

    #[test]
    fn only_two_digit_months_and_years_are_read() {
        for text in ["13/26", "00/26", "1/26", "12/2026", "12-26", "+1/26", ""] {
            assert_eq!(text.parse::<Expiry>(), Err(NotAnExpiry), "{text}");
        }
    }
}
