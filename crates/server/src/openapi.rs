//! The OpenAPI description of `/api/v1`, collected from the handlers.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::problem::ProblemBody;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sycee",
        description = "Electronic wallets: accounts, top-ups, transfers, payments.\n\n\
            Amounts are integers in minor units of their currency. Ids are 32 lowercase hexadecimal digits. Moments are \
            RFC 3339 in UTC. Errors are `application/problem+json` (RFC 9457). Each POST that moves value needs an \
            `Idempotency-Key`: the same key with the same body answers what the first request answered and moves \
            nothing again.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ProblemBody)),
    modifiers(&Credentials),
    security(("session" = []), ("api_key" = []))
)]
pub(crate) struct Description;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let cookie = ApiKeyValue::with_description(
            crate::auth::SESSION_COOKIE,
            "Set by POST /api/v1/sessions. HttpOnly; sent by browsers from this server's own pages only.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A key from POST /api/v1/api-keys, `Authorization: Bearer sk_…`."));
        components.add_security_scheme("api_key", SecurityScheme::Http(bearer.build()));
    }
}

/// The OpenAPI 3.1 description as formatted JSON: what `docs/openapi.json` holds.
#[must_use]
pub fn openapi_json() -> String {
    let (_, description) = crate::api::routes().split_for_parts();
    let mut text = description.to_pretty_json().expect("a description holds only strings, numbers and lists");
    text.push('\n');
    text
}
