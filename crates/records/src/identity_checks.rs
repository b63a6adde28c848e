//! How well the operator knows who a holder is: what was checked last.

use ledger::Timestamp;
use wallet::ids::{HolderId, PrincipalId};

use crate::sql::{codes, first};
use crate::{RecordsError, Row, Sql};

codes! {
    /// What was checked.
    pub enum CheckedIdentity {
        /// Nothing, or what was checked turned out to be wrong.
        Unverified = "unverified",
        /// A telephone number that answered.
        Phone = "phone",
        /// A document that somebody looked at.
        Document = "document",
    }
}

/// What was checked of a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityCheck {
    /// Who.
    pub holder: HolderId,
    /// What.
    pub identity: CheckedIdentity,
    /// By whom.
    pub checked_by: PrincipalId,
    /// When.
    pub checked_at: Timestamp,
}

/// Keeps what was checked, in place of what was kept before.
///
/// # Errors
/// What the database says.
pub fn put(sql: &mut dyn Sql, check: &IdentityCheck) -> Result<(), RecordsError> {
    sql.execute(
        "INSERT INTO identity_checks (holder_id, identity, checked_by, checked_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (holder_id) DO UPDATE SET identity = excluded.identity, checked_by = excluded.checked_by, \
         checked_at = excluded.checked_at",
        &[check.holder.into(), check.identity.into(), check.checked_by.into(), check.checked_at.into()],
    )
    .map(drop)
}

/// What was checked of a holder; `None` where nobody has looked.
///
/// # Errors
/// What the database says.
pub fn get(sql: &mut dyn Sql, holder: HolderId) -> Result<Option<IdentityCheck>, RecordsError> {
    let rows = sql.query(
        "SELECT holder_id, identity, checked_by, checked_at FROM identity_checks WHERE holder_id = $1",
        &[holder.into()],
    )?;
    first(&rows, read)
}

fn read(row: &Row) -> Result<IdentityCheck, RecordsError> {
    Ok(IdentityCheck {
        holder: row.id(0)?,
        identity: row.code(1)?,
        checked_by: row.id(2)?,
        checked_at: row.timestamp(3)?,
    })
}
