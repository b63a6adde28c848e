//! A card as its caller stores it: one row for the card, one for each offline sequence that terminals spoke of.
//!
//! Clearing a record of sequence *s* reads and changes the card and the places from *s − 3* to *s + 3*, and reads the place whose
//! debit has the record's terminal number; a store that has many places of a card needs to bring these only.

use messages::card::{CardStatus, Seconds};
use purse::{
    amount::Amount,
    fields::{DateTime, Sequence},
};

use crate::{
    clearing::number,
    key_store::Direction,
    online::OnlineTransaction,
    purse_card::{Belief, Cancelling, CardIdentity, KnownDebit, Place, PurseCard},
    shadow::Shadow,
};

/// What is known about a card but for its offline sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRow {
    /// Which card.
    pub identity: CardIdentity,
    /// Loads less what was cleared.
    pub shadow: Shadow,
    /// Since when there is excess.
    pub excess_since: Option<Seconds>,
    /// Why terminals shall not take it, and since when.
    pub listed: Option<(CardStatus, Seconds)>,
    /// Whether its rest was paid out.
    pub is_closed: bool,
    /// The next online sequence.
    pub online_sequence: Sequence,
    /// The attempts at the online sequence, and those that ended with the one before; at most 64 of each.
    pub online: Vec<OnlineTransaction>,
    /// What went on and off online, the newest few.
    pub moved: Vec<(DateTime, Direction, Amount)>,
}

/// What is known about one offline sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRow {
    /// The sequence.
    pub sequence: Sequence,
    /// The debit that bore it.
    pub settled: Option<(KnownDebit, Belief, Cancelling)>,
    /// Whether the ledger has taken the sequence for a debit.
    pub is_taken: bool,
    /// Debits that may have borne it.
    pub held: Vec<KnownDebit>,
}

impl PurseCard {
    /// What to store of the card.
    #[must_use]
    pub fn row(&self) -> CardRow {
        CardRow {
            identity: self.identity,
            shadow: self.shadow,
            excess_since: self.excess_since,
            listed: self.listed,
            is_closed: self.is_closed,
            online_sequence: self.online_sequence,
            online: self.online.clone(),
            moved: self.moved.clone(),
        }
    }

    /// What to store of its offline sequences, from one on.
    pub fn place_rows(&self, from: Sequence) -> impl Iterator<Item = PlaceRow> + '_ {
        self.places.range(from..).map(|(sequence, place)| PlaceRow {
            sequence: *sequence,
            settled: place.settled,
            is_taken: place.is_taken,
            held: place.held.clone(),
        })
    }

    /// The card that was stored so.
    #[must_use]
    pub fn from_rows(row: CardRow, places: impl IntoIterator<Item = PlaceRow>) -> Self {
        let mut card = Self {
            shadow: row.shadow,
            excess_since: row.excess_since,
            listed: row.listed,
            is_closed: row.is_closed,
            online_sequence: row.online_sequence,
            online: row.online,
            moved: row.moved,
            ..Self::issued(row.identity)
        };
        for PlaceRow { sequence, settled, is_taken, held } in places {
            if let Some((known, ..)) = &settled {
                card.numbers.insert(number(&known.debit));
            }
            card.places.insert(sequence, Place { settled, is_taken, held });
        }
        card
    }
}
