//! What every request passes: a request id, the cross-site check, and the security headers of its answer.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::{Kind, Problem};

/// Only this server's own files; no inline script or style; no framing.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// Refuses cross-site writes, then adds the headers that every answer carries.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let mut response = match reject_cross_site(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, HeaderValue::from(number));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if is_api {
        headers.insert(CONTENT_SECURITY_POLICY, API_POLICY);
    } else {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(PAGE_POLICY);
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(
            PERMISSIONS_POLICY,
            HeaderValue::from_static("camera=(self), geolocation=(), microphone=()"),
        );
    }
    response
}

/// A browser must not be made to write by another site. Browsers say where a request comes from in `Sec-Fetch-Site` or
/// `Origin`; a request without both comes from no browser. Bearer keys are never sent by a browser on its own.
fn reject_cross_site(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    if request.method().is_safe() || headers.contains_key(AUTHORIZATION) {
        return Ok(());
    }
    let same = match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        None => headers.get(ORIGIN).is_none_or(|origin| is_own_origin(origin, headers)),
    };
    if same {
        Ok(())
    } else {
        Err(Problem::new(Kind::CROSS_SITE, "open the page of this server and try again there"))
    }
}

fn is_own_origin(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Some((_, origin_host)) = origin.to_str().ok().and_then(|text| text.split_once("://")) else {
        return false;
    };
    headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .is_some_and(|host| host.eq_ignore_ascii_case(origin_host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn accepted(method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request =
            axum::http::Request::builder().method(method).uri("/x").header("host", "pay.test:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        reject_cross_site(&request.body(Body::empty()).unwrap()).is_ok()
    }

    #[test]
    fn writes_from_another_site_are_refused() {
        assert!(accepted("POST", &[]));
        assert!(accepted("POST", &[("sec-fetch-site", "same-origin")]));
        assert!(accepted("POST", &[("origin", "http://pay.test:8080")]));
        assert!(accepted("GET", &[("sec-fetch-site", "cross-site")]));
        assert!(accepted("POST", &[("sec-fetch-site", "cross-site"), ("authorization", "Bearer sk_x")]));
        assert!(!accepted("POST", &[("sec-fetch-site", "cross-site")]));
        assert!(!accepted("POST", &[("sec-fetch-site", "same-site")]));
        assert!(!accepted("POST", &[("origin", "http://evil.test")]));
        assert!(!accepted("POST", &[("origin", "http://pay.test")]));
        assert!(!accepted("DELETE", &[("origin", "null")]));
    }
}
