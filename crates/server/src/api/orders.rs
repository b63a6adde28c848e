//! Orders: made and read by merchants, paid by holders.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ledger::Timestamp;
use money::Amount;
use operations::escrow::{self, EscrowRefundRequest};
use operations::orders::{self as all_orders, HOLD_SECONDS, NewOrder, OPEN_SECONDS, PayRequest};
use operations::refund::{self, RefundRequest};
use records::orders::{Order, OrderFilter, OrderLine, OrderSource, OrderState};
use records::till::StaffRole;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wallet::ids::{MerchantId, OperationId, OrderId};

use super::history::page_limit;
use super::outcome::{Outcome, answer};
use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::{Holder, Staff};
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text, parse_id};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathId, Query};
use crate::rfc3339;
use crate::web::staff_role::require_on_api;

/// One thing that is ordered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LineRequest {
    #[schema(value_type = String, min_length = 1, max_length = 80, example = "Beef noodles")]
    name: Text<1, 80>,
    #[schema(minimum = 1, maximum = 9999)]
    quantity: u32,
    /// The price of one.
    price: Minor,
}

/// What a merchant asks to be paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderRequest {
    amount: Minor,
    currency: CurrencyCode,
    /// The merchant's own name for the order, unique among its orders.
    #[schema(value_type = Option<String>, max_length = 64, pattern = "^[!-~]*$", example = "A-1001")]
    reference: Option<Text<0, 64>>,
    /// What it is for, as the buyer reads it.
    #[schema(value_type = Option<String>, max_length = 140)]
    description: Option<Text<0, 140>>,
    /// What is ordered; its sum is the amount.
    #[schema(max_items = 50)]
    lines: Option<Vec<LineRequest>>,
    /// Whether the money waits until the buyer confirms receipt or the deadline passes.
    escrow: Option<bool>,
    /// Where checkout sends the buyer afterwards: on an origin that the merchant has registered.
    #[schema(value_type = Option<String>, max_length = 512)]
    return_url: Option<Text<0, 512>>,
    /// How long it can be paid; a day where left out.
    #[schema(minimum = 60, maximum = 7776000)]
    open_seconds: Option<u32>,
    /// How long money waits in escrow; a week where left out.
    #[schema(minimum = 60, maximum = 7776000)]
    hold_seconds: Option<u32>,
}

/// An order.
#[derive(Serialize, ToSchema)]
pub(super) struct OrderView {
    #[schema(value_type = AnyId)]
    id: Id<OrderId>,
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    reference: String,
    description: String,
    /// `api`, `link` or `till`.
    source: &'static str,
    /// `open`, `paid`, `expired`, `cancelled`, `partly_refunded`, `refunded`, `held`, `disputed` or `released`.
    #[schema(example = "open")]
    state: &'static str,
    escrow: bool,
    /// Minor units.
    amount: u64,
    /// How much of it was given back.
    refunded: u64,
    currency: CurrencyCode,
    /// The operation that paid it.
    #[schema(value_type = Option<AnyId>)]
    payment: Option<Id<OperationId>>,
    /// Where the buyer pays: a path of this server.
    #[schema(example = "/checkout/018f4f3c5b7e7a0c9d2e4b6a81c3d5f7")]
    checkout: String,
    return_url: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[schema(format = DateTime)]
    paid_at: Option<String>,
    /// When what waits in escrow goes to the merchant by itself.
    #[schema(format = DateTime)]
    release_at: Option<String>,
}

impl From<Order> for OrderView {
    fn from(order: Order) -> Self {
        Self {
            id: Id(order.id),
            merchant: Id(order.merchant),
            reference: order.reference,
            description: order.description,
            source: order.source.code(),
            state: order.state.code(),
            escrow: order.escrow,
            amount: order.amount.minor(),
            refunded: order.refunded.minor(),
            currency: CurrencyCode(order.amount.currency()),
            payment: order.payment.map(Id),
            checkout: format!("/checkout/{}", order.id),
            return_url: order.return_url,
            created_at: rfc3339::format(order.created_at),
            expires_at: rfc3339::format(order.expires_at),
            paid_at: order.paid_at.map(rfc3339::format),
            release_at: order.release_at.map(rfc3339::format),
        }
    }
}

/// Make an order.
///
/// Nobody is charged: the buyer pays at `checkout`.
#[utoipa::path(
    post, path = "/api/v1/orders", tag = "Orders", request_body = OrderRequest,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Made", body = OrderView), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    staff: Staff,
    Key(key): Key,
    Body(body): Body<OrderRequest>,
) -> Result<Response, Problem> {
    let currency = body.currency;
    let line = |line: LineRequest| OrderLine {
        name: line.name.into_string(),
        quantity: line.quantity,
        price: line.price.of(currency),
    };
    let new = NewOrder {
        merchant: staff.merchant,
        created_by: staff.caller.principal,
        source: OrderSource::Api,
        amount: body.amount.of(currency),
        lines: body.lines.unwrap_or_default().into_iter().map(line).collect(),
        reference: body.reference.map(Text::into_string).unwrap_or_default(),
        description: body.description.map(Text::into_string).unwrap_or_default(),
        escrow: body.escrow.unwrap_or(false),
        return_url: body.return_url.map(Text::into_string).unwrap_or_default(),
        open_seconds: body.open_seconds.unwrap_or(OPEN_SECONDS),
        hold_seconds: body.hold_seconds.unwrap_or(HOLD_SECONDS),
    };
    let order = all_orders::create(app.operations(), &key, new).await?;
    Ok(json::created(&OrderView::from(order)))
}

/// Which orders to list, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrderQuery {
    /// Those in this state.
    state: Option<String>,
    /// Those with exactly this reference.
    reference: Option<String>,
    /// Those whose reference, description or note has this text.
    search: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A page of orders, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Orders {
    orders: Vec<OrderView>,
    /// `cursor` of the next page, where there is one.
    next: Option<String>,
}

/// List orders of the own merchant.
#[utoipa::path(
    get, path = "/api/v1/orders", tag = "Orders", params(OrderQuery),
    responses((status = 200, description = "A page of orders", body = Orders), Read)
)]
pub(super) async fn list(
    State(app): State<App>,
    staff: Staff,
    Query(query): Query<OrderQuery>,
) -> Result<Response, Problem> {
    let limit = page_limit(query.limit)?;
    let state = query.state.as_deref().map(state_of).transpose()?;
    let before = query.cursor.as_deref().map(cursor_of).transpose()?;
    let filter = OrderFilter {
        merchant: Some(staff.merchant),
        state,
        text: query.search.or_else(|| query.reference.clone()),
        before,
        ..OrderFilter::default()
    };
    let mut found = all_orders::list(app.operations(), filter, limit.saturating_add(1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| format!("{}-{}", last.created_at.0, last.id));
    found.retain(|order| query.reference.as_deref().is_none_or(|wanted| order.reference == wanted));
    Ok(json::ok(&Orders { orders: found.into_iter().map(OrderView::from).collect(), next }))
}

fn state_of(code: &str) -> Result<OrderState, Problem> {
    let found = <OrderState as records::Code>::from_code(code);
    found.ok_or_else(|| Problem::invalid("state", "there is no such state of an order"))
}

fn cursor_of(text: &str) -> Result<(Timestamp, OrderId), Problem> {
    let parsed = text.split_once('-').and_then(|(at, id)| Some((Timestamp(at.parse().ok()?), parse_id(id)?)));
    parsed
        .filter(|(at, _)| *at <= Timestamp::LAST)
        .ok_or_else(|| Problem::invalid("cursor", "the cursor is not one of this server"))
}

/// See one order of the own merchant.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}", tag = "Orders", params(("id" = AnyId, Path, description = "The order")),
    responses((status = 200, description = "The order", body = OrderView), Read)
)]
pub(super) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<OrderId>,
) -> Result<Response, Problem> {
    let order = all_orders::of_merchant(app.operations(), staff.merchant, id).await?;
    Ok(json::ok(&OrderView::from(order)))
}

/// Cancel an order that nobody has paid.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/cancellation", tag = "Orders",
    params(("id" = AnyId, Path, description = "The order")),
    responses((status = 204, description = "Cancelled: it can never be paid"), Change)
)]
pub(super) async fn cancel(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<OrderId>,
) -> Result<StatusCode, Problem> {
    let order = all_orders::of_merchant(app.operations(), staff.merchant, id).await?;
    all_orders::cancel(app.operations(), staff.caller.principal, &order).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How much to give back; without an amount, all that is left.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderRefund {
    amount: Option<Minor>,
    /// Why.
    #[schema(value_type = Option<String>, max_length = 140)]
    memo: Option<Text<0, 140>>,
}

/// Give money of a paid order back to its buyer.
///
/// From escrow while it waits there, else from the merchant's account.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/refunds", tag = "Orders", request_body = OrderRefund,
    params(
        ("id" = AnyId, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect"),
    ),
    responses((status = 201, description = "Given back", body = Outcome), Write)
)]
pub(super) async fn give_back(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<OrderId>,
    Key(key): Key,
    Body(body): Body<OrderRefund>,
) -> Result<Response, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Manager).await?;
    let operations = app.operations();
    let order = all_orders::of_merchant(operations, staff.merchant, id).await?;
    let amount = body.amount.map(|amount| amount.of(CurrencyCode(order.amount.currency())));
    let memo = body.memo.map(Text::into_string).unwrap_or_default();
    answer(&refund_of(operations, &key, (&order, staff.caller.principal), (amount, memo)).await?)
}

/// Gives back from where the money is.
pub(crate) async fn refund_of(
    operations: &operations::Operations,
    key: &operations::IdempotencyKey,
    (order, principal): (&Order, wallet::ids::PrincipalId),
    (amount, memo): (Option<Amount>, String),
) -> Result<operations::Receipt, operations::OperationError> {
    if order.escrow {
        return escrow::give_back(operations, key, order, EscrowRefundRequest { principal, amount, memo })
            .await;
    }
    let payment = order.payment.ok_or(operations::OperationError::NotRefundable)?;
    let left = order.amount.checked_sub(order.refunded).unwrap_or(order.amount);
    let amount = Some(amount.unwrap_or(left));
    let request = RefundRequest { principal, merchant: order.merchant, payment, amount, memo };
    refund::start(operations, key, request).await
}

/// Pay an order.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/payment", tag = "Money",
    params(
        ("id" = AnyId, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect"),
    ),
    responses((status = 201, description = "Paid", body = Outcome), Write)
)]
pub(super) async fn pay(
    State(app): State<App>,
    holder: Holder,
    PathId(order): PathId<OrderId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    let request = PayRequest { payer: holder.id, order, origin: holder.origin };
    answer(&all_orders::pay(app.operations(), &key, request).await?)
}

/// Confirm that what was ordered has arrived: what waits in escrow goes to the merchant.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/receipt-confirmation", tag = "Money",
    params(
        ("id" = AnyId, Path, description = "The order"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect"),
    ),
    responses((status = 201, description = "Released", body = Outcome), Write)
)]
pub(super) async fn confirm_receipt(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<OrderId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    let order = all_orders::get(app.operations(), id).await?;
    answer(&escrow::confirm_receipt(app.operations(), &key, holder.id, &order).await?)
}

/// Why a buyer disputes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DisputeRequest {
    #[schema(value_type = String, min_length = 1, max_length = 140)]
    reason: Text<1, 140>,
}

/// Dispute an order: what waits in escrow is held until a decision.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/dispute", tag = "Money", request_body = DisputeRequest,
    params(("id" = AnyId, Path, description = "The order")),
    responses((status = 204, description = "Disputed"), Write)
)]
pub(super) async fn dispute(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<OrderId>,
    Body(body): Body<DisputeRequest>,
) -> Result<StatusCode, Problem> {
    let order = all_orders::get(app.operations(), id).await?;
    escrow::dispute(app.operations(), holder.id, &order, body.reason.into_string()).await?;
    Ok(StatusCode::NO_CONTENT)
}
