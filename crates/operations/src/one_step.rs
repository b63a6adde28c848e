//! Operations that one transfer decides: transfers and payments.

use ledger::{CreateTransferStatus as Status, Transfer};
use records::operations::{NewOperation, Operation, OperationState};
use wallet::postings;

use crate::intent::{Begun, begin, conclude};
use crate::receipt::Facts;
use crate::{OperationError, Operations, Reason, Receipt, rebuild};

/// What the ledger's answer to the deciding transfer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is there now, and was not before.
    Created,
    /// It was there before.
    Existed,
    /// Another one is there under this id.
    Another,
    /// It is not there and never will be.
    Refused(Reason),
}

/// Reads the ledger's answer to a transfer that decides an operation.
///
/// # Errors
/// [`OperationError::Inconsistent`] for answers that no correct posting gets.
pub(crate) fn verdict(status: Status) -> Result<Verdict, OperationError> {
    Ok(match status {
        Status::Created => Verdict::Created,
        Status::Exists => Verdict::Existed,
        Status::ExceedsCredits => Verdict::Refused(Reason::InsufficientFunds),
        Status::ExceedsDebits => Verdict::Refused(Reason::BankFloatShort),
        Status::DebitAccountNotFound | Status::CreditAccountNotFound => {
            Verdict::Refused(Reason::AccountMissing)
        }
        Status::DebitAccountAlreadyClosed | Status::CreditAccountAlreadyClosed => {
            Verdict::Refused(Reason::AccountClosed)
        }
        Status::IdAlreadyFailed => Verdict::Refused(Reason::RefusedEarlier),
        other if is_another(other) => Verdict::Another,
        _ => return Err(OperationError::Inconsistent("ledger refused a posting")),
    })
}

/// Whether a transfer with other contents has the id.
pub(crate) const fn is_another(status: Status) -> bool {
    matches!(
        status,
        Status::ExistsWithDifferentFlags
            | Status::ExistsWithDifferentPendingId
            | Status::ExistsWithDifferentTimeout
            | Status::ExistsWithDifferentDebitAccountId
            | Status::ExistsWithDifferentCreditAccountId
            | Status::ExistsWithDifferentAmount
            | Status::ExistsWithDifferentUserData128
            | Status::ExistsWithDifferentUserData64
            | Status::ExistsWithDifferentUserData32
            | Status::ExistsWithDifferentLedger
            | Status::ExistsWithDifferentCode
    )
}

/// Carries out the operation: intent, decision, outcome.
pub(crate) async fn run(
    operations: &Operations,
    new: NewOperation,
    posting: Transfer,
) -> Result<Receipt, OperationError> {
    let facts = match begin(operations, new).await? {
        Begun::Ended(receipt) => return Ok(receipt),
        Begun::Open(facts) => facts,
    };
    let status = operations.ledger().create_transfer(posting).await?;
    match verdict(status)? {
        Verdict::Created | Verdict::Existed => {
            Ok(conclude(operations, facts, OperationState::Completed, None))
        }
        Verdict::Refused(reason) => Ok(conclude(operations, facts, OperationState::Declined, Some(reason))),
        Verdict::Another => {
            rebuild::correct(operations, facts.id).await?;
            Err(OperationError::KeyReused)
        }
    }
}

/// What [`give_up`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// Nothing had been decided; now it never will be.
    Now(Reason),
    /// The deciding transfer is in the ledger.
    TooLate,
}

/// Makes the ledger refuse the operation for ever, unless it has decided it already.
pub(crate) async fn give_up(operations: &Operations, facts: Facts) -> Result<GivenUp, OperationError> {
    let given_up = postings::given_up(facts.id, facts.amount.currency());
    match operations.ledger().create_transfer(given_up).await? {
        Status::DebitAccountNotFound => Ok(GivenUp::Now(Reason::Interrupted)),
        Status::IdAlreadyFailed => Ok(GivenUp::Now(Reason::RefusedEarlier)),
        status if is_another(status) => Ok(GivenUp::TooLate),
        _ => Err(OperationError::Inconsistent("ledger created a transfer from nobody")),
    }
}

/// Ends an interrupted operation: completed where the ledger has its transfer, else declined.
pub(crate) async fn resume(operations: &Operations, row: &Operation) -> Result<Receipt, OperationError> {
    let facts = Facts::from(row);
    Ok(match give_up(operations, facts).await? {
        GivenUp::TooLate => conclude(operations, facts, OperationState::Completed, None),
        GivenUp::Now(reason) => conclude(operations, facts, OperationState::Declined, Some(reason)),
    })
}
