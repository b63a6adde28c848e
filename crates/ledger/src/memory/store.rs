//! Accounts and transfers in maps, with an undo log for chains.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use crate::{
    Account, AccountId, Existing, PendingStatus, Store, Timestamp, Transfer, TransferFlags, TransferId,
};

/// The greatest timestamps so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Clock {
    /// Of any event: see [`Store::last_timestamp`].
    pub last: Timestamp,
    /// Of any account.
    pub last_account: Timestamp,
    /// Of any transfer.
    pub last_transfer: Timestamp,
}

/// A transfer with its two accounts as they were just after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The transfer.
    pub transfer: Transfer,
    /// Its debit account afterwards.
    pub debit: Account,
    /// Its credit account afterwards.
    pub credit: Account,
}

/// What a scope has to put back.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every step of a chain is the large one")]
enum Undo {
    /// Forget the newest account.
    Account,
    /// Forget the newest entry, and put its accounts and its pending transfer back.
    Entry { debit: (usize, Account), credit: (usize, Account), resolved: Option<Transfer> },
}

/// A chain in progress.
#[derive(Clone, Debug)]
struct Scope {
    clock: Clock,
    undo: Vec<Undo>,
}

/// The whole ledger, or the part of it that one batch can touch.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    accounts: Vec<Account>,
    account_slots: HashMap<AccountId, usize>,
    known: HashMap<TransferId, Existing>,
    pending: HashMap<TransferId, PendingStatus>,
    expiries: BTreeSet<(Timestamp, Timestamp, TransferId)>,
    entries: Vec<Entry>,
    failed: Vec<(TransferId, Timestamp)>,
    clock: Clock,
    scope: Option<Scope>,
}

/// Loading what was stored before: nothing of it counts as a change.
impl MemoryStore {
    /// An empty part of a ledger whose events so far end at `clock`.
    #[must_use]
    pub fn at(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Makes room for so many more accounts and transfers, so that none of them has to move for the next.
    pub fn reserve(&mut self, accounts: usize, transfers: usize) {
        self.accounts.reserve(accounts);
        self.account_slots.reserve(accounts);
        self.known.reserve(transfers);
        self.entries.reserve(transfers);
    }

    /// Adds an account of an earlier time.
    pub fn load_account(&mut self, account: &Account) {
        self.account_slots.insert(account.id, self.accounts.len());
        self.accounts.push(*account);
    }

    /// Adds a transfer of an earlier time; where it is a pending one, with what became of it.
    pub fn load_transfer(&mut self, transfer: &Transfer, pending: Option<PendingStatus>) {
        self.known.insert(transfer.id, Existing::Found(*transfer));
        let Some(status) = pending else { return };
        self.pending.insert(transfer.id, status);
        if status == PendingStatus::Pending {
            self.expiries.extend(expiry(transfer));
        }
    }

    /// Adds the id of a transfer that failed at an earlier time.
    pub fn load_failed(&mut self, id: TransferId) {
        self.known.insert(id, Existing::Failed);
    }
}

/// What the store holds now.
impl MemoryStore {
    /// The greatest timestamps so far.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// The accounts: those loaded in the order of loading, then those created.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The transfers created here, in order of time; those loaded are not among them.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The ids that failed here, in order of time.
    #[must_use]
    pub fn failed(&self) -> &[(TransferId, Timestamp)] {
        &self.failed
    }

    /// What became of the pending transfer with this id, or `None` where there is none.
    #[must_use]
    pub fn status(&self, id: TransferId) -> Option<PendingStatus> {
        self.pending.get(&id).copied()
    }

    /// Whether the account is here.
    #[must_use]
    pub fn holds_account(&self, id: AccountId) -> bool {
        self.account_slots.contains_key(&id)
    }

    /// Forgets what changed, so that the next batch can be told from this one; what is stored stays.
    pub fn forget_changes(&mut self) {
        self.entries.clear();
        self.failed.clear();
    }

    fn settle(&mut self, pending: &Transfer, status: PendingStatus) {
        self.pending.insert(pending.id, status);
        if let Some(expiry) = expiry(pending) {
            self.expiries.remove(&expiry);
        }
    }

    fn put(&mut self, (slot, account): (usize, &Account)) -> (usize, Account) {
        (slot, std::mem::replace(&mut self.accounts[slot], *account))
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Account => {
                let account = self.accounts.pop().expect("the scope created it");
                self.account_slots.remove(&account.id);
            }
            Undo::Entry { debit, credit, resolved } => {
                let created = self.entries.pop().expect("the scope created it").transfer;
                self.known.remove(&created.id);
                if self.pending.remove(&created.id).is_some() {
                    self.expiries.retain(|(_, _, id)| *id != created.id);
                }
                if let Some(pending) = resolved {
                    self.pending.insert(pending.id, PendingStatus::Pending);
                    self.expiries.extend(expiry(&pending));
                }
                self.put((credit.0, &credit.1));
                self.put((debit.0, &debit.1));
            }
        }
    }
}

/// Where a pending transfer stands in the order of expiry, or `None` where it never expires.
fn expiry(pending: &Transfer) -> Option<(Timestamp, Timestamp, TransferId)> {
    pending.expires_at().map(|at| (at, pending.timestamp, pending.id))
}

impl Store for MemoryStore {
    type Error = Infallible;
    type Slot = usize;

    fn find_account(&self, id: AccountId) -> Option<usize> {
        self.account_slots.get(&id).copied()
    }

    fn account(&self, slot: usize) -> &Account {
        &self.accounts[slot]
    }

    fn insert_account(&mut self, account: &Account) {
        self.load_account(account);
        self.clock.last_account = account.timestamp;
        self.clock.last = self.clock.last.max(account.timestamp);
        if let Some(scope) = &mut self.scope {
            scope.undo.push(Undo::Account);
        }
    }

    fn find_transfer(&self, id: TransferId) -> Result<Existing, Infallible> {
        Ok(self.known.get(&id).copied().unwrap_or(Existing::NotFound))
    }

    fn pending_status(&self, pending: &Transfer) -> Result<PendingStatus, Infallible> {
        Ok(*self.pending.get(&pending.id).expect("a pending transfer is stored with its status"))
    }

    fn insert_transfer(
        &mut self,
        transfer: &Transfer,
        pending: Option<&Transfer>,
        debit: (usize, &Account),
        credit: (usize, &Account),
    ) {
        let is_pending = transfer.flags.contains(TransferFlags::PENDING);
        self.load_transfer(transfer, is_pending.then_some(PendingStatus::Pending));
        if let Some(pending) = pending {
            let void = transfer.flags.contains(TransferFlags::VOID_PENDING_TRANSFER);
            self.settle(pending, if void { PendingStatus::Voided } else { PendingStatus::Posted });
        }
        self.entries.push(Entry { transfer: *transfer, debit: *debit.1, credit: *credit.1 });
        let (debit, credit) = (self.put(debit), self.put(credit));
        self.clock.last_transfer = transfer.timestamp;
        self.clock.last = self.clock.last.max(transfer.timestamp);
        if let Some(scope) = &mut self.scope {
            scope.undo.push(Undo::Entry { debit, credit, resolved: pending.copied() });
        }
    }

    fn insert_failed(&mut self, id: TransferId, timestamp: Timestamp) {
        self.load_failed(id);
        self.failed.push((id, timestamp));
        self.clock.last = self.clock.last.max(timestamp);
    }

    fn next_expired(&self, now: Timestamp) -> Option<Transfer> {
        let (at, _, id) = self.expiries.first().copied()?;
        match self.known.get(&id) {
            Some(Existing::Found(transfer)) if at <= now => Some(*transfer),
            _ => None,
        }
    }

    fn expire(
        &mut self,
        pending: &Transfer,
        timestamp: Timestamp,
        debit: (usize, &Account),
        credit: (usize, &Account),
    ) {
        self.settle(pending, PendingStatus::Expired);
        self.put(debit);
        self.put(credit);
        self.clock.last = self.clock.last.max(timestamp);
    }

    fn last_timestamp(&self) -> Timestamp {
        self.clock.last
    }

    fn last_account_timestamp(&self) -> Timestamp {
        self.clock.last_account
    }

    fn last_transfer_timestamp(&self) -> Timestamp {
        self.clock.last_transfer
    }

    fn account_exists_at(&self, timestamp: Timestamp) -> bool {
        self.accounts.iter().any(|account| account.timestamp == timestamp)
    }

    fn transfer_exists_at(&self, timestamp: Timestamp) -> Result<bool, Infallible> {
        let at = |existing: &Existing| matches!(existing, Existing::Found(t) if t.timestamp == timestamp);
        Ok(self.known.values().any(at))
    }

    fn scope_open(&mut self) {
        self.scope = Some(Scope { clock: self.clock, undo: Vec::new() });
    }

    fn scope_persist(&mut self) {
        self.scope = None;
    }

    fn scope_discard(&mut self) {
        let Some(scope) = self.scope.take() else { return };
        for undo in scope.undo.into_iter().rev() {
            self.undo(undo);
        }
        self.clock = scope.clock;
    }
}
