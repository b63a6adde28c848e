//! Days and minutes of the town's own clock, eight hours ahead of UTC.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};

/// How far the town's clock is ahead of UTC.
const OFFSET_SECONDS: u64 = 8 * 3600;
const DAY_SECONDS: u64 = 24 * 3600;

/// A local day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

/// A minute of a local day: 0 is midnight, 510 is half past eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(pub u32);

impl Day {
    /// 2026-06-01, a Monday.
    pub const FIRST_OF_JUNE_2026: Self = Self(20_605);

    /// The local day of a moment.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        let seconds = moment.0 / NANOSECONDS_PER_SECOND + OFFSET_SECONDS;
        Self(u32::try_from(seconds / DAY_SECONDS).unwrap_or(u32::MAX))
    }

    /// The moment of this minute and second of the day.
    #[must_use]
    pub fn at(self, minute: Minute, second: u64) -> Timestamp {
        let local = u64::from(self.0) * DAY_SECONDS + u64::from(minute.0) * 60 + second;
        Timestamp((local - OFFSET_SECONDS) * NANOSECONDS_PER_SECOND)
    }

    /// The day that is `days` later.
    #[must_use]
    pub const fn plus(self, days: u32) -> Self {
        Self(self.0 + days)
    }

    /// The day that is `days` earlier.
    #[must_use]
    pub const fn minus(self, days: u32) -> Self {
        Self(self.0 - days)
    }

    /// Whether it is Saturday or Sunday.
    #[must_use]
    pub const fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        matches!((self.0 + 3) % 7, 5 | 6)
    }

    /// The day of the month, from 1.
    #[must_use]
    pub const fn of_month(self) -> u32 {
        // Days since 0000-03-01 of the proleptic Gregorian calendar, in eras of 400 years of 146,097 days; a "year"
        // begins in March, so that the leap day is its last and every month start is (153 m + 2) / 5.
        let of_era = (self.0 + 719_468) % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        of_year - (153 * month + 2) / 5 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, Minute};
    use ledger::Timestamp;

    #[test]
    fn the_first_of_june_2026_is_a_monday_and_a_first() {
        let day = Day::FIRST_OF_JUNE_2026;
        assert_eq!(day.of_month(), 1);
        assert!(!day.is_weekend() && !day.plus(4).is_weekend());
        assert!(day.plus(5).is_weekend() && day.plus(6).is_weekend());
        assert_eq!(day.minus(1).of_month(), 31);
        assert_eq!(day.plus(30).of_month(), 1);
    }

    #[test]
    fn a_leap_day_is_counted() {
        // 2024-02-29.
        assert_eq!(Day(19_782).of_month(), 29);
        assert_eq!(Day(19_783).of_month(), 1);
    }

    #[test]
    fn noon_in_town_is_four_in_the_morning_utc() {
        let noon = Day::FIRST_OF_JUNE_2026.at(Minute(720), 0);
        // 2026-06-01T04:00:00Z.
        assert_eq!(noon, Timestamp(1_780_286_400_000_000_000));
        assert_eq!(Day::of(noon), Day::FIRST_OF_JUNE_2026);
        assert_eq!(Day::of(Day::FIRST_OF_JUNE_2026.at(Minute(0), 0)), Day::FIRST_OF_JUNE_2026);
    }
}
