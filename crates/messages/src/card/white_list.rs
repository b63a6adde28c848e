//! Open splits that any terminal may close.

use super::{
    fields::{Asn, OrderId, Sequence},
    signed_list::{Entry, SignedList},
};

/// What closes the open split of a card, once. The card checks the MAC; a terminal only carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Completion {
    /// The card.
    pub asn: Asn,
    /// The order.
    pub order: OrderId,
    /// The offline sequence of the purchase that opened the split.
    pub sequence: Sequence,
    /// The issuer's MAC, over card, order and sequence.
    pub mac: [u8; 8],
}

/// Open splits that any terminal may close.
pub type WhiteList = SignedList<Completion>;

impl Completion {
    /// What the command of a completion carries: order ‖ sequence ‖ MAC.
    #[must_use]
    pub fn token(&self) -> [u8; 26] {
        let mut token = [0; 26];
        let fields = self.order.0.into_iter().chain(self.sequence.to_bytes()).chain(self.mac);
        token.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
        token
    }
}

impl Entry for Completion {
    const MAGIC: [u8; 4] = *b"SYWL";
    const BYTES: usize = 36;
    const KEY_BYTES: usize = 28;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.asn.0);
        bytes.extend_from_slice(&self.token());
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (asn, rest) = bytes.split_first_chunk()?;
        let (order, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let mac = rest.try_into().ok()?;
        Some(Self { asn: Asn(*asn), order: OrderId(*order), sequence: Sequence::from_bytes(*sequence), mac })
    }
}

impl WhiteList {
    /// What closes a split of a card, where the list has it.
    #[must_use]
    pub fn completion(&self, asn: &Asn, order: &OrderId, sequence: Sequence) -> Option<&Completion> {
        let wanted = (asn, order, sequence);
        let place =
            self.entries().binary_search_by(|entry| (&entry.asn, &entry.order, entry.sequence).cmp(&wanted));
        self.entries().get(place.ok()?)
    }
}
