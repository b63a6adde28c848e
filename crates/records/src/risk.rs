//! Rules of risk with their versions, what they decided, reviews that wait for a person, and the black list.

use ledger::Timestamp;
use money::Amount;
use wallet::ids::{HolderId, OperationId, PrincipalId, SessionId};

use crate::operations::{OperationKind, OperationState, PartyId};
use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql, Value};

codes! {
    /// Whether a rule is asked.
    pub enum RuleState {
        /// Being written; it is asked about history only.
        Draft = "draft",
        /// Asked about every payment and transfer.
        On = "on",
        /// No longer asked.
        Off = "off",
    }
}

codes! {
    /// How far the review of an operation came.
    pub enum ReviewState {
        /// Nobody has decided yet.
        Waiting = "waiting",
        /// It went through.
        Released = "released",
        /// It did not.
        Declined = "declined",
        /// Nobody decided in time: it did not.
        Expired = "expired",
    }
}

codes! {
    /// What a line of the black list is about.
    pub enum ListKind {
        /// A holder, by id.
        Holder = "holder",
        /// A bank card, by id.
        Card = "card",
        /// A merchant, by id.
        Merchant = "merchant",
        /// A device, as it names itself.
        Device = "device",
    }
}

/// One version of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// Which rule.
    pub id: u128,
    /// Counted from 1.
    pub version: u32,
    /// What people call it.
    pub name: String,
    /// The code of its outcome.
    pub outcome: String,
    /// Its conditions in their text form.
    pub conditions: String,
    /// Whether it is asked.
    pub state: RuleState,
    /// Who wrote this version.
    pub author: PrincipalId,
    /// When.
    pub at: Timestamp,
}

/// What rules decided about an operation, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// Which operation.
    pub operation: OperationId,
    /// The code of the outcome.
    pub outcome: String,
    /// The rules that led to it, one on each line: name, then a tab, then the conditions.
    pub reasons: String,
    /// When.
    pub at: Timestamp,
}

/// An operation that waits, or waited, for a person's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Which operation.
    pub operation: OperationId,
    /// How far it came.
    pub state: ReviewState,
    /// Who decided.
    pub decided_by: Option<PrincipalId>,
    /// Why, in their words.
    pub reason: String,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// Until when.
    pub deadline: Timestamp,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
}

/// One change of the black list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListChange {
    /// The version of the list that it made, counted from 1.
    pub version: u32,
    /// What it is about.
    pub kind: ListKind,
    /// Which one.
    pub subject: String,
    /// Whether it is listed from now on, or no longer.
    pub listed: bool,
    /// Why.
    pub reason: String,
    /// Who changed it.
    pub author: PrincipalId,
    /// When.
    pub at: Timestamp,
}

/// A payment or transfer of the past, as rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastAttempt {
    /// The operation.
    pub operation: OperationId,
    /// Payment or transfer.
    pub kind: OperationKind,
    /// What became of it.
    pub state: OperationState,
    /// Who spent.
    pub payer: HolderId,
    /// Who would get it.
    pub payee: PartyId,
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: Timestamp,
}

const RULE_COLUMNS: &str = "id, version, name, outcome, conditions, state, author_id, at";
const REVIEW_COLUMNS: &str = "operation_id, state, decided_by, reason, created_at, deadline, decided_at";

/// Writes a version of a rule.
///
/// # Errors
/// [`RecordsError::Conflict`] where somebody else wrote that version, or what the database says.
pub fn insert_rule(sql: &mut dyn Sql, rule: &RuleRow) -> Result<(), RecordsError> {
    sql.execute(
        &format!("INSERT INTO risk_rules ({RULE_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
        &[
            rule.id.into(),
            rule.version.into(),
            rule.name.as_str().into(),
            rule.outcome.as_str().into(),
            rule.conditions.as_str().into(),
            rule.state.into(),
            rule.author.into(),
            rule.at.into(),
        ],
    )?;
    Ok(())
}

/// The newest version of each rule, oldest rule first.
///
/// # Errors
/// What the database says.
pub fn rules(sql: &mut dyn Sql) -> Result<Vec<RuleRow>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {RULE_COLUMNS} FROM risk_rules AS newest WHERE version = \
             (SELECT MAX(version) FROM risk_rules AS any_version WHERE any_version.id = newest.id) \
             ORDER BY (SELECT MIN(at) FROM risk_rules AS first_version WHERE first_version.id = newest.id), id"
        ),
        &[],
    )?;
    each(&rows, read_rule)
}

/// Every version of a rule, newest first.
///
/// # Errors
/// What the database says.
pub fn rule_versions(sql: &mut dyn Sql, id: u128) -> Result<Vec<RuleRow>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {RULE_COLUMNS} FROM risk_rules WHERE id = $1 ORDER BY version DESC"),
        &[id.into()],
    )?;
    each(&rows, read_rule)
}

/// Notes what rules decided about an operation. What was noted first stays.
///
/// # Errors
/// What the database says.
pub fn insert_decision(sql: &mut dyn Sql, decision: &DecisionRow) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO risk_decisions (operation_id, outcome, reasons, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
        &[
            decision.operation.into(),
            decision.outcome.as_str().into(),
            decision.reasons.as_str().into(),
            decision.at.into(),
        ],
    )?;
    Ok(())
}

/// What rules decided about an operation.
///
/// # Errors
/// What the database says.
pub fn decision(sql: &mut dyn Sql, id: OperationId) -> Result<Option<DecisionRow>, RecordsError> {
    let rows = sql.query(
        "SELECT operation_id, outcome, reasons, at FROM risk_decisions WHERE operation_id = $1",
        &[id.into()],
    )?;
    first(&rows, |row| {
        Ok(DecisionRow {
            operation: row.id(0)?,
            outcome: row.string(1)?,
            reasons: row.string(2)?,
            at: row.timestamp(3)?,
        })
    })
}

/// Puts an operation into the queue. One that is there stays as it is.
///
/// # Errors
/// What the database says.
pub fn insert_review(sql: &mut dyn Sql, review: &Review) -> Result<(), RecordsError> {
    sql.execute(
        &format!(
            "INSERT INTO reviews ({REVIEW_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
        ),
        &[
            review.operation.into(),
            review.state.into(),
            review.decided_by.into(),
            review.reason.as_str().into(),
            review.created_at.into(),
            review.deadline.into(),
            review.decided_at.into(),
        ],
    )?;
    Ok(())
}

/// The review of an operation.
///
/// # Errors
/// What the database says.
pub fn review(sql: &mut dyn Sql, id: OperationId) -> Result<Option<Review>, RecordsError> {
    let rows =
        sql.query(&format!("SELECT {REVIEW_COLUMNS} FROM reviews WHERE operation_id = $1"), &[id.into()])?;
    first(&rows, read_review)
}

/// The reviews in a state, the oldest first where they wait and the newest first where they do not; at most `limit`.
///
/// # Errors
/// What the database says.
pub fn reviews(sql: &mut dyn Sql, waiting: bool, limit: u32) -> Result<Vec<Review>, RecordsError> {
    let filter = if waiting {
        "state = 'waiting' ORDER BY created_at"
    } else {
        "state <> 'waiting' ORDER BY decided_at DESC"
    };
    let rows =
        sql.query(&format!("SELECT {REVIEW_COLUMNS} FROM reviews WHERE {filter} LIMIT $1"), &[limit.into()])?;
    each(&rows, read_review)
}

/// How many operations wait for a person.
///
/// # Errors
/// What the database says.
pub fn count_waiting(sql: &mut dyn Sql) -> Result<u64, RecordsError> {
    let rows = sql.query("SELECT COUNT(*) FROM reviews WHERE state = 'waiting'", &[])?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Describes how the ledger ended a review: the operation and its review together. Says whether it was still waiting.
///
/// # Errors
/// What the database says.
pub fn end_review(
    sql: &mut dyn Sql,
    review: &Review,
    state: OperationState,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    sql.execute(
        "UPDATE operations SET state = $1, reason = $2, updated_at = $3 WHERE id = $4 AND state = 'held'",
        &[state.into(), reason.into(), now.into(), review.operation.into()],
    )?;
    let changed = sql.execute(
        "UPDATE reviews SET state = $1, decided_by = $2, reason = $3, decided_at = $4 \
         WHERE operation_id = $5 AND state = 'waiting'",
        &[
            review.state.into(),
            review.decided_by.into(),
            review.reason.as_str().into(),
            now.into(),
            review.operation.into(),
        ],
    )?;
    Ok(changed == 1)
}

/// Held operations without a review, as when records were rebuilt from the ledger.
///
/// # Errors
/// What the database says.
pub fn held_without_review(sql: &mut dyn Sql) -> Result<Vec<(OperationId, Timestamp)>, RecordsError> {
    let rows = sql.query(
        "SELECT id, created_at FROM operations WHERE state = 'held' \
         AND NOT EXISTS (SELECT 1 FROM reviews WHERE operation_id = operations.id)",
        &[],
    )?;
    each(&rows, |row| Ok((row.id(0)?, row.timestamp(1)?)))
}

/// Changes the black list. Says which version it has now; nothing where the change changes nothing.
///
/// # Errors
/// [`RecordsError::Conflict`] where somebody else made that version, or what the database says.
pub fn change_list(sql: &mut dyn Sql, change: &ListChange) -> Result<Option<u32>, RecordsError> {
    let rows = sql.query(
        "SELECT listed FROM black_list_changes WHERE kind = $1 AND subject = $2 ORDER BY version DESC LIMIT 1",
        &[change.kind.into(), change.subject.as_str().into()],
    )?;
    let listed = rows.first().map_or(Ok(0), |row| row.int(0))? == 1;
    if listed == change.listed {
        return Ok(None);
    }
    let rows = sql.query("SELECT COALESCE(MAX(version), 0) FROM black_list_changes", &[])?;
    let version = rows.first().map_or(Ok(0), |row| row.number::<u32>(0))?.saturating_add(1);
    sql.execute(
        "INSERT INTO black_list_changes (version, kind, subject, listed, reason, author_id, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            version.into(),
            change.kind.into(),
            change.subject.as_str().into(),
            Value::Int(i64::from(change.listed)),
            change.reason.as_str().into(),
            change.author.into(),
            change.at.into(),
        ],
    )?;
    Ok(Some(version))
}

/// Every change of the black list, oldest first.
///
/// # Errors
/// What the database says.
pub fn list_changes(sql: &mut dyn Sql) -> Result<Vec<ListChange>, RecordsError> {
    let rows = sql.query(
        "SELECT version, kind, subject, listed, reason, author_id, at FROM black_list_changes ORDER BY version",
        &[],
    )?;
    each(&rows, |row| {
        Ok(ListChange {
            version: row.number(0)?,
            kind: row.code(1)?,
            subject: row.string(2)?,
            listed: row.int(3)? == 1,
            reason: row.string(4)?,
            author: row.id(5)?,
            at: row.timestamp(6)?,
        })
    })
}

/// Payments and transfers asked for since `from`, oldest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn past_attempts(
    sql: &mut dyn Sql,
    from: Timestamp,
    limit: u32,
) -> Result<Vec<PastAttempt>, RecordsError> {
    let rows = sql.query(
        "SELECT id, kind, state, payer_id, payee_id, currency, amount, created_at FROM operations \
         WHERE created_at >= $1 AND kind IN ('payment', 'transfer') \
         AND payer_id IS NOT NULL AND payee_id IS NOT NULL ORDER BY created_at LIMIT $2",
        &[from.into(), limit.into()],
    )?;
    each(&rows, |row| {
        Ok(PastAttempt {
            operation: row.id(0)?,
            kind: row.code(1)?,
            state: row.code(2)?,
            payer: row.id(3)?,
            payee: row.id(4)?,
            amount: row.amount(6, row.currency(5)?)?,
            at: row.timestamp(7)?,
        })
    })
}

/// Whether the payer has paid this payee before.
///
/// # Errors
/// What the database says.
pub fn has_paid(sql: &mut dyn Sql, payer: HolderId, payee: PartyId) -> Result<bool, RecordsError> {
    let rows = sql.query(
        "SELECT CAST(1 AS BIGINT) FROM operations WHERE payer_id = $1 AND payee_id = $2 AND state = 'completed' LIMIT 1",
        &[payer.into(), payee.into()],
    )?;
    Ok(!rows.is_empty())
}

/// Device and address of a session; and those of the earlier sessions of the same principal, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn log_ins(
    sql: &mut dyn Sql,
    session: SessionId,
    limit: u32,
) -> Result<Option<(LogIn, Vec<LogIn>)>, RecordsError> {
    let own = sql.query("SELECT device, address FROM sessions WHERE id = $1", &[session.into()])?;
    let Some(own) = first(&own, read_log_in)? else { return Ok(None) };
    let earlier = sql.query(
        "SELECT earlier.device, earlier.address FROM sessions AS earlier \
         JOIN sessions AS own ON own.principal_id = earlier.principal_id \
         WHERE own.id = $1 AND earlier.created_at < own.created_at ORDER BY earlier.created_at DESC LIMIT $2",
        &[session.into(), limit.into()],
    )?;
    Ok(Some((own, each(&earlier, read_log_in)?)))
}

/// From where somebody logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogIn {
    /// What the device says it is.
    pub device: String,
    /// The network address.
    pub address: String,
}

fn read_log_in(row: &Row) -> Result<LogIn, RecordsError> {
    Ok(LogIn { device: row.string(0)?, address: row.string(1)? })
}

fn read_rule(row: &Row) -> Result<RuleRow, RecordsError> {
    Ok(RuleRow {
        id: row.bits(0)?,
        version: row.number(1)?,
        name: row.string(2)?,
        outcome: row.string(3)?,
        conditions: row.string(4)?,
        state: row.code(5)?,
        author: row.id(6)?,
        at: row.timestamp(7)?,
    })
}

fn read_review(row: &Row) -> Result<Review, RecordsError> {
    Ok(Review {
        operation: row.id(0)?,
        state: row.code(1)?,
        decided_by: row.optional_id(2)?,
        reason: row.string(3)?,
        created_at: row.timestamp(4)?,
        deadline: row.timestamp(5)?,
        decided_at: row.optional_timestamp(6)?,
    })
}
