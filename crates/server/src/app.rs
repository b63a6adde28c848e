//! What every handler shares.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ledger::Timestamp;
use operations::embedded_bank::EmbeddedBank;
use operations::{Entropy, Operations, balances};
use records::{Records, meta};
use wallet::ids::{MerchantId, PrincipalId};

use crate::auth::{self, CallerCache, Device, LookUpBudget, NewSession, Passwords};
use crate::problem::Problem;
use crate::purse_meetings::PurseMeetings;
use crate::web::TownView;

/// What an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A session is locked after this many seconds without a sign of its owner.
    pub session_lock_seconds: u32,
    /// A session ends after this many seconds without a sign of its owner.
    pub session_idle_seconds: u32,
    /// A session ends after this many seconds in any case.
    pub session_seconds: u32,
    /// Whether cookies are sent over HTTPS only. Set it wherever TLS stands before this server.
    pub secure_cookies: bool,
    /// Whether webhooks may be sent to this machine itself: for demonstrations, never where strangers register endpoints.
    pub webhooks_to_loopback: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_lock_seconds: 5 * 60,
            session_idle_seconds: 4 * 3_600,
            session_seconds: 12 * 3_600,
            secure_cookies: false,
            webhooks_to_loopback: false,
        }
    }
}

/// The state of a server. Cloning is cheap; the last clone closes the stores.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    operations: Operations,
    settings: Settings,
    callers: CallerCache,
    passwords: Passwords,
    look_ups: LookUpBudget,
    embedded_bank: Option<Arc<EmbeddedBank>>,
    town: OnceLock<TownView>,
    purse_meetings: PurseMeetings,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}

impl App {
    /// An app on these operations. Run the start-up check before serving it; [`crate::open`] does.
    #[must_use]
    pub fn new(operations: Operations, settings: Settings, embedded_bank: Option<Arc<EmbeddedBank>>) -> Self {
        let (callers, passwords) = (CallerCache::default(), Passwords::new());
        Self {
            inner: Arc::new(Inner {
                operations,
                settings,
                callers,
                passwords,
                look_ups: LookUpBudget::default(),
                embedded_bank,
                town: OnceLock::new(),
                purse_meetings: PurseMeetings::default(),
            }),
        }
    }

    /// The embedded banks, where this server has them: for those who found banks and issue cards.
    #[must_use]
    pub fn embedded_bank(&self) -> Option<&Arc<EmbeddedBank>> {
        self.inner.embedded_bank.as_ref()
    }

    /// Makes this the server of a town: `/` shows it and its log-ins. Says whether it was not one before.
    pub fn open_town(&self, town: TownView) -> bool {
        self.inner.town.set(town).is_ok()
    }

    /// The town, where this is the server of one.
    #[must_use]
    pub fn town(&self) -> Option<&TownView> {
        self.inner.town.get()
    }

    /// The operations.
    #[must_use]
    pub fn operations(&self) -> &Operations {
        &self.inner.operations
    }

    /// The records.
    #[must_use]
    pub fn records(&self) -> &Records {
        &self.operations().services().records
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.operations().services().clock.now()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.operations().services().entropy
    }

    pub(crate) fn callers(&self) -> &CallerCache {
        &self.inner.callers
    }

    pub(crate) fn purse_meetings(&self) -> &PurseMeetings {
        &self.inner.purse_meetings
    }

    pub(crate) fn look_ups(&self) -> &LookUpBudget {
        &self.inner.look_ups
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

    /// Opens a session without a password, for whoever runs the server: one-click logins of the demo.
    ///
    /// # Errors
    /// Where the records cannot be written.
    pub async fn open_session(&self, principal: PrincipalId) -> Result<NewSession, Problem> {
        let device = Device::default();
        auth::open_session(self, principal, device).await
    }

    /// Makes an API key for a principal, for whoever runs the server. The answer is the key itself.
    ///
    /// # Errors
    /// Where the records cannot be written.
    pub async fn create_api_key(&self, principal: PrincipalId, label: &str) -> Result<String, Problem> {
        Ok(auth::create_api_key(self, principal, label.to_owned(), auth::Scopes::All).await?.key)
    }

    /// As [`App::create_api_key`], for a key that may only make and read orders.
    ///
    /// # Errors
    /// Where the records cannot be written.
    pub async fn create_order_key(&self, principal: PrincipalId, label: &str) -> Result<String, Problem> {
        let scopes = auth::Scopes::of(&[auth::Scope::Orders]);
        Ok(auth::create_api_key(self, principal, label.to_owned(), scopes).await?.key)
    }

    /// As [`App::create_api_key`], for a key that only terminals for card purses speak with.
    ///
    /// # Errors
    /// Where the records cannot be written.
    pub async fn create_terminal_key(&self, principal: PrincipalId, label: &str) -> Result<String, Problem> {
        let scopes = auth::Scopes::of(&[auth::Scope::Terminals]);
        Ok(auth::create_api_key(self, principal, label.to_owned(), scopes).await?.key)
    }

    /// Whether ledger and records answer.
    pub(crate) async fn is_ready(&self) -> bool {
        // A merchant that does not exist costs the ledger one look.
        balances::of_merchant(self.operations(), MerchantId::new(1)).await.is_ok()
            && self.records().read(|sql| meta::get(sql, "schema")).await.is_ok()
    }
}
