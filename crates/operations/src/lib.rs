//! Durable operations: where ledger, records and bank meet.
//!
//! An operation goes: checks, intent in the records, decision in the ledger, effect at the bank where there is one,
//! outcome in the records. Each module of a kind of operation has `start`, which a client's request calls, and
//! `resume`, which finds out how far an interrupted one came and ends it.
//!
//! Invariants:
//! * the id of an operation is derived from who asks, what for, and the idempotency key, and is also the id of the
//!   transfer that decides it: repeating a request has one effect and one answer;
//! * every step can be repeated, by several servers at once;
//! * a bank is asked only while the amount is reserved in the ledger, and the reservation ends only by the bank's
//!   final word;
//! * an interrupted operation that nothing has decided is never carried out later by itself: [`start_up_check`] makes
//!   the ledger refuse its id for ever. Only the client's own repetition carries it on;
//! * records that were restored to an earlier time than the ledger are completed from the ledger.

pub mod annotations;
pub mod approvals;
pub mod audit_log;
pub mod balances;
pub mod bills;
pub mod black_list;
pub mod board;
pub mod business_days;
pub mod card_payment;
pub mod card_purses;
pub mod cards;
pub mod checkout_origins;
pub mod closing;
mod code_refusal;
pub mod day;
mod directory;
pub mod duties;
pub mod embedded_bank;
mod error;
pub mod escrow;
pub mod explain;
pub mod favourites;
pub mod founding;
pub mod history;
pub mod holders;
mod in_flight;
mod installation_key;
mod intent;
mod kept_key;
mod key;
pub mod key_ceremony;
mod key_share;
mod ledger_client;
pub mod limits;
pub mod lost_device;
mod memo;
pub mod merchant_code;
pub mod merchants;
pub mod month_sums;
mod names;
pub mod notifications;
mod one_step;
pub mod orders;
pub mod paid_once;
pub mod payees;
pub mod payer_code;
pub mod payment;
mod policy;
mod ports;
mod reason;
mod rebuild;
mod receipt;
pub mod reconciliation;
pub mod refund;
pub mod requests;
pub mod review;
mod risk_desk;
pub mod risk_rules;
pub mod sealed_secrets;
pub mod settings;
pub mod spending;
pub mod staff;
pub mod start_up_check;
pub mod statement;
pub mod step_up;
mod through_bank;
mod tied;
pub mod till;
pub mod top_up;
pub mod totals;
pub mod transfer;
pub mod vaults;
pub mod vouchers;
pub mod webhooks;
pub mod withdrawal;

use std::fmt;
use std::sync::{Arc, OnceLock};

use ledger::{Submit, Timestamp};
use records::Records;
use wallet::ids::{HolderId, MerchantId};

pub use card_purses::CardPurseRefusal;
pub use code_refusal::CodeRefusal;
pub use error::{OperationError, Party, Port};
pub use key::{IdempotencyKey, NotAKey};
pub use names::masked;
pub use policy::{PlaceOfBusiness, Policy};
pub use ports::{
    BankConnector, BankReply, BankUnavailable, Clock, Entropy, KeyKeeper, KeysUnavailable, MemoryKeys,
};
pub use reason::Reason;
pub use receipt::Receipt;
pub use spending::Origin;
pub use through_bank::{ANSWER_TIME, customer_page};
pub use vaults::VaultRefusal;

use crate::audit_log::LogKeeper;
use directory::Directory;
use in_flight::InFlight;
use installation_key::InstallationKey;
use ledger_client::LedgerClient;
use one_step::LeftOver;
use risk_desk::RiskDesk;

/// What operations are made of.
#[derive(Clone)]
pub struct Services {
    /// Decides whether value moves.
    pub ledger: Arc<dyn Submit>,
    /// Describes.
    pub records: Records,
    /// The banks.
    pub bank: Arc<dyn BankConnector>,
    /// The time of day; the ledger's clock should agree with it within a minute.
    pub clock: Arc<dyn Clock>,
    /// Ids that nobody can guess.
    pub entropy: Arc<dyn Entropy>,
    /// What the operator allows.
    pub policy: Policy,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The operations of a server. Cloning is cheap. Its state is a cache: whatever matters is in the services.
#[derive(Clone)]
pub struct Operations {
    inner: Arc<Inner>,
}

struct Inner {
    services: Services,
    ledger: LedgerClient,
    directory: Directory,
    in_flight: InFlight,
    limit_changes: tokio::sync::Mutex<()>,
    left_over: Arc<LeftOver>,
    risk_desk: RiskDesk,
    counted: totals::Counted,
    past_volumes: totals::PastVolumes,
    log_keeper: OnceLock<LogKeeper>,
    key_keeper: OnceLock<Arc<dyn KeyKeeper>>,
    brought_shares: key_ceremony::BroughtShares,
    known_payees: step_up::KnownPayees,
    installation_key: InstallationKey,
    open_vaults: vaults::OpenVaults,
    card_keys: card_purses::keys::KeptKeys,
    sealing_key: sealed_secrets::SealingKey,
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operations")
    }
}

impl Operations {
    /// Operations over these services, for the only server that writes these records: what it looked up about holders
    /// and merchants stays good until it is changed here or forgotten.
    #[must_use]
    pub fn new(services: Services) -> Self {
        Self::with_directory(services, Directory::lasting(), RiskDesk::default())
    }

    /// Operations over services that other servers write to as well: what was looked up about holders and merchants
    /// stays good for one second.
    #[must_use]
    pub fn shared(services: Services) -> Self {
        Self::with_directory(services, Directory::short_lived(), RiskDesk::shared())
    }

    fn with_directory(services: Services, directory: Directory, risk_desk: RiskDesk) -> Self {
        let ledger = LedgerClient::new(Arc::clone(&services.ledger));
        Self {
            inner: Arc::new(Inner {
                services,
                ledger,
                directory,
                in_flight: InFlight::default(),
                limit_changes: tokio::sync::Mutex::default(),
                left_over: Arc::default(),
                risk_desk,
                counted: totals::Counted::default(),
                past_volumes: totals::PastVolumes::default(),
                log_keeper: OnceLock::new(),
                key_keeper: OnceLock::new(),
                brought_shares: key_ceremony::BroughtShares::default(),
                installation_key: InstallationKey::new(),
                open_vaults: vaults::OpenVaults::default(),
                card_keys: card_purses::keys::KeptKeys::default(),
                sealing_key: sealed_secrets::SealingKey::new(),
                known_payees: step_up::KnownPayees::default(),
            }),
        }
    }

    /// The services.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.inner.services
    }

    /// Forgets what was looked up about a holder. Whoever changes a holder in the records by another way calls this
    /// afterwards.
    pub fn forget_holder(&self, holder: HolderId) {
        self.inner.directory.forget_holder(holder);
    }

    /// Forgets what was looked up about a merchant; as [`Operations::forget_holder`].
    pub fn forget_merchant(&self, merchant: MerchantId) {
        self.inner.directory.forget_merchant(merchant);
    }

    /// Gives the audit log its key, and its newest head a place outside the records. Says whether it had none yet: it
    /// must come before the first entry, else a key that lives as long as these operations signs.
    pub fn keep_log(&self, keeper: LogKeeper) -> bool {
        self.inner.log_keeper.set(keeper).is_ok()
    }

    /// Gives secret keys a lasting place. Says whether they had none yet: it must come before the first key, else they live
    /// as long as these operations.
    pub fn keep_keys(&self, keeper: Arc<dyn KeyKeeper>) -> bool {
        self.inner.key_keeper.set(keeper).is_ok()
    }

    fn key_keeper(&self) -> &dyn KeyKeeper {
        &**self.inner.key_keeper.get_or_init(|| Arc::new(MemoryKeys::default()))
    }

    fn log_keeper(&self) -> &LogKeeper {
        self.inner.log_keeper.get_or_init(|| {
            let mut seed = [0; 32];
            self.inner.services.entropy.fill(&mut seed);
            LogKeeper::new(::audit_log::LogKey::from_seed(seed), None)
        })
    }

    fn risk_desk(&self) -> &RiskDesk {
        &self.inner.risk_desk
    }

    fn ledger(&self) -> &LedgerClient {
        &self.inner.ledger
    }

    fn records(&self) -> &Records {
        &self.inner.services.records
    }

    fn policy(&self) -> &Policy {
        &self.inner.services.policy
    }

    fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    fn now(&self) -> Timestamp {
        self.inner.services.clock.now()
    }

    /// An id that nobody can guess.
    fn fresh_bits(&self) -> u128 {
        let mut bytes = [0; 16];
        self.inner.services.entropy.fill(&mut bytes);
        u128::from_be_bytes(bytes).clamp(1, u128::MAX - 1)
    }
}
