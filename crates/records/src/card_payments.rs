//! Payments straight from a bank card: a top-up of the missing amount, then the payment.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{CardId, HolderId, MerchantId, OperationId};

use crate::sql::{codes, each, first, minor};
use crate::{RecordsError, Row, Sql};

codes! {
    /// How far a payment from a card came.
    pub enum CardPaymentState {
        /// One of its two operations is still to end.
        Started = "started",
        /// The merchant has the money.
        Paid = "paid",
        /// The bank said no: nothing moved.
        CardDeclined = "card_declined",
        /// The money came into the wallet and stays there: the payment was declined, or came too late.
        ToppedUp = "topped_up",
    }
}

/// One payment from a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPayment {
    /// From which both operations are derived.
    pub id: OperationId,
    /// Who pays.
    pub holder: HolderId,
    /// Who is paid.
    pub merchant: MerchantId,
    /// From which card.
    pub card: CardId,
    /// How much.
    pub amount: Amount,
    /// What for; may be empty.
    pub memo: String,
    /// How far it came.
    pub state: CardPaymentState,
    /// When it was asked for.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, holder_id, merchant_id, card_id, currency, amount, memo, state, created_at";

/// Records the intent, unless the id is known. Answers what is recorded under the id.
///
/// # Errors
/// What the database says.
pub fn begin(sql: &mut dyn Sql, new: &CardPayment) -> Result<CardPayment, RecordsError> {
    sql.execute(
        "INSERT INTO card_payments (id, holder_id, merchant_id, card_id, currency, amount, memo, state, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        &[
            new.id.into(),
            new.holder.into(),
            new.merchant.into(),
            new.card.into(),
            new.amount.currency().into(),
            minor(new.amount),
            new.memo.as_str().into(),
            new.state.into(),
            new.created_at.into(),
            new.created_at.into(),
        ],
    )?;
    get(sql, new.id)?
        .ok_or_else(|| RecordsError::Unreadable(format!("card payment {} is neither new nor there", new.id)))
}

/// The payment with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: OperationId) -> Result<Option<CardPayment>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM card_payments WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// Payments still to be ended that were asked for before `before`, oldest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn open_before(
    sql: &mut dyn Sql,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<CardPayment>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM card_payments WHERE state = 'started' AND created_at < $1 \
             ORDER BY created_at, id LIMIT $2"
        ),
        &[before.into(), limit.into()],
    )?;
    each(&rows, read)
}

/// Ends a payment that is still open.
///
/// # Errors
/// What the database says.
pub fn end(
    sql: &mut dyn Sql,
    id: OperationId,
    state: CardPaymentState,
    now: Timestamp,
) -> Result<(), RecordsError> {
    sql.execute(
        "UPDATE card_payments SET state = $1, updated_at = $2 WHERE id = $3 AND state = 'started'",
        &[state.into(), now.into(), id.into()],
    )?;
    Ok(())
}

fn read(row: &Row) -> Result<CardPayment, RecordsError> {
    let currency = row.currency(4)?;
    Ok(CardPayment {
        id: row.id(0)?,
        holder: row.id(1)?,
        merchant: row.id(2)?,
        card: row.id(3)?,
        amount: row.amount(5, currency)?,
        memo: row.string(6)?,
        state: row.code(7)?,
        created_at: row.timestamp(8)?,
    })
}
