//! Escrow: what the buyer paid waits on the order's own account, until the buyer confirms, the deadline passes, or a
//! dispute is decided.
//!
//! * What leaves never exceeds what was paid: the account's limit, whoever tries at the same time.
//! * A dispute reserves all that is left, so that nothing leaves until it ends; its end and the two shares are one chain.

use ledger::{Account, CreateTransferStatus as Status, Transfer};
use money::Amount;
use records::disputes::{self, Dispute, Proposal};
use records::operations::{NewOperation, OperationKind, OperationState};
use records::orders::{self, Order, OrderEvent, OrderEventKind, OrderState};
use wallet::chart;
use wallet::ids::{HolderId, MerchantId, OperationId, OrderId, PrincipalId};
use wallet::order_postings::{self, EscrowMovement};

use crate::duties::Permission;
use crate::intent::{Begun, begin, conclude};
use crate::key::operation_id;
use crate::one_step::{Verdict, verdict};
use crate::orders::{event, refunded_of};
use crate::{
    IdempotencyKey, OperationError, Operations, Party, Reason, Receipt, audit_log, duties, memo, rebuild,
    refund, webhooks,
};

/// How often a dispute is opened again because something left the escrow in between.
const TRIES: usize = 4;

/// Where money leaves an escrow to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    ToMerchant,
    ToBuyer,
}

/// The buyer has what was ordered: all that waits goes to the merchant. While there is a dispute, this ends it in the
/// merchant's favour.
///
/// # Errors
/// [`OperationError::NotInEscrow`], or what could not be reached.
pub async fn confirm_receipt(
    operations: &Operations,
    key: &IdempotencyKey,
    buyer: HolderId,
    order: &Order,
) -> Result<Receipt, OperationError> {
    if order.payer != Some(buyer) {
        return Err(OperationError::NotFound(Party::Order));
    }
    let buyer = PrincipalId::from(buyer);
    if order.state == OrderState::Disputed {
        let share = dispute_of(operations, order).await?.held;
        return decide(operations, order, buyer, share, String::new()).await;
    }
    release(operations, key, order, Some(buyer)).await
}

/// The deadline passed: all that waits goes to the merchant. Says whether something did.
pub(crate) async fn release_by_deadline(
    operations: &Operations,
    order: &Order,
) -> Result<bool, OperationError> {
    let key = format!("deadline-{}", operations.now().0);
    let key = key.parse().map_err(|_| OperationError::Inconsistent("a number is no key"))?;
    match release(operations, &key, order, None).await {
        Ok(receipt) => Ok(receipt.state == OperationState::Completed),
        // Something else ended it, and its record was interrupted.
        Err(OperationError::NotInEscrow) => refresh(operations, order.id, None).await.map(|()| false),
        Err(error) => Err(error),
    }
}

async fn release(
    operations: &Operations,
    key: &IdempotencyKey,
    order: &Order,
    actor: Option<PrincipalId>,
) -> Result<Receipt, OperationError> {
    let id = operation_id(actor.unwrap_or(order.created_by), "escrow release", key);
    let amount = match known(operations, id).await? {
        Some(row) => row.amount,
        None => available(operations, order).await?.ok_or(OperationError::NotInEscrow)?,
    };
    move_out(operations, order, (id, amount), Way::ToMerchant, (actor, String::new())).await
}

/// The merchant gives some or all of what waits back to the buyer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowRefundRequest {
    /// Who asks: staff of the merchant.
    pub principal: PrincipalId,
    /// How much; `None`: all that waits.
    pub amount: Option<Amount>,
    /// Why; at most 140 characters, may be empty.
    pub memo: String,
}

/// Gives money that waits back to the buyer, or answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn give_back(
    operations: &Operations,
    key: &IdempotencyKey,
    order: &Order,
    request: EscrowRefundRequest,
) -> Result<Receipt, OperationError> {
    memo::check(&request.memo)?;
    let id = operation_id(request.principal, "escrow refund", key);
    let amount = match (request.amount, known(operations, id).await?) {
        (Some(amount), _) => amount,
        (None, Some(row)) => row.amount,
        (None, None) => available(operations, order).await?.ok_or(OperationError::NotInEscrow)?,
    };
    operations.policy().check_amount(amount)?;
    if amount.currency() != order.amount.currency() {
        return Err(OperationError::CurrencyNotSupported);
    }
    let who = (Some(request.principal), request.memo);
    move_out(operations, order, (id, amount), Way::ToBuyer, who).await
}

async fn known(
    operations: &Operations,
    id: OperationId,
) -> Result<Option<records::operations::Operation>, OperationError> {
    Ok(operations.records().read(move |sql| records::operations::get(sql, id)).await?)
}

/// Who paid the order, and by which operation.
fn paid(order: &Order) -> Result<(HolderId, OperationId), OperationError> {
    order.payer.zip(order.payment).filter(|_| order.escrow).ok_or(OperationError::NotInEscrow)
}

async fn move_out(
    operations: &Operations,
    order: &Order,
    (id, amount): (OperationId, Amount),
    way: Way,
    (actor, memo): (Option<PrincipalId>, String),
) -> Result<Receipt, OperationError> {
    let (payer, payment) = paid(order)?;
    let movement = EscrowMovement { operation: id, order: order.id, payment, amount };
    let new = NewOperation {
        memo: memo.clone(),
        created_at: operations.now(),
        ..described(way, &movement, order.merchant, payer)
    };
    let facts = match begin(operations, new).await? {
        Begun::Ended(receipt) => return Ok(receipt),
        Begun::Open(facts) => facts,
    };
    let (posting, kind) = match way {
        Way::ToMerchant => {
            (order_postings::escrow_released(&movement, order.merchant), OrderEventKind::Released)
        }
        Way::ToBuyer => (order_postings::escrow_refunded(&movement, payer), OrderEventKind::Refunded),
    };
    match verdict(operations.ledger().create_transfer(posting).await?)? {
        found @ (Verdict::Created | Verdict::Existed) => {
            let receipt = conclude(operations, facts, OperationState::Completed, None);
            let moved = OrderEvent { note: memo, ..event(kind, actor, amount, operations.now()) };
            refresh(operations, order.id, (found == Verdict::Created).then_some(moved)).await?;
            if way == Way::ToBuyer {
                refund::tell_payer(operations, payer, (id, order.merchant, amount));
            }
            Ok(receipt)
        }
        Verdict::Refused(Reason::InsufficientFunds) => {
            Ok(conclude(operations, facts, OperationState::Declined, Some(Reason::EscrowShort)))
        }
        Verdict::Refused(reason) => Ok(conclude(operations, facts, OperationState::Declined, Some(reason))),
        Verdict::Another => {
            rebuild::correct(operations, id).await?;
            Err(OperationError::KeyReused)
        }
    }
}

/// The operation that a movement out of escrow stands for. Money in escrow is nobody's, so nobody pays.
fn described(way: Way, movement: &EscrowMovement, merchant: MerchantId, buyer: HolderId) -> NewOperation {
    let (kind, payee, parent) = match way {
        Way::ToMerchant => (OperationKind::EscrowRelease, merchant.into(), None),
        Way::ToBuyer => (OperationKind::EscrowRefund, buyer.into(), Some(movement.payment)),
    };
    NewOperation {
        id: movement.operation,
        kind,
        payer: None,
        payee: Some(payee),
        merchant: Some(merchant),
        card: None,
        parent,
        amount: movement.amount,
        memo: String::new(),
        fingerprint: refund::fingerprint(movement.payment, movement.amount).0,
        created_at: ledger::Timestamp::ZERO,
    }
}

/// What can leave the escrow now. `None`: nothing; all of it left, or a dispute holds it.
///
/// # Errors
/// What could not be reached.
pub async fn available(operations: &Operations, order: &Order) -> Result<Option<Amount>, OperationError> {
    paid(order)?;
    let account = account(operations, order).await?;
    let out = account.debits_posted.0.saturating_add(account.debits_pending.0);
    let left = in_currency(account.credits_posted.0.saturating_sub(out), order)?;
    Ok(if left.is_zero() { None } else { Some(left) })
}

async fn account(operations: &Operations, order: &Order) -> Result<Account, OperationError> {
    let found = operations.ledger().lookup_accounts(vec![chart::escrow_id(order.id)]).await?;
    found.into_iter().next().ok_or(OperationError::NotInEscrow)
}

fn in_currency(minor: u128, order: &Order) -> Result<Amount, OperationError> {
    let minor = u64::try_from(minor).ok();
    let amount = minor.and_then(|minor| Amount::from_minor(minor, order.amount.currency()).ok());
    amount.ok_or(OperationError::Inconsistent("ledger balance is out of range"))
}

/// Records what the ledger says of an escrow now, with what just happened to it and the message that tells of it.
async fn refresh(
    operations: &Operations,
    id: OrderId,
    happened: Option<OrderEvent>,
) -> Result<(), OperationError> {
    let order = crate::orders::get(operations, id).await?;
    let account = account(operations, &order).await?;
    let left = account.credits_posted.0 > account.debits_posted.0;
    let disputed = account.debits_pending.0 > 0;
    let (now, message) = (operations.now(), operations.fresh_bits());
    let written = operations.records().write(move |sql| {
        let Some(order) = orders::get(sql, id)? else { return Ok(()) };
        let refunded = refunded_of(sql, &order)?;
        let told = match (disputed, left) {
            (true, _) => OrderState::Disputed,
            (false, true) => OrderState::Held,
            (false, false) if refunded == order.amount => OrderState::Refunded,
            (false, false) => OrderState::Released,
        };
        orders::set_state(sql, id, onward(order.state, told), refunded, now)?;
        if let Some(happened) = &happened {
            orders::add_event(sql, id, happened)?;
            webhooks::tell(sql, id, happened, message)?;
        }
        Ok(())
    });
    Ok(written.await?)
}

/// The later of two states of an escrow: what was read from the ledger may be older than what is recorded.
const fn onward(recorded: OrderState, told: OrderState) -> OrderState {
    match (recorded, told) {
        (OrderState::Disputed, OrderState::Held)
        | (OrderState::Released | OrderState::Refunded, OrderState::Held | OrderState::Disputed) => recorded,
        (_, told) => told,
    }
}

/// The buyer disputes: all that waits is held until a decision.
///
/// # Errors
/// [`OperationError::NotInEscrow`] where nothing waits, or what could not be reached.
pub async fn dispute(
    operations: &Operations,
    buyer: HolderId,
    order: &Order,
    reason: String,
) -> Result<(), OperationError> {
    memo::check_name("reason", &reason, 140)?;
    let (payer, payment) = paid(order)?;
    if payer != buyer {
        return Err(OperationError::NotFound(Party::Order));
    }
    for _ in 0..TRIES {
        let held = available(operations, order).await?.ok_or(OperationError::NotInEscrow)?;
        let posting = order_postings::escrow_disputed(order.id, payment, order.merchant, held);
        match operations.ledger().create_transfer(posting).await? {
            Status::Created => return note_dispute(operations, buyer, order, held, reason).await,
            // Something left in between: hold what is left now.
            Status::ExceedsCredits | Status::IdAlreadyFailed => {}
            status => {
                return Err(verdict(status).err().unwrap_or(OperationError::NotInEscrow));
            }
        }
    }
    Err(OperationError::NotInEscrow)
}

async fn note_dispute(
    operations: &Operations,
    buyer: HolderId,
    order: &Order,
    held: Amount,
    reason: String,
) -> Result<(), OperationError> {
    let (id, now) = (order.id, operations.now());
    let note = reason.clone();
    operations.records().write(move |sql| disputes::open(sql, id, held, &reason, now).map(drop)).await?;
    let disputed = OrderEvent { note, ..event(OrderEventKind::Disputed, Some(buyer.into()), held, now) };
    refresh(operations, id, Some(disputed)).await
}

/// The dispute of an order: from the ledger where the record was lost.
async fn dispute_of(operations: &Operations, order: &Order) -> Result<Dispute, OperationError> {
    let (id, currency) = (order.id, order.amount.currency());
    let read = operations.records().read(move |sql| disputes::get(sql, id, currency));
    if let Some(dispute) = read.await? {
        return Ok(dispute);
    }
    let held = in_currency(account(operations, order).await?.debits_pending.0, order)?;
    if held.is_zero() {
        return Err(OperationError::NotFound(Party::Order));
    }
    let now = operations.now();
    operations.records().write(move |sql| disputes::open(sql, id, held, "", now).map(drop)).await?;
    let read = operations.records().read(move |sql| disputes::get(sql, id, currency));
    read.await?.ok_or(OperationError::NotFound(Party::Order))
}

/// What the merchant says to a dispute.
///
/// # Errors
/// [`OperationError::NotInEscrow`] where it has ended, or what could not be reached.
pub async fn answer(
    operations: &Operations,
    staff: PrincipalId,
    order: &Order,
    text: String,
) -> Result<(), OperationError> {
    memo::check_name("answer", &text, 140)?;
    let held = dispute_of(operations, order).await?.held;
    let (id, now) = (order.id, operations.now());
    let answered =
        OrderEvent { note: text.clone(), ..event(OrderEventKind::Answered, Some(staff), held, now) };
    let written = operations.records().write(move |sql| {
        let in_time = disputes::answer(sql, id, &text, now)?;
        if in_time {
            orders::add_event(sql, id, &answered)?;
        }
        Ok(in_time)
    });
    if written.await? { Ok(()) } else { Err(OperationError::NotInEscrow) }
}

/// The merchant agrees with the buyer: all that is held goes back.
///
/// # Errors
/// [`OperationError::NotInEscrow`] where the dispute has ended, or what could not be reached.
pub async fn concede(
    operations: &Operations,
    staff: PrincipalId,
    order: &Order,
) -> Result<Receipt, OperationError> {
    decide(operations, order, staff, Amount::zero(order.amount.currency()), String::new()).await
}

/// An operator proposes what the merchant gets. Nothing moves until another operator confirms.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::AmountTooLarge`], [`OperationError::NotInEscrow`], or what could
/// not be reached.
pub async fn propose(
    operations: &Operations,
    operator: PrincipalId,
    order: &Order,
    share: Amount,
    note: String,
) -> Result<(), OperationError> {
    duties::require(operations, operator, Permission::Ask).await?;
    memo::check_name("note", &note, 140)?;
    let dispute = dispute_of(operations, order).await?;
    if share.currency() != dispute.held.currency() {
        return Err(OperationError::CurrencyNotSupported);
    }
    if share > dispute.held {
        return Err(OperationError::AmountTooLarge { most: dispute.held.minor() });
    }
    let (id, now) = (order.id, operations.now());
    let proposed =
        OrderEvent { note: note.clone(), ..event(OrderEventKind::Proposed, Some(operator), share, now) };
    let proposal = Proposal { by: operator, share, note };
    let details = [("share", share.decimal().to_string()), ("note", proposal.note.clone())];
    audit_log::note(operations, operator, "dispute.proposed", &id.to_string(), &details).await?;
    let written = operations.records().write(move |sql| {
        let in_time = disputes::propose(sql, id, &proposal)?;
        if in_time {
            orders::add_event(sql, id, &proposed)?;
        }
        Ok(in_time)
    });
    if written.await? { Ok(()) } else { Err(OperationError::NotInEscrow) }
}

/// A second operator confirms what the first proposed, and the money moves.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::SamePerson`], [`OperationError::NotInEscrow`], or what could not be
/// reached.
pub async fn confirm(
    operations: &Operations,
    operator: PrincipalId,
    order: &Order,
) -> Result<Receipt, OperationError> {
    duties::require(operations, operator, Permission::Approve).await?;
    let dispute = dispute_of(operations, order).await?;
    let proposal = dispute.proposal.ok_or(OperationError::NotInEscrow)?;
    if proposal.by == operator {
        return Err(OperationError::SamePerson);
    }
    decide(operations, order, operator, proposal.share, proposal.note).await
}

/// Ends a dispute: `share` to the merchant, the rest to the buyer. The answer tells of the larger part of it: of the
/// release, or of the refund where the merchant gets nothing.
async fn decide(
    operations: &Operations,
    order: &Order,
    by: PrincipalId,
    share: Amount,
    note: String,
) -> Result<Receipt, OperationError> {
    let (payer, payment) = paid(order)?;
    let held = dispute_of(operations, order).await?.held;
    let rest = held.checked_sub(share).map_err(|_| OperationError::AmountTooLarge { most: held.minor() })?;
    let part = |route: &'static str, amount: Amount| {
        let key = format!("{}-{}", order.id, amount.minor()).parse().ok()?;
        let operation = operation_id(by, route, &key);
        (!amount.is_zero()).then_some(EscrowMovement { operation, order: order.id, payment, amount })
    };
    let (release, refund) = (part("dispute release", share), part("dispute refund", rest));
    let mut parts = Vec::new();
    for (way, movement) in [(Way::ToMerchant, &release), (Way::ToBuyer, &refund)] {
        let Some(movement) = movement else { continue };
        let new = NewOperation {
            memo: note.clone(),
            created_at: operations.now(),
            ..described(way, movement, order.merchant, payer)
        };
        match begin(operations, new).await? {
            Begun::Ended(receipt) => return Ok(receipt),
            Begun::Open(facts) => parts.push(facts),
        }
    }
    let chain = order_postings::dispute_decided(
        order_postings::disputed_id(order.id, held),
        release.as_ref().map(|movement| (movement, order.merchant)),
        refund.as_ref().map(|movement| (movement, payer)),
    );
    let statuses = operations.ledger().create_transfers(chain).await?;
    let decided = statuses.iter().all(|status| *status == Status::Created);
    let (state, reason) = if decided {
        (OperationState::Completed, None)
    } else {
        (OperationState::Declined, Some(Reason::EscrowShort))
    };
    if !decided && already_decided(operations, &release, &refund).await? {
        return Err(OperationError::NotInEscrow);
    }
    let receipts: Vec<Receipt> =
        parts.into_iter().map(|facts| conclude(operations, facts, state, reason)).collect();
    if !decided {
        return Err(OperationError::NotInEscrow);
    }
    note_decision(operations, order, by, share, note).await?;
    if let Some(refund) = &refund {
        refund::tell_payer(operations, payer, (refund.operation, order.merchant, refund.amount));
    }
    receipts.first().copied().ok_or(OperationError::NotInEscrow)
}

/// Whether the same decision is in the ledger already: then its open records are completed, not declined.
async fn already_decided(
    operations: &Operations,
    release: &Option<EscrowMovement>,
    refund: &Option<EscrowMovement>,
) -> Result<bool, OperationError> {
    let movements = [release, refund].into_iter().flatten();
    let ids: Vec<_> = movements.map(|movement| movement.operation).collect();
    let transfers = ids.iter().map(|id| wallet::postings::decision_id(*id)).collect();
    let found = !operations.ledger().lookup_transfers(transfers).await?.is_empty();
    if found {
        for id in ids {
            rebuild::correct(operations, id).await?;
        }
    }
    Ok(found)
}

async fn note_decision(
    operations: &Operations,
    order: &Order,
    by: PrincipalId,
    share: Amount,
    note: String,
) -> Result<(), OperationError> {
    let (id, now) = (order.id, operations.now());
    operations.records().write(move |sql| disputes::decide(sql, id, by, share, now).map(drop)).await?;
    let details = [("share", share.decimal().to_string()), ("note", note.clone())];
    audit_log::note(operations, by, "dispute.decided", &id.to_string(), &details).await?;
    let decided = OrderEvent { note, ..event(OrderEventKind::Decided, Some(by), share, now) };
    refresh(operations, id, Some(decided)).await
}

/// The operation of a transfer into an escrow, as the ledger tells it.
pub(crate) fn paid_operation(
    transfer: &Transfer,
    payer: u128,
    merchant: u128,
) -> Result<NewOperation, OperationError> {
    let amount = rebuild::amount_of(transfer)?;
    Ok(NewOperation {
        id: OperationId::new(transfer.id.0),
        kind: OperationKind::EscrowPayment,
        payer: Some(HolderId::new(payer).into()),
        payee: None,
        merchant: Some(MerchantId::new(merchant)),
        card: None,
        parent: None,
        amount,
        memo: String::new(),
        fingerprint: order_postings::payment_fingerprint(OrderId::new(transfer.user_data_128), amount).0,
        created_at: transfer.timestamp,
    })
}

/// The operation of a transfer from an escrow to a merchant, as the ledger tells it.
pub(crate) fn released_operation(
    transfer: &Transfer,
    merchant: u128,
) -> Result<NewOperation, OperationError> {
    // Nobody reads the buyer of a release.
    rebuilt(Way::ToMerchant, transfer, merchant, 0)
}

/// The operation of a transfer from an escrow to a wallet, as the ledger tells it.
pub(crate) fn refunded_operation(
    transfer: &Transfer,
    merchant: u128,
    buyer: u128,
) -> Result<NewOperation, OperationError> {
    rebuilt(Way::ToBuyer, transfer, merchant, buyer)
}

fn rebuilt(
    way: Way,
    transfer: &Transfer,
    merchant: u128,
    buyer: u128,
) -> Result<NewOperation, OperationError> {
    let movement = EscrowMovement {
        operation: OperationId::new(transfer.id.0),
        order: OrderId::new(0),
        payment: OperationId::new(transfer.user_data_128),
        amount: rebuild::amount_of(transfer)?,
    };
    let (merchant, buyer) = (MerchantId::new(merchant), HolderId::new(buyer));
    Ok(NewOperation { created_at: transfer.timestamp, ..described(way, &movement, merchant, buyer) })
}
