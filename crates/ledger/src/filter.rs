//! Questions about the past: by account, or by the fields of accounts and transfers.

use crate::{AccountFilterFlags, AccountId, Code, LedgerId, QueryFilterFlags, Timestamp};

/// The most events in one batch and the most rows in one answer.
pub const BATCH_MAX: usize = 8_190;

/// Transfers or balances of one account. An invalid filter finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AccountFilter {
    /// The account. Neither 0 nor 2^128 − 1.
    pub account_id: AccountId,
    /// Only transfers with this value; zero: any.
    pub user_data_128: u128,
    /// Only transfers with this value; zero: any.
    pub user_data_64: u64,
    /// Only transfers with this value; zero: any.
    pub user_data_32: u32,
    /// Only transfers with this code; zero: any.
    pub code: Code,
    /// Inclusive; zero: from the beginning.
    pub timestamp_min: Timestamp,
    /// Inclusive; zero: to the end.
    pub timestamp_max: Timestamp,
    /// The most rows to return. Not zero; more than [`BATCH_MAX`] is [`BATCH_MAX`].
    pub limit: u32,
    /// At least one of debits and credits.
    pub flags: AccountFilterFlags,
}

/// Accounts or transfers by their fields. An invalid filter finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct QueryFilter {
    /// Only rows with this value; zero: any.
    pub user_data_128: u128,
    /// Only rows with this value; zero: any.
    pub user_data_64: u64,
    /// Only rows with this value; zero: any.
    pub user_data_32: u32,
    /// Only rows of this ledger; zero: any.
    pub ledger: LedgerId,
    /// Only rows with this code; zero: any.
    pub code: Code,
    /// Inclusive; zero: from the beginning.
    pub timestamp_min: Timestamp,
    /// Inclusive; zero: to the end.
    pub timestamp_max: Timestamp,
    /// The most rows to return. Not zero; more than [`BATCH_MAX`] is [`BATCH_MAX`].
    pub limit: u32,
    /// See [`QueryFilterFlags`].
    pub flags: QueryFilterFlags,
}

fn window_is_valid(min: Timestamp, max: Timestamp) -> bool {
    min <= Timestamp::LAST && max <= Timestamp::LAST && (max.is_zero() || min <= max)
}

fn in_window(min: Timestamp, max: Timestamp, timestamp: Timestamp) -> bool {
    timestamp >= min && (max.is_zero() || timestamp <= max)
}

fn matches<T: PartialEq + Default>(wanted: T, value: T) -> bool {
    wanted == T::default() || wanted == value
}

impl AccountFilter {
    /// Whether the filter can find anything at all.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let either = AccountFilterFlags::DEBITS | AccountFilterFlags::CREDITS;
        !self.account_id.is_zero()
            && !self.account_id.is_max()
            && window_is_valid(self.timestamp_min, self.timestamp_max)
            && self.limit != 0
            && self.flags.intersects(either)
            && !self.flags.has_padding()
    }

    /// The most rows to return.
    #[must_use]
    pub fn row_limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(BATCH_MAX).min(BATCH_MAX)
    }

    /// Whether the transfer is one of those asked for.
    #[must_use]
    pub fn accepts(&self, transfer: &crate::Transfer) -> bool {
        let debits =
            self.flags.contains(AccountFilterFlags::DEBITS) && transfer.debit_account_id == self.account_id;
        let credits =
            self.flags.contains(AccountFilterFlags::CREDITS) && transfer.credit_account_id == self.account_id;
        (debits || credits)
            && in_window(self.timestamp_min, self.timestamp_max, transfer.timestamp)
            && matches(self.user_data_128, transfer.user_data_128)
            && matches(self.user_data_64, transfer.user_data_64)
            && matches(self.user_data_32, transfer.user_data_32)
            && matches(self.code, transfer.code)
    }
}

impl QueryFilter {
    /// Whether the filter can find anything at all.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        window_is_valid(self.timestamp_min, self.timestamp_max)
            && self.limit != 0
            && !self.flags.has_padding()
    }

    /// The most rows to return.
    #[must_use]
    pub fn row_limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(BATCH_MAX).min(BATCH_MAX)
    }

    /// Whether the account is one of those asked for.
    #[must_use]
    pub fn accepts_account(&self, account: &crate::Account) -> bool {
        in_window(self.timestamp_min, self.timestamp_max, account.timestamp)
            && matches(self.user_data_128, account.user_data_128)
            && matches(self.user_data_64, account.user_data_64)
            && matches(self.user_data_32, account.user_data_32)
            && matches(self.ledger, account.ledger)
            && matches(self.code, account.code)
    }

    /// Whether the transfer is one of those asked for.
    #[must_use]
    pub fn accepts_transfer(&self, transfer: &crate::Transfer) -> bool {
        in_window(self.timestamp_min, self.timestamp_max, transfer.timestamp)
            && matches(self.user_data_128, transfer.user_data_128)
            && matches(self.user_data_64, transfer.user_data_64)
            && matches(self.user_data_32, transfer.user_data_32)
            && matches(self.ledger, transfer.ledger)
            && matches(self.code, transfer.code)
    }
}
