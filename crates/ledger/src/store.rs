//! What the state machine reads and writes, as a capability: memory, journal or SQL behind it.

use crate::{Account, AccountId, PendingStatus, Timestamp, Transfer, TransferId};

/// What the store knows of a transfer id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    NotFound,
    /// A transfer with this id failed for a passing reason and will never succeed.
    Failed,
    /// The transfer.
    Found(Transfer),
}

/// The state behind [`apply`](crate::apply). Between `scope_open` and `scope_discard` every write is undone by the latter.
pub trait Store {
    /// Why reading failed: after an error the store's state is unknown and it must not be used again.
    type Error;
    /// A place of an account that stays good until the scope is discarded.
    type Slot: Copy + PartialEq;

    /// Where the account is.
    fn find_account(&self, id: AccountId) -> Option<Self::Slot>;
    /// The account there.
    fn account(&self, slot: Self::Slot) -> &Account;
    /// Adds an account whose id is new.
    fn insert_account(&mut self, account: &Account);

    /// These transfers are decided next. A store may bring what it knows of them near; it decides nothing yet.
    fn expect_transfers(&self, _: &[Transfer]) {}
    /// What is known of this transfer id.
    ///
    /// # Errors
    /// Those of the medium.
    fn find_transfer(&self, id: TransferId) -> Result<Existing, Self::Error>;
    /// What became of this pending transfer, which exists.
    ///
    /// # Errors
    /// Those of the medium.
    fn pending_status(&self, pending: &Transfer) -> Result<PendingStatus, Self::Error>;
    /// Adds a transfer whose id is new, with the new state of its two accounts. Where it posts or voids, `pending` is
    /// the transfer that this resolves.
    fn insert_transfer(
        &mut self,
        transfer: &Transfer,
        pending: Option<&Transfer>,
        debit: (Self::Slot, &Account),
        credit: (Self::Slot, &Account),
    );
    /// Remembers that a transfer with this id failed for a passing reason. Never undone by a scope.
    fn insert_failed(&mut self, id: TransferId, timestamp: Timestamp);

    /// The pending transfer that expires first, where that is no later than `now`.
    fn next_expired(&self, now: Timestamp) -> Option<Transfer>;
    /// Expires this pending transfer, with the new state of its two accounts.
    fn expire(
        &mut self,
        pending: &Transfer,
        timestamp: Timestamp,
        debit: (Self::Slot, &Account),
        credit: (Self::Slot, &Account),
    );

    /// The greatest timestamp of any event so far.
    fn last_timestamp(&self) -> Timestamp;
    /// The greatest timestamp of any account.
    fn last_account_timestamp(&self) -> Timestamp;
    /// The greatest timestamp of any transfer.
    fn last_transfer_timestamp(&self) -> Timestamp;
    /// Whether an account has exactly this timestamp.
    fn account_exists_at(&self, timestamp: Timestamp) -> bool;
    /// Whether a transfer has exactly this timestamp.
    ///
    /// # Errors
    /// Those of the medium.
    fn transfer_exists_at(&self, timestamp: Timestamp) -> Result<bool, Self::Error>;

    /// Begins a chain of linked events.
    fn scope_open(&mut self);
    /// Keeps what was written since `scope_open`.
    fn scope_persist(&mut self);
    /// Undoes what was written since `scope_open`.
    fn scope_discard(&mut self);
}
