//! What handlers take from a request besides its JSON body: ids in the path, the query, the idempotency key.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use operations::{IdempotencyKey, NotAKey};
use serde::de::DeserializeOwned;

use crate::fields::parse_id;
use crate::problem::{Kind, Problem};

/// The id in the path. Anything that is not an id names nothing, so the answer is 404.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathId<T>(
    /// The id.
    pub T,
);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params =
            RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let (_, text) = params.iter().next().ok_or_else(Problem::not_found)?;
        parse_id(text).map(Self).ok_or_else(Problem::not_found)
    }
}

/// What stands in the path, of several placeholders. What is not of its form names nothing, so the answer is 404.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathParts<T>(
    /// A tuple in the order of the path, or the only one.
    pub T,
);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParts<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}

/// The query string, each parameter known and given once.
#[derive(Debug)]
pub(crate) struct Query<T>(
    /// What the query says.
    pub T,
);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(bad_query(&rejection.body_text())),
        }
    }
}

fn bad_query(message: &str) -> Problem {
    let message = message.strip_prefix("Failed to deserialize query string: ").unwrap_or(message);
    let named = message.split('`').nth(1);
    let problem = Problem::new(Kind::INVALID, format!("query is not valid: {message}"));
    match named.or_else(|| message.split_once(": ").map(|(field, _)| field)) {
        Some(field) => problem.at(field.to_owned()),
        None => problem,
    }
}

/// The `Idempotency-Key` header: the client's name for one intended effect, quoted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(
    /// The key without quotes.
    pub IdempotencyKey,
);

/// Reads a key from a header or form field.
///
/// # Errors
/// A 400 that names `Idempotency-Key`.
pub(crate) fn parse_key(text: &str) -> Result<IdempotencyKey, Problem> {
    let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    unquoted.parse().map_err(|error: NotAKey| Problem::invalid("Idempotency-Key", error.to_string()))
}

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else {
            let detail = "send an Idempotency-Key header, a new one for each intended effect";
            return Err(Problem::new(Kind::KEY_MISSING, detail).at("Idempotency-Key"));
        };
        if values.next().is_some() {
            return Err(Problem::invalid("Idempotency-Key", "the header is given more than once"));
        }
        parse_key(value.to_str().unwrap_or_default()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        assert_eq!(parse_key("\"a-1\""), parse_key("a-1"));
        for bad in ["", "\"\"", "a b", "ключ", &"k".repeat(256)] {
            assert!(parse_key(bad).is_err(), "{bad}");
        }
    }
}
