//! What the records hold of an operation: its intent and its outcome, or both at once where one transfer decides.

use records::operations::{self, Inserted, NewOperation, Operation, OperationState};
use records::{RecordsError, Sql};
use wallet::ids::OperationId;

use crate::receipt::Facts;
use crate::{OperationError, Operations, Reason, Receipt, start_up_check};

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

/// What to answer to a request that breaks `rule` now. Where the same request was accepted earlier it gets the answer of
/// then: a payment that went through is not denied because the shop has closed since.
///
/// # Errors
/// `rule` where the request is new, or what could not be reached.
pub(crate) async fn refuse(
    operations: &Operations,
    id: OperationId,
    fingerprint: u128,
    rule: OperationError,
) -> Result<Receipt, OperationError> {
    let Some(row) = operations.records().read(move |sql| operations::get(sql, id)).await? else {
        return Err(rule);
    };
    if row.fingerprint != fingerprint {
        return Err(OperationError::KeyReused);
    }
    if !row.state.is_open() {
        return Ok(Receipt::from(&row));
    }
    start_up_check::resume(operations, &row).await?.ok_or(OperationError::KeyInProgress)
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

/// Records an operation that the ledger has decided, or finds what was recorded of it before.
///
/// # Errors
/// [`OperationError::KeyReused`] where the id stands for another request.
pub(crate) async fn record(
    operations: &Operations,
    new: NewOperation,
    state: OperationState,
    reason: Option<Reason>,
) -> Result<Receipt, OperationError> {
    let facts = Facts::from(&new);
    let fingerprint = new.fingerprint;
    let code = reason.map(Reason::code);
    let existing = operations.records().write(move |sql| insert_decided(sql, &new, state, code));
    match existing.await? {
        None => Ok(facts.receipt(state, reason)),
        Some(row) if row.fingerprint != fingerprint => Err(OperationError::KeyReused),
        Some(row) => Ok(Receipt::from(&row)),
    }
}

/// Inserts a decided operation, or answers the row that stands under its id. Where that one is of the same request, it is
/// given what it lacks: its outcome, and its memo.
pub(crate) fn insert_decided(
    sql: &mut dyn Sql,
    new: &NewOperation,
    state: OperationState,
    reason: Option<&str>,
) -> Result<Option<Operation>, RecordsError> {
    if operations::insert_in_state(sql, new, state, reason)? {
        return Ok(None);
    }
    operations::fill_memo(sql, new)?;
    let row = operations::get(sql, new.id)?;
    if row.as_ref().is_some_and(|row| row.fingerprint == new.fingerprint && row.state.is_open()) {
        operations::finish(sql, new.id, state, reason, new.created_at)?;
        return operations::get(sql, new.id);
    }
    Ok(row)
}
