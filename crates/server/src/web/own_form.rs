//! A form that a member sends back: read, and refused unless it was rendered for the same session.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::IntoResponse;
use pages::fault::Fault;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::stop::Stop;
use super::visit::MemberVisit;
use crate::App;
use crate::form::check_token;
use crate::json;

/// The fields of a form that was rendered for this session.
pub(super) struct OwnForm<T>(pub(super) T);

#[derive(Deserialize)]
struct Token {
    form_token: String,
}

impl<T: DeserializeOwned> FromRequest<App> for OwnForm<T> {
    type Rejection = Stop;

    async fn from_request(request: Request, app: &App) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        let MemberVisit { visit, caller } = MemberVisit::from_request_parts(&mut parts, app).await?;
        let read = json::read(Request::from_parts(parts, body)).await;
        let bytes = read.map_err(|problem| Stop::from(problem.into_response()))?;
        let token =
            serde_urlencoded::from_bytes::<Token>(&bytes).map_err(|_| visit.stop(Fault::ForgedForm))?;
        check_token(&caller, &token.form_token).map_err(|_| visit.stop(Fault::ForgedForm))?;
        serde_urlencoded::from_bytes(&bytes).map(Self).map_err(|_| visit.stop(Fault::BadRequest))
    }
}
