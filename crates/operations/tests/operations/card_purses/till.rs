//! A terminal that sells offline, with a real security module, and keeps what it has to upload.

use globalplatform::apdu::Command;
use messages::card::{
    self as wire, AlgorithmId, BatchNumber, Cancel, Completion, DebitKind, IssuerId, KeyVersion, Outcome,
    PurseRecord, SplitPart, Tac, TerminalId, TerminalTransaction, Units, WhiteList,
    batch::{BatchClosing, BatchLink, BatchTally, ListsHeld},
};
use pki::KeyPair;
use purse::{
    amount::Amount,
    ep::SPLIT_FILE,
    fields::{self, DateTime, Kind, Terms},
    key_table::KeyRecord,
    own,
    pboc::key,
    psam::{ModuleContents, ModulePersonalisation, SecurityModule},
    simulated::SimulatedNvm,
};
use serde_json::Value;

use super::plastic::{Plastic, Said, key_of};

const MASTER_INDEX: u8 = 0x22;

pub(crate) struct Till {
    pub(crate) id: TerminalId,
    pub(crate) key: KeyPair,
    module: SecurityModule<SimulatedNvm<1024>>,
    pub(crate) records: Vec<PurseRecord>,
    minutes: u8,
}

/// What goes wrong in a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    None,
    /// Power goes at this write, and the card leaves.
    Torn(u32),
    /// The card has answered, and the terminal does not hear it.
    Unheard,
}

impl Till {
    pub(crate) fn made_from(id: TerminalId, key: KeyPair, file: &str) -> Self {
        let file: Value = serde_json::from_str(file).unwrap();
        let keys = &file["security_module"]["keys"];
        let with = ModulePersonalisation {
            file_identifier: [0xDF, 0x01],
            serial: [id.0[5]; 10],
            terminal: fields::TerminalId(id.0),
            keys: &[
                KeyRecord::new(&key_of::<key::Purchase>(keys), MASTER_INDEX, 1, 0),
                KeyRecord::new(&key_of::<key::Cancel>(keys), MASTER_INDEX, 1, 0),
            ],
            sm4_algorithm: None,
            minimum_version: 1,
            ceiling: Amount::MAX,
            tries: 5,
        };
        let contents = ModuleContents::personalised(&with).unwrap();
        let module = SecurityModule::install(SimulatedNvm::new(), contents).unwrap();
        let mut till = Self { id, key, module, records: Vec::new(), minutes: 0 };
        till.send([0x00, 0xA4, 0, 0], &[&[0xDF, 0x01]]);
        till
    }

    fn send(&mut self, header: [u8; 4], data: &[&[u8]]) -> Said {
        let data = data.concat();
        let command = Command::new(header, &data, Some(256)).unwrap();
        let response = self.module.step(&command, [0x5A; 8]).unwrap();
        self.module.mirror().unwrap();
        assert_eq!(response.status().0, 0x9000);
        Said { data: response.data().to_vec(), status: response.status().0 }
    }

    fn tick(&mut self) -> DateTime {
        self.minutes += 1;
        let bcd = |number: u8| number / 10 * 16 + number % 10;
        DateTime([0x20, 0x27, 0x01, 0x16, bcd(9 + self.minutes / 60), bcd(self.minutes % 60), 0])
    }

    /// Terminal transaction ‖ MAC1, for what the card answered to an initialisation.
    fn authorise(&mut self, begun: &Said, terms: &Terms, when: &DateTime, card: &Plastic) -> Said {
        let (amount, kind) = (terms.amount.to_bytes(), [terms.kind.byte()]);
        let (rand, sequence, tags) = (&begun.data[11..15], &begun.data[4..6], &begun.data[9..11]);
        let factor = fields::Asn(card.asn.0).factor();
        self.send([0x80, 0x70, 0, 0], &[rand, sequence, &amount, &kind, &when.0, tags, &factor])
    }

    /// A purchase, as far as it comes.
    pub(crate) fn sell(&mut self, card: &mut Plastic, amount: u32, mishap: Mishap) {
        let terminal = fields::TerminalId(self.id.0);
        let terms = Terms { amount: Amount::new(amount), kind: Kind::Purchase, terminal };
        let begun = card.send([0x80, 0x50, 0x01, 0x02], &[&[1], &amount.to_be_bytes(), &terminal.0]).unwrap();
        assert_eq!(begun.status, 0x9000, "the card has enough");
        let when = self.tick();
        let authorised = self.authorise(&begun, &terms, &when, card);
        if let Mishap::Torn(at) = mishap {
            card.tear(at);
        }
        let number: [u8; 4] = authorised.part(0);
        let mac1: [u8; 4] = authorised.part(4);
        let said = card.send([0x80, 0x54, 0x01, 0x00], &[&number, &when.0, &mac1]);
        if matches!(mishap, Mishap::Torn(_)) {
            card.power_cycle();
        }
        let outcome = match (mishap, said) {
            (Mishap::None, Some(said)) => Outcome::Done(Tac(said.part(0))),
            _ => Outcome::Unknown,
        };
        self.records.push(self.record(card, (&terms, &when), (&begun, number), outcome));
    }

    fn record(
        &self,
        card: &Plastic,
        (terms, when): (&Terms, &DateTime),
        (begun, number): (&Said, [u8; 4]),
        outcome: Outcome,
    ) -> PurseRecord {
        PurseRecord {
            issuer: IssuerId(operations::card_purses::ISSUER.0),
            asn: card.asn,
            kind: DebitKind::Purchase,
            amount: Units(terms.amount.units()),
            balance_before: Units(u32::from_be_bytes(begun.part(0))),
            sequence: wire::Sequence(u16::from_be_bytes(begun.part(4))),
            terminal: self.id,
            transaction: TerminalTransaction(u32::from_be_bytes(number)),
            when: wire::DateTime(when.0),
            key_version: KeyVersion(begun.data[9]),
            algorithm: AlgorithmId(begun.data[10]),
            outcome,
            split: None,
        }
    }

    /// A sale of which the card holds only a part: it pays what it has, and the rest is owed. Without its code over the split where
    /// the card leaves too early.
    pub(crate) fn split(&mut self, card: &mut Plastic, amount: u32, leaves_early: bool) {
        let terminal = fields::TerminalId(self.id.0);
        let has = card.balance();
        let (terms, due) = (
            Terms { amount: Amount::new(has), kind: Kind::CompoundPurchase, terminal },
            Amount::new(amount - has),
        );
        let begun = card.send([0x80, 0x50, 0x03, 0x02], &[&[1], &has.to_be_bytes(), &terminal.0]).unwrap();
        assert_eq!(begun.status, 0x9000);
        let order = [self.minutes; 16];
        let payer = fields::Asn(card.asn.0).factor();
        let record = own::split_record(payer, due, &fields::OrderId(order));
        let cached = card.send([0x80, 0xDC, 0x01, SPLIT_FILE << 3 | 0x04], &[&record]).unwrap();
        assert_eq!(cached.status, 0x9000, "the grade allows it, and no other split is open");
        let when = self.tick();
        let authorised = self.authorise(&begun, &terms, &when, card);
        let (number, mac1): ([u8; 4], [u8; 4]) = (authorised.part(0), authorised.part(4));
        let said = card.send([0x80, 0x54, 0x01, 0x00], &[&number, &when.0, &mac1]).unwrap();
        assert_eq!(said.status, 0x9000);
        let tac = if leaves_early { Tac::default() } else { Tac(card.split_code()) };
        let split = SplitPart { payer, due: Units(due.units()), order: wire::OrderId(order), tac };
        let outcome = Outcome::Done(Tac(said.part(0)));
        self.records.push(PurseRecord {
            kind: DebitKind::CompoundPurchase,
            split: Some(split),
            ..self.record(card, (&terms, &when), (&begun, number), outcome)
        });
    }

    /// The card has come back: its code over the split of the last sale.
    pub(crate) fn hear_split(&mut self, card: &mut Plastic) {
        let code = Tac(card.split_code());
        let split = self.records.last_mut().and_then(|record| record.split.as_mut()).unwrap();
        split.tac = code;
    }

    /// Takes the white list over and delivers what it has for this card. How many splits that closed.
    pub(crate) fn close_splits(card: &mut Plastic, list: &WhiteList) -> usize {
        let asn = card.asn;
        let tokens = list.entries().iter().filter(|entry| entry.asn == asn).map(Completion::token);
        tokens.filter(|token| card.send([0x80, 0xDE, 0, 0], &[token]).unwrap().status == 0x9000).count()
    }

    /// Gives the last sale back on its card.
    pub(crate) fn cancel(&mut self, card: &mut Plastic) {
        let record = *self.records.last().unwrap();
        let Outcome::Done(debit) = record.outcome else { panic!("there is a sale to cancel") };
        let terminal = fields::TerminalId(self.id.0);
        let terms = Terms { amount: Amount::new(record.amount.0), kind: Kind::Cancel, terminal };
        let data: [&[u8]; 3] = [&[1], &record.amount.0.to_be_bytes(), &terminal.0];
        let begun = card.send([0x80, 0x50, 0x0A, 0x02], &data).unwrap();
        assert_eq!(begun.status, 0x9000);
        let when = self.tick();
        let authorised = self.authorise(&begun, &terms, &when, card);
        let number: [u8; 4] = authorised.part(0);
        let mac1: [u8; 4] = authorised.part(4);
        let said = card.send([0x80, 0x54, 0x0A, 0x00], &[&number, &when.0, &mac1]).unwrap();
        assert_eq!(said.status, 0x9000);
        let cancel = Cancel {
            transaction: TerminalTransaction(u32::from_be_bytes(number)),
            when: wire::DateTime(when.0),
        };
        let given_back = Tac(said.part(0));
        self.records.last_mut().unwrap().outcome = Outcome::Cancelled { debit, cancel, given_back };
    }

    /// These records as a signed batch.
    pub(crate) fn batch_of(&self, number: u32, records: &[PurseRecord]) -> Vec<u8> {
        let mut tally = BatchTally::default();
        let content: Vec<u8> = records.iter().flat_map(|record| tally.add(record).unwrap()).collect();
        let closing = BatchClosing {
            terminal: self.id,
            number: BatchNumber(number),
            clock: wire::DateTime([0x20, 0x27, 0x01, 0x16, 0x20, 0, 0]),
            lists: ListsHeld::default(),
            previous: BatchLink::NONE,
        };
        [tally.header(&closing).signed(&self.key).to_bytes().as_slice(), &content].concat()
    }

    /// Everything that the terminal has, as a signed batch.
    pub(crate) fn batch(&self, number: u32) -> Vec<u8> {
        self.batch_of(number, &self.records)
    }
}
