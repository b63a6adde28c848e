//! Exceptions: what a person should look at, each with whose it is.

use std::collections::BTreeMap;

use ledger::Timestamp;
use messages::card::{Asn, DateTime, Seconds, Sequence, TerminalId};
use money::Amount;
use records::card_places::{self, CardPlace};
use records::card_purses::{self as rows, CardPurse};
use records::card_uploads;
pub use records::card_uploads::{FoundAt, RefusedRecord};
use records::{RecordsError, Sql, terminals};
use wallet::ids::{HolderId, MerchantId};

use super::card_store::StoredCard;
use super::view::{InDoubt, amount, in_doubt};
use super::{card_time, stored_bytes};
use crate::{OperationError, Operations};

/// The most of each kind that are shown.
const SHOWN_MAX: u32 = 200;
/// How many cards are looked at together.
const PAGE: u32 = 500;

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

/// Everything that a person should look at, at most some hundreds of each kind.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations) -> Result<Exceptions, OperationError> {
    let mut exceptions = operations.records().read(reported).await?;
    let now = card_time::seconds(operations.now());
    let window = Seconds(u64::from(operations.policy().clearing_window_days).saturating_mul(86_400));
    let mut after = Asn::default();
    loop {
        let page = operations.records().read(move |sql| with_places(sql, after)).await?;
        let Some((last, _)) = page.last() else { return Ok(exceptions) };
        after = last.asn;
        for stored in page.into_iter().filter_map(|(row, places)| StoredCard::of_rows(row, places)) {
            look_at(&stored, (now, window), &mut exceptions);
        }
    }
}

/// What clearing wrote down.
fn reported(sql: &mut dyn Sql) -> Result<Exceptions, RecordsError> {
    let mut sellers: BTreeMap<TerminalId, Option<MerchantId>> = BTreeMap::new();
    let mut held = Vec::new();
    for place in card_places::open(sql, SHOWN_MAX)? {
        let Some(card) = rows::get(sql, place.asn)? else { continue };
        let read = stored_bytes::read_place(purse::fields::Sequence(place.sequence.0), &place.content);
        for known in read.iter().flat_map(|read| &read.held) {
            let terminal = TerminalId(known.debit.terms.terminal.0);
            let merchant = match sellers.get(&terminal) {
                Some(merchant) => *merchant,
                None => terminals::get(sql, terminal)?.map(|terminal| terminal.merchant),
            };
            sellers.insert(terminal, merchant);
            held.push(HeldDebit {
                asn: place.asn,
                sequence: place.sequence,
                terminal,
                merchant,
                amount: amount(known.debit.terms.amount.units().into(), card.currency),
                at: card_time::moment(DateTime(known.debit.when.0)),
            });
        }
    }
    Ok(Exceptions {
        refused: card_uploads::refusals(sql, SHOWN_MAX)?,
        findings: card_uploads::findings(sql, SHOWN_MAX)?,
        held,
        ..Exceptions::default()
    })
}

fn with_places(sql: &mut dyn Sql, after: Asn) -> Result<Vec<(CardPurse, Vec<CardPlace>)>, RecordsError> {
    let page = rows::after(sql, after, PAGE)?;
    page.into_iter()
        .map(|row| {
            let is_bound = row.holder.is_some();
            let places = if is_bound { card_places::of_card(sql, row.asn)? } else { Vec::new() };
            Ok((row, places))
        })
        .collect()
}

fn look_at(stored: &StoredCard, (now, window): (Seconds, Seconds), exceptions: &mut Exceptions) {
    let (asn, currency) = (stored.row.asn, stored.row.currency);
    let shown = usize::try_from(SHOWN_MAX).unwrap_or(usize::MAX);
    let gaps = stored.card.gaps().map(|(first, last)| (asn, Sequence(first.0), Sequence(last.0)));
    exceptions.gaps.extend(gaps.take(shown.saturating_sub(exceptions.gaps.len())));
    let counterfeit = stored.card.counterfeit(now, window);
    if counterfeit > 0 && exceptions.counterfeits.len() < shown {
        exceptions.counterfeits.push((asn, amount(counterfeit, currency)));
    }
    let doubts = in_doubt(stored).into_iter().map(|doubt| (asn, stored.row.holder, doubt));
    exceptions.in_doubt.extend(doubts.take(shown.saturating_sub(exceptions.in_doubt.len())));
}
