//! Asking other holders for money, and answering.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use operations::payees::NameCheck;
use operations::requests::{self, Ask, Shown};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use wallet::ids::{HolderId, OperationId, RequestId};

use super::outcome::{Outcome, answer};
use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathId};
use crate::rfc3339;

/// One who is asked, as the name check answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Payer {
    /// `payee` of the name check.
    #[schema(value_type = AnyId)]
    holder: Id<HolderId>,
    /// `check` of the name check.
    #[schema(value_type = String)]
    check: Check,
}

#[derive(Debug)]
struct Check(NameCheck);

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let check = text.parse().map(Self);
        check.map_err(|_| serde::de::Error::custom("check is not what the name check answered"))
    }
}

/// How much is asked of whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestOrder {
    /// 1 to 20 holders; the amount is split among them equally.
    payers: Vec<Payer>,
    amount: Minor,
    currency: CurrencyCode,
    /// Whether the caller bears a part too.
    #[serde(default)]
    with_own_part: bool,
    /// What for.
    #[schema(value_type = Option<String>, max_length = 140)]
    memo: Option<Text<0, 140>>,
}

/// The requests that were made.
#[derive(Serialize, ToSchema)]
pub(super) struct Made {
    #[schema(value_type = Vec<AnyId>)]
    requests: Vec<Id<RequestId>>,
}

/// A request as the caller sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestView {
    #[schema(value_type = AnyId)]
    id: Id<RequestId>,
    /// Whether the caller is the one who is asked.
    to_pay: bool,
    /// The other side's name.
    other: String,
    amount: u64,
    currency: CurrencyCode,
    memo: String,
    /// `open`, `paid`, `declined`, `withdrawn` or `expired`.
    state: &'static str,
    /// The transfer that paid it.
    #[schema(value_type = Option<AnyId>)]
    operation: Option<Id<OperationId>>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The requests of the caller, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestList {
    requests: Vec<RequestView>,
}

fn view(shown: &Shown, viewer: HolderId) -> RequestView {
    let row = &shown.request;
    RequestView {
        id: Id(row.id),
        to_pay: row.payer == viewer,
        other: operations::masked(&shown.other.name),
        amount: row.amount.minor(),
        currency: CurrencyCode(row.amount.currency()),
        memo: row.memo.clone(),
        state: if shown.expired { "expired" } else { row.state.code() },
        operation: row.operation.map(Id),
        created_at: rfc3339::format(row.created_at),
        expires_at: rfc3339::format(row.expires_at),
    }
}

/// Ask holders for money.
#[utoipa::path(
    post, path = "/api/v1/money-requests", tag = "Money", request_body = RequestOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Asked", body = Made), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<RequestOrder>,
) -> Result<Response, Problem> {
    let ask = Ask {
        payee: holder.id,
        payers: body.payers.into_iter().map(|payer| (payer.holder.0, payer.check.0)).collect(),
        total: body.amount.of(body.currency),
        with_own_part: body.with_own_part,
        memo: body.memo.map(Text::into_string).unwrap_or_default(),
    };
    let made = requests::ask(app.operations(), &key, ask).await?;
    Ok(json::created(&Made { requests: made.into_iter().map(Id).collect() }))
}

/// List requests, made and received.
#[utoipa::path(
    get, path = "/api/v1/money-requests", tag = "Money",
    responses((status = 200, description = "The requests of the caller", body = RequestList), Read)
)]
pub(super) async fn list(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let found = requests::list(app.operations(), holder.id).await?;
    Ok(json::ok(&RequestList { requests: found.iter().map(|shown| view(shown, holder.id)).collect() }))
}

/// Pay a request, once.
#[utoipa::path(
    post, path = "/api/v1/money-requests/{id}/payments", tag = "Money",
    params(
        ("id" = AnyId, Path, description = "The request"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect"),
    ),
    responses((status = 201, description = "Paid", body = Outcome), Write)
)]
pub(super) async fn pay(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<RequestId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    answer(&requests::pay(app.operations(), &key, (holder.id, id), holder.origin).await?)
}

/// Say no to a request.
#[utoipa::path(
    post, path = "/api/v1/money-requests/{id}/decline", tag = "Money",
    params(("id" = AnyId, Path, description = "The request")),
    responses((status = 204, description = "Declined"), Change)
)]
pub(super) async fn decline(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<RequestId>,
) -> Result<StatusCode, Problem> {
    requests::decline(app.operations(), holder.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a request back.
#[utoipa::path(
    delete, path = "/api/v1/money-requests/{id}", tag = "Money",
    params(("id" = AnyId, Path, description = "The request")),
    responses((status = 204, description = "Withdrawn"), Change)
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<RequestId>,
) -> Result<StatusCode, Problem> {
    requests::withdraw(app.operations(), holder.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
