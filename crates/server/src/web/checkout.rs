//! Hosted checkout: a buyer sees an order, pays it once, and later confirms or disputes it.

use axum::response::Response;
use operations::orders::{self, PayRequest};
use operations::{IdempotencyKey, OperationError, escrow, merchants};
use pages::checkout::{Checkout, Standing};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use records::operations::OperationState;
use records::orders::{Order, OrderFilter};
use records::principals::Role;
use serde::Deserialize;
use wallet::ids::{HolderId, OrderId};

use super::own_form::OwnForm;
use super::step_up::{self, StepUpForm};
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use super::{amounts, describe, orders as order_pages};
use crate::auth::Site;
use crate::request::PathId;

/// The most orders that a buyer's list shows.
const MY_ORDERS: u32 = 100;

/// `GET /checkout/{order}`
pub(super) async fn show(PathId(id): PathId<OrderId>, visit: Visit) -> Result<Response, Stop> {
    Ok(page(pages::checkout::checkout(&visit.frame(), &view(&visit, id).await?)))
}

async fn view(visit: &Visit, id: OrderId) -> Result<Checkout, Stop> {
    let operations = visit.app.operations();
    let order = visit.need(orders::get(operations, id).await)?;
    let shop = visit.need(merchants::get(operations, order.merchant).await)?;
    let standing = standing(visit, &order).await?;
    let story = visit.need(orders::story(operations, order).await)?;
    let is_buyer = matches!(standing, Standing::Buyer);
    let moments = if is_buyer { order_pages::moments(visit, &story).await? } else { Vec::new() };
    let lines = order_pages::lines(&story);
    let order = story.order;
    Ok(Checkout {
        id,
        shop: describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned(),
        status: order_pages::status(order.state),
        amount: order.amount,
        description: order.description,
        reference: order.reference,
        lines,
        escrow: order.escrow,
        expires_at: order.expires_at,
        release_at: order.release_at,
        standing,
        payment: order.payment.filter(|_| is_buyer),
        return_url: order.return_url,
        moments,
        attempt: visit.attempt(),
        problems: Vec::new(),
    })
}

async fn standing(visit: &Visit, order: &Order) -> Result<Standing, Stop> {
    let Some(member) = &visit.member else { return Ok(Standing::Guest) };
    if member.principal.role != Role::Holder {
        return Ok(Standing::Other);
    }
    let holder = HolderId::new(member.principal.id.bits());
    if order.payer == Some(holder) {
        return Ok(Standing::Buyer);
    }
    let held = amounts::available(visit, holder).await?;
    let held = held.into_iter().find(|held| held.currency() == order.amount.currency());
    Ok(held.map_or(Standing::NoWallet, Standing::CanPay))
}

#[derive(Deserialize)]
pub(super) struct PayForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(flatten)]
    step_up: StepUpForm,
}

/// `POST /checkout/{order}/pay`
pub(super) async fn pay(
    PathId(order): PathId<OrderId>,
    holder: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<PayForm>,
) -> Result<Response, Stop> {
    let visit = &holder.visit;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let origin = match step_up::origin(&holder, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => return confirm_first(&holder, &site, order, form, Some(problem)).await,
    };
    let request = PayRequest { payer: holder.holder, order, origin };
    let operations = visit.app.operations();
    let problem = match settled(|| orders::pay(operations, &key, request)).await {
        Ok(receipt) if receipt.state == OperationState::Completed => {
            return Ok(see_other(&format!("/checkout/{order}")));
        }
        Ok(receipt) => match receipt.reason {
            Some(operations::Reason::InsufficientFunds) => {
                Problem { field: "amount", trouble: Trouble::InsufficientFunds(None) }
            }
            Some(operations::Reason::OrderEnded) => Problem { field: "amount", trouble: Trouble::OrderEnded },
            _ => Problem { field: "amount", trouble: Trouble::Refused },
        },
        Err(OperationError::StepUpRequired) => return confirm_first(&holder, &site, order, form, None).await,
        Err(error) => problem_of(error).ok_or_else(|| visit.stop_for(error))?,
    };
    again(visit, order, problem).await
}

/// The page that asks for payment PIN or passkey and then sends this form again.
async fn confirm_first(
    holder: &HolderVisit,
    site: &Site,
    order: OrderId,
    form: PayForm,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let visit = &holder.visit;
    let operations = visit.app.operations();
    let found = visit.need(orders::get(operations, order).await)?;
    let shop = visit.need(merchants::get(operations, found.merchant).await)?;
    let asked = step_up::Asked {
        action: format!("/checkout/{order}/pay"),
        back: format!("/checkout/{order}"),
        payee: found.merchant.into(),
        payee_name: describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned(),
        amount: found.amount,
        fields: vec![("idempotency_key", form.idempotency_key)],
    };
    step_up::ask(holder, site, asked, problem).await
}

async fn again(visit: &Visit, order: OrderId, problem: Problem) -> Result<Response, Stop> {
    let view = Checkout { problems: vec![problem], ..view(visit, order).await? };
    Ok(page_with_problems(pages::checkout::checkout(&visit.frame(), &view)))
}

/// `POST /checkout/{order}/confirm`
pub(super) async fn confirm(
    PathId(id): PathId<OrderId>,
    holder: HolderVisit,
    OwnForm(form): OwnForm<PayForm>,
) -> Result<Response, Stop> {
    let visit = &holder.visit;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let operations = visit.app.operations();
    let order = visit.need(orders::get(operations, id).await)?;
    match settled(|| escrow::confirm_receipt(operations, &key, holder.holder, &order)).await {
        // Where another request was faster, the order's page tells it.
        Ok(_) | Err(OperationError::NotInEscrow) => Ok(see_other(&format!("/checkout/{id}"))),
        Err(error) => Err(visit.stop_for(error)),
    }
}

#[derive(Deserialize)]
pub(super) struct DisputeForm {
    #[serde(default)]
    reason: String,
}

/// `POST /checkout/{order}/dispute`
pub(super) async fn dispute(
    PathId(id): PathId<OrderId>,
    holder: HolderVisit,
    OwnForm(form): OwnForm<DisputeForm>,
) -> Result<Response, Stop> {
    let visit = &holder.visit;
    let operations = visit.app.operations();
    let order = visit.need(orders::get(operations, id).await)?;
    let reason = form.reason.trim().to_owned();
    match escrow::dispute(operations, holder.holder, &order, reason).await {
        Ok(()) => Ok(see_other(&format!("/checkout/{id}"))),
        Err(OperationError::TextLength { .. }) => {
            let trouble =
                if form.reason.trim().is_empty() { Trouble::Missing } else { Trouble::TooLong(140) };
            again(visit, id, Problem { field: "reason", trouble }).await
        }
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            again(visit, id, problem).await
        }
    }
}

/// `GET /orders`
pub(super) async fn my_orders(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let filter = OrderFilter { payer: Some(holder), ..OrderFilter::default() };
    let found = visit.need(orders::list(visit.app.operations(), filter, MY_ORDERS).await)?;
    let rows: Vec<_> = found.iter().map(order_pages::row).collect();
    Ok(page(pages::checkout::my_orders(&visit.frame(), &rows)))
}
