//! Moments as RFC 3339 text in UTC, and days as `YYYY-MM-DD`.

use ledger::Timestamp;

const NANOSECONDS_PER_DAY: u64 = 86_400 * ledger::NANOSECONDS_PER_SECOND;

/// `2026-11-22T04:35:00.123456789Z`, without the fraction where it is zero.
#[must_use]
pub(crate) fn format(moment: Timestamp) -> String {
    let nanoseconds = moment.0 % ledger::NANOSECONDS_PER_SECOND;
    let seconds = moment.0 / ledger::NANOSECONDS_PER_SECOND;
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let mut text = String::with_capacity("2026-11-22T04:35:00.123456789Z".len());
    let mut append = |before: &str, number, digits| {
        text.push_str(before);
        push_digits(&mut text, number, digits);
    };
    for (before, number, digits) in
        [("", year, 4), ("-", month, 2), ("-", day, 2), ("T", hour, 2), (":", minute, 2), (":", second, 2)]
    {
        append(before, number, digits);
    }
    if nanoseconds > 0 {
        append(".", nanoseconds, 9);
    }
    text.push('Z');
    text
}

/// The last `count` decimal digits of a number. Every answer that moves value has a moment, so it is written by hand.
fn push_digits(text: &mut String, number: u64, count: u32) {
    for place in (0..count).rev() {
        let digit = number / 10_u64.pow(place) % 10;
        text.push(char::from(b'0' + digit as u8));
    }
}

/// The first moment of the day `YYYY-MM-DD`, from 1970 to 2199.
#[must_use]
pub(crate) fn parse_day(text: &str) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| -> Option<u64> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1970..2200).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_since_1970(year, month, day);
    (civil(days) == (year, month, day)).then_some(Timestamp(days * NANOSECONDS_PER_DAY))
}

/// The first moment of the next day.
#[must_use]
pub(crate) fn next_day(day: Timestamp) -> Timestamp {
    Timestamp(day.0.saturating_add(NANOSECONDS_PER_DAY))
}

/// Year, month and day of the Gregorian calendar: years of 365.2425 days counted from March, so that the leap day
/// comes last.
fn civil(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let era_day = days % 146_097;
    let year_of_era = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
    let day_of_year = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = days / 146_097 * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let year_of_era = year % 400;
    let era_day = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year / 400 * 146_097 + era_day - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_have_their_known_text() {
        let seconds = |count: u64| Timestamp(count * ledger::NANOSECONDS_PER_SECOND);
        assert_eq!(format(seconds(0)), "1970-01-01T00:00:00Z");
        assert_eq!(format(seconds(951_782_400)), "2000-02-29T00:00:00Z");
        assert_eq!(format(Timestamp(1_700_000_000_000_000_001)), "2023-11-14T22:13:20.000000001Z");
    }

    #[test]
    fn each_day_is_read_back_as_itself() {
        for day in 0..80_000 {
            let start = Timestamp(day * NANOSECONDS_PER_DAY);
            assert_eq!(parse_day(&format(start)[..10]), Some(start));
        }
        for bad in
            ["2026-02-29", "2026-2-03", "2026-13-01", "2026-00-10", "1969-12-31", "2026-01-32", "+026-01-01"]
        {
            assert_eq!(parse_day(bad), None, "{bad}");
        }
    }
}
