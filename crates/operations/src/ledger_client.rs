//! Calls of the ledger as futures.

use std::sync::Arc;

use ledger::{
    Account, AccountFilter, AccountId, BATCH_MAX, CreateTransferResult, CreateTransferStatus, EngineError,
    QueryFilter, Request, Response, Submit, Transfer, TransferId,
};
use tokio::sync::oneshot;

use crate::error::{OperationError, Port};

/// The ledger, one awaited request at a time.
#[derive(Clone)]
pub(crate) struct LedgerClient {
    ledger: Arc<dyn Submit>,
}

impl LedgerClient {
    pub(crate) fn new(ledger: Arc<dyn Submit>) -> Self {
        Self { ledger }
    }

    async fn call(&self, request: Request) -> Result<Response, OperationError> {
        let (reply, answer) = oneshot::channel();
        // The caller may have gone: what the ledger did stays done.
        self.ledger.submit(request, Box::new(move |response| drop(reply.send(response))));
        answered(answer.await)
    }

    /// Creates the accounts that do not exist yet.
    pub(crate) async fn open_accounts(&self, accounts: Vec<Account>) -> Result<(), OperationError> {
        match self.call(Request::CreateAccounts(accounts)).await? {
            Response::CreateAccounts(results) if results.iter().all(|result| result.status.is_done()) => {
                Ok(())
            }
            _ => Err(OperationError::Inconsistent("ledger account exists with other properties")),
        }
    }

    pub(crate) async fn create_transfer(
        &self,
        transfer: Transfer,
    ) -> Result<CreateTransferStatus, OperationError> {
        self.decide(transfer).await.map(|decision| decision.status)
    }

    /// Creates one transfer, and tells when it was created, now or earlier.
    pub(crate) async fn decide(&self, transfer: Transfer) -> Result<CreateTransferResult, OperationError> {
        let decisions = self.create_all(vec![transfer]).await?;
        decisions.first().copied().ok_or(MISFIT)
    }

    pub(crate) async fn create_transfers(
        &self,
        transfers: Vec<Transfer>,
    ) -> Result<Vec<CreateTransferStatus>, OperationError> {
        Ok(self.create_all(transfers).await?.into_iter().map(|result| result.status).collect())
    }

    /// Creates the transfers of each batch, all batches in their order: the ledger has the next before it answers the last.
    pub(crate) async fn create_in_order(
        &self,
        batches: Vec<Vec<Transfer>>,
    ) -> Result<Vec<Vec<CreateTransferStatus>>, OperationError> {
        let mut waiting = Vec::with_capacity(batches.len());
        for batch in batches {
            let (reply, answer) = oneshot::channel();
            let count = batch.len();
            let request = Request::CreateTransfers(batch);
            self.ledger.submit(request, Box::new(move |response| drop(reply.send(response))));
            waiting.push((count, answer));
        }
        let mut all = Vec::with_capacity(waiting.len());
        for (count, answer) in waiting {
            match answered(answer.await)? {
                Response::CreateTransfers(results) if results.len() == count => {
                    all.push(results.into_iter().map(|result| result.status).collect());
                }
                _ => return Err(MISFIT),
            }
        }
        Ok(all)
    }

    async fn create_all(
        &self,
        transfers: Vec<Transfer>,
    ) -> Result<Vec<CreateTransferResult>, OperationError> {
        let count = transfers.len();
        match self.call(Request::CreateTransfers(transfers)).await? {
            Response::CreateTransfers(results) if results.len() == count => Ok(results),
            _ => Err(MISFIT),
        }
    }

    pub(crate) async fn lookup_transfers(
        &self,
        ids: Vec<TransferId>,
    ) -> Result<Vec<Transfer>, OperationError> {
        match self.call(Request::LookupTransfers(ids)).await? {
            Response::Transfers(transfers) => Ok(transfers),
            _ => Err(MISFIT),
        }
    }

    /// Any number of accounts, each once.
    pub(crate) async fn lookup_accounts(
        &self,
        mut ids: Vec<AccountId>,
    ) -> Result<Vec<Account>, OperationError> {
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::with_capacity(ids.len());
        for page in ids.chunks(BATCH_MAX) {
            match self.call(Request::LookupAccounts(page.to_vec())).await? {
                Response::Accounts(accounts) => found.extend(accounts),
                _ => return Err(MISFIT),
            }
        }
        Ok(found)
    }

    pub(crate) async fn account_transfers(
        &self,
        filter: AccountFilter,
    ) -> Result<Vec<Transfer>, OperationError> {
        match self.call(Request::GetAccountTransfers(filter)).await? {
            Response::Transfers(transfers) => Ok(transfers),
            _ => Err(MISFIT),
        }
    }

    pub(crate) async fn query_transfers(&self, filter: QueryFilter) -> Result<Vec<Transfer>, OperationError> {
        match self.call(Request::QueryTransfers(filter)).await? {
            Response::Transfers(transfers) => Ok(transfers),
            _ => Err(MISFIT),
        }
    }

    pub(crate) async fn query_accounts(&self, filter: QueryFilter) -> Result<Vec<Account>, OperationError> {
        match self.call(Request::QueryAccounts(filter)).await? {
            Response::Accounts(accounts) => Ok(accounts),
            _ => Err(MISFIT),
        }
    }
}

fn answered(
    answer: Result<Result<Response, EngineError>, oneshot::error::RecvError>,
) -> Result<Response, OperationError> {
    match answer {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(EngineError::Unavailable(_) | EngineError::Stopped(_))) | Err(_) => {
            Err(OperationError::Unavailable(Port::Ledger))
        }
        Ok(Err(EngineError::BatchTooLarge)) => Err(OperationError::Inconsistent("ledger batch too large")),
    }
}

const MISFIT: OperationError = OperationError::Inconsistent("ledger answered another question");
