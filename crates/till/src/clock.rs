//! Times between the machine's clock, cards and pages.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::Seconds;
use purse::fields::{Date, DateTime};
use terminal::clock::{Now, day};

/// What says the time, in UTC.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of cards and pages: that of China, which has no summer time; minutes east of UTC.
pub(crate) const UTC_OFFSET_MINUTES: i32 = 8 * 60;
const OFFSET_SECONDS: u64 = 8 * 3_600;
const SECONDS_PER_DAY: u64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: u64 = 719_468;

/// The clock of the operating system.
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    })
}

/// A moment as terminals know it.
pub(crate) fn now_at(moment: Timestamp) -> Now {
    let utc = moment.0 / NANOSECONDS_PER_SECOND;
    Now { local: local(utc), utc: Seconds(utc) }
}

/// Date and time in BCD on the wall. Years are counted from March, so that the leap day is the last of its year.
fn local(utc: u64) -> DateTime {
    let on_wall = utc.saturating_add(OFFSET_SECONDS);
    let (days, second) = (on_wall / SECONDS_PER_DAY + DAYS_TO_1970, on_wall % SECONDS_PER_DAY);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let parts = [year / 100, year % 100, month, day, second / 3_600, second / 60 % 60, second % 60];
    DateTime(parts.map(bcd))
}

/// Two decimal digits in a byte; the last two of a longer number.
fn bcd(number: u64) -> u8 {
    let [.., low] = (number % 100 / 10 * 16 + number % 10).to_be_bytes();
    low
}

/// A card's or journal's time as a moment; zero for one that there never is.
pub(crate) fn moment(when: DateTime) -> Timestamp {
    let [_, _, _, _, hour, minute, second] = when.0;
    let two = |byte: u8| u64::from(byte >> 4) * 10 + u64::from(byte & 0x0F);
    let of_day = two(hour) * 3_600 + two(minute) * 60 + two(second);
    let seconds = midnight(when.date()).map(|midnight| (midnight + of_day).saturating_sub(OFFSET_SECONDS));
    Timestamp(seconds.and_then(|seconds| seconds.checked_mul(NANOSECONDS_PER_SECOND)).unwrap_or(0))
}

/// Seconds from 1970 to the beginning of a day, both by the same clock.
fn midnight(date: Date) -> Option<u64> {
    u64::from(day(date)?).checked_sub(DAYS_TO_1970)?.checked_mul(SECONDS_PER_DAY)
}

/// Seconds of UTC of an HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
pub(crate) fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.strip_suffix(" GMT")?.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = 1 + u64::try_from(MONTHS.iter().position(|known| *known == name)?).ok()?;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u64>().ok().filter(|part| *part < 60));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let date = Date([year / 100, year % 100, month, day].map(bcd));
    Some(midnight(date)? + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_on_the_wall_of_china_and_comes_back() {
        let moments = [951_782_399, 951_782_400, 1_795_323_030, 4_107_542_399, 4_107_542_400];
        for utc in moments {
            let at = Timestamp(utc * NANOSECONDS_PER_SECOND);
            assert_eq!(moment(now_at(at).local), at, "{utc}");
        }
        let now = now_at(Timestamp(1_795_323_030 * NANOSECONDS_PER_SECOND));
        assert_eq!(now.local, DateTime([0x20, 0x26, 0x11, 0x22, 0x12, 0x50, 0x30]));
    }

    #[test]
    fn the_date_of_an_http_answer_is_read() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        for wrong in [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(wrong), None, "{wrong}");
        }
    }
}
