//! Strict JSON in, JSON out.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// The longest body the server reads.
pub const BODY_MAX_BYTES: usize = 64 * 1024;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A body of `application/json`: one object, each field known and given once.
#[derive(Debug)]
pub(crate) struct Body<T>(
    /// What the body says.
    pub T,
);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(
                Problem::new(Kind::MEDIA_TYPE, "send the body as application/json").at("Content-Type")
            );
        }
        let bytes = read(request).await?;
        parse(&bytes).map(Self)
    }
}

/// Reads a body up to [`BODY_MAX_BYTES`].
pub(crate) async fn read(request: Request) -> Result<Bytes, Problem> {
    read_up_to(request, BODY_MAX_BYTES).await
}

/// Reads a body up to `max` bytes.
pub(crate) async fn read_up_to(request: Request, max: usize) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Kind::TOO_LARGE, format!("the body is longer than {max} bytes"));
    let announced = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let announced: Option<u64> = announced.and_then(|text| text.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > max as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(Problem::new(Kind::INVALID, "the body did not arrive in time")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let (kind, parameters) = text.split_once(';').unwrap_or((text, ""));
    let parameters = parameters.trim();
    kind.trim().eq_ignore_ascii_case("application/json")
        && (parameters.is_empty() || parameters.eq_ignore_ascii_case("charset=utf-8"))
}

/// Reads one JSON object strictly.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let first = bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(b'{') {
        return Err(Problem::new(Kind::INVALID, "the body is not a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|_| explain::<T>(bytes))
}

/// Reads the body again, this time noting where, because only bad bodies should pay for that.
fn explain<T: DeserializeOwned>(bytes: &[u8]) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return Problem::new(Kind::INVALID, "the body has something after its JSON object");
    };
    let path = error.path().to_string();
    let cause = error.into_inner();
    let detail = if cause.is_data() {
        without_position(&cause.to_string())
    } else {
        format!("the body is not valid JSON: {cause}")
    };
    let problem = Problem::new(Kind::INVALID, detail);
    let named = named_field(&cause.to_string()).map(str::to_owned);
    let field = named
        .or_else(|| (path != "." && path != "?").then_some(path))
        .or_else(|| last_name(bytes, cause.line(), cause.column()));
    match field {
        Some(field) => problem.at(Cow::Owned(field)),
        None => problem,
    }
}

/// The last name before a place in the text: a number such as `1_000` ends too early, where its field is over already.
fn last_name(bytes: &[u8], line: usize, column: usize) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let earlier: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let before = text.get(..earlier + column)?;
    let (name, _) = before.rsplit_once("\":")?;
    name.rsplit_once('"').map(|(_, name)| name.to_owned())
}

/// The field in "unknown field `x`", "missing field `x`" and "duplicate field `x`".
fn named_field(message: &str) -> Option<&str> {
    let starts = ["unknown field `", "missing field `", "duplicate field `"];
    let rest = starts.iter().find_map(|start| message.strip_prefix(start))?;
    rest.split_once('`').map(|(field, _)| field)
}

fn without_position(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}

/// A JSON answer with status 200.
pub(crate) fn ok(value: &impl Serialize) -> Response {
    with_status(StatusCode::OK, value)
}

/// A JSON answer with status 201.
pub(crate) fn created(value: &impl Serialize) -> Response {
    with_status(StatusCode::CREATED, value)
}

/// A JSON answer.
pub(crate) fn with_status(status: StatusCode, value: &impl Serialize) -> Response {
    let text = serde_json::to_vec(value).expect("answers hold only strings, numbers and lists");
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its parsing is tested")]
        amount: crate::fields::Minor,
    }

    fn field_of(text: &str) -> Option<String> {
        parse::<Sample>(text.as_bytes()).expect_err("is refused").field().map(str::to_owned)
    }

    #[test]
    fn each_bad_body_names_its_field() {
        for value in
            ["0", "-1", "1.5", "1.0", "1e3", "9223372036854775808", "18446744073709551616", "\"1\"", "null"]
        {
            assert_eq!(field_of(&format!("{{\"amount\":{value}}}")).as_deref(), Some("amount"), "{value}");
        }
        for value in [
            "007",
            "NaN",
            "Infinity",
            "340282366920938463463374607431768211456",
            "1e999",
            "-0",
            "+1",
            "[]",
            "1_000",
        ] {
            assert_eq!(field_of(&format!("{{\"amount\":{value}}}")).as_deref(), Some("amount"), "{value}");
        }
        assert_eq!(field_of("{\"amount\":1,\"x\":2}").as_deref(), Some("x"));
        assert_eq!(field_of("{\"amount\":1,\"amount\":1}").as_deref(), Some("amount"));
        assert_eq!(field_of("{}").as_deref(), Some("amount"));
    }

    #[test]
    fn only_one_whole_object_is_a_body() {
        for text in ["", "[1]", "1", "{", "{\"amount\":1} {}", "\u{feff}{\"amount\":1}", "{\"amount\":1,}"] {
            assert!(parse::<Sample>(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse::<Sample>(b" {\"amount\":1} ").is_ok());
        assert!(parse::<Sample>(b"{\"amount\":1,\"amount\":\xff}").is_err());
    }
}
