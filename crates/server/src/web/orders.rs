//! A merchant's orders, and the operator's desk for disputes.

use axum::extract::Query;
use axum::response::Response;
use money::Amount;
use operations::orders::{self, HOLD_SECONDS, NewOrder, OPEN_SECONDS, OrderStory};
use operations::{IdempotencyKey, OperationError, Receipt, escrow, masked};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::merchant_orders::{LinkForm, OrderActions, OrderDetail, OrderList, OrderedLine};
use pages::order_words::{OrderMoment, OrderRow, OrderStatus, OrderStep};
use records::Code;
use records::operations::OperationState;
use records::orders::{Order, OrderEvent, OrderFilter, OrderSource, OrderState};
use records::principals;
use records::till::StaffRole;
use serde::Deserialize;
use wallet::ids::{OrderId, PrincipalId};

use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{OperatorVisit, StaffVisit, Visit, page, page_with_problems, see_other};
use super::{amounts, describe, staff_role};
use crate::api::orders::refund_of;
use crate::fields::parse_id;
use crate::request::PathId;

/// How many orders one page shows.
const PAGE: u32 = 25;

#[derive(Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    before: String,
}

/// `GET /merchant/orders`
pub(super) async fn list(
    StaffVisit { visit, merchant }: StaffVisit,
    Query(query): Query<ListQuery>,
) -> Result<Response, Stop> {
    let status = OrderStatus::from_code(&query.state);
    let before = query.before.split_once('-').and_then(|(at, id)| {
        Some((
            ledger::Timestamp(at.parse().ok().filter(|at| *at <= ledger::Timestamp::LAST.0)?),
            parse_id(id)?,
        ))
    });
    let filter = OrderFilter {
        merchant: Some(merchant),
        state: status.and_then(|status| OrderState::from_code(status.code())),
        text: Some(query.search.clone()).filter(|text| !text.trim().is_empty()),
        before,
        ..OrderFilter::default()
    };
    let mut found = visit.need(orders::list(visit.app.operations(), filter, PAGE + 1).await)?;
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let older = found.last().filter(|_| more).map(|last| older_query(&query, last));
    let rows = found.iter().map(row).collect();
    let view = OrderList { search: query.search, status, rows, older, of_operator: false };
    Ok(page(pages::merchant_orders::list(&visit.frame(), &view)))
}

fn older_query(query: &ListQuery, last: &Order) -> String {
    let before = format!("{}-{}", last.created_at.0, last.id);
    let pairs = [("search", query.search.as_str()), ("state", &query.state), ("before", &before)];
    format!("?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
}

/// An order as a row.
pub(super) fn row(order: &Order) -> OrderRow {
    let title = title(order);
    let note = if order.description == title { String::new() } else { order.description.clone() };
    OrderRow {
        id: order.id,
        at: order.created_at,
        title,
        note,
        status: status(order.state),
        amount: order.amount,
        refunded: order.refunded,
    }
}

/// What an order is called: its reference, what it is for, or the beginning of its id.
fn title(order: &Order) -> String {
    let named = [&order.reference, &order.description].into_iter().find(|text| !text.is_empty());
    named.cloned().unwrap_or_else(|| order.id.to_string().chars().take(8).collect())
}

/// The state, as pages name it.
pub(super) const fn status(state: OrderState) -> OrderStatus {
    match state {
        OrderState::Open => OrderStatus::Open,
        OrderState::Paid => OrderStatus::Paid,
        OrderState::Expired => OrderStatus::Expired,
        OrderState::Cancelled => OrderStatus::Cancelled,
        OrderState::PartlyRefunded => OrderStatus::PartlyRefunded,
        OrderState::Refunded => OrderStatus::Refunded,
        OrderState::Held => OrderStatus::Held,
        OrderState::Disputed => OrderStatus::Disputed,
        OrderState::Released => OrderStatus::Released,
    }
}

/// The lines of an order, as pages show them.
pub(super) fn lines(story: &OrderStory) -> Vec<OrderedLine> {
    let line = |line: &records::orders::OrderLine| OrderedLine {
        name: line.name.clone(),
        quantity: line.quantity,
        price: line.price,
    };
    story.lines.iter().map(line).collect()
}

/// The story of an order, with the names of those who wrote it. Buyers are masked for everybody but themselves.
pub(super) async fn moments(visit: &Visit, story: &OrderStory) -> Result<Vec<OrderMoment>, Stop> {
    let actors: Vec<PrincipalId> = story.events.iter().filter_map(|event| event.actor).collect();
    let read = visit.app.records().read(move |sql| {
        actors.iter().map(|actor| principals::get(sql, *actor)).collect::<Result<Vec<_>, _>>()
    });
    let known: Vec<_> = visit.need_records(read.await)?.into_iter().flatten().collect();
    let reader = visit.member.as_ref().map(|member| member.principal.id);
    let name = |event: &OrderEvent| {
        let actor = known.iter().find(|principal| Some(principal.id) == event.actor);
        actor.map_or_else(String::new, |principal| {
            let name = describe::own_name(visit.locale, principal);
            let own = Some(principal.id) == reader || principal.role != principals::Role::Holder;
            if own { name } else { masked(&name) }
        })
    };
    let moment = |event: &OrderEvent| {
        Some(OrderMoment {
            step: OrderStep::from_code(event.kind.code())?,
            who: name(event),
            amount: event.amount,
            note: event.note.clone(),
            at: event.at,
        })
    };
    Ok(story.events.iter().filter_map(moment).collect())
}

async fn detail(visit: &Visit, order: Order, actions: OrderActions) -> Result<OrderDetail, Stop> {
    let operations = visit.app.operations();
    let buyer = match order.payer {
        Some(payer) => buyer_name(visit, payer.into()).await?,
        None => String::new(),
    };
    let story = visit.need(orders::story(operations, order).await)?;
    let moments = moments(visit, &story).await?;
    let lines = lines(&story);
    let order = story.order;
    Ok(OrderDetail {
        id: order.id,
        title: title(&order),
        shop: String::new(),
        buyer,
        status: status(order.state),
        amount: order.amount,
        refunded: order.refunded,
        description: order.description,
        note: order.note,
        lines,
        expires_at: order.expires_at,
        release_at: order.release_at,
        payment: order.payment,
        checkout: format!("/checkout/{}", order.id),
        moments,
        actions,
        attempt: visit.attempt(),
        typed: String::new(),
        problems: Vec::new(),
    })
}

async fn buyer_name(visit: &Visit, buyer: PrincipalId) -> Result<String, Stop> {
    let read = visit.app.records().read(move |sql| principals::get(sql, buyer));
    let known = visit.need_records(read.await)?;
    Ok(known.map_or_else(String::new, |buyer| masked(&describe::own_name(visit.locale, &buyer))))
}

/// What staff in this role may do with an order.
fn staff_actions(order: &Order, role: StaffRole) -> OrderActions {
    let left = order.amount.checked_sub(order.refunded).ok().filter(|left| !left.is_zero());
    let manages = role >= StaffRole::Manager;
    let refundable = matches!(order.state, OrderState::Paid | OrderState::PartlyRefunded | OrderState::Held);
    OrderActions {
        refund: left.filter(|_| manages && refundable),
        cancel: order.state == OrderState::Open,
        note: true,
        answer: manages && order.state == OrderState::Disputed,
        ..OrderActions::default()
    }
}

async fn own_order(staff: &StaffVisit, id: OrderId) -> Result<Order, Stop> {
    let visit = &staff.visit;
    visit.need(orders::of_merchant(visit.app.operations(), staff.merchant, id).await)
}

/// `GET /merchant/orders/{id}`
pub(super) async fn show(PathId(id): PathId<OrderId>, staff: StaffVisit) -> Result<Response, Stop> {
    Ok(page(pages::merchant_orders::detail(&staff.visit.frame(), &staff_view(&staff, id).await?)))
}

async fn staff_view(staff: &StaffVisit, id: OrderId) -> Result<OrderDetail, Stop> {
    let order = own_order(staff, id).await?;
    let (_, role) = staff_role::of(&staff.visit).await?;
    let actions = staff_actions(&order, role);
    detail(&staff.visit, order, actions).await
}

/// Back to the order with good news, or the order again with what is wrong.
async fn answered(
    staff: &StaffVisit,
    id: OrderId,
    typed: String,
    outcome: Result<(), Problem>,
) -> Result<Response, Stop> {
    match outcome {
        Ok(()) => Ok(see_other(&format!("/merchant/orders/{id}?notice={}", Notice::Saved.code()))),
        Err(problem) => {
            let view = OrderDetail { typed, problems: vec![problem], ..staff_view(staff, id).await? };
            Ok(page_with_problems(pages::merchant_orders::detail(&staff.visit.frame(), &view)))
        }
    }
}

/// What is wrong, beside the field it is about, or the page of a fault.
fn told<T>(
    visit: &Visit,
    field: &'static str,
    result: Result<T, OperationError>,
) -> Result<Result<(), Problem>, Stop> {
    match result {
        Ok(_) => Ok(Ok(())),
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            Ok(Err(Problem { field, ..problem }))
        }
    }
}

fn moved(receipt: &Receipt) -> Result<(), Problem> {
    if receipt.state == OperationState::Completed {
        return Ok(());
    }
    let trouble = match receipt.reason {
        Some(operations::Reason::MerchantBalanceShort) => Trouble::InsufficientFunds(None),
        Some(operations::Reason::EscrowShort) => Trouble::NotInEscrow,
        _ => Trouble::OverRefund,
    };
    Err(Problem { field: "amount", trouble })
}

#[derive(Deserialize)]
pub(super) struct RefundForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    memo: String,
}

/// `POST /merchant/orders/{id}/refund`
pub(super) async fn refund(
    PathId(id): PathId<OrderId>,
    staff: StaffVisit,
    OwnForm(form): OwnForm<RefundForm>,
) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Manager).await?;
    let visit = &staff.visit;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let order = own_order(&staff, id).await?;
    let operations = visit.app.operations();
    let outcome = match amounts::typed(&form.amount, order.amount.currency().code()) {
        Err(problem) => Err(problem),
        Ok(amount) => {
            let asked =
                || refund_of(operations, &key, (&order, principal), (Some(amount), form.memo.clone()));
            match settled(asked).await {
                Ok(receipt) => moved(&receipt),
                error => told(visit, "amount", error)?,
            }
        }
    };
    answered(&staff, id, form.amount, outcome).await
}

#[derive(Deserialize)]
pub(super) struct NoteForm {
    #[serde(default)]
    note: String,
}

/// `POST /merchant/orders/{id}/note`
pub(super) async fn note(
    PathId(id): PathId<OrderId>,
    staff: StaffVisit,
    OwnForm(form): OwnForm<NoteForm>,
) -> Result<Response, Stop> {
    let operations = staff.visit.app.operations();
    let written = orders::set_note(operations, staff.merchant, id, form.note.trim().to_owned()).await;
    let outcome = told(&staff.visit, "note", written)?;
    answered(&staff, id, String::new(), outcome).await
}

#[derive(Deserialize)]
pub(super) struct NoFields {}

/// `POST /merchant/orders/{id}/cancel`
pub(super) async fn cancel(
    PathId(id): PathId<OrderId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Cashier).await?;
    let order = own_order(&staff, id).await?;
    let cancelled = orders::cancel(staff.visit.app.operations(), principal, &order).await;
    let outcome = told(&staff.visit, "amount", cancelled)?;
    answered(&staff, id, String::new(), outcome).await
}

#[derive(Deserialize)]
pub(super) struct AnswerForm {
    #[serde(default)]
    answer: String,
}

/// `POST /merchant/orders/{id}/answer`
pub(super) async fn answer(
    PathId(id): PathId<OrderId>,
    staff: StaffVisit,
    OwnForm(form): OwnForm<AnswerForm>,
) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Manager).await?;
    let order = own_order(&staff, id).await?;
    let text = form.answer.trim().to_owned();
    let written = escrow::answer(staff.visit.app.operations(), principal, &order, text).await;
    let outcome = told(&staff.visit, "answer", written)?;
    answered(&staff, id, String::new(), outcome).await
}

/// `POST /merchant/orders/{id}/concede`
pub(super) async fn concede(
    PathId(id): PathId<OrderId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Manager).await?;
    let order = own_order(&staff, id).await?;
    let decided = escrow::concede(staff.visit.app.operations(), principal, &order).await;
    let outcome = told(&staff.visit, "amount", decided)?;
    answered(&staff, id, String::new(), outcome).await
}

#[derive(Deserialize)]
pub(super) struct NewLinkForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    description: String,
    escrow: Option<String>,
}

/// `GET /merchant/orders/new`
pub(super) async fn show_new(StaffVisit { visit, .. }: StaffVisit) -> Result<Response, Stop> {
    let currencies = visit.app.operations().services().policy.currencies.clone();
    let view = LinkForm { currencies, attempt: visit.attempt(), ..LinkForm::default() };
    Ok(page(pages::merchant_orders::new_link(&visit.frame(), &view)))
}

/// `POST /merchant/orders/new`
pub(super) async fn make(staff: StaffVisit, OwnForm(form): OwnForm<NewLinkForm>) -> Result<Response, Stop> {
    let principal = staff_role::require(&staff, StaffRole::Cashier).await?;
    let visit = &staff.visit;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let problem = match amounts::typed(&form.amount, &form.currency) {
        Err(problem) => problem,
        Ok(amount) => {
            let new = link(&staff, principal, &form, amount);
            match orders::create(visit.app.operations(), &key, new).await {
                Ok(order) => return Ok(see_other(&format!("/merchant/orders/{}", order.id))),
                Err(OperationError::Taken { .. }) => {
                    Problem { field: "reference", trouble: Trouble::ReferenceTaken }
                }
                Err(OperationError::TextLength { field }) => Problem { field, trouble: Trouble::TooLong(64) },
                Err(error) => problem_of(error).ok_or_else(|| visit.stop_for(error))?,
            }
        }
    };
    let view = LinkForm {
        amount: form.amount,
        currency: form.currency,
        currencies: visit.app.operations().services().policy.currencies.clone(),
        reference: form.reference,
        description: form.description,
        escrow: form.escrow.is_some(),
        attempt: visit.attempt(),
        problems: vec![problem],
    };
    Ok(page_with_problems(pages::merchant_orders::new_link(&visit.frame(), &view)))
}

fn link(staff: &StaffVisit, principal: PrincipalId, form: &NewLinkForm, amount: Amount) -> NewOrder {
    NewOrder {
        merchant: staff.merchant,
        created_by: principal,
        source: OrderSource::Link,
        amount,
        lines: Vec::new(),
        reference: form.reference.trim().to_owned(),
        description: form.description.trim().to_owned(),
        escrow: form.escrow.is_some(),
        return_url: String::new(),
        open_seconds: 7 * OPEN_SECONDS,
        hold_seconds: HOLD_SECONDS,
    }
}

/// `GET /operator/disputes`
pub(super) async fn disputes(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let filter = OrderFilter { state: Some(OrderState::Disputed), ..OrderFilter::default() };
    let found = visit.need(orders::list(visit.app.operations(), filter, PAGE).await)?;
    let view = OrderList {
        search: String::new(),
        status: None,
        rows: found.iter().map(row).collect(),
        older: None,
        of_operator: true,
    };
    Ok(page(pages::merchant_orders::list(&visit.frame(), &view)))
}

async fn dispute_view(visit: &Visit, id: OrderId) -> Result<OrderDetail, Stop> {
    let operations = visit.app.operations();
    let order = visit.need(orders::get(operations, id).await)?;
    let shop = visit.need(operations::merchants::get(operations, order.merchant).await)?;
    let shop = describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned();
    let story = visit.need(orders::story(operations, order.clone()).await)?;
    let open = story.dispute.filter(|dispute| dispute.decided_at.is_none());
    let reader = visit.member.as_ref().map(|member| member.principal.id);
    let proposal = open.as_ref().and_then(|dispute| dispute.proposal.as_ref());
    let actions = OrderActions {
        propose: open.as_ref().map(|dispute| dispute.held),
        confirm: proposal.filter(|proposal| Some(proposal.by) != reader).map(|proposal| proposal.share),
        ..OrderActions::default()
    };
    Ok(OrderDetail { shop, ..detail(visit, order, actions).await? })
}

/// `GET /operator/disputes/{id}`
pub(super) async fn dispute(
    PathId(id): PathId<OrderId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    Ok(page(pages::merchant_orders::detail(&visit.frame(), &dispute_view(&visit, id).await?)))
}

async fn dispute_answered(
    visit: &Visit,
    id: OrderId,
    outcome: Result<(), Problem>,
) -> Result<Response, Stop> {
    match outcome {
        Ok(()) => Ok(see_other(&format!("/operator/disputes/{id}?notice={}", Notice::Saved.code()))),
        Err(problem) => {
            let view = OrderDetail { problems: vec![problem], ..dispute_view(visit, id).await? };
            Ok(page_with_problems(pages::merchant_orders::detail(&visit.frame(), &view)))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ProposalForm {
    #[serde(default)]
    share: String,
    #[serde(default)]
    note: String,
}

/// `POST /operator/disputes/{id}/propose`
pub(super) async fn propose(
    PathId(id): PathId<OrderId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ProposalForm>,
) -> Result<Response, Stop> {
    let Some(operator) = visit.member.as_ref().map(|member| member.principal.id) else {
        return Ok(see_other("/login"));
    };
    let operations = visit.app.operations();
    let order = visit.need(orders::get(operations, id).await)?;
    // The merchant may get nothing, which no other form allows.
    let share = Amount::parse(form.share.trim(), order.amount.currency());
    let outcome = match share {
        Err(_) => Err(Problem { field: "share", trouble: Trouble::NotANumber }),
        Ok(share) => {
            let note = form.note.trim().to_owned();
            told(&visit, "share", escrow::propose(operations, operator, &order, share, note).await)?
        }
    };
    dispute_answered(&visit, id, outcome).await
}

/// `POST /operator/disputes/{id}/confirm`
pub(super) async fn confirm(
    PathId(id): PathId<OrderId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let Some(operator) = visit.member.as_ref().map(|member| member.principal.id) else {
        return Ok(see_other("/login"));
    };
    let operations = visit.app.operations();
    let order = visit.need(orders::get(operations, id).await)?;
    let outcome = told(&visit, "share", escrow::confirm(operations, operator, &order).await)?;
    dispute_answered(&visit, id, outcome).await
}
