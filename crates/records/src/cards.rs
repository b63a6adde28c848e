//! Bank cards bound to a holder. Deleting one hides it; its transactions keep it.

use ledger::Timestamp;
use wallet::ids::{BankId, CardId, HolderId};

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql};

/// The constraint that binding the same card twice breaks.
pub const ALREADY_BOUND: &str = "cards_holder_id_token_key";

codes! {
    /// The scheme of a card.
    pub enum CardBrand {
        /// American Express.
        AmericanExpress = "amex",
        /// JCB.
        Jcb = "jcb",
        /// Mastercard.
        Mastercard = "mastercard",
        /// Any other, such as a bank's own.
        Other = "other",
        /// UnionPay.
        UnionPay = "unionpay",
        /// Visa.
        Visa = "visa",
    }
}

codes! {
    /// What the bank says about a card.
    pub enum CardState {
        /// Can be used.
        Active = "active",
        /// Reported as stolen or abused.
        Blacklisted = "blacklisted",
        /// Past its last month.
        Expired = "expired",
        /// Stopped for now.
        Frozen = "frozen",
        /// Withdrawn by the bank.
        Revoked = "revoked",
    }
}

/// The last month in which a card can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpiryMonth {
    /// The year, four digits.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
}

/// One card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// Who bound it.
    pub holder: HolderId,
    /// The bank that issued it.
    pub bank: BankId,
    /// The bank's word for the card.
    pub token: String,
    /// Its scheme.
    pub brand: CardBrand,
    /// Its number with all but the last four digits hidden.
    pub masked_number: String,
    /// What the holder calls it; may be empty.
    pub label: String,
    /// The last month in which it can be used.
    pub expiry: ExpiryMonth,
    /// What the bank says about it.
    pub state: CardState,
    /// When it was bound.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the holder deleted it.
    pub deleted_at: Option<Timestamp>,
    /// Since when the holder has frozen it.
    pub frozen_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, holder_id, bank_id, token, brand, masked_number, label, expiry_year, expiry_month, state, \
                       created_at, updated_at, deleted_at, frozen_at";

/// Binds a card.
///
/// # Errors
/// [`RecordsError::Conflict`] with [`ALREADY_BOUND`], or what the database says.
pub fn insert(sql: &mut dyn Sql, card: &Card) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO cards (id, holder_id, bank_id, token, brand, masked_number, label, expiry_year, expiry_month, \
         state, created_at, updated_at, deleted_at, frozen_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        &[
            card.id.into(),
            card.holder.into(),
            card.bank.into(),
            card.token.as_str().into(),
            card.brand.into(),
            card.masked_number.as_str().into(),
            card.label.as_str().into(),
            u32::from(card.expiry.year).into(),
            u32::from(card.expiry.month).into(),
            card.state.into(),
            card.created_at.into(),
            card.updated_at.into(),
            card.deleted_at.into(),
            card.frozen_at.into(),
        ],
    )?;
    Ok(())
}

/// The card with that id, deleted or not.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: CardId) -> Result<Option<Card>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM cards WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The cards of a holder that are not deleted, oldest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<Card>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM cards WHERE holder_id = $1 AND deleted_at IS NULL ORDER BY created_at, id"
        ),
        &[holder.into()],
    )?;
    each(&rows, read)
}

/// The card that the holder bound under that token and did not delete.
///
/// # Errors
/// What the database says.
pub fn find_by_token(sql: &mut dyn Sql, holder: HolderId, token: &str) -> Result<Option<Card>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM cards WHERE holder_id = $1 AND token = $2 AND deleted_at IS NULL"),
        &[holder.into(), token.into()],
    )?;
    first(&rows, read)
}

/// Changes what the holder calls a card. Says whether the holder has it.
///
/// # Errors
/// What the database says.
pub fn set_label(
    sql: &mut dyn Sql,
    holder: HolderId,
    id: CardId,
    label: &str,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE cards SET label = $1, updated_at = $2 WHERE id = $3 AND holder_id = $4 AND deleted_at IS NULL",
        &[label.into(), now.into(), id.into(), holder.into()],
    )?;
    Ok(changed == 1)
}

/// Freezes a card for its holder, or ends that. Says whether the holder has it.
///
/// # Errors
/// What the database says.
pub fn set_frozen(
    sql: &mut dyn Sql,
    holder: HolderId,
    id: CardId,
    frozen_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE cards SET frozen_at = $1, updated_at = $2 WHERE id = $3 AND holder_id = $4 AND deleted_at IS NULL",
        &[frozen_at.into(), now.into(), id.into(), holder.into()],
    )?;
    Ok(changed == 1)
}

/// Freezes every card of a holder.
///
/// # Errors
/// What the database says.
pub fn freeze_all(sql: &mut dyn Sql, holder: HolderId, now: Timestamp) -> Result<u64, RecordsError> {
    sql.execute(
        "UPDATE cards SET frozen_at = $1, updated_at = $2 \
         WHERE holder_id = $3 AND deleted_at IS NULL AND frozen_at IS NULL",
        &[now.into(), now.into(), holder.into()],
    )
}

/// Notes what the bank says about a card. Says whether it exists.
///
/// # Errors
/// What the database says.
pub fn set_state(
    sql: &mut dyn Sql,
    id: CardId,
    state: CardState,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE cards SET state = $1, updated_at = $2 WHERE id = $3",
        &[state.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Deletes a card of that holder. Says whether the holder had it. Operations that name it stay.
///
/// # Errors
/// What the database says.
pub fn delete(sql: &mut dyn Sql, holder: HolderId, id: CardId, now: Timestamp) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE cards SET deleted_at = $1, updated_at = $2 WHERE id = $3 AND holder_id = $4 AND deleted_at IS NULL",
        &[now.into(), now.into(), id.into(), holder.into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<Card, RecordsError> {
    Ok(Card {
        id: row.id(0)?,
        holder: row.id(1)?,
        bank: row.id(2)?,
        token: row.string(3)?,
        brand: row.code(4)?,
        masked_number: row.string(5)?,
        label: row.string(6)?,
        expiry: ExpiryMonth { year: row.number(7)?, month: row.number(8)? },
        state: row.code(9)?,
        created_at: row.timestamp(10)?,
        updated_at: row.timestamp(11)?,
        deleted_at: row.optional_timestamp(12)?,
        frozen_at: row.optional_timestamp(13)?,
    })
}
