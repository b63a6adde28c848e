//! Master keys, and who holds a share of each: no key and no share, only what proves that one is the right one.

use ledger::Timestamp;
use wallet::ids::{MasterKeyId, PrincipalId};

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql};

codes! {
    /// How far a key came.
    pub enum MasterKeyState {
        /// Not every custodian has kept their share.
        Sharing = "sharing",
        /// Every share is kept, and the key itself is nowhere.
        Shared = "shared",
        /// Custodians have brought enough shares: the key can be used.
        Open = "open",
        /// Given up before every share was kept.
        Abandoned = "abandoned",
    }
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterKey {
    /// Its id.
    pub id: MasterKeyId,
    /// What it is for, as a code.
    pub purpose: String,
    /// 1, 2, … among the keys for the same.
    pub version: u32,
    /// How far it came.
    pub state: MasterKeyState,
    /// What only the right key gives, in hexadecimal.
    pub check_value: String,
    /// Who began the ceremony.
    pub begun_by: PrincipalId,
    /// When it began.
    pub begun_at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
}

/// One share of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShare {
    /// 1, 2, …
    pub number: u32,
    /// Whose it is.
    pub custodian: PrincipalId,
    /// What only the right share gives, in hexadecimal.
    pub fingerprint: String,
    /// When the custodian had written it down. `None`: not yet.
    pub kept_at: Option<Timestamp>,
}

/// The most keys that are listed.
const LIST_MAX: u32 = 100;

const COLUMNS: &str = "id, purpose, version, state, check_value, begun_by, begun_at, changed_at";

/// Records a key and its shares.
///
/// # Errors
/// [`RecordsError::Conflict`] `master_keys_version_key` where another key took the version meanwhile, or what the database
/// says.
pub fn insert(sql: &mut dyn Sql, key: &MasterKey, shares: &[KeyShare]) -> Result<(), RecordsError> {
    sql.execute(
        &format!("INSERT INTO master_keys ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
        &[
            key.id.into(),
            key.purpose.as_str().into(),
            key.version.into(),
            key.state.into(),
            key.check_value.as_str().into(),
            key.begun_by.into(),
            key.begun_at.into(),
            key.changed_at.into(),
        ],
    )?;
    for share in shares {
        sql.execute(
            "INSERT INTO key_shares (key_id, number, custodian, fingerprint) VALUES ($1, $2, $3, $4)",
            &[key.id.into(), share.number.into(), share.custodian.into(), share.fingerprint.as_str().into()],
        )?;
    }
    Ok(())
}

/// The key with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: MasterKeyId) -> Result<Option<MasterKey>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM master_keys WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// Every key, newest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql) -> Result<Vec<MasterKey>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM master_keys ORDER BY begun_at DESC, id LIMIT $1");
    each(&sql.query(&query, &[LIST_MAX.into()])?, read)
}

/// The newest version among the keys for a purpose; 0 where there is none.
///
/// # Errors
/// What the database says.
pub fn newest_version(sql: &mut dyn Sql, purpose: &str) -> Result<u32, RecordsError> {
    let rows = sql.query(
        "SELECT version FROM master_keys WHERE purpose = $1 ORDER BY version DESC LIMIT 1",
        &[purpose.into()],
    )?;
    Ok(first(&rows, |row| row.number(0))?.unwrap_or(0))
}

/// The shares of a key, by number.
///
/// # Errors
/// What the database says.
pub fn shares(sql: &mut dyn Sql, id: MasterKeyId) -> Result<Vec<KeyShare>, RecordsError> {
    let rows = sql.query(
        "SELECT number, custodian, fingerprint, kept_at FROM key_shares WHERE key_id = $1 ORDER BY number",
        &[id.into()],
    )?;
    each(&rows, |row| {
        Ok(KeyShare {
            number: row.number(0)?,
            custodian: row.id(1)?,
            fingerprint: row.string(2)?,
            kept_at: row.optional_timestamp(3)?,
        })
    })
}

/// Notes that a custodian has written their share down. Says whether it was not noted before.
///
/// # Errors
/// What the database says.
pub fn note_kept(
    sql: &mut dyn Sql,
    id: MasterKeyId,
    custodian: PrincipalId,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE key_shares SET kept_at = $1 WHERE key_id = $2 AND custodian = $3 AND kept_at IS NULL",
        &[now.into(), id.into(), custodian.into()],
    )?;
    Ok(changed == 1)
}

/// Moves a key from one state to another. Says whether it was in the first.
///
/// # Errors
/// What the database says.
pub fn change(
    sql: &mut dyn Sql,
    id: MasterKeyId,
    (from, to): (MasterKeyState, MasterKeyState),
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE master_keys SET state = $1, changed_at = $2 WHERE id = $3 AND state = $4",
        &[to.into(), now.into(), id.into(), from.into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<MasterKey, RecordsError> {
    Ok(MasterKey {
        id: row.id(0)?,
        purpose: row.string(1)?,
        version: row.number(2)?,
        state: row.code(3)?,
        check_value: row.string(4)?,
        begun_by: row.id(5)?,
        begun_at: row.timestamp(6)?,
        changed_at: row.timestamp(7)?,
    })
}
