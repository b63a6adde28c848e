//! Money in: from a bound card into the caller's wallet.

use axum::extract::State;
use axum::response::Response;
use operations::cards::CardRequest;
use operations::top_up;
use serde::Deserialize;
use utoipa::ToSchema;
use wallet::ids::CardId;

use super::outcome::{Outcome, answer};
use super::refusals::Write;
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Minor};
use crate::json::Body;
use crate::problem::Problem;
use crate::request::Key;

/// How much to move between a bound card and the wallet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardAmount {
    /// One of the caller's cards.
    #[schema(value_type = AnyId)]
    card: Id<CardId>,
    amount: Minor,
    currency: CurrencyCode,
}

impl CardAmount {
    /// The request of this holder.
    pub(super) fn of(self, holder: &Holder) -> CardRequest {
        CardRequest { holder: holder.id, card: self.card.0, amount: self.amount.of(self.currency) }
    }
}

/// Top up.
///
/// The bank is charged while the amount is reserved. 202 means that the bank has not answered: the outcome is found
/// out, and repeating the request with its key tells it.
#[utoipa::path(
    post, path = "/api/v1/top-ups", tag = "Money", request_body = CardAmount,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses(
        (status = 201, description = "Credited", body = Outcome),
        (status = 202, description = "The bank has not answered yet", body = Outcome),
        Write,
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<CardAmount>,
) -> Result<Response, Problem> {
    answer(&top_up::start(app.operations(), &key, body.of(&holder)).await?)
}
