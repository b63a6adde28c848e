//! Wallets: a holder's money in one currency. The balance is the ledger's to tell.

use ledger::Timestamp;
use money::Currency;
use wallet::ids::HolderId;

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql};

codes! {
    /// Whether a wallet may be used.
    pub enum WalletStatus {
        /// In use.
        Open = "open",
        /// Receives, but does not spend.
        Frozen = "frozen",
        /// No longer in use.
        Closed = "closed",
    }
}

/// One wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Whose money.
    pub holder: HolderId,
    /// In which currency.
    pub currency: Currency,
    /// Whether it may be used.
    pub status: WalletStatus,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "holder_id, currency, status, created_at, updated_at";

/// Opens the holder's wallet in that currency. Says whether it is new: one that exists stays as it is.
///
/// # Errors
/// What the database says.
pub fn open(
    sql: &mut dyn Sql,
    holder: HolderId,
    currency: Currency,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let inserted = sql.execute(
        "INSERT INTO wallets (holder_id, currency, status, created_at, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
        &[holder.into(), currency.into(), WalletStatus::Open.into(), now.into(), now.into()],
    )?;
    Ok(inserted == 1)
}

/// The holder's wallet in that currency.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, holder: HolderId, currency: Currency) -> Result<Option<Wallet>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM wallets WHERE holder_id = $1 AND currency = $2"),
        &[holder.into(), currency.into()],
    )?;
    first(&rows, read)
}

/// The wallets of a holder, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<Wallet>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM wallets WHERE holder_id = $1 ORDER BY created_at, currency"),
        &[holder.into()],
    )?;
    each(&rows, read)
}

/// The currencies that wallets have, by code.
///
/// # Errors
/// What the database says.
pub fn currencies(sql: &mut dyn Sql) -> Result<Vec<Currency>, RecordsError> {
    let rows = sql.query("SELECT DISTINCT currency FROM wallets ORDER BY currency", &[])?;
    each(&rows, |row| row.currency(0))
}

/// All wallets in order of holder and currency, after that one, at most `limit`: for totals and rebuilding.
///
/// # Errors
/// What the database says.
pub fn list_after(
    sql: &mut dyn Sql,
    after: Option<(HolderId, Currency)>,
    limit: u32,
) -> Result<Vec<Wallet>, RecordsError> {
    let rows = match after {
        None => sql.query(
            &format!("SELECT {COLUMNS} FROM wallets ORDER BY holder_id, currency LIMIT $1"),
            &[limit.into()],
        )?,
        Some((holder, currency)) => sql.query(
            &format!(
                "SELECT {COLUMNS} FROM wallets WHERE (holder_id, currency) > ($1, $2) \
                 ORDER BY holder_id, currency LIMIT $3"
            ),
            &[holder.into(), currency.into(), limit.into()],
        )?,
    };
    each(&rows, read)
}

/// Changes whether the wallet may be used. Says whether it exists.
///
/// # Errors
/// What the database says.
pub fn set_status(
    sql: &mut dyn Sql,
    holder: HolderId,
    currency: Currency,
    status: WalletStatus,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE wallets SET status = $1, updated_at = $2 WHERE holder_id = $3 AND currency = $4",
        &[status.into(), now.into(), holder.into(), currency.into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<Wallet, RecordsError> {
    Ok(Wallet {
        holder: row.id(0)?,
        currency: row.currency(1)?,
        status: row.code(2)?,
        created_at: row.timestamp(3)?,
        updated_at: row.timestamp(4)?,
    })
}
