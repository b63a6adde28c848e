//! All routes, under one guard.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::json::BODY_MAX_BYTES;
use crate::problem::{Kind, Problem};
use crate::{App, api, guard, health, web};

/// Everything this server answers.
pub fn router(app: App) -> Router {
    let (api, description) = api::routes().split_for_parts();
    let description = description.to_json().expect("a description holds only strings, numbers and lists");
    let describe = move || async move { ([("content-type", "application/json")], description) };
    let routes = api
        .route("/api/v1/openapi.json", get(describe))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(web::routes())
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app);
    guarded(routes)
}

/// A router with the same guard and an empty handler at `/empty`: what a request costs before anything is done.
pub fn empty_router() -> Router {
    guarded(Router::new().route("/empty", any(|| async { StatusCode::NO_CONTENT })))
}

fn guarded(routes: Router) -> Router {
    routes.layer(DefaultBodyLimit::max(BODY_MAX_BYTES)).layer(axum::middleware::from_fn(guard::guard))
}

async fn nothing_here(uri: Uri, visit: web::Visit) -> Response {
    if uri.path().starts_with("/api/") {
        Problem::not_found().into_response()
    } else {
        web::not_found(&visit)
    }
}

async fn wrong_method() -> Problem {
    Problem::new(Kind::METHOD, "this path exists, but not with this method")
}
