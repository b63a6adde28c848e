//! Bank cards of the caller.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bank::Expiry;
use operations::cards::{self, BindRequest};
use records::cards::Card;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use wallet::ids::{BankId, CardId};

use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Secret, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::PathId;
use crate::rfc3339;

/// A card as its owner types it in. The number goes to the bank and is not kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardToBind {
    /// The bank that issued the card: one of `GET /api/v1/banks`.
    #[schema(value_type = AnyId)]
    bank: Id<BankId>,
    /// The number on the card; spaces are skipped.
    #[schema(value_type = String, max_length = 32)]
    number: Secret,
    /// As printed.
    #[schema(value_type = String, example = "12/29")]
    expiry: PrintedExpiry,
    /// As printed.
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    holder_name: Text<1, 80>,
    /// What the holder calls it.
    #[schema(value_type = Option<String>, max_length = 140)]
    label: Option<Text<0, 140>>,
}

#[derive(Debug)]
struct PrintedExpiry(Expiry);

impl<'de> Deserialize<'de> for PrintedExpiry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| serde::de::Error::custom("expiry is not MM/YY"))
    }
}

/// A bound card.
#[derive(Serialize, ToSchema)]
pub(super) struct CardView {
    #[schema(value_type = AnyId)]
    id: Id<CardId>,
    #[schema(value_type = AnyId)]
    bank: Id<BankId>,
    /// The scheme: `unionpay`, `visa` and so on.
    brand: &'static str,
    /// The last four digits.
    #[schema(example = "**** 4242")]
    number: String,
    /// What the holder calls it.
    label: String,
    #[schema(example = "12/29")]
    expiry: String,
    /// `active`, or why it cannot be used.
    state: &'static str,
    /// Whether the holder has frozen it.
    frozen: bool,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Card> for CardView {
    fn from(card: Card) -> Self {
        Self {
            id: Id(card.id),
            bank: Id(card.bank),
            brand: card.brand.code(),
            number: card.masked_number,
            label: card.label,
            expiry: Expiry { year: card.expiry.year, month: card.expiry.month }.to_string(),
            state: card.state.code(),
            frozen: card.frozen_at.is_some(),
            created_at: rfc3339::format(card.created_at),
        }
    }
}

/// The cards of the caller, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Cards {
    cards: Vec<CardView>,
}

/// Bind a bank card.
///
/// The bank checks number, expiry and name. Binding a card again gives the same card.
#[utoipa::path(
    post, path = "/api/v1/cards", tag = "Cards", request_body = CardToBind,
    responses((status = 201, description = "Bound", body = CardView), Write)
)]
pub(super) async fn bind(
    State(app): State<App>,
    holder: Holder,
    Body(body): Body<CardToBind>,
) -> Result<Response, Problem> {
    let request = BindRequest {
        holder: holder.id,
        bank: body.bank.0,
        pan: body.number.expose().to_owned(),
        expiry: body.expiry.0,
        holder_name: body.holder_name.into_string(),
        label: body.label.map(Text::into_string).unwrap_or_default(),
    };
    let card = cards::bind(app.operations(), request).await?;
    Ok(json::created(&CardView::from(card)))
}

/// List bound cards.
#[utoipa::path(
    get, path = "/api/v1/cards", tag = "Cards",
    responses((status = 200, description = "The cards of the caller", body = Cards), Read)
)]
pub(super) async fn list(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let cards = cards::list(app.operations(), holder.id).await?;
    Ok(json::ok(&Cards { cards: cards.into_iter().map(CardView::from).collect() }))
}

/// Delete a card.
///
/// Its transactions stay.
#[utoipa::path(
    delete, path = "/api/v1/cards/{id}", tag = "Cards", params(("id" = AnyId, Path, description = "The card")),
    responses((status = 204, description = "Deleted"), Change)
)]
pub(super) async fn delete(
    State(app): State<App>,
    holder: Holder,
    PathId(card): PathId<CardId>,
) -> Result<StatusCode, Problem> {
    match cards::delete(app.operations(), holder.id, card).await {
        Err(operations::OperationError::NotFound(_)) => Err(Problem::not_found()),
        deleted => Ok(deleted.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// What shall change about a card.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardChange {
    /// What the holder calls it.
    #[schema(value_type = Option<String>, max_length = 140)]
    label: Option<Text<0, 140>>,
    /// Whether it is frozen.
    frozen: Option<bool>,
}

/// Rename, freeze or unfreeze a card.
#[utoipa::path(
    patch, path = "/api/v1/cards/{id}", tag = "Cards", request_body = CardChange,
    params(("id" = AnyId, Path, description = "The card")),
    responses((status = 200, description = "Changed", body = CardView), Write)
)]
pub(super) async fn change(
    State(app): State<App>,
    holder: Holder,
    PathId(card): PathId<CardId>,
    Body(body): Body<CardChange>,
) -> Result<Response, Problem> {
    let operations = app.operations();
    let hidden = |error| match error {
        operations::OperationError::NotFound(_) => Problem::not_found(),
        other => Problem::from(other),
    };
    if let Some(label) = body.label {
        cards::rename(operations, holder.id, card, label.into_string()).await.map_err(hidden)?;
    }
    if let Some(frozen) = body.frozen {
        cards::freeze(operations, holder.id, card, frozen).await.map_err(hidden)?;
    }
    let card = cards::own(operations, holder.id, card).await.map_err(hidden)?;
    Ok(json::ok(&CardView::from(card)))
}

/// What there is behind a card, as its bank says.
#[derive(Serialize, ToSchema)]
pub(super) struct CardBalance {
    /// Minor units.
    available: u64,
    currency: CurrencyCode,
}

/// Ask the bank for the balance behind a card.
#[utoipa::path(
    post, path = "/api/v1/cards/{id}/balance", tag = "Cards",
    params(("id" = AnyId, Path, description = "The card")),
    responses((status = 200, description = "What the bank says", body = CardBalance), Write)
)]
pub(super) async fn balance(
    State(app): State<App>,
    holder: Holder,
    PathId(card): PathId<CardId>,
) -> Result<Response, Problem> {
    match cards::balance(app.operations(), holder.id, card).await {
        Err(operations::OperationError::NotFound(_)) => Err(Problem::not_found()),
        balance => {
            let balance = balance?;
            let currency = CurrencyCode(balance.currency());
            Ok(json::ok(&CardBalance { available: balance.minor(), currency }))
        }
    }
}
