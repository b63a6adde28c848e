//! Dates and times as cards and terminals write them: BCD, by the clock on the operator's wall.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::{DateTime, Seconds};

use crate::day;

/// A moment as cards write it.
pub(super) fn written(moment: Timestamp) -> DateTime {
    let today = day::of(moment);
    let (year, month, of_month) = day::civil(today);
    let seconds = moment.0.saturating_sub(day::start(today).0) / NANOSECONDS_PER_SECOND;
    let year = u64::try_from(year).unwrap_or(0);
    let clock = [year / 100, year % 100, month.into(), of_month.into(), seconds / 3_600, seconds / 60 % 60];
    let [century, year, month, of_month, hour, minute] = clock.map(bcd);
    DateTime([century, year, month, of_month, hour, minute, bcd(seconds % 60)])
}

/// The date of a day as cards write it: four bytes of BCD.
pub(super) fn written_day(day: u32) -> [u8; 4] {
    let DateTime([century, year, month, of_month, ..]) = written(day::start(day));
    [century, year, month, of_month]
}

/// The moment that a card or terminal wrote; the first of all where it cannot be.
pub(super) fn moment(written: DateTime) -> Timestamp {
    if !written.is_possible() {
        return Timestamp::ZERO;
    }
    let [century, year, month, of_month, hour, minute, second] = written.0.map(from_bcd);
    let year = i32::try_from(century * 100 + year).unwrap_or(0);
    let first = day::first_of((year, u8::try_from(month).unwrap_or(1)));
    let today = u64::from(first).saturating_add(of_month.saturating_sub(1));
    let midnight = day::start(u32::try_from(today).unwrap_or(0));
    let seconds = hour * 3_600 + minute * 60 + second;
    Timestamp(midnight.0.saturating_add(seconds.saturating_mul(NANOSECONDS_PER_SECOND)))
}

/// Whole seconds since 1970 in UTC.
pub(super) const fn seconds(moment: Timestamp) -> Seconds {
    Seconds(moment.0 / NANOSECONDS_PER_SECOND)
}

fn bcd(number: u64) -> u8 {
    u8::try_from(number / 10 % 10 * 16 + number % 10).unwrap_or(0)
}

fn from_bcd(byte: u8) -> u64 {
    u64::from(byte >> 4) * 10 + u64::from(byte & 0x0F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_by_the_clock_on_the_wall_and_read_again() {
        // 2026-11-22 00:00:00 +08:00
        let midnight = Timestamp(1_795_276_800 * NANOSECONDS_PER_SECOND);
        assert_eq!(written(midnight), DateTime([0x20, 0x26, 0x11, 0x22, 0, 0, 0]));
        let late = Timestamp(midnight.0 + (23 * 3_600 + 59 * 60 + 58) * NANOSECONDS_PER_SECOND);
        assert_eq!(written(late), DateTime([0x20, 0x26, 0x11, 0x22, 0x23, 0x59, 0x58]));
        for moment_ in [midnight, late] {
            assert_eq!(moment(written(moment_)), moment_);
        }
        assert_eq!(written_day(day::of(midnight)), [0x20, 0x26, 0x11, 0x22]);
    }

    #[test]
    fn a_time_that_cannot_be_is_the_first_of_all() {
        assert_eq!(moment(DateTime([0xFF; 7])), Timestamp::ZERO);
        assert_eq!(moment(DateTime([0; 7])), Timestamp::ZERO);
    }
}
