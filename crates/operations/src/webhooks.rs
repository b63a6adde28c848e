//! Webhooks after Standard Webhooks: what merchants are told, how it is signed, when it is tried again.
//!
//! A message is written with the state it tells of. Its delivery is the server's; this module knows no network.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use records::orders::{self, Order, OrderEvent, OrderEventKind};
use records::webhooks::{self, Attempt, Delivery, DeliveryState, Endpoint, EndpointState, Message};
use records::{RecordsError, Sql};
use serde_json::{Value, json};
use sha2::Sha256;
use wallet::ids::{EndpointId, MerchantId, MessageId, OrderId, PrincipalId};

use crate::sealed_secrets::{self, SecretOf};
use crate::statement::utc;
use crate::{OperationError, Operations, Party};

/// What a secret begins with when it is shown.
pub const SECRET_PREFIX: &str = "whsec_";
/// The length of a secret, in bytes.
const SECRET_BYTES: usize = 32;
/// How long the old secret signs as well after a rotation, in seconds.
const OVERLAP_SECONDS: u32 = 24 * 3_600;
/// The most endpoints of a merchant.
const ENDPOINTS_MAX: usize = 10;
/// The pauses between attempts, in seconds: some five seconds to ten hours, two days in all.
const PAUSES: [u32; 9] = [5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 86_400];
/// An endpoint that failed for so long is switched off, in seconds.
const FAILING_SECONDS: u64 = 5 * 24 * 3_600;
/// How many deliveries are taken at a time.
const DUE: u32 = 32;

/// The name of what happened, as messages carry it; `None` for what merchants are not told of.
#[must_use]
pub const fn message_kind(event: OrderEventKind) -> Option<&'static str> {
    match event {
        OrderEventKind::Paid => Some("order.paid"),
        OrderEventKind::Expired => Some("order.expired"),
        OrderEventKind::Cancelled => Some("order.cancelled"),
        OrderEventKind::Refunded => Some("order.refunded"),
        OrderEventKind::Released => Some("order.released"),
        OrderEventKind::Disputed => Some("order.disputed"),
        OrderEventKind::Decided => Some("order.dispute_decided"),
        OrderEventKind::Created | OrderEventKind::Answered | OrderEventKind::Proposed => None,
    }
}

/// Writes the message that tells of an event of an order, in the transaction that wrote the event.
pub(crate) fn tell(
    sql: &mut dyn Sql,
    order: OrderId,
    event: &OrderEvent,
    id: u128,
) -> Result<(), RecordsError> {
    let Some(kind) = message_kind(event.kind) else { return Ok(()) };
    let Some(order) = orders::get(sql, order)? else { return Ok(()) };
    let body = json!({ "type": kind, "timestamp": utc(event.at), "data": order_json(&order) });
    let message = Message {
        id: MessageId::new(id),
        merchant: order.merchant,
        kind: kind.to_owned(),
        order: Some(order.id),
        body: body.to_string(),
        created_at: event.at,
    };
    webhooks::enqueue(sql, &message)
}

fn order_json(order: &Order) -> Value {
    json!({
        "id": order.id.to_string(),
        "reference": order.reference,
        "state": order.state.code(),
        "amount": order.amount.minor(),
        "refunded": order.refunded.minor(),
        "currency": order.amount.currency().code(),
        "payment": order.payment.map(|payment| payment.to_string()),
        "escrow": order.escrow,
        "created_at": utc(order.created_at),
        "paid_at": order.paid_at.map(utc),
    })
}

/// The id of a message as it is sent.
#[must_use]
pub fn message_id(id: MessageId) -> String {
    format!("msg_{id}")
}

/// The secret as it is shown, once.
#[must_use]
pub fn secret_text(secret: &[u8]) -> String {
    format!("{SECRET_PREFIX}{}", BASE64.encode(secret))
}

/// The secret that this text stands for.
#[must_use]
pub fn secret_of(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.strip_prefix(SECRET_PREFIX)?).ok()
}

fn signed(secret: &[u8], id: &str, seconds: u64, body: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    mac
}

/// The `webhook-signature` of a message: `v1,` and the HMAC-SHA256 of `id.seconds.body` in base64, one for each secret.
#[must_use]
pub fn signature(secrets: &[&[u8]], id: &str, seconds: u64, body: &str) -> String {
    let one = |secret: &&[u8]| {
        format!("v1,{}", BASE64.encode(signed(secret, id, seconds, body).finalize().into_bytes()))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// How far the time stamp of a message may be from now, in seconds.
const TOLERANCE_SECONDS: u64 = 300;

/// Whether a message is from the holder of the secret and not older than five minutes: for those who receive.
#[must_use]
pub fn verify(
    secret: &[u8],
    (id, seconds, signature): (&str, &str, &str),
    body: &str,
    now_seconds: u64,
) -> bool {
    let Ok(sent) = seconds.parse::<u64>() else { return false };
    if sent.abs_diff(now_seconds) > TOLERANCE_SECONDS {
        return false;
    }
    let given = signature.split(' ').filter_map(|part| part.strip_prefix("v1,"));
    given
        .filter_map(|text| BASE64.decode(text).ok())
        .any(|bytes| signed(secret, id, sent, body).verify_slice(&bytes).is_ok())
}

/// The `webhook-signature` of a message to an endpoint now: by its secret and, for a day after a rotation, by the old one.
///
/// # Errors
/// What could not be reached, or that the key that opens the secrets was lost.
pub async fn sign(
    operations: &Operations,
    endpoint: &Endpoint,
    (id, now): (&str, Timestamp),
    body: &str,
) -> Result<String, OperationError> {
    let old = endpoint.old_secret.as_ref().filter(|(_, until)| *until > now).map(|(secret, _)| secret);
    let mut secrets = Vec::new();
    for sealed in std::iter::once(&endpoint.secret).chain(old) {
        secrets.push(sealed_secrets::open(operations, SecretOf::Webhooks(endpoint.id), sealed).await?);
    }
    let secrets: Vec<&[u8]> = secrets.iter().map(|secret| secret.as_slice()).collect();
    Ok(signature(&secrets, id, now.0 / NANOSECONDS_PER_SECOND, body))
}

/// An endpoint that was just added, with its secret, which is shown this once.
pub struct AddedEndpoint {
    /// Which.
    pub id: EndpointId,
    /// Where.
    pub url: String,
    /// What signs.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for AddedEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddedEndpoint").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Adds an endpoint.
///
/// # Errors
/// [`OperationError::TextLength`] where the URL is none, [`OperationError::OutOfRange`] where there are too many, or what
/// could not be reached.
pub async fn add_endpoint(
    operations: &Operations,
    merchant: MerchantId,
    url: String,
) -> Result<AddedEndpoint, OperationError> {
    if crate::checkout_origins::origin_of(&url).is_none() {
        return Err(OperationError::TextLength { field: "url" });
    }
    if endpoints(operations, merchant).await?.len() >= ENDPOINTS_MAX {
        return Err(OperationError::OutOfRange { field: "url" });
    }
    let (id, secret) = (EndpointId::new(operations.fresh_bits()), fresh_secret(operations));
    let endpoint = Endpoint {
        id,
        merchant,
        url: url.clone(),
        secret: sealed_secrets::seal(operations, SecretOf::Webhooks(id), &secret).await?,
        old_secret: None,
        state: EndpointState::Active,
        failing_since: None,
        created_at: operations.now(),
    };
    operations.records().write(move |sql| webhooks::insert_endpoint(sql, &endpoint)).await?;
    Ok(AddedEndpoint { id, url, secret })
}

fn fresh_secret(operations: &Operations) -> Vec<u8> {
    let mut secret = vec![0; SECRET_BYTES];
    operations.services().entropy.fill(&mut secret);
    secret
}

/// The endpoints of a merchant, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn endpoints(
    operations: &Operations,
    merchant: MerchantId,
) -> Result<Vec<Endpoint>, OperationError> {
    Ok(operations.records().read(move |sql| webhooks::endpoints(sql, merchant)).await?)
}

/// Switches an endpoint on or off, or removes it.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn set_state(
    operations: &Operations,
    merchant: MerchantId,
    id: EndpointId,
    state: EndpointState,
) -> Result<(), OperationError> {
    let now = operations.now();
    let written =
        operations.records().write(move |sql| webhooks::set_endpoint_state(sql, merchant, id, state, now));
    if written.await? { Ok(()) } else { Err(OperationError::NotFound(Party::Endpoint)) }
}

/// Gives an endpoint a new secret; for a day, the old one signs as well. The answer is shown this once.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn rotate(
    operations: &Operations,
    merchant: MerchantId,
    id: EndpointId,
) -> Result<String, OperationError> {
    let secret = fresh_secret(operations);
    let text = secret_text(&secret);
    let secret = sealed_secrets::seal(operations, SecretOf::Webhooks(id), &secret).await?;
    let now = operations.now();
    let moments = (now, crate::orders::after(now, OVERLAP_SECONDS));
    let written =
        operations.records().write(move |sql| webhooks::rotate_secret(sql, (merchant, id), &secret, moments));
    if written.await? { Ok(text) } else { Err(OperationError::NotFound(Party::Endpoint)) }
}

/// Writes a message that only tests an endpoint.
///
/// # Errors
/// What could not be reached.
pub async fn send_test(
    operations: &Operations,
    merchant: MerchantId,
    by: PrincipalId,
) -> Result<(), OperationError> {
    let now = operations.now();
    let body = json!({ "type": "endpoint.test", "timestamp": utc(now), "data": { "by": by.to_string() } });
    let message = Message {
        id: MessageId::new(operations.fresh_bits()),
        merchant,
        kind: "endpoint.test".to_owned(),
        order: None,
        body: body.to_string(),
        created_at: now,
    };
    Ok(operations.records().write(move |sql| webhooks::enqueue(sql, &message)).await?)
}

/// Sends a message to an endpoint again, as soon as possible.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn send_again(
    operations: &Operations,
    merchant: MerchantId,
    delivery: (MessageId, EndpointId),
) -> Result<(), OperationError> {
    let now = operations.now();
    let written = operations.records().write(move |sql| {
        let known = webhooks::delivery(sql, merchant, delivery)?.is_some();
        if known {
            webhooks::deliver(sql, delivery, now)?;
        }
        Ok(known)
    });
    if written.await? { Ok(()) } else { Err(OperationError::NotFound(Party::Endpoint)) }
}

/// The latest deliveries of a merchant, newest message first, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn log(
    operations: &Operations,
    merchant: MerchantId,
    limit: u32,
) -> Result<Vec<Delivery>, OperationError> {
    Ok(operations.records().read(move |sql| webhooks::log(sql, merchant, limit)).await?)
}

/// One delivery of a merchant with its attempts.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn delivery(
    operations: &Operations,
    merchant: MerchantId,
    id: (MessageId, EndpointId),
) -> Result<(Delivery, Vec<Attempt>), OperationError> {
    let read = operations.records().read(move |sql| {
        let Some(found) = webhooks::delivery(sql, merchant, id)? else { return Ok(None) };
        Ok(Some((found, webhooks::attempts(sql, id)?)))
    });
    read.await?.ok_or(OperationError::NotFound(Party::Endpoint))
}

/// Deliveries to be tried now, each with its endpoint.
///
/// # Errors
/// What could not be reached.
pub async fn due(operations: &Operations) -> Result<Vec<(Delivery, Endpoint)>, OperationError> {
    let now = operations.now();
    let read = operations.records().read(move |sql| {
        let mut found = Vec::new();
        for delivery in webhooks::due(sql, now, DUE)? {
            if let Some(endpoint) = webhooks::endpoint(sql, delivery.endpoint)? {
                found.push((delivery, endpoint));
            }
        }
        Ok(found)
    });
    Ok(read.await?)
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The HTTP status that was answered.
    pub status: Option<u16>,
    /// What went wrong, as a code; `ok` where nothing did.
    pub code: &'static str,
    /// How long it took.
    pub milliseconds: u32,
}

impl Outcome {
    /// Whether the endpoint took the message: it answered with a status from 200 to 299.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self.status, Some(200..=299))
    }
}

/// Records an attempt, and when there will be another: after longer and longer pauses, each with up to a fifth more by
/// chance, so that an endpoint that comes back is not met by all at once.
///
/// # Errors
/// What could not be reached.
pub async fn note_attempt(
    operations: &Operations,
    delivery: &Delivery,
    endpoint: &Endpoint,
    outcome: &Outcome,
) -> Result<(), OperationError> {
    let now = operations.now();
    let next = next_attempt(operations, delivery.attempts, outcome, now);
    let failing_since = (!outcome.is_taken()).then(|| endpoint.failing_since.unwrap_or(now));
    let long = failing_since.is_some_and(|since| {
        now.0.saturating_sub(since.0) >= FAILING_SECONDS.saturating_mul(NANOSECONDS_PER_SECOND)
    });
    // An endpoint says by 410 that it is gone for good.
    let gone = outcome.status == Some(410);
    let state = if long || gone { EndpointState::Disabled } else { EndpointState::Active };
    let attempt = Attempt {
        message: delivery.message.id,
        endpoint: endpoint.id,
        status: outcome.status,
        outcome: outcome.code.to_owned(),
        milliseconds: outcome.milliseconds,
        at: now,
    };
    let written = operations.records().write(move |sql| {
        webhooks::note_attempt(sql, &attempt, next)?;
        webhooks::note_health(sql, attempt.endpoint, failing_since, state, now)
    });
    Ok(written.await?)
}

fn next_attempt(
    operations: &Operations,
    attempts_before: u32,
    outcome: &Outcome,
    now: Timestamp,
) -> (DeliveryState, Timestamp) {
    if outcome.is_taken() {
        return (DeliveryState::Delivered, now);
    }
    let pause = usize::try_from(attempts_before).ok().and_then(|index| PAUSES.get(index));
    let Some(pause) = pause else { return (DeliveryState::Failed, now) };
    let mut chance = [0; 2];
    operations.services().entropy.fill(&mut chance);
    let nanoseconds = u64::from(*pause).saturating_mul(NANOSECONDS_PER_SECOND);
    let jitter = nanoseconds / 5 / u64::from(u16::MAX) * u64::from(u16::from_be_bytes(chance));
    (DeliveryState::Waiting, Timestamp(now.0.saturating_add(nanoseconds).saturating_add(jitter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries: Standard Webhooks, `spec` test suites.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SECONDS: u64 = 1_614_265_330;
    const BODY: &str = r#"{"test": 2432232314}"#;

    #[test]
    fn a_message_is_signed_as_the_published_example() {
        let secret = secret_of(SECRET).unwrap();
        let signature = signature(&[&secret], ID, SECONDS, BODY);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret_text(&secret), SECRET);
    }

    #[test]
    fn a_changed_old_or_foreign_message_is_refused() {
        let secret = secret_of(SECRET).unwrap();
        let signed = signature(&[b"another", &secret], ID, SECONDS, BODY);
        let seconds = SECONDS.to_string();
        let check = |id: &str, body: &str, now| verify(&secret, (id, &seconds, &signed), body, now);
        assert!(check(ID, BODY, SECONDS + 300));
        assert!(!check(ID, BODY, SECONDS + 301));
        assert!(!check(ID, r#"{"test": 2432232315}"#, SECONDS));
        assert!(!check("msg_other", BODY, SECONDS));
        assert!(!verify(b"foreign", (ID, &seconds, &signed), BODY, SECONDS));
        assert!(!verify(&secret, (ID, &seconds, "v2,x v1,=="), BODY, SECONDS));
    }
}
