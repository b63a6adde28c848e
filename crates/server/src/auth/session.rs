//! Sessions: opened by log-in, kept by a cookie, locked while nobody is there, ended by time, log-out or revocation.

use std::fmt;

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::AppendHeaders;
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use operations::vaults;
use records::known_devices;
use records::principals::{self, PrincipalStatus};
use records::sessions::{self, Session};
use wallet::ids::{PrincipalId, SessionId};

use super::caller::{Caller, Means};
use super::scope::Scopes;
use super::token::{TokenHash, new_token};
use crate::App;
use crate::problem::{Problem, internal};
use crate::serve::PeerAddress;

/// The cookie that carries the token of a session.
pub const SESSION_COOKIE: &str = "sycee_session";

/// The cookie by which a device is known again after log-out.
pub(crate) const DEVICE_COOKIE: &str = "sycee_device";
/// How long a device is known: as long as browsers keep a cookie.
const DEVICE_SECONDS: u32 = 400 * 86_400;

/// That a session was seen is written each time this part of the time until it is locked has passed, not with every
/// request.
const SEEN_PARTS: u32 = 20;
/// How much of a `User-Agent` is kept for the list of sessions.
const DEVICE_MAX: usize = 200;

/// Where a request comes from, as the list of sessions shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Device {
    pub(crate) agent: String,
    pub(crate) address: String,
    /// What the device's cookie says, where it has one.
    pub(crate) token: Option<TokenHash>,
}

/// What a request is a sign of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Somebody did something: the session stays open.
    OfAPerson,
    /// A page asked for news by itself.
    OfThePage,
}

impl Device {
    /// The device behind this request.
    pub(crate) fn of(parts: &Parts) -> Self {
        let agent = parts.headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let address =
            parts.extensions.get::<PeerAddress>().map_or_else(String::new, |peer| peer.0.to_string());
        let token = cookie(&parts.headers, DEVICE_COOKIE).map(TokenHash::of);
        Self { agent: agent.chars().take(DEVICE_MAX).collect(), address, token }
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
    /// What the device is to be known by from now on, where it was not known before.
    pub(crate) device_token: Option<String>,
}

impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Opens a session for a principal whose identity was just proven.
pub(crate) async fn open_session(
    app: &App,
    principal: PrincipalId,
    device: Device,
) -> Result<NewSession, Problem> {
    let now = app.now();
    let token = new_token("", app.entropy());
    let device_token = device.token.is_none().then(|| new_token("", app.entropy()));
    let known_by = device.token.or_else(|| device_token.as_deref().map(TokenHash::of));
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
        locked_at: None,
        authenticated_at: now,
    };
    let (id, expires_at) = (session.id, session.expires_at);
    app.records()
        .write(move |sql| {
            if let Some(known_by) = known_by {
                known_devices::note(sql, &known_by.0, session.principal, &session.device, now)?;
            }
            sessions::insert(sql, &session)
        })
        .await
        .map_err(internal)?;
    Ok(NewSession { id, token, expires_at, device_token })
}

/// When a session ends that was last seen now: after the idle time, and never later than its greatest age.
fn end_of(app: &App, created_at: Timestamp, now: Timestamp) -> Timestamp {
    let after = |moment: Timestamp, seconds| moment.checked_add_seconds(seconds).unwrap_or(Timestamp::LAST);
    after(now, app.settings().session_idle_seconds).min(after(created_at, app.settings().session_seconds))
}

/// The caller behind a session token, unless the session has ended.
pub(super) async fn find(
    app: &App,
    token: TokenHash,
    now: Timestamp,
    activity: Activity,
) -> Result<Option<Caller>, Problem> {
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
    let lock_seconds = app.settings().session_lock_seconds;
    let means = if session.locked_at.is_some() || unseen_seconds >= u64::from(lock_seconds) {
        if session.locked_at.is_none() {
            app.records().write_later(move |sql| sessions::lock(sql, session.id, now).map(drop));
        }
        Means::Locked(session.id)
    } else {
        if activity == Activity::OfAPerson && unseen_seconds >= u64::from(lock_seconds / SEEN_PARTS) {
            let expires_at = end_of(app, session.created_at, now);
            app.records().write_later(move |sql| sessions::touch(sql, session.id, now, expires_at).map(drop));
        }
        Means::Session(session.id)
    };
    Ok(Some(Caller {
        principal: principal.id,
        role: principal.role,
        merchant: principal.merchant,
        scopes: Scopes::All,
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
    vaults::lock(app.operations(), session);
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
    vaults::lock_others(app.operations(), owner, kept);
    Ok(())
}

/// Locks a session at once. Says whether it was open.
pub(crate) async fn lock_session(app: &App, owner: PrincipalId, session: SessionId) -> Result<bool, Problem> {
    let now = app.now();
    let locked = app.records().write(move |sql| sessions::lock(sql, session, now)).await.map_err(internal)?;
    vaults::lock(app.operations(), session);
    app.callers().forget(owner);
    Ok(locked)
}

/// Unlocks a session whose owner has just proven that they are there.
pub(super) async fn unlock_session(app: &App, owner: PrincipalId, session: SessionId) -> Result<(), Problem> {
    let now = app.now();
    let found = app.records().read(move |sql| sessions::get(sql, session)).await.map_err(internal)?;
    let found = found.filter(|row| row.principal == owner).ok_or_else(Problem::not_found)?;
    let expires_at = end_of(app, found.created_at, now);
    let unlocked = app.records().write(move |sql| sessions::unlock(sql, session, now, expires_at)).await;
    app.callers().forget(owner);
    if unlocked.map_err(internal)? { Ok(()) } else { Err(Problem::not_found()) }
}

/// Forgets by which devices a principal is known, so that each is a stranger's again.
pub(crate) async fn forget_devices(app: &App, owner: PrincipalId) -> Result<(), Problem> {
    app.records().write(move |sql| known_devices::delete_all(sql, owner)).await.map_err(internal)
}

/// What a cookie of a request holds.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A `Set-Cookie` with a token, for this long.
pub(crate) fn kept_cookie(app: &App, name: &str, token: &str, seconds: u32) -> HeaderValue {
    let secure = if app.settings().secure_cookies { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::try_from(text).expect("a token has only hexadecimal digits")
}

/// The `Set-Cookie`s that keep a session and make its device known again.
pub(crate) fn session_cookies(
    app: &App,
    session: &NewSession,
) -> AppendHeaders<Vec<(HeaderName, HeaderValue)>> {
    let kept = kept_cookie(app, SESSION_COOKIE, &session.token, app.settings().session_seconds);
    let device = session.device_token.as_deref();
    let device = device.map(|token| kept_cookie(app, DEVICE_COOKIE, token, DEVICE_SECONDS));
    AppendHeaders([Some(kept), device].into_iter().flatten().map(|cookie| (SET_COOKIE, cookie)).collect())
}

/// The `Set-Cookie` that makes the browser forget a session.
pub(crate) fn ended_cookie() -> HeaderValue {
    const ENDED: &str = "sycee_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
    HeaderValue::from_static(ENDED)
}
