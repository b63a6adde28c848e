//! The shops that a holder keeps on top of the directory.

use ledger::Timestamp;
use wallet::ids::{HolderId, MerchantId};

use crate::sql::each;
use crate::{RecordsError, Row, Sql};

/// The favourites of a holder, newest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<MerchantId>, RecordsError> {
    let rows = sql.query(
        "SELECT merchant_id FROM favourites WHERE holder_id = $1 ORDER BY created_at DESC, merchant_id",
        &[holder.into()],
    )?;
    each(&rows, |row: &Row| row.id(0))
}

/// Adds a favourite, unless it is one.
///
/// # Errors
/// What the database says.
pub fn add(
    sql: &mut dyn Sql,
    holder: HolderId,
    merchant: MerchantId,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO favourites (holder_id, merchant_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        &[holder.into(), merchant.into(), now.into()],
    )?;
    Ok(())
}

/// Removes a favourite, where it is one.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, holder: HolderId, merchant: MerchantId) -> Result<(), RecordsError> {
    sql.execute(
        "DELETE FROM favourites WHERE holder_id = $1 AND merchant_id = $2",
        &[holder.into(), merchant.into()],
    )?;
    Ok(())
}
