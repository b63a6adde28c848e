//! Enquiry, load and unload of a card.

use axum::{Form, extract::State, http::StatusCode, response::Response};
use pages::{
    fault::Fault,
    form::{Problem, Trouble},
    terminal::card::{CardDesk, card},
};
use purse::amount::Amount;
use serde::Deserialize;
use terminal::entry::SaleId;

use super::{Site, counter::of_amount, taps::begin};
use crate::{
    hex::from_hex,
    pages_of,
    site::Shared,
    tap::{Purpose, Tap},
    visit::{Visit, fresh_name, page},
};

/// `GET /card`
pub(super) async fn desk(State(shared): Site, visit: Visit) -> Response {
    rendered(&shared, &visit, "", None)
}

fn rendered(shared: &Shared, visit: &Visit, amount: &str, trouble: Option<Trouble>) -> Response {
    let names = fresh_name().zip(fresh_name()).zip(fresh_name());
    let Some(((enquiry, load), unload)) = names else { return visit.stop(shared, Fault::Internal) };
    let status = if trouble.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = CardDesk {
        line: pages_of::line(shared, &shared.shown()),
        currency: shared.currency,
        taps: [enquiry, load, unload],
        amount: amount.to_owned(),
        problems: trouble.map(|trouble| Problem { field: "amount", trouble }).into_iter().collect(),
    };
    page(status, &card(&visit.frame(shared), &view))
}

#[derive(Deserialize)]
pub(super) struct TapForm {
    tap: String,
    #[serde(default)]
    amount: String,
}

/// `POST /card/enquiry`
pub(super) async fn enquiry(State(shared): Site, visit: Visit, Form(form): Form<TapForm>) -> Response {
    begun(&shared, &visit, &form, Purpose::Enquiry).await
}

/// `POST /card/load`
pub(super) async fn load(State(shared): Site, visit: Visit, Form(form): Form<TapForm>) -> Response {
    begun(&shared, &visit, &form, Purpose::Load).await
}

/// `POST /card/unload`
pub(super) async fn unload(State(shared): Site, visit: Visit, Form(form): Form<TapForm>) -> Response {
    match unload_amount(&shared, form.amount.trim()) {
        Ok(amount) => begun(&shared, &visit, &form, Purpose::Unload(amount)).await,
        Err(trouble) => rendered(&shared, &visit, &form.amount, Some(trouble)),
    }
}

/// The amount as typed; nothing typed: all.
fn unload_amount(shared: &Shared, typed: &str) -> Result<Option<Amount>, Trouble> {
    if typed.is_empty() {
        return Ok(None);
    }
    let amount = money::Amount::parse(typed, shared.currency).map_err(of_amount)?;
    match u32::try_from(amount.minor()) {
        Ok(0) => Err(Trouble::Zero),
        Ok(units) => Ok(Some(Amount::new(units))),
        Err(_) => Err(Trouble::TooLarge),
    }
}

async fn begun(shared: &Shared, visit: &Visit, form: &TapForm, purpose: Purpose) -> Response {
    match from_hex(&form.tap).map(SaleId) {
        Some(name) => begin(shared, visit, Tap::new(name, purpose)).await,
        None => visit.stop(shared, Fault::BadRequest),
    }
}
