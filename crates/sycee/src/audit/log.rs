//! The audit log of a data directory, read without the server's code for records, and checked as a whole.

use std::path::Path;

use audit_log::{HEAD_BYTES, Report, SignedHead, Stored, check};
use ledger::Timestamp;
use rusqlite::{Connection, OpenFlags, Row};

use crate::exit::Failure;

/// Checks the audit log of a data directory. Nothing where it has none: a bare ledger, or no entry was ever written.
///
/// # Errors
/// Where the records or the log's key cannot be read, or hold what no log holds.
pub(super) fn audit(data: &Path) -> Result<Option<Report>, Failure> {
    let path = data.join("records.sqlite");
    let unreadable = |error: std::io::Error| Failure::findings(format!("audit log: {error}"));
    let Some(key) = server::read_log_key(data).map_err(unreadable)? else { return Ok(None) };
    if !path.is_file() {
        return Ok(None);
    }
    // Before the log is read: a server that runs meanwhile may write more than what was read.
    let witness = server::read_log_head(data).map_err(unreadable)?;
    let (entries, heads) = read(&path).map_err(|error| Failure::findings(format!("audit log: {error}")))?;
    Ok(Some(check(&entries, &heads, &key.public(), &witness)))
}

fn read(path: &Path) -> Result<(Vec<Stored>, Vec<SignedHead>), rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let mut entries = connection
        .prepare("SELECT place, at, actor, action, subject, body FROM audit_entries ORDER BY place")?;
    let entries = entries.query_map([], stored)?.collect::<Result<Vec<_>, _>>()?;
    let mut heads = connection.prepare("SELECT head FROM audit_heads ORDER BY size")?;
    let heads = heads.query_map([], |row| Ok(SignedHead::from_bytes(&row.get::<_, [u8; HEAD_BYTES]>(0)?)))?;
    Ok((entries, heads.collect::<Result<Vec<_>, _>>()?))
}

fn stored(row: &Row<'_>) -> Result<Stored, rusqlite::Error> {
    let number =
        |column: usize| row.get::<_, i64>(column).map(|value| u64::try_from(value).unwrap_or(u64::MAX));
    Ok(Stored {
        index: number(0)?,
        at: Timestamp(number(1)?),
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        body: row.get(5)?,
    })
}
