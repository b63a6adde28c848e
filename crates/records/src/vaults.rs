//! Vaults: what holders keep sealed. Nothing here can be read without the holder's PIN.

use ledger::Timestamp;
use wallet::ids::{HolderId, PasskeyId, VaultItemId};

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql, Value};

/// One holder's vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Whose.
    pub holder: HolderId,
    /// What goes into Argon2id besides the PIN.
    pub salt: Vec<u8>,
    /// The key of the items, sealed with the key made of the PIN.
    pub wrapped_key: Vec<u8>,
    /// The hash of the code that wipes the vault.
    pub reset_hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When its PIN was last set.
    pub updated_at: Timestamp,
}

/// One sealed item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedItem {
    /// Its id.
    pub id: VaultItemId,
    /// Whose.
    pub holder: HolderId,
    /// Counts its changes from 1; sealed with it.
    pub version: u32,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Makes a vault. Says whether the holder had none.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, vault: &Vault) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "INSERT INTO vaults (holder_id, salt, wrapped_key, reset_hash, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (holder_id) DO NOTHING",
        &[
            vault.holder.into(),
            Value::from_slice(&vault.salt),
            Value::from_slice(&vault.wrapped_key),
            vault.reset_hash.into(),
            vault.created_at.into(),
            vault.updated_at.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// The vault of this holder.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, holder: HolderId) -> Result<Option<Vault>, RecordsError> {
    let rows = sql.query(
        "SELECT holder_id, salt, wrapped_key, reset_hash, created_at, updated_at FROM vaults WHERE holder_id = $1",
        &[holder.into()],
    )?;
    first(&rows, |row| {
        Ok(Vault {
            holder: row.id(0)?,
            salt: row.bytes(1)?.to_vec(),
            wrapped_key: row.bytes(2)?.to_vec(),
            reset_hash: row.hash(3)?,
            created_at: row.timestamp(4)?,
            updated_at: row.timestamp(5)?,
        })
    })
}

/// Wraps the key of the items anew, as after a change of the PIN, if it is still wrapped as it was.
///
/// # Errors
/// What the database says.
pub fn rewrap(
    sql: &mut dyn Sql,
    before: &Vault,
    salt: &[u8],
    wrapped_key: &[u8],
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE vaults SET salt = $1, wrapped_key = $2, updated_at = $3 WHERE holder_id = $4 AND wrapped_key = $5",
        &[
            Value::from_slice(salt),
            Value::from_slice(wrapped_key),
            now.into(),
            before.holder.into(),
            Value::from_slice(&before.wrapped_key),
        ],
    )?;
    Ok(changed == 1)
}

/// Wipes a vault with all that is in it.
///
/// # Errors
/// What the database says.
pub fn wipe(sql: &mut dyn Sql, holder: HolderId) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM vault_items WHERE holder_id = $1", &[holder.into()])?;
    forget_passkeys(sql, holder)?;
    sql.execute("DELETE FROM vaults WHERE holder_id = $1", &[holder.into()])?;
    Ok(())
}

/// Lets a passkey open the vault: `wrapped_key` is the key of the items, sealed with what the passkey computes.
///
/// # Errors
/// What the database says.
pub fn put_passkey(
    sql: &mut dyn Sql,
    holder: HolderId,
    passkey: PasskeyId,
    wrapped_key: &[u8],
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO vault_passkeys (holder_id, passkey_id, wrapped_key, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (passkey_id) DO UPDATE SET wrapped_key = excluded.wrapped_key, created_at = excluded.created_at",
        &[holder.into(), passkey.into(), Value::from_slice(wrapped_key), now.into()],
    )?;
    Ok(())
}

/// The passkeys that open a vault, each with the wrapped key.
///
/// # Errors
/// What the database says.
pub fn passkeys(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<(PasskeyId, Vec<u8>)>, RecordsError> {
    let rows = sql.query(
        "SELECT passkey_id, wrapped_key FROM vault_passkeys WHERE holder_id = $1 ORDER BY created_at, passkey_id",
        &[holder.into()],
    )?;
    each(&rows, |row: &Row| Ok((row.id(0)?, row.bytes(1)?.to_vec())))
}

/// Lets no passkey open the vault any more.
///
/// # Errors
/// What the database says.
pub fn forget_passkeys(sql: &mut dyn Sql, holder: HolderId) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM vault_passkeys WHERE holder_id = $1", &[holder.into()])?;
    Ok(())
}

/// Adds an item.
///
/// # Errors
/// What the database says.
pub fn add(sql: &mut dyn Sql, item: &SealedItem) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO vault_items (id, holder_id, version, sealed, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            item.id.into(),
            item.holder.into(),
            item.version.into(),
            Value::from_slice(&item.sealed),
            item.created_at.into(),
            item.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// Puts a new version in the place of the one before. Says whether that one was there.
///
/// # Errors
/// What the database says.
pub fn change(sql: &mut dyn Sql, item: &SealedItem) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE vault_items SET version = $1, sealed = $2, updated_at = $3 \
         WHERE id = $4 AND holder_id = $5 AND version = $6",
        &[
            item.version.into(),
            Value::from_slice(&item.sealed),
            item.updated_at.into(),
            item.id.into(),
            item.holder.into(),
            item.version.saturating_sub(1).into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Deletes an item. Says whether there was one.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, holder: HolderId, id: VaultItemId) -> Result<bool, RecordsError> {
    let changed =
        sql.execute("DELETE FROM vault_items WHERE id = $1 AND holder_id = $2", &[id.into(), holder.into()])?;
    Ok(changed == 1)
}

/// The items of a holder, by id.
///
/// # Errors
/// What the database says.
pub fn items(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<SealedItem>, RecordsError> {
    let rows = sql.query(
        "SELECT id, holder_id, version, sealed, created_at, updated_at FROM vault_items WHERE holder_id = $1 \
         ORDER BY id",
        &[holder.into()],
    )?;
    each(&rows, |row: &Row| {
        Ok(SealedItem {
            id: row.id(0)?,
            holder: row.id(1)?,
            version: row.number(2)?,
            sealed: row.bytes(3)?.to_vec(),
            created_at: row.timestamp(4)?,
            updated_at: row.timestamp(5)?,
        })
    })
}
