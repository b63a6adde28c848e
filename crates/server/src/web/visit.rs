//! Who visits a page, in which language and theme; and the frame of every page for them.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use operations::{OperationError, Origin};
use pages::Markup;
use pages::fault::Fault;
use pages::frame::{Frame, Notice, Theme, Viewer};
use pages::locale::Locale;
use records::notifications;
use records::principals::{self, Language, Principal, Role};
use wallet::ids::{HolderId, MerchantId};

use super::describe;
use super::stop::Stop;
use super::trouble::problem_of;
use crate::App;
use crate::auth::Caller;
use crate::form::token_for;
use crate::problem::{Problem, internal};

/// The cookie that keeps the chosen language.
pub(super) const LANGUAGE_COOKIE: &str = "sycee_language";
/// The cookie that keeps the chosen theme.
pub(super) const THEME_COOKIE: &str = "sycee_theme";
/// The clock on the wall of every page: that of China, minutes east of UTC.
pub(super) const UTC_OFFSET_MINUTES: i32 = 8 * 60;

/// Somebody looks at a page.
pub(crate) struct Visit {
    pub(super) app: App,
    pub(super) member: Option<Member>,
    /// Somebody whose session is locked: pages treat them as a guest.
    pub(super) locked: Option<Member>,
    pub(super) locale: Locale,
    pub(super) theme: Theme,
    path: String,
    notice: Option<Notice>,
    unread: u64,
}

/// Somebody who is logged in.
pub(super) struct Member {
    pub(super) caller: Caller,
    pub(super) principal: Principal,
}

impl Visit {
    /// What every page knows besides its content.
    pub(super) fn frame(&self) -> Frame {
        Frame {
            locale: self.locale,
            theme: self.theme,
            viewer: self.viewer(),
            path: self.path.clone(),
            form_token: self.member.as_ref().map(|member| token_for(&member.caller, self.app.entropy())),
            notice: self.notice,
            unread: self.unread,
            lock_seconds: self.app.settings().session_lock_seconds,
            now: self.app.now(),
            utc_offset_minutes: UTC_OFFSET_MINUTES,
        }
    }

    fn viewer(&self) -> Viewer {
        let Some(Member { principal, .. }) = &self.member else { return Viewer::Guest };
        let name = describe::own_name(self.locale, principal);
        match principal.role {
            Role::Holder => Viewer::Holder { name },
            Role::MerchantStaff => Viewer::Merchant { name },
            Role::Operator => Viewer::Operator { name },
        }
    }

    /// A key for one rendering of a form that moves value.
    pub(super) fn attempt(&self) -> String {
        format!("{:032x}", self.app.random_bits())
    }

    /// The page of a fault.
    pub(super) fn stop(&self, fault: Fault) -> Stop {
        let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Stop::from(page_with(status, pages::fault::fault(&self.frame(), fault)))
    }

    /// The page for what an operation would not tell.
    pub(super) fn stop_for(&self, error: OperationError) -> Stop {
        match error {
            OperationError::NotFound(_) => self.stop(Fault::NotFound),
            other => match problem_of(other) {
                Some(refused) => self.stop(Fault::Refused(refused.trouble)),
                None => {
                    drop(internal(other));
                    self.stop(Fault::Internal)
                }
            },
        }
    }

    /// The result, or the page for what went wrong.
    pub(super) fn need<T>(&self, result: Result<T, OperationError>) -> Result<T, Stop> {
        result.map_err(|error| self.stop_for(error))
    }

    /// The rows, or the page for a store that cannot be read.
    pub(super) fn need_records<T>(&self, result: Result<T, records::RecordsError>) -> Result<T, Stop> {
        result.map_err(|error| {
            drop(internal(error));
            self.stop(Fault::Internal)
        })
    }

    /// On to the lock, and from there back to where the visitor was.
    fn unlock_first(&self, came_from: &str) -> Stop {
        Stop::from(see_other(&format!("/lock?next={}", encoded(came_from))))
    }

    fn log_in_first(&self) -> Stop {
        let next = if self.path == "/" { String::new() } else { format!("?next={}", encoded(&self.path)) };
        Stop::from(see_other(&format!("/login{next}")))
    }
}

/// A page with status 200.
pub(super) fn page(markup: Markup) -> Response {
    page_with(StatusCode::OK, markup)
}

/// A page with this status.
pub(super) fn page_with(status: StatusCode, markup: Markup) -> Response {
    (status, Html(markup.into_string())).into_response()
}

/// A form with what is wrong with it.
pub(super) fn page_with_problems(markup: Markup) -> Response {
    page_with(StatusCode::UNPROCESSABLE_ENTITY, markup)
}

/// On to another page of this server, by GET.
pub(super) fn see_other(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// The path where it is one of this server's own, else `/`. Whatever a browser could take for another host is not.
pub(super) fn own_path(path: &str) -> &str {
    let plain = path.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    if path.starts_with('/') && !path.starts_with("//") && plain { path } else { "/" }
}

/// The text for a query parameter.
pub(super) fn encoded(text: &str) -> String {
    serde_urlencoded::to_string([("", text)]).unwrap_or_default().trim_start_matches('=').to_owned()
}

pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn locale_of(headers: &HeaderMap, principal: Option<&Principal>) -> Locale {
    let chosen = cookie(headers, LANGUAGE_COOKIE).and_then(Locale::from_tag);
    let recorded = principal.map(|principal| match principal.language {
        Language::Chinese => Locale::ZhCn,
        Language::English => Locale::En,
    });
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    chosen.or(recorded).unwrap_or_else(|| Locale::negotiate(accepted))
}

fn theme_of(headers: &HeaderMap, principal: Option<&Principal>) -> Theme {
    let chosen = cookie(headers, THEME_COOKIE).and_then(Theme::from_code);
    let recorded = principal.map(|principal| match principal.theme {
        principals::Theme::System => Theme::System,
        principals::Theme::Light => Theme::Light,
        principals::Theme::Dark => Theme::Dark,
    });
    chosen.or(recorded).unwrap_or(Theme::System)
}

fn notice_of(parts: &Parts) -> Option<Notice> {
    let query = parts.uri.query()?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == "notice").and_then(|(_, code)| Notice::from_code(code))
}

/// Path and query without the notice, which is for one rendering only.
fn path_of(parts: &Parts) -> String {
    let query = parts.uri.query().unwrap_or_default();
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("notice=")).collect();
    let path = parts.uri.path();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// The page that somebody looked at when they made this request: the page itself, or the one with the form they sent.
fn came_from(parts: &Parts) -> String {
    if parts.method.is_safe() {
        return path_of(parts);
    }
    let referer = parts.headers.get(REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = referer.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
    own_path(&format!("/{}", path.unwrap_or_default())).to_owned()
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = <Caller as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await?;
        // An API key is for programs; pages take sessions only.
        let mut unread = 0;
        let member = match caller.filter(|caller| caller.any_session().is_some()) {
            Some(caller) => {
                let id = caller.principal;
                let read = app
                    .records()
                    .read(move |sql| Ok((principals::get(sql, id)?, notifications::count_unread(sql, id)?)));
                let (found, count) = read.await.map_err(internal)?;
                unread = count;
                found.map(|principal| Member { caller, principal })
            }
            None => None,
        };
        let (locked, member) = match member {
            Some(member) if member.caller.is_locked() => (Some(member), None),
            open => (None, open),
        };
        let principal = member.as_ref().or(locked.as_ref()).map(|member| &member.principal);
        Ok(Self {
            app: app.clone(),
            locale: locale_of(&parts.headers, principal),
            theme: theme_of(&parts.headers, principal),
            path: path_of(parts),
            notice: notice_of(parts),
            unread,
            member,
            locked,
        })
    }
}

/// Somebody who is logged in, in any role.
pub(super) struct MemberVisit {
    pub(super) visit: Visit,
    pub(super) caller: Caller,
}

/// A holder looks at a page of their own.
pub(super) struct HolderVisit {
    pub(super) visit: Visit,
    pub(super) holder: HolderId,
}

impl HolderVisit {
    /// Where a request to spend comes from, as long as nothing more was asked for.
    pub(super) fn origin(&self) -> Origin {
        self.visit.member.as_ref().map(|member| member.caller.origin()).unwrap_or_default()
    }
}

/// A member of a merchant's staff looks at a page of the merchant's.
pub(super) struct StaffVisit {
    pub(super) visit: Visit,
    pub(super) merchant: MerchantId,
}

/// The operator looks at a page of the whole.
pub(super) struct OperatorVisit {
    pub(super) visit: Visit,
}

async fn visit(parts: &mut Parts, app: &App) -> Result<Visit, Stop> {
    Visit::from_request_parts(parts, app).await.map_err(|problem| Stop::from(problem.into_response()))
}

impl FromRequestParts<App> for MemberVisit {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let visit = visit(parts, app).await?;
        if visit.locked.is_some() {
            return Err(visit.unlock_first(&came_from(parts)));
        }
        let Some(member) = &visit.member else { return Err(visit.log_in_first()) };
        Ok(Self { caller: member.caller.clone(), visit })
    }
}

impl FromRequestParts<App> for HolderVisit {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let MemberVisit { visit, caller } = MemberVisit::from_request_parts(parts, app).await?;
        if caller.role != Role::Holder {
            return Err(visit.stop(Fault::Forbidden));
        }
        Ok(Self { visit, holder: HolderId::new(caller.principal.bits()) })
    }
}

impl FromRequestParts<App> for StaffVisit {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let MemberVisit { visit, caller } = MemberVisit::from_request_parts(parts, app).await?;
        match (caller.role, caller.merchant) {
            (Role::MerchantStaff, Some(merchant)) => Ok(Self { visit, merchant }),
            _ => Err(visit.stop(Fault::Forbidden)),
        }
    }
}

impl FromRequestParts<App> for OperatorVisit {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Stop> {
        let MemberVisit { visit, caller } = MemberVisit::from_request_parts(parts, app).await?;
        if caller.role == Role::Operator { Ok(Self { visit }) } else { Err(visit.stop(Fault::Forbidden)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_gone_to() {
        for own in ["/", "/home", "/history?kind=payment&from=2026-11-01"] {
            assert_eq!(own_path(own), own);
        }
        for foreign in ["", "home", "//evil.test", "https://evil.test", "/\\evil.test", "/a\r\nb", "/ä"] {
            assert_eq!(own_path(foreign), "/", "{foreign:?}");
        }
    }

    #[test]
    fn a_path_survives_a_query_parameter() {
        assert_eq!(encoded("/history?kind=payment&a=b"), "%2Fhistory%3Fkind%3Dpayment%26a%3Db");
    }
}
