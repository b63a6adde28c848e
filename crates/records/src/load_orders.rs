//! Load orders: what a holder wants on a card purse, the next time it is at a terminal that is online. They move nothing.

use ledger::Timestamp;
use messages::card::Asn;
use money::Amount;
use wallet::ids::{HolderId, LoadOrderId, OperationId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// How far a load order came.
    pub enum LoadOrderState {
        /// For the card to come.
        Waiting = "waiting",
        /// The load is under way; the card has not shown yet that it has it.
        Begun = "begun",
        /// On the card.
        Done = "done",
        /// The holder changed their mind, or the card is not served any more.
        Withdrawn = "withdrawn",
    }
}

/// One load order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadOrder {
    /// Its id.
    pub id: LoadOrderId,
    /// The card.
    pub asn: Asn,
    /// Who ordered it.
    pub holder: HolderId,
    /// How much.
    pub amount: Amount,
    /// How far it came.
    pub state: LoadOrderState,
    /// How many loads of it went back.
    pub attempt: u32,
    /// The load that was begun for it.
    pub operation: Option<OperationId>,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
}

const COLUMNS: &str =
    "id, asn, holder_id, currency, amount, state, attempt, operation_id, ordered_at, changed_at";

/// Records a load order, unless it is there.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, order: &LoadOrder) -> Result<(), RecordsError> {
    sql.execute(
        &format!(
            "INSERT INTO load_orders ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
        ),
        &[
            order.id.into(),
            order.asn.into(),
            order.holder.into(),
            order.amount.currency().into(),
            minor(order.amount),
            order.state.into(),
            order.attempt.into(),
            order.operation.into(),
            order.ordered_at.into(),
            order.changed_at.into(),
        ],
    )?;
    Ok(())
}

/// The load order with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: LoadOrderId) -> Result<Option<LoadOrder>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM load_orders WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The load order that an operation was begun for.
///
/// # Errors
/// What the database says.
pub fn of_operation(sql: &mut dyn Sql, operation: OperationId) -> Result<Option<LoadOrder>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM load_orders WHERE operation_id = $1");
    first(&sql.query(&query, &[operation.into()])?, read)
}

/// The load orders of a card that have not ended, oldest first.
///
/// # Errors
/// What the database says.
pub fn open(sql: &mut dyn Sql, asn: Asn) -> Result<Vec<LoadOrder>, RecordsError> {
    let query = format!(
        "SELECT {COLUMNS} FROM load_orders WHERE asn = $1 AND state IN ('waiting', 'begun') ORDER BY ordered_at, id"
    );
    each(&sql.query(&query, &[asn.into()])?, read)
}

/// The newest load orders of a card, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn of_card(sql: &mut dyn Sql, asn: Asn, limit: u32) -> Result<Vec<LoadOrder>, RecordsError> {
    let query =
        format!("SELECT {COLUMNS} FROM load_orders WHERE asn = $1 ORDER BY ordered_at DESC, id LIMIT $2");
    each(&sql.query(&query, &[asn.into(), limit.into()])?, read)
}

/// Writes how far a load order came, where it was in that state. Says whether it was.
///
/// # Errors
/// What the database says.
pub fn change(sql: &mut dyn Sql, order: &LoadOrder, from: LoadOrderState) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE load_orders SET state = $1, attempt = $2, operation_id = $3, changed_at = $4 \
         WHERE id = $5 AND state = $6",
        &[
            order.state.into(),
            order.attempt.into(),
            order.operation.into(),
            order.changed_at.into(),
            order.id.into(),
            from.into(),
        ],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<LoadOrder, RecordsError> {
    let currency = row.currency(3)?;
    Ok(LoadOrder {
        id: row.id(0)?,
        asn: Asn(row.array(1)?),
        holder: row.id(2)?,
        amount: row.amount(4, currency)?,
        state: row.code(5)?,
        attempt: row.number(6)?,
        operation: row.optional_id(7)?,
        ordered_at: row.timestamp(8)?,
        changed_at: row.timestamp(9)?,
    })
}
