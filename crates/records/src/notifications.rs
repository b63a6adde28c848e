//! What principals are told.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::PrincipalId;

use crate::operations::PartyId;
use crate::sql::{codes, each, minor};
use crate::{RecordsError, Row, Sql, Value};

codes! {
    /// What a notification is about.
    pub enum NoticeKind {
        /// A bill came, to be paid until a day.
        BillDue = "bill_due",
        /// Somebody agreed to a post on the board, or settled it.
        BoardAnswer = "board_answer",
        /// The limits on spending were changed.
        LimitsChanged = "limits_changed",
        /// There is less in the wallet than the holder wants to have.
        LowBalance = "low_balance",
        /// Money came from another holder.
        MoneyReceived = "money_received",
        /// Somebody asks for money.
        MoneyRequested = "money_requested",
        /// A payment from a card came to its end later than the page could wait.
        PaymentEnded = "payment_ended",
        /// Money of a payment came back.
        RefundReceived = "refund_received",
        /// A request for money was declined.
        RequestDeclined = "request_declined",
        /// A request for money was paid.
        RequestPaid = "request_paid",
        /// Something about the safety of the account: a new device, a changed secret, a stop.
        Security = "security",
    }
}

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its place in the list: later ones have greater numbers.
    pub seq: i64,
    /// What it is about.
    pub kind: NoticeKind,
    /// The bits of the id of what it is about.
    pub subject: u128,
    /// Who did it: a holder or a merchant.
    pub actor: Option<PartyId>,
    /// How much, where it is about money.
    pub amount: Option<Amount>,
    /// When.
    pub created_at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNotification {
    /// Whom.
    pub principal: PrincipalId,
    /// What it is about.
    pub kind: NoticeKind,
    /// The bits of the id of what it is about.
    pub subject: u128,
    /// Who did it: a holder or a merchant.
    pub actor: Option<PartyId>,
    /// How much, where it is about money.
    pub amount: Option<Amount>,
    /// When.
    pub created_at: Timestamp,
}

/// The most notifications that one list has.
const LIST_MAX: u32 = 50;

/// Records a notification, unless its fact was told before.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, new: &NewNotification) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO notifications (principal_id, kind, subject_id, actor_id, currency, amount, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        &[
            new.principal.into(),
            new.kind.into(),
            new.subject.into(),
            new.actor.into(),
            new.amount.map(Amount::currency).into(),
            new.amount.map_or(Value::Null, minor),
            new.created_at.into(),
        ],
    )?;
    Ok(())
}

/// The newest notifications of a principal, newest first.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, principal: PrincipalId) -> Result<Vec<Notification>, RecordsError> {
    let rows = sql.query(
        "SELECT seq, kind, subject_id, actor_id, currency, amount, created_at, read_at FROM notifications \
         WHERE principal_id = $1 ORDER BY seq DESC LIMIT $2",
        &[principal.into(), LIST_MAX.into()],
    )?;
    each(&rows, read)
}

/// How many notifications a principal has not read.
///
/// # Errors
/// What the database says.
pub fn count_unread(sql: &mut dyn Sql, principal: PrincipalId) -> Result<u64, RecordsError> {
    let rows = sql.query(
        "SELECT COUNT(*) FROM notifications WHERE principal_id = $1 AND read_at IS NULL",
        &[principal.into()],
    )?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Notes that a principal has read everything up to `seq`.
///
/// # Errors
/// What the database says.
pub fn mark_read(
    sql: &mut dyn Sql,
    principal: PrincipalId,
    seq: i64,
    now: Timestamp,
) -> Result<u64, RecordsError> {
    sql.execute(
        "UPDATE notifications SET read_at = $1 WHERE principal_id = $2 AND seq <= $3 AND read_at IS NULL",
        &[now.into(), principal.into(), seq.into()],
    )
}

fn read(row: &Row) -> Result<Notification, RecordsError> {
    let amount = match row.optional(4, Row::currency)? {
        Some(currency) => row.optional(5, |row, column| row.amount(column, currency))?,
        None => None,
    };
    Ok(Notification {
        seq: row.int(0)?,
        kind: row.code(1)?,
        subject: row.bits(2)?,
        actor: row.optional_id(3)?,
        amount,
        created_at: row.timestamp(6)?,
        read_at: row.optional_timestamp(7)?,
    })
}
