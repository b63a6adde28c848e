//! Whether every unit of the town's card purses is accounted for. In production nobody sees into cards; here the visitor does.

use std::collections::BTreeMap;
use std::fmt;

use issuer::equation::Equation;
use issuer::key_store::Direction;
use money::{Amount, Currency};
use operations::card_purses::view::{self, Certainty, EntryKind, LogEntry};
use operations::card_purses::{CardPurseState, equation};
use operations::{OperationError, Operations};
use purse::fields::{Asn, Kind, Sequence};
use records::principals;
use terminal::book::{Record, State};
use wallet::ids::HolderId;

use super::card_office::Tills;
use super::card_table::LyingCard;

/// Where units are that have left a card and have not reached their receiver, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// A purchase that a terminal has to upload, or that the issuer has not paid.
    Purchase(&'static str, &'static str),
    /// A cancel of one.
    Cancel(&'static str, &'static str),
    /// A load that only the card knows the end of.
    Load,
    /// An unload.
    Unload,
}

/// Units that wait somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WaitingUnits {
    /// Where.
    pub(super) at: Waiting,
    /// In how many pieces.
    pub(super) count: u32,
    /// How many.
    pub(super) units: i128,
}

impl WaitingUnits {
    pub(super) fn where_zh(&self) -> String {
        match &self.at {
            Waiting::Purchase(zh, _) => format!("{} 笔消费待清算 · {zh}", self.count),
            Waiting::Cancel(zh, _) => format!("{} 笔撤销待清算 · {zh}", self.count),
            Waiting::Load => "圈存挂账".to_owned(),
            Waiting::Unload => "圈提挂账".to_owned(),
        }
    }

    pub(super) fn where_en(&self) -> String {
        match &self.at {
            Waiting::Purchase(_, en) => format!("{} to be cleared, {en}", self.count),
            Waiting::Cancel(_, en) => format!("{} cancels to be cleared, {en}", self.count),
            Waiting::Load => "load in doubt".to_owned(),
            Waiting::Unload => "unload in doubt".to_owned(),
        }
    }
}

/// A card, with what the issuer knows of it.
#[derive(Clone, Debug)]
pub(super) struct CardLine {
    /// The card.
    pub(super) lying: LyingCard,
    /// Where it is in its life.
    pub(super) state: CardPurseState,
    /// Whose it is; empty where it has no holder.
    pub(super) holder: String,
    /// What the card says that it holds.
    pub(super) balance: Amount,
    /// What the issuer owes, below zero where more was spent than loaded.
    pub(super) shadow: i128,
    /// What is on its way between the two.
    pub(super) waiting: Vec<WaitingUnits>,
}

impl CardLine {
    /// Holder and the last four digits.
    pub(super) fn label(&self) -> String {
        label(&self.lying.name, &self.holder)
    }
}

/// The holder of a card, where it has one, and the last four digits of its file's name.
pub(super) fn label(name: &str, holder: &str) -> String {
    let digits = name.trim_end_matches("-copy");
    let last = digits.get(digits.len().saturating_sub(4)..).unwrap_or(digits);
    let holder = if holder.is_empty() { "未发出 unissued" } else { holder };
    format!("{holder} •{last}")
}

/// The name of a card's holder; empty where it has none.
pub(super) async fn holder_name(
    operations: &Operations,
    holder: Option<HolderId>,
) -> Result<String, OperationError> {
    let Some(holder) = holder else { return Ok(String::new()) };
    let found = operations.services().records.read(move |sql| principals::get(sql, holder.into())).await?;
    Ok(found.map_or_else(String::new, |principal| principal.name))
}

/// All cards, and the equation over them.
#[derive(Clone, Debug)]
pub(super) struct CardBooks {
    pub(super) cards: Vec<CardLine>,
    pub(super) equation: Equation,
}

/// Units in the town's currency.
pub(super) fn text(units: i128) -> impl fmt::Display {
    let minor = u64::try_from(units.unsigned_abs()).unwrap_or(u64::MAX);
    let amount = Amount::from_minor(minor, Currency::CNY).unwrap_or(Amount::zero(Currency::CNY));
    let sign = if units < 0 { "−" } else { "" };
    format!("{sign}{}", pages::figures::text(amount))
}

/// Counts everything: the cards as they lie there, the terminals' journals, and the issuer's side.
pub(super) async fn count(
    operations: &Operations,
    tills: &Tills,
    lying: Vec<LyingCard>,
) -> Result<CardBooks, OperationError> {
    let figures = equation::figures(operations).await?;
    let figures = figures.iter().find(|figures| figures.currency == Currency::CNY);
    let mut equation = Equation {
        shadows: figures.map_or(0, |figures| figures.shadows),
        waiting_loads: figures.map_or(0, |figures| figures.loads),
        ..Equation::default()
    };
    let newest = |asn: Asn| lying.iter().filter(|card| card.asn == asn).map(|card| card.sequences.0).max();
    let reached: BTreeMap<Asn, Sequence> =
        lying.iter().filter_map(|card| Some((card.asn, newest(card.asn)?))).collect();
    let mut cards = Vec::new();
    for card in lying {
        let units = i128::from(card.balance.units());
        let line = line(operations, tills, card, &reached).await?;
        // What a closed card held is its holder's again, and what is left in it is worth nothing.
        if line.state != CardPurseState::Closed {
            equation.purses += units;
            equation.copied += line.lying.copied.map_or(0, |copied| i128::from(copied.units()));
        }
        cards.push(line);
    }
    for waiting in cards.iter().flat_map(|card: &CardLine| &card.waiting) {
        let place = match waiting.at {
            Waiting::Purchase(..) => &mut equation.debits_not_cleared,
            Waiting::Cancel(..) => &mut equation.cancels_not_cleared,
            Waiting::Load => &mut equation.loads_in_flight,
            Waiting::Unload => &mut equation.unloads_in_flight,
        };
        *place += waiting.units;
    }
    Ok(CardBooks { cards, equation })
}

async fn line(
    operations: &Operations,
    tills: &Tills,
    lying: LyingCard,
    reached: &BTreeMap<Asn, Sequence>,
) -> Result<CardLine, OperationError> {
    let asn = messages::card::Asn(lying.asn.0);
    let known = view::get(operations, asn).await?;
    let log = view::log(operations, asn, None, LOG_MAX).await?;
    let minor = u64::from(lying.balance.units());
    let balance = Amount::from_minor(minor, known.currency).unwrap_or(Amount::zero(known.currency));
    let mut waiting = Vec::new();
    // What a copy spent stands in the same journals as what the card spent: it is counted once, beside the card.
    if !lying.is_copy && known.state != CardPurseState::Closed {
        let newest = reached.get(&lying.asn).copied().unwrap_or(Sequence(0));
        for (till, record) in tills.records_of(lying.asn) {
            if !has_happened(&record, newest) || is_cleared(&record, &log, till.id) {
                continue;
            }
            let units = i128::from(record.intent.amount.units());
            let (zh, en) = till.name;
            let at = match record.intent.kind {
                Kind::Cancel => Waiting::Cancel(zh, en),
                _ => Waiting::Purchase(zh, en),
            };
            add(&mut waiting, at, units);
        }
        let (_, online) = lying.sequences;
        for doubt in known.in_doubt.iter().filter(|doubt| doubt.sequence.0 >= online.0) {
            if doubt.direction == Direction::Load {
                add(&mut waiting, Waiting::Load, doubt.amount.minor().into());
            }
        }
        for doubt in known.in_doubt.iter().filter(|doubt| doubt.sequence.0 < online.0) {
            if doubt.direction == Direction::Unload {
                add(&mut waiting, Waiting::Unload, doubt.amount.minor().into());
            }
        }
    }
    let holder = holder_name(operations, known.holder).await?;
    let shadow = i128::from(known.shadow.minor()) - i128::from(known.excess.minor());
    Ok(CardLine { lying, state: known.state, holder, balance, shadow, waiting })
}

/// Adds a piece to what waits at the same place.
fn add(waiting: &mut Vec<WaitingUnits>, at: Waiting, units: i128) {
    match waiting.iter_mut().find(|known| known.at == at) {
        Some(known) => {
            known.count += 1;
            known.units += units;
        }
        None => waiting.push(WaitingUnits { at, count: 1, units }),
    }
}

/// More than a card of the town has in its log.
const LOG_MAX: u32 = 1_000;

/// Whether a card did what a terminal's record says; of one that is open, the card's own counter tells.
fn has_happened(record: &Record, newest: Sequence) -> bool {
    match record.state {
        State::Done(_) => true,
        State::NotDone(_) => false,
        State::Open(_) | State::MovedOn(_) => newest > record.intent.sequence,
    }
}

/// Whether the issuer has paid it.
fn is_cleared(record: &Record, log: &[LogEntry], terminal: messages::card::TerminalId) -> bool {
    let kind = if record.intent.kind == Kind::Cancel { EntryKind::Cancel } else { EntryKind::Debit };
    let is_it = |entry: &LogEntry| {
        entry.kind == kind
            && entry.terminal == Some(terminal)
            && entry.transaction == Some(messages::card::TerminalTransaction(record.intent.transaction.0))
            && entry.certainty != Certainty::Open
    };
    log.iter().any(is_it)
}
