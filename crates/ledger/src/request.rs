//! Requests as values, for engines that serve many callers at once.

use crate::{
    Account, AccountBalance, AccountFilter, AccountId, CreateAccountResult, CreateTransferResult, Engine,
    EngineError, QueryFilter, Timestamp, Transfer, TransferId,
};

/// One call of [`Engine`] as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// See [`Engine::create_accounts`].
    CreateAccounts(Vec<Account>),
    /// See [`Engine::create_transfers`].
    CreateTransfers(Vec<Transfer>),
    /// See [`Engine::lookup_accounts`].
    LookupAccounts(Vec<AccountId>),
    /// See [`Engine::lookup_transfers`].
    LookupTransfers(Vec<TransferId>),
    /// See [`Engine::get_account_transfers`].
    GetAccountTransfers(AccountFilter),
    /// See [`Engine::get_account_balances`].
    GetAccountBalances(AccountFilter),
    /// See [`Engine::query_accounts`].
    QueryAccounts(QueryFilter),
    /// See [`Engine::query_transfers`].
    QueryTransfers(QueryFilter),
}

/// The answer to a [`Request`] of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To [`Request::CreateAccounts`].
    CreateAccounts(Vec<CreateAccountResult>),
    /// To [`Request::CreateTransfers`].
    CreateTransfers(Vec<CreateTransferResult>),
    /// To [`Request::LookupAccounts`] and [`Request::QueryAccounts`].
    Accounts(Vec<Account>),
    /// To [`Request::LookupTransfers`], [`Request::GetAccountTransfers`] and [`Request::QueryTransfers`].
    Transfers(Vec<Transfer>),
    /// To [`Request::GetAccountBalances`].
    Balances(Vec<AccountBalance>),
}

/// What to do with the answer. Called exactly once, from any thread, and must not block.
pub type Reply = Box<dyn FnOnce(Result<Response, EngineError>) + Send>;

/// A ledger that serves many callers at once, each request in one place of one total order.
/// A reply comes only after what the request did, and everything it could see, is durable.
pub trait Submit: Send + Sync {
    /// Queues a request.
    fn submit(&self, request: Request, reply: Reply);
}

impl Request {
    /// Performs the request on an engine.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn perform(&self, engine: &mut dyn Engine, now: Timestamp) -> Result<Response, EngineError> {
        Ok(match self {
            Self::CreateAccounts(accounts) => {
                Response::CreateAccounts(engine.create_accounts(now, accounts)?)
            }
            Self::CreateTransfers(transfers) => {
                Response::CreateTransfers(engine.create_transfers(now, transfers)?)
            }
            Self::LookupAccounts(ids) => Response::Accounts(engine.lookup_accounts(ids)?),
            Self::LookupTransfers(ids) => Response::Transfers(engine.lookup_transfers(ids)?),
            Self::GetAccountTransfers(filter) => Response::Transfers(engine.get_account_transfers(filter)?),
            Self::GetAccountBalances(filter) => Response::Balances(engine.get_account_balances(filter)?),
            Self::QueryAccounts(filter) => Response::Accounts(engine.query_accounts(filter)?),
            Self::QueryTransfers(filter) => Response::Transfers(engine.query_transfers(filter)?),
        })
    }
}
