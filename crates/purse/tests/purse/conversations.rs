//! Commands in every order: whatever was recorded is sent again in all sequences of up to four, to cards in several states.
//! Nothing recorded moves value, and no bytes make the card stumble.

use proptest::prelude::*;
use purse::{
    ep::{Contents, Life, Which},
    fields::Sequence,
};

use crate::desk::{
    ASN, Desk, PIN,
    more::{GRADE, ORDER},
};

/// A life of a card with every transaction there is; all its commands are recorded.
fn recorded() -> Desk {
    let mut desk = Desk::new();
    desk.load(Which::Purse, 5_000).unwrap();
    desk.load(Which::Deposit, 3_000).unwrap();
    desk.purchase(Which::Purse, 100).unwrap();
    desk.cancel(100).unwrap();
    desk.purchase(Which::Deposit, 100).unwrap();
    desk.cash(100).unwrap();
    desk.unload(Which::Purse, 100).unwrap();
    assert_eq!(desk.overdraft(Which::Deposit, 500).unwrap(), 0x9000);
    assert_eq!(desk.convert(0, 1, 100, (1, 7)).unwrap(), 0x9000);
    let limits = *desk.contents().limits();
    desk.parameters(limits).unwrap();
    let locked = desk.lock_grey().unwrap();
    desk.debit_for_unlock(&locked, 50).unwrap().ok();
    desk.lock_grey().unwrap();
    desk.unlock_online(50).unwrap();
    assert_eq!(desk.put_grade(&GRADE).unwrap(), 0x9000);
    let done = desk.split(100, 200).unwrap();
    assert_eq!(desk.complete(ASN, ORDER, done.sequence).unwrap(), 0x9000);
    desk.compound(100, &[(1, 0xD0, &[1, 2]), (0, 0xF0, &[3; 48])]).unwrap();
    assert_eq!(desk.maintain([0x04, 0xD6, 0x96, 0], &[1]).unwrap(), 0x9000);
    assert_eq!(desk.verify(&PIN).unwrap(), 0x9000);
    desk
}

/// What must not change: value, counters, files. Tries may be used up, and tokens already known may be given again.
fn essence(contents: &Contents) -> impl PartialEq + core::fmt::Debug + use<> {
    (
        *contents.pocket(Which::Deposit),
        *contents.pocket(Which::Purse),
        *contents.currencies(),
        *contents.limits(),
        contents.log().clone(),
        *contents.split(),
        *contents.grade(),
    )
}

#[test]
fn no_recorded_message_moves_value_again() {
    let recorded = recorded();
    let mut desk = recorded.clone();
    let before = essence(desk.contents());
    for pass in 0..3 {
        for command in &recorded.sent {
            desk.send(command).unwrap();
            assert_eq!(essence(desk.contents()), before, "pass {pass}, {command:02X?}");
        }
        desk.power_cycle(&[]).unwrap();
    }
    assert_eq!(desk.contents().life(), Life::Locked, "the wrong MACs were counted");
}

/// One command of each kind, among them process commands that were right in their session.
fn alphabet(recorded: &Desk) -> Vec<Vec<u8>> {
    let mut kinds: Vec<Vec<u8>> = Vec::new();
    for command in &recorded.sent {
        if kinds.iter().all(|other| other[..4] != command[..4]) {
            kinds.push(command.clone());
        }
    }
    kinds.push(vec![0x80, 0x5C, 0, 2, 4]);
    kinds.push(vec![0x80, 0x5A, 0, 9, 2, 0, 9, 8]);
    kinds
}

fn walk(desk: &Desk, alphabet: &[Vec<u8>], depth: u32, check: &mut impl FnMut(&Desk)) {
    for command in alphabet {
        let mut next = desk.clone();
        next.sent.clear();
        next.send(command).unwrap();
        check(&next);
        if depth > 1 {
            walk(&next, alphabet, depth - 1, check);
        }
    }
}

#[test]
fn no_sequence_of_recorded_commands_moves_value() {
    let recorded = recorded();
    let alphabet = alphabet(&recorded);
    assert!(alphabet.len() > 30, "{}", alphabet.len());
    let states: [fn(&mut Desk); 5] = [
        |_| {},
        |desk| drop(desk.initialise(1, 2, 100).unwrap()),
        |desk| drop(desk.initialise(0, 2, 100).unwrap()),
        |desk| drop(desk.lock_grey().unwrap()),
        |desk| assert_eq!(desk.maintain([0x84, 0x1E, 0, 0], &[]).unwrap(), 0x9000),
    ];
    let depth = if std::env::var("PURSE_TEAR_FULL").is_ok() { 3 } else { 2 };
    let mut count = 0_u32;
    for prepare in states {
        let mut desk = recorded.clone();
        prepare(&mut desk);
        let before = essence(desk.contents());
        walk(&desk, &alphabet, depth, &mut |next| {
            count += 1;
            assert_eq!(essence(next.contents()), before);
        });
    }
    println!("{count} states after sequences");
}

/// The commands that move the state of a session, four deep.
#[test]
fn no_four_commands_in_any_order_move_value_without_a_fresh_mac() {
    let recorded = recorded();
    let wanted: [[u8; 3]; 12] = [
        [0x00, 0xA4, 4],
        [0x80, 0x50, 0],
        [0x80, 0x50, 1],
        [0x80, 0x50, 3],
        [0x80, 0x50, 5],
        [0x80, 0x52, 0],
        [0x80, 0x54, 1],
        [0x80, 0x54, 3],
        [0x80, 0xDC, 1],
        [0x80, 0x54, 0x0A],
        [0x80, 0x5A, 0],
        [0xE0, 0x7C, 8],
    ];
    let find = |head: [u8; 3]| recorded.sent.iter().find(|command| command[..3] == head);
    let mut alphabet: Vec<Vec<u8>> = wanted.into_iter().filter_map(find).cloned().collect();
    alphabet.push(vec![0x80, 0x5A, 0, 6, 2, 0, 1, 8]);
    let before = essence(recorded.contents());
    let mut count = 0_u32;
    walk(&recorded, &alphabet, 4, &mut |next| {
        count += 1;
        assert_eq!(essence(next.contents()), before);
    });
    assert!(count > 20_000, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_answered_and_move_no_value(
        commands in prop::collection::vec(
            (
                prop::sample::select(vec![0x00_u8, 0x04, 0x80, 0x84, 0xE0, 0x90]),
                prop::sample::select(vec![
                    0xA4_u8, 0x84, 0xB0, 0xB2, 0x20, 0x50, 0x52, 0x54, 0x58, 0x5A, 0x5C, 0x5E, 0xDC, 0x24, 0x1E,
                    0x18, 0xD6, 0x7A, 0x7C, 0x7E, 0xDA, 0xDE, 0xCA, 0xC0, 0x01,
                ]),
                0_u8..13,
                any::<u8>(),
                prop::collection::vec(any::<u8>(), 0..40),
            ),
            1..12,
        )
    ) {
        let mut desk = recorded();
        let before = essence(desk.contents());
        for (cla, ins, p1, p2, data) in commands {
            desk.apdu([cla, ins, p1, p2], &[&data]).unwrap();
            prop_assert!(essence(desk.contents()) == before);
        }
    }
}

#[test]
fn a_card_is_equal_to_another_with_the_same_memory_and_session() {
    let desk = recorded();
    assert_eq!(desk.card, desk.clone().card);
    let mut begun = desk.clone();
    begun.initialise(1, 2, 1).unwrap().ok();
    assert_ne!(begun.card, desk.card, "what was begun is a part of it");
    begun.card.reset();
    begun.select().unwrap();
    let mut selected = desk.clone();
    selected.select().unwrap();
    assert_eq!(begun.card, selected.card);
    assert!(desk.contents().pocket(Which::Purse).offline > Sequence(0));
}
