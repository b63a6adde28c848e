//! Card purses in the words and types of pages: what holders and the operator both see.

use std::collections::HashMap;
use std::fmt::Write as _;

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use messages::card::{Asn, Seconds};
use money::{Amount, Delta};
use operations::card_purses::dues::{self, CardDueState};
use operations::card_purses::issuing::number_text;
use operations::card_purses::view::{self, CardPurse, Certainty, EntryKind as Did};
use operations::card_purses::{CardListing, CardPurseState, terminals};
use operations::merchants;
use pages::card_purse::{self as shown, Belief, DueState, EntryKind, LogEntry, PurseState};
use records::issue_batches;
use wallet::ids::{IssueBatchId, MerchantId};

use super::describe::pick;
use super::stop::Stop;
use super::visit::Visit;
use crate::rfc3339;

/// How many parts of sales a page has.
const DUES: u32 = 5;
/// How many entries of a card's log a page has.
const ENTRIES: u32 = 30;
/// How many entries are read at once for a file.
const ENTRIES_OF_PAGE: u32 = 200;
/// How many times.
const PAGES_OF_FILE: usize = 200;

/// A moment that cards and lists count in whole seconds.
pub(super) const fn moment(seconds: Seconds) -> Timestamp {
    Timestamp(seconds.0.saturating_mul(NANOSECONDS_PER_SECOND))
}

/// How far a card came, and why it is listed.
pub(super) const fn state(state: CardPurseState, listed: Option<CardListing>) -> PurseState {
    match (state, listed) {
        (CardPurseState::Made, _) => PurseState::Made,
        (CardPurseState::Bound, _) => PurseState::Bound,
        (CardPurseState::Closed, _) => PurseState::Closed,
        (CardPurseState::Listed, Some(CardListing::Cloned)) => PurseState::Cloned,
        (CardPurseState::Listed, Some(CardListing::Counterfeit)) => PurseState::Counterfeit,
        (CardPurseState::Listed, Some(CardListing::Lost) | None) => PurseState::Lost,
    }
}

/// The last month of a batch's cards, `MM/YY`.
async fn expiry(visit: &Visit, batch: IssueBatchId) -> Result<Option<String>, Stop> {
    let found = visit.app.records().read(move |sql| issue_batches::get(sql, batch)).await;
    Ok(visit.need_records(found)?.map(|batch| {
        let day = last_day(batch.valid_until);
        let (year, month) = (day.get(2..4).unwrap_or_default(), day.get(5..7).unwrap_or_default());
        format!("{month}/{year}")
    }))
}

/// A day counted from 1970-01-01, as `2031-11-30`.
pub(super) fn last_day(days: u32) -> String {
    let moment = Timestamp(u64::from(days).saturating_mul(86_400 * NANOSECONDS_PER_SECOND));
    rfc3339::format(moment).chars().take(10).collect()
}

/// A card as lists show it.
pub(super) async fn purse(visit: &Visit, card: &CardPurse) -> Result<shown::CardPurse, Stop> {
    Ok(shown::CardPurse {
        number: number_text(card.asn),
        state: state(card.state, card.listed.map(|(listing, _)| listing)),
        balance: card.shadow,
        seen_at: card.last_seen,
        expiry: expiry(visit, card.batch).await?,
    })
}

/// From when on the rest of a listed card can be given back.
pub(super) fn refund_from(visit: &Visit, card: &CardPurse) -> Option<Timestamp> {
    let days = u64::from(visit.app.operations().services().policy.clearing_window_days);
    let (_, since) = card.listed?;
    Some(moment(Seconds(since.0.saturating_add(days.saturating_mul(86_400)))))
}

/// What loads and unloads in doubt sum to.
pub(super) fn in_doubt(card: &CardPurse) -> Amount {
    let add = |sum: Amount, doubt: &view::InDoubt| sum.checked_add(doubt.amount).unwrap_or(sum);
    card.in_doubt.iter().fold(Amount::zero(card.currency), add)
}

/// The newest parts of sales that a card did not hold.
pub(super) async fn dues(visit: &Visit, card: Asn) -> Result<Vec<shown::CardDue>, Stop> {
    let (mut names, mut all) = (HashMap::new(), Vec::new());
    for due in visit.need(dues::of_card(visit.app.operations(), card, DUES).await)? {
        all.push(shown::CardDue {
            id: due.id.to_string(),
            amount: due.amount,
            place: place(visit, &mut names, Some(due.merchant)).await?,
            since: due.owed_since,
            state: match due.state {
                CardDueState::Unproven => DueState::Unproven,
                CardDueState::Owed => DueState::Owed,
                CardDueState::Collected => DueState::Collected,
                CardDueState::Disowned => DueState::Disowned,
            },
        });
    }
    Ok(all)
}

/// A page of a card's log, and the query string of the next, older one.
pub(super) struct LogPage {
    pub(super) entries: Vec<LogEntry>,
    pub(super) older: Option<String>,
}

/// What a card did before a moment, newest first.
pub(super) async fn log(visit: &Visit, card: Asn, before: Option<u64>) -> Result<LogPage, Stop> {
    let (found, older) = whole_moments(visit, card, before.map(Timestamp), ENTRIES).await?;
    let older = older.map(|before| format!("?before={}", before.0));
    Ok(LogPage { entries: entries(visit, found).await?, older })
}

/// At most `limit` entries before a moment, none of a moment of which some are left out; and where to go on.
async fn whole_moments(
    visit: &Visit,
    card: Asn,
    before: Option<Timestamp>,
    limit: u32,
) -> Result<(Vec<view::LogEntry>, Option<Timestamp>), Stop> {
    let mut found = visit.need(view::log(visit.app.operations(), card, before, limit).await)?;
    let full = u32::try_from(found.len()).is_ok_and(|count| count >= limit);
    let Some(last) = found.last().map(|entry| entry.at).filter(|_| full) else { return Ok((found, None)) };
    if found.iter().any(|entry| entry.at != last) {
        found.retain(|entry| entry.at != last);
    }
    let older = found.last().map(|entry| entry.at);
    Ok((found, older))
}

async fn entries(visit: &Visit, found: Vec<view::LogEntry>) -> Result<Vec<LogEntry>, Stop> {
    let mut names = HashMap::new();
    let mut entries = Vec::with_capacity(found.len());
    for entry in found {
        let place = place(visit, &mut names, entry.merchant).await?;
        entries.push(LogEntry {
            kind: kind(entry.kind),
            at: entry.at,
            place,
            delta: change(entry.kind, entry.amount),
            belief: belief(entry.certainty),
        });
    }
    Ok(entries)
}

/// The merchant's name; empty where there is none. `names` has those that were asked for before.
async fn place(
    visit: &Visit,
    names: &mut HashMap<MerchantId, String>,
    merchant: Option<MerchantId>,
) -> Result<String, Stop> {
    let Some(id) = merchant else { return Ok(String::new()) };
    if let Some(name) = names.get(&id) {
        return Ok(name.clone());
    }
    let name = merchant_name(visit, id).await?;
    names.insert(id, name.clone());
    Ok(name)
}

/// The name of a merchant for readers of this language.
pub(super) async fn merchant_name(visit: &Visit, id: MerchantId) -> Result<String, Stop> {
    let found = visit.need(merchants::get(visit.app.operations(), id).await)?;
    Ok(pick(visit.locale, &found.name_zh, Some(&found.name_en)).to_owned())
}

const fn kind(kind: Did) -> EntryKind {
    match kind {
        Did::Load => EntryKind::Load,
        Did::Unload => EntryKind::Unload,
        Did::Debit => EntryKind::Debit,
        Did::Cancel => EntryKind::Cancel,
        Did::Rest => EntryKind::Rest,
    }
}

const fn belief(certainty: Certainty) -> Belief {
    match certainty {
        Certainty::Proven => Belief::Proven,
        Certainty::Inferred => Belief::Inferred,
        Certainty::Open => Belief::Held,
    }
}

/// What it changed on the card.
fn change(kind: Did, amount: Amount) -> Delta {
    match kind {
        Did::Load | Did::Cancel => amount.to_delta(),
        Did::Unload | Did::Debit | Did::Rest => amount.to_delta().negated(),
    }
}

/// A card's log as a file of comma-separated values.
pub(super) async fn log_csv(visit: &Visit, card: Asn) -> Result<String, Stop> {
    let mut text = String::from("time,kind,certainty,amount,currency,merchant,terminal\r\n");
    let mut before = None;
    for _ in 0..PAGES_OF_FILE {
        let (found, older) = whole_moments(visit, card, before, ENTRIES_OF_PAGE).await?;
        found.iter().for_each(|entry| csv_line(&mut text, entry));
        match older {
            Some(older) => before = Some(older),
            None => break,
        }
    }
    Ok(text)
}

fn csv_line(text: &mut String, entry: &view::LogEntry) {
    let (kind, certainty) = codes(entry);
    let sign = if change(entry.kind, entry.amount).minor() < 0 { "-" } else { "" };
    let merchant = entry.merchant.map(|id| id.to_string()).unwrap_or_default();
    let terminal = entry.terminal.map(terminals::name).unwrap_or_default();
    let (at, amount) = (rfc3339::format(entry.at), entry.amount.decimal());
    let currency = entry.amount.currency().code();
    write!(text, "{at},{kind},{certainty},{sign}{amount},{currency},{merchant},{terminal}\r\n")
        .expect("writing to a text succeeds");
}

const fn codes(entry: &view::LogEntry) -> (&'static str, &'static str) {
    let kind = match entry.kind {
        Did::Load => "load",
        Did::Unload => "unload",
        Did::Debit => "debit",
        Did::Cancel => "cancel",
        Did::Rest => "rest",
    };
    let certainty = match entry.certainty {
        Certainty::Proven => "proven",
        Certainty::Inferred => "inferred",
        Certainty::Open => "open",
    };
    (kind, certainty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_is_counted_from_1970() {
        assert_eq!(last_day(0), "1970-01-01");
        assert_eq!(last_day(22_613), "2031-11-30");
    }
}
