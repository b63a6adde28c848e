//! A till: what it records, and the shipping security module beside it.

use std::vec::Vec;

use super::{Fault, *};
use crate::{
    fields::{Sequence, TerminalTransaction},
    journal,
    key_table::KeyRecord,
    pboc::key,
    psam::{ModuleContents, ModulePersonalisation, SecurityModule},
    simulated::{SimulatedNvm, Tear},
};

const WORDS: usize = journal::words_needed::<ModuleContents>();
pub(super) type Module = SecurityModule<SimulatedNvm<WORDS>>;

/// Index of master keys of one level of diversification.
const ONE_LEVEL: u8 = 0x22;

/// A debit or cancel that a till has sent to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Record {
    pub(super) transaction: TerminalTransaction,
    pub(super) sequence: Sequence,
    pub(super) wish: Wish,
    pub(super) order: u8,
    /// Whether a card has proved it; else it may have happened or not.
    pub(super) is_booked: bool,
}

/// What a till keeps without power, and the transaction that it waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Till {
    pub(super) records: Vec<Record>,
    pub(super) waits_for: Option<TerminalTransaction>,
}

/// What is done to a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Question {
    /// 80 70 for what a card has begun.
    Authorise(Wish, [u8; 15]),
    /// 80 72 with a receipt: TAC ‖ MAC2.
    Verify([u8; 8]),
    /// It loses power.
    Leave,
}

/// A module that authorised nothing yet. Where the till looks at MAC2 alone, it has no key that makes TACs.
pub(super) fn module(till: usize, fault: Option<Fault>) -> Module {
    let keys = [
        KeyRecord::new(&master::<key::Purchase>(), ONE_LEVEL, 1, 0),
        KeyRecord::new(&master::<key::Cancel>(), ONE_LEVEL, 1, 0),
        KeyRecord::new(&master::<key::TransactionCode>(), ONE_LEVEL, 1, 0),
    ];
    let keys = if fault == Some(Fault::CodeUnchecked) { &keys[..2] } else { &keys };
    let contents = ModuleContents::personalised(&ModulePersonalisation {
        file_identifier: [0xDF, 0x01],
        serial: [0x51; 10],
        terminal: terminal(till),
        keys,
        sm4_algorithm: None,
        minimum_version: 1,
        ceiling: Amount::new(1_000),
        tries: 2,
    });
    let mut module = Module::install(SimulatedNvm::new(), contents.unwrap()).unwrap();
    select(&mut module);
    module
}

fn select(module: &mut Module) {
    assert!(ask(module, [0, 0xA4, 0, 0], &[0xDF, 0x01]).unwrap().is_some());
}

fn ask(module: &mut Module, header: [u8; 4], data: &[u8]) -> Result<Option<Vec<u8>>, NvmFault> {
    let response = module.step(&command(header, data), [0x5A; 8])?;
    Ok(response.status().is_success().then(|| response.data().to_vec()))
}

fn run(module: &mut Module, question: Question, fault: Option<Fault>) -> Result<Option<Vec<u8>>, NvmFault> {
    match question {
        Question::Authorise(wish, begun) => {
            let parts: [&[u8]; 7] = [
                &begun[11..15],
                &begun[4..6],
                &wish.amount.to_be_bytes(),
                &[wish.kind.byte()],
                &WHEN.0,
                &begun[9..11],
                &ASN.factor(),
            ];
            ask(module, [0x80, 0x70, 0, 0], &parts.concat())
        }
        Question::Verify([tac @ .., a, b, c, d]) => {
            let mac2 = [a, b, c, d];
            let tac: &[u8] = if fault == Some(Fault::CodeUnchecked) { &[] } else { &tac };
            ask(module, [0x80, 0x72, 0, 0], &[&mac2, tac].concat())
        }
        Question::Leave => {
            module.reset();
            select(module);
            Ok(None)
        }
    }
}

/// What the module becomes where power stays, and its answer.
pub(super) fn whole(before: &Module, question: Question, fault: Option<Fault>) -> (Module, Option<Vec<u8>>) {
    let mut module = before.clone();
    let mut answer = run(&mut module, question, fault).unwrap();
    module.mirror().unwrap();
    if fault == Some(Fault::ReceiptUnchecked) && matches!(question, Question::Verify(_)) {
        answer = Some(Vec::new());
    }
    (module, answer)
}

/// What the module becomes where power goes, at each write. The till has no answer then, but where the module is at fault.
pub(super) fn torn(
    before: &Module,
    question: Question,
    fault: Option<Fault>,
) -> Vec<(Module, Option<Vec<u8>>)> {
    let mut left: Vec<(Module, Option<Vec<u8>>)> = Vec::new();
    let tears = [Tear::Nothing, Tear::Weak(u32::MAX), Tear::Everything, Tear::Mixed(0xAAAA_AAAA)];
    for (write, tear) in (0..).zip(tears.into_iter().cycle()) {
        let mut module = before.clone();
        module.nvm_mut().cut_at(write, tear);
        if run(&mut module, question, fault).is_ok() {
            break;
        }
        let mut nvm = module.power_off();
        nvm.restore_power();
        let mut module = Module::power_on(nvm).unwrap();
        select(&mut module);
        if !left.iter().any(|(other, _)| other.state() == module.state()) {
            left.push((module, None));
        }
    }
    if fault == Some(Fault::NumberRepeats) && matches!(question, Question::Authorise(..)) {
        let mut module = before.clone();
        run(&mut module, Question::Leave, fault).unwrap();
        left.push((module, whole(before, question, None).1));
    }
    left
}

/// Whether a TAC is that of a record, as its module says by 80 78 once it has given out the record's number.
pub(super) fn is_code(record: &Record, tac: [u8; 4]) -> bool {
    let mut module = module(record.wish.till, None);
    let begun = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    while module.contents().transaction() <= record.transaction {
        run(&mut module, Question::Authorise(record.wish, begun), None).unwrap().unwrap();
    }
    let question: [&[u8]; 6] = [
        &record.wish.amount.to_be_bytes(),
        &[record.wish.kind.byte()],
        &record.transaction.to_bytes(),
        &WHEN.0,
        &tac,
        &ASN.factor(),
    ];
    ask(&mut module, [0x80, 0x78, 0, 0], &question.concat()).unwrap().is_some()
}

impl Till {
    /// Whether the till does what a card has begun: a cancel only of a sale that it has booked, just before.
    pub(super) fn does(&self, wish: Wish, sequence: Sequence) -> bool {
        if wish.kind != Kind::Cancel {
            return true;
        }
        let is_sale = |record: &Record| {
            record.is_booked
                && record.wish.kind == Kind::Purchase
                && record.wish.amount == wish.amount
                && record.sequence.next() == Some(sequence)
        };
        self.records.iter().any(is_sale)
    }

    /// Records what is about to be sent to a card: first the record, then MAC1.
    pub(super) fn record(&mut self, record: Record, fault: Option<Fault>) {
        self.waits_for = Some(record.transaction);
        if fault == Some(Fault::CancelUnrecorded) && record.wish.kind == Kind::Cancel {
            return;
        }
        let is_booked = fault == Some(Fault::BooksUnanswered);
        self.records.push(Record { is_booked, ..record });
    }

    /// Books the record of a transaction whose receipt its module has verified: MAC2, which names no terminal, and TAC.
    pub(super) fn book(&mut self, transaction: TerminalTransaction) {
        for record in self.records.iter_mut().filter(|record| record.transaction == transaction) {
            record.is_booked = true;
        }
    }

    /// Books what a receipt proves, whenever it comes.
    pub(super) fn recover(&mut self, is_code: impl Fn(&Record) -> bool, fault: Option<Fault>) {
        self.waits_for = None;
        let mut again = Vec::new();
        for record in &mut self.records {
            let is_right = fault == Some(Fault::AnyProof) || is_code(record);
            if is_right && record.is_booked && fault == Some(Fault::BooksAgain) {
                again.push(*record);
            }
            record.is_booked |= is_right;
        }
        // Once is enough to be found.
        if self.records.len() < 4 {
            self.records.extend(again);
        }
    }

    /// What the till claims of the issuer: booked sales, less everything that it may have given back.
    pub(super) fn claim(&self) -> i64 {
        let claims = self.records.iter().map(|record| match record.wish.kind {
            Kind::Cancel => -i64::from(record.wish.amount),
            _ if record.is_booked => i64::from(record.wish.amount),
            _ => 0,
        });
        claims.sum()
    }
}
