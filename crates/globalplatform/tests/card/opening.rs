//! Selection and secure channels.

use globalplatform::{
    apdu::Command,
    domain::Answer,
    secure_channel::{HostOpening, SecurityLevel, scp03::Options},
};

use crate::bench::{Bench, DOMAIN, DOMAIN_FILE, DOMAIN_MODULE, ISSUER, PURSE, des_keys, install, root_keys};

#[test]
fn the_issuers_domain_answers_after_a_reset_and_to_its_name() {
    let mut card = Bench::blank();
    let fci = [0x6F, 15, 0x84, 8, 0xA0, 0, 0, 1, 0x51, 0, 0, 0, 0xA5, 4, 0x9F, 0x65, 1, 0xFF];
    for name in [&[][..], ISSUER, &ISSUER[..5]] {
        let Answer::Response(response) = card.select(name) else { panic!("a domain") };
        assert_eq!((response.data()[..2].to_vec(), response.status().0), (vec![0x6F, fci[1] + 1], 0x9000));
        assert_eq!(response.data()[2..], fci[2..]);
    }
    assert_eq!(card.status(&[0x00, 0xA4, 4, 0, 5, 1, 2, 3, 4, 5]), 0x6A82);
    assert_eq!(card.status(&[0x00, 0xA4, 4, 1]), 0x6A86);
}

#[test]
fn commands_for_a_selected_application_are_its_own() {
    let mut card = Bench::with_purse();
    assert!(matches!(card.select(PURSE), Answer::Selected(aid) if aid.as_slice() == PURSE));
    for apdu in [&[0x80, 0x50, 0, 2, 1, 0][..], &[0xE0, 0x7A, 8, 0], &[0x80, 0xF2, 0x40, 2]] {
        assert!(matches!(card.answer(apdu), Answer::ForApplication(aid) if aid.as_slice() == PURSE));
    }
    assert_eq!(card.status(&[0x00, 0xA4, 4, 0, 3, 1, 2, 3]), 0x6A82);
    assert_eq!(card.applications.purse().interruptions, 1);
    // What was not found leaves the selection as it was.
    assert!(matches!(card.answer(&[0x80, 0x50, 0, 2]), Answer::ForApplication(_)));
    card.select(ISSUER);
    assert_eq!(card.applications.purse().interruptions, 2);
    assert_eq!(card.status(&[0x80, 0xF2, 0x40, 2]), 0x6982);
}

#[test]
fn no_application_is_found_by_fewer_than_five_bytes() {
    let mut card = Bench::with_purse();
    for length in 1..=PURSE.len() {
        let is_found = matches!(card.select(&PURSE[..length]), Answer::Selected(_));
        // The first four bytes differ from the issuer's name in the fourth.
        assert_eq!(is_found, length >= 5, "{length}");
    }
}

#[test]
fn management_needs_an_open_channel_with_a_mac() {
    let mut card = Bench::blank();
    for ins in [0xE2, 0xE4, 0xE6, 0xE8, 0xF0, 0xF2, 0xD8] {
        for cla in [0x80, 0x84] {
            assert_eq!(card.status(&[cla, ins, 0, 0]), 0x6982, "{cla:02X} {ins:02X}");
        }
        let mut line = card.open(SecurityLevel::AUTHENTICATED);
        card.expect(&mut line, [0x80, ins, 0, 0], &[], 0x6982);
        card.reset();
    }
    assert_eq!(card.status(&[0x80, 0x01, 0, 0]), 0x6D00);
    assert_eq!(card.status(&[0x81, 0xF2, 0, 0]), 0x6881);
    assert_eq!(card.status(&[0xC0, 0xF2, 0, 0]), 0x6E00);
    assert_eq!(card.status(&[0x80, 0xF2, 0]), 0x6700);
}

#[test]
fn authentication_is_only_good_straight_after_its_beginning() {
    let mut card = Bench::blank();
    assert_eq!(card.status(&[&[0x84, 0x82, 1, 0, 16][..], &[0; 16]].concat()), 0x6985);
    let between: [&[u8]; 3] = [&[0x80, 0xCA, 0, 0x66, 0], &[0, 0xA4, 4, 0], &[0x80, 0x01, 0, 0]];
    for command in between {
        let (opening, begin) = HostOpening::begin(0, [1; 8]);
        let answer = card.send(begin.as_slice());
        let (_, authenticate) =
            opening.authenticate(&root_keys(), answer.data(), SecurityLevel::C_MAC).unwrap();
        card.send(command);
        assert_eq!(card.status(authenticate.as_slice()), 0x6985, "{command:02X?}");
    }
}

#[test]
fn a_wrong_authentication_uses_the_challenge_up() {
    let mut card = Bench::blank();
    let (opening, begin) = HostOpening::begin(0x30, [1; 8]);
    let answer = card.send(begin.as_slice());
    let (_, good) = opening.authenticate(&root_keys(), answer.data(), SecurityLevel::FULL).unwrap();
    let mut wrong = good.as_slice().to_vec();
    wrong[10] ^= 1;
    assert_eq!(card.status(&wrong), 0x6982);
    assert_eq!(card.status(good.as_slice()), 0x6985);
    assert_eq!(card.send(begin.as_slice()).data()[29..], [0, 0, 2]);
    assert_eq!(card.status(good.as_slice()), 0x6982);
}

#[test]
fn only_keys_that_are_there_are_answered_with() {
    let mut card = Bench::blank();
    let begin = |version: u8| HostOpening::begin(version, [1; 8]).1;
    assert_eq!(card.status(begin(0x31).as_slice()), 0x6A88);
    assert_eq!(card.send(begin(0x00).as_slice()).data()[10..13], [0x30, 3, 0x70]);
    assert_eq!(card.status(&[0x80, 0x50, 0, 0, 4, 1, 2, 3, 4, 0]), 0x6700);
    assert_eq!(card.status(&[&[0x80, 0x50, 0, 1, 8][..], &[1; 8], &[0]].concat()), 0x6A86);
}

#[test]
fn a_card_without_a_counter_answers_with_random_challenges() {
    for i in [0x00, 0x20, 0x60] {
        let mut card = Bench::new(Options(i), root_keys());
        let begin = HostOpening::begin(0, [1; 8]).1;
        let (first, second) = (card.send(begin.as_slice()), card.send(begin.as_slice()));
        assert_eq!((first.data().len(), second.data().len()), (29, 29));
        assert_ne!(first.data(), second.data());
        card.open(SecurityLevel::C_MAC);
    }
}

#[test]
fn old_cards_count_authentications_in_scp02() {
    let mut card = Bench::new(Options::ALL, des_keys(0x10));
    for counter in 0..3 {
        let (opening, begin) = HostOpening::begin(0x20, [counter; 8]);
        card.send(begin.as_slice());
        let answer = card.send(begin.as_slice());
        assert_eq!(answer.data()[10..14], [0x20, 2, 0, counter]);
        let (_, authenticate) =
            opening.authenticate(&des_keys(0x10), answer.data(), SecurityLevel::C_MAC_C_ENC).unwrap();
        assert_eq!(card.status(authenticate.as_slice()), 0x9000);
    }
}

#[test]
fn a_wrong_mac_ends_the_session() {
    let mut card = Bench::blank();
    for level in [SecurityLevel::C_MAC, SecurityLevel::C_MAC_C_ENC, SecurityLevel::FULL] {
        let mut line = card.open(level);
        let listing = Command::new([0x80, 0xF2, 0x80, 2], &[0x4F, 0], Some(256)).unwrap();
        let good = line.host.wrap(&listing).unwrap();
        let mut wrong = good.as_slice().to_vec();
        wrong[8] ^= 0x10;
        let refused = card.send(&wrong);
        assert_eq!((refused.data(), refused.status().0), (&[][..], 0x6982));
        assert_eq!(card.session.security_level(), None);
        assert_eq!(card.status(good.as_slice()), 0x6982);
    }
}

#[test]
fn a_select_or_a_new_beginning_ends_the_session() {
    let mut card = Bench::blank();
    let enders: [&[u8]; 3] = [
        &[0, 0xA4, 4, 0],
        &[0, 0xA4, 4, 0, 5, 9, 9, 9, 9, 9],
        &[0x80, 0x50, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0],
    ];
    for ender in enders {
        let mut line = card.open(SecurityLevel::C_MAC);
        card.send(ender);
        let listing = Command::new([0x80, 0xF2, 0x80, 2], &[0x4F, 0], Some(256)).unwrap();
        assert_eq!(card.status(line.host.wrap(&listing).unwrap().as_slice()), 0x6982, "{ender:02X?}");
    }
}

#[test]
fn a_recorded_session_cannot_be_played_again() {
    let mut card = Bench::blank();
    let (opening, begin) = HostOpening::begin(0, [1; 8]);
    let answer = card.send(begin.as_slice());
    let (_, authenticate) = opening.authenticate(&root_keys(), answer.data(), SecurityLevel::C_MAC).unwrap();
    assert_eq!(card.status(authenticate.as_slice()), 0x9000);
    card.reset();
    assert_eq!(card.status(begin.as_slice()), 0x9000);
    assert_eq!(card.status(authenticate.as_slice()), 0x6982);
}

#[test]
fn a_new_domain_is_opened_with_the_root_keys_until_it_has_its_own() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    let data = install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, &[0x80]);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &data, 0x9000);
    assert!(matches!(card.select(DOMAIN), Answer::Response(response) if response.status().is_success()));
    let line = card.open_with(&root_keys(), 0, SecurityLevel::FULL);
    assert_eq!(line.host.level(), SecurityLevel::FULL);
}

#[test]
fn the_card_says_what_it_is_and_which_keys_it_has() {
    let mut card = Bench::blank();
    let production = card.send(&[0x80, 0xCA, 0x9F, 0x7F, 0]);
    assert_eq!(production.data(), [&[0x9F, 0x7F, 42][..], &[0xC9; 42]].concat());
    let keys = card.send(&[0x00, 0xCA, 0x00, 0xE0, 0]);
    let expected =
        [0xE0, 18, 0xC0, 4, 1, 0x30, 0x88, 16, 0xC0, 4, 2, 0x30, 0x88, 16, 0xC0, 4, 3, 0x30, 0x88, 16];
    assert_eq!(keys.data(), expected);
    let recognition = card.send(&[0x80, 0xCA, 0x00, 0x66, 0]);
    assert_eq!(recognition.data()[..4], [0x66, 49, 0x73, 47]);
    assert!(recognition.data().ends_with(&[0x64, 11, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 4, 3, 0x70]));
    assert_eq!(card.status(&[0x80, 0xCA, 0x00, 0x67, 0]), 0x6A88);
    let mut line = card.open(SecurityLevel::FULL);
    assert_eq!(card.expect(&mut line, [0x80, 0xCA, 0x00, 0xE0], &[], 0x9000), expected);
}
