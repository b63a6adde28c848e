//! Times as a terminal sees them, and whether its clock can be believed.

use messages::card::Seconds;
use purse::fields::{Date, DateTime};

/// The time, twice: as cards log it and as lists expire by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// By the terminal's clock, in the scheme's local time, which has no summer time.
    pub local: DateTime,
    /// The same in UTC.
    pub utc: Seconds,
}

/// Why a clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// No such date or time.
    Impossible,
    /// Earlier than something that happened here already.
    SetBack,
    /// So far ahead of all that happened here that nobody would believe it without asking the host.
    FarAhead,
}

impl Now {
    /// Checks the clock against the latest time that was seen; zeros where there is none.
    ///
    /// # Errors
    /// [`ClockError`].
    pub fn check(&self, latest: &DateTime, idle_days_max: u32) -> Result<(), ClockError> {
        let today = day(self.local.date()).ok_or(ClockError::Impossible)?;
        if !messages::card::DateTime(self.local.0).is_possible() {
            return Err(ClockError::Impossible);
        }
        if self.local < *latest {
            return Err(ClockError::SetBack);
        }
        let is_far = |last: u32| today.saturating_sub(last) > idle_days_max;
        if day(latest.date()).is_some_and(is_far) { Err(ClockError::FarAhead) } else { Ok(()) }
    }
}

/// The number of a day: days since 0000-03-01. `None` for a date that there never is.
#[must_use]
pub fn day(date: Date) -> Option<u32> {
    let [century, year, month, day] = date.0;
    let two = |byte: u8| {
        let (tens, ones) = (byte >> 4, byte & 0x0F);
        (tens <= 9 && ones <= 9).then(|| u32::from(tens * 10 + ones))
    };
    let (year, month, day) = (two(century)? * 100 + two(year)?, two(month)?, two(day)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if day == 0 || day > last || year == 0 {
        return None;
    }
    // Years begin in March here, so that the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date: u32, time: u32) -> DateTime {
        let ([a, b, c, d], [_, e, f, g]) = (date.to_be_bytes(), time.to_be_bytes());
        DateTime([a, b, c, d, e, f, g])
    }

    fn check(date: u32, time: u32) -> Result<(), ClockError> {
        let now = Now { local: at(date, time), utc: Seconds(0) };
        now.check(&at(0x2026_1122, 0x13_3000), 60)
    }

    #[test]
    fn a_clock_that_was_set_back_or_far_ahead_is_not_believed() {
        assert_eq!(check(0x2026_1122, 0x13_3000), Ok(()));
        assert_eq!(check(0x2026_1122, 0x13_2959), Err(ClockError::SetBack));
        assert_eq!(check(0x2016_1123, 0), Err(ClockError::SetBack));
        assert_eq!(check(0x2027_0121, 0), Ok(()));
        assert_eq!(check(0x2027_0122, 0), Err(ClockError::FarAhead));
        assert_eq!(check(0x2027_0229, 0), Err(ClockError::Impossible));
        assert_eq!(check(0x2026_1123, 0x24_0000), Err(ClockError::Impossible));
        assert_eq!(check(0x2026_11A3, 0), Err(ClockError::Impossible));
    }

    #[test]
    fn days_follow_each_other_through_leap_years() {
        let number = |date: u32| day(Date(date.to_be_bytes()));
        let after = |from: u32, to: u32| number(to).unwrap() - number(from).unwrap();
        assert_eq!(after(0x2026_1231, 0x2027_0101), 1);
        assert_eq!(after(0x2027_0228, 0x2027_0301), 1);
        assert_eq!(after(0x2028_0228, 0x2028_0301), 2);
        assert_eq!(after(0x2000_0228, 0x2000_0301), 2);
        assert_eq!(after(0x2026_0101, 0x2027_0101), 365);
        assert_eq!(after(0x1970_0101, 0x2026_1122), 20_779);
        let impossible = [0x2027_0229, 0x2100_0229, 0x2026_0431, 0x2026_1301, 0x2026_0100, 0x2026_010A, 0];
        assert_eq!(impossible.map(number), [None; 7]);
    }
}
