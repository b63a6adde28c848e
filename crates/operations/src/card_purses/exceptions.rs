//! Exceptions: what a person should look at, each with whose it is.

use ledger::Timestamp;
use messages::card::{Asn, Sequence, TerminalId};
use money::Amount;
pub use records::card_uploads::{FoundAt, RefusedRecord};
use wallet::ids::{HolderId, MerchantId};

use super::view::InDoubt;
use crate::{OperationError, Operations};

/// A debit that may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldDebit {
    /// The card.
    pub asn: Asn,
    /// Its sequence.
    pub sequence: Sequence,
    /// The terminal that uploaded it.
    pub terminal: TerminalId,
    /// Who sold.
    pub merchant: Option<MerchantId>,
    /// How much.
    pub amount: Amount,
    /// When, by the terminal's clock.
    pub at: Timestamp,
}

/// Everything that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Exceptions {
    /// Records that were refused, newest first.
    pub refused: Vec<RefusedRecord>,
    /// Debits that may have been.
    pub held: Vec<HeldDebit>,
    /// Offline sequences that no terminal has uploaded: first and last of each gap.
    pub gaps: Vec<(Asn, Sequence, Sequence)>,
    /// Cards that spent more than they were given longer ago than the clearing window, and how much.
    pub counterfeits: Vec<(Asn, Amount)>,
    /// Loads and unloads of which only the card knows whether it did them: suspense, each with its card and holder.
    pub in_doubt: Vec<(Asn, Option<HolderId>, InDoubt)>,
    /// What clearing found out, newest first.
    pub findings: Vec<FoundAt>,
}

/// Everything that a person should look at.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations) -> Result<Exceptions, OperationError> {
    let _ = operations;
    Err(super::NOT_YET)
}
