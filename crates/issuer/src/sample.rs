//! Cards and records with right TACs in any number, to measure clearing with.

use ledger::AccountId;
use messages::card::{
    self as wire, AlgorithmId, DebitKind, IssuerId, KeyVersion, Outcome, PurseRecord, Tac, Units,
};
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, TerminalId, TerminalTransaction, Terms},
    pboc::{
        key::{Algorithm, TransactionCode},
        session::SessionKey,
        transaction,
    },
};

use crate::{
    key_store::KeyName,
    master_keys::MasterKeyStore,
    purse_card::{CardIdentity, PurseCard},
};

/// How many cards with how many debits each, at how many terminals; every debit takes one unit.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// How many cards.
    pub cards: u32,
    /// How many debits of each.
    pub debits: u16,
    /// How many terminals, at least one: a card goes from one to the next.
    pub terminals: u8,
}

const ISSUER: [u8; 8] = [0x07, 0x92, 0x80, 0, 0, 0, 1, 0x45];
const WHEN: [u8; 7] = [0x20, 0x26, 0x11, 0x22, 0x13, 0x30, 0];

impl Sample {
    /// The terminal of this number, from 0.
    #[must_use]
    pub const fn terminal(number: u8) -> wire::TerminalId {
        wire::TerminalId([0x36, 4, 0x86, 0x60, 1, number])
    }

    /// The cards, as they were issued; their wallets are accounts 1, 2, 3 …
    pub fn cards(self) -> impl Iterator<Item = PurseCard> {
        (0..self.cards).map(|number| {
            PurseCard::issued(CardIdentity {
                asn: asn(number),
                issuer: ISSUER,
                levels: 1,
                sm4_algorithm: None,
                currency: money::Currency::CNY,
                wallet: AccountId(u128::from(number) + 1),
            })
        })
    }

    /// Their records in the order of a day: every card's first debit, then every card's second, and so on.
    pub fn records<K: MasterKeyStore>(self, keys: &K) -> impl Iterator<Item = PurseRecord> + '_ {
        (0..self.debits).flat_map(move |sequence| {
            (0..self.cards).filter_map(move |number| self.record(keys, number, sequence))
        })
    }

    /// `None`: there is no key of version 1.
    fn record(self, keys: &impl MasterKeyStore, number: u32, sequence: u16) -> Option<PurseRecord> {
        let asn = asn(number);
        let amount = Amount::new(1);
        let at = u32::from(sequence).wrapping_mul(self.cards).wrapping_add(number);
        let terminal = at.checked_rem(u32::from(self.terminals)).and_then(|number| u8::try_from(number).ok());
        let terminal = Self::terminal(terminal.unwrap_or(0));
        let terms = Terms { amount, kind: Kind::Purchase, terminal: TerminalId(terminal.0) };
        let name = KeyName { asn, issuer: ISSUER, levels: 1, version: 1, algorithm: Algorithm::TripleDes };
        let key = keys.card_key::<TransactionCode>(&name, 1).ok()?;
        let codes = SessionKey::of_transaction_codes(&key, Algorithm::TripleDes);
        let tac = transaction::purchase_tac(&codes, &terms, TerminalTransaction(at), &DateTime(WHEN));
        Some(PurseRecord {
            issuer: IssuerId(ISSUER),
            asn: wire::Asn(asn.0),
            kind: DebitKind::Purchase,
            amount: Units(amount.units()),
            balance_before: Units(u32::from(self.debits.wrapping_sub(sequence))),
            sequence: wire::Sequence(sequence),
            terminal,
            transaction: wire::TerminalTransaction(at),
            when: wire::DateTime(WHEN),
            key_version: KeyVersion(1),
            algorithm: AlgorithmId(0),
            outcome: Outcome::Done(Tac(tac.0.0)),
            split: None,
        })
    }
}

fn asn(number: u32) -> Asn {
    let [a, b, c, d] = number.to_be_bytes();
    Asn([0, 0, 0x20, 0x26, 0, 0, a, b, c, d])
}
