//! Operations with an effect at a bank: top-ups and withdrawals.
//!
//! reserve in the ledger → ask the bank → post, or void. Where the bank's answer is lost, it is asked what became of
//! the operation; where it never heard of it, it is told never to carry it out. So whichever server asks first, all of
//! them get the same final word, and the reservation ends the same way.
//!
//! A withdrawal counts in the holder's limits: it takes its amount from the day in the chain that reserves it, and gives it
//! back before a reservation ends without effect.
//!
//! A bank may ask its customer at a page of its own before it charges a card. The outcome is unknown until then, and the
//! bank is told to stop where the customer says nothing for [`ANSWER_TIME`].

use bank::{Outcome, Request, Response};
use ledger::{CreateTransferStatus as Status, NANOSECONDS_PER_SECOND, Transfer};
use records::operations::{NewOperation, Operation, OperationKind, OperationState};
use tokio::sync::oneshot;
use wallet::ids::{BankId, HolderId};
use wallet::postings;

use crate::intent::{Begun, begin, conclude};
use crate::one_step::{GivenUp, Verdict, give_up};
use crate::receipt::Facts;
use crate::{OperationError, Operations, Reason, Receipt, limits, rebuild};

/// How long a holder has to answer the bank.
pub const ANSWER_TIME: u64 = 10 * 60 * NANOSECONDS_PER_SECOND;

/// The page of the bank where the holder is asked about this operation; nothing where no bank waits for a word.
#[must_use]
pub fn customer_page(operations: &Operations, row: &Operation) -> Option<String> {
    let asks = row.state == OperationState::Unknown && row.reason.as_deref() == Some(Reason::BankAsks.code());
    let bank = row.payer.filter(|_| asks)?.bank();
    operations.services().bank.customer_page(bank, bank::OperationRef(row.id.bits()))
}

/// What is particular to one operation.
pub(crate) struct Steps {
    /// Reserves the amount.
    pub(crate) reservation: Transfer,
    /// Whose limit of the day counts it; nobody's for money that comes in.
    pub(crate) spender: Option<HolderId>,
    /// Which bank.
    pub(crate) bank: BankId,
    /// What to ask of it.
    pub(crate) request: Request,
}

/// Carries out the operation: intent, reservation, bank, final posting, outcome.
pub(crate) async fn run(
    operations: &Operations,
    new: NewOperation,
    steps: Steps,
) -> Result<Receipt, OperationError> {
    let _flight = operations.inner.in_flight.enter(new.id).ok_or(OperationError::KeyInProgress)?;
    let facts = match begin(operations, new).await? {
        Begun::Ended(receipt) => return Ok(receipt),
        Begun::Open(facts) => facts,
    };
    let counted = (facts.id, facts.amount);
    match limits::reserve(operations, steps.spender, counted, steps.reservation).await? {
        Verdict::Refused(reason) => {
            return Ok(conclude(operations, facts, OperationState::Declined, Some(reason)));
        }
        Verdict::Another => {
            rebuild::correct(operations, facts.id).await?;
            return Err(OperationError::KeyReused);
        }
        Verdict::Existed => {
            if let Some(receipt) = ended_earlier(operations, facts, steps.bank).await? {
                return Ok(receipt);
            }
        }
        Verdict::Created => {}
    }
    let answer = ask(operations, steps.bank, steps.request).await;
    end(operations, facts, steps.bank, answer).await
}

/// Ends an interrupted operation by what ledger and bank say. `None`: it is under way on this server.
pub(crate) async fn resume(
    operations: &Operations,
    row: &Operation,
    bank: BankId,
) -> Result<Option<Receipt>, OperationError> {
    let Some(_flight) = operations.inner.in_flight.enter(row.id) else {
        return Ok(None);
    };
    let facts = Facts::from(row);
    if let GivenUp::Now(reason) = give_up(operations, facts).await? {
        return Ok(Some(conclude(operations, facts, OperationState::Declined, Some(reason))));
    }
    if let Some(receipt) = ended_earlier(operations, facts, bank).await? {
        return Ok(Some(receipt));
    }
    end(operations, facts, bank, None).await.map(Some)
}

/// The bank's answer about an operation, where it gives one.
async fn ask(operations: &Operations, bank: BankId, request: Request) -> Option<Outcome> {
    match call(operations, bank, request).await? {
        Response::Operation(outcome) => Some(outcome),
        Response::Bound { .. } | Response::Balance(_) | Response::Refused(_) => None,
    }
}

/// Sends a request to a bank. `None`: no answer.
pub(crate) async fn call(operations: &Operations, bank: BankId, request: Request) -> Option<Response> {
    let (reply, answer) = oneshot::channel();
    // The caller may have gone: what the bank did stays done.
    let reply = Box::new(move |response| drop(reply.send(response)));
    operations.services().bank.call(bank, request, reply);
    answer.await.ok()?.ok()
}

/// The bank's final word on an operation whose answer was lost: one never carried out is blocked there.
async fn find_out(operations: &Operations, facts: Facts, bank: BankId) -> Option<Outcome> {
    let operation = bank_ref(facts);
    match ask(operations, bank, Request::Inquire { operation }).await? {
        Outcome::NotFound | Outcome::Authorised => {
            ask(operations, bank, Request::Reverse { operation }).await
        }
        outcome => Some(outcome),
    }
}

/// The id under which the bank knows an operation.
pub(crate) const fn bank_ref(facts: Facts) -> bank::OperationRef {
    bank::OperationRef(facts.id.bits())
}

/// Ends the reservation by the bank's final word. Without one the amount stays reserved and the outcome unknown.
async fn end(
    operations: &Operations,
    facts: Facts,
    bank: BankId,
    answer: Option<Outcome>,
) -> Result<Receipt, OperationError> {
    let mut last_word = match answer {
        Some(Outcome::Authorised | Outcome::NotFound) | None => find_out(operations, facts, bank).await,
        _ => answer,
    };
    let mut given_up = Reason::BankUnreachable;
    if last_word == Some(Outcome::Asked) {
        if operations.now().0 < facts.created_at.0.saturating_add(ANSWER_TIME) {
            return Ok(conclude(operations, facts, OperationState::Unknown, Some(Reason::BankAsks)));
        }
        given_up = Reason::BankNotAnswered;
        last_word = ask(operations, bank, Request::Reverse { operation: bank_ref(facts) }).await;
    }
    let (posting, state, reason) = match last_word {
        Some(Outcome::Done) => (postings::settled(facts.id), OperationState::Completed, None),
        Some(Outcome::Declined(decline)) => {
            (postings::released(facts.id), OperationState::Declined, Some(Reason::from(decline)))
        }
        Some(Outcome::Reversed) => (postings::released(facts.id), OperationState::Reversed, Some(given_up)),
        Some(Outcome::Authorised | Outcome::Asked | Outcome::NotFound) | None => {
            return Ok(conclude(operations, facts, OperationState::Unknown, None));
        }
    };
    if facts.kind == OperationKind::Withdrawal && state != OperationState::Completed {
        limits::give_back(operations, (facts.id, facts.amount)).await?;
    }
    match operations.ledger().create_transfer(posting).await? {
        Status::Created | Status::Exists => Ok(conclude(operations, facts, state, reason)),
        // Somebody is closing the wallet, finds the reservation, and opens it again.
        Status::DebitAccountAlreadyClosed | Status::CreditAccountAlreadyClosed => {
            Ok(conclude(operations, facts, OperationState::Unknown, None))
        }
        _ => Err(OperationError::Inconsistent("reservation ended against the bank's word")),
    }
}

/// The receipt of an operation whose reservation has ended.
async fn ended_earlier(
    operations: &Operations,
    facts: Facts,
    bank: BankId,
) -> Result<Option<Receipt>, OperationError> {
    let (settled, released) = (postings::settled_id(facts.id), postings::released_id(facts.id));
    let found = operations.ledger().lookup_transfers(vec![settled, released]).await?;
    let Some(transfer) = found.first() else {
        return Ok(None);
    };
    if transfer.id == settled {
        return Ok(Some(conclude(operations, facts, OperationState::Completed, None)));
    }
    // The money is safe whatever the bank says now; it is asked only for the reason.
    let (state, reason) = match ask(operations, bank, Request::Inquire { operation: bank_ref(facts) }).await {
        Some(Outcome::Declined(decline)) => (OperationState::Declined, Reason::from(decline)),
        Some(Outcome::Reversed) => (OperationState::Reversed, Reason::BankUnreachable),
        _ => (OperationState::Declined, Reason::RefusedEarlier),
    };
    Ok(Some(conclude(operations, facts, state, Some(reason))))
}
