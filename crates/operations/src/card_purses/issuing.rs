//! Issuing: cards are made in batches, each with the keys that follow from the newest master key that is open.

use messages::card::{Asn, TerminalId};
use money::Currency;
pub use records::issue_batches::IssueBatch;
use wallet::ids::{IssueBatchId, PrincipalId};

use super::CardPurseState;
use crate::{IdempotencyKey, OperationError, Operations};

/// The most cards of one batch.
pub const CARDS_MAX: u32 = 500;

/// A batch that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRequest {
    /// How many cards, at most [`CARDS_MAX`].
    pub count: u32,
    /// What they count.
    pub currency: Currency,
    /// What the operator calls it.
    pub label: String,
    /// For how many years they are good, 1 to 20.
    pub valid_years: u32,
}

/// One card of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedCard {
    /// Its number.
    pub asn: Asn,
    /// Where it is in its life.
    pub state: CardPurseState,
    /// What is typed to bind it; printed in its letter. `None` where it was bound, or its key is not open.
    pub activation_code: Option<String>,
}

/// Orders a batch of cards, or answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn order_batch(
    operations: &Operations,
    by: PrincipalId,
    key: &IdempotencyKey,
    request: BatchRequest,
) -> Result<IssueBatch, OperationError> {
    let _ = (operations, by, key, request);
    Err(super::NOT_YET)
}

/// Every batch, newest first.
///
/// # Errors
/// What could not be reached.
pub async fn batches(operations: &Operations) -> Result<Vec<IssueBatch>, OperationError> {
    Ok(operations.records().read(records::issue_batches::list).await?)
}

/// A batch with its cards, by number.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn batch(
    operations: &Operations,
    id: IssueBatchId,
) -> Result<(IssueBatch, Vec<IssuedCard>), OperationError> {
    let _ = (operations, id);
    Err(super::NOT_YET)
}

/// The personalisation file of a card that has no holder yet, in the format of `docs/spec/virtual-card.md`.
///
/// # Errors
/// [`super::CardPurseRefusal::BoundBefore`], which rule the request breaks, or what could not be reached.
pub async fn personalisation(
    operations: &Operations,
    by: PrincipalId,
    asn: Asn,
) -> Result<String, OperationError> {
    let _ = (operations, by, asn);
    Err(super::NOT_YET)
}

/// The personalisation file of a terminal's security module.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn security_module(
    operations: &Operations,
    by: PrincipalId,
    terminal: TerminalId,
) -> Result<String, OperationError> {
    let _ = (operations, by, terminal);
    Err(super::NOT_YET)
}

/// Bytes as their digits.
#[must_use]
pub fn digits(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _written = write!(text, "{byte:02X}");
        text
    })
}
