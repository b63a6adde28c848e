//! Accounts and what may be asked of their balances.

use crate::{AccountFlags, AccountId, Amount, Code, LedgerId, Timestamp};

/// An account: four balances under an id. It never says whose it is; records do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Account {
    /// Chosen by the client.
    pub id: AccountId,
    /// Reserved by pending transfers that debit this account. Zero at creation.
    pub debits_pending: Amount,
    /// Moved out by posted transfers. Zero at creation.
    pub debits_posted: Amount,
    /// Reserved by pending transfers that credit this account. Zero at creation.
    pub credits_pending: Amount,
    /// Moved in by posted transfers. Zero at creation.
    pub credits_posted: Amount,
    /// Opaque to the ledger: usually the id of what the account belongs to.
    pub user_data_128: u128,
    /// Opaque to the ledger.
    pub user_data_64: u64,
    /// Opaque to the ledger.
    pub user_data_32: u32,
    /// Must be zero.
    pub reserved: u32,
    /// The partition: accounts of different ledgers never meet.
    pub ledger: LedgerId,
    /// The kind of account.
    pub code: Code,
    /// See [`AccountFlags`].
    pub flags: AccountFlags,
    /// When it was created. Zero in a request, unless imported.
    pub timestamp: Timestamp,
}

impl Account {
    /// Everything debited, reserved or moved. Never overflows: a transfer that would make it is refused.
    pub(crate) const fn debits(&self) -> Amount {
        self.debits_pending.plus(self.debits_posted)
    }

    /// Everything credited, reserved or moved. Never overflows: a transfer that would make it is refused.
    pub(crate) const fn credits(&self) -> Amount {
        self.credits_pending.plus(self.credits_posted)
    }

    /// Whether debiting `amount` more would break `debits_must_not_exceed_credits`.
    /// The caller has checked that the sums do not overflow.
    #[must_use]
    pub fn debits_exceed_credits(&self, amount: Amount) -> bool {
        self.flags.contains(AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS)
            && self.debits().plus(amount) > self.credits_posted
    }

    /// Whether crediting `amount` more would break `credits_must_not_exceed_debits`.
    /// The caller has checked that the sums do not overflow.
    #[must_use]
    pub fn credits_exceed_debits(&self, amount: Amount) -> bool {
        self.flags.contains(AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS)
            && self.credits().plus(amount) > self.debits_posted
    }

    /// Whether the account is closed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.flags.contains(AccountFlags::CLOSED)
    }

    /// The balances at this moment.
    #[must_use]
    pub const fn balance(&self, timestamp: Timestamp) -> AccountBalance {
        AccountBalance {
            debits_pending: self.debits_pending,
            debits_posted: self.debits_posted,
            credits_pending: self.credits_pending,
            credits_posted: self.credits_posted,
            timestamp,
        }
    }
}

/// The balances of an account just after the transfer with that timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AccountBalance {
    /// See [`Account::debits_pending`].
    pub debits_pending: Amount,
    /// See [`Account::debits_posted`].
    pub debits_posted: Amount,
    /// See [`Account::credits_pending`].
    pub credits_pending: Amount,
    /// See [`Account::credits_posted`].
    pub credits_posted: Amount,
    /// The timestamp of the transfer.
    pub timestamp: Timestamp,
}
