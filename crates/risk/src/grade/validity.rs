//! How long a grade holds, and how the last day is written on a card.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use purse::fields::Date;

/// For how many days a grade holds: a card that is not seen for longer owes nothing any more.
pub const VALID_DAYS: u32 = 90;
/// How many days after a change a grade may rise.
pub const RISES_AFTER_DAYS: u32 = 90;

const NANOSECONDS_PER_DAY: u64 = 86_400 * NANOSECONDS_PER_SECOND;

/// Whole days from one moment to another, 0 where the other is not later.
pub(super) fn days_between(from: Timestamp, until: Timestamp) -> u32 {
    let days = until.0.saturating_sub(from.0) / NANOSECONDS_PER_DAY;
    u32::try_from(days).unwrap_or(u32::MAX)
}

/// The last day of a grade that is given now, in UTC; `None` after the year 9999.
pub(super) fn expiry(now: Timestamp) -> Option<Date> {
    date(now.0 / NANOSECONDS_PER_DAY + u64::from(VALID_DAYS))
}

/// The date of a day since 1970-01-01 as a card has it (Gregorian calendar; years are counted from March on, so that the day
/// that is sometimes there is the last).
fn date(day: u64) -> Option<Date> {
    const DAYS_TO_1970: u64 = 719_468;
    const DAYS_PER_ERA: u64 = 146_097;
    let day = day + DAYS_TO_1970;
    let (era, of_era) = (day / DAYS_PER_ERA, day % DAYS_PER_ERA);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * months + 2) / 5 + 1;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let [century, of_century] = [year / 100, year % 100].map(bcd);
    Some(Date([century?, of_century?, bcd(month)?, bcd(day_of_month)?]))
}

/// Two digits, `None` for more.
fn bcd(number: u64) -> Option<u8> {
    let number = u8::try_from(number).ok().filter(|number| *number < 100)?;
    Some(number / 10 * 16 + number % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_of_the_calendar() {
        let dates = [
            (0, "19700101"),
            (59, "19700301"),
            (19_782, "20240229"),
            (20_788, "20261201"),
            (47_541, "21000301"),
        ];
        for (day, expected) in dates {
            let Date(bytes) = date(day).unwrap();
            assert_eq!(bytes.map(|byte| format!("{byte:02X}")).concat(), expected);
        }
        assert_eq!(date(2_932_896), Some(Date([0x99, 0x99, 0x12, 0x31])));
        assert_eq!(date(2_932_897), None);
    }
}
