//! Webhooks: where merchants want to be told, what there is to tell, and how the telling went.
//!
//! Invariant: a message is written in the transaction of the state it tells of, with one delivery for each endpoint that
//! is active then.

use ledger::Timestamp;
use wallet::ids::{EndpointId, MerchantId, MessageId, OrderId};

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql, Value};

codes! {
    /// Whether an endpoint is told of anything.
    pub enum EndpointState {
        /// Is told of everything.
        Active = "active",
        /// Failed for too long, or was switched off.
        Disabled = "disabled",
        /// Gone; its log stays.
        Removed = "removed",
    }
}

codes! {
    /// How far a delivery came.
    pub enum DeliveryState {
        /// Is to be tried at a set time.
        Waiting = "waiting",
        /// The endpoint took it.
        Delivered = "delivered",
        /// Was tried as often as it is ever tried.
        Failed = "failed",
    }
}

/// Where a merchant wants to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where.
    pub url: String,
    /// The key that signs, sealed.
    pub secret: Vec<u8>,
    /// The key from before the last rotation, sealed, and until when it signs as well.
    pub old_secret: Option<(Vec<u8>, Timestamp)>,
    /// Whether it is told.
    pub state: EndpointState,
    /// Since when every delivery failed.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, the same in every attempt.
    pub id: MessageId,
    /// Whom.
    pub merchant: MerchantId,
    /// What happened: `order.paid`.
    pub kind: String,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The JSON that is sent.
    pub body: String,
    /// When it happened.
    pub created_at: Timestamp,
}

/// A message on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What.
    pub message: Message,
    /// Where.
    pub endpoint: EndpointId,
    /// How far it came.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, where it waits.
    pub next_at: Timestamp,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What.
    pub message: MessageId,
    /// Where.
    pub endpoint: EndpointId,
    /// The HTTP status that was answered.
    pub status: Option<u16>,
    /// What went wrong, as a code; `ok` where nothing did.
    pub outcome: String,
    /// How long it took.
    pub milliseconds: u32,
    /// When.
    pub at: Timestamp,
}

const ENDPOINT: &str =
    "id, merchant_id, url, secret, old_secret, old_secret_until, state, failing_since, created_at";

/// Adds an endpoint.
///
/// # Errors
/// What the database says.
pub fn insert_endpoint(sql: &mut dyn Sql, endpoint: &Endpoint) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO webhook_endpoints (id, merchant_id, url, secret, state, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            endpoint.id.into(),
            endpoint.merchant.into(),
            endpoint.url.as_str().into(),
            Value::Bytes(endpoint.secret.clone()),
            endpoint.state.into(),
            endpoint.created_at.into(),
            endpoint.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The endpoint with that id.
///
/// # Errors
/// What the database says.
pub fn endpoint(sql: &mut dyn Sql, id: EndpointId) -> Result<Option<Endpoint>, RecordsError> {
    let rows = sql.query(&format!("SELECT {ENDPOINT} FROM webhook_endpoints WHERE id = $1"), &[id.into()])?;
    first(&rows, read_endpoint)
}

/// The endpoints of a merchant that are not removed, oldest first.
///
/// # Errors
/// What the database says.
pub fn endpoints(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Vec<Endpoint>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {ENDPOINT} FROM webhook_endpoints WHERE merchant_id = $1 AND state <> 'removed' \
             ORDER BY created_at, id"
        ),
        &[merchant.into()],
    )?;
    each(&rows, read_endpoint)
}

/// Switches an endpoint of that merchant on or off, or removes it. Says whether there was one.
///
/// # Errors
/// What the database says.
pub fn set_endpoint_state(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    id: EndpointId,
    state: EndpointState,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE webhook_endpoints SET state = $1, failing_since = NULL, updated_at = $2 \
         WHERE id = $3 AND merchant_id = $4 AND state <> 'removed'",
        &[state.into(), now.into(), id.into(), merchant.into()],
    )?;
    Ok(changed == 1)
}

/// Gives an endpoint a new key; the old one signs as well until `old_until`. Says whether there was one.
///
/// # Errors
/// What the database says.
pub fn rotate_secret(
    sql: &mut dyn Sql,
    (merchant, id): (MerchantId, EndpointId),
    secret: &[u8],
    (now, old_until): (Timestamp, Timestamp),
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE webhook_endpoints SET old_secret = secret, old_secret_until = $1, secret = $2, updated_at = $3 \
         WHERE id = $4 AND merchant_id = $5 AND state <> 'removed'",
        &[old_until.into(), Value::Bytes(secret.to_vec()), now.into(), id.into(), merchant.into()],
    )?;
    Ok(changed == 1)
}

/// Keys of no more than so many bytes, new and old ones, with their endpoints: too short to be sealed.
///
/// # Errors
/// What the database says.
pub fn shorter_than(sql: &mut dyn Sql, bytes: u32) -> Result<Vec<(EndpointId, Vec<u8>)>, RecordsError> {
    let rows = sql.query(
        "SELECT id, secret FROM webhook_endpoints WHERE CAST(LENGTH(secret) AS BIGINT) <= $1 UNION ALL \
         SELECT id, old_secret FROM webhook_endpoints WHERE CAST(LENGTH(old_secret) AS BIGINT) <= $2",
        &[bytes.into(), bytes.into()],
    )?;
    each(&rows, |row| Ok((row.id(0)?, row.bytes(1)?.to_vec())))
}

/// Puts another form of the same key in the place of one, new or old. Says whether that was there.
///
/// # Errors
/// What the database says.
pub fn replace_secret(
    sql: &mut dyn Sql,
    id: EndpointId,
    (was, is): (&[u8], &[u8]),
) -> Result<bool, RecordsError> {
    let mut changed = 0;
    for column in ["secret", "old_secret"] {
        changed += sql.execute(
            &format!("UPDATE webhook_endpoints SET {column} = $1 WHERE id = $2 AND {column} = $3"),
            &[Value::Bytes(is.to_vec()), id.into(), Value::Bytes(was.to_vec())],
        )?;
    }
    Ok(changed > 0)
}

/// Records a message and one delivery for each active endpoint of its merchant, unless the message is known.
///
/// # Errors
/// What the database says.
pub fn enqueue(sql: &mut dyn Sql, message: &Message) -> Result<(), RecordsError> {
    let inserted = sql.execute(
        "INSERT INTO webhook_messages (id, merchant_id, kind, order_id, body, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        &[
            message.id.into(),
            message.merchant.into(),
            message.kind.as_str().into(),
            message.order.into(),
            message.body.as_str().into(),
            message.created_at.into(),
        ],
    )?;
    if inserted == 1 {
        let active = endpoints(sql, message.merchant)?;
        for endpoint in active.iter().filter(|endpoint| endpoint.state == EndpointState::Active) {
            deliver(sql, (message.id, endpoint.id), message.created_at)?;
        }
    }
    Ok(())
}

/// Has a message delivered to an endpoint, again where it was before.
///
/// # Errors
/// What the database says.
pub fn deliver(
    sql: &mut dyn Sql,
    (message, endpoint): (MessageId, EndpointId),
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO webhook_deliveries (message_id, endpoint_id, state, attempts, next_at) \
         VALUES ($1, $2, 'waiting', 0, $3) \
         ON CONFLICT (message_id, endpoint_id) DO UPDATE SET state = 'waiting', attempts = 0, next_at = $4",
        &[message.into(), endpoint.into(), now.into(), now.into()],
    )?;
    Ok(())
}

const DELIVERY: &str = "m.id, m.merchant_id, m.kind, m.order_id, m.body, m.created_at, d.endpoint_id, d.state, \
                        d.attempts, d.next_at";

/// Deliveries to active endpoints that are to be tried by now, the longest due first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn due(sql: &mut dyn Sql, now: Timestamp, limit: u32) -> Result<Vec<Delivery>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {DELIVERY} FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message_id \
             JOIN webhook_endpoints e ON e.id = d.endpoint_id \
             WHERE d.state = 'waiting' AND d.next_at <= $1 AND e.state = 'active' ORDER BY d.next_at LIMIT $2"
        ),
        &[now.into(), limit.into()],
    )?;
    each(&rows, read_delivery)
}

/// The latest deliveries of a merchant, newest message first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn log(sql: &mut dyn Sql, merchant: MerchantId, limit: u32) -> Result<Vec<Delivery>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {DELIVERY} FROM webhook_messages m JOIN webhook_deliveries d ON m.id = d.message_id \
             WHERE m.merchant_id = $1 ORDER BY m.created_at DESC, d.endpoint_id LIMIT $2"
        ),
        &[merchant.into(), limit.into()],
    )?;
    each(&rows, read_delivery)
}

/// One delivery of a merchant.
///
/// # Errors
/// What the database says.
pub fn delivery(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    (message, endpoint): (MessageId, EndpointId),
) -> Result<Option<Delivery>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {DELIVERY} FROM webhook_messages m JOIN webhook_deliveries d ON m.id = d.message_id \
             WHERE m.merchant_id = $1 AND d.message_id = $2 AND d.endpoint_id = $3"
        ),
        &[merchant.into(), message.into(), endpoint.into()],
    )?;
    first(&rows, read_delivery)
}

/// Records an attempt and where the delivery goes from there.
///
/// # Errors
/// What the database says.
pub fn note_attempt(
    sql: &mut dyn Sql,
    attempt: &Attempt,
    (state, next_at): (DeliveryState, Timestamp),
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO webhook_attempts (message_id, endpoint_id, status, outcome, milliseconds, at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            attempt.message.into(),
            attempt.endpoint.into(),
            attempt.status.map(u32::from).into(),
            attempt.outcome.as_str().into(),
            attempt.milliseconds.into(),
            attempt.at.into(),
        ],
    )?;
    sql.execute(
        "UPDATE webhook_deliveries SET state = $1, next_at = $2, attempts = attempts + 1 \
         WHERE message_id = $3 AND endpoint_id = $4",
        &[state.into(), next_at.into(), attempt.message.into(), attempt.endpoint.into()],
    )?;
    Ok(())
}

/// Notes whether an endpoint takes messages: since when it has not, and that it is switched off where `disable` says so.
///
/// # Errors
/// What the database says.
pub fn note_health(
    sql: &mut dyn Sql,
    id: EndpointId,
    failing_since: Option<Timestamp>,
    state: EndpointState,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE webhook_endpoints SET failing_since = $1, state = $2, updated_at = $3 WHERE id = $4 AND state = 'active'",
        &[failing_since.into(), state.into(), now.into(), id.into()],
    )?;
    Ok(())
}

/// The attempts of a delivery, oldest first.
///
/// # Errors
/// What the database says.
pub fn attempts(
    sql: &mut dyn Sql,
    (message, endpoint): (MessageId, EndpointId),
) -> Result<Vec<Attempt>, RecordsError> {
    let rows = sql.query(
        "SELECT message_id, endpoint_id, status, outcome, milliseconds, at FROM webhook_attempts \
         WHERE message_id = $1 AND endpoint_id = $2 ORDER BY seq",
        &[message.into(), endpoint.into()],
    )?;
    each(&rows, |row| {
        Ok(Attempt {
            message: row.id(0)?,
            endpoint: row.id(1)?,
            status: row.optional(2, Row::number)?,
            outcome: row.string(3)?,
            milliseconds: row.number(4)?,
            at: row.timestamp(5)?,
        })
    })
}

fn read_endpoint(row: &Row) -> Result<Endpoint, RecordsError> {
    let old = row.optional(4, Row::bytes)?.map(<[u8]>::to_vec);
    Ok(Endpoint {
        id: row.id(0)?,
        merchant: row.id(1)?,
        url: row.string(2)?,
        secret: row.bytes(3)?.to_vec(),
        old_secret: old.zip(row.optional_timestamp(5)?),
        state: row.code(6)?,
        failing_since: row.optional_timestamp(7)?,
        created_at: row.timestamp(8)?,
    })
}

fn read_delivery(row: &Row) -> Result<Delivery, RecordsError> {
    Ok(Delivery {
        message: Message {
            id: row.id(0)?,
            merchant: row.id(1)?,
            kind: row.string(2)?,
            order: row.optional_id(3)?,
            body: row.string(4)?,
            created_at: row.timestamp(5)?,
        },
        endpoint: row.id(6)?,
        state: row.code(7)?,
        attempts: row.number(8)?,
        next_at: row.timestamp(9)?,
    })
}
