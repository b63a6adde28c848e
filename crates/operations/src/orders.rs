//! Orders: a merchant asks to be paid; somebody pays, once; or nobody does in time.
//!
//! * Paid once: the payment is linked to a transfer whose id is derived from the order.
//! * Cancelled or expired: the ledger is made to refuse that id for ever, so an order that ended unpaid stays unpaid.
//! * The state in the records is what the ledger said last; [`run_due`] asks it again.

use ledger::{CreateTransferStatus as Status, NANOSECONDS_PER_SECOND, Timestamp, Transfer, TransferFlags};
use money::Amount;
use records::operations::{self, NewOperation, OperationKind, OperationState};
use records::orders::{
    self, Order, OrderEvent, OrderEventKind, OrderFilter, OrderLine, OrderSource, OrderState,
};
use wallet::chart;
use wallet::ids::{HolderId, MerchantId, OperationId, OrderId, PrincipalId, derive};
use wallet::order_postings::{self, OrderPayment, Route};
use wallet::postings;

use crate::intent::{self, Begun, begin, conclude};
use crate::key::operation_id;
use crate::one_step::{Verdict, is_another, verdict};
use crate::spending::{self, Origin, Spending};
use crate::{
    IdempotencyKey, OperationError, Operations, Party, Reason, Receipt, checkout_origins, directory, escrow,
    limits, memo, rebuild, webhooks,
};

/// How long an order can be paid where its merchant does not say, in seconds.
pub const OPEN_SECONDS: u32 = 24 * 3_600;
/// How long money waits in escrow where the merchant does not say, in seconds.
pub const HOLD_SECONDS: u32 = 7 * 24 * 3_600;
/// The longest of both.
const SECONDS_MAX: u32 = 90 * 24 * 3_600;
/// The most lines of an order.
const LINES_MAX: usize = 50;
/// Orders looked at together.
const PAGE: u32 = 200;

/// What a merchant asks to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Who sells.
    pub merchant: MerchantId,
    /// Who asks in its name.
    pub created_by: PrincipalId,
    /// Where the order is made.
    pub source: OrderSource,
    /// How much; the sum of the lines where there are any.
    pub amount: Amount,
    /// What is ordered; may be empty.
    pub lines: Vec<OrderLine>,
    /// The merchant's own name for it, unique among its orders; may be empty.
    pub reference: String,
    /// What it is for, as the buyer reads it; may be empty.
    pub description: String,
    /// Whether the money waits until the buyer confirms or the deadline passes.
    pub escrow: bool,
    /// Where checkout sends the buyer afterwards: on an origin that the merchant has registered; may be empty.
    pub return_url: String,
    /// How long it can be paid, in seconds.
    pub open_seconds: u32,
    /// How long money waits in escrow, in seconds.
    pub hold_seconds: u32,
}

impl NewOrder {
    fn fingerprint(&self) -> u128 {
        let minor = |amount: Amount| amount.minor().to_be_bytes();
        let lines = self.lines.iter().fold(Vec::new(), |mut bytes, line| {
            bytes.extend(derive("sycee order line v1", &[line.name.as_bytes()]).to_be_bytes());
            bytes.extend(line.quantity.to_be_bytes());
            bytes.extend(minor(line.price));
            bytes
        });
        let parts: [&[u8]; 10] = [
            &self.merchant.to_bytes(),
            &minor(self.amount),
            self.amount.currency().code().as_bytes(),
            &lines,
            self.reference.as_bytes(),
            self.description.as_bytes(),
            &[u8::from(self.escrow)],
            self.return_url.as_bytes(),
            &self.open_seconds.to_be_bytes(),
            &self.hold_seconds.to_be_bytes(),
        ];
        derive("sycee fingerprint order v1", &parts)
    }
}

/// An order with all that is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderStory {
    /// The order.
    pub order: Order,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// What happened to it, from the beginning.
    pub events: Vec<OrderEvent>,
    /// Its dispute, where there was one.
    pub dispute: Option<records::disputes::Dispute>,
}

/// Makes an order, or finds the one that was made under this key.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn create(
    operations: &Operations,
    key: &IdempotencyKey,
    new: NewOrder,
) -> Result<Order, OperationError> {
    check(operations, &new).await?;
    let id = OrderId::new(operation_id(new.created_by, "order", key).bits());
    let currency = new.amount.currency();
    let mut accounts = vec![chart::refund_control(currency), chart::order_register(currency)];
    if new.escrow {
        accounts.push(chart::escrow(id, new.merchant, currency));
    }
    operations.ledger().open_accounts(accounts).await?;
    let order = recorded(operations, id, &new);
    let fingerprint = order.fingerprint;
    let lines = new.lines;
    let written = operations.records().write(move |sql| {
        if let Some(existing) = orders::get(sql, id)? {
            return Ok(Made::Before(existing));
        }
        if orders::find_by_reference(sql, order.merchant, &order.reference)?.is_some() {
            return Ok(Made::ReferenceTaken);
        }
        orders::insert(sql, &order, &lines)?;
        let created = event(OrderEventKind::Created, Some(order.created_by), order.amount, order.created_at);
        orders::add_event(sql, id, &created)?;
        Ok(Made::Now(order.clone()))
    });
    match written.await? {
        Made::Now(order) => Ok(order),
        Made::Before(order) if order.fingerprint == fingerprint => Ok(order),
        Made::Before(_) => Err(OperationError::KeyReused),
        Made::ReferenceTaken => Err(OperationError::Taken { field: "reference" }),
    }
}

/// What [`create`] found in the records.
enum Made {
    Now(Order),
    Before(Order),
    ReferenceTaken,
}

fn recorded(operations: &Operations, id: OrderId, new: &NewOrder) -> Order {
    let now = operations.now();
    Order {
        id,
        merchant: new.merchant,
        reference: new.reference.clone(),
        description: new.description.clone(),
        note: String::new(),
        source: new.source,
        escrow: new.escrow,
        amount: new.amount,
        refunded: Amount::zero(new.amount.currency()),
        state: OrderState::Open,
        fingerprint: new.fingerprint(),
        return_url: new.return_url.clone(),
        created_by: new.created_by,
        payer: None,
        payment: None,
        created_at: now,
        updated_at: now,
        paid_at: None,
        expires_at: after(now, new.open_seconds),
        hold_seconds: new.hold_seconds,
        release_at: None,
    }
}

/// This many seconds later.
pub(crate) fn after(moment: Timestamp, seconds: u32) -> Timestamp {
    Timestamp(moment.0.saturating_add(u64::from(seconds).saturating_mul(NANOSECONDS_PER_SECOND)))
}

pub(crate) fn event(
    kind: OrderEventKind,
    actor: Option<PrincipalId>,
    amount: Amount,
    at: Timestamp,
) -> OrderEvent {
    OrderEvent { kind, actor, amount: Some(amount), note: String::new(), at }
}

async fn check(operations: &Operations, new: &NewOrder) -> Result<(), OperationError> {
    operations.policy().check_amount(new.amount)?;
    directory::payable(operations, new.merchant).await?;
    if new.reference.len() > 64 || !new.reference.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(OperationError::TextLength { field: "reference" });
    }
    memo::check(&new.description).map_err(|_| OperationError::TextLength { field: "description" })?;
    let seconds = 60..=SECONDS_MAX;
    if !seconds.contains(&new.open_seconds) || !seconds.contains(&new.hold_seconds) {
        return Err(OperationError::OutOfRange { field: "open_seconds" });
    }
    check_lines(new)?;
    checkout_origins::check(operations, new.merchant, &new.return_url).await
}

/// The lines, where there are any, add up to the amount.
fn check_lines(new: &NewOrder) -> Result<(), OperationError> {
    if new.lines.is_empty() {
        return Ok(());
    }
    let mut sum = Amount::zero(new.amount.currency());
    for line in &new.lines {
        memo::check_name("lines", &line.name, 80)?;
        let part = line.price.checked_mul(u64::from(line.quantity));
        let part = part.map_err(|_| OperationError::OutOfRange { field: "lines" })?;
        sum = sum.checked_add(part).map_err(|_| OperationError::OutOfRange { field: "lines" })?;
    }
    if new.lines.len() > LINES_MAX || sum != new.amount {
        return Err(OperationError::OutOfRange { field: "lines" });
    }
    Ok(())
}

/// The order with this id.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, id: OrderId) -> Result<Order, OperationError> {
    let found = operations.records().read(move |sql| orders::get(sql, id)).await?;
    found.ok_or(OperationError::NotFound(Party::Order))
}

/// The merchant's order with this id.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn of_merchant(
    operations: &Operations,
    merchant: MerchantId,
    id: OrderId,
) -> Result<Order, OperationError> {
    let order = get(operations, id).await?;
    if order.merchant == merchant { Ok(order) } else { Err(OperationError::NotFound(Party::Order)) }
}

/// The order that this operation paid, where one did.
///
/// # Errors
/// What could not be reached.
pub async fn paid_by(operations: &Operations, payment: OperationId) -> Result<Option<Order>, OperationError> {
    Ok(operations.records().read(move |sql| orders::find_by_payment(sql, payment)).await?)
}

/// How codes of a till name an order: its 128 bits in base 36, which fit the reference of a merchant's code.
#[must_use]
pub fn code_reference(id: OrderId) -> String {
    let mut rest = id.bits();
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        rest /= 36;
    }
    digits.iter().rev().collect()
}

/// The merchant's order that a code's reference names, where it names one.
///
/// # Errors
/// What could not be reached.
pub async fn of_code(
    operations: &Operations,
    merchant: MerchantId,
    reference: &str,
) -> Result<Option<Order>, OperationError> {
    let Ok(bits) = u128::from_str_radix(reference, 36) else { return Ok(None) };
    let id = OrderId::new(bits);
    let found = operations.records().read(move |sql| orders::get(sql, id)).await?;
    Ok(found.filter(|order| order.merchant == merchant))
}

/// Lines, story and dispute of an order.
///
/// # Errors
/// What could not be reached.
pub async fn story(operations: &Operations, order: Order) -> Result<OrderStory, OperationError> {
    let read = operations.records().read(move |sql| {
        let lines = orders::lines(sql, &order)?;
        let events = orders::events(sql, &order)?;
        let dispute = records::disputes::get(sql, order.id, order.amount.currency())?;
        Ok(OrderStory { lines, events, dispute, order })
    });
    Ok(read.await?)
}

/// The newest orders that pass the filter, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn list(
    operations: &Operations,
    filter: OrderFilter,
    limit: u32,
) -> Result<Vec<Order>, OperationError> {
    Ok(operations.records().read(move |sql| orders::list(sql, &filter, limit)).await?)
}

/// Writes what staff have to say about an order.
///
/// # Errors
/// [`OperationError::NotFound`], [`OperationError::TextLength`], or what could not be reached.
pub async fn set_note(
    operations: &Operations,
    merchant: MerchantId,
    id: OrderId,
    note: String,
) -> Result<(), OperationError> {
    memo::check(&note).map_err(|_| OperationError::TextLength { field: "note" })?;
    let now = operations.now();
    let written = operations.records().write(move |sql| orders::set_note(sql, merchant, id, &note, now));
    if written.await? { Ok(()) } else { Err(OperationError::NotFound(Party::Order)) }
}

/// A buyer wants to pay an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayRequest {
    /// Who pays, and asks.
    pub payer: HolderId,
    /// Which order.
    pub order: OrderId,
    /// Where the request comes from.
    pub origin: Origin,
}

/// Pays an order, or answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, [`OperationError::OrderEnded`] among them, or what could not be reached.
pub async fn pay(
    operations: &Operations,
    key: &IdempotencyKey,
    request: PayRequest,
) -> Result<Receipt, OperationError> {
    let order = get(operations, request.order).await?;
    let id = operation_id(request.payer.into(), "order payment", key);
    let new = payment_of(operations, id, &order, request.payer);
    if let Err(rule) = check_payment(operations, id, &order, &request).await {
        return intent::refuse(operations, id, new.fingerprint, rule).await;
    }
    let facts = match begin(operations, new).await? {
        Begun::Ended(receipt) => return Ok(receipt),
        Begun::Open(facts) => facts,
    };
    match decide(operations, id, &order, request.payer).await? {
        Verdict::Created | Verdict::Existed => {
            let receipt = conclude(operations, facts, OperationState::Completed, None);
            note_paid(operations, &order, id, request.payer).await?;
            Ok(receipt)
        }
        Verdict::Refused(Reason::OrderEnded) => {
            reconcile(operations, order.id).await?;
            Ok(conclude(operations, facts, OperationState::Declined, Some(Reason::OrderEnded)))
        }
        Verdict::Refused(reason) => Ok(conclude(operations, facts, OperationState::Declined, Some(reason))),
        Verdict::Another => {
            rebuild::correct(operations, id).await?;
            Err(OperationError::KeyReused)
        }
    }
}

const fn kind_of(order: &Order) -> OperationKind {
    if order.escrow { OperationKind::EscrowPayment } else { OperationKind::Payment }
}

fn payment_of(operations: &Operations, id: OperationId, order: &Order, payer: HolderId) -> NewOperation {
    let memo = if order.description.is_empty() { &order.reference } else { &order.description };
    NewOperation {
        id,
        kind: kind_of(order),
        payer: Some(payer.into()),
        // Money in escrow is not the merchant's yet.
        payee: (!order.escrow).then(|| order.merchant.into()),
        merchant: Some(order.merchant),
        card: None,
        parent: None,
        amount: order.amount,
        memo: memo.clone(),
        fingerprint: order_postings::payment_fingerprint(order.id, order.amount).0,
        created_at: operations.now(),
    }
}

async fn check_payment(
    operations: &Operations,
    id: OperationId,
    order: &Order,
    request: &PayRequest,
) -> Result<(), OperationError> {
    if order.state != OrderState::Open || order.expires_at <= operations.now() {
        return Err(OperationError::OrderEnded);
    }
    directory::payable(operations, order.merchant).await?;
    directory::spender(operations, request.payer, order.amount.currency()).await?;
    let spending = Spending {
        operation: id,
        kind: kind_of(order),
        payer: request.payer,
        payee: order.merchant.into(),
        amount: order.amount,
        origin: request.origin,
    };
    spending::check(operations, &spending).await
}

async fn decide(
    operations: &Operations,
    id: OperationId,
    order: &Order,
    payer: HolderId,
) -> Result<Verdict, OperationError> {
    let route = if order.escrow { Route::Escrow } else { Route::Direct };
    let payment = OrderPayment {
        operation: id,
        order: order.id,
        payer,
        merchant: order.merchant,
        amount: order.amount,
        route,
    };
    let [money, mut taken] = order_postings::order_paid(&payment);
    let used = limits::leg(operations, payer, (id, order.amount)).await?;
    if used.is_some() {
        taken.flags |= TransferFlags::LINKED;
    }
    let legs: Vec<Transfer> = [Some(money), Some(taken), used].into_iter().flatten().collect();
    let statuses = operations.ledger().create_transfers(legs).await?;
    let &[money, taken, ref used @ ..] = statuses.as_slice() else {
        return Err(OperationError::Inconsistent("ledger answered another question"));
    };
    if money == Status::LinkedEventFailed && used.iter().copied().any(limits::is_used_up) {
        return Ok(Verdict::Refused(Reason::OverDailyLimit));
    }
    let ended = taken == Status::IdAlreadyFailed || taken == Status::Exists || is_another(taken);
    if money == Status::LinkedEventFailed && ended {
        return Ok(Verdict::Refused(Reason::OrderEnded));
    }
    verdict(money)
}

/// Records that an operation paid the order, with the message that tells of it.
async fn note_paid(
    operations: &Operations,
    order: &Order,
    payment: OperationId,
    payer: HolderId,
) -> Result<(), OperationError> {
    let now = operations.now();
    let release_at = order.escrow.then(|| after(now, order.hold_seconds));
    let state = if order.escrow { OrderState::Held } else { OrderState::Paid };
    let message = operations.fresh_bits();
    let (id, amount) = (order.id, order.amount);
    let written = operations.records().write(move |sql| {
        if !orders::set_paid(sql, id, state, (payment, Some(payer)), (now, release_at))? {
            return Ok(());
        }
        let paid = event(OrderEventKind::Paid, Some(payer.into()), amount, now);
        orders::add_event(sql, id, &paid)?;
        webhooks::tell(sql, id, &paid, message)
    });
    Ok(written.await?)
}

/// A member of the merchant's staff withdraws an order that nobody has paid.
///
/// # Errors
/// [`OperationError::OrderEnded`] where somebody has paid or it ended before, or what could not be reached.
pub async fn cancel(
    operations: &Operations,
    principal: PrincipalId,
    order: &Order,
) -> Result<(), OperationError> {
    if order.state != OrderState::Open {
        return Err(OperationError::OrderEnded);
    }
    if close(operations, order, OrderState::Cancelled, Some(principal)).await? {
        Ok(())
    } else {
        Err(OperationError::OrderEnded)
    }
}

/// Ends an order unpaid. Says whether it did: another may have paid it first.
async fn close(
    operations: &Operations,
    order: &Order,
    state: OrderState,
    actor: Option<PrincipalId>,
) -> Result<bool, OperationError> {
    let closing = order_postings::order_closed(order.id, order.amount.currency());
    let status = operations.ledger().create_transfer(closing).await?;
    if !matches!(status, Status::DebitAccountNotFound | Status::IdAlreadyFailed) {
        reconcile(operations, order.id).await?;
        return Ok(false);
    }
    let kind =
        if state == OrderState::Cancelled { OrderEventKind::Cancelled } else { OrderEventKind::Expired };
    let (id, now, message) = (order.id, operations.now(), operations.fresh_bits());
    let ended = event(kind, actor, order.amount, now);
    let written = operations.records().write(move |sql| {
        let open = orders::get(sql, id)?.filter(|order| order.state == OrderState::Open);
        let Some(order) = open else { return Ok(()) };
        orders::set_state(sql, id, state, order.refunded, now)?;
        orders::add_event(sql, id, &ended)?;
        webhooks::tell(sql, id, &ended, message)
    });
    written.await?;
    Ok(true)
}

/// Records what the ledger says about an order that the records think unpaid. Says whether it is paid.
///
/// # Errors
/// What could not be reached.
pub async fn reconcile(operations: &Operations, id: OrderId) -> Result<bool, OperationError> {
    let order = get(operations, id).await?;
    let taken = operations.ledger().lookup_transfers(vec![order_postings::taken_id(id)]).await?;
    let Some(taken) = taken.first() else { return Ok(false) };
    if order.payment.is_some() {
        return Ok(true);
    }
    let payment = OperationId::new(taken.user_data_128);
    let money = operations.ledger().lookup_transfers(vec![postings::decision_id(payment)]).await?;
    let money = money.first().ok_or(OperationError::Inconsistent("order was taken without a payment"))?;
    let accounts = operations.ledger().lookup_accounts(vec![money.debit_account_id]).await?;
    let payer = accounts.first().filter(|account| account.code == chart::WALLET);
    let payer = payer.ok_or(OperationError::Inconsistent("order was not paid from a wallet"))?;
    note_paid(operations, &order, payment, HolderId::new(payer.user_data_128)).await?;
    Ok(true)
}

/// Records how much of a directly paid order was given back, after a refund of its payment.
///
/// # Errors
/// What could not be reached.
pub(crate) async fn note_refund(
    operations: &Operations,
    refund: &NewOperation,
    principal: PrincipalId,
) -> Result<(), OperationError> {
    let Some(payment) = refund.parent else { return Ok(()) };
    if paid_by(operations, payment).await?.is_none() {
        return Ok(());
    }
    let (now, message) = (operations.now(), operations.fresh_bits());
    let mut given_back = event(OrderEventKind::Refunded, Some(principal), refund.amount, now);
    given_back.note.clone_from(&refund.memo);
    let written = operations.records().write(move |sql| {
        let Some(order) = orders::find_by_payment(sql, payment)? else { return Ok(()) };
        let refunded = refunded_of(sql, &order)?;
        let whole = refunded == order.amount;
        let state = if whole { OrderState::Refunded } else { OrderState::PartlyRefunded };
        if orders::set_state(sql, order.id, state, refunded, now)? {
            orders::add_event(sql, order.id, &given_back)?;
            webhooks::tell(sql, order.id, &given_back, message)?;
        }
        Ok(())
    });
    Ok(written.await?)
}

/// How much of a paid order was given back, by the records.
pub(crate) fn refunded_of(
    sql: &mut dyn records::Sql,
    order: &Order,
) -> Result<Amount, records::RecordsError> {
    let Some(payment) = order.payment else { return Ok(order.refunded) };
    let minor = u64::try_from(operations::refunded(sql, payment)?.0).unwrap_or(u64::MAX);
    Ok(Amount::from_minor(minor, order.amount.currency()).unwrap_or(order.amount))
}

/// What [`run_due`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DueReport {
    /// Orders found paid that the records thought open.
    pub found_paid: u64,
    /// Orders that nobody paid in time.
    pub expired: u64,
    /// Escrows released because their deadline passed.
    pub released: u64,
}

/// Does what time asks for: expires orders, releases escrows, and records payments whose record was interrupted. A server
/// calls it from time to time; several may at once.
///
/// # Errors
/// What could not be reached.
pub async fn run_due(operations: &Operations) -> Result<DueReport, OperationError> {
    let mut report = DueReport::default();
    let now = operations.now();
    let open = operations.records().read(|sql| orders::open(sql, PAGE)).await?;
    let ids = open.iter().map(|order| order_postings::taken_id(order.id)).collect();
    let taken = operations.ledger().lookup_transfers(ids).await?;
    for order in open {
        let id = order_postings::taken_id(order.id);
        if taken.iter().any(|transfer| transfer.id == id) {
            report.found_paid += u64::from(reconcile(operations, order.id).await?);
        } else if order.expires_at <= now {
            report.expired += u64::from(close(operations, &order, OrderState::Expired, None).await?);
        }
    }
    let due = operations.records().read(move |sql| orders::release_due(sql, now, PAGE)).await?;
    for order in due {
        report.released += u64::from(escrow::release_by_deadline(operations, &order).await?);
    }
    Ok(report)
}
