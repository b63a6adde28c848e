//! Binding: a card gets its holder, and so the wallet that its loads come from.

use messages::card::Asn;
use wallet::ids::{HolderId, PrincipalId};

use crate::{OperationError, Operations};

/// A holder binds a card with the activation code of its letter.
///
/// # Errors
/// [`super::CardPurseRefusal::CodeWrong`], also for a card that there is not, [`super::CardPurseRefusal::BoundBefore`], which
/// rule the request breaks, or what could not be reached.
pub async fn bind(
    operations: &Operations,
    holder: HolderId,
    asn: Asn,
    code: &str,
) -> Result<(), OperationError> {
    let _ = (operations, holder, asn, code);
    Err(super::NOT_YET)
}

/// The operator gives a card to a holder, as at a desk.
///
/// # Errors
/// As for [`bind`].
pub async fn give(
    operations: &Operations,
    by: PrincipalId,
    asn: Asn,
    holder: HolderId,
) -> Result<(), OperationError> {
    let _ = (operations, by, asn, holder);
    Err(super::NOT_YET)
}
