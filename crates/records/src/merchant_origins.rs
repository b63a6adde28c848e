//! Origins that checkout may send buyers back to.

use ledger::Timestamp;
use wallet::ids::MerchantId;

use crate::sql::each;
use crate::{RecordsError, Sql};

/// Adds an origin, where the merchant does not have it.
///
/// # Errors
/// What the database says.
pub fn insert(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    origin: &str,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO merchant_origins (merchant_id, origin, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        &[merchant.into(), origin.into(), now.into()],
    )?;
    Ok(())
}

/// The origins of a merchant, by name.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Vec<String>, RecordsError> {
    let rows = sql.query(
        "SELECT origin FROM merchant_origins WHERE merchant_id = $1 ORDER BY origin",
        &[merchant.into()],
    )?;
    each(&rows, |row| row.string(0))
}

/// Removes an origin.
///
/// # Errors
/// What the database says.
pub fn delete(sql: &mut dyn Sql, merchant: MerchantId, origin: &str) -> Result<(), RecordsError> {
    sql.execute(
        "DELETE FROM merchant_origins WHERE merchant_id = $1 AND origin = $2",
        &[merchant.into(), origin.into()],
    )?;
    Ok(())
}
