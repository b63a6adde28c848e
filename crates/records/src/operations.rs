//! Durable operations: every movement of value, from intent to outcome.
//!
//! A row describes; whether value moved, the ledger says.

mod history;
mod totals;

use std::fmt;

use ledger::Timestamp;
use money::{Amount, Currency};
use wallet::ids::{BankId, CardId, HolderId, MerchantId, OperationId, PrincipalId};

pub(crate) use history::contains;
pub use history::{Cursor, Filter, PAGE_MAX, Page, history};
pub use totals::{Held, KindCount, Volume, VolumeQuery, counts, held, merchant_volumes, refunded, volumes};

use crate::sql::{codes, each, first, minor};
use crate::{Id, RecordsError, Row, Sql, Value};

codes! {
    /// What an operation does.
    pub enum OperationKind {
        /// Bank to wallet.
        TopUp = "top_up",
        /// Wallet to bank.
        Withdrawal = "withdrawal",
        /// Wallet to wallet.
        Transfer = "transfer",
        /// Wallet to merchant.
        Payment = "payment",
        /// Merchant to wallet, for a payment.
        Refund = "refund",
        /// Wallet to the escrow of an order.
        EscrowPayment = "escrow_payment",
        /// Escrow to merchant.
        EscrowRelease = "escrow_release",
        /// Escrow to the wallet that paid.
        EscrowRefund = "escrow_refund",
        /// Merchant to a voucher that it sells.
        VoucherSale = "voucher_sale",
        /// Voucher to the wallet of who redeems it.
        VoucherRedemption = "voucher_redemption",
        /// Voucher back to the merchant that sold it.
        VoucherReturn = "voucher_return",
        /// Wallet to a card purse.
        CardLoad = "card_load",
        /// Card purse to the wallet of its holder.
        CardUnload = "card_unload",
        /// The rest of a lost card purse to its holder's wallet.
        CardRest = "card_rest",
        /// Card purses to a merchant: what was cleared of its terminals' batches.
        CardTakings = "card_takings",
        /// Merchant back to card purses: debits that were cancelled, or turned out not to have been.
        CardReturns = "card_returns",
        /// Wallet to the operator, who had paid the seller: the part of a split sale that the card did not hold.
        CardDue = "card_due",
        /// Wallet to the part of a card purse that pays other cards.
        TransferPurseLoad = "transfer_purse_load",
        /// The part of a card purse that pays other cards to the wallet of its holder.
        TransferPurseUnload = "transfer_purse_unload",
        /// Between a party and the operator's suspense account, by hand, approved by two people. The side without a party
        /// is the suspense account.
        Adjustment = "adjustment",
    }
}

codes! {
    /// How far an operation came.
    pub enum OperationState {
        /// Recorded; what the ledger and the bank did is still to be found out.
        Started = "started",
        /// Value moved.
        Completed = "completed",
        /// Refused, for ever: no value moved.
        Declined = "declined",
        /// Undone after an unknown outcome: no value moved.
        Reversed = "reversed",
        /// The bank has not said what it did. Value is held until it does.
        Unknown = "unknown",
        /// Reserved until a person has decided whether it may happen.
        Held = "held",
    }
}

impl OperationState {
    /// Whether the operation has still to be resumed.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Unknown)
    }
}

/// One side of an operation: a holder, a merchant or a bank.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyId(u128);

impl PartyId {
    /// The bits of the id of the holder, merchant or bank.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// The holder with this id, where the party is one.
    #[must_use]
    pub const fn holder(self) -> HolderId {
        HolderId::new(self.0)
    }

    /// The merchant with this id, where the party is one.
    #[must_use]
    pub const fn merchant(self) -> MerchantId {
        MerchantId::new(self.0)
    }

    /// The bank with this id, where the party is one.
    #[must_use]
    pub const fn bank(self) -> BankId {
        BankId::new(self.0)
    }
}

impl fmt::Debug for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartyId({:032x})", self.0)
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

macro_rules! party_from {
    ($($id:ident)*) => {$(
        impl From<$id> for PartyId {
            fn from(id: $id) -> Self {
                Self(id.bits())
            }
        }
    )*};
}

party_from! { HolderId MerchantId BankId PrincipalId }

impl From<PartyId> for Value {
    fn from(party: PartyId) -> Self {
        Self::from(party.0)
    }
}

impl Id for PartyId {
    fn from_stored(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

/// What is asked for. It is written before anything moves, and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOperation {
    /// Derived from who asks and their idempotency key.
    pub id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// Whose value it takes.
    pub payer: Option<PartyId>,
    /// Who gets the value.
    pub payee: Option<PartyId>,
    /// The merchant of a payment or refund.
    pub merchant: Option<MerchantId>,
    /// The bank card of a top-up or withdrawal.
    pub card: Option<CardId>,
    /// What came before: the payment that a refund is for, the sale of a voucher that ends.
    pub parent: Option<OperationId>,
    /// How much.
    pub amount: Amount,
    /// The words of whoever asked; may be empty.
    pub memo: String,
    /// Stands for the body of the request: the same id with another one is another request.
    pub fingerprint: u128,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its place in history: later operations have greater numbers.
    pub seq: i64,
    /// Derived from who asked and their idempotency key.
    pub id: OperationId,
    /// What it does.
    pub kind: OperationKind,
    /// How far it came.
    pub state: OperationState,
    /// Why it was declined or reversed, as a code.
    pub reason: Option<String>,
    /// Whose value it takes.
    pub payer: Option<PartyId>,
    /// Who gets the value.
    pub payee: Option<PartyId>,
    /// The merchant of a payment or refund.
    pub merchant: Option<MerchantId>,
    /// The bank card of a top-up or withdrawal.
    pub card: Option<CardId>,
    /// What came before: the payment that a refund is for, the sale of a voucher that ends.
    pub parent: Option<OperationId>,
    /// How much.
    pub amount: Amount,
    /// The words of whoever asked; may be empty.
    pub memo: String,
    /// Stands for the body of the request.
    pub fingerprint: u128,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

/// What [`insert`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The id was new; the operation is started.
    New,
    /// The id was known: this is what it stands for. Compare the fingerprint.
    Existing(Box<Operation>),
}

impl Operation {
    /// The payment that a refund is of.
    #[must_use]
    pub const fn refunded_payment(&self) -> Option<OperationId> {
        match self.kind {
            OperationKind::Refund | OperationKind::EscrowRefund => self.parent,
            _ => None,
        }
    }
}

/// The columns that [`read`] reads, in its order.
const COLUMNS: &str = "seq, id, kind, state, reason, payer_id, payee_id, merchant_id, card_id, parent_id, currency, \
                       amount, memo, fingerprint, created_at, updated_at";

/// Records the intent, in state [`OperationState::Started`], unless the id is known.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, new: &NewOperation) -> Result<Inserted, RecordsError> {
    if insert_in_state(sql, new, OperationState::Started, None)? {
        return Ok(Inserted::New);
    }
    let existing = get(sql, new.id)?
        .ok_or_else(|| RecordsError::Unreadable(format!("operation {} is neither new nor there", new.id)))?;
    Ok(Inserted::Existing(Box::new(existing)))
}

/// Records an operation whose outcome is known already, as when records are rebuilt from the ledger. Says whether its
/// id was new; where it was not, nothing changes.
///
/// # Errors
/// What the database says.
pub fn insert_in_state(
    sql: &mut dyn Sql,
    new: &NewOperation,
    state: OperationState,
    reason: Option<&str>,
) -> Result<bool, RecordsError> {
    let inserted = sql.execute(
        "INSERT INTO operations (id, kind, state, reason, payer_id, payee_id, merchant_id, card_id, parent_id, currency, \
         amount, memo, fingerprint, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
        &[
            new.id.into(),
            new.kind.into(),
            state.into(),
            reason.into(),
            new.payer.into(),
            new.payee.into(),
            new.merchant.into(),
            new.card.into(),
            new.parent.into(),
            new.amount.currency().into(),
            minor(new.amount),
            new.memo.as_str().into(),
            new.fingerprint.into(),
            new.created_at.into(),
            new.created_at.into(),
        ],
    )?;
    Ok(inserted == 1)
}

/// Moves an open operation to `state`. Says whether it was open: a closed one stays as it is.
///
/// # Errors
/// What the database says.
pub fn finish(
    sql: &mut dyn Sql,
    id: OperationId,
    state: OperationState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE operations SET state = $1, reason = $2, updated_at = $3 \
         WHERE id = $4 AND state IN ('started', 'unknown')",
        &[state.into(), reason.into(), now.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Gives an operation the memo that it lost when records were rebuilt from the ledger: the fingerprint says that the
/// memo belongs to it. Says whether it did.
///
/// # Errors
/// What the database says.
pub fn fill_memo(sql: &mut dyn Sql, new: &NewOperation) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE operations SET memo = $1 WHERE id = $2 AND fingerprint = $3 AND memo = ''",
        &[new.memo.as_str().into(), new.id.into(), new.fingerprint.into()],
    )?;
    Ok(changed == 1)
}

/// The operation with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: OperationId) -> Result<Option<Operation>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM operations WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// Replaces what an open operation stands for, keeping its place in history: its row was written after the records had
/// lost the operation that has the id. Says whether it was open.
///
/// # Errors
/// What the database says.
pub fn replace_open(
    sql: &mut dyn Sql,
    new: &NewOperation,
    state: OperationState,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE operations SET kind = $1, state = $2, payer_id = $3, payee_id = $4, merchant_id = $5, card_id = $6, \
         parent_id = $7, currency = $8, amount = $9, memo = $10, fingerprint = $11, created_at = $12, updated_at = $13 \
         WHERE id = $14 AND state IN ('started', 'unknown')",
        &[
            new.kind.into(),
            state.into(),
            new.payer.into(),
            new.payee.into(),
            new.merchant.into(),
            new.card.into(),
            new.parent.into(),
            new.amount.currency().into(),
            minor(new.amount),
            new.memo.as_str().into(),
            new.fingerprint.into(),
            new.created_at.into(),
            new.created_at.into(),
            new.id.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Whether there is an operation with that id.
///
/// # Errors
/// What the database says.
pub fn is_known(sql: &mut dyn Sql, id: OperationId) -> Result<bool, RecordsError> {
    let rows = sql.query("SELECT CAST(1 AS BIGINT) FROM operations WHERE id = $1", &[id.into()])?;
    Ok(!rows.is_empty())
}

/// When the newest operation was asked for.
///
/// # Errors
/// What the database says.
pub fn newest(sql: &mut dyn Sql) -> Result<Option<Timestamp>, RecordsError> {
    let rows = sql.query("SELECT MAX(created_at) FROM operations", &[])?;
    rows.first().map_or(Ok(None), |row| row.optional_timestamp(0))
}

/// Operations still to be resumed, oldest first, after `seq`, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn open_after(sql: &mut dyn Sql, seq: i64, limit: u32) -> Result<Vec<Operation>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM operations WHERE state IN ('started', 'unknown') AND seq > $1 ORDER BY seq LIMIT $2"
        ),
        &[seq.into(), limit.into()],
    )?;
    each(&rows, read)
}

/// How many operations are still to be resumed.
///
/// # Errors
/// What the database says.
pub fn count_open(sql: &mut dyn Sql) -> Result<u64, RecordsError> {
    let rows = sql.query("SELECT COUNT(*) FROM operations WHERE state IN ('started', 'unknown')", &[])?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// The refunds of a payment, oldest first, whatever their state.
///
/// # Errors
/// What the database says.
pub fn refunds_of(sql: &mut dyn Sql, payment: OperationId) -> Result<Vec<Operation>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM operations WHERE parent_id = $1 AND kind IN ('refund', 'escrow_refund') \
             ORDER BY seq"
        ),
        &[payment.into()],
    )?;
    each(&rows, read)
}

/// The columns that [`read`] reads, for queries of several tables.
pub(crate) fn qualified_columns() -> String {
    COLUMNS.split(", ").map(|column| format!("operations.{column}")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn read(row: &Row) -> Result<Operation, RecordsError> {
    let currency: Currency = row.currency(10)?;
    Ok(Operation {
        seq: row.int(0)?,
        id: row.id(1)?,
        kind: row.code(2)?,
        state: row.code(3)?,
        reason: row.optional(4, Row::string)?,
        payer: row.optional_id(5)?,
        payee: row.optional_id(6)?,
        merchant: row.optional_id(7)?,
        card: row.optional_id(8)?,
        parent: row.optional_id(9)?,
        amount: row.amount(11, currency)?,
        memo: row.string(12)?,
        fingerprint: row.bits(13)?,
        created_at: row.timestamp(14)?,
        updated_at: row.timestamp(15)?,
    })
}
