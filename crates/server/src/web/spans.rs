//! Days and hours by the clock on the wall, and what moved in them.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::{Amount, Currency};
use pages::Point;
use records::operations::{OperationKind, Volume, VolumeQuery};

use super::visit::UTC_OFFSET_MINUTES;

const HOUR_SECONDS: u32 = 3_600;
const DAY_SECONDS: u32 = 86_400;
const AHEAD_SECONDS: i32 = UTC_OFFSET_MINUTES * 60;

const fn nanoseconds(seconds: u32) -> u64 {
    seconds as u64 * NANOSECONDS_PER_SECOND
}

/// The last midnight of the wall clock, `days` days before today's.
pub(super) fn midnight(now: Timestamp, days: u32) -> Timestamp {
    let ahead = nanoseconds(AHEAD_SECONDS.unsigned_abs());
    let day = nanoseconds(DAY_SECONDS);
    let today = (now.0 + ahead) / day * day;
    Timestamp(today.saturating_sub(ahead).saturating_sub(u64::from(days) * day))
}

/// What moved in each hour of today.
pub(super) fn hours_of_today(now: Timestamp) -> VolumeQuery {
    VolumeQuery {
        from: midnight(now, 0),
        until: Timestamp(now.0.saturating_add(1)),
        span_seconds: HOUR_SECONDS,
        ahead_of_utc_seconds: AHEAD_SECONDS,
    }
}

/// What moved on each of the last `days` days, today included.
pub(super) fn last_days(now: Timestamp, days: u32) -> VolumeQuery {
    VolumeQuery {
        from: midnight(now, days.saturating_sub(1)),
        span_seconds: DAY_SECONDS,
        ..hours_of_today(now)
    }
}

/// The volumes of one kind and currency as a series of `count` spans from the query's first one, `value` of each.
pub(super) fn series(
    query: &VolumeQuery,
    volumes: &[Volume],
    (kind, currency): (OperationKind, Currency),
    count: u32,
    value: impl Fn(&Volume) -> u64,
) -> Vec<Point> {
    let start_of = |index: u32| Timestamp(query.from.0 + u64::from(index) * nanoseconds(query.span_seconds));
    let point = |index: u32| {
        let start = start_of(index);
        let found = volumes.iter().filter(|volume| volume.start == start);
        let found = found.filter(|volume| volume.kind == kind && volume.currency == currency);
        Point { label: label(query, start, index), value: found.map(&value).fold(0, u64::saturating_add) }
    };
    (0..count).map(point).collect()
}

fn label(query: &VolumeQuery, start: Timestamp, index: u32) -> String {
    if query.span_seconds == HOUR_SECONDS {
        return format!("{index:02}");
    }
    let local = Timestamp(start.0 + nanoseconds(AHEAD_SECONDS.unsigned_abs()));
    let day = crate::rfc3339::format(local);
    let (month, day) = (day.get(5..7).unwrap_or_default(), day.get(8..10).unwrap_or_default());
    format!("{}/{}", month.trim_start_matches('0'), day.trim_start_matches('0'))
}

/// The day of the wall clock on which a moment is, as `2026-11-22`.
pub(super) fn day_text(moment: Timestamp) -> String {
    let local = Timestamp(moment.0 + nanoseconds(AHEAD_SECONDS.unsigned_abs()));
    crate::rfc3339::format(local).chars().take(10).collect()
}

/// The minor units of a volume.
pub(super) fn minor(volume: &Volume) -> u64 {
    u64::try_from(volume.sum.0).unwrap_or(u64::MAX)
}

/// The sum of the volumes of one kind in one currency, and how many operations it is of.
pub(super) fn total(volumes: &[Volume], kind: OperationKind, currency: Currency) -> (Amount, u64) {
    let of_kind = volumes.iter().filter(|volume| volume.kind == kind && volume.currency == currency);
    let (sum, count) = of_kind.fold((0_u64, 0_u64), |(sum, count), volume| {
        (sum.saturating_add(minor(volume)), count.saturating_add(volume.count))
    });
    (Amount::from_minor(sum, currency).unwrap_or(Amount::zero(currency)), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_wall_clock() {
        // 2026-11-22 12:50:30 +08:00
        let now = Timestamp(1_795_323_030 * NANOSECONDS_PER_SECOND);
        assert_eq!(midnight(now, 0), Timestamp(1_795_276_800 * NANOSECONDS_PER_SECOND));
        assert_eq!(midnight(now, 1), Timestamp(1_795_190_400 * NANOSECONDS_PER_SECOND));
    }

    #[test]
    fn spans_without_operations_are_zero() {
        let now = Timestamp(1_795_323_030 * NANOSECONDS_PER_SECOND);
        let query = last_days(now, 2);
        let volume = Volume {
            start: midnight(now, 0),
            kind: OperationKind::Payment,
            currency: Currency::CNY,
            count: 2,
            sum: ledger::Amount(1_700),
        };
        let points = series(&query, &[volume], (OperationKind::Payment, Currency::CNY), 2, minor);
        let values: Vec<(&str, u64)> =
            points.iter().map(|point| (point.label.as_str(), point.value)).collect();
        assert_eq!(values, [("11/21", 0), ("11/22", 1_700)]);
    }
}
