//! Vouchers: money that a merchant sold at its desk and that whoever has the code puts into a wallet, once.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{MerchantId, PrincipalId, VoucherId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// How far a voucher came.
    pub enum VoucherState {
        /// To be sold; the ledger has still to move the merchant's money.
        Offered = "offered",
        /// Sold; whoever has the code may redeem it.
        Sold = "sold",
        /// Never sold: the merchant had too little.
        Void = "void",
        /// In a wallet.
        Redeemed = "redeemed",
        /// Taken back by its merchant.
        Returned = "returned",
    }
}

/// One voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voucher {
    /// Its id.
    pub id: VoucherId,
    /// The hash of its code.
    pub code_hash: u128,
    /// Who sells it.
    pub merchant: MerchantId,
    /// Who stood at the desk.
    pub sold_by: PrincipalId,
    /// What it is worth.
    pub amount: Amount,
    /// The last four characters of its code.
    pub last_four: String,
    /// How far it came.
    pub state: VoucherState,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The most interrupted sales that are looked at together.
const OFFERED_MAX: u32 = 100;

const COLUMNS: &str = "id, code_hash, merchant_id, sold_by, currency, amount, last_four, state, created_at";

/// Records a voucher, unless it is there.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, voucher: &Voucher) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO vouchers (id, code_hash, merchant_id, sold_by, currency, amount, last_four, state, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        &[
            voucher.id.into(),
            voucher.code_hash.into(),
            voucher.merchant.into(),
            voucher.sold_by.into(),
            voucher.amount.currency().into(),
            minor(voucher.amount),
            voucher.last_four.as_str().into(),
            voucher.state.into(),
            voucher.created_at.into(),
            voucher.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The voucher with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: VoucherId) -> Result<Option<Voucher>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM vouchers WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The voucher whose code has that hash.
///
/// # Errors
/// What the database says.
pub fn with_code(sql: &mut dyn Sql, code_hash: u128) -> Result<Option<Voucher>, RecordsError> {
    let rows =
        sql.query(&format!("SELECT {COLUMNS} FROM vouchers WHERE code_hash = $1"), &[code_hash.into()])?;
    first(&rows, read)
}

/// The vouchers that a merchant sold, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn of_merchant(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    limit: u32,
) -> Result<Vec<Voucher>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM vouchers WHERE merchant_id = $1 AND state NOT IN ('offered', 'void') \
             ORDER BY created_at DESC, id LIMIT $2"
        ),
        &[merchant.into(), limit.into()],
    )?;
    each(&rows, read)
}

/// The vouchers of a merchant whose sale is not known to have come to its end.
///
/// # Errors
/// What the database says.
pub fn offered(sql: &mut dyn Sql, merchant: MerchantId) -> Result<Vec<Voucher>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM vouchers WHERE merchant_id = $1 AND state = 'offered' LIMIT $2"),
        &[merchant.into(), OFFERED_MAX.into()],
    )?;
    each(&rows, read)
}

/// Notes how far a voucher came: the ledger has decided.
///
/// # Errors
/// What the database says.
pub fn note(
    sql: &mut dyn Sql,
    id: VoucherId,
    state: VoucherState,
    now: Timestamp,
) -> Result<(), RecordsError> {
    // What has ended stays so, whenever the note of the sale arrives.
    sql.execute(
        "UPDATE vouchers SET state = $1, updated_at = $2 WHERE id = $3 AND state IN ('offered', 'sold')",
        &[state.into(), now.into(), id.into()],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<Voucher, RecordsError> {
    let currency = row.currency(4)?;
    Ok(Voucher {
        id: row.id(0)?,
        code_hash: row.bits(1)?,
        merchant: row.id(2)?,
        sold_by: row.id(3)?,
        amount: row.amount(5, currency)?,
        last_four: row.string(6)?,
        state: row.code(7)?,
        created_at: row.timestamp(8)?,
    })
}
