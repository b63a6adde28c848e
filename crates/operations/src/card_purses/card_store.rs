//! Cards as they are stored: read with what was decided of them made first, written only as they were read.

use issuer::{
    card_rows::{CardRow, PlaceRow},
    online::{OnlineTransaction, Stage},
    postings,
    purse_card::{CardIdentity, PurseCard},
    shadow::Shadow,
};
use ledger::Transfer;
use messages::card::{Asn, CardStatus};
use purse::fields::{self, Sequence};
use records::card_places::{self, CardPlace};
use records::card_postings::{self, CardPostings};
use records::card_purses::{self as rows, CardListing, CardPurse};
use records::{RecordsError, Sql};
use wallet::chart;
use wallet::ids::{OperationId, PostingsId};
use wallet::postings::decision_id;

use super::change::{self, Change};
use super::{CardPurseRefusal, card_time, made, stored_bytes};
use crate::{OperationError, Operations, Party};

const UNREADABLE: OperationError = OperationError::Inconsistent("records hold a card that cannot be read");

/// Which offline sequences of a card are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// None: nothing of them is asked.
    None,
    /// All, where something of them is held or not known.
    IfOpen,
    /// All.
    All,
}

/// A card as it was read, and as it is now.
#[derive(Clone, Debug)]
pub(super) struct StoredCard {
    pub(super) row: CardPurse,
    pub(super) card: PurseCard,
    /// The places as they were read, by sequence.
    places: Vec<(Sequence, Vec<u8>)>,
    /// The attempts online as they were read.
    online: Vec<OnlineTransaction>,
}

/// The number in the words of the purse.
pub(super) const fn purse_asn(asn: Asn) -> fields::Asn {
    fields::Asn(asn.0)
}

/// What the issuer's host has to know of a card that has a holder.
pub(super) fn identity(row: &CardPurse) -> Option<CardIdentity> {
    let holder = row.holder?;
    Some(CardIdentity {
        asn: purse_asn(row.asn),
        issuer: row.issuer.0,
        levels: 1,
        sm4_algorithm: None,
        currency: row.currency,
        wallet: chart::wallet_id(holder, row.currency),
    })
}

pub(super) const fn status(listing: CardListing) -> CardStatus {
    match listing {
        CardListing::Lost => CardStatus::Lost,
        CardListing::Cloned => CardStatus::Cloned,
        CardListing::Counterfeit => CardStatus::Counterfeit,
    }
}

const fn listing(status: CardStatus) -> CardListing {
    match status {
        CardStatus::Cloned => CardListing::Cloned,
        CardStatus::Counterfeit => CardListing::Counterfeit,
        CardStatus::Lost | CardStatus::Closed => CardListing::Lost,
    }
}

impl StoredCard {
    /// The card of these rows. `None`: it has no holder, or its bytes cannot be read.
    pub(super) fn of_rows(row: CardPurse, places: Vec<CardPlace>) -> Option<Self> {
        let identity = identity(&row)?;
        let online = stored_bytes::read_online(&row.online, &identity)?;
        let card_row = CardRow {
            identity,
            shadow: Shadow::new(row.own, row.excess)?,
            excess_since: row.excess_since,
            listed: row.listed.map(|(why, since)| (status(why), since)),
            is_closed: row.is_closed,
            online_sequence: Sequence(row.online_sequence.0),
            online: online.clone(),
            moved: stored_bytes::read_moved(&row.moved)?,
        };
        let read = |place: &CardPlace| stored_bytes::read_place(Sequence(place.sequence.0), &place.content);
        let place_rows = places.iter().map(read).collect::<Option<Vec<PlaceRow>>>()?;
        let places = places.into_iter().map(|place| (Sequence(place.sequence.0), place.content)).collect();
        Some(Self { row, card: PurseCard::from_rows(card_row, place_rows), places, online })
    }

    /// The row as the card is now.
    pub(super) fn to_row(&self) -> CardPurse {
        let card = self.card.row();
        CardPurse {
            own: card.shadow.own(),
            excess: card.shadow.excess(),
            excess_since: card.excess_since,
            listed: card.listed.map(|(why, since)| (listing(why), since)),
            is_closed: card.is_closed,
            online_sequence: messages::card::Sequence(card.online_sequence.0),
            online: stored_bytes::write_online(&card.online),
            moved: stored_bytes::write_moved(&card.moved),
            ..self.row.clone()
        }
    }

    /// The places that are other than they were read.
    pub(super) fn changed_places(&self) -> Vec<CardPlace> {
        let asn = self.row.asn;
        let mut changed = Vec::new();
        for place in self.card.place_rows(Sequence(0)) {
            let content = stored_bytes::write_place(&place);
            let before = self.places.binary_search_by_key(&place.sequence, |(sequence, _)| *sequence);
            let is_same =
                before.ok().and_then(|at| self.places.get(at)).is_some_and(|(_, was)| *was == content);
            if !is_same {
                changed.push(place_row(asn, &place, content));
            }
        }
        changed
    }

    /// Whether it is on the status list otherwise than when it was read.
    pub(super) fn changes_list(&self) -> bool {
        let card = self.card.row();
        let listed = card.listed.map(|(why, _)| listing(why));
        (listed, card.is_closed) != (self.row.listed.map(|(why, _)| why), self.row.is_closed)
    }

    /// The loads and unloads that were open when it was read and have ended since.
    pub(super) fn ended(&self) -> Vec<(OperationId, Ended)> {
        let now = self.card.row().online;
        let mut ended: Vec<(OperationId, Ended)> = Vec::new();
        for before in self.online.iter().rev().filter(|attempt| is_open(attempt.stage)) {
            let operation = before.operation;
            if ended.iter().any(|(known, _)| *known == operation) {
                continue;
            }
            let after = now.iter().rfind(|attempt| attempt.operation == operation);
            // What the host has forgotten was done, where its MAC2 had left: only the card's next sequence makes it forget.
            let end = match (after.map(|attempt| attempt.stage), before.stage) {
                (Some(Stage::Done), _) | (None, Stage::InDoubt) => Ended::Done,
                (Some(Stage::Declined), _) => Ended::Declined,
                (Some(Stage::NotDone), _) | (None, _) => Ended::NotDone,
                (Some(Stage::Begun | Stage::Ready | Stage::InDoubt), _) => continue,
            };
            ended.push((operation, end));
        }
        ended
    }
}

const fn is_open(stage: Stage) -> bool {
    matches!(stage, Stage::Begun | Stage::Ready | Stage::InDoubt)
}

/// How a load or unload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The card did it.
    Done,
    /// The card did not, and never will: money that waited went back.
    NotDone,
    /// The wallet had too little.
    Declined,
}

fn place_row(asn: Asn, place: &PlaceRow, content: Vec<u8>) -> CardPlace {
    use issuer::purse_card::Cancelling;
    let settled = place.settled.as_ref().map(|(known, ..)| known);
    let greatest = place.held.iter().max_by_key(|known| known.debit.terms.amount);
    let shown = settled.or(greatest);
    let is_asked = matches!(place.settled, Some((_, _, Cancelling::Asked)));
    CardPlace {
        asn,
        sequence: messages::card::Sequence(place.sequence.0),
        content,
        number: settled.map(|known| {
            let terminal = messages::card::TerminalId(known.debit.terms.terminal.0);
            (terminal, messages::card::TerminalTransaction(known.debit.transaction.0))
        }),
        amount: shown.map_or(0, |known| known.debit.terms.amount.units()),
        happened_at: shown.map_or(ledger::Timestamp::ZERO, |known| {
            card_time::moment(messages::card::DateTime(known.debit.when.0))
        }),
        is_open: !place.held.is_empty() || is_asked,
    }
}

/// Reads a card that has a holder. What was decided of it is made first, and where the ledger has said no to a load, that is
/// written.
///
/// # Errors
/// [`OperationError::NotFound`], [`CardPurseRefusal::CardNotServed`] where it has no holder, or what could not be reached.
pub(super) async fn open(
    operations: &Operations,
    asn: Asn,
    places: Places,
) -> Result<StoredCard, OperationError> {
    loop {
        let read = operations.records().read(move |sql| read_rows(sql, asn, places)).await?;
        let (row, places, postings) = read.ok_or(OperationError::NotFound(Party::CardPurse))?;
        made::all(operations, postings).await?;
        if row.holder.is_none() {
            return Err(CardPurseRefusal::CardNotServed.into());
        }
        let mut stored = StoredCard::of_rows(row, places).ok_or(UNREADABLE)?;
        if !resolve(operations, &mut stored).await? {
            return Ok(stored);
        }
        // A load was declined: that is written, by us or by somebody else, and the card is read again.
        let _written = change::commit(operations, Change::of(&stored, Vec::new())).await?;
    }
}

type Rows = (CardPurse, Vec<CardPlace>, Vec<CardPostings>);

fn read_rows(sql: &mut dyn Sql, asn: Asn, places: Places) -> Result<Option<Rows>, RecordsError> {
    let Some(row) = rows::get(sql, asn)? else { return Ok(None) };
    let is_wanted = match places {
        Places::None => false,
        Places::IfOpen => card_places::has_open(sql, asn)?,
        Places::All => true,
    };
    let places = if is_wanted { card_places::of_card(sql, asn)? } else { Vec::new() };
    let ids: Vec<PostingsId> = row.postings.into_iter().collect();
    let postings = card_postings::get_all(sql, &ids)?;
    Ok(Some((row, places, postings)))
}

/// Asks the ledger about loads that waited for its word. Says whether one was declined.
async fn resolve(operations: &Operations, stored: &mut StoredCard) -> Result<bool, OperationError> {
    let online = stored.card.row().online;
    let begun: Vec<OperationId> = online
        .iter()
        .filter(|attempt| attempt.stage == Stage::Begun)
        .map(|attempt| attempt.operation)
        .collect();
    if begun.is_empty() {
        return Ok(false);
    }
    let ids = begun.iter().copied().map(decision_id).collect();
    let funded = operations.ledger().lookup_transfers(ids).await?;
    let mut is_declined = false;
    for operation in begun {
        let is_funded = funded.iter().any(|transfer| transfer.id == decision_id(operation));
        let noted = if is_funded { stored.card.funded(operation) } else { stored.card.declined(operation) };
        noted.map_err(CardPurseRefusal::from)?;
        is_declined |= !is_funded;
    }
    Ok(is_declined)
}

/// Whether the ledger has ended a load, and how.
pub(super) async fn end_in_ledger(
    operations: &Operations,
    load: OperationId,
) -> Result<Option<Ended>, OperationError> {
    let found = operations.ledger().lookup_transfers(vec![postings::load_ended_id(load)]).await?;
    let end = |transfer: &Transfer| {
        if transfer.code == chart::LOAD_CREDITED { Ended::Done } else { Ended::NotDone }
    };
    Ok(found.first().map(end))
}
