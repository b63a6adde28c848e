//! What billers ask holders for: property fee, electricity and the like.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{BillId, HolderId, MerchantId, OperationId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// What a bill is for.
    pub enum BillKind {
        /// Electricity.
        Electricity = "electricity",
        /// Gas.
        Gas = "gas",
        /// Any other.
        Other = "other",
        /// What the management of a building asks for.
        PropertyFee = "property_fee",
        /// Water.
        Water = "water",
    }
}

codes! {
    /// Whether a bill has been paid.
    pub enum BillState {
        /// Waits for the holder.
        Due = "due",
        /// Paid, once.
        Paid = "paid",
        /// Taken back by the biller.
        Withdrawn = "withdrawn",
    }
}

/// One bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Its id.
    pub id: BillId,
    /// Who asks.
    pub merchant: MerchantId,
    /// Who is asked.
    pub holder: HolderId,
    /// What for.
    pub kind: BillKind,
    /// The holder's number at the biller.
    pub account_number: String,
    /// The time it is for, as the biller writes it: `2026-11`.
    pub period: String,
    /// How much.
    pub amount: Amount,
    /// By when: days since 1970-01-01, by the clock on the wall.
    pub due_day: u32,
    /// Whether it has been paid.
    pub state: BillState,
    /// The payment.
    pub operation: Option<OperationId>,
    /// When it was made.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, merchant_id, holder_id, kind, account_number, period, currency, amount, due_day, state, \
                       operation_id, created_at";

/// The most bills that one list has.
const LIST_MAX: u32 = 100;

/// Records a bill, unless the biller made one for this account number and period before.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, bill: &Bill) -> Result<bool, RecordsError> {
    let inserted = sql.execute(
        "INSERT INTO bills (id, merchant_id, holder_id, kind, account_number, period, currency, amount, due_day, \
         state, operation_id, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        &[
            bill.id.into(),
            bill.merchant.into(),
            bill.holder.into(),
            bill.kind.into(),
            bill.account_number.as_str().into(),
            bill.period.as_str().into(),
            bill.amount.currency().into(),
            minor(bill.amount),
            bill.due_day.into(),
            bill.state.into(),
            bill.operation.into(),
            bill.created_at.into(),
            bill.created_at.into(),
        ],
    )?;
    Ok(inserted == 1)
}

/// The bill with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: BillId) -> Result<Option<Bill>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM bills WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The bills of a holder: those that are due first, the one that is due first on top.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<Bill>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM bills WHERE holder_id = $1 \
             ORDER BY CASE state WHEN 'due' THEN 0 ELSE 1 END, due_day, id LIMIT $2"
        ),
        &[holder.into(), LIST_MAX.into()],
    )?;
    each(&rows, read)
}

/// The bills of a biller, newest first.
///
/// # Errors
/// What the database says.
pub fn of_merchant(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Vec<Bill>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM bills WHERE merchant_id = $1 ORDER BY created_at DESC, id LIMIT $2"),
        &[merchant.into(), LIST_MAX.into()],
    )?;
    each(&rows, read)
}

/// Notes the payment of a bill: the ledger has decided.
///
/// # Errors
/// What the database says.
pub fn note_paid(
    sql: &mut dyn Sql,
    id: BillId,
    operation: OperationId,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE bills SET state = 'paid', operation_id = $1, updated_at = $2 WHERE id = $3",
        &[operation.into(), now.into(), id.into()],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<Bill, RecordsError> {
    let currency = row.currency(6)?;
    Ok(Bill {
        id: row.id(0)?,
        merchant: row.id(1)?,
        holder: row.id(2)?,
        kind: row.code(3)?,
        account_number: row.string(4)?,
        period: row.string(5)?,
        amount: row.amount(7, currency)?,
        due_day: row.number(8)?,
        state: row.code(9)?,
        operation: row.optional_id(10)?,
        created_at: row.timestamp(11)?,
    })
}
