//! How long a login must wait after failures: longer each time, never for ever.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};

/// Failures that cost nothing: people mistype.
const FREE_FAILURES: u64 = 4;
/// The longest wait. With it, at most 100 guesses a day hit one login.
const LONGEST_SECONDS: u64 = 900;
/// After this time without a failure the count starts again.
const FORGET_SECONDS: u64 = 24 * 3_600;

/// What is remembered of the failures of one login or one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    pub(crate) last: Timestamp,
}

impl Failures {
    /// Whole seconds until the next attempt may be made; 0 when it may be made now.
    pub(crate) fn wait_seconds(self, now: Timestamp) -> u64 {
        let Some(over) = self.count.checked_sub(FREE_FAILURES).filter(|over| *over > 0) else { return 0 };
        let delay = 1_u64.checked_shl(u32::try_from(over).unwrap_or(u32::MAX)).unwrap_or(LONGEST_SECONDS);
        let until = self.last.0.saturating_add(delay.clamp(1, LONGEST_SECONDS) * NANOSECONDS_PER_SECOND);
        until.saturating_sub(now.0).div_ceil(NANOSECONDS_PER_SECOND)
    }

    /// The count after one more failure.
    pub(crate) fn after_failure(self, now: Timestamp) -> Self {
        let forgotten = now.0.saturating_sub(self.last.0) > FORGET_SECONDS * NANOSECONDS_PER_SECOND;
        let count = if forgotten { 1 } else { self.count.saturating_add(1) };
        Self { count, last: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp((1_000_000 + seconds) * NANOSECONDS_PER_SECOND)
    }

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour_and_always_ends() {
        let waits: Vec<u64> =
            (0..16).map(|count| Failures { count, last: at(0) }.wait_seconds(at(0))).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(Failures { count: u64::MAX, last: at(0) }.wait_seconds(at(0)), 900);
        assert_eq!(Failures { count: u64::MAX, last: at(0) }.wait_seconds(at(900)), 0);
    }

    #[test]
    fn a_day_without_failures_starts_the_count_again() {
        let many = Failures { count: 50, last: at(0) };
        assert_eq!(many.after_failure(at(60)).count, 51);
        assert_eq!(many.after_failure(at(24 * 3_600 + 1)).count, 1);
    }

    #[test]
    fn a_patient_attacker_gets_no_more_than_a_hundred_guesses_a_day_and_a_few() {
        let (mut failures, mut now, mut guesses) = (Failures::default(), 0, 0);
        while now < 24 * 3_600 {
            failures = failures.after_failure(at(now));
            guesses += 1;
            now += failures.wait_seconds(at(now)).max(1);
        }
        assert!(guesses <= 110, "{guesses}");
    }
}
