//! Text that is worth it goes over the network as gzip, to those who accept it.
//!
//! Small answers, such as that of a payment, stay as they are: they fit one packet either way.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::problem::internal;

/// Bodies shorter than this are not worth it.
const SMALLEST: u64 = 1_024;
/// Bodies longer than this would keep a thread for too long.
const LARGEST: u64 = 4 * 1_024 * 1_024;
/// For what is made anew each time: most of the gain for little time.
const PAGE_LEVEL: u32 = 4;
/// For what is compressed once.
const ASSET_LEVEL: u32 = 9;

/// Files that never change, compressed, by path. There are only as many as the program has assets.
static ASSETS: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);

/// Compresses the answer where the client accepts that and the text is worth it.
pub(crate) async fn compress(request: Request, next: Next) -> Response {
    let accepts = accepts_gzip(request.headers());
    let path = if accepts { request.uri().path().to_owned() } else { String::new() };
    let mut response = next.run(request).await;
    if !is_text(response.headers()) || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let length = HttpBody::size_hint(response.body()).exact();
    if !length.is_some_and(|length| (SMALLEST..=LARGEST).contains(&length)) {
        return response;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    if accepts { compressed(&path, response).await } else { response }
}

async fn compressed(path: &str, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // The length is known, so the body lies in memory.
    let text = match to_bytes(body, usize::MAX).await {
        Ok(text) => text,
        Err(error) => return internal(error).into_response(),
    };
    let bytes = if is_immutable(&parts.headers) { asset(path, &text) } else { gzip(&text, PAGE_LEVEL) };
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes))
}

fn asset(path: &str, text: &[u8]) -> Bytes {
    let known = || ASSETS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = known().get(path) {
        return bytes.clone();
    }
    let bytes = gzip(text, ASSET_LEVEL);
    known().insert(path.to_owned(), bytes.clone());
    bytes
}

fn gzip(text: &[u8], level: u32) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 2), Compression::new(level));
    encoder.write_all(text).expect("memory can be written to");
    Bytes::from(encoder.finish().expect("memory can be written to"))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.replace(' ', "").strip_prefix("q=").and_then(|weight| weight.parse().ok())
            == Some(0.0_f32);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn is_text(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    let others = ["application/json", "application/problem+json", "application/xml", "image/svg+xml"];
    kind.starts_with("text/") || kind.ends_with("javascript") || others.contains(&kind)
}

fn is_immutable(headers: &HeaderMap) -> bool {
    headers
        .get(CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("immutable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_those_who_accept_it() {
        let accepts = |value: &str| {
            accepts_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap())]))
        };
        for value in ["gzip", "br, gzip", "GZIP;q=0.5", "deflate,gzip;q=1"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "gzip; q=0.0", "identity", "x-gzip"] {
            assert!(!accepts(value), "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn pictures_and_archives_are_not_text() {
        let is = |kind| is_text(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]));
        for kind in
            ["text/html; charset=utf-8", "text/css", "text/javascript", "application/json", "image/svg+xml"]
        {
            assert!(is(kind), "{kind}");
        }
        for kind in ["image/png", "application/pdf", "application/octet-stream", "font/woff2"] {
            assert!(!is(kind), "{kind}");
        }
    }
}
