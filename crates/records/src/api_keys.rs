//! Keys of the HTTP API: of each only the hash is kept.

use ledger::Timestamp;
use wallet::ids::{ApiKeyId, PrincipalId};

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql};

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which is not a secret.
    pub id: ApiKeyId,
    /// Whoever uses it acts as this principal.
    pub principal: PrincipalId,
    /// The hash of the key.
    pub key_hash: [u8; 32],
    /// What its owner calls it.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, as far as noted.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What it may do, as words separated by spaces; empty: all that its principal may.
    pub scopes: String,
    /// When it ends by itself, after a rotation.
    pub expires_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "id, principal_id, key_hash, label, created_at, used_at, revoked_at, scopes, expires_at";

/// Adds a key.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, key: &ApiKey) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO api_keys (id, principal_id, key_hash, label, created_at, used_at, revoked_at, scopes, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            key.id.into(),
            key.principal.into(),
            key.key_hash.into(),
            key.label.as_str().into(),
            key.created_at.into(),
            key.used_at.into(),
            key.revoked_at.into(),
            key.scopes.as_str().into(),
            key.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// The key with that hash, if it is neither revoked nor expired.
///
/// # Errors
/// What the database says.
pub fn find_valid(
    sql: &mut dyn Sql,
    key_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<ApiKey>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"),
        &[(*key_hash).into(), now.into()],
    )?;
    first(&rows, read)
}

/// The keys of a principal that are not revoked, oldest first.
///
/// # Errors
/// What the database says.
pub fn list_valid(sql: &mut dyn Sql, principal: PrincipalId) -> Result<Vec<ApiKey>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM api_keys WHERE principal_id = $1 AND revoked_at IS NULL ORDER BY created_at, id"
        ),
        &[principal.into()],
    )?;
    each(&rows, read)
}

/// Lets a key of that principal end at this moment, unless it ends before. Says whether there was one.
///
/// # Errors
/// What the database says.
pub fn expire(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    id: ApiKeyId,
    expires_at: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE api_keys SET expires_at = $1 WHERE id = $2 AND principal_id = $3 AND revoked_at IS NULL \
         AND expires_at IS NULL",
        &[expires_at.into(), id.into(), principal.into()],
    )?;
    Ok(changed == 1)
}

/// Notes that the key was used.
///
/// # Errors
/// What the database says.
pub fn touch(sql: &mut dyn Sql, id: ApiKeyId, now: Timestamp) -> Result<(), RecordsError> {
    sql.execute("UPDATE api_keys SET used_at = $1 WHERE id = $2", &[now.into(), id.into()])?;
    Ok(())
}

/// Revokes a key of that principal. Says whether there was one to revoke.
///
/// # Errors
/// What the database says.
pub fn revoke(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    id: ApiKeyId,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE api_keys SET revoked_at = $1 WHERE id = $2 AND principal_id = $3 AND revoked_at IS NULL",
        &[now.into(), id.into(), principal.into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<ApiKey, RecordsError> {
    Ok(ApiKey {
        id: row.id(0)?,
        principal: row.id(1)?,
        key_hash: row.hash(2)?,
        label: row.string(3)?,
        created_at: row.timestamp(4)?,
        used_at: row.optional_timestamp(5)?,
        revoked_at: row.optional_timestamp(6)?,
        scopes: row.string(7)?,
        expires_at: row.optional_timestamp(8)?,
    })
}
