//! Operations that one transfer decides: transfers and payments.

use std::sync::{Arc, Mutex, PoisonError};

use ledger::{CreateTransferStatus as Status, Timestamp, Transfer};
use records::operations::{NewOperation, Operation, OperationState, fill_memo};
use wallet::postings;

use crate::intent::{self, conclude, record};
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

/// Carries out the operation: the ledger decides, then the records describe. Nothing of it is open in between: until it
/// is recorded, the ledger has all that is needed to record it. That is why the caller of a new operation without a memo
/// hears of it as soon as the ledger has made it durable: its record follows, and a crash before it loses nothing that
/// [`rebuild`] does not bring back. A memo is known to the records alone, so such an operation waits for its record.
pub(crate) async fn run(
    operations: &Operations,
    new: NewOperation,
    posting: Transfer,
) -> Result<Receipt, OperationError> {
    let id = new.id;
    let mut unrecorded = Unrecorded::new(operations, new);
    let decision = operations.ledger().decide(posting).await?;
    let verdict = verdict(decision.status)?;
    if matches!(verdict, Verdict::Created | Verdict::Existed) {
        unrecorded.decided_at(decision.timestamp);
    }
    match verdict {
        Verdict::Created if unrecorded.is_all_in_the_ledger() => unrecorded.record_later(),
        Verdict::Created | Verdict::Existed => {
            Box::pin(unrecorded.record(OperationState::Completed, None)).await
        }
        Verdict::Refused(reason) => Box::pin(unrecorded.record(OperationState::Declined, Some(reason))).await,
        Verdict::Another => {
            unrecorded.forget();
            Box::pin(rebuild::correct(operations, id)).await?;
            Err(OperationError::KeyReused)
        }
    }
}

const RECORDED_TWICE: OperationError = OperationError::Inconsistent("operation was recorded twice");

/// An operation between its decision and its record. Where the record is not written, because the caller has gone or the
/// records could not be reached, it is kept for [`record_left_over`].
struct Unrecorded<'a> {
    operations: &'a Operations,
    new: Option<NewOperation>,
}

impl<'a> Unrecorded<'a> {
    const fn new(operations: &'a Operations, new: NewOperation) -> Self {
        Self { operations, new: Some(new) }
    }

    fn forget(mut self) {
        self.new = None;
    }

    /// The record tells the time of the ledger, as it does where it is rebuilt from there.
    const fn decided_at(&mut self, timestamp: Timestamp) {
        if let Some(new) = &mut self.new {
            new.created_at = timestamp;
        }
    }

    fn is_all_in_the_ledger(&self) -> bool {
        self.new.as_ref().is_some_and(|new| new.memo.is_empty())
    }

    /// Hands the completed operation to the records without waiting for them.
    fn record_later(mut self) -> Result<Receipt, OperationError> {
        let new = self.new.take().ok_or(RECORDED_TWICE)?;
        let receipt = Facts::from(&new).receipt(OperationState::Completed, None);
        let (kept, left_over) = (new.clone(), Arc::clone(&self.operations.inner.left_over));
        self.operations.records().write_later_or(
            move |sql| intent::insert_decided(sql, &new, OperationState::Completed, None).map(drop),
            move |_why| left_over.push(kept),
        );
        Ok(receipt)
    }

    async fn record(
        mut self,
        state: OperationState,
        reason: Option<Reason>,
    ) -> Result<Receipt, OperationError> {
        let new = self.new.clone().ok_or(RECORDED_TWICE)?;
        let recorded = record(self.operations, new, state, reason).await;
        if !matches!(recorded, Err(OperationError::Unavailable(_))) {
            self.new = None;
        }
        recorded
    }
}

impl Drop for Unrecorded<'_> {
    fn drop(&mut self) {
        if let Some(new) = self.new.take() {
            self.operations.inner.left_over.push(new);
        }
    }
}

/// Operations whose record is still to be written.
#[derive(Default)]
pub(crate) struct LeftOver(Mutex<Vec<NewOperation>>);

impl LeftOver {
    fn push(&self, new: NewOperation) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(new);
    }

    /// Takes those that were asked for before `idle_since`: the callers of the others may be about to ask again.
    fn take(&self, idle_since: Timestamp) -> Vec<NewOperation> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extract_if(.., |new| new.created_at < idle_since).collect()
    }
}

/// Records what callers that have gone left unrecorded: as the ledger decided it, or refused for ever where it has not
/// decided. Says how many there were.
///
/// # Errors
/// What could not be reached; the rest is kept for the next time.
pub(crate) async fn record_left_over(
    operations: &Operations,
    idle_since: Timestamp,
) -> Result<u64, OperationError> {
    let left_over = operations.inner.left_over.take(idle_since);
    let kept: Vec<Unrecorded<'_>> =
        left_over.into_iter().map(|new| Unrecorded::new(operations, new)).collect();
    let mut recorded = 0;
    for unrecorded in kept {
        let Some(new) = unrecorded.new.clone() else { continue };
        match give_up(operations, Facts::from(&new)).await? {
            // The id may have been decided for another body: the record is the ledger's, the memo only where it fits.
            GivenUp::TooLate => {
                rebuild::correct(operations, new.id).await?;
                operations.records().write(move |sql| fill_memo(sql, &new)).await?;
                unrecorded.forget();
            }
            GivenUp::Now(reason) => match unrecorded.record(OperationState::Declined, Some(reason)).await {
                Ok(_) | Err(OperationError::KeyReused) => {}
                Err(error) => return Err(error),
            },
        }
        recorded += 1;
    }
    Ok(recorded)
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
