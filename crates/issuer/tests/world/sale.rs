//! Terminals: they sell, cancel, and upload.

use globalplatform::apdu::Command;
use issuer::{
    batch_clearing::BatchClearing,
    clearing::{Finding, Seller},
    key_store::DebitTerms,
};
use ledger::AccountId;
use messages::card::{
    self as wire, AlgorithmId, BatchNumber, Cancel, DebitKind, IssuerId, KeyVersion, Outcome, PurseRecord,
    Tac, TerminalTransaction, Units,
    batch::{BatchClosing, BatchLink, BatchReader, BatchTally, HEADER_BYTES, ListsHeld, SignedHeader},
    receipt::RecordVerdict,
};
use money::Currency;
use pki::KeyPair;
use purse::{
    amount::Amount,
    ep::Which,
    fields::{self, Asn, DateTime, Kind, TerminalId, Terms},
    key_table::KeyRecord,
    pboc::key::{self, Key},
    psam::{ModuleContents, ModulePersonalisation, SecurityModule},
};
use wallet::{chart, ids::MerchantId};

use super::{Answer, ISSUER, Memory, World, master};

/// A terminal with its security module and what it has not been able to forget.
pub(crate) struct Terminal {
    pub(crate) id: TerminalId,
    pub(crate) account: AccountId,
    module: SecurityModule<Memory>,
    pub(crate) records: Vec<PurseRecord>,
    last_card: usize,
}

/// What goes wrong in a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// Nothing.
    None,
    /// Power goes at this write, and the card leaves.
    Torn(u32),
    /// Power goes at this write, and the card is held there again: its proof is asked for.
    TappedAgain(u32),
    /// The card has answered, and the terminal does not hear it.
    Unheard,
}

/// What really happened to a card.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sale {
    pub(crate) asn: Asn,
    pub(crate) debit: DebitTerms,
    pub(crate) is_cancelled: bool,
}

const FACTOR_LEVEL: u8 = 0x22;

impl Terminal {
    pub(crate) fn new(number: u8) -> Self {
        let id = TerminalId([0x36, 4, 0x86, 0x60, 0, number]);
        let (dpk, dck): (Key<key::Purchase>, Key<key::Cancel>) = (master(), master());
        let with = ModulePersonalisation {
            file_identifier: [0xDF, 0x01],
            serial: [number; 10],
            terminal: id,
            keys: &[KeyRecord::new(&dpk, FACTOR_LEVEL, 1, 0), KeyRecord::new(&dck, FACTOR_LEVEL, 1, 0)],
            sm4_algorithm: None,
            minimum_version: 1,
            ceiling: Amount::MAX,
            tries: 5,
        };
        let contents = ModuleContents::personalised(&with).unwrap();
        let mut terminal = Self {
            id,
            account: chart::merchant_id(MerchantId::new(u128::from(number) + 1), Currency::CNY),
            module: SecurityModule::install(Memory::new(), contents).unwrap(),
            records: Vec::new(),
            last_card: usize::MAX,
        };
        terminal.send([0x00, 0xA4, 0, 0], &[&[0xDF, 0x01]]);
        terminal
    }

    fn send(&mut self, header: [u8; 4], data: &[&[u8]]) -> Answer {
        let data = data.concat();
        let command = Command::new(header, &data, Some(256)).unwrap();
        let response = self.module.step(&command, [0x5A; 8]).unwrap();
        self.module.mirror().unwrap();
        assert_eq!(response.status().0, 0x9000);
        Answer { data: response.data().to_vec(), status: response.status().0 }
    }

    /// MAC1 for what the card answered to an initialisation: terminal transaction ‖ MAC1.
    fn authorise(&mut self, begun: &Answer, terms: &Terms, when: &DateTime, asn: &Asn) -> Answer {
        let (amount, kind) = (terms.amount.to_bytes(), [terms.kind.byte()]);
        let (rand, sequence, tags) = (&begun.data[11..15], &begun.data[4..6], &begun.data[9..11]);
        self.send([0x80, 0x70, 0, 0], &[rand, sequence, &amount, &kind, &when.0, tags, &asn.factor()])
    }
}

impl World {
    /// A purchase, as far as it comes.
    pub(crate) fn sell(&mut self, which: usize, terminal: usize, amount: u32, mishap: Mishap) {
        let terms = Terms {
            amount: Amount::new(amount),
            kind: Kind::Purchase,
            terminal: self.terminals[terminal].id,
        };
        let data: [&[u8]; 3] = [&[1], &amount.to_be_bytes(), &terms.terminal.0];
        let begun = self.send(which, [0x80, 0x50, 0x01, 0x02], &data);
        let Some(begun) = begun.filter(|answer| answer.status == 0x9000) else { return };
        let (asn, when) = (self.plastic[which].0, self.tick());
        let authorised = self.terminals[terminal].authorise(&begun, &terms, &when, &asn);
        let transaction = fields::TerminalTransaction::from_bytes(authorised.part(0));
        let debit = DebitTerms { terms, transaction, when };
        if let Mishap::Torn(at) | Mishap::TappedAgain(at) = mishap {
            self.tear(which, at);
        }
        let before = self.sequence(which);
        let mac1: [u8; 4] = authorised.part(4);
        let data: [&[u8]; 3] = [&transaction.to_bytes(), &when.0, &mac1];
        let answer = self.send(which, [0x80, 0x54, 0x01, 0x00], &data);
        if matches!(mishap, Mishap::Torn(_) | Mishap::TappedAgain(_)) {
            self.power_cycle(which);
        }
        if self.sequence(which) != before {
            self.sales.push(Sale { asn, debit, is_cancelled: false });
        }
        let outcome = match (mishap, answer) {
            (Mishap::TappedAgain(_), None) => {
                let asked = (before + 1).to_be_bytes();
                let proof = self.send(which, [0x80, 0x5A, 0x00, 0x06], &[&asked]).unwrap();
                // A card that did not do it: there is nothing to record.
                if proof.status == 0x9406 {
                    return;
                }
                Outcome::Done(Tac(proof.part(4)))
            }
            (Mishap::None | Mishap::TappedAgain(_), Some(answer)) => Outcome::Done(Tac(answer.part(0))),
            _ => Outcome::Unknown,
        };
        let at = &mut self.terminals[terminal];
        at.last_card = which;
        at.records.push(PurseRecord {
            issuer: IssuerId(ISSUER),
            asn: wire::Asn(asn.0),
            kind: DebitKind::Purchase,
            amount: Units(amount),
            balance_before: Units::from_bytes(begun.part(0)),
            sequence: wire::Sequence::from_bytes(begun.part(4)),
            terminal: wire::TerminalId(at.id.0),
            transaction: TerminalTransaction(transaction.0),
            when: wire::DateTime(when.0),
            key_version: KeyVersion(begun.data[9]),
            algorithm: AlgorithmId(begun.data[10]),
            outcome,
            split: None,
        });
    }

    /// Cancels the terminal's last sale, if the card agrees.
    pub(crate) fn cancel(&mut self, terminal: usize, mishap: Mishap) {
        let at = &self.terminals[terminal];
        let (which, Some(record)) = (at.last_card, at.records.last().copied()) else { return };
        let Outcome::Done(debit) = record.outcome else { return };
        let terms = Terms { amount: Amount::new(record.amount.0), kind: Kind::Cancel, terminal: at.id };
        let data: [&[u8]; 3] = [&[1], &terms.amount.to_bytes(), &terms.terminal.0];
        let begun = self.send(which, [0x80, 0x50, 0x0A, 0x02], &data);
        let Some(begun) = begun.filter(|answer| answer.status == 0x9000) else { return };
        let (asn, when) = (self.plastic[which].0, self.tick());
        let authorised = self.terminals[terminal].authorise(&begun, &terms, &when, &asn);
        if let Mishap::Torn(at) | Mishap::TappedAgain(at) = mishap {
            self.tear(which, at);
        }
        let before = self.sequence(which);
        let number: [u8; 4] = authorised.part(0);
        let mac1: [u8; 4] = authorised.part(4);
        let answer = self.send(which, [0x80, 0x54, 0x0A, 0x00], &[&number, &when.0, &mac1]);
        if matches!(mishap, Mishap::Torn(_) | Mishap::TappedAgain(_)) {
            self.power_cycle(which);
        }
        if self.sequence(which) != before {
            let transaction = fields::TerminalTransaction(record.transaction.0);
            let sold = |sale: &&mut Sale| {
                sale.debit.transaction == transaction && sale.debit.terms.terminal == terms.terminal
            };
            self.sales.iter_mut().find(sold).unwrap().is_cancelled = true;
        }
        let cancel =
            Cancel { transaction: TerminalTransaction::from_bytes(number), when: wire::DateTime(when.0) };
        let record = self.terminals[terminal].records.last_mut().unwrap();
        record.outcome = match (mishap, answer) {
            (Mishap::None, Some(answer)) => {
                Outcome::Cancelled { debit, cancel, given_back: Tac(answer.part(0)) }
            }
            _ => Outcome::CancelUnknown { debit, cancel },
        };
    }

    /// The terminal uploads a batch of its records from one of them on, and the connection breaks after some bytes. What the
    /// issuer says, and finds.
    pub(crate) fn upload(
        &mut self,
        terminal: usize,
        from: usize,
        bytes_max: usize,
    ) -> (Vec<RecordVerdict>, Vec<Finding>) {
        let at = &self.terminals[terminal];
        let mut records = at.records.clone();
        if !records.is_empty() {
            let length = records.len();
            records.rotate_left(from % length);
        }
        let mut tally = BatchTally::default();
        let content: Vec<u8> = records.iter().flat_map(|record| tally.add(record).unwrap()).collect();
        let closing = BatchClosing {
            terminal: wire::TerminalId(at.id.0),
            number: BatchNumber(1),
            clock: wire::DateTime([0x20, 0x26, 0x11, 0x22, 0, 0, 0]),
            lists: ListsHeld::default(),
            previous: BatchLink::NONE,
        };
        let key = KeyPair::from_seed(&[1; 32]);
        let header: [u8; HEADER_BYTES] = tally.header(&closing).signed(&key).to_bytes();
        let header = SignedHeader::parse(&header).unwrap();
        header.verify(&key.public()).unwrap();
        let seller = Seller { terminal: wire::TerminalId(at.id.0), account: at.account };
        let mut clearing = BatchClearing::new(seller);
        let mut reader = BatchReader::new(&header);
        let mut read = Vec::new();
        reader.feed(&content[..bytes_max.min(content.len())], |record| read.push(record));
        let (keys, now) = (self.keys.clone(), self.now());
        let (mut verdicts, mut findings) = (Vec::new(), Vec::new());
        for record in &read {
            let cleared = clearing.next(&mut self.cards, &keys, record, now).unwrap();
            self.post(&cleared.transfers);
            verdicts.push(cleared.verdict);
            findings.extend(cleared.findings);
        }
        (verdicts, findings)
    }

    pub(crate) fn sequence(&self, which: usize) -> u16 {
        self.plastic[which].1.contents().pocket(Which::Purse).offline.0
    }
}
