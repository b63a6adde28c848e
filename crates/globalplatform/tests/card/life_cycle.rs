//! What a card does in each state of its life, and how it moves.

use globalplatform::{
    domain::Answer,
    life_cycle::CardState::{self, CardLocked, Initialized, OpReady, Secured, Terminated},
    secure_channel::SecurityLevel,
};

use crate::bench::{
    Bench, DOMAIN, ISSUER, Line, PURSE, PURSE_FILE, for_load, install, named, root_keys, tagged,
};

fn in_state(state: CardState) -> (Bench, Line) {
    let mut card = Bench::with_purse();
    let mut line = card.open(SecurityLevel::C_MAC);
    let path: &[CardState] = match state {
        OpReady => &[],
        Initialized => &[Initialized],
        Secured => &[Initialized, Secured],
        CardLocked => &[Initialized, Secured, CardLocked],
        Terminated => &[Terminated],
    };
    card.move_to(&mut line, path);
    assert_eq!(card.registry.state(), state);
    (card, line)
}

/// Commands of an open channel, with data that each would accept, and what comes of them on a card that is not locked.
fn managed() -> [([u8; 4], Vec<u8>, u16); 12] {
    let host = Bench::blank().open(SecurityLevel::C_MAC).host;
    let version = globalplatform::keys::KeyVersion::new(0x31).unwrap();
    let put_key = host.put_key(None, version, &crate::bench::aes_keys(9, 16)).unwrap();
    [
        ([0x80, 0xE6, 0x02, 0], for_load(&[9; 5], &[], b"x"), 0x9000),
        ([0x80, 0xE6, 0x04, 0], install(PURSE_FILE, crate::bench::PURSE_MODULE, &[8; 5], &[0]), 0x9000),
        ([0x80, 0xE6, 0x0C, 0], install(PURSE_FILE, crate::bench::PURSE_MODULE, &[8; 5], &[0]), 0x9000),
        ([0x80, 0xE6, 0x08, 0], named(PURSE), 0x6985),
        ([0x80, 0xE6, 0x20, 0], named(PURSE), 0x9000),
        ([0x80, 0xE8, 0x80, 0], vec![0xC4, 1, b'x'], 0x6985),
        ([0x80, 0xE2, 0x88, 0], vec![0, 1, 1, b'x'], 0x6985),
        ([0x80, 0xE4, 0, 0], tagged(PURSE), 0x9000),
        ([0x80, 0xF2, 0x40, 2], vec![0x4F, 0], 0x9000),
        ([0x80, 0xF0, 0x40, 0x80], PURSE.to_vec(), 0x9000),
        (put_key.command().unwrap().header(), put_key.command().unwrap().data().to_vec(), 0x9000),
        ([0x80, 0xCA, 0x00, 0xE0], vec![], 0x9000),
    ]
}

#[test]
fn every_command_in_every_state() {
    for (header, data, status) in managed() {
        for state in [OpReady, Initialized, Secured] {
            let (mut card, mut line) = in_state(state);
            card.expect(&mut line, header, &data, status);
        }
        let (mut card, mut line) = in_state(CardLocked);
        let before = card.registry.to_image();
        let is_looking = matches!(header[1], 0xF2 | 0xCA);
        card.expect(&mut line, header, &data, if is_looking { 0x9000 } else { 0x6985 });
        assert_eq!(card.registry.to_image(), before, "{header:02X?}");

        let (mut card, mut line) = in_state(Terminated);
        let command = globalplatform::apdu::Command::new(header, &data, Some(256)).unwrap();
        let wrapped = line.host.wrap(&command).unwrap();
        let before = card.registry.to_image();
        assert_eq!(card.status(wrapped.as_slice()), 0x6985, "{header:02X?}");
        assert_eq!(card.registry.to_image(), before);
    }
}

#[test]
fn unprotected_commands_in_every_state() {
    let begin = [&[0x80, 0x50, 0, 0, 8][..], &[1; 8], &[0]].concat();
    let authenticate = [&[0x84, 0x82, 1, 0, 16][..], &[0; 16]].concat();
    let select_purse = [&[0, 0xA4, 4, 0, 8][..], PURSE].concat();
    for (state, select, begun, refused, data) in [
        (OpReady, 0x9000, 0x9000, 0x6982, 0x9000),
        (Initialized, 0x9000, 0x9000, 0x6982, 0x9000),
        (Secured, 0x9000, 0x9000, 0x6982, 0x9000),
        (CardLocked, 0x6283, 0x9000, 0x6982, 0x9000),
        (Terminated, 0x6985, 0x6985, 0x6985, 0x9000),
    ] {
        let (mut card, _) = in_state(state);
        assert_eq!(card.status(&[0, 0xA4, 4, 0]), select, "{state:?}");
        assert_eq!(card.status(&begin), begun, "{state:?}");
        assert_eq!(card.status(&authenticate), refused, "{state:?}");
        assert_eq!(card.status(&[0x80, 0xCA, 0x9F, 0x7F, 0]), data, "{state:?}");
        match card.answer(&select_purse) {
            Answer::Selected(_) => assert!(state < CardLocked),
            Answer::Response(response) => {
                let expected = if state == CardLocked { 0x6A81 } else { 0x6985 };
                assert_eq!((response.status().0, state >= CardLocked), (expected, true));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_card_moves_only_as_the_standard_lets_it() {
    for from in CardState::ALL.into_iter().filter(|state| *state != Terminated) {
        for byte in 0..=u8::MAX {
            let (mut card, mut line) = in_state(from);
            let to = CardState::from_byte(byte);
            let status = card.say(&mut line, [0x80, 0xF0, 0x80, byte], ISSUER).status().0;
            let expected = match to {
                None => 0x6A86,
                Some(to) if from.may_become(to) => 0x9000,
                Some(_) => 0x6985,
            };
            assert_eq!(status, expected, "{from:?} {byte:02X}");
            let is_moved = expected == 0x9000;
            assert_eq!(card.registry.state(), to.filter(|_| is_moved).unwrap_or(from));
        }
    }
}

#[test]
fn a_locked_card_is_unlocked_and_goes_on() {
    let (mut card, _) = in_state(CardLocked);
    assert_eq!(card.applications.purse().interruptions, 1);
    card.reset();
    let mut line = card.open(SecurityLevel::FULL);
    card.move_to(&mut line, &[Secured]);
    assert!(matches!(card.select(PURSE), Answer::Selected(_)));
}

#[test]
fn a_card_that_holds_value_does_not_come_to_its_end() {
    let (mut card, mut line) = in_state(Secured);
    card.applications.purse().holds_value = true;
    card.expect(&mut line, [0x80, 0xF0, 0x80, 0xFF], &[], 0x6985);
    card.move_to(&mut line, &[CardLocked]);
    card.expect(&mut line, [0x80, 0xF0, 0x80, 0xFF], &[], 0x6985);
    card.applications.purse().holds_value = false;
    card.move_to(&mut line, &[Terminated]);
}

#[test]
fn a_locked_application_is_not_selected_until_it_is_unlocked() {
    let (mut card, mut line) = in_state(Secured);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x07], PURSE, 0x6985);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], PURSE, 0x9000);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], PURSE, 0x6985);
    assert_eq!(card.status(&[&[0, 0xA4, 4, 0, 8][..], PURSE].concat()), 0x6A82);
    let mut line = card.open(SecurityLevel::C_MAC);
    let listed = card.expect(&mut line, [0x80, 0xF2, 0x40, 2], &[0x4F, 0], 0x9000);
    assert!(listed.windows(4).any(|bytes| bytes == [0x9F, 0x70, 1, 0x87]));
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x07], PURSE, 0x9000);
    assert!(matches!(card.select(PURSE), Answer::Selected(_)));
    let mut line = card.open(SecurityLevel::C_MAC);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], PURSE_FILE, 0x6A88);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], &[1, 2], 0x6A80);
    card.expect(&mut line, [0x80, 0xF0, 0x60, 0x80], PURSE, 0x6A86);
}

#[test]
fn a_domain_locks_what_belongs_to_it_and_nothing_else() {
    let mut card = Bench::with_purse();
    let mut line = card.open(SecurityLevel::C_MAC);
    let domain = install(crate::bench::DOMAIN_FILE, crate::bench::DOMAIN_MODULE, DOMAIN, &[0x80]);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &domain, 0x9000);
    card.expect(&mut line, [0x80, 0xE6, 0x02, 0], &for_load(&[9; 5], DOMAIN, b"x"), 0x9000);
    card.expect(&mut line, [0x80, 0xE8, 0x80, 0], &[0xC4, 1, b'x'], 0x9000);
    let own = install(&[9; 5], crate::bench::PURSE_MODULE, &[8; 5], &[0]);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &own, 0x9000);
    card.select(DOMAIN);
    let mut line = card.open_with(&root_keys(), 0, SecurityLevel::C_MAC);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], PURSE, 0x6985);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], DOMAIN, 0x6985);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], &[8; 5], 0x9000);
    // The issuer's domain locks the domain itself, which nobody selects then.
    let mut line = card.open(SecurityLevel::C_MAC);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], DOMAIN, 0x9000);
    assert_eq!(card.status(&[&[0, 0xA4, 4, 0, 7][..], DOMAIN].concat()), 0x6A82);
}
