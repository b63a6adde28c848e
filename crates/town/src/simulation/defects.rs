//! Systems with something wrong, to show that the checks can fail. No correct run uses any of this.

use ledger::{
    Account, AccountBalance, AccountFilter, AccountId, CreateAccountResult, CreateTransferResult,
    CreateTransferStatus, Engine, EngineError, QueryFilter, Timestamp, Transfer, TransferFlags, TransferId,
};
use ledger_embedded::storage::SyncSite;

/// Something wrong with the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// A sync is missing from the engine.
    MissingSync(SyncSite),
    /// A repeated payment is posted again instead of being recognised.
    PostsRetriesTwice,
    /// A reservation is never released: voids are acknowledged and forgotten.
    ForgetsVoids,
    /// Money that the bank gave is never posted, though acknowledged.
    ForgetsPosts,
    /// Limits are ignored: what exceeds a balance is accepted all the same, from nowhere.
    IgnoresLimits,
}

impl Defect {
    /// The engine with this defect.
    #[must_use]
    pub fn wrap(self, engine: Box<dyn Engine + Send>) -> Box<dyn Engine + Send> {
        match self {
            Self::MissingSync(_) => engine,
            _ => Box::new(DefectiveEngine { engine, defect: self, posted_again: 0 }),
        }
    }
}

struct DefectiveEngine {
    engine: Box<dyn Engine + Send>,
    defect: Defect,
    posted_again: u128,
}

impl DefectiveEngine {
    fn forgets(&self, transfer: &Transfer) -> bool {
        let flag = match self.defect {
            Defect::ForgetsVoids => TransferFlags::VOID_PENDING_TRANSFER,
            Defect::ForgetsPosts => TransferFlags::POST_PENDING_TRANSFER,
            _ => return false,
        };
        transfer.flags.contains(flag)
    }

    /// The engine's answer to a batch of one, made wrong.
    fn one(&mut self, now: Timestamp, transfer: &Transfer) -> Result<Vec<CreateTransferResult>, EngineError> {
        if self.forgets(transfer) {
            return Ok(vec![CreateTransferResult { status: CreateTransferStatus::Created, timestamp: now }]);
        }
        let results = self.engine.create_transfers(now, std::slice::from_ref(transfer))?;
        let status = results.first().map(|result| result.status);
        let is_plain = transfer.flags == TransferFlags::default();
        match (self.defect, status) {
            (Defect::PostsRetriesTwice, Some(CreateTransferStatus::Exists)) if is_plain => {
                self.posted_again += 1;
                let again = Transfer { id: TransferId(transfer.id.0 ^ self.posted_again), ..*transfer };
                self.engine.create_transfers(now, &[again])
            }
            (Defect::IgnoresLimits, Some(CreateTransferStatus::ExceedsCredits)) => {
                Ok(vec![CreateTransferResult { status: CreateTransferStatus::Created, timestamp: now }])
            }
            _ => Ok(results),
        }
    }
}

impl Engine for DefectiveEngine {
    fn create_accounts(
        &mut self,
        now: Timestamp,
        accounts: &[Account],
    ) -> Result<Vec<CreateAccountResult>, EngineError> {
        self.engine.create_accounts(now, accounts)
    }

    fn create_transfers(
        &mut self,
        now: Timestamp,
        transfers: &[Transfer],
    ) -> Result<Vec<CreateTransferResult>, EngineError> {
        match transfers {
            [transfer] => self.one(now, transfer),
            _ => self.engine.create_transfers(now, transfers),
        }
    }

    fn lookup_accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, EngineError> {
        self.engine.lookup_accounts(ids)
    }

    fn lookup_transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, EngineError> {
        self.engine.lookup_transfers(ids)
    }

    fn get_account_transfers(&mut self, filter: &AccountFilter) -> Result<Vec<Transfer>, EngineError> {
        self.engine.get_account_transfers(filter)
    }

    fn get_account_balances(&mut self, filter: &AccountFilter) -> Result<Vec<AccountBalance>, EngineError> {
        self.engine.get_account_balances(filter)
    }

    fn query_accounts(&mut self, filter: &QueryFilter) -> Result<Vec<Account>, EngineError> {
        self.engine.query_accounts(filter)
    }

    fn query_transfers(&mut self, filter: &QueryFilter) -> Result<Vec<Transfer>, EngineError> {
        self.engine.query_transfers(filter)
    }

    fn advance(&mut self, now: Timestamp) -> Result<(), EngineError> {
        self.engine.advance(now)
    }
}
