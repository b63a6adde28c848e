//! Who looks at a page, in which language and theme.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, SET_COOKIE},
        request::Parts,
    },
    response::{Html, IntoResponse, Response},
};
use pages::{
    Markup,
    fault::{Fault, fault},
    frame::{Frame, Theme, Viewer},
    locale::Locale,
};

use crate::{clock::UTC_OFFSET_MINUTES, hex::to_hex, site::Shared};

/// The cookies of the wallet's own pages: one choice for both, where they are on one host.
pub(crate) const LANGUAGE_COOKIE: &str = "sycee_language";
pub(crate) const THEME_COOKIE: &str = "sycee_theme";
/// How long a browser keeps a choice: one year.
const CHOICE_SECONDS: u32 = 365 * 86_400;

/// Somebody looks at a page.
pub(crate) struct Visit {
    locale: Locale,
    theme: Theme,
    path: String,
}

impl Visit {
    /// What every page knows besides its content.
    pub(crate) fn frame(&self, shared: &Shared) -> Frame {
        Frame {
            locale: self.locale,
            theme: self.theme,
            viewer: Viewer::Terminal,
            path: self.path.clone(),
            form_token: None,
            notice: None,
            unread: 0,
            lock_seconds: 0,
            now: (shared.clock)(),
            utc_offset_minutes: UTC_OFFSET_MINUTES,
        }
    }

    /// The page of a fault.
    pub(crate) fn stop(&self, shared: &Shared, what: Fault) -> Response {
        let status = StatusCode::from_u16(what.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        page(status, &fault(&self.frame(shared), what))
    }

    pub(crate) const fn locale(&self) -> Locale {
        self.locale
    }
}

impl FromRequestParts<Arc<Shared>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Shared>) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let chosen = cookie(headers, LANGUAGE_COOKIE).and_then(Locale::from_tag);
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            locale: chosen.unwrap_or_else(|| Locale::negotiate(accepted)),
            theme: cookie(headers, THEME_COOKIE).and_then(Theme::from_code).unwrap_or(Theme::System),
            path: parts.uri.path().to_owned(),
        })
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A cookie that keeps a choice; `value` is one of our own words.
pub(crate) fn kept_choice(name: &str, value: &str, return_to: &str) -> Response {
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={CHOICE_SECONDS}");
    let cookie = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    ([(SET_COOKIE, cookie)], see_other(own_path(return_to))).into_response()
}

/// The path where it is one of this site's own, else `/`.
fn own_path(path: &str) -> &str {
    let plain = path.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\');
    if path.starts_with('/') && !path.starts_with("//") && plain { path } else { "/" }
}

/// On to another page, by GET.
pub(crate) fn see_other(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// A page with this status.
pub(crate) fn page(status: StatusCode, markup: &Markup) -> Response {
    (status, Html(markup.0.clone())).into_response()
}

/// A name that no tap or sale has had. `None` where the system has no randomness: then nothing is begun.
pub(crate) fn fresh_name() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok().map(|()| to_hex(&bytes))
}
