//! The issuer's host: what it reserves for loads, what it collects for split sales, and what it signs.

use std::vec::Vec;

use super::{Fault, till::Record, *};
use crate::{
    fields::{Mac, Random, Sequence, Terms},
    own,
    pboc::{key, session::SessionKey, transaction},
};

/// A load: one for each online sequence of the card, however often the card begins it. The amount has left the holder's
/// account, and is in flight until the card proves that it has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Load {
    pub(super) sequence: Sequence,
    pub(super) amount: u32,
    /// Whether the card has proved it.
    pub(super) is_settled: bool,
    /// What the card held whenever it began the load.
    balances: Vec<Amount>,
}

/// What the issuer keeps of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Issuer {
    pub(super) loads: Vec<Load>,
    /// Order and sequence of split sales whose owed part was collected.
    pub(super) collected: Vec<(u8, Sequence)>,
}

impl Issuer {
    /// Signs a load that the card has begun; again where it is the same, whoever asks.
    pub(super) fn sign(&mut self, wish: Wish, begun: &[u8; 16], fault: Option<Fault>) -> Option<Text> {
        let part = |at: usize| -> [u8; 4] { begun[at..at + 4].try_into().unwrap() };
        let balance = Amount::from_bytes(part(0));
        let sequence = Sequence::from_bytes([begun[4], begun[5]]);
        let terms = Terms { amount: units(wish.amount), kind: wish.kind, terminal: terminal(wish.till) };
        let session =
            SessionKey::online::<key::Load>(&key(), Algorithm::TripleDes, Random(part(8)), sequence);
        if transaction::load_mac1(&session, balance, &terms) != Mac(part(12)) {
            return None;
        }
        // A card that has gone on has had every load before.
        for load in self.loads.iter_mut().filter(|load| load.sequence < sequence) {
            load.is_settled = true;
        }
        if fault != Some(Fault::SignsFirst) {
            self.reserve(sequence, wish.amount, balance, fault)?;
        }
        let mac2 = transaction::load_mac2(&session, &terms, &WHEN);
        Some(Text::Credit([&WHEN.0[..], &mac2.0].concat().try_into().unwrap()))
    }

    fn reserve(
        &mut self,
        sequence: Sequence,
        amount: u32,
        balance: Amount,
        fault: Option<Fault>,
    ) -> Option<()> {
        let new = Load { sequence, amount, is_settled: false, balances: vec![balance] };
        let has_room = self.loads.len() < 4;
        let known = self.loads.iter_mut().find(|load| load.sequence == sequence);
        match known {
            Some(load) if fault == Some(Fault::SameSequence) && !load.is_settled => *load = new,
            Some(load) if load.amount != amount || load.is_settled => return None,
            // Once is enough to be found.
            Some(_) if fault == Some(Fault::ReservesAgain) && has_room => self.loads.push(new),
            Some(load) => {
                if !load.balances.contains(&balance) {
                    load.balances.push(balance);
                }
            }
            None => self.loads.push(new),
        }
        Some(())
    }

    /// Settles the load that a TAC proves.
    pub(super) fn settle(&mut self, code: [u8; 4], fault: Option<Fault>) {
        let codes = SessionKey::of_transaction_codes(&key(), Algorithm::TripleDes);
        for load in &mut self.loads {
            let is_right = |till: usize, balance: &Amount| {
                let terms =
                    Terms { amount: units(load.amount), kind: Kind::LoadPurse, terminal: terminal(till) };
                let new = balance.checked_add(terms.amount).unwrap();
                transaction::load_tac(&codes, new, load.sequence, &terms, &WHEN).0 == Mac(code)
            };
            let is_proved =
                (0..TILLS).any(|till| load.balances.iter().any(|balance| is_right(till, balance)));
            load.is_settled |= is_proved || fault == Some(Fault::AnyCode);
        }
    }

    /// Collects what is owed of a booked split sale from the holder's account, once, and signs its token.
    pub(super) fn collect(&mut self, record: &Record, fault: Option<Fault>) -> Text {
        let sale = (record.order, record.sequence);
        let is_again = fault == Some(Fault::CollectsAgain) && self.collected.len() < 4;
        let is_new = !self.collected.contains(&sale) || is_again;
        if is_new && fault != Some(Fault::ClosesFirst) {
            self.collected.push(sale);
        }
        Text::Token(own::completion_token(&key(), &ASN, &order(record.order), record.sequence))
    }

    /// What has left the holder's account for the card.
    pub(super) fn paid(&self) -> i64 {
        self.loads.iter().map(|load| i64::from(load.amount)).sum()
    }
}
