//! What a caller learns about an operation.

use ledger::Timestamp;
use money::Amount;
use records::operations::{NewOperation, Operation, OperationKind, OperationState};
use wallet::ids::OperationId;

use crate::Reason;

/// The answer to a started or resumed operation: the same for every repetition of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The operation.
    pub id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// How it ended. [`OperationState::Unknown`]: the bank has not answered yet, the amount is held.
    pub state: OperationState,
    /// Why it did not happen, where it did not.
    pub reason: Option<Reason>,
    /// How much.
    pub amount: Amount,
    /// When it was first asked for.
    pub created_at: Timestamp,
}

/// What of an operation never changes and stands on its receipt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) id: OperationId,
    pub(crate) kind: OperationKind,
    pub(crate) amount: Amount,
    pub(crate) created_at: Timestamp,
}

impl From<&NewOperation> for Facts {
    fn from(new: &NewOperation) -> Self {
        Self { id: new.id, kind: new.kind, amount: new.amount, created_at: new.created_at }
    }
}

impl From<&Operation> for Facts {
    fn from(row: &Operation) -> Self {
        Self { id: row.id, kind: row.kind, amount: row.amount, created_at: row.created_at }
    }
}

impl Facts {
    pub(crate) const fn receipt(self, state: OperationState, reason: Option<Reason>) -> Receipt {
        Receipt {
            id: self.id,
            kind: self.kind,
            state,
            reason,
            amount: self.amount,
            created_at: self.created_at,
        }
    }
}

impl From<&Operation> for Receipt {
    fn from(row: &Operation) -> Self {
        let reason = row.reason.as_deref().and_then(Reason::from_code);
        Facts::from(row).receipt(row.state, reason)
    }
}
