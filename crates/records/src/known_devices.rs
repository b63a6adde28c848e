//! Devices that somebody logged in from before. Of their secret token only the hash is kept.

use ledger::Timestamp;
use wallet::ids::PrincipalId;

use crate::{RecordsError, Sql};

/// Notes a log-in of that principal from a device.
///
/// # Errors
/// What the database says.
pub fn note(
    sql: &mut dyn Sql,
    token_hash: &[u8; 32],
    principal: PrincipalId,
    device: &str,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO known_devices (token_hash, principal_id, device, created_at, seen_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (token_hash, principal_id) DO UPDATE SET \
         seen_at = excluded.seen_at, device = excluded.device",
        &[(*token_hash).into(), principal.into(), device.into(), now.into(), now.into()],
    )?;
    Ok(())
}

/// Whether that principal logged in from this device before.
///
/// # Errors
/// What the database says.
pub fn is_known(
    sql: &mut dyn Sql,
    token_hash: &[u8; 32],
    principal: PrincipalId,
) -> Result<bool, RecordsError> {
    let rows = sql.query(
        "SELECT seen_at FROM known_devices WHERE token_hash = $1 AND principal_id = $2",
        &[(*token_hash).into(), principal.into()],
    )?;
    Ok(!rows.is_empty())
}

/// Forgets every device of a principal.
///
/// # Errors
/// What the database says.
pub fn delete_all(sql: &mut dyn Sql, principal: PrincipalId) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM known_devices WHERE principal_id = $1", &[principal.into()])?;
    Ok(())
}

/// Forgets devices that were last seen before `moment`. Says how many.
///
/// # Errors
/// What the database says.
pub fn delete_unseen_since(sql: &mut dyn Sql, moment: Timestamp) -> Result<u64, RecordsError> {
    sql.execute("DELETE FROM known_devices WHERE seen_at < $1", &[moment.into()])
}
