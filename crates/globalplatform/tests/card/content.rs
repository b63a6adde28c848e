//! Loading, installing, deleting and listing.

use globalplatform::{
    block_cipher::AesKey,
    registry::{ENTRIES_MAX, EntryKind},
    secure_channel::SecurityLevel,
    status::StatusWord,
};
use sha2::{Digest, Sha256};

use crate::bench::{
    Bench, DOMAIN, DOMAIN_FILE, DOMAIN_MODULE, ISSUER, PURSE, PURSE_FILE, PURSE_MODULE, data_block, for_load,
    install, named, root_keys, tagged,
};

const FOR_LOAD: [u8; 4] = [0x80, 0xE6, 0x02, 0];
const FOR_INSTALL: [u8; 4] = [0x80, 0xE6, 0x0C, 0];
const DELETE: [u8; 4] = [0x80, 0xE4, 0, 0];
const fn load(p1: u8, block: u8) -> [u8; 4] {
    [0x80, 0xE8, p1, block]
}

/// P1, P2 and data of a LOAD.
type Block = (u8, u8, &'static [u8]);

fn opened() -> (Bench, crate::bench::Line) {
    let mut card = Bench::blank();
    let line = card.open(SecurityLevel::C_MAC_C_ENC);
    (card, line)
}

fn count(card: &Bench) -> usize {
    card.registry.entries().count()
}

#[test]
fn a_package_in_blocks_is_known_by_its_hash() {
    let (mut card, mut line) = opened();
    let package: Vec<u8> = (0..=255).cycle().take(1_000).map(|byte| byte as u8).collect();
    let stream = [&[0xC4, 0x82, 3, 0xE8][..], &package].concat();
    card.expect(&mut line, FOR_LOAD, &for_load(PURSE_FILE, ISSUER, &package), 0x9000);
    let blocks: Vec<&[u8]> = stream.chunks(200).collect();
    for (place, block) in blocks.iter().enumerate() {
        let p1 = if place + 1 == blocks.len() { 0x80 } else { 0 };
        let answer = card.expect(&mut line, load(p1, place as u8), block, 0x9000);
        assert_eq!(answer, [0]);
    }
    let digest: [u8; 32] = Sha256::digest(&package).into();
    assert!(card.registry.entries().any(|(_, entry)| entry.kind == EntryKind::LoadFile { digest }));
}

#[test]
fn a_package_that_is_not_the_announced_one_is_not_loaded() {
    let wrong: [(&[Block], u16); 9] = [
        (&[(0x80, 0, &[0xC4, 5, b'p', b'u', b'r', b's', b'o'])], 0x6A80),
        (&[(0x80, 0, &[0xC4, 4, b'p', b'u', b'r', b's'])], 0x6A80),
        (&[(0x80, 0, &[0xC4, 6, b'p', b'u', b'r', b's', b'e'])], 0x6A80),
        (&[(0x80, 0, &[0xC4, 5, b'p', b'u', b'r', b's', b'e', 0])], 0x6A80),
        (&[(0x80, 0, &[0xC5, 5, b'p', b'u', b'r', b's', b'e'])], 0x6A80),
        (&[(0x80, 1, &[0xC4, 5, b'p', b'u', b'r', b's', b'e'])], 0x6A86),
        (&[(0x81, 0, &[0xC4, 5, b'p', b'u', b'r', b's', b'e'])], 0x6A86),
        (&[(0, 0, &[0xC4, 5, b'p', b'u']), (0x80, 2, b"rse")], 0x6A86),
        (&[(0, 0, &[0xC4, 5, b'p', b'u']), (0x80, 0, b"rse")], 0x6A86),
    ];
    for (blocks, refusal) in wrong {
        let (mut card, mut line) = opened();
        card.expect(&mut line, FOR_LOAD, &for_load(PURSE_FILE, &[], b"purse"), 0x9000);
        let statuses: Vec<u16> = blocks
            .iter()
            .map(|(p1, p2, data)| card.say(&mut line, load(*p1, *p2), data).status().0)
            .collect();
        assert_eq!(statuses.last(), Some(&refusal), "{blocks:02X?}");
        // The package has to come anew from its beginning.
        card.expect(&mut line, load(0x80, 0), &data_block(b"purse"), 0x6985);
        assert_eq!(count(&card), 1);
    }
}

#[test]
fn another_command_in_between_ends_a_load() {
    let (mut card, mut line) = opened();
    card.expect(&mut line, load(0x80, 0), &data_block(b"purse"), 0x6985);
    card.expect(&mut line, FOR_LOAD, &for_load(PURSE_FILE, &[], b"purse"), 0x9000);
    card.expect(&mut line, [0x80, 0xF2, 0x80, 2], &[0x4F, 0], 0x9000);
    card.expect(&mut line, load(0x80, 0), &data_block(b"purse"), 0x6985);
}

#[test]
fn packages_are_signed_once_the_issuer_has_put_a_key_for_it() {
    let (mut card, mut line) = opened();
    let key = AesKey::new(&[0x77; 16]).unwrap();
    let signed = |signature: &[u8], package: &[u8]| {
        let dap = [&[0xE2, 20, 0x4F, 0, 0xC3, 16][..], signature].concat();
        [dap, data_block(package)].concat()
    };
    let good = key.cmac(&[&Sha256::digest(b"purse")]);
    let mut attempt = |card: &mut Bench, block: &[u8], status: u16| {
        card.expect(&mut line, FOR_LOAD, &for_load(PURSE_FILE, &[], b"purse"), 0x9000);
        card.expect(&mut line, load(0x80, 0), block, status);
    };
    // A signature that nobody can check is no signature.
    attempt(&mut card, &signed(&good, b"purse"), 0x6982);
    let mut line = card.open(SecurityLevel::C_MAC);
    let put = line.host.put_dap_key(&key).unwrap();
    let put = put.command().unwrap();
    let confirmation = card.expect(&mut line, put.header(), put.data(), 0x9000);
    assert_eq!(confirmation, [&[0x73][..], &key.check_value()].concat());
    let mut attempt = |card: &mut Bench, block: &[u8], status: u16| {
        card.expect(&mut line, FOR_LOAD, &for_load(PURSE_FILE, &[], b"purse"), 0x9000);
        card.expect(&mut line, load(0x80, 0), block, status);
    };
    attempt(&mut card, &data_block(b"purse"), 0x6982);
    for place in 0..16 {
        let mut wrong = good;
        wrong[place] ^= 1;
        attempt(&mut card, &signed(&wrong, b"purse"), 0x6982);
    }
    attempt(&mut card, &signed(&good[..15], b"purse"), 0x6A80);
    attempt(&mut card, &signed(&good, b"purse"), 0x9000);
}

#[test]
fn an_application_is_an_instance_of_what_was_loaded() {
    let (mut card, mut line) = opened();
    let good = install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]);
    card.expect(&mut line, FOR_INSTALL, &good, 0x6A88);
    card.load(&mut line, PURSE_FILE, b"purse");
    let wrong: [(Vec<u8>, u16); 8] = [
        (install(PURSE_FILE, DOMAIN, PURSE, &[0]), 0x6A88),
        (install(PURSE_FILE, PURSE_MODULE, ISSUER, &[0]), 0x6985),
        (install(PURSE_FILE, PURSE_MODULE, PURSE_FILE, &[0]), 0x6985),
        (install(PURSE_FILE, PURSE_MODULE, PURSE, &[0x80]), 0x6A80),
        (install(PURSE_FILE, PURSE_MODULE, PURSE, &[0x04]), 0x6A80),
        (install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, &[0]), 0x6A80),
        (install(DOMAIN_FILE, PURSE_MODULE, DOMAIN, &[0x80]), 0x6A80),
        (good[..good.len() - 1].to_vec(), 0x6A80),
    ];
    for (data, status) in wrong {
        card.expect(&mut line, FOR_INSTALL, &data, status);
    }
    assert!(card.applications.0.is_empty());
    assert_eq!(card.expect(&mut line, FOR_INSTALL, &good, 0x9000), [0]);
    card.expect(&mut line, FOR_INSTALL, &good, 0x6985);
    assert_eq!(card.applications.0.len(), 1);
}

#[test]
fn an_installed_application_is_selected_only_after_it_was_made_selectable() {
    let (mut card, mut line) = opened();
    card.load(&mut line, PURSE_FILE, b"purse");
    let data = install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]);
    card.expect(&mut line, [0x80, 0xE6, 0x04, 0], &data, 0x9000);
    assert_eq!(card.status(&[&[0, 0xA4, 4, 0, 8][..], PURSE].concat()), 0x6A82);
    let mut line = card.open(SecurityLevel::C_MAC);
    card.expect(&mut line, [0x80, 0xE6, 0x08, 0], &named(PURSE), 0x9000);
    card.expect(&mut line, [0x80, 0xE6, 0x08, 0], &named(PURSE), 0x6985);
    card.expect(&mut line, [0x80, 0xE6, 0x08, 0], &named(DOMAIN), 0x6A88);
    assert!(matches!(card.select(PURSE), globalplatform::domain::Answer::Selected(_)));
}

#[test]
fn an_application_that_holds_value_is_not_deleted() {
    let mut card = Bench::with_purse();
    card.applications.purse().holds_value = true;
    let mut line = card.open(SecurityLevel::C_MAC);
    let before = card.registry.clone();
    card.expect(&mut line, DELETE, &tagged(PURSE), 0x6985);
    card.expect(&mut line, DELETE, &tagged(PURSE_FILE), 0x6985);
    assert_eq!(card.registry, before);
    card.applications.purse().holds_value = false;
    card.expect(&mut line, DELETE, &tagged(PURSE_FILE), 0x6985);
    card.expect(&mut line, DELETE, &tagged(PURSE), 0x9000);
    card.expect(&mut line, DELETE, &tagged(PURSE), 0x6A88);
    card.expect(&mut line, DELETE, &tagged(PURSE_FILE), 0x9000);
    assert_eq!((count(&card), card.applications.0.len()), (1, 0));
}

#[test]
fn what_others_need_and_what_the_card_is_made_with_is_not_deleted() {
    let (mut card, mut line) = opened();
    card.expect(&mut line, DELETE, &tagged(DOMAIN_FILE), 0x6985);
    let data = install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, &[0x80]);
    card.expect(&mut line, FOR_INSTALL, &data, 0x9000);
    card.expect(&mut line, FOR_LOAD, &for_load(PURSE_FILE, DOMAIN, b"purse"), 0x9000);
    card.expect(&mut line, load(0x80, 0), &data_block(b"purse"), 0x9000);
    card.expect(&mut line, DELETE, &tagged(DOMAIN), 0x6985);
    card.expect(&mut line, DELETE, &tagged(DOMAIN_FILE), 0x6985);
    card.expect(&mut line, DELETE, &tagged(ISSUER), 0x6A88);
    card.expect(&mut line, DELETE, &[], 0x6A80);
    card.expect(&mut line, [0x80, 0xE4, 0, 0x80], &tagged(PURSE_FILE), 0x6A86);
    card.expect(&mut line, DELETE, &tagged(PURSE_FILE), 0x9000);
    card.expect(&mut line, DELETE, &tagged(DOMAIN), 0x9000);
}

#[test]
fn only_the_issuers_domain_manages_content() {
    let (mut card, mut line) = opened();
    let data = install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, &[0x80]);
    card.expect(&mut line, FOR_INSTALL, &data, 0x9000);
    card.load(&mut line, PURSE_FILE, b"purse");
    card.select(DOMAIN);
    let mut line = card.open_with(&root_keys(), 0, SecurityLevel::C_MAC);
    card.expect(&mut line, FOR_LOAD, &for_load(&[9; 5], &[], b"x"), 0x6985);
    card.expect(&mut line, FOR_INSTALL, &install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]), 0x6985);
    card.expect(&mut line, DELETE, &tagged(PURSE_FILE), 0x6985);
    card.expect(&mut line, [0x80, 0xF0, 0x80, 0x07], &[], 0x6985);
    let put = line.host.put_dap_key(&AesKey::new(&[1; 16]).unwrap()).unwrap();
    let put = put.command().unwrap();
    card.expect(&mut line, put.header(), put.data(), 0x6985);
}

#[test]
fn a_full_card_says_so() {
    let (mut card, mut line) = opened();
    for number in 1..ENTRIES_MAX {
        card.load(&mut line, &[0xF0, 0, 0, 0, number as u8], b"file");
    }
    card.expect(&mut line, FOR_LOAD, &for_load(PURSE_FILE, &[], b"purse"), 0x6A84);
}

#[test]
fn listings_go_on_where_a_response_was_full() {
    let (mut card, _) = opened();
    let mut line = card.open(SecurityLevel::FULL);
    for number in 1..ENTRIES_MAX {
        card.load(&mut line, &[[0xF0; 15].as_slice(), &[number as u8]].concat(), b"file");
    }
    let first = card.expect(&mut line, [0x80, 0xF2, 0x20, 2], &[0x4F, 0], 0x6310);
    let second = card.expect(&mut line, [0x80, 0xF2, 0x20, 3], &[0x4F, 0], 0x9000);
    let listed = |bytes: &[u8]| {
        let entries = globalplatform::tlv::Reader::new(bytes);
        entries.map(|entry| entry.unwrap().value[2..].to_vec()).collect::<Vec<_>>()
    };
    let all = [listed(&first), listed(&second)].concat();
    assert_eq!(all.len(), ENTRIES_MAX);
    assert!(all[0].starts_with(DOMAIN_FILE));
    card.expect(&mut line, [0x80, 0xF2, 0x20, 3], &[0x4F, 0], 0x6985);
    card.expect(&mut line, [0x80, 0xF2, 0x20, 2], &[0x4F, 0], 0x6310);
    card.expect(&mut line, [0x80, 0xF2, 0x20, 3], &[0x4F, 1, 0xF0], 0x6985);
}

#[test]
fn listings_tell_names_states_and_domains() {
    let mut card = Bench::with_purse();
    let mut line = card.open(SecurityLevel::C_MAC_R_MAC);
    let issuer = card.expect(&mut line, [0x80, 0xF2, 0x80, 2], &[0x4F, 0], 0x9000);
    let expected = [&[0xE3, 19, 0x4F, 8][..], ISSUER, &[0x9F, 0x70, 1, 0x01, 0xC5, 3, 0x9E, 0, 0]].concat();
    assert_eq!(issuer, expected);
    let purse = card.expect(&mut line, [0x80, 0xF2, 0x40, 2], &tagged(&PURSE[..5]), 0x9000);
    let state = [0x9F, 0x70, 1, 0x07, 0xC5, 3, 0, 0, 0, 0xCC, 8];
    assert_eq!(purse, [&[0xE3, 29, 0x4F, 8][..], PURSE, &state, ISSUER].concat());
    card.expect(&mut line, [0x80, 0xF2, 0x40, 2], &tagged(DOMAIN), 0x6A88);
    card.expect(&mut line, [0x80, 0xF2, 0x10, 2], &[0x4F, 0], 0x6A86);
    card.expect(&mut line, [0x80, 0xF2, 0x40, 0], &[0x4F, 0], 0x6A86);
    card.expect(&mut line, [0x80, 0xF2, 0x40, 2], &[], StatusWord::WRONG_DATA.0);
}
