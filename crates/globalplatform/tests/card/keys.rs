//! PUT KEY: all keys or none, each kind where it belongs.

use globalplatform::{
    apdu::Command,
    keys::KeyVersion,
    registry::Domain,
    secure_channel::{HostOpening, SecurityLevel, StaticKeys},
};

use crate::bench::{Bench, DOMAIN, DOMAIN_FILE, DOMAIN_MODULE, Line, aes_keys, des_keys, install, root_keys};

fn version(byte: u8) -> KeyVersion {
    KeyVersion::new(byte).unwrap()
}

fn put(card: &mut Bench, line: &mut Line, replaces: Option<u8>, new: u8, keys: &StaticKeys) -> u16 {
    let command = line.host.put_key(replaces.map(version), version(new), keys).unwrap();
    let command = command.command().unwrap();
    card.say(line, command.header(), command.data()).status().0
}

#[test]
fn keys_that_were_put_open_channels() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    let news = [(0x31, aes_keys(0x60, 24)), (0x20, des_keys(0x70))];
    for (new, keys) in &news {
        let command = line.host.put_key(None, version(*new), keys).unwrap();
        let command = command.command().unwrap();
        let confirmation = card.expect(&mut line, command.header(), command.data(), 0x9000);
        assert_eq!((confirmation[0], confirmation.len()), (*new, 10));
    }
    for (new, keys) in &news {
        card.open_with(keys, *new, SecurityLevel::C_MAC_C_ENC);
    }
    card.open(SecurityLevel::FULL);
}

#[test]
fn keys_of_every_length_travel_under_keys_of_every_kind() {
    for root in [root_keys(), aes_keys(0x40, 24), aes_keys(0x40, 32), des_keys(0x10)] {
        for new in [aes_keys(0x60, 16), aes_keys(0x60, 24), aes_keys(0x60, 32), des_keys(0x70)] {
            let mut card = Bench::new(globalplatform::secure_channel::scp03::Options::ALL, root.clone());
            let mut line = card.open_with(&root, 0, SecurityLevel::C_MAC_C_ENC);
            assert_eq!(put(&mut card, &mut line, None, 0x35, &new), 0x9000);
            card.open_with(&new, 0x35, SecurityLevel::C_MAC);
        }
    }
}

#[test]
fn replaced_keys_open_nothing_more() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    assert_eq!(put(&mut card, &mut line, Some(0x30), 0x31, &aes_keys(0x60, 32)), 0x9000);
    let (_, begin) = HostOpening::begin(0x30, [1; 8]);
    assert_eq!(card.status(begin.as_slice()), 0x6A88);
    card.open_with(&aes_keys(0x60, 32), 0x31, SecurityLevel::FULL);
}

#[test]
fn a_wrong_check_value_changes_nothing() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    for keys in [aes_keys(0x60, 16), aes_keys(0x60, 32), des_keys(0x70)] {
        let good = line.host.put_key(Some(version(0x30)), version(0x31), &keys).unwrap();
        let (header, data) = (good.command().unwrap().header(), good.command().unwrap().data().to_vec());
        let before = card.registry.to_image();
        let key_bytes = (data.len() - 1) / 3;
        for number in 0..3 {
            for byte in 0..3 {
                let mut wrong = data.clone();
                wrong[1 + (number + 1) * key_bytes - 1 - byte] ^= 0x80;
                card.expect(&mut line, header, &wrong, 0x9485);
            }
            // A key that was changed on its way no longer has its check value.
            let mut wrong = data.clone();
            wrong[1 + number * key_bytes + 5] ^= 0x80;
            card.expect(&mut line, header, &wrong, 0x9485);
        }
        assert_eq!(card.registry.to_image(), before);
    }
}

#[test]
fn keys_without_check_values_or_with_other_forms_are_refused() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    let good = line.host.put_key(None, version(0x31), &aes_keys(0x60, 16)).unwrap();
    let (header, data) = (good.command().unwrap().header(), good.command().unwrap().data().to_vec());
    let before = card.registry.to_image();
    let without_check = [&data[..20], &[0], &data[24..]].concat();
    card.expect(&mut line, header, &without_check, 0x9485);
    for length in 0..data.len() {
        let status = card.say(&mut line, header, &data[..length]).status().0;
        assert!(matches!(status, 0x6A80 | 0x6985), "{length}: {status:04X}");
    }
    card.expect(&mut line, header, &[&data[..], &[0]].concat(), 0x6A80);
    let mut other_kind = data.clone();
    other_kind[1] = 0x81;
    card.expect(&mut line, header, &other_kind, 0x9484);
    let mut no_version = data.clone();
    no_version[0] = 0x80;
    card.expect(&mut line, header, &no_version, 0x6A80);
    card.expect(&mut line, [0x80, 0xD8, 0, 0x01], &data, 0x6A86);
    card.expect(&mut line, [0x80, 0xD8, 0x80, 0x81], &data, 0x6A86);
    assert_eq!(card.registry.to_image(), before);
    card.expect(&mut line, header, &data, 0x9000);
}

#[test]
fn a_version_is_there_once_and_there_is_room_for_three() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    let keys = aes_keys(0x60, 16);
    assert_eq!(put(&mut card, &mut line, None, 0x30, &keys), 0x6985);
    assert_eq!(put(&mut card, &mut line, Some(0x33), 0x34, &keys), 0x6A88);
    assert_eq!(put(&mut card, &mut line, None, 0x31, &keys), 0x9000);
    assert_eq!(put(&mut card, &mut line, None, 0x32, &keys), 0x9000);
    assert_eq!(put(&mut card, &mut line, None, 0x33, &keys), 0x6A84);
    assert_eq!(put(&mut card, &mut line, Some(0x31), 0x32, &keys), 0x6985);
    assert_eq!(put(&mut card, &mut line, Some(0x31), 0x33, &keys), 0x9000);
}

#[test]
fn the_same_keys_put_again_do_not_bring_back_old_channels() {
    let mut card = Bench::blank();
    let (opening, begin) = HostOpening::begin(0x30, [0xEE; 8]);
    let answer = card.send(begin.as_slice());
    let (_, recorded) = opening.authenticate(&root_keys(), answer.data(), SecurityLevel::C_MAC).unwrap();
    let mut line = card.open(SecurityLevel::C_MAC);
    assert_eq!(put(&mut card, &mut line, Some(0x30), 0x30, &root_keys()), 0x9000);
    for _ in 0..4 {
        card.send(begin.as_slice());
        assert_eq!(card.status(recorded.as_slice()), 0x6982);
    }
}

#[test]
fn keys_of_a_domain_are_not_root_keys_and_root_keys_end_where_a_domain_has_its_own() {
    let mut card = Bench::blank();
    let mut line = card.open(SecurityLevel::C_MAC);
    let data = install(DOMAIN_FILE, DOMAIN_MODULE, DOMAIN, &[0x80]);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &data, 0x9000);
    card.select(DOMAIN);
    let mut line = card.open_with(&root_keys(), 0, SecurityLevel::C_MAC_C_ENC);
    let own = aes_keys(0x20, 16);
    assert_eq!(put(&mut card, &mut line, None, 0x31, &own), 0x9000);
    assert_eq!(card.registry.key_sets(Domain::Issuer).count(), 1);
    // The domain knows its own keys only.
    let (_, begin) = HostOpening::begin(0x30, [1; 8]);
    assert_eq!(card.status(begin.as_slice()), 0x6A88);
    card.open_with(&own, 0, SecurityLevel::FULL);
    // The issuer's domain does not know them.
    card.select(&[]);
    let (_, begin) = HostOpening::begin(0x31, [1; 8]);
    assert_eq!(card.status(begin.as_slice()), 0x6A88);
    // They go with the domain.
    let mut line = card.open(SecurityLevel::C_MAC);
    card.expect(&mut line, [0x80, 0xE4, 0, 0], &crate::bench::tagged(DOMAIN), 0x9000);
    card.expect(&mut line, [0x80, 0xE6, 0x0C, 0], &data, 0x9000);
    card.select(DOMAIN);
    assert_eq!(card.status(begin.as_slice()), 0x6A88);
}

#[test]
fn the_keys_a_card_was_made_with_go_when_the_first_others_come() {
    use globalplatform::{keys::RootKeySet, registry::Registry};
    let mut card = Bench::blank();
    let blank = globalplatform::registry::Blank {
        issuer_domain: *card.registry.issuer_domain(),
        diversification: [5; 10],
        production_data: [0; 42],
        options: card.registry.options(),
        root_keys: RootKeySet::initial(KeyVersion::INITIAL, root_keys()),
    };
    card.registry = Registry::new(blank);
    let mut line = card.open_with(&root_keys(), 0xFF, SecurityLevel::C_MAC);
    assert_eq!(put(&mut card, &mut line, None, 0x31, &aes_keys(0x60, 16)), 0x9000);
    let versions: Vec<u8> =
        card.registry.key_sets(Domain::Issuer).map(|keys| keys.version().byte()).collect();
    assert_eq!(versions, [0x31]);
    let begin = Command::new([0x80, 0x50, 0xFF, 0], &[1; 8], Some(256)).unwrap().to_bytes();
    assert_eq!(card.status(begin.as_slice()), 0x6A88);
}
