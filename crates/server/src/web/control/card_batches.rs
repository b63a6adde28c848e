//! Issue batches of card purses: making one, its cards, their personalisation, their letters.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use messages::card::Asn;
use money::Currency;
use operations::card_purses::CardPurseState;
use operations::card_purses::issuing::{self, BatchRequest, IssueBatch, IssuedCard, number_text};
use operations::card_purses::view;
use operations::duties::{self, Permission};
use operations::{IdempotencyKey, audit_log};
use pages::control::card_batches::{Batch, BatchCard, BatchLine, Batches, Letter};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use serde::Deserialize;
use wallet::ids::{IssueBatchId, PrincipalId};

use super::{mendable, name_of, own_id, permitted};
use crate::hex_digits::Hex;
use crate::request::{PathId, PathParts};
use crate::web::card_purse_views as views;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::trouble::settled;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct BatchForm {
    idempotency_key: String,
    label: String,
    count: String,
    valid_years: String,
    currency: String,
}

/// `GET /operator/card-batches`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, BatchForm::default(), Vec::new()).await?;
    Ok(page(pages::control::card_batches::batches(&visit.frame(), &view)))
}

async fn view(visit: &Visit, form: BatchForm, problems: Vec<Problem>) -> Result<Batches, Stop> {
    let mut batches = Vec::new();
    for batch in visit.need(issuing::batches(visit.app.operations()).await)? {
        batches.push(line(visit, batch).await?);
    }
    Ok(Batches {
        batches,
        currencies: visit.app.operations().services().policy.currencies.clone(),
        count: form.count,
        label: form.label,
        currency: form.currency,
        valid_years: form.valid_years,
        attempt: visit.attempt(),
        problems,
    })
}

async fn line(visit: &Visit, batch: IssueBatch) -> Result<BatchLine, Stop> {
    Ok(BatchLine {
        id: batch.id.to_string(),
        currency: batch.currency,
        count: batch.cards,
        key_version: batch.key_version.into(),
        expiry: views::last_day(batch.valid_until),
        ordered_at: batch.made_at,
        ordered_by: name_of(visit, batch.made_by).await?,
        label: batch.label,
    })
}

/// `POST /operator/card-batches`
pub(super) async fn order(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<BatchForm>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let problems = match request(&form) {
        Err(problems) => problems,
        Ok(request) => {
            let order = || issuing::order_batch(visit.app.operations(), who, &key, request.clone());
            match settled(order).await {
                Ok(batch) => return Ok(see_other(&format!("/operator/card-batches/{}", batch.id))),
                Err(error) => vec![mendable(&visit, error)?],
            }
        }
    };
    let view = view(&visit, form, problems).await?;
    Ok(page_with_problems(pages::control::card_batches::batches(&visit.frame(), &view)))
}

fn request(form: &BatchForm) -> Result<BatchRequest, Vec<Problem>> {
    let number = |field, text: &str| {
        let typed = text.trim().parse::<u32>();
        typed.map_err(|_| Problem { field, trouble: Trouble::NotANumber })
    };
    let (count, years) = (number("count", &form.count), number("valid_years", &form.valid_years));
    let currency = Currency::from_code(&form.currency);
    let currency = currency.map_err(|_| Problem { field: "currency", trouble: Trouble::Refused });
    let label = form.label.trim().to_owned();
    let missing = label.is_empty().then_some(Problem { field: "label", trouble: Trouble::Missing });
    match (count, years, currency, missing) {
        (Ok(count), Ok(valid_years), Ok(currency), None) => {
            Ok(BatchRequest { count, currency, label, valid_years })
        }
        (count, years, currency, missing) => {
            Err([missing, count.err(), years.err(), currency.err()].into_iter().flatten().collect())
        }
    }
}

/// `GET /operator/card-batches/{id}`
pub(super) async fn show(
    PathId(id): PathId<IssueBatchId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let (batch, issued) = visit.need(issuing::batch(visit.app.operations(), id).await)?;
    let has_letters = issued.iter().any(|card| card.activation_code.is_some());
    let mut cards = Vec::with_capacity(issued.len());
    for card in issued {
        cards.push(batch_card(&visit, &card).await?);
    }
    let view = Batch { batch: line(&visit, batch).await?, cards, has_letters, problems: Vec::new() };
    Ok(page(pages::control::card_batches::batch(&visit.frame(), &view)))
}

async fn batch_card(visit: &Visit, card: &IssuedCard) -> Result<BatchCard, Stop> {
    let number = number_text(card.asn);
    if card.state == CardPurseState::Made {
        return Ok(BatchCard { number, state: views::state(card.state, None), holder: String::new() });
    }
    let found = visit.need(view::get(visit.app.operations(), card.asn).await)?;
    let holder = match found.holder {
        Some(holder) => name_of(visit, PrincipalId::from(holder)).await?,
        None => String::new(),
    };
    let listing = found.listed.map(|(listing, _)| listing);
    Ok(BatchCard { number, state: views::state(found.state, listing), holder })
}

/// `GET /operator/card-purses/{card}/card.json`
pub(super) async fn card_file(
    PathParts(Hex(card)): PathParts<Hex<10>>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let (operations, who) = (visit.app.operations(), own_id(&visit)?);
    let text = permitted(&visit, issuing::personalisation(operations, who, Asn(card)).await)?;
    Ok(file(&format!("card-{}.json", number_text(Asn(card))), "application/json", text))
}

/// `GET /operator/card-batches/{id}/cards.jsonl`: a file of each card without a holder, on a line of its own.
pub(super) async fn card_files(
    PathId(id): PathId<IssueBatchId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let (operations, who) = (visit.app.operations(), own_id(&visit)?);
    let (_, cards) = visit.need(issuing::batch(operations, id).await)?;
    let mut text = String::new();
    for card in cards.iter().filter(|card| card.state == CardPurseState::Made) {
        text.push_str(&permitted(&visit, issuing::personalisation(operations, who, card.asn).await)?);
        text.push('\n');
    }
    Ok(file(&format!("cards-{id}.jsonl"), "application/jsonl", text))
}

/// A file to keep.
pub(super) fn file(name: &str, kind: &'static str, text: String) -> Response {
    let name = format!("attachment; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], text).into_response()
}

/// `GET /operator/card-batches/{id}/letters`
pub(super) async fn letters(
    PathId(id): PathId<IssueBatchId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let (operations, who) = (visit.app.operations(), own_id(&visit)?);
    permitted(&visit, duties::require(operations, who, Permission::CardPurses).await)?;
    let (_, cards) = visit.need(issuing::batch(operations, id).await)?;
    let letter =
        |card: IssuedCard| Some(Letter { number: number_text(card.asn), code: card.activation_code? });
    let letters: Vec<Letter> = cards.into_iter().filter_map(letter).collect();
    let details = [("letters", letters.len().to_string())];
    visit.need(audit_log::note(operations, who, "card_batch.letters", &id.to_string(), &details).await)?;
    let origin = format!("/operator/card-batches/{id}");
    Ok(page(pages::control::card_batches::letters(&visit.frame(), &origin, &letters)))
}
