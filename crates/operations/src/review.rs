//! Review: a payment or transfer that a rule holds back is reserved in the ledger, and a person decides.
//!
//! Invariants:
//! * held value is a pending transfer under the operation's own id: it can be spent neither twice nor elsewhere;
//! * of all decisions about one operation the ledger carries out one: posting and voiding exclude each other;
//! * what nobody decides ends by the ledger's own timeout, and the value is back;
//! * what is held counts in its payer's day from the moment that it is held, and no more when it comes to nothing.

use ledger::{CreateTransferStatus as Status, NANOSECONDS_PER_SECOND, Timestamp, Transfer, TransferFlags};
use records::operations::{self, NewOperation, OperationState};
use records::risk::{self as rows, DecisionRow, Review, ReviewState};
use wallet::ids::{OperationId, PrincipalId};
use wallet::postings;

use crate::audit_log::{self, Actor};
use crate::one_step::Verdict;
use crate::receipt::Facts;
use crate::{OperationError, Operations, Party, Reason, Receipt, intent, limits, memo, rebuild};

/// How long a held operation waits for a person.
const WAITS_SECONDS: u32 = 3 * 86_400;
/// Waiting reviews that are looked at in one go.
const WAITING_MAX: u32 = 1_000;

/// What a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It goes through.
    Release,
    /// It does not.
    Decline,
}

/// An operation in the queue with what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The operation.
    pub operation: operations::Operation,
    /// Its review.
    pub review: Review,
    /// What the rules decided. `None` where that was lost with the records.
    pub decision: Option<DecisionRow>,
}

fn deadline(created_at: Timestamp) -> Timestamp {
    created_at.checked_add_seconds(WAITS_SECONDS).unwrap_or(Timestamp::LAST)
}

fn waiting(operation: OperationId, created_at: Timestamp) -> Review {
    Review {
        operation,
        state: ReviewState::Waiting,
        decided_by: None,
        reason: String::new(),
        created_at,
        deadline: deadline(created_at),
        decided_at: None,
    }
}

/// Reserves the value of an operation and puts it into the queue. `posting` is what would have moved it.
pub(crate) async fn hold(
    operations: &Operations,
    new: NewOperation,
    posting: Transfer,
) -> Result<Receipt, OperationError> {
    let (id, fingerprint) = (new.id, new.fingerprint);
    let payer = new.payer.ok_or(OperationError::Inconsistent("spending without a payer"))?.holder();
    let held = Transfer { flags: posting.flags | TransferFlags::PENDING, timeout: WAITS_SECONDS, ..posting };
    match limits::reserve(operations, Some(payer), (id, new.amount), held).await? {
        Verdict::Created | Verdict::Existed => record_held(operations, new).await,
        Verdict::Refused(reason) => {
            intent::record(operations, new, OperationState::Declined, Some(reason)).await
        }
        Verdict::Another => {
            rebuild::correct(operations, id).await?;
            repeated(operations, id, fingerprint).await
        }
    }
}

async fn record_held(operations: &Operations, new: NewOperation) -> Result<Receipt, OperationError> {
    let receipt = Facts::from(&new).receipt(OperationState::Held, None);
    let review = waiting(new.id, new.created_at);
    let fingerprint = new.fingerprint;
    let existing = operations.records().write(move |sql| {
        if operations::insert_in_state(sql, &new, OperationState::Held, None)? {
            rows::insert_review(sql, &review)?;
            return Ok(None);
        }
        operations::get(sql, new.id)
    });
    match existing.await? {
        None => Ok(receipt),
        Some(row) if row.fingerprint != fingerprint => Err(OperationError::KeyReused),
        Some(row) => Ok(Receipt::from(&row)),
    }
}

/// The answer to the repetition of a request that was held, or not, by the rules of then.
///
/// # Errors
/// [`OperationError::KeyReused`] where the id stands for another request.
pub(crate) async fn repeated(
    operations: &Operations,
    id: OperationId,
    fingerprint: u128,
) -> Result<Receipt, OperationError> {
    match operations.records().read(move |sql| operations::get(sql, id)).await? {
        Some(row) if row.fingerprint == fingerprint => Ok(Receipt::from(&row)),
        _ => Err(OperationError::KeyReused),
    }
}

/// Decides about a held operation.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::DecidedBefore`], or what could not be reached.
pub async fn decide(
    operations: &Operations,
    who: PrincipalId,
    id: OperationId,
    choice: Choice,
    reason: &str,
) -> Result<(), OperationError> {
    memo::check_name("reason", reason, 140)?;
    let found = operations.records().read(move |sql| rows::review(sql, id)).await?;
    let review = found.ok_or(OperationError::NotFound(Party::Operation))?;
    if review.state != ReviewState::Waiting {
        return Err(OperationError::DecidedBefore);
    }
    let posting = match choice {
        Choice::Release => postings::settled(id),
        Choice::Decline => postings::released(id),
    };
    match operations.ledger().create_transfer(posting).await? {
        Status::Created => {}
        Status::Exists
        | Status::PendingTransferAlreadyPosted
        | Status::PendingTransferAlreadyVoided
        | Status::PendingTransferExpired
        | Status::IdAlreadyFailed => {
            recover_one(operations, &review).await?;
            return Err(OperationError::DecidedBefore);
        }
        _ => return Err(OperationError::Inconsistent("ledger refused to end a review")),
    }
    let ended = match choice {
        Choice::Release => ReviewState::Released,
        Choice::Decline => ReviewState::Declined,
    };
    let by = Review { state: ended, decided_by: Some(who), reason: reason.to_owned(), ..review };
    end(operations, by).await?;
    let action = match choice {
        Choice::Release => "review.released",
        Choice::Decline => "review.declined",
    };
    audit_log::note(operations, who, action, &id.to_string(), &[("reason", reason.to_owned())]).await
}

async fn end(operations: &Operations, review: Review) -> Result<bool, OperationError> {
    let now = operations.now();
    let (state, reason) = match review.state {
        ReviewState::Released => (OperationState::Completed, None),
        ReviewState::Declined => (OperationState::Declined, Some(Reason::DeclinedAfterReview)),
        ReviewState::Expired => (OperationState::Declined, Some(Reason::ReviewExpired)),
        ReviewState::Waiting => return Ok(false),
    };
    if state == OperationState::Declined {
        // Before the records say that it ended: after a crash in between, it ends again.
        give_back(operations, review.operation).await?;
    }
    let code = reason.map(Reason::code);
    Ok(operations.records().write(move |sql| rows::end_review(sql, &review, state, code, now)).await?)
}

async fn give_back(operations: &Operations, id: OperationId) -> Result<(), OperationError> {
    match operations.records().read(move |sql| operations::get(sql, id)).await? {
        Some(held) => limits::give_back(operations, (id, held.amount)).await,
        None => Ok(()),
    }
}

/// Describes again what the ledger has decided about a review that the records still call waiting. Says whether it had.
async fn recover_one(operations: &Operations, review: &Review) -> Result<bool, OperationError> {
    let (settled, released) =
        (postings::settled_id(review.operation), postings::released_id(review.operation));
    let found = operations.ledger().lookup_transfers(vec![settled, released]).await?;
    let state = if found.iter().any(|transfer| transfer.id == settled) {
        ReviewState::Released
    } else if found.iter().any(|transfer| transfer.id == released) {
        ReviewState::Declined
    } else {
        return Ok(false);
    };
    end(operations, Review { state, ..review.clone() }).await
}

/// Brings the queue in line with the ledger: held operations that the records lost, decisions that were not recorded,
/// and what nobody decided in time. Says how many ended.
///
/// # Errors
/// What could not be reached.
pub async fn recover(operations: &Operations) -> Result<u64, OperationError> {
    let lost = operations.records().read(rows::held_without_review).await?;
    if !lost.is_empty() {
        let adopt = move |sql: &mut dyn records::Sql| {
            lost.iter().try_for_each(|(id, at)| rows::insert_review(sql, &waiting(*id, *at)))
        };
        operations.records().write(adopt).await?;
    }
    let queue = operations.records().read(|sql| rows::reviews(sql, true, WAITING_MAX)).await?;
    let now = operations.now();
    let mut ended = 0;
    for review in queue {
        // A minute more than the ledger needs, whose clock may be a little behind.
        let over = now.0 > review.deadline.0.saturating_add(60 * NANOSECONDS_PER_SECOND);
        if recover_one(operations, &review).await? {
            ended += 1;
        } else if over && end(operations, Review { state: ReviewState::Expired, ..review.clone() }).await? {
            let id = review.operation.to_string();
            audit_log::note(operations, Actor::System, "review.expired", &id, &[]).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// The queue: what waits, oldest first; or what was decided, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn queue(
    operations: &Operations,
    is_waiting: bool,
    limit: u32,
) -> Result<Vec<Queued>, OperationError> {
    let found = operations.records().read(move |sql| {
        let mut queue = Vec::new();
        for review in rows::reviews(sql, is_waiting, limit)? {
            let Some(operation) = operations::get(sql, review.operation)? else { continue };
            let decision = rows::decision(sql, review.operation)?;
            queue.push(Queued { operation, review, decision });
        }
        Ok(queue)
    });
    Ok(found.await?)
}
