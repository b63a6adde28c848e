//! Days by the clock on the operator's wall: limits and due dates count in them.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};

/// How far that clock, China's, is ahead of UTC.
const AHEAD_SECONDS: u64 = 8 * 3_600;
/// The same for queries that group by local days.
pub(crate) const AHEAD_OF_UTC_SECONDS: i32 = 8 * 3_600;
const DAY_SECONDS: u64 = 86_400;

/// The day of a moment: days since 1970-01-01.
#[must_use]
pub fn of(moment: Timestamp) -> u32 {
    let seconds = moment.0 / NANOSECONDS_PER_SECOND + AHEAD_SECONDS;
    u32::try_from(seconds / DAY_SECONDS).unwrap_or(u32::MAX)
}

/// The first moment of a day.
#[must_use]
pub fn start(day: u32) -> Timestamp {
    let seconds = (u64::from(day) * DAY_SECONDS).saturating_sub(AHEAD_SECONDS);
    Timestamp(seconds.saturating_mul(NANOSECONDS_PER_SECOND))
}

/// The year and month of a day.
#[must_use]
pub fn month_of(day: u32) -> (i32, u8) {
    let (year, month, _) = civil(day);
    (year, month)
}

/// Year, month and day of the month. Eras of 400 years have 146,097 days; years begin in March, so that the leap day
/// comes last.
#[must_use]
pub fn civil(day: u32) -> (i32, u8, u8) {
    let days = u64::from(day) + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let small = |number: u64| u8::try_from(number).unwrap_or(1);
    (i32::try_from(year).unwrap_or(i32::MAX), small(month), small(of_month))
}

/// The first day of a month.
#[must_use]
pub fn first_of((year, month): (i32, u8)) -> u32 {
    let year = u64::try_from(year).unwrap_or(1970);
    let (year, from_march) =
        if month <= 2 { (year - 1, u64::from(month) + 9) } else { (year, u64::from(month) - 3) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * from_march + 2) / 5;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    u32::try_from(days.saturating_sub(719_468)).unwrap_or(0)
}

/// The month after this one.
#[must_use]
pub const fn month_after((year, month): (i32, u8)) -> (i32, u8) {
    if month == 12 { (year + 1, 1) } else { (year, month + 1) }
}

/// The month that was so many months ago.
#[must_use]
pub fn months_before(this: (i32, u8), back: u32) -> (i32, u8) {
    (0..back).fold(this, |(year, month), _| if month == 1 { (year - 1, 12) } else { (year, month - 1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_wall_clock() {
        // 2026-11-22 00:00:00 +08:00
        let midnight = Timestamp(1_795_276_800 * NANOSECONDS_PER_SECOND);
        let day = of(midnight);
        assert_eq!(start(day), midnight);
        assert_eq!(of(Timestamp(midnight.0 - 1)), day - 1);
        assert_eq!(civil(day), (2026, 11, 22));
        assert_eq!(of(Timestamp(midnight.0 + DAY_SECONDS * NANOSECONDS_PER_SECOND - 1)), day);
    }

    #[test]
    fn months_begin_on_their_first_day() {
        for month in [(1970, 1), (2000, 2), (2000, 3), (2024, 2), (2026, 12), (2027, 1), (2100, 3)] {
            let (year, number, day) = civil(first_of(month));
            assert_eq!(((year, number), day), (month, 1));
        }
        assert_eq!(month_after((2026, 12)), (2027, 1));
        assert_eq!(months_before((2026, 2), 3), (2025, 11));
        assert_eq!(civil(first_of((2000, 3)) - 1), (2000, 2, 29));
    }
}
