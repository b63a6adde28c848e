//! Which cards terminals do not take.

use super::{
    fields::Asn,
    signed_list::{Entry, SignedList},
};

/// Why a card is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum CardStatus {
    /// Its holder lost it.
    Lost = 1,
    /// It was used twice at once.
    Cloned = 2,
    /// It spent more than it was given.
    Counterfeit = 3,
    /// Its rest was paid out.
    Closed = 4,
}

impl CardStatus {
    const ALL: [Self; 4] = [Self::Lost, Self::Cloned, Self::Counterfeit, Self::Closed];
}

/// A card that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusEntry {
    /// The card.
    pub asn: Asn,
    /// Why.
    pub status: CardStatus,
}

/// Cards that are not taken; a card stands in it at most once.
pub type StatusList = SignedList<StatusEntry>;

impl Entry for StatusEntry {
    const MAGIC: [u8; 4] = *b"SYSL";
    const BYTES: usize = 12;
    const KEY_BYTES: usize = 10;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.asn.0);
        bytes.extend_from_slice(&[self.status as u8, 0]);
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (asn, rest) = bytes.split_first_chunk()?;
        let [status, 0] = *rest else { return None };
        let status = CardStatus::ALL.into_iter().find(|known| *known as u8 == status)?;
        Some(Self { asn: Asn(*asn), status })
    }
}

impl StatusList {
    /// What the list says of a card; `None` where it may be taken.
    #[must_use]
    pub fn status(&self, asn: &Asn) -> Option<CardStatus> {
        let place = self.entries().binary_search_by(|entry| entry.asn.cmp(asn)).ok()?;
        self.entries().get(place).map(|entry| entry.status)
    }
}
