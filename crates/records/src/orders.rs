//! Orders: what merchants ask to be paid, and the story of each.
//!
//! A row describes. Whether an order is paid, and what is left in its escrow, the ledger says.

use ledger::Timestamp;
use money::{Amount, Currency};
use wallet::ids::{HolderId, MerchantId, OperationId, OrderId, PrincipalId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql, Value};

codes! {
    /// How far an order came.
    pub enum OrderState {
        /// Waits to be paid.
        Open = "open",
        /// Paid to the merchant.
        Paid = "paid",
        /// Nobody paid in time.
        Expired = "expired",
        /// The merchant withdrew it.
        Cancelled = "cancelled",
        /// Paid, and some of it given back.
        PartlyRefunded = "partly_refunded",
        /// Paid, and all of it given back.
        Refunded = "refunded",
        /// Paid; the money waits in escrow.
        Held = "held",
        /// The buyer disputes; the money waits for a decision.
        Disputed = "disputed",
        /// What waited in escrow went to the merchant.
        Released = "released",
    }
}

impl OrderState {
    /// Whether money was paid for the order.
    #[must_use]
    pub const fn is_paid(self) -> bool {
        !matches!(self, Self::Open | Self::Expired | Self::Cancelled)
    }
}

codes! {
    /// Where an order was made.
    pub enum OrderSource {
        /// By a program, over the API.
        Api = "api",
        /// By staff, as a payment link.
        Link = "link",
        /// By a cashier at the till.
        Till = "till",
    }
}

codes! {
    /// One step of an order's story.
    pub enum OrderEventKind {
        /// The merchant asked.
        Created = "created",
        /// The buyer paid.
        Paid = "paid",
        /// Nobody paid in time.
        Expired = "expired",
        /// The merchant withdrew it.
        Cancelled = "cancelled",
        /// Some or all was given back.
        Refunded = "refunded",
        /// What waited went to the merchant.
        Released = "released",
        /// The buyer disputes.
        Disputed = "disputed",
        /// The merchant answered the dispute.
        Answered = "answered",
        /// An operator proposed a decision.
        Proposed = "proposed",
        /// The dispute was decided.
        Decided = "decided",
    }
}

/// One thing that was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// What, in the words of the merchant.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// The price of one.
    pub price: Amount,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Who sells.
    pub merchant: MerchantId,
    /// The merchant's own name for it, unique among its orders; may be empty.
    pub reference: String,
    /// What it is for, as the buyer reads it; may be empty.
    pub description: String,
    /// What staff wrote about it; may be empty.
    pub note: String,
    /// Where it was made.
    pub source: OrderSource,
    /// Whether the money waits until the buyer confirms or the deadline passes.
    pub escrow: bool,
    /// How much.
    pub amount: Amount,
    /// How much of it was given back.
    pub refunded: Amount,
    /// How far it came.
    pub state: OrderState,
    /// Stands for the request that made it.
    pub fingerprint: u128,
    /// Where checkout sends the buyer afterwards; may be empty.
    pub return_url: String,
    /// Who made it.
    pub created_by: PrincipalId,
    /// Who paid.
    pub payer: Option<HolderId>,
    /// The operation that paid it.
    pub payment: Option<OperationId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// How long money waits in escrow, in seconds.
    pub hold_seconds: u32,
    /// When what waits in escrow goes to the merchant by itself.
    pub release_at: Option<Timestamp>,
}

/// One step of an order's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// What happened.
    pub kind: OrderEventKind,
    /// By whom; `None`: by the passing of time.
    pub actor: Option<PrincipalId>,
    /// How much it was about.
    pub amount: Option<Amount>,
    /// Words of whoever did it; may be empty.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Which orders to show; everything that is `None` shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Those of this merchant. `None` is for the operator.
    pub merchant: Option<MerchantId>,
    /// Those that this holder paid.
    pub payer: Option<HolderId>,
    /// Those in this state.
    pub state: Option<OrderState>,
    /// Those made there.
    pub source: Option<OrderSource>,
    /// Those made by this principal.
    pub created_by: Option<PrincipalId>,
    /// Those made at this moment or later.
    pub from: Option<Timestamp>,
    /// Those made before this moment.
    pub until: Option<Timestamp>,
    /// Those whose reference, description or note has this text, upper and lower case alike.
    pub text: Option<String>,
    /// Only those after this one on the way back in time.
    pub before: Option<(Timestamp, OrderId)>,
}

/// The most orders on one page.
pub const PAGE_MAX: u32 = 100;

const COLUMNS: &str = "id, merchant_id, reference, description, note, source, escrow, currency, amount, refunded, state, \
                       fingerprint, return_url, created_by, payer_id, payment_id, created_at, updated_at, paid_at, \
                       expires_at, hold_seconds, release_at";

/// Records an order with its lines, unless its id is known. Says whether it was new.
///
/// # Errors
/// What the database says; a conflict where the merchant has used the reference.
pub fn insert(sql: &mut dyn Sql, order: &Order, lines: &[OrderLine]) -> Result<bool, RecordsError> {
    if get(sql, order.id)?.is_some() {
        return Ok(false);
    }
    sql.execute(
        &format!(
            "INSERT INTO orders ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
             $16, $17, $18, $19, $20, $21, $22)"
        ),
        &values(order),
    )?;
    for (position, line) in lines.iter().enumerate() {
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        sql.execute(
            "INSERT INTO order_lines (order_id, position, name, quantity, price) VALUES ($1, $2, $3, $4, $5)",
            &[
                order.id.into(),
                position.into(),
                line.name.as_str().into(),
                line.quantity.into(),
                minor(line.price),
            ],
        )?;
    }
    Ok(true)
}

fn values(order: &Order) -> [Value; 22] {
    [
        order.id.into(),
        order.merchant.into(),
        order.reference.as_str().into(),
        order.description.as_str().into(),
        order.note.as_str().into(),
        order.source.into(),
        Value::Int(i64::from(order.escrow)),
        order.amount.currency().into(),
        minor(order.amount),
        minor(order.refunded),
        order.state.into(),
        order.fingerprint.into(),
        order.return_url.as_str().into(),
        order.created_by.into(),
        order.payer.into(),
        order.payment.into(),
        order.created_at.into(),
        order.updated_at.into(),
        order.paid_at.into(),
        order.expires_at.into(),
        order.hold_seconds.into(),
        order.release_at.into(),
    ]
}

/// The order with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: OrderId) -> Result<Option<Order>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM orders WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The merchant's order with that reference.
///
/// # Errors
/// What the database says.
pub fn find_by_reference(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    reference: &str,
) -> Result<Option<Order>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM orders WHERE merchant_id = $1 AND reference = $2 AND reference <> ''"
        ),
        &[merchant.into(), reference.into()],
    )?;
    first(&rows, read)
}

/// The order that this operation paid.
///
/// # Errors
/// What the database says.
pub fn find_by_payment(sql: &mut dyn Sql, payment: OperationId) -> Result<Option<Order>, RecordsError> {
    let rows =
        sql.query(&format!("SELECT {COLUMNS} FROM orders WHERE payment_id = $1"), &[payment.into()])?;
    first(&rows, read)
}

/// The newest orders that pass the filter, at most `limit`, itself at most [`PAGE_MAX`] and one.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, filter: &OrderFilter, limit: u32) -> Result<Vec<Order>, RecordsError> {
    let mut query = Conditions::default();
    query.compare("merchant_id =", filter.merchant);
    query.compare("payer_id =", filter.payer);
    query.compare("state =", filter.state);
    query.compare("source =", filter.source);
    query.compare("created_by =", filter.created_by);
    query.compare("created_at >=", filter.from);
    query.compare("created_at <", filter.until);
    if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let pattern = query.param(Value::from(crate::operations::contains(text)));
        let like = |column: &str| format!("LOWER({column}) LIKE LOWER({pattern}) ESCAPE '!'");
        query.texts.push(format!("({} OR {} OR {})", like("reference"), like("description"), like("note")));
    }
    if let Some((at, id)) = filter.before {
        let (at, id) = (query.param(at.into()), query.param(id.into()));
        query.texts.push(format!("(created_at < {at} OR (created_at = {at} AND id < {id}))"));
    }
    let limit = query.param(limit.clamp(1, PAGE_MAX.saturating_add(1)).into());
    let conditions = if query.texts.is_empty() { "TRUE".to_owned() } else { query.texts.join(" AND ") };
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM orders WHERE {conditions} ORDER BY created_at DESC, id DESC LIMIT {limit}"
        ),
        &query.params,
    )?;
    each(&rows, read)
}

#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    params: Vec<Value>,
}

impl Conditions {
    fn param(&mut self, value: Value) -> String {
        self.params.push(value);
        format!("${}", self.params.len())
    }

    fn compare(&mut self, left: &str, right: Option<impl Into<Value>>) {
        if let Some(value) = right {
            let placeholder = self.param(value.into());
            self.texts.push(format!("{left} {placeholder}"));
        }
    }
}

/// Open orders, the first to expire first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn open(sql: &mut dyn Sql, limit: u32) -> Result<Vec<Order>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM orders WHERE state = 'open' ORDER BY expires_at LIMIT $1"),
        &[limit.into()],
    )?;
    each(&rows, read)
}

/// Orders whose escrow is to be released by now, the longest due first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn release_due(sql: &mut dyn Sql, now: Timestamp, limit: u32) -> Result<Vec<Order>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM orders WHERE state = 'held' AND release_at <= $1 ORDER BY release_at LIMIT $2"
        ),
        &[now.into(), limit.into()],
    )?;
    each(&rows, read)
}

/// Notes that an operation paid the order. Says whether that was not known yet.
///
/// # Errors
/// What the database says.
pub fn set_paid(
    sql: &mut dyn Sql,
    id: OrderId,
    state: OrderState,
    (payment, payer): (OperationId, Option<HolderId>),
    (now, release_at): (Timestamp, Option<Timestamp>),
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE orders SET state = $1, payment_id = $2, payer_id = $3, paid_at = $4, updated_at = $5, release_at = $6 \
         WHERE id = $7 AND payment_id IS NULL",
        &[
            state.into(),
            payment.into(),
            payer.into(),
            now.into(),
            now.into(),
            release_at.into(),
            id.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Notes what the ledger says of an order now. Says whether something changed.
///
/// # Errors
/// What the database says.
pub fn set_state(
    sql: &mut dyn Sql,
    id: OrderId,
    state: OrderState,
    refunded: Amount,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE orders SET state = $1, refunded = $2, updated_at = $3 WHERE id = $4 AND (state <> $5 OR refunded <> $6)",
        &[state.into(), minor(refunded), now.into(), id.into(), state.into(), minor(refunded)],
    )?;
    Ok(changed == 1)
}

/// Changes what staff wrote about the order. Says whether the merchant has it.
///
/// # Errors
/// What the database says.
pub fn set_note(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    id: OrderId,
    note: &str,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE orders SET note = $1, updated_at = $2 WHERE id = $3 AND merchant_id = $4",
        &[note.into(), now.into(), id.into(), merchant.into()],
    )?;
    Ok(changed == 1)
}

/// What was ordered.
///
/// # Errors
/// What the database says.
pub fn lines(sql: &mut dyn Sql, order: &Order) -> Result<Vec<OrderLine>, RecordsError> {
    let rows = sql.query(
        "SELECT name, quantity, price FROM order_lines WHERE order_id = $1 ORDER BY position",
        &[order.id.into()],
    )?;
    let currency = order.amount.currency();
    each(&rows, |row| {
        Ok(OrderLine { name: row.string(0)?, quantity: row.number(1)?, price: row.amount(2, currency)? })
    })
}

/// Adds to the story of an order.
///
/// # Errors
/// What the database says.
pub fn add_event(sql: &mut dyn Sql, order: OrderId, event: &OrderEvent) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO order_events (order_id, kind, actor_id, amount, note, at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            order.into(),
            event.kind.into(),
            event.actor.into(),
            event.amount.map_or(Value::Null, minor),
            event.note.as_str().into(),
            event.at.into(),
        ],
    )?;
    Ok(())
}

/// The story of an order, from its beginning.
///
/// # Errors
/// What the database says.
pub fn events(sql: &mut dyn Sql, order: &Order) -> Result<Vec<OrderEvent>, RecordsError> {
    let rows = sql.query(
        "SELECT kind, actor_id, amount, note, at FROM order_events WHERE order_id = $1 ORDER BY seq",
        &[order.id.into()],
    )?;
    let currency = order.amount.currency();
    each(&rows, |row| {
        Ok(OrderEvent {
            kind: row.code(0)?,
            actor: row.optional_id(1)?,
            amount: row.optional(2, |row, column| row.amount(column, currency))?,
            note: row.string(3)?,
            at: row.timestamp(4)?,
        })
    })
}

fn read(row: &Row) -> Result<Order, RecordsError> {
    let currency: Currency = row.currency(7)?;
    Ok(Order {
        id: row.id(0)?,
        merchant: row.id(1)?,
        reference: row.string(2)?,
        description: row.string(3)?,
        note: row.string(4)?,
        source: row.code(5)?,
        escrow: row.int(6)? != 0,
        amount: row.amount(8, currency)?,
        refunded: row.amount(9, currency)?,
        state: row.code(10)?,
        fingerprint: row.bits(11)?,
        return_url: row.string(12)?,
        created_by: row.id(13)?,
        payer: row.optional_id(14)?,
        payment: row.optional_id(15)?,
        created_at: row.timestamp(16)?,
        updated_at: row.timestamp(17)?,
        paid_at: row.optional_timestamp(18)?,
        expires_at: row.timestamp(19)?,
        hold_seconds: row.number(20)?,
        release_at: row.optional_timestamp(21)?,
    })
}
