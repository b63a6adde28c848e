//! The first page of this server.

use axum::response::Response;

use super::stop::Stop;
use super::town;
use super::visit::{Visit, page};

/// `GET /`
pub(super) async fn landing(visit: Visit) -> Result<Response, Stop> {
    match visit.app.town() {
        Some(town) => town::landing(&visit, town).await,
        None => Ok(page(pages::landing::welcome(&visit.frame()))),
    }
}
