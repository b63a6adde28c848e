//! Card purses that were made together.

use ledger::Timestamp;
use money::Currency;
use wallet::ids::{IssueBatchId, PrincipalId};

use crate::sql::{each, first};
use crate::{RecordsError, Row, Sql};

/// One batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueBatch {
    /// Its id.
    pub id: IssueBatchId,
    /// The currency that its cards count.
    pub currency: Currency,
    /// What the operator calls it.
    pub label: String,
    /// The number of its first card; the others follow.
    pub first_number: u32,
    /// How many cards.
    pub cards: u32,
    /// Version of the keys that are on them.
    pub key_version: u8,
    /// The first day on which they are good, in days since 1970-01-01.
    pub valid_from: u32,
    /// The last day.
    pub valid_until: u32,
    /// Who ordered it.
    pub made_by: PrincipalId,
    /// When.
    pub made_at: Timestamp,
}

/// The unique value of [`insert`] that another batch may have taken meanwhile.
pub const NUMBER_TAKEN: &str = "issue_batches_first_number_key";

/// The most batches that are listed.
const LIST_MAX: u32 = 500;

const COLUMNS: &str =
    "id, currency, label, first_number, cards, key_version, valid_from, valid_until, made_by, made_at";

/// Records a batch.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`NUMBER_TAKEN`], or what the database says.
pub fn insert(sql: &mut dyn Sql, batch: &IssueBatch) -> Result<(), RecordsError> {
    sql.execute(
        &format!("INSERT INTO issue_batches ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
        &[
            batch.id.into(),
            batch.currency.into(),
            batch.label.as_str().into(),
            batch.first_number.into(),
            batch.cards.into(),
            u32::from(batch.key_version).into(),
            batch.valid_from.into(),
            batch.valid_until.into(),
            batch.made_by.into(),
            batch.made_at.into(),
        ],
    )?;
    Ok(())
}

/// The batch with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: IssueBatchId) -> Result<Option<IssueBatch>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM issue_batches WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// Every batch, newest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql) -> Result<Vec<IssueBatch>, RecordsError> {
    let query = format!("SELECT {COLUMNS} FROM issue_batches ORDER BY first_number DESC LIMIT $1");
    each(&sql.query(&query, &[LIST_MAX.into()])?, read)
}

/// The number of the next card.
///
/// # Errors
/// What the database says.
pub fn next_number(sql: &mut dyn Sql) -> Result<u32, RecordsError> {
    let rows = sql.query("SELECT COALESCE(MAX(first_number + cards), 1) FROM issue_batches", &[])?;
    Ok(first(&rows, |row| row.number(0))?.unwrap_or(1))
}

fn read(row: &Row) -> Result<IssueBatch, RecordsError> {
    Ok(IssueBatch {
        id: row.id(0)?,
        currency: row.currency(1)?,
        label: row.string(2)?,
        first_number: row.number(3)?,
        cards: row.number(4)?,
        key_version: row.number(5)?,
        valid_from: row.number(6)?,
        valid_until: row.number(7)?,
        made_by: row.id(8)?,
        made_at: row.timestamp(9)?,
    })
}
