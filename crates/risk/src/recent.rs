use std::collections::VecDeque;

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::{Amount, Currency};

/// The most attempts of one payer that are remembered. A payer with more within a week is far beyond every rule.
const ATTEMPTS_MAX: usize = 512;

/// One attempt to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Past {
    operation: u128,
    at: Timestamp,
    amount: Amount,
}

/// The recent attempts of one payer, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    attempts: VecDeque<Past>,
}

impl Recent {
    /// Notes an attempt. The same operation counts once, however often it is repeated.
    pub fn note(&mut self, operation: u128, at: Timestamp, amount: Amount) {
        if self.attempts.iter().any(|past| past.operation == operation) {
            return;
        }
        if self.attempts.len() >= ATTEMPTS_MAX {
            self.attempts.pop_front();
        }
        let place = self.attempts.partition_point(|past| past.at <= at);
        self.attempts.insert(place, Past { operation, at, amount });
    }

    /// Forgets what is older than `seconds` at `now`.
    pub fn forget(&mut self, now: Timestamp, seconds: u32) {
        let since = since(now, seconds);
        while self.attempts.front().is_some_and(|past| past.at <= since) {
            self.attempts.pop_front();
        }
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// How many attempts there were in the last `seconds` up to `now`.
    #[must_use]
    pub fn count_within(&self, now: Timestamp, seconds: u32) -> u32 {
        u32::try_from(self.within(now, seconds).count()).unwrap_or(u32::MAX)
    }

    /// What the attempts in a currency in the last `seconds` up to `now` come to, in minor units.
    #[must_use]
    pub fn sum_within(&self, now: Timestamp, seconds: u32, currency: Currency) -> u64 {
        let same = self.within(now, seconds).filter(|past| past.amount.currency() == currency);
        same.fold(0, |sum, past| sum.saturating_add(past.amount.minor()))
    }

    fn within(&self, now: Timestamp, seconds: u32) -> impl Iterator<Item = &Past> {
        let since = since(now, seconds);
        self.attempts.iter().filter(move |past| past.at > since && past.at <= now)
    }
}

fn since(now: Timestamp, seconds: u32) -> Timestamp {
    Timestamp(now.0.saturating_sub(u64::from(seconds) * NANOSECONDS_PER_SECOND))
}
