//! What a till needs: items, shifts, and what each member of staff may do.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{ItemId, MerchantId, PrincipalId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// What a member of staff may do for a merchant.
    pub enum StaffRole {
        /// Sell, and undo the last sale.
        Cashier = "cashier",
        /// Also refund, close shifts, answer disputes and change items.
        Manager = "manager",
        /// Also hire, and connect programs.
        Owner = "owner",
    }
}

/// Something a merchant sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its name in Chinese.
    pub name_zh: String,
    /// Its name in English.
    pub name_en: String,
    /// Its group; may be empty.
    pub category: String,
    /// The price of one.
    pub price: Amount,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Adds an item.
///
/// # Errors
/// What the database says.
pub fn insert_item(sql: &mut dyn Sql, item: &Item) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO items (id, merchant_id, name_zh, name_en, category, currency, price, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        &[
            item.id.into(),
            item.merchant.into(),
            item.name_zh.as_str().into(),
            item.name_en.as_str().into(),
            item.category.as_str().into(),
            item.price.currency().into(),
            minor(item.price),
            item.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The items of a merchant, by group and age.
///
/// # Errors
/// What the database says.
pub fn items(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Vec<Item>, RecordsError> {
    let rows = sql.query(
        "SELECT id, merchant_id, name_zh, name_en, category, currency, price, created_at FROM items \
         WHERE merchant_id = $1 AND removed_at IS NULL ORDER BY category, created_at, id",
        &[merchant.into()],
    )?;
    each(&rows, |row| {
        let currency = row.currency(5)?;
        Ok(Item {
            id: row.id(0)?,
            merchant: row.id(1)?,
            name_zh: row.string(2)?,
            name_en: row.string(3)?,
            category: row.string(4)?,
            price: row.amount(6, currency)?,
            created_at: row.timestamp(7)?,
        })
    })
}

/// Removes an item of that merchant. Says whether there was one.
///
/// # Errors
/// What the database says.
pub fn remove_item(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    id: ItemId,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE items SET removed_at = $1 WHERE id = $2 AND merchant_id = $3 AND removed_at IS NULL",
        &[now.into(), id.into(), merchant.into()],
    )?;
    Ok(changed == 1)
}

/// A span of work at the till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Its number, from 1.
    pub number: u64,
    /// Who opened it.
    pub opened_by: PrincipalId,
    /// When.
    pub opened_at: Timestamp,
    /// When its Z report closed it.
    pub closed_at: Option<Timestamp>,
}

const SHIFT: &str = "number, opened_by, opened_at, closed_at";

/// The newest shift of a merchant.
///
/// # Errors
/// What the database says.
pub fn newest_shift(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Option<Shift>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {SHIFT} FROM shifts WHERE merchant_id = $1 ORDER BY number DESC LIMIT 1"),
        &[merchant.into()],
    )?;
    first(&rows, read_shift)
}

/// The closed shifts of a merchant, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn closed_shifts(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    limit: u32,
) -> Result<Vec<Shift>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {SHIFT} FROM shifts WHERE merchant_id = $1 AND closed_at IS NOT NULL ORDER BY number DESC LIMIT $2"
        ),
        &[merchant.into(), limit.into()],
    )?;
    each(&rows, read_shift)
}

/// Opens a shift, unless one with that number is known.
///
/// # Errors
/// What the database says.
pub fn open_shift(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    number: u64,
    (by, at): (PrincipalId, Timestamp),
) -> Result<(), RecordsError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    sql.execute(
        "INSERT INTO shifts (merchant_id, number, opened_by, opened_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        &[merchant.into(), number.into(), by.into(), at.into()],
    )?;
    Ok(())
}

/// Closes a shift. Says whether it was open.
///
/// # Errors
/// What the database says.
pub fn close_shift(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    number: u64,
    (by, at): (PrincipalId, Timestamp),
) -> Result<bool, RecordsError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let changed = sql.execute(
        "UPDATE shifts SET closed_by = $1, closed_at = $2 WHERE merchant_id = $3 AND number = $4 AND closed_at IS NULL",
        &[by.into(), at.into(), merchant.into(), number.into()],
    )?;
    Ok(changed == 1)
}

fn read_shift(row: &Row) -> Result<Shift, RecordsError> {
    Ok(Shift {
        number: row.count(0)?,
        opened_by: row.id(1)?,
        opened_at: row.timestamp(2)?,
        closed_at: row.optional_timestamp(3)?,
    })
}

/// What a member of staff may do, and their PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct StaffEntry {
    /// What they may do.
    pub role: StaffRole,
    /// The Argon2id hash of the PIN, where they have one.
    pub pin_hash: Option<String>,
    /// How often the PIN was wrong since it was right.
    pub pin_failures: u32,
}

impl std::fmt::Debug for StaffEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffEntry").field("role", &self.role).finish_non_exhaustive()
    }
}

/// What a member of staff may do. Whoever has no entry is an owner.
///
/// # Errors
/// What the database says.
pub fn staff_entry(sql: &mut dyn Sql, principal: PrincipalId) -> Result<StaffEntry, RecordsError> {
    let rows = sql.query(
        "SELECT role, pin_hash, pin_failures FROM staff_roles WHERE principal_id = $1",
        &[principal.into()],
    )?;
    let found = first(&rows, |row| {
        Ok(StaffEntry {
            role: row.code(0)?,
            pin_hash: row.optional(1, Row::string)?,
            pin_failures: row.number(2)?,
        })
    })?;
    Ok(found.unwrap_or(StaffEntry { role: StaffRole::Owner, pin_hash: None, pin_failures: 0 }))
}

/// Changes what a member of staff may do.
///
/// # Errors
/// What the database says.
pub fn put_staff_entry(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    entry: &StaffEntry,
) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO staff_roles (principal_id, role, pin_hash, pin_failures) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (principal_id) DO UPDATE SET role = $5, pin_hash = $6, pin_failures = $7",
        &[
            principal.into(),
            entry.role.into(),
            entry.pin_hash.as_deref().into(),
            entry.pin_failures.into(),
            entry.role.into(),
            entry.pin_hash.as_deref().into(),
            entry.pin_failures.into(),
        ],
    )?;
    Ok(())
}
