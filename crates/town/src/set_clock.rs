//! A clock that only its owner moves.

use std::sync::atomic::{AtomicU64, Ordering};

use ledger::Timestamp;
use operations::Clock;

/// A clock that shows what it was set to.
#[derive(Debug, Default)]
pub struct SetClock(AtomicU64);

impl SetClock {
    /// Sets the clock, forwards or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}
