//! What web forms need: a token that proves the form came from this session, and a key that makes a double click one
//! request.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use operations::IdempotencyKey;
use serde::de::DeserializeOwned;

use crate::App;
use crate::auth::{Caller, push_hex};
use crate::json;
use crate::problem::{Kind, Problem};
use crate::request::parse_key;

/// The hidden fields of one rendered form.
#[derive(Clone, Debug)]
pub(crate) struct FormTokens {
    /// Goes into the field `form_token`; the same for all forms of a session.
    pub form_token: String,
    /// Goes into the field `idempotency_key`; new for each rendered form.
    pub idempotency_key: String,
}

impl FormTokens {
    /// Tokens for a form shown to this caller.
    #[must_use]
    pub(crate) fn new(app: &App, caller: &Caller) -> Self {
        let mut random = [0; 16];
        app.entropy().fill(&mut random);
        let mut idempotency_key = String::with_capacity(32);
        push_hex(&mut idempotency_key, &random);
        Self { form_token: expected(caller).to_hex().to_string(), idempotency_key }
    }

    /// Refuses a form that was not rendered for this session, and reads its key.
    ///
    /// # Errors
    /// A 403, or a 400 that names the key.
    pub(crate) fn check(
        caller: &Caller,
        form_token: &str,
        idempotency_key: &str,
    ) -> Result<IdempotencyKey, Problem> {
        check_token(caller, form_token)?;
        parse_key(idempotency_key)
    }
}

/// Refuses a form that was not rendered for this session.
///
/// # Errors
/// A 403.
pub(crate) fn check_token(caller: &Caller, form_token: &str) -> Result<(), Problem> {
    // The comparison of `blake3::Hash` takes the same time wherever the texts differ.
    match blake3::Hash::from_hex(form_token) {
        Ok(sent) if sent == expected(caller) => Ok(()),
        _ => Err(Problem::new(Kind::CROSS_SITE, "the form is out of date; open the page again")),
    }
}

fn expected(caller: &Caller) -> blake3::Hash {
    blake3::Hash::from_bytes(blake3::derive_key("sycee 2026 form token of a session", &caller.token.0))
}

/// A body of `application/x-www-form-urlencoded`.
#[derive(Debug)]
pub(crate) struct Form<T>(
    /// What the form says.
    pub T,
);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::new(Kind::MEDIA_TYPE, "send the form as application/x-www-form-urlencoded"));
        }
        let bytes = json::read(request).await?;
        let parsed = serde_urlencoded::from_bytes(&bytes);
        parsed
            .map(Self)
            .map_err(|error| Problem::new(Kind::INVALID, format!("the form is not valid: {error}")))
    }
}
