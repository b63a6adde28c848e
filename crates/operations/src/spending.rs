//! What stands between a holder and spending, besides the ledger: limits, rules of risk, proof that it is really them.
//!
//! Invariant: for a holder without limits of their own, while no rule is switched on, a check reads nothing but memory.

use money::Amount;
use records::operations::{OperationKind, PartyId};
use records::risk as risk_rows;
use risk::Outcome;
use wallet::ids::{ChallengeId, HolderId, OperationId, SessionId};

use crate::{OperationError, Operations, limits, risk_desk, step_up};

/// Where a request to spend comes from. It is no part of what is asked for: a repetition may come from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The login of whoever asks; a program with an API key has none.
    pub session: Option<SessionId>,
    /// The proof that it is really the payer, where one was asked for.
    pub step_up: Option<ChallengeId>,
}

/// Value that is about to leave a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The operation, so that a repetition is not counted twice.
    pub operation: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// Whose value it is.
    pub payer: HolderId,
    /// Who would get it.
    pub payee: PartyId,
    /// How much.
    pub amount: Amount,
    /// Where the request comes from.
    pub origin: Origin,
}

/// Whether this may be spent now, as far as the records know; the ledger decides afterwards.
///
/// # Errors
/// Which rule says no, or asks for more.
pub async fn check(operations: &Operations, spending: &Spending) -> Result<(), OperationError> {
    limits::check_single(operations, spending.payer, spending.amount).await?;
    let verdict = risk_desk::decide(operations, spending).await?;
    if verdict.outcome != Outcome::Allow {
        let row = verdict.row(spending, operations.now());
        operations.records().write_later(move |sql| risk_rows::insert_decision(sql, &row));
    }
    match verdict.outcome {
        Outcome::Allow => step_up::check(operations, spending).await,
        Outcome::StepUp if step_up::is_secured(operations, spending.payer).await? => {
            step_up::demand(operations, spending).await
        }
        Outcome::StepUp => Err(OperationError::NotSecured { most: 0 }),
        Outcome::Hold => {
            step_up::check(operations, spending).await?;
            Err(OperationError::HeldForReview)
        }
        Outcome::Decline => Err(OperationError::DeclinedByRule),
    }
}
