//! The issuer's host over HTTP: the routes below `/api/v1/terminals/{terminal}`.
//!
//! * The key goes out over `https`, or over `http` to this machine only; any other address is refused before anything is sent.
//! * Nothing that comes back is believed for its way here: lists and receipts are signed, and the terminal checks them; MAC2 is
//!   checked by the card.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::http::{Method, StatusCode};
use host_client::{Answer, Client, Request};
use purse::fields::{Asn, DateTime, Mac, Sequence, TerminalId};
use serde::Deserialize;
use serde_json::{Value, json};
use terminal::{
    entry::List,
    grade::GradeToken,
    load::{Direction, OnlineBegun},
    upload::{Host, Unreachable},
};

use crate::{
    clock::http_date,
    hex::{from_hex, to_hex},
};

/// Where the server is, and the key of the merchant's staff for it.
#[derive(Clone)]
pub struct HostAddress {
    /// `https://…`, or `http://` to this machine.
    pub url: String,
    /// An API key with the scope `terminals`.
    pub key: String,
}

impl fmt::Debug for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostAddress").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Why the host gave no answer to go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostError {
    /// It could not be reached, or what it answered is none; whether it has done it is not known.
    Unreachable(String),
    /// It said no.
    Refused(HostRefusal),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => f.write_str(why),
            Self::Refused(refusal) => write!(f, "server answers {} {}", refusal.status, refusal.code),
        }
    }
}

/// What the host says when it says no.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct HostRefusal {
    /// The status of HTTP.
    #[serde(default)]
    pub(crate) status: u16,
    /// Which rule.
    #[serde(default)]
    pub(crate) code: String,
    /// Which operation has reserved the amount, of `reserved`.
    #[serde(default)]
    pub(crate) operation: Option<OperationName>,
    /// Which sequence the card has to prove, of `unproven`.
    #[serde(default)]
    pub(crate) sequence: Option<u16>,
}

/// The server's name for a load or unload: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct OperationName([u8; 16]);

impl TryFrom<String> for OperationName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        from_hex(&text).map(Self).ok_or("not 32 hexadecimal digits")
    }
}

impl From<OperationName> for String {
    fn from(name: OperationName) -> Self {
        to_hex(&name.0)
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// A load that the holder of a card has ordered and no terminal has made yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct LoadOrder {
    pub(crate) id: OperationName,
    /// Minor units.
    pub(crate) amount: u32,
}

/// What the host answers to a card that has begun: MAC2, and the date and time that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostAnswer {
    pub(crate) operation: OperationName,
    pub(crate) mac2: Mac,
    pub(crate) when: DateTime,
}

/// The host, as one thread of the till speaks to it.
#[derive(Debug)]
pub(crate) struct HttpHost {
    client: Client,
    terminal: TerminalId,
    /// Whether the till may use the network at all.
    allowed: Arc<AtomicBool>,
    /// Seconds of UTC that the host told last.
    pub(crate) told_time: Option<u64>,
    /// Whether the last question had an answer to go on with.
    pub(crate) is_reached: bool,
}

impl HttpHost {
    /// # Errors
    /// Why the address cannot be used.
    pub(crate) fn new(
        address: &HostAddress,
        terminal: TerminalId,
        allowed: Arc<AtomicBool>,
    ) -> Result<Self, String> {
        let client = Client::new(&address.url, Some(&address.key))?;
        Ok(Self { client, terminal, allowed, told_time: None, is_reached: false })
    }

    fn send(&mut self, method: Method, path: &str, body: Option<Body<'_>>) -> Result<Answer, HostError> {
        self.is_reached = false;
        if !self.allowed.load(Ordering::Relaxed) {
            return Err(HostError::Unreachable("the network is switched off".to_owned()));
        }
        let (content_type, bytes) = match body {
            None => (None, Vec::new()),
            Some(Body::Batch(bytes)) => (Some("application/octet-stream"), bytes.to_vec()),
            Some(Body::Json(value)) => (Some("application/json"), value.to_string().into_bytes()),
        };
        let path = format!("/api/v1/terminals/{}{path}", to_hex(&self.terminal.0));
        let answer = self.client.send(Request { method, path: &path, content_type, body: bytes });
        let answer = answer.map_err(HostError::Unreachable)?;
        self.told_time = answer.date.as_deref().and_then(http_date).or(self.told_time);
        self.is_reached = answer.status.is_success();
        if self.is_reached {
            return Ok(answer);
        }
        let said: HostRefusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_server_error() {
            return Err(HostError::Unreachable(format!("server answers {}", answer.status)));
        }
        Err(HostError::Refused(HostRefusal { status: answer.status.as_u16(), ..said }))
    }

    fn send_json<T: for<'de> Deserialize<'de>>(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<T, HostError> {
        let answer = self.send(method, path, body.as_ref().map(Body::Json))?;
        let read = serde_json::from_slice(&answer.body);
        read.map_err(|error| HostError::Unreachable(format!("server's answer cannot be read: {error}")))
    }

    /// The loads that wait for a card, the oldest first.
    pub(crate) fn load_orders(&mut self, card: Asn) -> Result<Vec<LoadOrder>, HostError> {
        #[derive(Deserialize)]
        struct Orders {
            load_orders: Vec<LoadOrder>,
        }
        let path = format!("/cards/{}/load-orders", to_hex(&card.0));
        self.send_json(Method::GET, &path, None).map(|orders: Orders| orders.load_orders)
    }

    /// The grade of a card, where there is one that is newer than the version that it bears.
    pub(crate) fn grade(&mut self, card: Asn, version: u16) -> Result<Option<GradeToken>, HostError> {
        #[derive(Deserialize)]
        struct Told {
            token: String,
        }
        let path = format!("/cards/{}/grade?version={version}", to_hex(&card.0));
        let answer = self.send(Method::GET, &path, None)?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        let told = serde_json::from_slice(&answer.body).ok().and_then(|told: Told| from_hex(&told.token));
        told.map(Some).ok_or_else(|| HostError::Unreachable("server's grade is none".to_owned()))
    }

    /// Tells what a card has begun.
    pub(crate) fn begin(
        &mut self,
        order: Option<&OperationName>,
        begun: &OnlineBegun,
    ) -> Result<HostAnswer, HostError> {
        #[derive(Deserialize)]
        struct Told {
            operation: OperationName,
            mac2: String,
            date_time: String,
        }
        let mut body = json!({
            "direction": direction_word(begun.direction),
            "card": to_hex(&begun.card.0),
            "issuer": to_hex(&begun.issuer),
            "amount": begun.amount.units(),
            "old_balance": begun.balance.units(),
            "sequence": begun.sequence.0,
            "random": to_hex(&begun.random.0),
            "key_version": begun.key_version,
            "algorithm": begun.algorithm,
            "mac1": to_hex(&begun.mac1.0),
        });
        if let (Some(order), Some(fields)) = (order, body.as_object_mut()) {
            fields.insert("order".to_owned(), Value::String(order.to_string()));
        }
        let told: Told = self.send_json(Method::POST, "/loads", Some(body))?;
        let codes = from_hex(&told.mac2).map(Mac).zip(from_hex(&told.date_time).map(DateTime));
        let (mac2, when) =
            codes.ok_or_else(|| HostError::Unreachable("server's codes are none".to_owned()))?;
        Ok(HostAnswer { operation: told.operation, mac2, when })
    }

    /// Brings the card's TAC or MAC3; again, it changes nothing.
    pub(crate) fn confirm(&mut self, operation: &OperationName, code: Mac) -> Result<(), HostError> {
        let path = format!("/loads/{operation}/confirmation");
        self.send(Method::POST, &path, Some(Body::Json(&json!({ "code": to_hex(&code.0) })))).map(|_| ())
    }

    /// Brings what GET TRANSACTION PROVE gave.
    pub(crate) fn prove(
        &mut self,
        (card, issuer): (Asn, [u8; 8]),
        (direction, sequence): (Direction, Sequence),
        code: Mac,
    ) -> Result<OperationName, HostError> {
        #[derive(Deserialize)]
        struct Settled {
            operation: OperationName,
        }
        let body = json!({
            "card": to_hex(&card.0),
            "issuer": to_hex(&issuer),
            "direction": direction_word(direction),
            "sequence": sequence.0,
            "code": to_hex(&code.0),
        });
        self.send_json(Method::POST, "/proofs", Some(body)).map(|settled: Settled| settled.operation)
    }
}

enum Body<'a> {
    Batch(&'a [u8]),
    Json(&'a Value),
}

const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Load => "load",
        Direction::Unload => "unload",
    }
}

impl Host for HttpHost {
    fn upload(&mut self, batch: &[u8]) -> Result<Vec<u8>, Unreachable> {
        let answer = self.send(Method::POST, "/batches", Some(Body::Batch(batch)));
        answer.map(|answer| answer.body).map_err(|error| Unreachable(error.to_string()))
    }

    fn download(&mut self, list: List, newer_than: u32) -> Result<Option<Vec<u8>>, Unreachable> {
        let name = match list {
            List::Status => "status",
            List::White => "white",
            List::Parameters => "parameters",
        };
        let answer = self.send(Method::GET, &format!("/lists/{name}?newer_than={newer_than}"), None);
        let answer = answer.map_err(|error| Unreachable(error.to_string()))?;
        Ok((answer.status != StatusCode::NO_CONTENT).then_some(answer.body))
    }
}
