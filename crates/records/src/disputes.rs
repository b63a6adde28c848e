//! Disputes: a buyer says no, the merchant answers, two operators decide.

use ledger::Timestamp;
use money::{Amount, Currency};
use wallet::ids::{OrderId, PrincipalId};

use crate::sql::{first, minor};
use crate::{RecordsError, Row, Sql};

/// What an operator wants the merchant to get; the rest goes back to the buyer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Who proposes; somebody else must confirm.
    pub by: PrincipalId,
    /// The merchant's share.
    pub share: Amount,
    /// Why.
    pub note: String,
}

/// The dispute of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The order.
    pub order: OrderId,
    /// How much is held until the decision.
    pub held: Amount,
    /// What the buyer says.
    pub reason: String,
    /// What the merchant says; empty until it does.
    pub answer: String,
    /// What an operator wants.
    pub proposal: Option<Proposal>,
    /// Who ended it: buyer, merchant or the second operator.
    pub decided_by: Option<PrincipalId>,
    /// What the merchant got.
    pub share: Option<Amount>,
    /// When the buyer opened it.
    pub opened_at: Timestamp,
    /// When the merchant answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub decided_at: Option<Timestamp>,
}

const COLUMNS: &str = "order_id, held, reason, answer, proposed_by, proposed_share, proposed_note, decided_by, share, \
                       opened_at, answered_at, decided_at";

/// Records a dispute, unless the order has one.
///
/// # Errors
/// What the database says.
pub fn open(
    sql: &mut dyn Sql,
    order: OrderId,
    held: Amount,
    reason: &str,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let inserted = sql.execute(
        "INSERT INTO disputes (order_id, held, reason, answer, proposed_note, opened_at) \
         VALUES ($1, $2, $3, '', '', $4) ON CONFLICT DO NOTHING",
        &[order.into(), minor(held), reason.into(), now.into()],
    )?;
    Ok(inserted == 1)
}

/// The dispute of an order whose amount has this currency.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, order: OrderId, currency: Currency) -> Result<Option<Dispute>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM disputes WHERE order_id = $1"), &[order.into()])?;
    first(&rows, |row| read(row, currency))
}

/// Records the merchant's answer, while nothing is decided. Says whether it was in time.
///
/// # Errors
/// What the database says.
pub fn answer(sql: &mut dyn Sql, order: OrderId, answer: &str, now: Timestamp) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE disputes SET answer = $1, answered_at = $2 WHERE order_id = $3 AND decided_at IS NULL",
        &[answer.into(), now.into(), order.into()],
    )?;
    Ok(changed == 1)
}

/// Records what an operator wants, in place of what was wanted before. Says whether nothing was decided yet.
///
/// # Errors
/// What the database says.
pub fn propose(sql: &mut dyn Sql, order: OrderId, proposal: &Proposal) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE disputes SET proposed_by = $1, proposed_share = $2, proposed_note = $3 \
         WHERE order_id = $4 AND decided_at IS NULL",
        &[proposal.by.into(), minor(proposal.share), proposal.note.as_str().into(), order.into()],
    )?;
    Ok(changed == 1)
}

/// Records how it ended. Says whether that was not known yet.
///
/// # Errors
/// What the database says.
pub fn decide(
    sql: &mut dyn Sql,
    order: OrderId,
    decided_by: PrincipalId,
    share: Amount,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE disputes SET decided_by = $1, share = $2, decided_at = $3 WHERE order_id = $4 AND decided_at IS NULL",
        &[decided_by.into(), minor(share), now.into(), order.into()],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row, currency: Currency) -> Result<Dispute, RecordsError> {
    let share = row.optional(5, |row, column| row.amount(column, currency))?;
    let proposal = match (row.optional_id(4)?, share) {
        (Some(by), Some(share)) => Some(Proposal { by, share, note: row.string(6)? }),
        _ => None,
    };
    Ok(Dispute {
        order: row.id(0)?,
        held: row.amount(1, currency)?,
        reason: row.string(2)?,
        answer: row.string(3)?,
        proposal,
        decided_by: row.optional_id(7)?,
        share: row.optional(8, |row, column| row.amount(column, currency))?,
        opened_at: row.timestamp(9)?,
        answered_at: row.optional_timestamp(10)?,
        decided_at: row.optional_timestamp(11)?,
    })
}
