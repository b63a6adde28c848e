//! API keys of the caller.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use records::api_keys;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::ApiKeyId;

use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::{Caller, LoggedIn, create_api_key, revoke_api_key};
use crate::fields::{AnyId, Id, Text};
use crate::json::{self, Body};
use crate::problem::{Problem, internal};
use crate::request::PathId;
use crate::rfc3339;

/// What the new key is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyRequest {
    /// What its owner calls it.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "till 3")]
    label: Text<1, 64>,
}

/// A key just made: the only time it is shown.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedApiKey {
    #[schema(value_type = AnyId)]
    id: Id<ApiKeyId>,
    /// Send it as `Authorization: Bearer sk_…`.
    key: String,
}

/// One key, without the key itself.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyView {
    #[schema(value_type = AnyId)]
    id: Id<ApiKeyId>,
    label: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    used_at: Option<String>,
}

/// The keys of the caller.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeys {
    api_keys: Vec<ApiKeyView>,
}

/// Make an API key.
///
/// Needs a session: a key cannot make keys.
#[utoipa::path(
    post, path = "/api/v1/api-keys", tag = "API keys", request_body = ApiKeyRequest, security(("session" = [])),
    responses((status = 201, description = "Made; the key is shown this once", body = CreatedApiKey), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    logged_in: LoggedIn,
    Body(body): Body<ApiKeyRequest>,
) -> Result<Response, Problem> {
    let made = create_api_key(&app, logged_in.caller.principal, body.label.into_string()).await?;
    Ok(json::created(&CreatedApiKey { id: Id(made.id), key: made.key }))
}

/// List API keys.
#[utoipa::path(
    get, path = "/api/v1/api-keys", tag = "API keys",
    responses((status = 200, description = "The keys of the caller", body = ApiKeys), Read)
)]
pub(super) async fn list(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let rows =
        app.records().read(move |sql| api_keys::list_valid(sql, caller.principal)).await.map_err(internal)?;
    let view = |row: api_keys::ApiKey| ApiKeyView {
        id: Id(row.id),
        label: row.label,
        created_at: rfc3339::format(row.created_at),
        used_at: row.used_at.map(rfc3339::format),
    };
    Ok(json::ok(&ApiKeys { api_keys: rows.into_iter().map(view).collect() }))
}

/// Revoke an API key.
#[utoipa::path(
    delete, path = "/api/v1/api-keys/{id}", tag = "API keys", params(("id" = AnyId, Path, description = "The key")),
    responses((status = 204, description = "Revoked"), Change)
)]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    PathId(key): PathId<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    if revoke_api_key(&app, caller.principal, key).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
