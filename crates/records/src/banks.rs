//! Banks behind the bank connector.

use ledger::Timestamp;
use wallet::ids::BankId;

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql};

/// One bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bank {
    /// Its id.
    pub id: BankId,
    /// Its unique short code, such as `qlcb`.
    pub code: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// When it was added.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, code, name_zh, name_en, created_at";

/// Adds a bank, or changes the names of the one with that id.
///
/// # Errors
/// [`RecordsError::Conflict`] where another bank has that code, or what the database says.
pub fn put(sql: &mut dyn Sql, bank: &Bank) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO banks (id, code, name_zh, name_en, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET code = excluded.code, name_zh = excluded.name_zh, name_en = excluded.name_en",
        &[
            bank.id.into(),
            bank.code.as_str().into(),
            bank.name_zh.as_str().into(),
            bank.name_en.as_str().into(),
            bank.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The bank with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: BankId) -> Result<Option<Bank>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM banks WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// All banks, by code.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql) -> Result<Vec<Bank>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM banks ORDER BY code"), &[])?;
    each(&rows, read)
}

fn read(row: &Row) -> Result<Bank, RecordsError> {
    Ok(Bank {
        id: row.id(0)?,
        code: row.string(1)?,
        name_zh: row.string(2)?,
        name_en: row.string(3)?,
        created_at: row.timestamp(4)?,
    })
}
