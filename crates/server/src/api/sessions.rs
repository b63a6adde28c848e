//! Log in, log out, see and end sessions.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use records::principals::Principal;
use records::sessions;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::SessionId;

use super::profile::ProfileView;
use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::{
    Caller, Device, LoggedIn, NewSession, ended_cookie, log_in, revoke_other_sessions, revoke_session,
    session_cookies,
};
use crate::fields::{AnyId, Id, Secret};
use crate::json::{self, Body};
use crate::problem::{Problem, internal};
use crate::request::PathId;
use crate::rfc3339;

/// Who wants to log in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    /// The login name or phone number.
    #[schema(example = "lilin")]
    login: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
    password: Secret,
    /// A one-time password or recovery code, where the account has a second factor.
    #[schema(value_type = Option<String>, example = "492039")]
    code: Option<Secret>,
}

/// A session just opened. Its token is in the cookie only.
#[derive(Serialize, ToSchema)]
pub(super) struct OpenedSession {
    /// The session.
    #[schema(value_type = AnyId)]
    session: Id<SessionId>,
    /// When it ends if nothing is asked.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Who logged in.
    profile: ProfileView,
}

/// One session of the caller.
#[derive(Serialize, ToSchema)]
pub(super) struct SessionView {
    /// The session.
    #[schema(value_type = AnyId)]
    id: Id<SessionId>,
    /// What the device says it is.
    device: String,
    /// The network address it logged in from.
    address: String,
    /// When it logged in.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last seen, to the minute.
    #[schema(format = DateTime)]
    seen_at: String,
    /// When it ends if nothing is asked.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Whether this request came with it.
    current: bool,
}

/// The sessions of the caller, last seen first.
#[derive(Serialize, ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<SessionView>,
}

/// Log in.
///
/// Opens a session and sets its cookie. Wrong attempts are slowed down for the login and for the address.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "Sessions", security(()), request_body = LogIn,
    responses((status = 201, description = "Logged in; the cookie `sycee_session` is set", body = OpenedSession), Write)
)]
pub(super) async fn open(
    State(app): State<App>,
    before: Option<Caller>,
    device: Device,
    Body(body): Body<LogIn>,
) -> Result<Response, Problem> {
    let (principal, session) = log_in(&app, &body.login, body.password, body.code, device).await?;
    opened(&app, before.as_ref(), principal, &session).await
}

/// The answer to a log-in.
pub(super) async fn opened(
    app: &App,
    before: Option<&Caller>,
    principal: Principal,
    session: &NewSession,
) -> Result<Response, Problem> {
    // A token from before log-in never lives on: whoever planted it would be logged in too.
    if let Some((owner, old)) = before.and_then(Caller::any_session) {
        revoke_session(app, owner, old).await?;
    }
    let view = OpenedSession {
        session: Id(session.id),
        expires_at: rfc3339::format(session.expires_at),
        profile: ProfileView::from(principal),
    };
    Ok((session_cookies(app, session), json::created(&view)).into_response())
}

/// Log out.
#[utoipa::path(
    delete, path = "/api/v1/sessions/current", tag = "Sessions",
    responses((status = 204, description = "Logged out"), Change)
)]
pub(super) async fn close_current(State(app): State<App>, logged_in: LoggedIn) -> Result<Response, Problem> {
    revoke_session(&app, logged_in.caller.principal, logged_in.session).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, ended_cookie())]).into_response())
}

/// List sessions.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "Sessions",
    responses((status = 200, description = "The sessions of the caller", body = Sessions), Read)
)]
pub(super) async fn list(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let (principal, now) = (caller.principal, app.now());
    let rows =
        app.records().read(move |sql| sessions::list_valid(sql, principal, now)).await.map_err(internal)?;
    let current = caller.session().map(|(_, session)| session);
    let view = |row: sessions::Session| SessionView {
        id: Id(row.id),
        device: row.device,
        address: row.address,
        created_at: rfc3339::format(row.created_at),
        seen_at: rfc3339::format(row.seen_at),
        expires_at: rfc3339::format(row.expires_at),
        current: Some(row.id) == current,
    };
    Ok(json::ok(&Sessions { sessions: rows.into_iter().map(view).collect() }))
}

/// End one session.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", tag = "Sessions", params(("id" = AnyId, Path, description = "The session")),
    responses((status = 204, description = "Ended"), Change)
)]
pub(super) async fn close(
    State(app): State<App>,
    caller: Caller,
    PathId(session): PathId<SessionId>,
) -> Result<StatusCode, Problem> {
    if revoke_session(&app, caller.principal, session).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// End all sessions but this one.
#[utoipa::path(
    delete, path = "/api/v1/sessions", tag = "Sessions",
    responses((status = 204, description = "Ended"), Change)
)]
pub(super) async fn close_others(State(app): State<App>, caller: Caller) -> Result<StatusCode, Problem> {
    let kept = caller.session().map(|(_, session)| session);
    revoke_other_sessions(&app, caller.principal, kept).await?;
    Ok(StatusCode::NO_CONTENT)
}
