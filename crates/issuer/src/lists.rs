//! Versions of the status list and of the white list.

use std::collections::BTreeMap;

use messages::card::{
    Asn, CardStatus, Completion, ListVersion, OrderId, Sequence, StatusEntry, StatusList, WhiteList,
    signed_list::{ListHours, NotAList, SignedList},
};
use pki::{KeyPair, SubjectId};
use purse::fields;

use crate::{
    key_store::{KeyError, KeyStore},
    purse_card::PurseCard,
};

/// Who signs lists.
#[derive(Clone, Debug)]
pub struct ListIssuer {
    /// The issuer's name.
    pub name: SubjectId,
    /// Its key.
    pub key: KeyPair,
}

/// Cards that terminals shall not take.
#[derive(Clone, Debug, Default)]
pub struct StatusBook {
    version: ListVersion,
    entries: BTreeMap<Asn, CardStatus>,
}

/// Open splits that any terminal may close.
#[derive(Clone, Debug, Default)]
pub struct WhiteBook {
    version: ListVersion,
    entries: BTreeMap<(Asn, OrderId, Sequence), [u8; 8]>,
}

impl StatusBook {
    /// Takes up what clearing or the holder said of a card. Whether that changed the book.
    pub fn note(&mut self, card: &PurseCard) -> bool {
        let asn = Asn(card.identity().asn.0);
        let status =
            if card.is_closed() { Some(CardStatus::Closed) } else { card.listed().map(|(status, _)| status) };
        match status {
            Some(status) => self.entries.insert(asn, status) != Some(status),
            None => self.entries.remove(&asn).is_some(),
        }
    }

    /// Signs the next version.
    ///
    /// # Errors
    /// [`NotAList`] where there are more cards than a list can have.
    pub fn issue(&mut self, hours: ListHours, issuer: &ListIssuer) -> Result<StatusList, NotAList> {
        let entries = self.entries.iter().map(|(asn, status)| StatusEntry { asn: *asn, status: *status });
        let version = next(self.version)?;
        let list = SignedList::signed(version, hours, entries.collect(), (issuer.name, &issuer.key))?;
        self.version = version;
        Ok(list)
    }
}

impl WhiteBook {
    /// The online part of a split was paid: any terminal may close it on the card.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn paid(
        &mut self,
        keys: &impl KeyStore,
        card: &PurseCard,
        (key_version, algorithm): (u8, u8),
        (order, sequence): (OrderId, Sequence),
    ) -> Result<(), KeyError> {
        let key = card.identity().key(key_version, algorithm);
        let (order_id, at) = (fields::OrderId(order.0), fields::Sequence(sequence.0));
        let mac = keys.completion_mac(&key, &order_id, at)?;
        self.entries.insert((Asn(card.identity().asn.0), order, sequence), mac);
        Ok(())
    }

    /// A terminal closed it on the card.
    pub fn closed(&mut self, asn: Asn, order: OrderId, sequence: Sequence) {
        self.entries.remove(&(asn, order, sequence));
    }

    /// Signs the next version.
    ///
    /// # Errors
    /// [`NotAList`] where there are more splits than a list can have.
    pub fn issue(&mut self, hours: ListHours, issuer: &ListIssuer) -> Result<WhiteList, NotAList> {
        let entries = self.entries.iter().map(|((asn, order, sequence), mac)| Completion {
            asn: *asn,
            order: *order,
            sequence: *sequence,
            mac: *mac,
        });
        let version = next(self.version)?;
        let list = SignedList::signed(version, hours, entries.collect(), (issuer.name, &issuer.key))?;
        self.version = version;
        Ok(list)
    }
}

fn next(version: ListVersion) -> Result<ListVersion, NotAList> {
    version.0.checked_add(1).map(ListVersion).ok_or(NotAList)
}
