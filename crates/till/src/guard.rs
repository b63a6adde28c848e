//! Who may use the till's pages: a browser at the till, and no page of somebody else that it happens to show.

use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use host_client::is_this_machine;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// The till has no log-in: whoever stands at it uses it. So it answers only under a name that nobody else can have (this machine,
/// or a bare address), and takes forms only from its own pages.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_own_name(host) {
        return (StatusCode::MISDIRECTED_REQUEST, "open this page under its own address").into_response();
    }
    if !request.method().is_safe() && is_foreign(request.headers(), host) {
        return (StatusCode::FORBIDDEN, "this form is of another site").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A name that is bound to somebody's will could be made to point here, and its pages would be taken for the till's own.
fn is_own_name(host: &str) -> bool {
    let Ok(uri) = format!("http://{host}/").parse::<Uri>() else { return false };
    let name = uri.host().unwrap_or_default().to_ascii_lowercase();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    is_this_machine(&name) || bare.parse::<std::net::IpAddr>().is_ok()
}

fn is_foreign(headers: &HeaderMap, host: &str) -> bool {
    let is_other = |origin: &HeaderValue| {
        let origin = origin.to_str().unwrap_or_default();
        origin.split_once("://").map(|(_, authority)| authority) != Some(host)
    };
    let is_cross = headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none");
    is_cross || headers.get(ORIGIN).is_some_and(is_other)
}
