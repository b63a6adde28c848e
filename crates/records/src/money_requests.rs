//! Money that one holder asks another for.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{HolderId, OperationId, RequestId, SplitId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// How far a request came.
    pub enum RequestState {
        /// Waits for the payer; expired once its time is over.
        Open = "open",
        /// Paid, once.
        Paid = "paid",
        /// The payer said no.
        Declined = "declined",
        /// Whoever asked took it back.
        Withdrawn = "withdrawn",
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyRequest {
    /// Its id.
    pub id: RequestId,
    /// Who asks, and would receive.
    pub payee: HolderId,
    /// Who is asked.
    pub payer: HolderId,
    /// The bill of which it is a part.
    pub split: Option<SplitId>,
    /// How much.
    pub amount: Amount,
    /// What for; may be empty.
    pub memo: String,
    /// How far it came.
    pub state: RequestState,
    /// The transfer that paid it.
    pub operation: Option<OperationId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it can no longer be paid.
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "id, payee_id, payer_id, split_id, currency, amount, memo, state, operation_id, created_at, \
                       expires_at";

/// The most requests that one list has.
const LIST_MAX: u32 = 100;

/// Records a new request.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, request: &MoneyRequest) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO money_requests (id, payee_id, payer_id, split_id, currency, amount, memo, state, operation_id, \
         created_at, expires_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT DO NOTHING",
        &[
            request.id.into(),
            request.payee.into(),
            request.payer.into(),
            request.split.into(),
            request.amount.currency().into(),
            minor(request.amount),
            request.memo.as_str().into(),
            request.state.into(),
            request.operation.into(),
            request.created_at.into(),
            request.expires_at.into(),
            request.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The request with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: RequestId) -> Result<Option<MoneyRequest>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM money_requests WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The newest requests that ask this holder, or that this holder asks.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<MoneyRequest>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM money_requests WHERE payer_id = $1 OR payee_id = $1 \
             ORDER BY created_at DESC, id LIMIT $2"
        ),
        &[holder.into(), LIST_MAX.into()],
    )?;
    each(&rows, read)
}

/// The open requests that this holder could pay at `now`, oldest first.
///
/// # Errors
/// What the database says.
pub fn open_for(
    sql: &mut dyn Sql,
    payer: HolderId,
    now: Timestamp,
) -> Result<Vec<MoneyRequest>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM money_requests WHERE payer_id = $1 AND state = 'open' AND expires_at > $2 \
             ORDER BY created_at, id LIMIT $3"
        ),
        &[payer.into(), now.into(), LIST_MAX.into()],
    )?;
    each(&rows, read)
}

/// Ends an open request. Says whether it was open.
///
/// # Errors
/// What the database says.
pub fn end(
    sql: &mut dyn Sql,
    id: RequestId,
    state: RequestState,
    operation: Option<OperationId>,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE money_requests SET state = $1, operation_id = $2, updated_at = $3 WHERE id = $4 AND state = 'open'",
        &[state.into(), operation.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Notes the transfer that paid a request, whatever became of the request in the meantime: the ledger has decided.
///
/// # Errors
/// What the database says.
pub fn note_paid(
    sql: &mut dyn Sql,
    id: RequestId,
    operation: OperationId,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE money_requests SET state = 'paid', operation_id = $1, updated_at = $2 WHERE id = $3",
        &[operation.into(), now.into(), id.into()],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<MoneyRequest, RecordsError> {
    let currency = row.currency(4)?;
    Ok(MoneyRequest {
        id: row.id(0)?,
        payee: row.id(1)?,
        payer: row.id(2)?,
        split: row.optional_id(3)?,
        amount: row.amount(5, currency)?,
        memo: row.string(6)?,
        state: row.code(7)?,
        operation: row.optional_id(8)?,
        created_at: row.timestamp(9)?,
        expires_at: row.timestamp(10)?,
    })
}
