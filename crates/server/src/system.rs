//! The real clock and the real entropy. Simulations and tests bring their own.

use std::time::{SystemTime, UNIX_EPOCH};

use ledger::Timestamp;
use operations::{Clock, Entropy};

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // Before 1970, the first moment: the ledger's own time never goes back.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_nanos()).unwrap_or(Timestamp::LAST.0))
    }
}

/// The random bytes of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    /// # Panics
    /// Where the operating system has no entropy: nothing secret can be made then.
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
