//! What people see of a card.

use ledger::Timestamp;
use messages::card::{Asn, Seconds, Sequence, TerminalId};
use money::{Amount, Currency};
use records::load_orders::LoadOrder;
use wallet::ids::{HolderId, IssueBatchId, MerchantId, OperationId};

use super::{CardListing, CardPurseState, Direction};
use crate::{OperationError, Operations};

/// A card as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPurse {
    /// Its number.
    pub asn: Asn,
    /// The batch that it was made in.
    pub batch: IssueBatchId,
    /// Where it is in its life.
    pub state: CardPurseState,
    /// Whose it is.
    pub holder: Option<HolderId>,
    /// The currency that it counts.
    pub currency: Currency,
    /// Loads less what was cleared: what is on the card, but for what terminals have not uploaded.
    pub shadow: Amount,
    /// What it spent beyond.
    pub excess: Amount,
    /// Debits that may have been.
    pub held: Amount,
    /// Loads and unloads of which only the card knows whether it did them.
    pub in_doubt: Vec<InDoubt>,
    /// Load orders, newest first.
    pub orders: Vec<LoadOrder>,
    /// Why terminals shall not take it, and since when.
    pub listed: Option<(CardListing, Seconds)>,
    /// Offline sequences that no terminal has uploaded: first and last of each gap.
    pub gaps: Vec<(Sequence, Sequence)>,
    /// When it was last at a terminal that was online, or a record of it came.
    pub last_seen: Option<Timestamp>,
}

/// A load or unload of which only the card knows whether it did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InDoubt {
    /// The operation.
    pub operation: OperationId,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub amount: Amount,
    /// When it was begun.
    pub begun_at: Timestamp,
}

/// What an entry of a card's log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Value from the wallet.
    Load,
    /// Value back to the wallet.
    Unload,
    /// A purchase at a terminal.
    Debit,
    /// A purchase that was given back on the card.
    Cancel,
    /// What was left of a lost card.
    Rest,
}

/// How sure an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// By the card's own code.
    Proven,
    /// By what came after it.
    Inferred,
    /// Not known yet.
    Open,
}

/// One entry of a card's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// What it is.
    pub kind: EntryKind,
    /// When, by the clock of the terminal or of the server.
    pub at: Timestamp,
    /// How much.
    pub amount: Amount,
    /// How sure it is.
    pub certainty: Certainty,
    /// Who sold.
    pub merchant: Option<MerchantId>,
    /// Where.
    pub terminal: Option<TerminalId>,
    /// The operation in the wallet's history; none of a debit.
    pub operation: Option<OperationId>,
}

/// A holder's cards.
///
/// # Errors
/// What could not be reached.
pub async fn of_holder(operations: &Operations, holder: HolderId) -> Result<Vec<CardPurse>, OperationError> {
    let _ = (operations, holder);
    Err(super::NOT_YET)
}

/// The card with that number.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, asn: Asn) -> Result<CardPurse, OperationError> {
    let _ = (operations, asn);
    Err(super::NOT_YET)
}

/// What a card did before a moment, newest first, at most `limit` entries.
///
/// # Errors
/// What could not be reached.
pub async fn log(
    operations: &Operations,
    asn: Asn,
    before: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<LogEntry>, OperationError> {
    let _ = (operations, asn, before, limit);
    Err(super::NOT_YET)
}
