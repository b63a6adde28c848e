//! Second factors of log-in: one-time passwords and recovery codes; and log-ins that still owe theirs.

use ledger::Timestamp;
use wallet::ids::PrincipalId;

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql, Value};

/// The one-time passwords of one principal.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimePassword {
    /// The secret that both sides know, sealed.
    pub secret: Vec<u8>,
    /// The time step of the newest code that was used.
    pub last_step: u64,
    /// When the first code was typed; before, log-in does not ask for one.
    pub confirmed_at: Option<Timestamp>,
}

impl core::fmt::Debug for OneTimePassword {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OneTimePassword").field("confirmed_at", &self.confirmed_at).finish_non_exhaustive()
    }
}

/// Offers a secret that the principal has yet to confirm, in place of an earlier offer. Says whether it was taken: one that
/// was confirmed stays until it is removed.
///
/// # Errors
/// What the database says.
pub fn offer(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    secret: &[u8],
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "INSERT INTO one_time_passwords (principal_id, secret, last_step, created_at) VALUES ($1, $2, 0, $3) \
         ON CONFLICT (principal_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at \
         WHERE one_time_passwords.confirmed_at IS NULL",
        &[principal.into(), Value::Bytes(secret.to_vec()), now.into()],
    )?;
    Ok(changed == 1)
}

/// The one-time passwords of that principal.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, principal: PrincipalId) -> Result<Option<OneTimePassword>, RecordsError> {
    let rows = sql.query(
        "SELECT secret, last_step, confirmed_at FROM one_time_passwords WHERE principal_id = $1",
        &[principal.into()],
    )?;
    first(&rows, |row| {
        Ok(OneTimePassword {
            secret: row.bytes(0)?.to_vec(),
            last_step: row.count(1)?,
            confirmed_at: row.optional_timestamp(2)?,
        })
    })
}

/// Secrets of no more than so many bytes, with whose they are: too short to be sealed.
///
/// # Errors
/// What the database says.
pub fn shorter_than(sql: &mut dyn Sql, bytes: u32) -> Result<Vec<(PrincipalId, Vec<u8>)>, RecordsError> {
    let rows = sql.query(
        "SELECT principal_id, secret FROM one_time_passwords WHERE CAST(LENGTH(secret) AS BIGINT) <= $1 \
         ORDER BY principal_id",
        &[bytes.into()],
    )?;
    each(&rows, |row| Ok((row.id(0)?, row.bytes(1)?.to_vec())))
}

/// Puts another form of the same secret in the place of one. Says whether that was there.
///
/// # Errors
/// What the database says.
pub fn replace_secret(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    (was, is): (&[u8], &[u8]),
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE one_time_passwords SET secret = $1 WHERE principal_id = $2 AND secret = $3",
        &[Value::Bytes(is.to_vec()), principal.into(), Value::Bytes(was.to_vec())],
    )?;
    Ok(changed == 1)
}

/// Uses up the code of a time step. Says whether neither it nor a later one was used before.
///
/// # Errors
/// What the database says.
pub fn use_step(sql: &mut dyn Sql, principal: PrincipalId, step: u64) -> Result<bool, RecordsError> {
    let step = Value::Int(i64::try_from(step).unwrap_or(i64::MAX));
    let changed = sql.execute(
        "UPDATE one_time_passwords SET last_step = $1 WHERE principal_id = $2 AND last_step < $3",
        &[step.clone(), principal.into(), step],
    )?;
    Ok(changed == 1)
}

/// Notes that the principal has the secret: from now on log-in asks for a code.
///
/// # Errors
/// What the database says.
pub fn confirm(sql: &mut dyn Sql, principal: PrincipalId, now: Timestamp) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE one_time_passwords SET confirmed_at = $1 WHERE principal_id = $2 AND confirmed_at IS NULL",
        &[now.into(), principal.into()],
    )?;
    Ok(())
}

/// Removes one-time passwords and recovery codes.
///
/// # Errors
/// What the database says.
pub fn delete(sql: &mut dyn Sql, principal: PrincipalId) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM one_time_passwords WHERE principal_id = $1", &[principal.into()])?;
    sql.execute("DELETE FROM recovery_codes WHERE principal_id = $1", &[principal.into()])?;
    Ok(())
}

/// Replaces all recovery codes by new ones.
///
/// # Errors
/// What the database says.
pub fn replace_recovery_codes(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    hashes: &[[u8; 32]],
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM recovery_codes WHERE principal_id = $1", &[principal.into()])?;
    for hash in hashes {
        sql.execute(
            "INSERT INTO recovery_codes (principal_id, code_hash, created_at) VALUES ($1, $2, $3)",
            &[principal.into(), (*hash).into(), now.into()],
        )?;
    }
    Ok(())
}

/// Uses up a recovery code. Says whether it was one that was not used before.
///
/// # Errors
/// What the database says.
pub fn use_recovery_code(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE recovery_codes SET used_at = $1 WHERE principal_id = $2 AND code_hash = $3 AND used_at IS NULL",
        &[now.into(), principal.into(), (*hash).into()],
    )?;
    Ok(changed == 1)
}

/// How many recovery codes are left.
///
/// # Errors
/// What the database says.
pub fn recovery_codes_left(sql: &mut dyn Sql, principal: PrincipalId) -> Result<u64, RecordsError> {
    let rows = sql.query(
        "SELECT COUNT(*) FROM recovery_codes WHERE principal_id = $1 AND used_at IS NULL",
        &[principal.into()],
    )?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Notes that whoever holds this token gave the right password and owes the second factor.
///
/// # Errors
/// What the database says.
pub fn begin_half_log_in(
    sql: &mut dyn Sql,
    token_hash: &[u8; 32],
    principal: PrincipalId,
    expires_at: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO half_log_ins (token_hash, principal_id, expires_at) VALUES ($1, $2, $3)",
        &[(*token_hash).into(), principal.into(), expires_at.into()],
    )?;
    Ok(())
}

/// Who owes a second factor under this token.
///
/// # Errors
/// What the database says.
pub fn find_half_log_in(
    sql: &mut dyn Sql,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<PrincipalId>, RecordsError> {
    let rows = sql.query(
        "SELECT principal_id FROM half_log_ins WHERE token_hash = $1 AND expires_at > $2",
        &[(*token_hash).into(), now.into()],
    )?;
    first(&rows, |row: &Row| row.id(0))
}

/// Ends a log-in that owed its second factor. Says whether it was still open.
///
/// # Errors
/// What the database says.
pub fn end_half_log_in(sql: &mut dyn Sql, token_hash: &[u8; 32]) -> Result<bool, RecordsError> {
    Ok(sql.execute("DELETE FROM half_log_ins WHERE token_hash = $1", &[(*token_hash).into()])? == 1)
}

/// Forgets log-ins that expired before `moment`. Says how many.
///
/// # Errors
/// What the database says.
pub fn delete_expired_before(sql: &mut dyn Sql, moment: Timestamp) -> Result<u64, RecordsError> {
    sql.execute("DELETE FROM half_log_ins WHERE expires_at < $1", &[moment.into()])
}
