//! Loads and unloads: at any terminal that is online.

use messages::card::{AlgorithmId, Asn, DateTime, IssuerId, KeyVersion, Sequence, TerminalId, Units};
use money::Amount;
pub use records::load_orders::{LoadOrder, LoadOrderState};
use wallet::ids::{HolderId, LoadOrderId, OperationId};

use super::Direction;
use crate::{IdempotencyKey, OperationError, Operations};

/// A card that initialised a load or unload at a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeginLoad {
    /// Which way.
    pub direction: Direction,
    /// The load order that it is for; none for an unload.
    pub order: Option<LoadOrderId>,
    /// The card.
    pub card: Asn,
    /// Its issuer.
    pub issuer: IssuerId,
    /// How much.
    pub amount: Units,
    /// Balance before.
    pub old_balance: Units,
    /// Online sequence before.
    pub sequence: Sequence,
    /// The card's random number.
    pub random: [u8; 4],
    /// Version of the key that it used.
    pub key_version: KeyVersion,
    /// Its algorithm.
    pub algorithm: AlgorithmId,
    /// How it signed all this.
    pub mac1: [u8; 4],
}

/// What the card gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The operation, which may be one that was begun before.
    pub operation: OperationId,
    /// What lets the card go on.
    pub mac2: [u8; 4],
    /// The host's date and time, which it covers.
    pub when: DateTime,
}

/// Orders a load, which moves nothing yet. Answers as before where the key was used before.
///
/// # Errors
/// Which rule the request breaks, or what could not be reached.
pub async fn order(
    operations: &Operations,
    key: &IdempotencyKey,
    holder: HolderId,
    asn: Asn,
    amount: Amount,
) -> Result<LoadOrder, OperationError> {
    let _ = (operations, key, holder, asn, amount);
    Err(super::NOT_YET)
}

/// Withdraws a load order that waits.
///
/// # Errors
/// [`super::CardPurseRefusal::OrderGone`], or what could not be reached.
pub async fn withdraw(
    operations: &Operations,
    holder: HolderId,
    order: LoadOrderId,
) -> Result<(), OperationError> {
    let _ = (operations, holder, order);
    Err(super::NOT_YET)
}

/// The load orders of a card that have not ended, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn waiting(operations: &Operations, asn: Asn) -> Result<Vec<LoadOrder>, OperationError> {
    Ok(operations.records().read(move |sql| records::load_orders::open(sql, asn)).await?)
}

/// Begins a load or unload, or goes on with the one that this card has begun. The money of a load waits on its own account
/// when this answers.
///
/// # Errors
/// [`super::CardPurseRefusal`], or what could not be reached: then ask again with the same.
pub async fn begin(
    operations: &Operations,
    terminal: TerminalId,
    request: BeginLoad,
) -> Result<Answer, OperationError> {
    let _ = (operations, terminal, request);
    Err(super::NOT_YET)
}

/// The card did it: the TAC of a load, MAC3 of an unload. Again, it changes nothing.
///
/// # Errors
/// As for [`begin`].
pub async fn confirm(
    operations: &Operations,
    terminal: TerminalId,
    operation: OperationId,
    code: [u8; 4],
) -> Result<(), OperationError> {
    let _ = (operations, terminal, operation, code);
    Err(super::NOT_YET)
}

/// What the card answered to GET TRANSACTION PROVE. Says which operation it did.
///
/// # Errors
/// As for [`begin`].
pub async fn prove(
    operations: &Operations,
    terminal: TerminalId,
    card: (Asn, IssuerId),
    (direction, sequence): (Direction, Sequence),
    code: [u8; 4],
) -> Result<OperationId, OperationError> {
    let _ = (operations, terminal, card, direction, sequence, code);
    Err(super::NOT_YET)
}

/// Finds out how far an interrupted load or unload came.
pub(crate) async fn resume(
    operations: &Operations,
    row: &records::operations::Operation,
) -> Result<crate::Receipt, OperationError> {
    let _ = operations;
    Ok(crate::Receipt::from(row))
}
