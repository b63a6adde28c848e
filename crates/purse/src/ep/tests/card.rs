//! The card: the shipping application, its faults, and what it can become by a command.

use std::{sync::Arc, vec::Vec};

use super::{Fault, *};
use crate::{
    bytes::{Reader, Writer},
    ep::{Application, Contents, FileLayout, Grade, Limits, Personalisation, Profile, SPLIT_FILE},
    fields::{Date, Random, Sequence, TerminalTransaction, Terms},
    journal::{self, Stored},
    key_table::KeyRecord,
    own,
    pboc::{key, session::SessionKey, transaction},
    simulated::{SimulatedNvm, Tear},
};

pub(super) const WORDS: usize = journal::words_needed::<Contents>();
pub(super) type Card = Application<SimulatedNvm<WORDS>>;

const AID: [u8; 9] = [0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1];
const GRADE: Grade =
    Grade { grade: 3, due_max: Amount::new(5), expiry: Date([0x20, 0x27, 0x01, 0x01]), version: 1 };
const NO_FILES: [FileLayout; 0] = [];

/// What is done to a card.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stimulus {
    /// Something begins, with this random number.
    Begin(Wish, u8),
    Deliver(Arc<Text>),
    /// GET TRANSACTION PROVE.
    Prove(Kind, Sequence),
    /// It leaves the field and comes back.
    Leave,
}

/// What a stimulus leads to.
#[derive(Clone, Debug)]
pub(super) struct Reaction {
    pub(super) card: Card,
    pub(super) says: Option<Text>,
}

/// A card of the issuer, with a grade.
pub(super) fn issued() -> Card {
    let keys = [
        KeyRecord::new(&key::<key::Load>(), 1, 0, 0),
        KeyRecord::new(&key::<key::Purchase>(), 1, 1, 0),
        KeyRecord::new(&key::<key::TransactionCode>(), 1, 0, 0),
        KeyRecord::new(&key::<key::Cancel>(), 1, 1, 0),
        KeyRecord::new(&key::<key::Completion>(), 1, 0, 0),
        KeyRecord::new(&key::<key::Grade>(), 1, 0, 0),
    ];
    let mut public_information = [0x11; 30];
    public_information[10..20].copy_from_slice(&ASN.0);
    let contents = Contents::personalised(&Personalisation {
        profile: Profile { load_needs_pin: false, ..Profile::FMCOS },
        aid: &AID,
        file_identifier: [0x10, 0x01],
        public_information,
        keys: &keys,
        pin: (&[0x12, 0x34], 3),
        files: &NO_FILES,
        limits: Limits::NONE,
        currencies: [[0; 2]; 4],
    });
    let mut card = Card::install(SimulatedNvm::new(), contents.unwrap()).unwrap();
    select(&mut card);
    let token = own::grade_token(&key(), &ASN, &GRADE);
    assert_eq!(ask(&mut card, [0x80, 0xDA, 0, 0], &token, 0).unwrap(), Some(Vec::new()));
    rested(card)
}

fn select(card: &mut Card) {
    assert!(ask(card, [0, 0xA4, 4, 0], &AID, 0).unwrap().is_some());
}

/// The data of the answer, `None` where the card refused.
fn ask(card: &mut Card, header: [u8; 4], data: &[u8], random: u8) -> Result<Option<Vec<u8>>, NvmFault> {
    let response = card.step(&command(header, data), [random; 8])?;
    Ok(response.status().is_success().then(|| response.data().to_vec()))
}

fn part<const N: usize>(data: &[u8], at: usize) -> [u8; N] {
    data[at..at + N].try_into().unwrap()
}

/// Takes a stimulus to its end or to where power goes.
fn run(card: &mut Card, stimulus: &Stimulus) -> Result<Option<Text>, NvmFault> {
    match stimulus {
        Stimulus::Begin(wish, number) => begin(card, *wish, *number),
        Stimulus::Deliver(text) => deliver(card, text),
        Stimulus::Prove(kind, sequence) => {
            let after = sequence.next().unwrap().to_bytes();
            let answer = ask(card, [0x80, 0x5A, 0, kind.byte()], &after, 0)?;
            Ok(answer.map(|data| match kind {
                Kind::LoadPurse => Text::Code(part(&data, 4)),
                _ => Text::Receipt([part::<4>(&data, 4), part(&data, 0)].concat().try_into().unwrap()),
            }))
        }
        Stimulus::Leave => {
            card.reset();
            select(card);
            Ok(None)
        }
    }
}

fn begin(card: &mut Card, wish: Wish, number: u8) -> Result<Option<Text>, NvmFault> {
    let p1 = match wish.kind {
        Kind::LoadPurse => 0x00,
        Kind::Purchase => 0x01,
        Kind::CompoundPurchase => 0x03,
        _ => 0x0A,
    };
    let data = [&[1], &wish.amount.to_be_bytes()[..], &terminal(wish.till).0].concat();
    let begun = ask(card, [0x80, 0x50, p1, 2], &data, number)?;
    if wish.kind == Kind::CompoundPurchase && begun.is_some() {
        let record = own::split_record([8; 8], units(wish.due), &order(number));
        if ask(card, [0x80, 0xDC, 1, SPLIT_FILE << 3 | 4], &record, 0)?.is_none() {
            return Ok(None);
        }
    }
    Ok(begun.map(|data| match wish.kind {
        Kind::LoadPurse => Text::LoadBegun(wish, part(&data, 0)),
        _ => Text::Begun(wish, number, part(&data, 0)),
    }))
}

fn deliver(card: &mut Card, text: &Text) -> Result<Option<Text>, NvmFault> {
    match text {
        Text::Credit(data) => {
            Ok(ask(card, [0x80, 0x52, 0, 0], data, 0)?.map(|data| Text::Code(part(&data, 0))))
        }
        Text::Debit(p1, data) => {
            Ok(ask(card, [0x80, 0x54, *p1, 0], data, 0)?.map(|data| Text::Receipt(part(&data, 0))))
        }
        Text::Token(data) => ask(card, [0x80, 0xDE, 0, 0], data, 0).map(|_| None),
        _ => Ok(None),
    }
}

/// A card that has written what it had to, and nobody counts its writes.
fn rested(mut card: Card) -> Card {
    card.mirror().unwrap();
    card
}

/// What the card becomes where power stays, and how many writes that took.
pub(super) fn whole(before: &Card, stimulus: &Stimulus, fault: Option<Fault>) -> (Reaction, u32) {
    let (mut card, stimulus) = faulty(before.clone(), stimulus, fault);
    card.nvm_mut().reset_write_count();
    let says = run(&mut card, &stimulus).unwrap();
    let writes = card.nvm().writes();
    let mut after = card.contents().clone();
    match fault {
        Some(Fault::CounterStands) => {
            (after.purse.online, after.purse.offline) =
                (before.contents().purse.online, before.contents().purse.offline);
        }
        Some(Fault::SecondSplit) if matches!(stimulus, Stimulus::Begin(..)) => {
            after.split = before.contents().split;
        }
        Some(Fault::ClosingForgotten) if matches!(stimulus, Stimulus::Deliver(_)) => {
            after.split.is_open |= before.contents().split.is_open;
        }
        _ => {}
    }
    card.journal.commit(after).unwrap();
    (Reaction { card: rested(card), says }, writes)
}

/// A card whose fault shows before the stimulus, and the stimulus as the fault lets it through.
fn faulty(mut card: Card, stimulus: &Stimulus, fault: Option<Fault>) -> (Card, Stimulus) {
    let begun = card.session.begun.as_ref().map(|begun| (begun.terms, begun.random));
    let credit = |data: [u8; 11]| begun.map_or(data, |(terms, random)| right_credit(&card, &terms, random));
    let debit = |data: [u8; 15]| begun.map_or(data, |(terms, random)| right_debit(&card, &terms, random));
    let text = match (fault, stimulus) {
        (Some(Fault::CreditUnchecked), Stimulus::Deliver(text)) => match **text {
            Text::Credit(data) => Text::Credit(credit(data)),
            _ => return (card, stimulus.clone()),
        },
        (Some(Fault::DebitUnchecked | Fault::CancelUnchecked), Stimulus::Deliver(text)) => match **text {
            Text::Debit(p1, data) if (p1 == 0x0A) == (fault == Some(Fault::CancelUnchecked)) => {
                Text::Debit(p1, debit(data))
            }
            _ => return (card, stimulus.clone()),
        },
        (Some(Fault::TokenUnchecked), Stimulus::Deliver(text)) if matches!(**text, Text::Token(_)) => {
            let split = card.contents().split();
            Text::Token(own::completion_token(&key(), &ASN, &split.order, split.sequence))
        }
        (Some(Fault::SecondSplit), Stimulus::Begin(wish, _)) if wish.kind == Kind::CompoundPurchase => {
            let mut contents = card.contents().clone();
            contents.split.is_open = false;
            card.journal.commit(contents).unwrap();
            return (rested(card), stimulus.clone());
        }
        _ => return (card, stimulus.clone()),
    };
    (card, Stimulus::Deliver(Arc::new(text)))
}

fn right_credit(card: &Card, terms: &Terms, random: Random) -> [u8; 11] {
    let online = card.contents().purse.online;
    let session = SessionKey::online::<key::Load>(&key(), Algorithm::TripleDes, random, online);
    [&WHEN.0[..], &transaction::load_mac2(&session, terms, &WHEN).0].concat().try_into().unwrap()
}

fn right_debit(card: &Card, terms: &Terms, random: Random) -> [u8; 15] {
    let (offline, number) = (card.contents().purse.offline, TerminalTransaction(0));
    let session = match terms.kind {
        Kind::Cancel => {
            SessionKey::offline::<key::Cancel>(&key(), Algorithm::TripleDes, random, offline, number)
        }
        _ => SessionKey::offline::<key::Purchase>(&key(), Algorithm::TripleDes, random, offline, number),
    };
    let mac1 = transaction::purchase_mac1(&session, terms, &WHEN);
    [&number.to_bytes()[..], &WHEN.0, &mac1.0].concat().try_into().unwrap()
}

/// What the card becomes where power goes, at each write of the command. Where it goes after the answer, nothing is lost.
pub(super) fn torn(
    before: &Card,
    stimulus: &Stimulus,
    whole: &Reaction,
    fault: Option<Fault>,
) -> Vec<Reaction> {
    let mut left: Vec<Reaction> = Vec::new();
    let mut leave = |card: Card, says: Option<Text>| {
        let mut card = card;
        run(&mut card, &Stimulus::Leave).unwrap();
        if !left.iter().any(|other| other.card.state() == card.state() && other.says == says) {
            left.push(Reaction { card, says });
        }
    };
    let tears = [Tear::Nothing, Tear::Weak(u32::MAX), Tear::Everything, Tear::Mixed(0x5555_5555)];
    for (write, tear) in (0..).zip(tears.into_iter().cycle()) {
        let (mut card, stimulus) = faulty(before.clone(), stimulus, fault);
        card.nvm_mut().cut_at(write, tear);
        let answered = run(&mut card, &stimulus);
        if answered.is_ok() && card.mirror().is_ok() {
            break;
        }
        let mut nvm = card.power_off();
        nvm.restore_power();
        let card = Card::power_on(nvm).unwrap();
        match answered {
            Ok(_) if fault.is_none() => assert_eq!(card.contents(), whole.card.contents(), "it was answered"),
            Ok(_) => {}
            Err(_) => leave(card, None),
        }
    }
    let after = whole.card.contents();
    match fault {
        Some(Fault::AnswersFirst) => leave(before.clone(), whole.says.clone()),
        Some(Fault::InPlace) => {
            for contents in mixtures(before.contents(), after) {
                leave(Card::install(SimulatedNvm::new(), contents).unwrap(), None);
            }
        }
        Some(Fault::SplitApart) => {
            let contents = Contents { split: before.contents().split, ..after.clone() };
            leave(Card::install(SimulatedNvm::new(), contents).unwrap(), None);
        }
        _ => {}
    }
    left
}

/// What a state looks like while another is written over it.
fn mixtures(old: &Contents, new: &Contents) -> Vec<Contents> {
    let bytes = |contents: &Contents| {
        let mut bytes = vec![0; Contents::BYTES];
        contents.write(&mut Writer::new(&mut bytes));
        bytes
    };
    let (mut state, new) = (bytes(old), bytes(new));
    let mut mixtures = Vec::new();
    for at in (0..Contents::BYTES)
        .step_by(4)
        .filter(|at| state[*at..at + 4] != new[*at..at + 4])
        .collect::<Vec<_>>()
    {
        state[at..at + 4].copy_from_slice(&new[at..at + 4]);
        mixtures.extend(Contents::read(&mut Reader::new(&state)));
    }
    mixtures
}

/// What a card has done, as its log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) sequence: Sequence,
    pub(super) kind: Kind,
    pub(super) amount: u32,
    pub(super) terminal: TerminalId,
}

/// Everything that a card has done.
pub(super) fn done(card: &Card) -> Vec<Done> {
    let log = card.contents().log();
    let records = (1..).map_while(|number| log.record(number));
    let done = records.filter_map(|record| {
        Some(Done {
            sequence: Sequence::from_bytes(part(record, 0)),
            amount: u32::from_be_bytes(part(record, 5)),
            kind: Kind::from_byte(record[9])?,
            terminal: TerminalId(part(record, 10)),
        })
    });
    done.collect()
}
