//! Sessions: a login on one device. Of its secret token only the hash is kept.

use ledger::Timestamp;
use wallet::ids::{PrincipalId, SessionId};

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql};

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id, which is not a secret.
    pub id: SessionId,
    /// The hash of the token that the device holds.
    pub token_hash: [u8; 32],
    /// Who logged in.
    pub principal: PrincipalId,
    /// What the device says it is.
    pub device: String,
    /// The network address that it came from.
    pub address: String,
    /// When it logged in.
    pub created_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was logged out.
    pub revoked_at: Option<Timestamp>,
    /// Since when it is locked.
    pub locked_at: Option<Timestamp>,
    /// When it last proved everything that log-in asks for.
    pub authenticated_at: Timestamp,
}

const COLUMNS: &str = "id, token_hash, principal_id, device, address, created_at, seen_at, expires_at, revoked_at, \
                       locked_at, authenticated_at";

/// Begins a session.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, session: &Session) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO sessions (id, token_hash, principal_id, device, address, created_at, seen_at, expires_at, \
         revoked_at, locked_at, authenticated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            session.id.into(),
            session.token_hash.into(),
            session.principal.into(),
            session.device.as_str().into(),
            session.address.as_str().into(),
            session.created_at.into(),
            session.seen_at.into(),
            session.expires_at.into(),
            session.revoked_at.into(),
            session.locked_at.into(),
            session.authenticated_at.into(),
        ],
    )?;
    Ok(())
}

/// The session with that token, if it is neither expired nor revoked at `now`.
///
/// # Errors
/// What the database says.
pub fn find_valid(
    sql: &mut dyn Sql,
    token_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM sessions WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > $2"
        ),
        &[(*token_hash).into(), now.into()],
    )?;
    first(&rows, read)
}

/// The valid sessions of a principal, last seen first.
///
/// # Errors
/// What the database says.
pub fn list_valid(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    now: Timestamp,
) -> Result<Vec<Session>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM sessions WHERE principal_id = $1 AND revoked_at IS NULL AND expires_at > $2 \
             ORDER BY seen_at DESC, id"
        ),
        &[principal.into(), now.into()],
    )?;
    each(&rows, read)
}

/// Notes that the session was seen, and moves its end. Says whether it was still valid.
///
/// # Errors
/// What the database says.
pub fn touch(
    sql: &mut dyn Sql,
    id: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE sessions SET seen_at = $1, expires_at = $2 WHERE id = $3 AND revoked_at IS NULL AND expires_at > $4",
        &[now.into(), expires_at.into(), id.into(), now.into()],
    )?;
    Ok(changed == 1)
}

/// Ends a session of that principal. Says whether there was one to end.
///
/// # Errors
/// What the database says.
pub fn revoke(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    id: SessionId,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE sessions SET revoked_at = $1 WHERE id = $2 AND principal_id = $3 AND revoked_at IS NULL",
        &[now.into(), id.into(), principal.into()],
    )?;
    Ok(changed == 1)
}

/// Ends every session of that principal except `kept`, as after a change of password. Says how many.
///
/// # Errors
/// What the database says.
pub fn revoke_others(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    kept: Option<SessionId>,
    now: Timestamp,
) -> Result<u64, RecordsError> {
    let kept = kept.unwrap_or(SessionId::new(0));
    sql.execute(
        "UPDATE sessions SET revoked_at = $1 WHERE principal_id = $2 AND id <> $3 AND revoked_at IS NULL",
        &[now.into(), principal.into(), kept.into()],
    )
}

/// The session with that id, ended or not.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: SessionId) -> Result<Option<Session>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM sessions WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// Locks a session, unless it is locked. Says whether it was open.
///
/// # Errors
/// What the database says.
pub fn lock(sql: &mut dyn Sql, id: SessionId, now: Timestamp) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE sessions SET locked_at = $1 WHERE id = $2 AND locked_at IS NULL AND revoked_at IS NULL",
        &[now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Unlocks a session that was seen just now, and moves its end. Says whether it was still valid.
///
/// # Errors
/// What the database says.
pub fn unlock(
    sql: &mut dyn Sql,
    id: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE sessions SET locked_at = NULL, seen_at = $1, expires_at = $2 \
         WHERE id = $3 AND revoked_at IS NULL AND expires_at > $4",
        &[now.into(), expires_at.into(), id.into(), now.into()],
    )?;
    Ok(changed == 1)
}

/// Notes that a session has proven everything that log-in asks for.
///
/// # Errors
/// What the database says.
pub fn authenticated(sql: &mut dyn Sql, id: SessionId, now: Timestamp) -> Result<(), RecordsError> {
    sql.execute("UPDATE sessions SET authenticated_at = $1 WHERE id = $2", &[now.into(), id.into()])?;
    Ok(())
}

/// Forgets sessions that expired before `moment`. Says how many.
///
/// # Errors
/// What the database says.
pub fn delete_expired_before(sql: &mut dyn Sql, moment: Timestamp) -> Result<u64, RecordsError> {
    sql.execute("DELETE FROM sessions WHERE expires_at < $1", &[moment.into()])
}

fn read(row: &Row) -> Result<Session, RecordsError> {
    Ok(Session {
        id: row.id(0)?,
        token_hash: row.hash(1)?,
        principal: row.id(2)?,
        device: row.string(3)?,
        address: row.string(4)?,
        created_at: row.timestamp(5)?,
        seen_at: row.timestamp(6)?,
        expires_at: row.timestamp(7)?,
        revoked_at: row.optional_timestamp(8)?,
        locked_at: row.optional_timestamp(9)?,
        authenticated_at: row.timestamp(10)?,
    })
}
