//! The first and the last step of every operation: its intent and its outcome in the records.

use records::operations::{self, Inserted, NewOperation, OperationState};

use crate::receipt::Facts;
use crate::{OperationError, Operations, Reason, Receipt};

/// Where a request finds its operation.
pub(crate) enum Begun {
    /// Recorded now, or recorded before and still open: the next steps are to be done, or done again.
    Open(Facts),
    /// It has ended: this is the answer.
    Ended(Receipt),
}

/// Records the intent, or finds what was recorded under the same id.
///
/// # Errors
/// [`OperationError::KeyReused`] where the id stands for another request.
pub(crate) async fn begin(operations: &Operations, new: NewOperation) -> Result<Begun, OperationError> {
    let facts = Facts::from(&new);
    let fingerprint = new.fingerprint;
    match operations.records().write(move |sql| operations::insert(sql, &new)).await? {
        Inserted::New => Ok(Begun::Open(facts)),
        Inserted::Existing(row) if row.fingerprint != fingerprint => Err(OperationError::KeyReused),
        Inserted::Existing(row) if row.state.is_open() => Ok(Begun::Open(Facts::from(row.as_ref()))),
        Inserted::Existing(row) => Ok(Begun::Ended(Receipt::from(row.as_ref()))),
    }
}

/// Notes the outcome without waiting: until it is durable, the ledger knows it.
pub(crate) fn conclude(
    operations: &Operations,
    facts: Facts,
    state: OperationState,
    reason: Option<Reason>,
) -> Receipt {
    let now = operations.now();
    operations.records().write_later(move |sql| {
        operations::finish(sql, facts.id, state, reason.map(Reason::code), now).map(drop)
    });
    facts.receipt(state, reason)
}
