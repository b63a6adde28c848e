//! What people see of a card.

use std::collections::BTreeMap;

use issuer::{
    online::Stage,
    purse_card::{Belief, Cancelling},
};
use ledger::Timestamp;
use messages::card::{Asn, DateTime, Seconds, Sequence, TerminalId, TerminalTransaction};
use money::{Amount, Currency};
use records::card_places::{self, CardPlace};
pub use records::card_purses::CardCount;
use records::load_orders::{self, LoadOrder};
use records::operations::{Operation, OperationKind, OperationState};
use records::{RecordsError, Sql, card_operations, card_purses as rows, terminals};
use wallet::ids::{HolderId, IssueBatchId, MerchantId, OperationId};

use super::card_store::StoredCard;
use super::{CardListing, CardPurseState, Direction, card_time, stored_bytes};
use crate::{OperationError, Operations, Party};

/// The most load orders that are shown of a card.
const ORDERS_MAX: u32 = 20;
/// The most entries of a log at once.
const LOG_MAX: u32 = 200;

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
    /// The card's online sequence that it is for.
    pub sequence: Sequence,
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
    /// The terminal's number of it.
    pub transaction: Option<TerminalTransaction>,
    /// The operation in the wallet's history; none of a debit.
    pub operation: Option<OperationId>,
}

/// A holder's cards, by number.
///
/// # Errors
/// What could not be reached.
pub async fn of_holder(operations: &Operations, holder: HolderId) -> Result<Vec<CardPurse>, OperationError> {
    let read = move |sql: &mut dyn Sql| {
        rows::of_holder(sql, holder)?.into_iter().map(|row| seen(sql, row)).collect::<Result<Vec<_>, _>>()
    };
    operations.records().read(read).await?.into_iter().map(view).collect()
}

/// The card with that number.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn get(operations: &Operations, asn: Asn) -> Result<CardPurse, OperationError> {
    let read = move |sql: &mut dyn Sql| rows::get(sql, asn)?.map(|row| seen(sql, row)).transpose();
    view(operations.records().read(read).await?.ok_or(OperationError::NotFound(Party::CardPurse))?)
}

/// How many cards there are, by state and listing.
///
/// # Errors
/// What could not be reached.
pub async fn counts(operations: &Operations) -> Result<Vec<CardCount>, OperationError> {
    Ok(operations.records().read(rows::counts).await?)
}

type Seen = (rows::CardPurse, Vec<CardPlace>, Vec<LoadOrder>);

fn seen(sql: &mut dyn Sql, row: rows::CardPurse) -> Result<Seen, RecordsError> {
    let places = card_places::of_card(sql, row.asn)?;
    let orders = load_orders::of_card(sql, row.asn, ORDERS_MAX)?;
    Ok((row, places, orders))
}

pub(super) fn amount(units: u64, currency: Currency) -> Amount {
    Amount::from_minor(units, currency).unwrap_or_else(|_| Amount::zero(currency))
}

fn view((row, places, orders): Seen) -> Result<CardPurse, OperationError> {
    const UNREADABLE: OperationError =
        OperationError::Inconsistent("records hold a card that cannot be read");
    let currency = row.currency;
    let mut card = CardPurse {
        asn: row.asn,
        batch: row.batch,
        state: row.state(),
        holder: row.holder,
        currency,
        shadow: amount(row.own, currency),
        excess: amount(row.excess, currency),
        held: Amount::zero(currency),
        in_doubt: Vec::new(),
        orders,
        listed: row.listed,
        gaps: Vec::new(),
        last_seen: row.last_seen,
    };
    if row.holder.is_none() {
        return Ok(card);
    }
    let stored = StoredCard::of_rows(row, places).ok_or(UNREADABLE)?;
    card.held = amount(stored.card.held().units().into(), currency);
    card.in_doubt = in_doubt(&stored);
    let gap = |(first, last): (purse::fields::Sequence, purse::fields::Sequence)| {
        (Sequence(first.0), Sequence(last.0))
    };
    card.gaps = stored.card.gaps().map(gap).collect();
    Ok(card)
}

/// The loads and unloads that only the card knows the end of, each once.
pub(super) fn in_doubt(stored: &StoredCard) -> Vec<InDoubt> {
    let currency = stored.row.currency;
    let mut found: BTreeMap<OperationId, InDoubt> = BTreeMap::new();
    for attempt in stored.card.row().online.iter().filter(|attempt| attempt.stage == Stage::InDoubt) {
        found.entry(attempt.operation).or_insert(InDoubt {
            operation: attempt.operation,
            direction: attempt.session.direction,
            amount: amount(attempt.session.terms.amount.units().into(), currency),
            sequence: Sequence(attempt.session.sequence.0),
            begun_at: card_time::moment(DateTime(attempt.when.0)),
        });
    }
    found.into_values().collect()
}

/// What a card did before a moment, newest first, at most `limit` entries.
///
/// # Errors
/// [`OperationError::NotFound`], or what could not be reached.
pub async fn log(
    operations: &Operations,
    asn: Asn,
    before: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<LogEntry>, OperationError> {
    let before = before.unwrap_or(Timestamp::LAST);
    let limit = limit.clamp(1, LOG_MAX);
    let read = move |sql: &mut dyn Sql| {
        let Some(card) = rows::get(sql, asn)? else { return Ok(None) };
        let moves = card_operations::of_card(sql, asn, before, limit)?;
        let places = card_places::newest(sql, asn, before, limit)?;
        let mut sellers = BTreeMap::new();
        for terminal in places.iter().flat_map(terminals_of) {
            if let std::collections::btree_map::Entry::Vacant(place) = sellers.entry(terminal) {
                place.insert(terminals::get(sql, terminal)?.map(|terminal| terminal.merchant));
            }
        }
        Ok(Some((card.currency, moves, places, sellers)))
    };
    let found = operations.records().read(read).await?;
    let (currency, moves, places, sellers) = found.ok_or(OperationError::NotFound(Party::CardPurse))?;
    let mut entries: Vec<LogEntry> = moves.iter().filter_map(moved).collect();
    entries.extend(places.iter().flat_map(|place| debits(place, currency, &sellers)));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(entries)
}

fn moved(operation: &Operation) -> Option<LogEntry> {
    let kind = match operation.kind {
        OperationKind::CardLoad => EntryKind::Load,
        OperationKind::CardUnload => EntryKind::Unload,
        OperationKind::CardRest => EntryKind::Rest,
        _ => return None,
    };
    let certainty = match operation.state {
        OperationState::Completed => Certainty::Proven,
        OperationState::Started | OperationState::Unknown | OperationState::Held => Certainty::Open,
        OperationState::Declined | OperationState::Reversed => return None,
    };
    Some(LogEntry {
        kind,
        at: operation.created_at,
        amount: operation.amount,
        certainty,
        merchant: None,
        terminal: None,
        transaction: None,
        operation: Some(operation.id),
    })
}

fn terminals_of(place: &CardPlace) -> Vec<TerminalId> {
    let read = stored_bytes::read_place(purse::fields::Sequence(place.sequence.0), &place.content);
    let Some(read) = read else { return Vec::new() };
    let settled = read.settled.iter().map(|(known, ..)| known);
    settled.chain(&read.held).map(|known| TerminalId(known.debit.terms.terminal.0)).collect()
}

/// The debit of a sequence and its cancel, or what may have borne it.
fn debits(
    place: &CardPlace,
    currency: Currency,
    sellers: &BTreeMap<TerminalId, Option<MerchantId>>,
) -> Vec<LogEntry> {
    let read = stored_bytes::read_place(purse::fields::Sequence(place.sequence.0), &place.content);
    let Some(read) = read else { return Vec::new() };
    let entry = |known: &issuer::purse_card::KnownDebit, kind, certainty| {
        let terminal = TerminalId(known.debit.terms.terminal.0);
        LogEntry {
            kind,
            at: card_time::moment(DateTime(known.debit.when.0)),
            amount: amount(known.debit.terms.amount.units().into(), currency),
            certainty,
            merchant: sellers.get(&terminal).copied().flatten(),
            terminal: Some(terminal),
            transaction: Some(TerminalTransaction(known.debit.transaction.0)),
            operation: None,
        }
    };
    let certain = |belief| match belief {
        Belief::Proven => Certainty::Proven,
        Belief::Inferred => Certainty::Inferred,
    };
    let Some((known, belief, cancelling)) = &read.settled else {
        return read.held.iter().map(|known| entry(known, EntryKind::Debit, Certainty::Open)).collect();
    };
    let mut entries = vec![entry(known, EntryKind::Debit, certain(*belief))];
    match cancelling {
        Cancelling::No => {}
        Cancelling::Asked => entries.push(entry(known, EntryKind::Cancel, Certainty::Open)),
        Cancelling::Done(belief) => entries.push(entry(known, EntryKind::Cancel, certain(*belief))),
    }
    entries
}
