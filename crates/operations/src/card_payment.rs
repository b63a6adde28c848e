//! Payment in one click: from the wallet, or from a bank card by a top-up and then the payment, as one request.
//!
//! Both operations of a payment from a card are derived from the request, so repeating it repeats neither. Where the
//! bank answers late, the payment follows by itself within ten minutes; after that the money stays in the wallet, and
//! the holder is told.
//!
//! Invariants:
//! * the merchant is paid only with money that the bank has confirmed;
//! * wherever it is interrupted, the money is at the bank, in the wallet, or at the merchant.

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::Amount;
use records::card_payments::{self, CardPayment, CardPaymentState};
use records::notifications::NoticeKind;
use records::operations::{self, OperationKind, OperationState};
use wallet::ids::{CardId, HolderId, OperationId, PrincipalId, derive};

use crate::cards::{self, CardRequest};
use crate::key::operation_id;
use crate::notifications::{self, Notice};
use crate::one_step::{GivenUp, give_up};
use crate::payment::{self, PaymentRequest};
use crate::receipt::Facts;
use crate::spending::Origin;
use crate::{IdempotencyKey, OperationError, Operations, Receipt, limits, top_up};

/// How long after the click the payment may follow its top-up.
const PAID_WITHIN_SECONDS: u64 = 600;
/// How many one round of [`resume_open`] takes.
const PAGE: u32 = 200;

/// What is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// The wallet's balance.
    Wallet,
    /// A bank card of the holder.
    Card(CardId),
}

/// What a holder asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneClick {
    /// Whom, how much and what for.
    pub payment: PaymentRequest,
    /// What is charged.
    pub instrument: Instrument,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The payment was tried: its own receipt says whether it went through.
    Payment(Receipt),
    /// The bank declined the card. Nothing moved: another instrument may be tried.
    CardDeclined(Receipt),
    /// The bank has not answered yet. The payment follows as soon as it has.
    Waiting(Receipt),
}

/// Pays, or answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn start(
    operations: &Operations,
    key: &IdempotencyKey,
    request: OneClick,
) -> Result<Outcome, OperationError> {
    let Instrument::Card(card) = request.instrument else {
        return payment::start(operations, key, request.payment).await.map(Outcome::Payment);
    };
    let PaymentRequest { payer, merchant, amount, ref memo, origin } = request.payment;
    let id = operation_id(PrincipalId::from(payer), "card payment", key);
    let new = CardPayment {
        id,
        holder: payer,
        merchant,
        card,
        amount,
        memo: memo.clone(),
        state: CardPaymentState::Started,
        created_at: operations.now(),
    };
    let known = operations.records().read(move |sql| card_payments::get(sql, id)).await?;
    if known.is_none() {
        payment::check(operations, payment_id(id), &request.payment).await?;
        cards::usable(operations, payer, card).await?;
        check_left_today(operations, payer, amount).await?;
    }
    let wanted = new.clone();
    let row = operations.records().write(move |sql| card_payments::begin(sql, &new)).await?;
    if (row.merchant, row.card, row.amount, &row.memo)
        != (wanted.merchant, wanted.card, wanted.amount, &wanted.memo)
    {
        return Err(OperationError::KeyReused);
    }
    carry_on(operations, &row, origin).await
}

/// Whether today's limit leaves room: else the bank would be asked in vain.
async fn check_left_today(
    operations: &Operations,
    payer: HolderId,
    amount: Amount,
) -> Result<(), OperationError> {
    let standing = limits::standing(operations, payer, &[amount.currency()]).await?;
    match standing.first().and_then(|standing| standing.left_today) {
        Some(left) if amount > left => Err(OperationError::OverDailyLimit { left: left.minor() }),
        _ => Ok(()),
    }
}

fn top_up_id(id: OperationId) -> OperationId {
    OperationId::new(derive("sycee operation top-up of a card payment v1", &[&id.to_bytes()]))
}

fn payment_id(id: OperationId) -> OperationId {
    OperationId::new(derive("sycee operation payment of a card payment v1", &[&id.to_bytes()]))
}

/// The top-up, and after it the payment.
async fn carry_on(
    operations: &Operations,
    row: &CardPayment,
    origin: Origin,
) -> Result<Outcome, OperationError> {
    let request = CardRequest { holder: row.holder, card: row.card, amount: row.amount };
    let top_up = top_up::carry_out(operations, top_up_id(row.id), request).await?;
    match top_up.state {
        OperationState::Completed => pay(operations, row, origin).await.map(Outcome::Payment),
        OperationState::Declined | OperationState::Reversed => {
            end(operations, row, CardPaymentState::CardDeclined);
            Ok(Outcome::CardDeclined(top_up))
        }
        OperationState::Started | OperationState::Held | OperationState::Unknown => {
            Ok(Outcome::Waiting(top_up))
        }
    }
}

async fn pay(operations: &Operations, row: &CardPayment, origin: Origin) -> Result<Receipt, OperationError> {
    let request = PaymentRequest {
        payer: row.holder,
        merchant: row.merchant,
        amount: row.amount,
        memo: row.memo.clone(),
        origin,
    };
    let receipt = payment::carry_out(operations, payment_id(row.id), request, None).await?;
    let refused = matches!(receipt.state, OperationState::Declined | OperationState::Reversed);
    end(operations, row, if refused { CardPaymentState::ToppedUp } else { CardPaymentState::Paid });
    Ok(receipt)
}

fn end(operations: &Operations, row: &CardPayment, state: CardPaymentState) {
    let (id, now) = (row.id, operations.now());
    operations.records().write_later(move |sql| card_payments::end(sql, id, state, now));
}

/// Ends the payments from cards that were asked for before `idle_since` and whose bank has answered since.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn resume_open(
    operations: &Operations,
    idle_since: Timestamp,
) -> Result<(), OperationError> {
    let found = operations.records().read(move |sql| card_payments::open_before(sql, idle_since, PAGE));
    for row in found.await? {
        resume(operations, &row).await?;
    }
    Ok(())
}

async fn resume(operations: &Operations, row: &CardPayment) -> Result<(), OperationError> {
    let id = top_up_id(row.id);
    let Some(top_up) = operations.records().read(move |sql| operations::get(sql, id)).await? else {
        let kind = OperationKind::TopUp;
        let facts = Facts { id, kind, amount: row.amount, created_at: row.created_at };
        // Nothing was begun: it never will be, unless the holder asks again.
        if let GivenUp::Now(_) = give_up(operations, facts).await? {
            end(operations, row, CardPaymentState::CardDeclined);
        }
        return Ok(());
    };
    match top_up.state {
        OperationState::Started | OperationState::Held | OperationState::Unknown => return Ok(()),
        OperationState::Declined | OperationState::Reversed => {
            end(operations, row, CardPaymentState::CardDeclined);
        }
        OperationState::Completed => {
            let until = row.created_at.0.saturating_add(PAID_WITHIN_SECONDS * NANOSECONDS_PER_SECOND);
            if operations.now().0 > until {
                end(operations, row, CardPaymentState::ToppedUp);
            } else {
                match pay(operations, row, Origin::default()).await {
                    Ok(_) => {}
                    Err(error @ OperationError::Unavailable(_)) => return Err(error),
                    // A rule has come in between: the money stays in the wallet.
                    Err(_) => end(operations, row, CardPaymentState::ToppedUp),
                }
            }
        }
    }
    let notice = Notice {
        kind: NoticeKind::PaymentEnded,
        subject: row.id.bits(),
        actor: Some(row.merchant.into()),
        amount: Some(row.amount),
    };
    notifications::tell(operations, row.holder.into(), notice);
    Ok(())
}
