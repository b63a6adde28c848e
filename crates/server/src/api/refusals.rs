//! The refusals each kind of route may answer, for its OpenAPI description.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

const BAD_REQUEST: (&str, &str) = ("400", "The request is not valid; `field` names what is wrong");
const UNAUTHENTICATED: (&str, &str) = ("401", "No valid session or API key");
const FORBIDDEN: (&str, &str) =
    ("403", "The caller's role may not do this, or another site sent the request");
const NOT_FOUND: (&str, &str) = ("404", "Nothing here that the caller may see");
const CONFLICT: (&str, &str) = ("409", "Exists already, or the same request is still in progress");
const TOO_LARGE: (&str, &str) = ("413", "The body is longer than 64 KiB");
const MEDIA_TYPE: (&str, &str) = ("415", "The body is not `application/json`");
const TOO_LARGE_BYTES: (&str, &str) = ("413", "The body is longer than 1 MiB");
const MEDIA_TYPE_BYTES: (&str, &str) = ("415", "The body is not `application/octet-stream`");
const REFUSED: (&str, &str) = (
    "422",
    "The rules refuse it: balance too low, limit exceeded, or `Idempotency-Key` reused with another body",
);
const THROTTLED: (&str, &str) = ("429", "Too many attempts; `Retry-After` says when to try again");
const UNAVAILABLE: (&str, &str) =
    ("503", "A part of the server does not answer; send the same request again");

fn responses(list: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let one = |(status, description): &(&str, &str)| {
        let response = ResponseBuilder::new()
            .description(*description)
            .content("application/problem+json", problem.clone());
        ((*status).to_owned(), RefOr::T(response.build()))
    };
    list.iter().map(one).collect()
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: $($status:ident)*;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                responses(&[$($status),*])
            }
        }
    )*};
}

refusals! {
    /// Of routes that anyone may read.
    PublicRead: BAD_REQUEST NOT_FOUND UNAVAILABLE;
    /// Of routes that need a caller and change nothing.
    Read: BAD_REQUEST UNAUTHENTICATED FORBIDDEN NOT_FOUND UNAVAILABLE;
    /// Of routes that read what may be locked.
    LockableRead: BAD_REQUEST UNAUTHENTICATED FORBIDDEN NOT_FOUND CONFLICT UNAVAILABLE;
    /// Of routes that change something without a body.
    Change: BAD_REQUEST UNAUTHENTICATED FORBIDDEN NOT_FOUND CONFLICT REFUSED UNAVAILABLE;
    /// Of routes that read a body of bytes.
    Upload: BAD_REQUEST UNAUTHENTICATED FORBIDDEN NOT_FOUND CONFLICT TOO_LARGE_BYTES MEDIA_TYPE_BYTES REFUSED UNAVAILABLE;
    /// Of routes that change something and read a body.
    Write: BAD_REQUEST UNAUTHENTICATED FORBIDDEN NOT_FOUND CONFLICT TOO_LARGE MEDIA_TYPE REFUSED THROTTLED UNAVAILABLE;
}
