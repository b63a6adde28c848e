//! What payments need to know about holders and merchants, remembered between requests.
//!
//! Invariant: what was forgotten is not remembered again from a read that began before.
//!
//! Every payment asks here several times, and nearly always for what is remembered: what reads is boxed, so that it does
//! not make the futures of all callers larger.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::Currency;
use records::holder_settings::{self, HolderSettings};
use records::merchants::{self, Merchant, MerchantStatus};
use records::principals::{self, Principal, PrincipalStatus, Role};
use records::spending_limits::{self, SpendingLimits};
use records::step_up_challenges;
use records::wallets::{self, WalletStatus};
use wallet::ids::{HolderId, MerchantId, PrincipalId};

use crate::history::PartyName;
use crate::{OperationError, Operations, Party};

/// A holder with their wallets.
#[derive(Debug)]
pub(crate) struct HolderEntry {
    pub(crate) principal: Principal,
    wallets: Vec<(Currency, WalletStatus)>,
    /// Whether the holder has a payment PIN or a passkey.
    pub(crate) secured: bool,
    limits: Vec<SpendingLimits>,
    /// What the holder has set for themselves.
    settings: HolderSettings,
}

impl HolderEntry {
    /// The limits that the holder has set for a wallet.
    pub(crate) fn limits(&self, currency: Currency) -> Option<&SpendingLimits> {
        self.limits.iter().find(|set| set.currency == currency)
    }

    /// Below how many minor units of this wallet the holder wants to be warned: only the first wallet has such a line.
    pub(crate) fn low_balance(&self, currency: Currency) -> Option<u64> {
        let first = self.wallets.first().is_some_and(|(wallet, _)| *wallet == currency);
        self.settings.low_balance.filter(|_| first)
    }

    fn wallet(&self, currency: Currency) -> Option<WalletStatus> {
        self.wallets.iter().find(|(wallet, _)| *wallet == currency).map(|(_, status)| *status)
    }

    /// # Errors
    /// [`OperationError::NotActive`] or [`OperationError::NoWallet`].
    fn may_spend(&self, currency: Currency) -> Result<(), OperationError> {
        if self.principal.status != PrincipalStatus::Active {
            return Err(OperationError::NotActive(Party::Holder));
        }
        if self.settings.stopped_at.is_some() {
            return Err(OperationError::SpendingStopped);
        }
        match self.wallet(currency) {
            Some(WalletStatus::Open) => Ok(()),
            Some(WalletStatus::Frozen | WalletStatus::Closed) => {
                Err(OperationError::NotActive(Party::Wallet))
            }
            None => Err(OperationError::NoWallet(Party::Holder)),
        }
    }

    /// # Errors
    /// [`OperationError::NotActive`] or [`OperationError::NoWallet`].
    pub(crate) fn may_top_up(&self, currency: Currency) -> Result<(), OperationError> {
        if self.principal.status != PrincipalStatus::Active {
            return Err(OperationError::NotActive(Party::Holder));
        }
        self.may_receive(currency, Party::Holder)
    }

    /// # Errors
    /// [`OperationError::NotActive`] or [`OperationError::NoWallet`], about `party`.
    pub(crate) fn may_receive(&self, currency: Currency, party: Party) -> Result<(), OperationError> {
        if self.principal.status == PrincipalStatus::Closed {
            return Err(OperationError::NotActive(party));
        }
        match self.wallet(currency) {
            Some(WalletStatus::Open | WalletStatus::Frozen) => Ok(()),
            Some(WalletStatus::Closed) | None => Err(OperationError::NoWallet(party)),
        }
    }
}

struct Remembered<K, V> {
    entries: HashMap<K, (Timestamp, Arc<V>)>,
    /// Counts what was forgotten.
    generation: u64,
}

struct Memory<K, V> {
    remembered: Mutex<Remembered<K, V>>,
}

impl<K: Eq + Hash, V> Memory<K, V> {
    /// Above this many, everything is forgotten: a bound on memory that no busy hour reaches.
    const ENTRIES_MAX: usize = 200_000;

    fn new() -> Self {
        Self { remembered: Mutex::new(Remembered { entries: HashMap::new(), generation: 0 }) }
    }

    fn locked(&self) -> MutexGuard<'_, Remembered<K, V>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is remembered and not older than `since`, else the generation to remember it under.
    fn get(&self, key: &K, since: Timestamp) -> Result<Arc<V>, u64> {
        let remembered = self.locked();
        match remembered.entries.get(key) {
            Some((at, entry)) if *at >= since => Ok(Arc::clone(entry)),
            _ => Err(remembered.generation),
        }
    }

    fn put(&self, key: K, entry: &Arc<V>, now: Timestamp, generation: u64) {
        let mut remembered = self.locked();
        if remembered.generation != generation {
            return;
        }
        if remembered.entries.len() >= Self::ENTRIES_MAX {
            remembered.entries.clear();
        }
        remembered.entries.insert(key, (now, Arc::clone(entry)));
    }

    fn forget(&self, key: &K) {
        let mut remembered = self.locked();
        remembered.entries.remove(key);
        remembered.generation += 1;
    }
}

/// The holders and merchants that were looked up.
pub(crate) struct Directory {
    holders: Memory<HolderId, HolderEntry>,
    merchants: Memory<MerchantId, Merchant>,
    lifetime: Option<u64>,
}

impl Directory {
    /// Entries stay until they are forgotten.
    pub(crate) fn lasting() -> Self {
        Self { holders: Memory::new(), merchants: Memory::new(), lifetime: None }
    }

    /// Entries stay for one second.
    pub(crate) fn short_lived() -> Self {
        Self { lifetime: Some(NANOSECONDS_PER_SECOND), ..Self::lasting() }
    }

    pub(crate) fn forget_holder(&self, holder: HolderId) {
        self.holders.forget(&holder);
    }

    pub(crate) fn forget_merchant(&self, merchant: MerchantId) {
        self.merchants.forget(&merchant);
    }

    /// The oldest entries that still count.
    fn since(&self, now: impl FnOnce() -> Timestamp) -> Timestamp {
        self.lifetime.map_or(Timestamp::ZERO, |lifetime| Timestamp(now().0.saturating_sub(lifetime)))
    }
}

/// The holder with this id.
pub(crate) async fn holder(
    operations: &Operations,
    holder: HolderId,
) -> Result<Option<Arc<HolderEntry>>, OperationError> {
    let directory = operations.directory();
    match directory.holders.get(&holder, directory.since(|| operations.now())) {
        Ok(entry) => Ok(Some(entry)),
        Err(generation) => Box::pin(read_holder(operations, holder, generation)).await,
    }
}

async fn read_holder(
    operations: &Operations,
    holder: HolderId,
    generation: u64,
) -> Result<Option<Arc<HolderEntry>>, OperationError> {
    let now = operations.now();
    let read = operations.records().read(move |sql| {
        let Some(principal) = principals::get(sql, PrincipalId::from(holder))? else {
            return Ok(None);
        };
        let wallets = wallets::list(sql, holder)?;
        let limits = spending_limits::list(sql, holder)?;
        let settings = holder_settings::get(sql, holder)?;
        let secured = step_up_challenges::can_prove(sql, holder)?;
        Ok(Some((principal, wallets, secured, limits, settings)))
    });
    let Some((principal, wallets, secured, limits, settings)) = read.await? else { return Ok(None) };
    if principal.role != Role::Holder {
        return Ok(None);
    }
    let wallets = wallets.iter().map(|wallet| (wallet.currency, wallet.status)).collect();
    let entry = Arc::new(HolderEntry { principal, wallets, secured, limits, settings });
    operations.directory().holders.put(holder, &entry, now, generation);
    Ok(Some(entry))
}

/// The merchant with this id.
pub(crate) async fn merchant(
    operations: &Operations,
    merchant: MerchantId,
) -> Result<Option<Arc<Merchant>>, OperationError> {
    let directory = operations.directory();
    match directory.merchants.get(&merchant, directory.since(|| operations.now())) {
        Ok(entry) => Ok(Some(entry)),
        Err(generation) => Box::pin(read_merchant(operations, merchant, generation)).await,
    }
}

async fn read_merchant(
    operations: &Operations,
    merchant: MerchantId,
    generation: u64,
) -> Result<Option<Arc<Merchant>>, OperationError> {
    let now = operations.now();
    let Some(found) = operations.records().read(move |sql| merchants::get(sql, merchant)).await? else {
        return Ok(None);
    };
    let entry = Arc::new(found);
    operations.directory().merchants.put(merchant, &entry, now, generation);
    Ok(Some(entry))
}

/// The holder who asks, who may spend in this currency.
///
/// # Errors
/// Which rule says no.
pub(crate) async fn spender(
    operations: &Operations,
    id: HolderId,
    currency: Currency,
) -> Result<(), OperationError> {
    let entry = holder(operations, id).await?.ok_or(OperationError::NotFound(Party::Holder))?;
    entry.may_spend(currency)
}

/// The names of a holder; empty where nobody is known under the id.
pub(crate) async fn holder_name(operations: &Operations, id: HolderId) -> Result<PartyName, OperationError> {
    let entry = holder(operations, id).await?;
    Ok(entry.map_or_else(PartyName::default, |entry| PartyName {
        name: entry.principal.name.clone(),
        latin_name: entry.principal.latin_name.clone(),
    }))
}

/// The merchant, who may be paid.
///
/// # Errors
/// Which rule says no.
pub(crate) async fn payable(operations: &Operations, id: MerchantId) -> Result<(), OperationError> {
    let entry = merchant(operations, id).await?.ok_or(OperationError::NotFound(Party::Merchant))?;
    match entry.status {
        MerchantStatus::Active => Ok(()),
        MerchantStatus::Suspended | MerchantStatus::Closed => Err(OperationError::NotActive(Party::Merchant)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_it_was_forgotten_is_not_remembered() {
        let memory: Memory<u8, u8> = Memory::new();
        let generation = memory.get(&1, Timestamp::ZERO).unwrap_err();
        memory.forget(&1);
        memory.put(1, &Arc::new(7), Timestamp(5), generation);
        assert!(memory.get(&1, Timestamp::ZERO).is_err());
        let generation = memory.get(&1, Timestamp::ZERO).unwrap_err();
        memory.put(1, &Arc::new(8), Timestamp(5), generation);
        assert_eq!(memory.get(&1, Timestamp::ZERO).as_deref(), Ok(&8));
        assert!(memory.get(&1, Timestamp(6)).is_err());
    }
}
