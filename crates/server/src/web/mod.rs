//! The web pages.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::App;

/// Every page.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}

/// The page for a path that leads nowhere.
pub(crate) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "404").into_response()
}
