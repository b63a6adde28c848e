//! Traces of real cards whose keys are known, from `vectors/card.json`, which names the source of each.

use globalplatform::apdu::Command;
use purse::{
    amount::Amount,
    ep,
    fields::{DateTime, Kind, Mac, Random, Sequence, Tac, TerminalId, TerminalTransaction, Terms},
    key_table::KeyRecord,
    pboc::{
        key::{Algorithm, Dlk, Dpk, Dtk},
        session::SessionKey,
        transaction,
    },
    simulated::SimulatedNvm,
};
use serde_json::Value;

const DES: Algorithm = Algorithm::TripleDes;

fn vector(id: &str) -> Value {
    let file: Value = serde_json::from_str(include_str!("vectors/card.json")).unwrap();
    file["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap().clone()
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let digits: Vec<u8> = hex.bytes().filter(|letter| *letter != b' ').collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect::<Vec<_>>().try_into().unwrap()
}

fn field<const N: usize>(vector: &Value, name: &str) -> [u8; N] {
    bytes(vector[name].as_str().unwrap())
}

/// The bytes of the n-th line of a trace, without its direction.
fn line<const N: usize>(vector: &Value, index: usize) -> [u8; N] {
    bytes(&vector["apdus"][index].as_str().unwrap()[2..])
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().unwrap()
}

fn check_load<const INIT: usize, const CREDIT: usize>(id: &str) {
    let vector = vector(id);
    let (init, answer): ([u8; INIT], [u8; 18]) = (line(&vector, 0), line(&vector, 1));
    let (credit, tac): ([u8; CREDIT], [u8; 6]) = (line(&vector, 2), line(&vector, 3));
    let terms = Terms {
        amount: Amount::from_bytes(part(&init, 6)),
        kind: Kind::LoadPurse,
        terminal: TerminalId(part(&init, 10)),
    };
    let (old, sequence) = (Amount::from_bytes(part(&answer, 0)), Sequence::from_bytes(part(&answer, 4)));
    let random = Random(part(&answer, 8));
    let when = DateTime(part(&credit, 5));
    let session = SessionKey::online(&Dlk::new(field(&vector, "DLK")), DES, random, sequence);
    assert_eq!(session.expose(), field::<8>(&vector, "SESLK"));
    let mac1 = transaction::load_mac1(&session, old, &terms);
    assert_eq!(mac1, Mac(field(&vector, "MAC1")));
    assert_eq!(mac1, Mac(part(&answer, 12)));
    let mac2 = transaction::load_mac2(&session, &terms, &when);
    assert_eq!(mac2, Mac(field(&vector, "MAC2")));
    assert_eq!(mac2, Mac(part(&credit, 12)));
    let codes = SessionKey::of_transaction_codes(&Dtk::new(field(&vector, "DTK")), DES);
    assert_eq!(codes.expose(), field::<8>(&vector, "TAC_key"));
    let new = old.checked_add(terms.amount).unwrap();
    let code = transaction::load_tac(&codes, new, sequence, &terms, &when);
    assert_eq!(code, Tac(Mac(field(&vector, "TAC"))));
    assert_eq!(code, Tac(Mac(part(&tac, 0))));
}

#[test]
fn a_load_of_card_a_is_reproduced() {
    check_load::<17, 16>("real-card-A-load");
}

/// This card really has a DTK of equal halves, so its TACs are made with a key of zeros.
#[test]
fn a_load_of_card_b_is_reproduced() {
    check_load::<16, 16>("real-card-B-load");
    assert!(Dtk::new(field(&vector("real-card-B-load"), "DTK")).has_equal_halves());
}

#[test]
fn an_aborted_load_of_card_a_is_reproduced() {
    let (aborted, before) = (vector("real-card-A-load-aborted"), vector("real-card-A-load"));
    let terms = Terms {
        amount: Amount::from_bytes(field(&aborted, "amount")),
        kind: Kind::from_byte(field::<1>(&aborted, "type")[0]).unwrap(),
        terminal: TerminalId(field(&aborted, "term")),
    };
    let key = Dlk::new(field(&before, "DLK"));
    let sequence = Sequence::from_bytes(field(&aborted, "online_seq"));
    let session = SessionKey::online(&key, DES, Random(field(&aborted, "rand")), sequence);
    assert_eq!(session.expose(), field::<8>(&aborted, "SESLK"));
    let old = Amount::from_bytes(field(&aborted, "old_balance"));
    assert_eq!(transaction::load_mac1(&session, old, &terms), Mac(field(&aborted, "MAC1")));
}

#[test]
fn a_purchase_of_card_a_is_reproduced() {
    let vector = vector("real-card-A-purchase");
    let (init, answer): ([u8; 16], [u8; 17]) = (line(&vector, 0), line(&vector, 1));
    let (debit, receipt): ([u8; 21], [u8; 10]) = (line(&vector, 2), line(&vector, 3));
    let terms = Terms {
        amount: Amount::from_bytes(part(&init, 6)),
        kind: Kind::Purchase,
        terminal: TerminalId(part(&init, 10)),
    };
    let number = TerminalTransaction::from_bytes(part(&debit, 5));
    let when = DateTime(part(&debit, 9));
    let key = Dpk::new(field(&vector, "DPK"));
    let sequence = Sequence::from_bytes(part(&answer, 4));
    let session = SessionKey::offline(&key, DES, Random(part(&answer, 11)), sequence, number);
    assert_eq!(session.expose(), field::<8>(&vector, "SESPK"));
    assert_eq!(transaction::purchase_mac1(&session, &terms, &when), Mac(field(&vector, "MAC1")));
    assert_eq!(Mac(part(&debit, 16)), Mac(field(&vector, "MAC1")));
    assert_eq!(transaction::purchase_mac2(&session, terms.amount), Mac(field(&vector, "MAC2")));
    // The trace gives no DTK of its own; the card is the one of the load.
    let codes =
        SessionKey::of_transaction_codes(&Dtk::new(field(&self::vector("real-card-A-load"), "DTK")), DES);
    let code = transaction::purchase_tac(&codes, &terms, number, &when);
    assert_eq!(code, Tac(Mac(field(&vector, "TAC"))));
    assert_eq!((part(&receipt, 0), part(&receipt, 4)), (code.0.0, field::<4>(&vector, "MAC2")));
}

#[test]
fn a_key_is_diversified_as_published() {
    let vector = vector("diversify");
    let key = Dpk::new(field(&vector, "master")).diversified(DES, field(&vector, "factor"));
    assert_eq!(key.expose(), &field::<16>(&vector, "diversified"));
}

/// The whole card, not only its arithmetic: what card A answered to each command of its trace.
#[test]
fn a_card_answers_byte_for_byte_what_card_a_answered() {
    let (load, purchase) = (vector("real-card-A-load"), vector("real-card-A-purchase"));
    let keys = [
        KeyRecord::new(&Dlk::new(field(&load, "DLK")), 1, 1, 0),
        KeyRecord::new(&Dpk::new(field(&purchase, "DPK")), 0, 0, 0),
        KeyRecord::new(&Dtk::new(field(&load, "DTK")), 1, 0, 0),
    ];
    let with = ep::Personalisation {
        profile: ep::Profile { load_needs_pin: false, ..ep::Profile::FMCOS },
        aid: &[0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1],
        file_identifier: [0x10, 0x01],
        public_information: [0; 30],
        keys: &keys,
        pin: (&[0x12, 0x34], 3),
        files: &[],
        limits: ep::Limits::NONE,
        currencies: [[0; 2]; ep::CURRENCY_POCKETS],
    };
    let contents = ep::Contents::personalised(&with).unwrap();
    let mut card = ep::Application::install(SimulatedNvm::<1024>::new(), contents).unwrap();
    let mut send = |bytes: &[u8], random: [u8; 4]| {
        let random = [random, [0; 4]].concat().try_into().unwrap();
        card.step(&Command::parse(bytes).unwrap(), random).unwrap().to_bytes().to_vec()
    };
    send(&[0x00, 0xA4, 0x04, 0x00, 9, 0xA0, 0, 0, 0, 3, 0x86, 0x98, 7, 1], [0; 4]);
    let random = |answer: &[u8], at: usize| part(answer, at);
    let begun: [u8; 18] = line(&load, 1);
    assert_eq!(send(&line::<17>(&load, 0), random(&begun, 8)), begun);
    assert_eq!(send(&line::<16>(&load, 2), [0; 4]), line::<6>(&load, 3));
    let begun: [u8; 17] = line(&purchase, 1);
    assert_eq!(send(&line::<16>(&purchase, 0), random(&begun, 11)), begun);
    assert_eq!(send(&line::<21>(&purchase, 2), [0; 4]), line::<10>(&purchase, 3));
}

/// Own vectors, which another implementation of SM4 computed.
#[test]
fn the_variant_with_sm4_gives_its_own_vectors() {
    const SM4: Algorithm = Algorithm::Sm4Own;
    let file: Value = serde_json::from_str(include_str!("vectors/sm4-own.json")).unwrap();
    let key = Dlk::new(field(&file, "master")).diversified(SM4, field(&file, "factor"));
    assert_eq!(key.expose(), &field::<16>(&file, "diversified"));
    let codes = SessionKey::of_transaction_codes(&Dtk::new(*key.expose()), SM4);
    let terms = |vector: &Value| Terms {
        amount: Amount::from_bytes(field(vector, "amount")),
        kind: Kind::from_byte(field::<1>(vector, "type")[0]).unwrap(),
        terminal: TerminalId(field(vector, "term")),
    };
    let load = &file["load"];
    let sequence = Sequence::from_bytes(field(load, "sequence"));
    let session = SessionKey::online(&key, SM4, Random(field(load, "random")), sequence);
    assert_eq!(session.expose(), field::<16>(load, "session"));
    let (old, when) = (Amount::from_bytes(field(load, "old_balance")), DateTime(field(load, "datetime")));
    assert_eq!(transaction::load_mac1(&session, old, &terms(load)), Mac(field(load, "MAC1")));
    assert_eq!(transaction::load_mac2(&session, &terms(load), &when), Mac(field(load, "MAC2")));
    let new = old.checked_add(terms(load).amount).unwrap();
    let code = transaction::load_tac(&codes, new, sequence, &terms(load), &when);
    assert_eq!(code.0, Mac(field(load, "TAC")));

    let purchase = &file["purchase"];
    let sequence = Sequence::from_bytes(field(purchase, "sequence"));
    let number = TerminalTransaction::from_bytes(field(purchase, "term_trans_no"));
    let dpk = Dpk::new(*key.expose());
    let session = SessionKey::offline(&dpk, SM4, Random(field(purchase, "random")), sequence, number);
    assert_eq!(session.expose(), field::<16>(purchase, "session"));
    let terms = terms(purchase);
    assert_eq!(transaction::purchase_mac1(&session, &terms, &when), Mac(field(purchase, "MAC1")));
    assert_eq!(transaction::purchase_mac2(&session, terms.amount), Mac(field(purchase, "MAC2")));
    assert_eq!(transaction::purchase_tac(&codes, &terms, number, &when).0, Mac(field(purchase, "TAC")));
}

/// The keys of this record are not public: only its fields and their sizes can be checked.
#[test]
fn a_compound_purchase_record_has_the_known_layout() {
    let vector = vector("capp-psam-tac-real-keys-unknown");
    assert_eq!(Kind::from_byte(field::<1>(&vector, "type")[0]), Some(Kind::CompoundPurchase));
    let sizes = (
        Amount::from_bytes(field(&vector, "amount")),
        TerminalId(field(&vector, "term")),
        TerminalTransaction::from_bytes(field(&vector, "term_seq")),
        DateTime(field(&vector, "datetime")),
    );
    assert_eq!(sizes.0, Amount::new(1));
    let factors: [[u8; 8]; 2] = [field(&vector, "asn"), field(&vector, "issuer")];
    assert_eq!(factors[0], bytes("2016122100001003"));
    let both: [[u8; 4]; 2] = [field(&vector, "TAC"), field(&vector, "MAC2")];
    assert_ne!(both[0], both[1]);
}
