//! Lost cards: no terminal takes them any more, and when the clearing window is over their rest goes back.

use messages::card::Asn;
use wallet::ids::{HolderId, PrincipalId};

use super::CardListing;
use crate::{OperationError, Operations, Receipt};

/// A holder has lost a card.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn report(operations: &Operations, holder: HolderId, asn: Asn) -> Result<(), OperationError> {
    let _ = (operations, holder, asn);
    Err(super::NOT_YET)
}

/// The operator puts a card on the status list.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::NotFound`], or what could not be reached.
pub async fn list(
    operations: &Operations,
    by: PrincipalId,
    asn: Asn,
    listing: CardListing,
) -> Result<(), OperationError> {
    let _ = (operations, by, asn, listing);
    Err(super::NOT_YET)
}

/// Gives the rest of a listed card back to its holder, when the clearing window is over.
///
/// # Errors
/// [`super::CardPurseRefusal`], [`OperationError::NotPermitted`], or what could not be reached.
pub async fn refund(operations: &Operations, by: PrincipalId, asn: Asn) -> Result<Receipt, OperationError> {
    let _ = (operations, by, asn);
    Err(super::NOT_YET)
}
