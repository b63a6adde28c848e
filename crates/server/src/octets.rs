//! Bytes in, bytes out: what terminals of card purses send and get.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::json::read_up_to;
use crate::problem::{Kind, Problem};

/// The longest body of bytes: a batch of some thousands of records.
pub(crate) const OCTETS_MAX_BYTES: usize = 1024 * 1024;

const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A body of `application/octet-stream`.
#[derive(Debug)]
pub(crate) struct Octets(
    /// The body.
    pub Bytes,
);

impl<S: Send + Sync> FromRequest<S> for Octets {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if request.headers().get(CONTENT_TYPE) != Some(&OCTET_STREAM) {
            let problem = Problem::new(Kind::MEDIA_TYPE, "send the body as application/octet-stream");
            return Err(problem.at("Content-Type"));
        }
        read_up_to(request, OCTETS_MAX_BYTES).await.map(Self)
    }
}

/// Bytes in the OpenAPI description.
pub(crate) struct OctetSchema;

impl ToSchema for OctetSchema {
    fn name() -> Cow<'static, str> {
        "Bytes".into()
    }
}

impl PartialSchema for OctetSchema {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .into()
    }
}

/// An answer of bytes with status 200.
pub(crate) fn ok(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, OCTET_STREAM)], bytes).into_response()
}
