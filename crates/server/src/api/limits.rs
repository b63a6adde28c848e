//! The caller's own limits on spending, and the stop of all of it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use money::{Amount, Currency};
use operations::limits::{self, Limits, Standing};
use operations::{balances, lost_device};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusals::{Read, Write};
use crate::App;
use crate::auth::{self, Holder, LoggedIn};
use crate::fields::{CurrencyCode, Minor};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::rfc3339;

/// The limits of one wallet, in minor units; left out where there is none.
#[derive(Serialize, ToSchema)]
pub(super) struct LimitsView {
    currency: CurrencyCode,
    /// With one operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    single: Option<u64>,
    /// In one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    daily: Option<u64>,
    /// What may still be spent today.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_today: Option<u64>,
    /// When limits that were raised will hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    raised_from: Option<String>,
}

/// The limits of the caller, one for each wallet.
#[derive(Serialize, ToSchema)]
pub(super) struct LimitsList {
    limits: Vec<LimitsView>,
}

impl From<Standing> for LimitsView {
    fn from(standing: Standing) -> Self {
        Self {
            currency: CurrencyCode(standing.currency),
            single: standing.limits.single.map(Amount::minor),
            daily: standing.limits.daily.map(Amount::minor),
            left_today: standing.left_today.map(Amount::minor),
            raised_from: standing.raised.map(|(_, from)| rfc3339::format(from)),
        }
    }
}

async fn list(app: &App, holder: &Holder) -> Result<Response, Problem> {
    let wallets = balances::of_holder(app.operations(), holder.id).await?;
    let currencies: Vec<Currency> = wallets.iter().map(|wallet| wallet.currency).collect();
    let standing = limits::standing(app.operations(), holder.id, &currencies).await?;
    Ok(json::ok(&LimitsList { limits: standing.into_iter().map(LimitsView::from).collect() }))
}

/// See the limits, and what is left of them.
#[utoipa::path(
    get, path = "/api/v1/limits", tag = "Limits",
    responses((status = 200, description = "The limits of each wallet", body = LimitsList), Read)
)]
pub(super) async fn show(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    list(&app, &holder).await
}

/// The limits of one wallet as they shall be; left out for none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsChange {
    currency: CurrencyCode,
    /// With one operation.
    single: Option<Minor>,
    /// In one day.
    daily: Option<Minor>,
}

/// Set the limits of a wallet.
///
/// What is lower than before holds at once, what is higher after 24 hours.
#[utoipa::path(
    patch, path = "/api/v1/limits", tag = "Limits", request_body = LimitsChange,
    responses((status = 200, description = "The limits of each wallet", body = LimitsList), Write)
)]
pub(super) async fn change(
    State(app): State<App>,
    holder: Holder,
    Body(body): Body<LimitsChange>,
) -> Result<Response, Problem> {
    let of = |limit: Option<Minor>| limit.map(|limit| limit.of(body.currency));
    let wanted = Limits { single: of(body.single), daily: of(body.daily) };
    limits::change(app.operations(), holder.id, body.currency.0, wanted).await?;
    list(&app, &holder).await
}

/// How far the stop goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StopOrder {
    /// Whether every other session of the caller ends too, as where a phone was lost.
    end_other_sessions: bool,
}

/// Stop all spending and freeze every card, as after the loss of a phone.
///
/// Only a log-in with the password releases it, on the page `/lost`.
#[utoipa::path(
    post, path = "/api/v1/spending-stop", tag = "Limits", request_body = StopOrder,
    responses((status = 204, description = "Stopped"), Write)
)]
pub(super) async fn stop(
    State(app): State<App>,
    holder: Holder,
    logged_in: LoggedIn,
    Body(body): Body<StopOrder>,
) -> Result<StatusCode, Problem> {
    lost_device::stop(app.operations(), holder.id).await?;
    if body.end_other_sessions {
        auth::revoke_other_sessions(&app, holder.id.into(), Some(logged_in.session)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
