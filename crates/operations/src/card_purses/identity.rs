//! How well it is known who a holder is: somebody of the operator's looked, and says so.

use records::identity_checks::{self as rows, CheckedIdentity, IdentityCheck};
use risk::grade::Identity;
use wallet::ids::{HolderId, PrincipalId};

use crate::duties::{self, Permission};
use crate::{OperationError, Operations, Party, audit_log, directory};

/// Notes what was checked of a holder, in place of what was noted before. What turned out to be wrong is taken back as
/// [`Identity::Unverified`].
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::NotFound`], or what could not be reached.
pub async fn check(
    operations: &Operations,
    by: PrincipalId,
    holder: HolderId,
    identity: Identity,
) -> Result<(), OperationError> {
    duties::require(operations, by, Permission::CardPurses).await?;
    directory::holder(operations, holder).await?.ok_or(OperationError::NotFound(Party::Holder))?;
    let identity = match identity {
        Identity::Unverified => CheckedIdentity::Unverified,
        Identity::Phone => CheckedIdentity::Phone,
        Identity::Document => CheckedIdentity::Document,
    };
    let check = IdentityCheck { holder, identity, checked_by: by, checked_at: operations.now() };
    operations.records().write(move |sql| rows::put(sql, &check)).await?;
    let details = [("identity", identity.code().to_owned())];
    audit_log::note(operations, by, "identity.checked", &holder.to_string(), &details).await
}

/// What was checked, as it counts.
pub(super) fn of_check(check: Option<IdentityCheck>) -> Identity {
    match check.map(|check| check.identity) {
        None | Some(CheckedIdentity::Unverified) => Identity::Unverified,
        Some(CheckedIdentity::Phone) => Identity::Phone,
        Some(CheckedIdentity::Document) => Identity::Document,
    }
}
