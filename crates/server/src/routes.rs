//! All routes, under one guard.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::json::BODY_MAX_BYTES;
use crate::openapi::openapi_json;
use crate::problem::{Kind, Problem};
use crate::route_table::RouteTable;
use crate::{App, api, compression, guard, health, web};

/// Everything this server answers.
pub fn router(app: App) -> Router {
    let routes = Router::from(api::routes())
        .merge(undescribed().into_router())
        .fallback(nothing_here)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app);
    guarded(routes)
}

/// Everything that the description of the API leaves out.
fn undescribed() -> RouteTable {
    let description = openapi_json();
    let describe = move || async move { ([("content-type", "application/json")], description) };
    RouteTable::new()
        .route("/api/v1/openapi.json", get(describe))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(web::routes())
}

/// The paths of everything this server answers, with their placeholders in braces: what its tests must have asked.
#[must_use]
pub fn paths() -> Vec<String> {
    let described = api::routes().into_openapi().paths.paths.into_keys();
    described.chain(undescribed().into_paths()).collect()
}

/// A router with the same guard and an empty handler at `/empty`: what a request costs before anything is done.
pub fn empty_router() -> Router {
    guarded(Router::new().route("/empty", any(|| async { StatusCode::NO_CONTENT })))
}

fn guarded(routes: Router) -> Router {
    routes
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(from_fn(guard::guard))
        .layer(from_fn(compression::compress))
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
