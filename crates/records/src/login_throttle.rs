//! Failed logins, counted by subject (a login name, a network address) within a window of time.
//!
//! How many are too many is the server's rule.

use ledger::Timestamp;

use crate::sql::{first, nanoseconds};
use crate::{RecordsError, Row, Sql};

/// The failures of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many within the window.
    pub count: u64,
    /// When the window began.
    pub first_at: Timestamp,
    /// When the last one was.
    pub last_at: Timestamp,
}

/// The failures of that subject within the window that includes `now`.
///
/// # Errors
/// What the database says.
pub fn get(
    sql: &mut dyn Sql,
    subject: &str,
    now: Timestamp,
    window_seconds: u32,
) -> Result<Option<Failures>, RecordsError> {
    let rows = sql.query(
        "SELECT failures, first_failure_at, last_failure_at FROM login_throttle \
         WHERE subject = $1 AND first_failure_at + $2 > $3",
        &[subject.into(), nanoseconds(window_seconds), now.into()],
    )?;
    first(&rows, read)
}

/// Counts one more failure, in a new window where the old one has passed, and says how many there are now.
///
/// # Errors
/// What the database says.
pub fn record_failure(
    sql: &mut dyn Sql,
    subject: &str,
    now: Timestamp,
    window_seconds: u32,
) -> Result<Failures, RecordsError> {
    let rows = sql.query(
        "INSERT INTO login_throttle (subject, failures, first_failure_at, last_failure_at) VALUES ($1, 1, $2, $3) \
         ON CONFLICT (subject) DO UPDATE SET \
         failures = CASE WHEN login_throttle.first_failure_at + $4 > excluded.last_failure_at \
                    THEN login_throttle.failures + 1 ELSE 1 END, \
         first_failure_at = CASE WHEN login_throttle.first_failure_at + $4 > excluded.last_failure_at \
                            THEN login_throttle.first_failure_at ELSE excluded.first_failure_at END, \
         last_failure_at = excluded.last_failure_at \
         RETURNING failures, first_failure_at, last_failure_at",
        &[subject.into(), now.into(), now.into(), nanoseconds(window_seconds)],
    )?;
    first(&rows, read)?.ok_or_else(|| RecordsError::Unreadable("the failure was not counted".to_owned()))
}

/// Forgets the failures of that subject, as after a login.
///
/// # Errors
/// What the database says.
pub fn clear(sql: &mut dyn Sql, subject: &str) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM login_throttle WHERE subject = $1", &[subject.into()])?;
    Ok(())
}

/// Takes back one failure of that subject, as where an attempt counted in advance turned out well.
///
/// # Errors
/// What the database says.
pub fn forgive(sql: &mut dyn Sql, subject: &str) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE login_throttle SET failures = failures - 1 WHERE subject = $1 AND failures > 0",
        &[subject.into()],
    )?;
    Ok(())
}

/// Forgets subjects whose last failure was before `moment`. Says how many.
///
/// # Errors
/// What the database says.
pub fn delete_older_than(sql: &mut dyn Sql, moment: Timestamp) -> Result<u64, RecordsError> {
    sql.execute("DELETE FROM login_throttle WHERE last_failure_at < $1", &[moment.into()])
}

fn read(row: &Row) -> Result<Failures, RecordsError> {
    Ok(Failures { count: row.count(0)?, first_at: row.timestamp(1)?, last_at: row.timestamp(2)? })
}
