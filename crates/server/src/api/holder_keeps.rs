//! What a holder keeps for themselves: notes on operations, favourites, notifications, month sums.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use money::{Amount, Currency};
use operations::{annotations, favourites, month_sums, notifications};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wallet::ids::{MerchantId, OperationId};

use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::{Caller, Holder};
use crate::fields::{AnyId, CurrencyCode, Id, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{PathId, Query};
use crate::rfc3339;

/// Private words on an operation.
#[derive(Serialize, ToSchema)]
pub(super) struct AnnotationView {
    note: String,
    tags: Vec<String>,
}

/// Private words on an operation, in place of those before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnnotationChange {
    #[schema(value_type = String, max_length = 140)]
    note: Text<0, 140>,
    /// At most 8 words with spaces between them.
    #[schema(value_type = String, max_length = 200)]
    tags: Text<0, 200>,
}

/// See the caller's note and tags on an operation.
#[utoipa::path(
    get, path = "/api/v1/operations/{id}/annotation", tag = "History",
    params(("id" = AnyId, Path, description = "The operation")),
    responses((status = 200, description = "Note and tags; empty where there are none", body = AnnotationView), Read)
)]
pub(super) async fn annotation(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<OperationId>,
) -> Result<Response, Problem> {
    let found = annotations::read(app.operations(), holder.id, id).await?;
    Ok(json::ok(&AnnotationView { note: found.note, tags: found.tags }))
}

/// Write a note and tags on an operation.
#[utoipa::path(
    patch, path = "/api/v1/operations/{id}/annotation", tag = "History", request_body = AnnotationChange,
    params(("id" = AnyId, Path, description = "The operation")),
    responses((status = 204, description = "Kept"), Write)
)]
pub(super) async fn annotate(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<OperationId>,
    Body(body): Body<AnnotationChange>,
) -> Result<StatusCode, Problem> {
    let words = (body.note.as_str(), body.tags.as_str());
    annotations::write(app.operations(), holder.id, id, words).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The shops that the caller keeps on top.
#[derive(Serialize, ToSchema)]
pub(super) struct Favourites {
    #[schema(value_type = Vec<AnyId>)]
    merchants: Vec<Id<MerchantId>>,
}

/// A shop to keep on top.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFavourite {
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
}

/// List favourites, newest first.
#[utoipa::path(
    get, path = "/api/v1/favourites", tag = "Merchants",
    responses((status = 200, description = "The favourites of the caller", body = Favourites), Read)
)]
pub(super) async fn list_favourites(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let found = favourites::list(app.operations(), holder.id).await?;
    Ok(json::ok(&Favourites { merchants: found.into_iter().map(Id).collect() }))
}

/// Add a favourite.
#[utoipa::path(
    post, path = "/api/v1/favourites", tag = "Merchants", request_body = NewFavourite,
    responses((status = 204, description = "Kept"), Write)
)]
pub(super) async fn add_favourite(
    State(app): State<App>,
    holder: Holder,
    Body(body): Body<NewFavourite>,
) -> Result<StatusCode, Problem> {
    favourites::keep(app.operations(), holder.id, body.merchant.0, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a favourite.
#[utoipa::path(
    delete, path = "/api/v1/favourites/{id}", tag = "Merchants",
    params(("id" = AnyId, Path, description = "The merchant")),
    responses((status = 204, description = "No favourite any more"), Change)
)]
pub(super) async fn remove_favourite(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<MerchantId>,
) -> Result<StatusCode, Problem> {
    match favourites::keep(app.operations(), holder.id, id, false).await {
        Err(operations::OperationError::NotFound(_)) => Err(Problem::not_found()),
        removed => Ok(removed.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// One thing that the caller was told.
#[derive(Serialize, ToSchema)]
pub(super) struct NotificationView {
    /// Its place in the list.
    seq: i64,
    /// What it is about: `money_received`, `bill_due` and so on.
    kind: &'static str,
    /// The id of what it is about.
    subject: String,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<CurrencyCode>,
    read: bool,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What the caller was told, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct NotificationList {
    notifications: Vec<NotificationView>,
}

/// Up to where the caller has read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadUpTo {
    /// `seq` of the newest that was read.
    #[schema(minimum = 0)]
    seq: i64,
}

/// List notifications.
#[utoipa::path(
    get, path = "/api/v1/notifications", tag = "Notifications",
    responses((status = 200, description = "What the caller was told", body = NotificationList), Read)
)]
pub(super) async fn list_notifications(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let told = notifications::list(app.operations(), caller.principal).await?;
    let views = told.into_iter().map(|told| NotificationView {
        seq: told.notification.seq,
        kind: told.notification.kind.code(),
        subject: format!("{:032x}", told.notification.subject),
        actor: told.actor.map(|actor| operations::masked(&actor.name)),
        amount: told.notification.amount.map(Amount::minor),
        currency: told.notification.amount.map(|amount| CurrencyCode(amount.currency())),
        read: told.notification.read_at.is_some(),
        created_at: rfc3339::format(told.notification.created_at),
    });
    Ok(json::ok(&NotificationList { notifications: views.collect() }))
}

/// Mark notifications as read.
#[utoipa::path(
    patch, path = "/api/v1/notifications", tag = "Notifications", request_body = ReadUpTo,
    responses((status = 204, description = "Marked"), Write)
)]
pub(super) async fn mark_read(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<ReadUpTo>,
) -> Result<StatusCode, Problem> {
    if body.seq < 0 {
        return Err(Problem::invalid("seq", "numbers of notifications begin at 0"));
    }
    notifications::mark_read(app.operations(), caller.principal, body.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What of one kind moved one way in a month.
#[derive(Serialize, ToSchema)]
pub(super) struct KindSum {
    kind: &'static str,
    /// Whether it went out of the wallet.
    out: bool,
    count: u64,
    /// Minor units.
    sum: u64,
}

/// One month.
#[derive(Serialize, ToSchema)]
pub(super) struct MonthView {
    #[schema(example = "2026-11")]
    month: String,
    /// What came in, in minor units.
    money_in: u64,
    /// What went out, in minor units.
    money_out: u64,
    by_kind: Vec<KindSum>,
}

/// The last months of a wallet, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Months {
    currency: CurrencyCode,
    months: Vec<MonthView>,
}

/// Of which wallet.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MonthsQuery {
    #[param(example = "CNY")]
    currency: String,
}

/// See what came in and went out in the last twelve months.
#[utoipa::path(
    get, path = "/api/v1/month-sums", tag = "History", params(MonthsQuery),
    responses((status = 200, description = "Sums by month and kind", body = Months), Read)
)]
pub(super) async fn months(
    State(app): State<App>,
    holder: Holder,
    Query(query): Query<MonthsQuery>,
) -> Result<Response, Problem> {
    let currency = Currency::from_code(&query.currency)
        .map_err(|error| Problem::invalid("currency", error.to_string()))?;
    let months = month_sums::last(app.operations(), holder.id, currency, 12).await?;
    let views = months.iter().map(|month| MonthView {
        month: format!("{:04}-{:02}", month.year, month.month),
        money_in: month.total(false),
        money_out: month.total(true),
        by_kind: month
            .sums
            .iter()
            .map(|sum| KindSum {
                kind: sum.kind.code(),
                out: sum.out,
                count: sum.count,
                sum: sum.sum.minor(),
            })
            .collect(),
    });
    Ok(json::ok(&Months { currency: CurrencyCode(currency), months: views.collect() }))
}
