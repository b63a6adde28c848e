//! How often a holder did what a credit grade counts. Amounts play no part.

use ledger::Timestamp;
use wallet::ids::HolderId;

use crate::sql::first;
use crate::{RecordsError, Sql, Value};

/// In how many spans activity is counted.
pub const SPANS: usize = 12;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// Payments to merchants that were made.
    pub payments: u64,
    /// Disputes of which operators decided that the merchant gets everything.
    pub lost_disputes: u64,
    /// When the holder's first operation was.
    pub first_operation: Option<Timestamp>,
    /// In how many of the spans there was any operation.
    pub active_spans: u64,
}

/// What a holder did. `starts` are the first moments of the spans, oldest first, and at last the moment after them all.
///
/// # Errors
/// What the database says.
pub fn of_holder(
    sql: &mut dyn Sql,
    holder: HolderId,
    starts: &[Timestamp; SPANS + 1],
) -> Result<Conduct, RecordsError> {
    let mut params: Vec<Value> = vec![holder.into()];
    params.extend(starts.iter().map(|start| Value::from(*start)));
    let spans: String = (0..SPANS)
        .map(|span| format!("WHEN created_at >= ${} AND created_at < ${} THEN {span} ", span + 2, span + 3))
        .collect();
    let own = "FROM operations WHERE state = 'completed' AND";
    let query = format!(
        "SELECT COUNT(CASE WHEN is_payment = 1 THEN 1 END), MIN(created_at), COUNT(DISTINCT CASE {spans} END) FROM (\
         SELECT created_at, CASE WHEN kind IN ('payment', 'escrow_payment') THEN 1 ELSE 0 END AS is_payment \
         {own} payer_id = $1 UNION ALL SELECT created_at, 0 {own} payee_id = $1) AS own"
    );
    let rows = sql.query(&query, &params)?;
    let conduct = first(&rows, |row| {
        Ok(Conduct {
            payments: row.count(0)?,
            lost_disputes: 0,
            first_operation: row.optional_timestamp(1)?,
            active_spans: row.count(2)?,
        })
    })?;
    let lost_disputes = lost(sql, holder)?;
    Ok(Conduct { lost_disputes, ..conduct.unwrap_or_default() })
}

/// Disputes that were decided against the holder: not by merchant or holder, and nothing came back.
fn lost(sql: &mut dyn Sql, holder: HolderId) -> Result<u64, RecordsError> {
    let rows = sql.query(
        "SELECT COUNT(*) FROM orders JOIN disputes ON disputes.order_id = orders.id \
         JOIN principals ON principals.id = disputes.decided_by \
         WHERE orders.payer_id = $1 AND disputes.share = disputes.held AND principals.role = 'operator'",
        &[holder.into()],
    )?;
    Ok(first(&rows, |row| row.count(0))?.unwrap_or(0))
}
