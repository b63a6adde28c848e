//! Style sheets, scripts and the icon.

use axum::extract::OriginalUri;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::visit::Visit;

/// The name holds a hash of the bytes, so they never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /assets/{name}`
pub(super) async fn asset(visit: Visit, OriginalUri(uri): OriginalUri) -> Response {
    match pages::assets::find(uri.path()) {
        Some(asset) => {
            let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, FOR_EVER)];
            (headers, asset.body.as_str()).into_response()
        }
        None => super::not_found(&visit),
    }
}
