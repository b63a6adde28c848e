//! Sessions: opened by a password, kept by a cookie, ended by time, log-out or revocation.

use axum::http::HeaderValue;
use axum::http::request::Parts;
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::principals::{self, Principal, PrincipalStatus};
use records::{login_throttle, sessions};
use wallet::ids::{PrincipalId, SessionId};

use super::caller::{Caller, Means};
use super::throttle::Failures;
use super::token::{TokenHash, new_token};
use crate::App;
use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};
use crate::serve::PeerAddress;

/// The cookie that carries the token of a session.
pub const SESSION_COOKIE: &str = "sycee_session";

/// How stale `seen_at` may get before it is written again.
const SEEN_NANOSECONDS: u64 = 60 * NANOSECONDS_PER_SECOND;
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
        let address = parts.extensions.get::<PeerAddress>().map_or_else(String::new, |peer| peer.0.to_string());
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
pub(crate) struct NewSession {
    pub(crate) id: SessionId,
    pub(crate) token: String,
    pub(crate) expires_at: Timestamp,
}

/// Checks login and password and opens a session. Failures are counted for the login and for the address; unknown
/// logins cost the same work and get the same answer as wrong passwords.
pub(crate) async fn log_in(
    app: &App,
    login: &str,
    password: Secret,
    device: Device,
) -> Result<(Principal, NewSession), Problem> {
    let subjects = subjects(login, &device);
    refuse_while_waiting(app, &subjects).await?;
    let found = {
        let login = login.to_lowercase();
        app.records().read(move |sql| principals::by_login(sql, &login)).await.map_err(internal)?
    };
    let found = found.filter(|principal| principal.status == PrincipalStatus::Active);
    let stored = found.as_ref().and_then(|principal| principal.password_hash.clone());
    let matches = app.passwords().verify(password, stored).await?;
    let Some(principal) = found.filter(|_| matches) else {
        count_failure(app, subjects).await?;
        return Err(Problem::new(Kind::WRONG_CREDENTIALS, "login or password is wrong").at("password"));
    };
    let [login_subject, _] = subjects;
    app.records().write_later(move |sql| login_throttle::clear(sql, &login_subject));
    let session = open_session(app, principal.id, device).await?;
    Ok((principal, session))
}

/// Opens a session for a principal whose identity was just proven.
pub(crate) async fn open_session(app: &App, principal: PrincipalId, device: Device) -> Result<NewSession, Problem> {
    let now = app.now();
    let token = new_token("", app.entropy());
    let expires_at = now.checked_add_seconds(app.settings().session_seconds).unwrap_or(Timestamp::LAST);
    let session = sessions::NewSession {
        id: SessionId::new(app.random_bits()),
        token_hash: TokenHash::of(&token).0,
        principal,
        device: device.agent,
        address: device.address,
        created_at: now,
        expires_at,
    };
    let id = session.id;
    app.records().write(move |sql| sessions::insert(sql, &session)).await.map_err(internal)?;
    Ok(NewSession { id, token, expires_at })
}

/// The caller behind a session token, unless the session has ended.
pub(super) async fn find(app: &App, token: TokenHash, now: Timestamp) -> Result<Option<Caller>, Problem> {
    let found = app
        .records()
        .read(move |sql| {
            let Some(session) = sessions::by_token(sql, &token.0)? else { return Ok(None) };
            Ok(principals::get(sql, session.principal)?.map(|principal| (session, principal)))
        })
        .await
        .map_err(internal)?;
    let Some((session, principal)) = found else { return Ok(None) };
    let idle = now.0.saturating_sub(session.seen_at.0);
    let idle_most = u64::from(app.settings().session_idle_seconds) * NANOSECONDS_PER_SECOND;
    let ended = session.revoked_at.is_some() || now >= session.expires_at || idle > idle_most;
    if ended || principal.status != PrincipalStatus::Active {
        return Ok(None);
    }
    if idle > SEEN_NANOSECONDS.min(idle_most / 4) {
        app.records().write_later(move |sql| sessions::touch(sql, session.id, now));
    }
    Ok(Some(Caller {
        principal: principal.id,
        role: principal.role,
        merchant: principal.merchant,
        means: Means::Session(session.id),
        token,
    }))
}

/// Ends one session of this principal. Says whether there was one.
pub(crate) async fn revoke_session(app: &App, owner: PrincipalId, session: SessionId) -> Result<bool, Problem> {
    let now = app.now();
    let revoked =
        app.records().write(move |sql| sessions::revoke(sql, owner, session, now)).await.map_err(internal)?;
    app.callers().forget(owner);
    Ok(revoked)
}

/// Ends all sessions of this principal but one.
pub(crate) async fn revoke_other_sessions(app: &App, owner: PrincipalId, kept: Option<SessionId>) -> Result<(), Problem> {
    let now = app.now();
    app.records().write(move |sql| sessions::revoke_all(sql, owner, kept, now)).await.map_err(internal)?;
    app.callers().forget(owner);
    Ok(())
}

/// The `Set-Cookie` that keeps a session.
pub(crate) fn session_cookie(app: &App, session: &NewSession) -> HeaderValue {
    let secure = if app.settings().secure_cookies { "; Secure" } else { "" };
    let age = app.settings().session_seconds;
    let text = format!("{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", session.token);
    HeaderValue::try_from(text).expect("a token has only hexadecimal digits")
}

/// The `Set-Cookie` that makes the browser forget a session.
pub(crate) fn ended_cookie() -> HeaderValue {
    const ENDED: &str = "sycee_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
    HeaderValue::from_static(ENDED)
}

/// What failures are counted for: the login, and the address it is tried from.
fn subjects(login: &str, device: &Device) -> [String; 2] {
    // The hash keeps what people type by mistake into the login field, such as passwords, out of the store.
    let login = blake3::hash(login.to_lowercase().as_bytes()).to_hex();
    [format!("login {login}"), format!("address {}", device.address)]
}

async fn refuse_while_waiting(app: &App, subjects: &[String; 2]) -> Result<(), Problem> {
    let now = app.now();
    let wanted = subjects.clone();
    let failures = app
        .records()
        .read(move |sql| wanted.iter().map(|subject| login_throttle::get(sql, subject)).collect::<Result<Vec<_>, _>>())
        .await
        .map_err(internal)?;
    let waits = failures.into_iter().flatten().map(|row| {
        Failures { count: row.failures, last: row.last_failure_at }.wait_seconds(now)
    });
    match waits.max() {
        None | Some(0) => Ok(()),
        Some(seconds) => {
            let detail = format!("too many failed attempts; try again in {seconds} s");
            Err(Problem::new(Kind::THROTTLED, detail).retry_after(seconds))
        }
    }
}

async fn count_failure(app: &App, subjects: [String; 2]) -> Result<(), Problem> {
    let now = app.now();
    app.records()
        .write(move |sql| {
            for subject in &subjects {
                login_throttle::record_failure(sql, subject, now)?;
            }
            Ok(())
        })
        .await
        .map_err(internal)
}
