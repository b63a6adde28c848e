//! Moments as people read them.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use maud::{Markup, html};

use crate::frame::Frame;
use crate::locale::Locale;

const SECONDS_PER_DAY: i64 = 86_400;

/// A moment on the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

impl Civil {
    /// The wall clock `offset_minutes` east of UTC.
    pub(crate) fn at(moment: Timestamp, offset_minutes: i32) -> Self {
        let seconds = i64::try_from(moment.0 / NANOSECONDS_PER_SECOND).unwrap_or(i64::MAX / 2);
        let local = seconds + i64::from(offset_minutes) * 60;
        let (year, month, day) = date(local.div_euclid(SECONDS_PER_DAY));
        let of_day = local.rem_euclid(SECONDS_PER_DAY);
        let part = |value: i64| u8::try_from(value).unwrap_or(0);
        Self {
            year,
            month,
            day,
            hour: part(of_day / 3600),
            minute: part(of_day / 60 % 60),
            second: part(of_day % 60),
        }
    }

    fn same_day(self, other: Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }
}

/// Year, month and day of the proleptic Gregorian calendar, `days` after 1970-01-01. Years are counted from March, so
/// that the leap day is the last of its year.
fn date(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn day_text(locale: Locale, civil: Civil) -> String {
    match locale {
        Locale::ZhCn => format!("{}年{}月{}日", civil.year, civil.month, civil.day),
        Locale::En => {
            let month = MONTHS.get(usize::from(civil.month.saturating_sub(1))).unwrap_or(&"");
            format!("{} {month} {}", civil.day, civil.year)
        }
    }
}

fn machine(civil: Civil, offset_minutes: i32) -> String {
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset_minutes.unsigned_abs() / 60, offset_minutes.unsigned_abs() % 60);
    let Civil { year, month, day, hour, minute, second } = civil;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{hours:02}:{minutes:02}")
}

/// Day, hour, minute and second.
pub(crate) fn full(frame: &Frame, moment: Timestamp) -> Markup {
    let civil = Civil::at(moment, frame.utc_offset_minutes);
    let day = day_text(frame.locale, civil);
    let clock = format!("{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second);
    html! { time datetime=(machine(civil, frame.utc_offset_minutes)) { (day) " " (clock) } }
}

/// Day and clock as text, the same in every language.
pub(crate) fn on_paper(frame: &Frame, moment: Timestamp) -> String {
    let Civil { year, month, day, hour, minute, .. } = Civil::at(moment, frame.utc_offset_minutes);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// The day without its year.
fn day_of_year_text(locale: Locale, civil: Civil) -> String {
    let long = day_text(locale, civil);
    let year = civil.year.to_string();
    match locale {
        Locale::ZhCn => long.trim_start_matches(&year).trim_start_matches('年').to_owned(),
        Locale::En => long.trim_end_matches(&year).trim_end().to_owned(),
    }
}

/// The clock for today, day and clock for this year, else the whole date.
pub(crate) fn short(frame: &Frame, moment: Timestamp) -> Markup {
    let civil = Civil::at(moment, frame.utc_offset_minutes);
    let today = Civil::at(frame.now, frame.utc_offset_minutes);
    let clock = format!("{:02}:{:02}", civil.hour, civil.minute);
    let text = if civil.same_day(today) {
        frame.fill("when-today", &[("clock", &clock)])
    } else if civil.year == today.year {
        format!("{} {clock}", day_of_year_text(frame.locale, civil))
    } else {
        day_text(frame.locale, civil)
    };
    html! { time datetime=(machine(civil, frame.utc_offset_minutes)) { (text) } }
}

/// Hour, minute and second.
pub(crate) fn clock(frame: &Frame, moment: Timestamp) -> Markup {
    let civil = Civil::at(moment, frame.utc_offset_minutes);
    let text = format!("{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second);
    html! { time datetime=(machine(civil, frame.utc_offset_minutes)) { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, offset: i32) -> (i64, u8, u8, u8, u8, u8) {
        let c = Civil::at(Timestamp(seconds * NANOSECONDS_PER_SECOND), offset);
        (c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    #[test]
    fn the_wall_clock_follows_the_calendar() {
        assert_eq!(at(0, 0), (1970, 1, 1, 0, 0, 0));
        assert_eq!(at(951_782_399, 0), (2000, 2, 28, 23, 59, 59));
        assert_eq!(at(951_782_400, 0), (2000, 2, 29, 0, 0, 0));
        assert_eq!(at(1_795_323_030, 0), (2026, 11, 22, 4, 50, 30));
        assert_eq!(at(4_107_542_399, 0), (2100, 2, 28, 23, 59, 59));
        assert_eq!(at(4_107_542_400, 0), (2100, 3, 1, 0, 0, 0));
    }

    #[test]
    fn the_offset_moves_over_midnight() {
        assert_eq!(at(1_795_323_030, 480), (2026, 11, 22, 12, 50, 30));
        assert_eq!(at(0, 480), (1970, 1, 1, 8, 0, 0));
        assert_eq!(at(0, -60), (1969, 12, 31, 23, 0, 0));
    }

    #[test]
    fn the_machine_form_is_rfc_3339() {
        let civil = Civil::at(Timestamp(1_795_323_030 * NANOSECONDS_PER_SECOND), 480);
        assert_eq!(machine(civil, 480), "2026-11-22T12:50:30+08:00");
        assert_eq!(day_text(Locale::En, civil), "22 Nov 2026");
        assert_eq!(day_text(Locale::ZhCn, civil), "2026年11月22日");
        assert_eq!(day_of_year_text(Locale::En, civil), "22 Nov");
        assert_eq!(day_of_year_text(Locale::ZhCn, civil), "11月22日");
    }
}
