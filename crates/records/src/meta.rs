//! Facts about the installation as a whole, such as the seed of the town: name and value.

use crate::sql::first;
use crate::{RecordsError, Row, Sql};

/// The value with that name.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, name: &str) -> Result<Option<String>, RecordsError> {
    let rows = sql.query("SELECT value FROM meta WHERE name = $1", &[name.into()])?;
    first(&rows, |row| Row::string(row, 0))
}

/// Sets the value with that name.
///
/// # Errors
/// What the database says.
pub fn set(sql: &mut dyn Sql, name: &str, value: &str) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[name.into(), value.into()],
    )?;
    Ok(())
}

/// Removes a value, where it is still this one.
///
/// # Errors
/// What the database says.
pub fn remove(sql: &mut dyn Sql, name: &str, value: &str) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM meta WHERE name = $1 AND value = $2", &[name.into(), value.into()])?;
    Ok(())
}

/// The value with that name, which is `value` from now on where there was none. Of several who call this at the same
/// moment all get the same answer.
///
/// # Errors
/// What the database says.
pub fn get_or_set(sql: &mut dyn Sql, name: &str, value: &str) -> Result<String, RecordsError> {
    sql.execute(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        &[name.into(), value.into()],
    )?;
    get(sql, name)?.ok_or_else(|| RecordsError::Unreadable("a name just set has no value".to_owned()))
}
