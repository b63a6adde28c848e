//! What every handler shares.

use std::fmt;
use std::sync::Arc;

use ledger::Timestamp;
use operations::{Clock, Entropy, Operations};
use records::Records;

use crate::auth::{CallerCache, Passwords};

/// The parts an [`App`] is built from.
pub struct Services {
    /// The operations, with ledger, records and banks behind them.
    pub operations: Operations,
    /// The same records, for who may log in.
    pub records: Records,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where tokens and salts come from: must be unpredictable.
    pub entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}

/// What an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A session ends after this many seconds without a request.
    pub session_idle_seconds: u32,
    /// A session ends after this many seconds in any case.
    pub session_seconds: u32,
    /// Whether cookies are sent over HTTPS only. Set it wherever TLS stands before this server.
    pub secure_cookies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { session_idle_seconds: 15 * 60, session_seconds: 12 * 3_600, secure_cookies: false }
    }
}

/// The state of a server. Cloning is cheap; the last clone closes the stores.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    services: Services,
    settings: Settings,
    callers: CallerCache,
    passwords: Passwords,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

impl App {
    /// An app on these services. Run [`Operations::start_up_check`] before serving it; [`crate::open`] does.
    #[must_use]
    pub fn new(services: Services, settings: Settings) -> Self {
        let inner =
            Inner { services, settings, callers: CallerCache::default(), passwords: Passwords::new() };
        Self { inner: Arc::new(inner) }
    }

    /// The operations.
    #[must_use]
    pub fn operations(&self) -> &Operations {
        &self.inner.services.operations
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> &Records {
        &self.inner.services.records
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.services.clock.now()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.inner.services.entropy
    }

    pub(crate) fn callers(&self) -> &CallerCache {
        &self.inner.callers
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    /// 128 fresh random bits, for a new id.
    pub(crate) fn random_bits(&self) -> u128 {
        let mut bytes = [0; 16];
        self.entropy().fill(&mut bytes);
        u128::from_be_bytes(bytes).clamp(1, u128::MAX - 1)
    }
}
