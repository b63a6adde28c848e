//! What one person asked for and another has to approve; and what each of the operator's people may do.

use ledger::Timestamp;
use wallet::ids::{ApprovalId, PrincipalId};

use crate::sql::{codes, each, first};
use crate::{RecordsError, Row, Sql};

codes! {
    /// How far an approval came.
    pub enum ApprovalState {
        /// The second person has not decided yet.
        Waiting = "waiting",
        /// Approved, and carried out.
        Executed = "executed",
        /// Refused by the second person, or withdrawn by the first.
        Rejected = "rejected",
        /// Nobody decided in time.
        Expired = "expired",
        /// Approved, but the ledger or another rule refused it: nothing happened.
        Failed = "failed",
    }
}

/// One approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The code of what is to be done.
    pub action: String,
    /// What exactly, in the canonical text of that action.
    pub payload: String,
    /// How far it came.
    pub state: ApprovalState,
    /// Who asked.
    pub maker: PrincipalId,
    /// Why, in their words.
    pub maker_reason: String,
    /// Who decided.
    pub checker: Option<PrincipalId>,
    /// Why, in their words.
    pub checker_reason: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when somebody must decide.
    pub expires_at: Timestamp,
    /// When somebody did.
    pub decided_at: Option<Timestamp>,
}

/// How an approval ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub state: ApprovalState,
    /// By whom; nobody where its time ran out.
    pub checker: Option<PrincipalId>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

const COLUMNS: &str = "id, action, payload, state, maker_id, maker_reason, checker_id, checker_reason, created_at, \
                       expires_at, decided_at";

/// Asks for something.
///
/// # Errors
/// What the database says.
pub fn insert(sql: &mut dyn Sql, approval: &Approval) -> Result<(), RecordsError> {
    sql.execute(
        &format!(
            "INSERT INTO approvals ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT DO NOTHING"
        ),
        &[
            approval.id.into(),
            approval.action.as_str().into(),
            approval.payload.as_str().into(),
            approval.state.into(),
            approval.maker.into(),
            approval.maker_reason.as_str().into(),
            approval.checker.into(),
            approval.checker_reason.as_str().into(),
            approval.created_at.into(),
            approval.expires_at.into(),
            approval.decided_at.into(),
        ],
    )?;
    Ok(())
}

/// The approval with that id.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, id: ApprovalId) -> Result<Option<Approval>, RecordsError> {
    let rows = sql.query(&format!("SELECT {COLUMNS} FROM approvals WHERE id = $1"), &[id.into()])?;
    first(&rows, read)
}

/// The newest approvals, newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub fn newest(sql: &mut dyn Sql, limit: u32) -> Result<Vec<Approval>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM approvals ORDER BY created_at DESC, id LIMIT $1"),
        &[limit.into()],
    )?;
    each(&rows, read)
}

/// Every approval that waits.
///
/// # Errors
/// What the database says.
pub fn waiting(sql: &mut dyn Sql) -> Result<Vec<Approval>, RecordsError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM approvals WHERE state = 'waiting' ORDER BY created_at"),
        &[],
    )?;
    each(&rows, read)
}

/// How many approvals wait.
///
/// # Errors
/// What the database says.
pub fn count_waiting(sql: &mut dyn Sql) -> Result<u64, RecordsError> {
    let rows = sql.query("SELECT COUNT(*) FROM approvals WHERE state = 'waiting'", &[])?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// Ends an approval that waits. Says whether it did: of all who try, one ends it.
///
/// # Errors
/// What the database says.
pub fn end(sql: &mut dyn Sql, id: ApprovalId, ending: &Ending) -> Result<bool, RecordsError> {
    let changed = sql.execute(
        "UPDATE approvals SET state = $1, checker_id = $2, checker_reason = $3, decided_at = $4 \
         WHERE id = $5 AND state = 'waiting'",
        &[
            ending.state.into(),
            ending.checker.into(),
            ending.reason.as_str().into(),
            ending.at.into(),
            id.into(),
        ],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<Approval, RecordsError> {
    Ok(Approval {
        id: row.id(0)?,
        action: row.string(1)?,
        payload: row.string(2)?,
        state: row.code(3)?,
        maker: row.id(4)?,
        maker_reason: row.string(5)?,
        checker: row.optional_id(6)?,
        checker_reason: row.string(7)?,
        created_at: row.timestamp(8)?,
        expires_at: row.timestamp(9)?,
        decided_at: row.optional_timestamp(10)?,
    })
}

/// What somebody of the operator's people may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duties {
    /// Who.
    pub principal: PrincipalId,
    /// The code of the role that the permissions began with.
    pub role: String,
    /// The codes of what they may do, between spaces.
    pub permissions: String,
}

/// Says what somebody may do from now on.
///
/// # Errors
/// What the database says.
pub fn put_duties(sql: &mut dyn Sql, duties: &Duties, now: Timestamp) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO operator_duties (principal_id, role, permissions, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (principal_id) DO UPDATE SET role = $2, permissions = $3, updated_at = $4",
        &[
            duties.principal.into(),
            duties.role.as_str().into(),
            duties.permissions.as_str().into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// What somebody may do. `None` for founders, who may do everything.
///
/// # Errors
/// What the database says.
pub fn duties(sql: &mut dyn Sql, principal: PrincipalId) -> Result<Option<Duties>, RecordsError> {
    let rows = sql.query(
        "SELECT principal_id, role, permissions FROM operator_duties WHERE principal_id = $1",
        &[principal.into()],
    )?;
    first(&rows, |row| {
        Ok(Duties { principal: row.id(0)?, role: row.string(1)?, permissions: row.string(2)? })
    })
}
