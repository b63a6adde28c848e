//! Terminals: where merchants take card purses.

use ledger::Timestamp;
use messages::card::{ListVersion, TerminalId};
use wallet::ids::MerchantId;

use crate::card_lists::CardList;
use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql};

/// One terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its number.
    pub id: TerminalId,
    /// Whose sales it makes.
    pub merchant: MerchantId,
    /// What its merchant calls it.
    pub label: String,
    /// What its batches are signed with.
    pub public_key: [u8; 32],
    /// Whether nothing is taken from it any more.
    pub is_blocked: bool,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it spoke last.
    pub last_seen: Option<Timestamp>,
    /// The versions of status list, white list and parameters that it has, as it says.
    pub lists: [ListVersion; 3],
}

/// The unique value of [`insert`] that another terminal may have.
pub const TERMINAL_TAKEN: &str = "terminals_id_key";

const COLUMNS: &str = "id, merchant_id, label, public_key, is_blocked, registered_at, last_seen, status_version, \
                       white_version, parameters_version";

/// Records a terminal.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`TERMINAL_TAKEN`], or what the database says.
pub fn insert(sql: &mut dyn Sql, terminal: &Terminal) -> Result<(), RecordsError> {
    let [status, white, parameters] = terminal.lists;
    sql.execute(
        &format!("INSERT INTO terminals ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        &[
            terminal.id.into(),
            terminal.merchant.into(),
            terminal.label.as_str().into(),
            terminal.public_key.into(),
            terminal.is_blocked.into(),
            terminal.registered_at.into(),
            terminal.last_seen.into(),
            status.0.into(),
            white.0.into(),
            parameters.0.into(),
        ],
    )?;
    Ok(())
}

/// The terminal with that number.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: TerminalId) -> Result<Option<Terminal>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM terminals WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// Every terminal after a number, by number, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn after(sql: &mut dyn Sql, id: TerminalId, limit: u32) -> Result<Vec<Terminal>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM terminals WHERE id > $1 ORDER BY id LIMIT $2");
    each(&sql.query(&query, &[id.into(), limit.into()])?, read)
}

/// A merchant's terminals, by number.
///
/// # Errors
/// What the database says.
pub fn of_merchant(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Vec<Terminal>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM terminals WHERE merchant_id = $1 ORDER BY id");
    each(&sql.query(&query, &[merchant.into()])?, read)
}

/// Takes nothing from a terminal any more, or takes it again. Says whether there is one.
///
/// # Errors
/// What the database says.
pub fn set_blocked(sql: &mut dyn Sql, id: TerminalId, blocked: bool) -> Result<bool, RecordsError> {
    let changed =
        sql.execute("UPDATE terminals SET is_blocked = $1 WHERE id = $2", &[blocked.into(), id.into()])?;
    Ok(changed == 1)
}

/// Notes that a terminal spoke.
///
/// # Errors
/// What the database says.
pub fn seen(sql: &mut dyn Sql, id: TerminalId, now: Timestamp) -> Result<(), RecordsError> {
    sql.execute("UPDATE terminals SET last_seen = $1 WHERE id = $2", &[now.into(), id.into()])?;
    Ok(())
}

/// Notes which version of a list a terminal has.
///
/// # Errors
/// What the database says.
pub fn has_list(
    sql: &mut dyn Sql,
    id: TerminalId,
    list: CardList,
    version: ListVersion,
) -> Result<(), RecordsError> {
    let column = match list {
        CardList::Status => "status_version",
        CardList::White => "white_version",
        CardList::Parameters => "parameters_version",
    };
    sql.execute(
        &format!("UPDATE terminals SET {column} = $1 WHERE id = $2"),
        &[version.0.into(), id.into()],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<Terminal, RecordsError> {
    Ok(Terminal {
        id: TerminalId(row.array(0)?),
        merchant: row.id(1)?,
        label: row.string(2)?,
        public_key: row.hash(3)?,
        is_blocked: row.flag(4)?,
        registered_at: row.timestamp(5)?,
        last_seen: row.optional_timestamp(6)?,
        lists: [ListVersion(row.number(7)?), ListVersion(row.number(8)?), ListVersion(row.number(9)?)],
    })
}
