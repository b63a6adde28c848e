//! STORE DATA: data and keys on their way into an application.

use globalplatform::{apdu::Command, secure_channel::SecurityLevel};

use crate::bench::{
    Bench, DOMAIN, DOMAIN_FILE, DOMAIN_MODULE, Line, PURSE, PURSE_FILE, PURSE_MODULE, UNWANTED, data_block,
    des_keys, for_load, install, named, root_keys,
};

const FOR_PERSONALISATION: [u8; 4] = [0x80, 0xE6, 0x20, 0];
/// P1 of blocks in DGIs: more to come or the last; plain or under the DEK.
const MORE: u8 = 0x08;
const LAST: u8 = 0x88;
const LAST_ENCRYPTED: u8 = 0xE8;

const fn store(p1: u8, block: u8) -> [u8; 4] {
    [0x80, 0xE2, p1, block]
}

fn dgi(dgi: u16, value: &[u8]) -> Vec<u8> {
    [&dgi.to_be_bytes()[..], &[u8::try_from(value.len()).unwrap()], value].concat()
}

fn ready(level: SecurityLevel) -> (Bench, Line) {
    let mut card = Bench::with_purse();
    let mut line = card.open(level);
    card.expect(&mut line, FOR_PERSONALISATION, &named(PURSE), 0x9000);
    (card, line)
}

#[test]
fn data_and_keys_reach_the_application_as_the_host_meant_them() {
    for level in SecurityLevel::ALL.into_iter().filter(|level| level.has_c_mac()) {
        let (mut card, mut line) = ready(level);
        card.expect(&mut line, store(MORE, 0), &[dgi(0x0101, b"card"), dgi(0x0102, b"")].concat(), 0x9000);
        let (load_key, short_key) = ([0xD1; 16], [0xD2; 21]);
        let mut blocks = Vec::new();
        for (identifier, key) in [(0x8201, &load_key[..]), (0x8202, &short_key)] {
            let mut bytes = [0; 64];
            let length = line.host.wrap_secret(key, &mut bytes).unwrap();
            blocks.extend(dgi(identifier, &bytes[..length]));
        }
        card.expect(&mut line, store(LAST_ENCRYPTED, 1), &blocks, 0x9000);
        let taken = [
            (0x0101, b"card".to_vec(), false),
            (0x0102, Vec::new(), false),
            (0x8201, load_key.to_vec(), true),
            (0x8202, short_key.to_vec(), true),
        ];
        assert_eq!(card.applications.purse().taken, taken);
        let listed = card.expect(&mut line, [0x80, 0xF2, 0x40, 2], &[0x4F, 0], 0x9000);
        assert!(listed.windows(4).any(|bytes| bytes == [0x9F, 0x70, 1, 0x0F]));
        card.expect(&mut line, store(LAST, 2), &dgi(1, b"x"), 0x6985);
    }
}

#[test]
fn a_replayed_store_data_is_refused() {
    let (mut card, mut line) = ready(SecurityLevel::C_MAC_C_ENC);
    let data = dgi(0x0101, b"once");
    let command = Command::new(store(MORE, 0), &data, Some(256)).unwrap();
    let recorded = line.host.wrap(&command).unwrap();
    assert_eq!(card.status(recorded.as_slice()), 0x9000);
    assert_eq!(card.status(recorded.as_slice()), 0x6982);
    // Not in a later session either.
    let mut line = card.open(SecurityLevel::C_MAC_C_ENC);
    card.expect(&mut line, FOR_PERSONALISATION, &named(PURSE), 0x9000);
    assert_eq!(card.status(recorded.as_slice()), 0x6982);
    assert_eq!(card.applications.purse().taken.len(), 1);
}

#[test]
fn a_reset_of_the_chain_is_refused() {
    let (mut card, mut line) = ready(SecurityLevel::C_MAC);
    let begun = line.host.clone();
    card.expect(&mut line, store(MORE, 0), &dgi(0x0101, b"one"), 0x9000);
    // A host, or somebody who speaks for it, that goes back to an earlier place in the chain.
    line.host = begun;
    let data = dgi(0x0101, b"two");
    let command = Command::new(store(MORE, 1), &data, Some(256)).unwrap();
    let wrapped = line.host.wrap(&command).unwrap();
    assert_eq!(card.status(wrapped.as_slice()), 0x6982);
    assert_eq!(card.session.security_level(), None);
    assert_eq!(card.applications.purse().taken.len(), 1);
}

#[test]
fn blocks_out_of_order_are_refused() {
    for (p1, block, status) in [
        (MORE, 1, 0x6A86),
        (LAST, 1, 0x6A86),
        (0x00, 0, 0x6A86),
        (0x10, 0, 0x6A86),
        (0x28, 0, 0x6A86),
        (0x48, 0, 0x6A86),
    ] {
        let (mut card, mut line) = ready(SecurityLevel::C_MAC);
        card.expect(&mut line, store(p1, block), &dgi(1, b"x"), status);
        card.expect(&mut line, store(MORE, 0), &dgi(1, b"x"), 0x6985);
        assert!(card.applications.purse().taken.is_empty());
    }
}

#[test]
fn of_a_block_everything_is_taken_or_nothing() {
    let wrong: [Vec<u8>; 7] = [
        [dgi(1, b"good"), dgi(UNWANTED, b"bad")].concat(),
        [dgi(1, b"good"), vec![0, 2, 5, 1]].concat(),
        [dgi(1, b"good"), vec![0, 2]].concat(),
        [dgi(1, b"good"), vec![0, 2, 0xFF, 0]].concat(),
        [dgi(1, b"good"), vec![0, 2, 0xFF, 1, 0, 9]].concat(),
        vec![0],
        vec![],
    ];
    for data in wrong {
        let (mut card, mut line) = ready(SecurityLevel::C_MAC);
        card.expect(&mut line, store(LAST, 0), &data, 0x6A80);
        assert!(card.applications.purse().taken.is_empty(), "{data:02X?}");
    }
    let (mut card, mut line) = ready(SecurityLevel::C_MAC);
    card.expect(&mut line, store(LAST, 0), &[&[0, 2, 0xFF, 0, 3][..], b"abc"].concat(), 0x9000);
    assert_eq!(card.applications.purse().taken, [(2, b"abc".to_vec(), false)]);
}

#[test]
fn keys_that_are_not_whole_blocks_are_refused() {
    for length in [0_usize, 1, 15, 18, 24, 31] {
        let (mut card, mut line) = ready(SecurityLevel::C_MAC);
        card.expect(&mut line, store(LAST_ENCRYPTED, 0), &dgi(0x8201, &vec![9; length]), 0x6A80);
    }
    // A whole block of padding could hide something.
    let (mut card, mut line) = ready(SecurityLevel::C_MAC);
    card.expect(&mut line, store(LAST_ENCRYPTED, 0), &dgi(0x8201, &[&[16][..], &[9; 32]].concat()), 0x6A80);
    // Seventeen bytes tell the length of a padded key: 9 is possible, 17 is not.
    for (told, status) in [(0, 0x6A80), (9, 0x9000), (16, 0x9000), (17, 0x6A80)] {
        let (mut card, mut line) = ready(SecurityLevel::C_MAC);
        let value = [&[told][..], &[9; 16]].concat();
        card.expect(&mut line, store(LAST_ENCRYPTED, 0), &dgi(0x8201, &value), status);
    }
}

#[test]
fn only_the_domain_of_an_application_personalises_it() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    let data = install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, &[0x80]);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &data, 0x9000);
    card.expect(&mut line, [0x80, 0xE6, 0x02, 0], &for_load(PURSE_FILE, DOMAIN, b"purse"), 0x9000);
    card.expect(&mut line, [0x80, 0xE8, 0x80, 0], &data_block(b"purse"), 0x9000);
    let data = install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &data, 0x9000);
    card.expect(&mut line, FOR_PERSONALISATION, &named(PURSE), 0x6985);
    card.expect(&mut line, FOR_PERSONALISATION, &named(DOMAIN), 0x6985);
    card.select(DOMAIN);
    let mut line = card.open_with(&root_keys(), 0, SecurityLevel::C_MAC_C_ENC);
    card.expect(&mut line, FOR_PERSONALISATION, &named(PURSE), 0x9000);
    card.expect(&mut line, store(LAST, 0), &dgi(1, b"x"), 0x9000);
    assert_eq!(card.applications.purse().taken.len(), 1);
}

#[test]
fn a_locked_or_absent_application_is_not_personalised() {
    let mut card = Bench::with_purse();
    let mut line = card.open(SecurityLevel::C_MAC);
    card.expect(&mut line, FOR_PERSONALISATION, &named(DOMAIN), 0x6A88);
    card.expect(&mut line, store(LAST, 0), &dgi(1, b"x"), 0x6985);
    card.expect(&mut line, [0x80, 0xF0, 0x40, 0x80], PURSE, 0x9000);
    card.expect(&mut line, FOR_PERSONALISATION, &named(PURSE), 0x6985);
    card.expect(&mut line, FOR_PERSONALISATION, PURSE, 0x6A80);
}

#[test]
fn old_hosts_personalise_over_scp02() {
    let options = globalplatform::secure_channel::scp03::Options::ALL;
    let mut card = Bench::new(options, des_keys(0x10));
    let mut line = card.open_with(&des_keys(0x10), 0, SecurityLevel::C_MAC_C_ENC);
    card.load(&mut line, PURSE_FILE, b"purse");
    let data = install(PURSE_FILE, PURSE_MODULE, PURSE, &[0]);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &data, 0x9000);
    card.expect(&mut line, FOR_PERSONALISATION, &named(PURSE), 0x9000);
    let mut bytes = [0; 64];
    let length = line.host.wrap_secret(&[0xD1; 16], &mut bytes).unwrap();
    card.expect(&mut line, store(LAST_ENCRYPTED, 0), &dgi(0x8201, &bytes[..length]), 0x9000);
    assert_eq!(card.applications.purse().taken, [(0x8201, vec![0xD1; 16], true)]);
}
