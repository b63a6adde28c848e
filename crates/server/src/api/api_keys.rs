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
use crate::auth::{Caller, LoggedIn, Scope, Scopes, create_api_key, revoke_api_key, rotate_api_key};
use crate::fields::{AnyId, Id, Text};
use crate::json::{self, Body};
use crate::problem::{Problem, internal};
use crate::request::PathId;
use crate::rfc3339;

/// One thing that a key may do.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum ScopeName {
    /// Read everything that its owner may read.
    Read,
    /// Pay.
    Payments,
    /// Give back.
    Refunds,
    /// Make, read and cancel orders.
    Orders,
    /// Manage webhook endpoints.
    Webhooks,
    /// Speak for the merchant's terminals of card purses.
    Terminals,
}

impl ScopeName {
    const fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::Read,
            Self::Payments => Scope::Payments,
            Self::Refunds => Scope::Refunds,
            Self::Orders => Scope::Orders,
            Self::Webhooks => Scope::Webhooks,
            Self::Terminals => Scope::Terminals,
        }
    }

    const fn of(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Payments => Self::Payments,
            Scope::Refunds => Self::Refunds,
            Scope::Orders => Self::Orders,
            Scope::Webhooks => Self::Webhooks,
            Scope::Terminals => Self::Terminals,
        }
    }
}

/// What the new key is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyRequest {
    /// What its owner calls it.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "till 3")]
    label: Text<1, 64>,
    /// What it may do; left out: all that its owner may.
    #[schema(max_items = 6)]
    scopes: Option<Vec<ScopeName>>,
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
    /// What it may do; empty: all that its owner may.
    scopes: Vec<ScopeName>,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends by itself, after a rotation.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
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
    let scopes: Vec<Scope> = body.scopes.unwrap_or_default().into_iter().map(ScopeName::scope).collect();
    if scopes.len() > Scope::ALL.len() {
        return Err(Problem::invalid("scopes", "name each scope once"));
    }
    let (owner, label) = (logged_in.caller.principal, body.label.into_string());
    let made = create_api_key(&app, owner, label, Scopes::of(&scopes)).await?;
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
        scopes: Scopes::from_text(&row.scopes).list().into_iter().map(ScopeName::of).collect(),
        expires_at: row.expires_at.map(rfc3339::format),
        created_at: rfc3339::format(row.created_at),
        used_at: row.used_at.map(rfc3339::format),
    };
    Ok(json::ok(&ApiKeys { api_keys: rows.into_iter().map(view).collect() }))
}

/// Rotate an API key.
///
/// The answer is a new key with the same name and scopes; the old one goes on for a day.
#[utoipa::path(
    post, path = "/api/v1/api-keys/{id}/rotation", tag = "API keys", security(("session" = [])),
    params(("id" = AnyId, Path, description = "The key")),
    responses((status = 201, description = "Made; the key is shown this once", body = CreatedApiKey), Change)
)]
pub(super) async fn rotate(
    State(app): State<App>,
    logged_in: LoggedIn,
    PathId(key): PathId<ApiKeyId>,
) -> Result<Response, Problem> {
    match rotate_api_key(&app, logged_in.caller.principal, key).await? {
        Some(made) => Ok(json::created(&CreatedApiKey { id: Id(made.id), key: made.key })),
        None => Err(Problem::not_found()),
    }
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
