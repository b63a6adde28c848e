//! Refusals as `application/problem+json` (RFC 9457).

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use operations::card_purses::CardPurseRefusal;
use operations::{OperationError, Party, Port, Reason, VaultRefusal};
use serde::Serialize;
use wallet::ids::OperationId;

use crate::fields::{AnyId, Id};

/// Why a request was refused: one of the kinds below, with a sentence for a person and the field at fault.
///
/// Carries no internals: what went wrong inside is written to the server's log, not to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Boxed, because nearly every function of this crate returns a `Result` with it and few return the error.
    told: Box<Told>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    kind: Kind,
    detail: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    retry_after_seconds: Option<u64>,
    decline: Option<Decline>,
    rule: Option<CardRule>,
}

/// An operation that was carried out and ended without moving value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decline {
    operation: OperationId,
    reason: &'static str,
}

/// The rule of card purses that broke, for a terminal to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CardRule {
    /// Which rule; it stays the same.
    pub(crate) code: &'static str,
    /// The operation that has reserved the amount.
    pub(crate) operation: Option<OperationId>,
    /// The sequence that the card has to prove.
    pub(crate) sequence: Option<u16>,
}

/// The kinds of problem: HTTP status, the last part of the type URI, and a title that is the same for the whole kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
}

impl Kind {
    const fn new(status: StatusCode, name: &'static str, title: &'static str) -> Self {
        Self { status, name, title }
    }

    /// The request is not what the route reads: syntax, types, unknown or repeated fields.
    pub const INVALID: Self = Self::new(StatusCode::BAD_REQUEST, "invalid-request", "Request is not valid");
    /// No `Idempotency-Key` on a request that moves value.
    pub const KEY_MISSING: Self =
        Self::new(StatusCode::BAD_REQUEST, "idempotency-key-missing", "Idempotency-Key is missing");
    /// No valid session or API key.
    pub const UNAUTHENTICATED: Self = Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Log in first");
    /// Nothing was asked of the session for some minutes.
    pub const LOCKED: Self = Self::new(StatusCode::UNAUTHORIZED, "session-locked", "Session is locked");
    /// The password is right; a one-time password or recovery code is asked for besides.
    pub const SECOND_FACTOR: Self =
        Self::new(StatusCode::UNAUTHORIZED, "second-factor-required", "A second factor is required");
    /// The session must have proven everything that log-in asks for within the last minutes.
    pub const REAUTHENTICATE: Self =
        Self::new(StatusCode::FORBIDDEN, "reauthentication-required", "Prove again who you are");
    /// The payer must prove that it is really them.
    pub const STEP_UP: Self =
        Self::new(StatusCode::FORBIDDEN, "step-up-required", "Prove that it is really you");
    /// Login and password do not match an account that may log in.
    pub const WRONG_CREDENTIALS: Self =
        Self::new(StatusCode::UNAUTHORIZED, "wrong-credentials", "Login or password is wrong");
    /// The caller's role may not do this.
    pub const FORBIDDEN: Self = Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed");
    /// A browser sent the request from another site.
    pub const CROSS_SITE: Self =
        Self::new(StatusCode::FORBIDDEN, "cross-site", "Request comes from another site");
    /// Nothing here that the caller may see.
    pub const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, "not-found", "Not found");
    /// The path exists, the method does not.
    pub const METHOD: Self =
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method is not allowed here");
    /// The same request is being worked on.
    pub const IN_PROGRESS: Self =
        Self::new(StatusCode::CONFLICT, "in-progress", "Request is still in progress");
    /// The thing exists already or is in a state that does not allow this.
    pub const CONFLICT: Self = Self::new(StatusCode::CONFLICT, "conflict", "Conflict with the present state");
    /// The body is longer than the limit.
    pub const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body is too large");
    /// The body is not `application/json`.
    pub const MEDIA_TYPE: Self = Self::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "Body must be application/json",
    );
    /// A well-formed request that the rules refuse.
    pub const REFUSED: Self = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "Request was refused");
    /// The payer has less than the amount.
    pub const INSUFFICIENT: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "insufficient-funds", "Balance is too low");
    /// The operation was tried and ended without moving value.
    pub const DECLINED: Self =
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "declined", "Operation was declined");
    /// The key was used before with another body.
    pub const KEY_REUSED: Self = Self::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "Idempotency-Key was used with another body",
    );
    /// Too many attempts; try again later.
    pub const THROTTLED: Self =
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", "Too many attempts");
    /// A part the server needs does not answer. Nothing is lost; the same request may be sent again.
    pub const UNAVAILABLE: Self =
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable");

    /// The HTTP status of this kind.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.status
    }

    /// The title of this kind.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.title
    }

    /// The name of this kind: the end of its type URI.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// The body of a problem as RFC 9457 writes it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// A URI reference that names the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/insufficient-funds")]
    kind: String,
    /// The kind of problem, in words.
    #[schema(example = "Balance is too low")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// What went wrong this time.
    detail: &'a str,
    /// The field, header or parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "amount")]
    field: Option<&'a str>,
    /// The operation that ended without moving value, or the one that has reserved the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<AnyId>)]
    operation: Option<Id<OperationId>>,
    /// Why it ended so, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "insufficient_funds")]
    reason: Option<&'a str>,
    /// The rule of card purses that broke.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "reserved")]
    code: Option<&'a str>,
    /// The sequence that the card has to prove first.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u16>,
    /// Where to prove first what is missing, by POST.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/api/v1/challenges")]
    prove_at: Option<&'a str>,
}

/// Where to prove what the kind of problem says is missing.
fn prove_at(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::STEP_UP => Some("/api/v1/challenges"),
        Kind::REAUTHENTICATE => Some("/api/v1/sessions/current/authentication"),
        Kind::LOCKED => Some("/api/v1/sessions/current/unlock"),
        _ => None,
    }
}

impl Problem {
    /// A problem of this kind, told in one sentence.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        let told = Told { kind, detail, field: None, retry_after_seconds: None, decline: None, rule: None };
        Self { told: Box::new(told) }
    }

    /// An operation that ended without moving value: the same answer each time its request is repeated.
    #[must_use]
    pub fn declined(operation: OperationId, reason: Option<Reason>) -> Self {
        let kind =
            if reason == Some(Reason::InsufficientFunds) { Kind::INSUFFICIENT } else { Kind::DECLINED };
        let reason = reason.map_or("unspecified", Reason::code);
        let mut problem = Self::new(kind, format!("no value was moved: {}", reason.replace('_', " ")));
        problem.told.decline = Some(Decline { operation, reason });
        problem
    }

    /// A request that is not valid because of this field.
    pub fn invalid(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::INVALID, detail).at(field)
    }

    /// Nothing here that the caller may see.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Kind::NOT_FOUND, "there is nothing here that you may see")
    }

    /// Names the rule of card purses that broke.
    #[must_use]
    pub(crate) fn of_rule(mut self, rule: CardRule) -> Self {
        self.told.rule = Some(rule);
        self
    }

    /// Names the field, header or parameter at fault.
    #[must_use]
    pub fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.told.field = Some(field.into());
        self
    }

    /// Says after how many seconds a new attempt makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.told.retry_after_seconds = Some(seconds);
        self
    }

    /// The kind of problem.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.told.kind
    }

    /// Why an operation ended without moving value, as a code.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        self.told.decline.map(|decline| decline.reason)
    }

    /// After how many seconds a new attempt makes sense.
    #[must_use]
    pub const fn retry_after_seconds(&self) -> Option<u64> {
        self.told.retry_after_seconds
    }

    /// What went wrong, for a person.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.told.detail
    }

    /// The field, header or parameter at fault.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.told.field.as_deref()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let told = self.told;
        let reserved_by = told.rule.and_then(|rule| rule.operation);
        let operation = told.decline.map(|decline| decline.operation).or(reserved_by);
        let body = ProblemBody {
            kind: format!("/problems/{}", told.kind.name),
            title: told.kind.title,
            status: told.kind.status.as_u16(),
            detail: &told.detail,
            field: told.field.as_deref(),
            operation: operation.map(Id),
            reason: told.decline.map(|decline| decline.reason),
            code: told.rule.map(|rule| rule.code),
            sequence: told.rule.and_then(|rule| rule.sequence),
            prove_at: prove_at(told.kind),
        };
        let text = serde_json::to_vec(&body).expect("strings and numbers always serialize");
        let mut response = (told.kind.status, text).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = told.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if told.kind == Kind::UNAUTHENTICATED || told.kind == Kind::LOCKED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Logs what failed inside and answers without details.
pub(crate) fn internal(cause: impl std::fmt::Display) -> Problem {
    eprintln!("sycee: request failed: {cause}");
    Problem::new(Kind::UNAVAILABLE, "the server cannot answer now; the same request may be sent again")
        .retry_after(1)
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        use OperationError as E;
        let refused = |field: &'static str| Self::new(Kind::REFUSED, error.to_string()).at(field);
        match error {
            E::AmountZero => Self::invalid("amount", error.to_string()),
            E::AmountTooLarge { .. } => refused("amount"),
            E::CurrencyNotSupported => refused("currency"),
            E::NotFound(
                Party::Operation
                | Party::Holder
                | Party::Order
                | Party::Endpoint
                | Party::CardPurse
                | Party::IssueBatch
                | Party::Terminal,
            ) => Self::not_found(),
            E::OrderEnded | E::NotInEscrow | E::VoucherEnded | E::ShareRefused | E::CustodiansWanted => {
                Self::new(Kind::CONFLICT, error.to_string())
            }
            E::ReturnUrlNotRegistered => refused("return_url"),
            E::OutOfRange { field } => Self::invalid(field, error.to_string()),
            E::NotFound(party) | E::NotActive(party) => refused(field_of(party)),
            E::NoWallet(_) => refused("currency"),
            E::PayeeIsPayer => refused("payee"),
            E::NameCheckFailed => refused("check"),
            E::NotRefundable => Self::new(Kind::REFUSED, error.to_string()),
            E::TextLength { field } => Self::invalid(field, error.to_string()),
            E::StatementRefused(_) => Self::invalid("statement", error.to_string()),
            E::Taken { field } => Self::new(Kind::CONFLICT, error.to_string()).at(field),
            E::DeclinedByRule | E::HeldForReview => Self::new(Kind::REFUSED, error.to_string()),
            E::NotPermitted | E::SamePerson => Self::new(Kind::FORBIDDEN, error.to_string()),
            E::DecidedBefore => Self::new(Kind::CONFLICT, error.to_string()),
            E::StepUpRequired => Self::new(Kind::STEP_UP, error.to_string()).at("challenge"),
            E::NotSecured { .. } => refused("amount"),
            E::OverSingleLimit { .. } | E::OverDailyLimit { .. } => refused("amount"),
            E::SpendingStopped => Self::new(Kind::REFUSED, error.to_string()),
            E::NotOpen => Self::new(Kind::CONFLICT, error.to_string()),
            E::CardRefused(_) => refused("card"),
            E::CodeRefused(_) => refused("code"),
            E::Vault(refusal) => vault_problem(refusal),
            E::CardPurse(refusal) => card_problem(refusal),
            E::AlreadyPaid => Self::new(Kind::CONFLICT, error.to_string()).at("code"),
            E::KeyReused => Self::new(Kind::KEY_REUSED, error.to_string()).at("Idempotency-Key"),
            E::KeyInProgress => {
                Self::new(Kind::IN_PROGRESS, error.to_string()).at("Idempotency-Key").retry_after(1)
            }
            E::Unavailable(Port::Ledger | Port::Records | Port::Bank | Port::Keys) | E::Inconsistent(_) => {
                internal(error)
            }
        }
    }
}

fn vault_problem(refusal: VaultRefusal) -> Problem {
    use VaultRefusal as V;
    let told = |kind| Problem::new(kind, refusal.to_string());
    match refusal {
        V::Missing | V::NoItem => told(Kind::NOT_FOUND),
        V::Exists | V::Changed | V::Locked => told(Kind::CONFLICT),
        V::WrongPin => told(Kind::REFUSED).at("pin"),
        V::WeakPin => Problem::invalid("pin", refusal.to_string()),
        V::Throttled { seconds } => told(Kind::THROTTLED).retry_after(seconds),
        V::WrongResetCode => told(Kind::REFUSED).at("reset_code"),
        V::Full => told(Kind::REFUSED),
    }
}

fn card_problem(refusal: CardPurseRefusal) -> Problem {
    use CardPurseRefusal as R;
    let kind = match refusal {
        R::NotABatch => Kind::INVALID,
        R::TerminalBlocked => Kind::FORBIDDEN,
        R::OtherBatch
        | R::OrderGone
        | R::BoundBefore
        | R::NotListed
        | R::WindowOpen
        | R::RefundedBefore
        | R::NothingLeft
        | R::CollectFirst
        | R::CardHoldsLess => Kind::CONFLICT,
        R::InsufficientFunds => Kind::INSUFFICIENT,
        _ => Kind::REFUSED,
    };
    let operation = if let R::Reserved(operation) = refusal { Some(operation) } else { None };
    let sequence = if let R::Unproven { sequence } = refusal { Some(sequence) } else { None };
    let problem = Problem::new(kind, refusal.to_string());
    let problem = problem.of_rule(CardRule { code: refusal.code(), operation, sequence });
    if refusal == R::CodeWrong { problem.at("code") } else { problem }
}

/// The field of the API that names a party.
const fn field_of(party: Party) -> &'static str {
    match party {
        Party::Holder => "holder",
        Party::Payee => "payee",
        Party::Merchant => "merchant",
        Party::Card => "card",
        Party::Bank => "bank",
        Party::Operation => "operation",
        Party::Wallet => "currency",
        Party::Order => "order",
        Party::Endpoint => "endpoint",
        Party::Voucher => "code",
        Party::MasterKey => "key",
        Party::CardPurse => "card",
        Party::IssueBatch => "batch",
        Party::Terminal => "terminal",
    }
}
