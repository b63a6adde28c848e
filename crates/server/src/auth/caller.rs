//! The caller of a request, from its session cookie or API key; and the roles that routes ask for.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use operations::Origin;
use records::principals::Role;
use wallet::ids::{ApiKeyId, HolderId, MerchantId, PrincipalId, SessionId};

use super::scope::Scopes;
use super::session::Activity;
use super::token::{API_KEY_PREFIX, TokenHash};
use super::{SESSION_COOKIE, api_key, session};
use crate::App;
use crate::problem::{Kind, Problem};

/// Who is calling, and by which means.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who.
    pub principal: PrincipalId,
    /// As what.
    pub role: Role,
    /// For merchant staff: whose.
    pub merchant: Option<MerchantId>,
    /// What the key may do that they came with.
    pub(crate) scopes: Scopes,
    pub(crate) means: Means,
    pub(crate) token: TokenHash,
}

/// By which means a caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// The cookie of a session.
    Session(SessionId),
    /// The cookie of a session that is locked: nothing goes but to unlock or end it.
    Locked(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
}

impl Caller {
    /// Whose session this is, and which, where the caller came with one.
    #[must_use]
    pub(crate) fn session(&self) -> Option<(PrincipalId, SessionId)> {
        match self.means {
            Means::Session(session) => Some((self.principal, session)),
            Means::Locked(_) | Means::ApiKey(_) => None,
        }
    }

    /// The session the caller came with, locked or not.
    #[must_use]
    pub(crate) const fn any_session(&self) -> Option<(PrincipalId, SessionId)> {
        match self.means {
            Means::Session(session) | Means::Locked(session) => Some((self.principal, session)),
            Means::ApiKey(_) => None,
        }
    }

    /// Whether the caller came with a session that is locked.
    #[must_use]
    pub(crate) const fn is_locked(&self) -> bool {
        matches!(self.means, Means::Locked(_))
    }

    /// Where a request to spend comes from, as long as nothing more was asked for.
    #[must_use]
    pub(crate) fn origin(&self) -> Origin {
        Origin { session: self.session().map(|(_, session)| session), step_up: None }
    }
}

/// A caller who is a holder.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    /// Who.
    pub id: HolderId,
    /// Where their requests come from.
    pub origin: Origin,
}

/// A caller who works for a merchant.
#[derive(Clone, Debug)]
pub(crate) struct Staff {
    /// For whom.
    pub merchant: MerchantId,
    /// The caller behind it.
    pub caller: Caller,
}

/// A caller who is an operator.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    /// Who.
    pub id: PrincipalId,
}

/// A caller with a session: API keys may not do what this guards.
#[derive(Clone, Debug)]
pub(crate) struct LoggedIn {
    /// The session.
    pub session: SessionId,
    /// The caller behind it.
    pub caller: Caller,
}

enum Credential<'a> {
    ApiKey(&'a str),
    Session(&'a str),
}

fn credential(headers: &HeaderMap) -> Option<Credential<'_>> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, key) = value.to_str().ok()?.split_once(' ')?;
        let is_key = scheme.eq_ignore_ascii_case("bearer") && key.starts_with(API_KEY_PREFIX);
        return is_key.then_some(Credential::ApiKey(key));
    }
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, token)| Credential::Session(token))
}

/// Whether somebody did something, or a page only asked for news by itself. Browsers say what a request is for.
fn activity(parts: &Parts) -> Activity {
    let mode = parts.headers.get("sec-fetch-mode");
    let by_itself = parts.method.is_safe() && mode.is_some_and(|mode| mode != "navigate");
    if by_itself { Activity::OfThePage } else { Activity::OfAPerson }
}

/// The caller of a request, or `None` where its headers prove nothing.
async fn identify(app: &App, parts: &Parts) -> Result<Option<Caller>, Problem> {
    let Some(credential) = credential(&parts.headers) else { return Ok(None) };
    let (Credential::ApiKey(text) | Credential::Session(text)) = credential;
    let token = TokenHash::of(text);
    let now = app.now();
    let before = match app.callers().get(&token, now) {
        Ok(caller) => return Ok(Some(caller)),
        Err(before) => before,
    };
    let found = match credential {
        Credential::ApiKey(_) => api_key::find(app, token, now).await?,
        Credential::Session(_) => session::find(app, token, now, activity(parts)).await?,
    };
    if let Some(caller) = &found {
        app.callers().remember(before, token, caller.clone(), now);
    }
    Ok(found)
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match identify(app, parts).await? {
            Some(caller) if caller.is_locked() => Err(Problem::new(
                Kind::LOCKED,
                "nothing was asked for some minutes; unlock the session with password, payment PIN or passkey",
            )),
            Some(caller) if !caller.scopes.allow(&parts.method, parts.uri.path()) => {
                Err(forbidden("the scopes of this API key do not cover this"))
            }
            Some(caller) => Ok(caller),
            None => {
                let detail = "send a session cookie or an API key that is valid";
                Err(Problem::new(Kind::UNAUTHENTICATED, detail))
            }
        }
    }
}

impl OptionalFromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        identify(app, parts).await
    }
}

fn forbidden(who: &'static str) -> Problem {
    Problem::new(Kind::FORBIDDEN, who)
}

impl FromRequestParts<App> for Holder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if caller.role != Role::Holder {
            return Err(forbidden("only wallet holders may do this"));
        }
        Ok(Self { id: HolderId::new(caller.principal.bits()), origin: caller.origin() })
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        match (caller.role, caller.merchant) {
            (Role::MerchantStaff, Some(merchant)) => Ok(Self { merchant, caller }),
            _ => Err(forbidden("only the staff of a merchant may do this")),
        }
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if caller.role == Role::Operator {
            Ok(Self { id: caller.principal })
        } else {
            Err(forbidden("only the operator may do this"))
        }
    }
}

impl FromRequestParts<App> for LoggedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        match caller.means {
            Means::Session(session) => Ok(Self { session, caller }),
            Means::Locked(_) | Means::ApiKey(_) => Err(forbidden("log in to do this; an API key may not")),
        }
    }
}
