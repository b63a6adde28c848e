//! What every ledger engine offers: batches in, results out.

use crate::{
    Account, AccountBalance, AccountFilter, AccountId, CreateAccountResult, CreateTransferResult,
    QueryFilter, Timestamp, Transfer, TransferId,
};

/// Why an engine did not answer. The answers themselves, refusals included, are never errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// More than [`BATCH_MAX`](crate::BATCH_MAX) events in one batch. Nothing happened.
    BatchTooLarge,
    /// The engine cannot be reached now. Whether the batch happened is unknown: send it again, ids unchanged.
    Unavailable(String),
    /// Storage failed or is damaged. The engine has stopped and acknowledges nothing more.
    Stopped(String),
}

impl core::fmt::Display for EngineError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::BatchTooLarge => write!(f, "batch has more than {} events", crate::BATCH_MAX),
            Self::Unavailable(why) => write!(f, "ledger is unavailable: {why}"),
            Self::Stopped(why) => write!(f, "ledger has stopped: {why}"),
        }
    }
}

impl core::error::Error for EngineError {}

/// A ledger engine, one caller at a time. When a call returns, what it did is durable, and what it read was.
///
/// `now` is the caller's clock. The engine's time never goes back: an older `now` counts as the engine's own time.
pub trait Engine {
    /// Creates accounts in order; the answer has one result for each.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn create_accounts(
        &mut self,
        now: Timestamp,
        accounts: &[Account],
    ) -> Result<Vec<CreateAccountResult>, EngineError>;

    /// Creates transfers in order; the answer has one result for each.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn create_transfers(
        &mut self,
        now: Timestamp,
        transfers: &[Transfer],
    ) -> Result<Vec<CreateTransferResult>, EngineError>;

    /// The accounts that exist, in the order asked for, others left out.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn lookup_accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, EngineError>;

    /// The transfers that exist, in the order asked for, others left out.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn lookup_transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, EngineError>;

    /// The transfers of one account, in order of time.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn get_account_transfers(&mut self, filter: &AccountFilter) -> Result<Vec<Transfer>, EngineError>;

    /// The balances of one account with [`AccountFlags::HISTORY`](crate::AccountFlags::HISTORY) after each of its
    /// transfers, in order of time.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn get_account_balances(&mut self, filter: &AccountFilter) -> Result<Vec<AccountBalance>, EngineError>;

    /// Accounts by their fields, in order of time.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn query_accounts(&mut self, filter: &QueryFilter) -> Result<Vec<Account>, EngineError>;

    /// Transfers by their fields, in order of time.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn query_transfers(&mut self, filter: &QueryFilter) -> Result<Vec<Transfer>, EngineError>;

    /// Lets time pass: expires what is due at `now`. Every batch does this first by itself.
    ///
    /// # Errors
    /// See [`EngineError`].
    fn advance(&mut self, now: Timestamp) -> Result<(), EngineError>;
}
