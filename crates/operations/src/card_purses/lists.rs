//! Lists for terminals: every version is signed once, and a terminal never goes back.

use messages::card::{ListVersion, TerminalParameters};
pub use records::card_lists::{CardList, SignedVersion};
use wallet::ids::PrincipalId;

use crate::{OperationError, Operations};

/// The newest status list, where it is newer than a version.
///
/// # Errors
/// What could not be reached.
pub async fn status(
    operations: &Operations,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    newer(operations, CardList::Status, newer_than).await
}

/// The newest white list, where it is newer than a version.
///
/// # Errors
/// What could not be reached.
pub async fn white(
    operations: &Operations,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    newer(operations, CardList::White, newer_than).await
}

/// The newest terminal parameters, where they are newer than a version.
///
/// # Errors
/// What could not be reached.
pub async fn parameters(
    operations: &Operations,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    newer(operations, CardList::Parameters, newer_than).await
}

async fn newer(
    operations: &Operations,
    list: CardList,
    newer_than: ListVersion,
) -> Result<Option<SignedVersion>, OperationError> {
    let _ = (operations, list, newer_than);
    Err(super::NOT_YET)
}

/// What terminals may do on their own, as it was set last.
///
/// # Errors
/// What could not be reached.
pub async fn current_parameters(operations: &Operations) -> Result<TerminalParameters, OperationError> {
    let _ = operations;
    Err(super::NOT_YET)
}

/// Signs the next version of the status list now.
///
/// # Errors
/// [`OperationError::NotPermitted`], or what could not be reached.
pub async fn issue_now(operations: &Operations, by: PrincipalId) -> Result<ListVersion, OperationError> {
    let _ = (operations, by);
    Err(super::NOT_YET)
}

/// Says what terminals may do on their own from now on.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::OutOfRange`], or what could not be reached.
pub async fn set_parameters(
    operations: &Operations,
    by: PrincipalId,
    parameters: TerminalParameters,
) -> Result<ListVersion, OperationError> {
    let _ = (operations, by, parameters);
    Err(super::NOT_YET)
}
