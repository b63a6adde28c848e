//! Sessions: opened by a password, kept by a cookie, ended by time, log-out or revocation.

use std::fmt;

use axum::http::HeaderValue;
use axum::http::request::Parts;
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::principals::{self, Principal, PrincipalStatus};
use records::sessions::{self, Session};
use wallet::ids::{PrincipalId, SessionId};

use super::caller::{Caller, LoggedIn, Means};
use super::password::check_new;
use super::throttle::Attempt;
use super::token::{TokenHash, new_token};
use crate::App;
use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};
use crate::serve::PeerAddress;

/// The cookie that carries the token of a session.
pub const SESSION_COOKIE: &str = "sycee_session";

/// The end of a session is moved each time this part of its idle time has passed, not with every request.
const SEEN_PARTS: u32 = 15;
/// How much of a `User-Agent` is kept for the list of sessions.
const DEVICE_MAX: usize = 200;

/// Where a request comes from, as the list of sessions shows it.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) agent: String,
    pub(crate) address: String,
}

impl Device {
    /// The device behind this request.
    pub(crate) fn of(parts: &Parts) -> Self {
        let agent = parts.headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let address =
            parts.extensions.get::<PeerAddress>().map_or_else(String::new, |peer| peer.0.to_string());
        Self { agent: agent.chars().take(DEVICE_MAX).collect(), address }
    }
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Device {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

/// A session just opened. The token is known only here and to the client.
#[derive(Clone)]
pub struct NewSession {
    /// Its id, which is not a secret.
    pub id: SessionId,
    /// What the cookie carries.
    pub token: String,
    /// When it ends if nothing is asked; each request moves this.
    pub expires_at: Timestamp,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Checks login and password and opens a session. Unknown logins cost the same work and get the same answer as wrong
/// passwords.
pub(crate) async fn log_in(
    app: &App,
    login: &str,
    password: Secret,
    device: Device,
) -> Result<(Principal, NewSession), Problem> {
    let login = login.trim().to_lowercase();
    let attempt = Attempt::begin(app, &login, &device.address).await?;
    let found =
        app.records().read(move |sql| principals::find_by_login(sql, &login)).await.map_err(internal)?;
    let found = found.filter(|principal| principal.status == PrincipalStatus::Active);
    let stored = found.as_ref().and_then(|principal| principal.password_hash.clone());
    let matches = app.passwords().verify(password, stored).await?;
    let Some(principal) = found.filter(|_| matches) else {
        return Err(Problem::new(Kind::WRONG_CREDENTIALS, "login or password is wrong").at("password"));
    };
    attempt.succeeded(app).await?;
    let session = open_session(app, principal.id, device).await?;
    Ok((principal, session))
}

/// Opens a session for a principal whose identity was just proven.
pub(crate) async fn open_session(
    app: &App,
    principal: PrincipalId,
    device: Device,
) -> Result<NewSession, Problem> {
    let now = app.now();
    let token = new_token("", app.entropy());
    let session = Session {
        id: SessionId::new(app.random_bits()),
        token_hash: TokenHash::of(&token).0,
        principal,
        device: device.agent,
        address: device.address,
        created_at: now,
        seen_at: now,
        expires_at: end_of(app, now, now),
        revoked_at: None,
    };
    let (id, expires_at) = (session.id, session.expires_at);
    app.records().write(move |sql| sessions::insert(sql, &session)).await.map_err(internal)?;
    Ok(NewSession { id, token, expires_at })
}

/// When a session ends that was last seen now: after the idle time, and never later than its greatest age.
fn end_of(app: &App, created_at: Timestamp, now: Timestamp) -> Timestamp {
    let after = |moment: Timestamp, seconds| moment.checked_add_seconds(seconds).unwrap_or(Timestamp::LAST);
    after(now, app.settings().session_idle_seconds).min(after(created_at, app.settings().session_seconds))
}

/// The caller behind a session token, unless the session has ended.
pub(super) async fn find(app: &App, token: TokenHash, now: Timestamp) -> Result<Option<Caller>, Problem> {
    let found = app
        .records()
        .read(move |sql| {
            let Some(session) = sessions::find_valid(sql, &token.0, now)? else { return Ok(None) };
            Ok(principals::get(sql, session.principal)?.map(|principal| (session, principal)))
        })
        .await
        .map_err(internal)?;
    let Some((session, principal)) = found.filter(|(_, who)| who.status == PrincipalStatus::Active) else {
        return Ok(None);
    };
    let unseen_seconds = now.0.saturating_sub(session.seen_at.0) / NANOSECONDS_PER_SECOND;
    if unseen_seconds >= u64::from(app.settings().session_idle_seconds / SEEN_PARTS) {
        let expires_at = end_of(app, session.created_at, now);
        app.records().write_later(move |sql| sessions::touch(sql, session.id, now, expires_at).map(drop));
    }
    let means = Means::Session(session.id);
    Ok(Some(Caller {
        principal: principal.id,
        role: principal.role,
        merchant: principal.merchant,
        means,
        token,
    }))
}

/// Ends one session of this principal. Says whether there was one.
pub(crate) async fn revoke_session(
    app: &App,
    owner: PrincipalId,
    session: SessionId,
) -> Result<bool, Problem> {
    let now = app.now();
    let revoked =
        app.records().write(move |sql| sessions::revoke(sql, owner, session, now)).await.map_err(internal)?;
    app.callers().forget(owner);
    Ok(revoked)
}

/// Ends all sessions of this principal but one.
pub(crate) async fn revoke_other_sessions(
    app: &App,
    owner: PrincipalId,
    kept: Option<SessionId>,
) -> Result<(), Problem> {
    let now = app.now();
    app.records().write(move |sql| sessions::revoke_others(sql, owner, kept, now)).await.map_err(internal)?;
    app.callers().forget(owner);
    Ok(())
}

/// Changes the password of the caller and ends all their other sessions.
pub(crate) async fn change_password(
    app: &App,
    logged_in: &LoggedIn,
    current: Secret,
    new: Secret,
) -> Result<(), Problem> {
    let id = logged_in.caller.principal;
    let found = app.records().read(move |sql| principals::get(sql, id)).await.map_err(internal)?;
    let principal = found.ok_or_else(Problem::not_found)?;
    check_new(&new, &principal.login).map_err(|problem| problem.at("new_password"))?;
    let attempt = Attempt::begin(app, &principal.login, "").await?;
    if !app.passwords().verify(current, principal.password_hash).await? {
        return Err(
            Problem::new(Kind::WRONG_CREDENTIALS, "the current password is wrong").at("current_password")
        );
    }
    attempt.succeeded(app).await?;
    let salt = app.random_bits().to_be_bytes();
    let (hash, now) = (app.passwords().hash(new, salt).await?, app.now());
    app.records()
        .write(move |sql| principals::set_password_hash(sql, id, &hash, now))
        .await
        .map_err(internal)?;
    revoke_other_sessions(app, id, Some(logged_in.session)).await
}

/// The `Set-Cookie` that keeps a session.
pub(crate) fn session_cookie(app: &App, session: &NewSession) -> HeaderValue {
    let secure = if app.settings().secure_cookies { "; Secure" } else { "" };
    let age = app.settings().session_seconds;
    let text =
        format!("{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", session.token);
    HeaderValue::try_from(text).expect("a token has only hexadecimal digits")
}

/// The `Set-Cookie` that makes the browser forget a session.
pub(crate) fn ended_cookie() -> HeaderValue {
    const ENDED: &str = "sycee_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
    HeaderValue::from_static(ENDED)
}
