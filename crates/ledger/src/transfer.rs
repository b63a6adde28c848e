//! Transfers: the only way value moves.

use crate::{AccountId, Amount, Code, LedgerId, Timestamp, TransferFlags, TransferId};

/// A movement of `amount` from the debit account to the credit account. Immutable once created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Transfer {
    /// Chosen by the client: the same id is the same transfer.
    pub id: TransferId,
    /// The account whose debits grow. Zero in a post or void: taken from the pending transfer.
    pub debit_account_id: AccountId,
    /// The account whose credits grow. Zero in a post or void: taken from the pending transfer.
    pub credit_account_id: AccountId,
    /// Minor units. [`Amount::MAX`] in a post means "all of it"; zero in a void means the same.
    pub amount: Amount,
    /// The pending transfer that this one posts or voids, else zero.
    pub pending_id: TransferId,
    /// Opaque to the ledger.
    pub user_data_128: u128,
    /// Opaque to the ledger.
    pub user_data_64: u64,
    /// Opaque to the ledger.
    pub user_data_32: u32,
    /// Seconds after which a pending transfer expires; zero: never.
    pub timeout: u32,
    /// The ledger of both accounts.
    pub ledger: LedgerId,
    /// Why the transfer happened.
    pub code: Code,
    /// See [`TransferFlags`].
    pub flags: TransferFlags,
    /// When it was created. Zero in a request, unless imported.
    pub timestamp: Timestamp,
}

impl Transfer {
    /// Whether this transfer posts or voids another.
    #[must_use]
    pub const fn resolves_pending(&self) -> bool {
        self.flags.intersects(TransferFlags(
            TransferFlags::POST_PENDING_TRANSFER.0 | TransferFlags::VOID_PENDING_TRANSFER.0,
        ))
    }

    /// When this pending transfer expires, or `None` where it never does.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        if self.timeout == 0 {
            return None;
        }
        self.timestamp.checked_add_seconds(self.timeout)
    }
}

/// What became of a pending transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PendingStatus {
    /// Still reserved.
    Pending,
    /// Posted, in whole or in part.
    Posted,
    /// Voided.
    Voided,
    /// Its timeout passed.
    Expired,
}
