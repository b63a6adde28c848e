//! Merchants: the directory of who can be paid.

use ledger::Timestamp;
use wallet::ids::MerchantId;

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql};

/// The constraint that a second merchant with the same code breaks.
pub const CODE_TAKEN: &str = "merchants_code_key";

codes! {
    /// Whether a merchant may be paid.
    pub enum MerchantStatus {
        /// Can be paid.
        Active = "active",
        /// Cannot be paid for now; refunds still work.
        Suspended = "suspended",
        /// Gone for good; its history stays.
        Closed = "closed",
    }
}

/// One merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Its id.
    pub id: MerchantId,
    /// Its unique short code, as in links: `willow-tea`.
    pub code: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// What it sells, as a code of the directory: `tea`, `bakery`.
    pub category: String,
    /// Whether it may be paid.
    pub status: MerchantStatus,
    /// When it was admitted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "id, code, name_zh, name_en, category, status, created_at, updated_at";

/// Admits a merchant.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`CODE_TAKEN`], or what the database says.
pub fn insert(sql: &mut dyn Sql, merchant: &Merchant) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO merchants (id, code, name_zh, name_en, category, status, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            merchant.id.into(),
            merchant.code.as_str().into(),
            merchant.name_zh.as_str().into(),
            merchant.name_en.as_str().into(),
            merchant.category.as_str().into(),
            merchant.status.into(),
            merchant.created_at.into(),
            merchant.updated_at.into(),
        ],
    )?;
    Ok(())
}

/// The merchant with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: MerchantId) -> Result<Option<Merchant>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM merchants WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The merchant with that code.
///
/// # Errors
/// What the database says.
pub fn find_by_code(sql: &mut dyn Sql, code: &str) -> Result<Option<Merchant>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM merchants WHERE code = $1"), &[code.into()])?;
    first(&rows, read)
}

/// Merchants by code, after the code `after`, at most `limit`, whatever their status.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, after: &str, limit: u32) -> Result<Vec<Merchant>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM merchants WHERE code > $1 ORDER BY code LIMIT $2"),
        &[after.into(), limit.into()],
    )?;
    each(&rows, read)
}

/// How many merchants there are.
///
/// # Errors
/// What the database says.
pub fn count(sql: &mut dyn Sql) -> Result<u64, RecordsError> {
    let rows = sql.query("SELECT COUNT(*) FROM merchants", &[])?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Changes the names and the category. Says whether the merchant exists.
///
/// # Errors
/// What the database says.
pub fn update(
    sql: &mut dyn Sql,
    id: MerchantId,
    (name_zh, name_en): (&str, &str),
    category: &str,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE merchants SET name_zh = $1, name_en = $2, category = $3, updated_at = $4 WHERE id = $5",
        &[name_zh.into(), name_en.into(), category.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Changes whether the merchant may be paid. Says whether it exists; a closed one stays closed.
///
/// # Errors
/// What the database says.
pub fn set_status(
    sql: &mut dyn Sql,
    id: MerchantId,
    status: MerchantStatus,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE merchants SET status = $1, updated_at = $2 WHERE id = $3 AND status <> 'closed'",
        &[status.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<Merchant, RecordsError> {
    Ok(Merchant {
        id: row.id(0)?,
        code: row.string(1)?,
        name_zh: row.string(2)?,
        name_en: row.string(3)?,
        category: row.string(4)?,
        status: row.code(5)?,
        created_at: row.timestamp(6)?,
        updated_at: row.timestamp(7)?,
    })
}
