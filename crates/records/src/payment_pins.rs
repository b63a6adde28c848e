//! Payment PINs, as hashes, with their failed attempts. How many are too many is the server's rule.

use ledger::Timestamp;
use wallet::ids::PrincipalId;

use crate::sql::first;
use crate::{RecordsError, Row, Sql};

/// The payment PIN of one principal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPin {
    /// The PIN's hash in PHC form.
    pub hash: String,
    /// Attempts since the last good one, counted before each is looked at.
    pub failures: u64,
    /// No attempt is looked at before this moment.
    pub locked_until: Timestamp,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// Sets or replaces the PIN, with no failures.
///
/// # Errors
/// What the database says.
pub fn set(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    hash: &str,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO payment_pins (principal_id, pin_hash, failures, locked_until, changed_at) \
         VALUES ($1, $2, 0, 0, $3) ON CONFLICT (principal_id) DO UPDATE SET pin_hash = excluded.pin_hash, \
         failures = 0, locked_until = 0, changed_at = excluded.changed_at",
        &[principal.into(), hash.into(), now.into()],
    )?;
    Ok(())
}

/// The PIN of that principal.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, principal: PrincipalId) -> Result<Option<PaymentPin>, RecordsError> {
    let rows = sql.query(
        "SELECT pin_hash, failures, locked_until, changed_at FROM payment_pins WHERE principal_id = $1",
        &[principal.into()],
    )?;
    first(&rows, read)
}

/// Counts an attempt before it is looked at, and from when on the next one may be made.
///
/// # Errors
/// What the database says.
pub fn count_attempt(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    locked_until: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE payment_pins SET failures = failures + 1, locked_until = $1 WHERE principal_id = $2",
        &[locked_until.into(), principal.into()],
    )?;
    Ok(())
}

/// Forgets the failures, because the PIN was right.
///
/// # Errors
/// What the database says.
pub fn forgive(sql: &mut dyn Sql, principal: PrincipalId) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE payment_pins SET failures = 0, locked_until = 0 WHERE principal_id = $1",
        &[principal.into()],
    )?;
    Ok(())
}

/// Removes the PIN. Says whether there was one.
///
/// # Errors
/// What the database says.
pub fn delete(sql: &mut dyn Sql, principal: PrincipalId) -> Result<bool, RecordsError> {
    Ok(sql.execute("DELETE FROM payment_pins WHERE principal_id = $1", &[principal.into()])? == 1)
}

fn read(row: &Row) -> Result<PaymentPin, RecordsError> {
    Ok(PaymentPin {
        hash: row.string(0)?,
        failures: row.count(1)?,
        locked_until: row.timestamp(2)?,
        changed_at: row.timestamp(3)?,
    })
}
