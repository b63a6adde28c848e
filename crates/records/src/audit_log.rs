//! The audit log's entries and heads. What they mean and whether they are whole, the crate `audit-log` says.

use ledger::Timestamp;

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql, Value};

/// The constraint that two servers break which append at the same moment.
pub const PLACE_TAKEN: &str = "audit_entries_place_key";

/// One entry: its bytes, and the columns that it is searched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place in the log, counted from 0.
    pub place: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Who acted.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// Its canonical form, which the tree is over.
    pub body: Vec<u8>,
}

/// One head as it was signed, and what the next append begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadRow {
    /// How many entries it speaks of.
    pub size: u64,
    /// Size, time, root and signature in bytes.
    pub head: Vec<u8>,
    /// The roots of the full subtrees in bytes.
    pub frontier: Vec<u8>,
}

/// Which entries to show; everything that is empty shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those by this actor.
    pub actor: String,
    /// Those whose action begins so.
    pub action: String,
    /// Those about this subject.
    pub subject: String,
    /// Those before this place.
    pub before: Option<u64>,
}

fn number(count: u64) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Appends an entry and its head.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`PLACE_TAKEN`], or what the database says.
pub fn append(sql: &mut dyn Sql, row: &AuditRow, head: &HeadRow) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO audit_entries (place, at, actor, action, subject, body) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            number(row.place),
            row.at.into(),
            row.actor.as_str().into(),
            row.action.as_str().into(),
            row.subject.as_str().into(),
            Value::Bytes(row.body.clone()),
        ],
    )?;
    sql.execute(
        "INSERT INTO audit_heads (size, head, frontier) VALUES ($1, $2, $3)",
        &[number(head.size), Value::Bytes(head.head.clone()), Value::Bytes(head.frontier.clone())],
    )?;
    Ok(())
}

/// The newest head.
///
/// # Errors
/// What the database says.
pub fn newest_head(sql: &mut dyn Sql) -> Result<Option<HeadRow>, RecordsError> {
    let rows = sql.query("SELECT size, head, frontier FROM audit_heads ORDER BY size DESC LIMIT 1", &[])?;
    first(&rows, read_head)
}

/// The head over `size` entries.
///
/// # Errors
/// What the database says.
pub fn head(sql: &mut dyn Sql, size: u64) -> Result<Option<HeadRow>, RecordsError> {
    let rows = sql.query("SELECT size, head, frontier FROM audit_heads WHERE size = $1", &[number(size)])?;
    first(&rows, read_head)
}

/// The whole log: entries by place, heads by size.
///
/// # Errors
/// What the database says.
pub fn whole(sql: &mut dyn Sql) -> Result<(Vec<AuditRow>, Vec<HeadRow>), RecordsError> {
    let entries =
        sql.query("SELECT place, at, actor, action, subject, body FROM audit_entries ORDER BY place", &[])?;
    let heads = sql.query("SELECT size, head, frontier FROM audit_heads ORDER BY size", &[])?;
    Ok((each(&entries, read)?, each(&heads, read_head)?))
}

/// Entries that pass the filter, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn search(sql: &mut dyn Sql, filter: &AuditFilter, limit: u32) -> Result<Vec<AuditRow>, RecordsError> {
    let before = filter.before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let rows = sql.query(
        "SELECT place, at, actor, action, subject, body FROM audit_entries \
         WHERE place < $1 AND ($2 = '' OR actor = $2) AND ($3 = '' OR subject = $3) \
         AND SUBSTR(action, 1, LENGTH($4)) = $4 ORDER BY place DESC LIMIT $5",
        &[
            before.into(),
            filter.actor.as_str().into(),
            filter.subject.as_str().into(),
            filter.action.as_str().into(),
            limit.into(),
        ],
    )?;
    each(&rows, read)
}

fn read(row: &Row) -> Result<AuditRow, RecordsError> {
    Ok(AuditRow {
        place: row.count(0)?,
        at: row.timestamp(1)?,
        actor: row.string(2)?,
        action: row.string(3)?,
        subject: row.string(4)?,
        body: row.bytes(5)?.to_vec(),
    })
}

fn read_head(row: &Row) -> Result<HeadRow, RecordsError> {
    Ok(HeadRow { size: row.count(0)?, head: row.bytes(1)?.to_vec(), frontier: row.bytes(2)?.to_vec() })
}
