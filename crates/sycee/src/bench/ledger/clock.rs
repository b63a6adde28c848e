//! The embedded engine's clock in a benchmark: it stands still while others are measured, so that the expiries of
//! their time do not all fall on the engine's next batch.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ledger::Timestamp;
use ledger_embedded::Clock;

/// A stopwatch on top of the moment it was made.
#[derive(Clone, Debug)]
pub(super) struct Stopwatch {
    began: Timestamp,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Debug, Default)]
struct Shown {
    before: Duration,
    running_since: Option<Instant>,
}

impl Shown {
    fn elapsed(&self) -> Duration {
        self.before + self.running_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Stopwatch {
    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let began = Timestamp(u64::try_from(since.as_nanos()).unwrap_or_default());
        Self { began, shown: Arc::default() }
    }

    /// Runs the clock while `work` is done.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set(true);
        let result = work();
        self.set(false);
        result
    }

    fn set(&self, running: bool) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = Shown { before: shown.elapsed(), running_since: running.then(Instant::now) };
    }

    /// What the engine reads.
    pub(super) fn clock(&self) -> Arc<Clock> {
        let Self { began, shown } = self.clone();
        Arc::new(move || {
            let elapsed = shown.lock().unwrap_or_else(PoisonError::into_inner).elapsed();
            Timestamp(began.0.saturating_add(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)))
        })
    }
}
