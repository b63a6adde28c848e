//! Clearing: what terminals uploaded is paid.

use messages::card::TerminalId;

use crate::{OperationError, Operations};

/// Clears a batch and answers its receipt; the same batch again gets the same receipt.
///
/// # Errors
/// [`super::CardPurseRefusal::NotABatch`], [`super::CardPurseRefusal::OtherBatch`],
/// [`super::CardPurseRefusal::BadSignature`], [`OperationError::NotFound`], or what could not be reached: then upload it
/// again.
pub async fn upload(
    operations: &Operations,
    terminal: TerminalId,
    bytes: &[u8],
) -> Result<Vec<u8>, OperationError> {
    let _ = (operations, terminal, bytes);
    Err(super::NOT_YET)
}
