//! Money out: from the caller's wallet to a bound card.

use axum::extract::State;
use axum::response::Response;
use operations::withdrawal;

use super::outcome::{Outcome, answer};
use super::refusals::Write;
use super::top_ups::CardAmount;
use crate::App;
use crate::auth::Holder;
use crate::json::Body;
use crate::problem::Problem;
use crate::request::Key;

/// Withdraw.
///
/// The amount is reserved while the bank pays out. 202 means that the bank has not answered: the outcome is found out,
/// and repeating the request with its key tells it.
#[utoipa::path(
    post, path = "/api/v1/withdrawals", tag = "Money", request_body = CardAmount,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses(
        (status = 201, description = "Paid out", body = Outcome),
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
    answer(&withdrawal::start(app.operations(), &key, body.of(&holder)).await?)
}
