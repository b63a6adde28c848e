//! Codes that holders show to be charged by, and the charges that wait for the payer's confirmation.

use ledger::Timestamp;
use money::{Amount, Currency};
use wallet::ids::{HolderId, MerchantId, OperationId};

use crate::sql::{each, first, minor};
use crate::{RecordsError, Row, Sql};

/// One code. Whether it was used, the ledger says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerCode {
    /// The hash of its digits.
    pub token_hash: [u8; 32],
    /// Who shows it.
    pub holder: HolderId,
    /// The most that may be charged by it, and its currency.
    pub most: Amount,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no longer.
    pub expires_at: Timestamp,
}

/// A charge that the payer has yet to confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerCharge {
    /// The payment to be.
    pub id: OperationId,
    /// Who would pay.
    pub holder: HolderId,
    /// Who would be paid.
    pub merchant: MerchantId,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub memo: String,
    /// When the merchant asked.
    pub created_at: Timestamp,
    /// From when on it can no longer be confirmed.
    pub expires_at: Timestamp,
    /// When the payer said no.
    pub rejected_at: Option<Timestamp>,
}

/// Adds a code, and forgets those that expired before `forgotten_before`.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, code: &PayerCode, forgotten_before: Timestamp) -> Result<(), RecordsError> {
    sql.execute("DELETE FROM payer_codes WHERE expires_at < $1", &[forgotten_before.into()])?;
    sql.execute("DELETE FROM payer_charges WHERE expires_at < $1", &[forgotten_before.into()])?;
    sql.execute(
        "INSERT INTO payer_codes (token_hash, holder_id, currency, most, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            code.token_hash.into(),
            code.holder.into(),
            code.most.currency().into(),
            minor(code.most),
            code.created_at.into(),
            code.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// The code whose digits have this hash.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, token_hash: &[u8; 32]) -> Result<Option<PayerCode>, RecordsError> {
    let rows = sql.query(
        "SELECT token_hash, holder_id, currency, most, created_at, expires_at FROM payer_codes WHERE token_hash = $1",
        &[(*token_hash).into()],
    )?;
    first(&rows, read_code)
}

/// The codes of a holder that were made since `since`, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn made_since(
    sql: &mut dyn Sql,
    holder: HolderId,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<PayerCode>, RecordsError> {
    let rows = sql.query(
        "SELECT token_hash, holder_id, currency, most, created_at, expires_at FROM payer_codes \
         WHERE holder_id = $1 AND created_at >= $2 ORDER BY created_at DESC LIMIT $3",
        &[holder.into(), since.into(), limit.into()],
    )?;
    each(&rows, read_code)
}

/// Makes a charge wait, unless one does under its id already: that one is the answer.
///
/// # Errors
/// What the database says.
pub fn ask(sql: &mut dyn Sql, charge: &PayerCharge) -> Result<PayerCharge, RecordsError> {
    sql.execute(
        "INSERT INTO payer_charges (id, holder_id, merchant_id, currency, amount, memo, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        &[
            charge.id.into(),
            charge.holder.into(),
            charge.merchant.into(),
            charge.amount.currency().into(),
            minor(charge.amount),
            charge.memo.as_str().into(),
            charge.created_at.into(),
            charge.expires_at.into(),
        ],
    )?;
    charge_with_id(sql, charge.id)?
        .ok_or_else(|| RecordsError::Unreadable("a charge just asked for is missing".to_owned()))
}

/// The charge that is to become this payment.
///
/// # Errors
/// What the database says.
pub fn charge_with_id(sql: &mut dyn Sql, id: OperationId) -> Result<Option<PayerCharge>, RecordsError> {
    let rows = sql.query(&format!("{CHARGES} WHERE id = $1"), &[id.into()])?;
    first(&rows, read_charge)
}

/// The charges that this holder could still confirm at `now` or has confirmed, newest first.
///
/// # Errors
/// What the database says.
pub fn charges_of(
    sql: &mut dyn Sql,
    holder: HolderId,
    now: Timestamp,
) -> Result<Vec<PayerCharge>, RecordsError> {
    let rows = sql.query(
        &format!(
            "{CHARGES} WHERE holder_id = $1 AND expires_at > $2 AND rejected_at IS NULL ORDER BY created_at DESC"
        ),
        &[holder.into(), now.into()],
    )?;
    each(&rows, read_charge)
}

/// Notes that the payer said no. Says whether there was a charge to say no to.
///
/// # Errors
/// What the database says.
pub fn reject(
    sql: &mut dyn Sql,
    holder: HolderId,
    id: OperationId,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE payer_charges SET rejected_at = $1 WHERE id = $2 AND holder_id = $3 AND rejected_at IS NULL",
        &[now.into(), id.into(), holder.into()],
    )?;
    Ok(changed == 1)
}

const CHARGES: &str = "SELECT id, holder_id, merchant_id, currency, amount, memo, created_at, expires_at, rejected_at \
                       FROM payer_charges";

fn read_code(row: &Row) -> Result<PayerCode, RecordsError> {
    let currency: Currency = row.currency(2)?;
    Ok(PayerCode {
        token_hash: row.hash(0)?,
        holder: row.id(1)?,
        most: row.amount(3, currency)?,
        created_at: row.timestamp(4)?,
        expires_at: row.timestamp(5)?,
    })
}

fn read_charge(row: &Row) -> Result<PayerCharge, RecordsError> {
    Ok(PayerCharge {
        id: row.id(0)?,
        holder: row.id(1)?,
        merchant: row.id(2)?,
        amount: row.amount(4, row.currency(3)?)?,
        memo: row.string(5)?,
        created_at: row.timestamp(6)?,
        expires_at: row.timestamp(7)?,
        rejected_at: row.optional_timestamp(8)?,
    })
}
