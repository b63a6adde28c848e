//! Card and security module together, without anybody who knows the keys of both.

use globalplatform::apdu::Command;
use purse::{
    amount::Amount,
    bytes::{Reader, Writer},
    ep::{Profile, Which},
    fake_card::FakeCard,
    fields::Kind,
    journal::Stored,
    key_table::KeyRecord,
    pboc::key::{Algorithm, Dpk},
    psam::{ModuleContents, collection_mac},
    simulated::Tear,
};

use crate::desk::{
    Answer, Memory, TERMINAL, WHEN,
    counter::{
        Counter, ISSUER, Module, card, card_with, collect, diversified, factor, master_keys, personalisation,
        sell,
    },
    key, profile,
};

#[test]
fn card_and_module_agree_with_one_level_of_diversification() {
    let (mut desk, mut counter) = (card(), Counter::new());
    assert_eq!(sell(&mut desk, &mut counter, 850, &factor()), 0x9000);
    let contents = counter.module.contents();
    assert_eq!((contents.authorised(), contents.verified()), (Amount::new(850), Amount::new(850)));
    assert_eq!((contents.transaction().0, desk.balance(Which::Purse)), (1, 4_150));
}

#[test]
fn card_and_module_agree_with_two_levels_and_another_version() {
    let master = Dpk::new([0x66; 16]);
    let dpk = master.diversified_by(Algorithm::TripleDes, &[factor(), ISSUER]);
    let mut desk = card_with(profile(), &KeyRecord::new(&dpk, 1, 2, 0), Algorithm::TripleDes);
    let mut counter = Counter::new();
    assert_eq!(sell(&mut desk, &mut counter, 850, &[factor(), ISSUER].concat()), 0x9000);
    let begun = desk.initialise(1, 2, 1).unwrap().ok();
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6700);
}

#[test]
fn card_and_module_agree_in_the_variant_with_sm4() {
    let dpk: Dpk = diversified(Algorithm::Sm4Own);
    let profile = Profile { sm4_algorithm: Some(4), ..profile() };
    let mut desk = card_with(profile, &KeyRecord::new(&dpk, 1, 3, 4), Algorithm::Sm4Own);
    let mut counter = Counter::new();
    assert_eq!(sell(&mut desk, &mut counter, 850, &factor()), 0x9000);
}

#[test]
fn a_sale_is_cancelled_with_the_modules_cancel_key() {
    let (mut desk, mut counter) = (card(), Counter::new());
    assert_eq!(sell(&mut desk, &mut counter, 850, &factor()), 0x9000);
    let begun = desk.initialise(0x0A, 2, 850).unwrap().ok();
    let signed = counter.authorise(&begun, 850, Kind::Cancel, &factor()).unwrap().ok();
    let parts: [&[u8]; 3] = [&signed.data[..4], &WHEN.0, &signed.data[4..]];
    let receipt = desk.apdu([0x80, 0x54, 0x0A, 0], &parts).unwrap().ok();
    assert_eq!(counter.verify(&receipt).unwrap().status, 0x9000);
    assert_eq!(desk.balance(Which::Purse), 5_000);
    assert_eq!(counter.module.contents().verified(), Amount::new(850), "a cancel is no income");
}

#[test]
fn a_fake_card_is_refused_and_in_the_end_locks_the_module_until_it_is_collected() {
    let fake = FakeCard { balance: Amount::new(99_999), public_information: [0x11; 30] };
    let mut counter = Counter::new();
    let ask = |bytes: &[u8]| fake.step(&Command::parse(bytes).unwrap()).data().to_vec();
    let mut answers = Vec::new();
    for _ in 0..6 {
        let init = [&[0x80, 0x50, 1, 2, 11, 1, 0, 0, 0, 9][..], &TERMINAL.0].concat();
        let begun = Answer { data: ask(&init), status: 0x9000 };
        let signed = counter.authorise(&begun, 9, Kind::Purchase, &factor()).unwrap();
        if signed.status != 0x9000 {
            answers.push(signed.status);
            continue;
        }
        let debit = [&[0x80, 0x54, 1, 0, 15][..], &signed.data[..4], &WHEN.0, &signed.data[4..]].concat();
        let receipt = ask(&debit);
        answers.push(counter.verify(&Answer { data: receipt, status: 0x9000 }).unwrap().status);
    }
    assert_eq!(answers, [0x9302, 0x9302, 0x9302, 0x9302, 0x9302, 0x6983]);
    assert_eq!(counter.module.contents().verified(), Amount::ZERO);
    collect(&mut counter, 10_000, 1).unwrap();
    assert_eq!(sell(&mut card(), &mut counter, 9, &factor()), 0x9000);
}

#[test]
fn a_stolen_module_stops_at_its_ceiling() {
    let (mut desk, mut counter) = (card(), Counter::new());
    for _ in 0..2 {
        assert_eq!(sell(&mut desk, &mut counter, 2_000, &factor()), 0x9000);
    }
    let begun = desk.initialise(1, 2, 1_000).unwrap().ok();
    for _ in 0..6 {
        counter.authorise(&begun, 1_000, Kind::Purchase, &factor()).unwrap().ok();
    }
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6985);
    counter.power_cycle().unwrap();
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6985);
    assert_eq!(collect(&mut counter, 500, 1).unwrap(), 0x9000);
    counter.authorise(&begun, 500, Kind::Purchase, &factor()).unwrap().ok();
    assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x6985);
}

#[test]
fn a_collection_is_good_once_and_versions_only_grow() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let begun = counter.send([0x80, 0x74, 0, 0], &[]).unwrap().ok();
    let mac = collection_mac(&key(), &TERMINAL, 0, begun.part(18), (Amount::new(1), 2));
    let parts: [&[u8]; 3] = [&1_u32.to_be_bytes(), &[2], &mac];
    assert_eq!(counter.send([0x80, 0x76, 0, 0], &parts).unwrap().status, 0x9000);
    assert_eq!(counter.send([0x80, 0x76, 0, 0], &parts).unwrap().status, 0x6984);
    counter.send([0x80, 0x74, 0, 0], &[]).unwrap().ok();
    assert_eq!(counter.send([0x80, 0x76, 0, 0], &parts).unwrap().status, 0x6988, "the number has moved on");
    assert_eq!(collect(&mut counter, 10_000, 1).unwrap(), 0x6985);
    let old = desk.initialise(1, 2, 1).unwrap().ok();
    assert_eq!(counter.authorise(&old, 1, Kind::Purchase, &factor()).unwrap().status, 0x9403, "an aged key");
}

#[test]
fn a_wrong_algorithm_version_or_kind_is_refused() {
    let (mut desk, mut counter) = (card(), Counter::new());
    let begun = desk.initialise(1, 2, 1).unwrap().ok();
    let with = |at: usize, byte: u8| {
        let mut other = begun.clone();
        other.data[at] = byte;
        other
    };
    assert_eq!(counter.authorise(&with(9, 9), 1, Kind::Purchase, &factor()).unwrap().status, 0x9403);
    assert_eq!(counter.authorise(&with(10, 4), 1, Kind::Purchase, &factor()).unwrap().status, 0x6A80);
    assert_eq!(counter.authorise(&begun, 1, Kind::LoadPurse, &factor()).unwrap().status, 0x6A80);
    assert_eq!(counter.send([0x80, 0x72, 0, 0], &[&[0; 8]]).unwrap().status, 0x6901);
}

#[test]
fn a_module_at_the_end_of_its_numbers_is_exhausted_for_ever() {
    let mut body = [0; 2048];
    let contents = ModuleContents::personalised(&personalisation(&master_keys())).unwrap();
    contents.write(&mut Writer::new(&mut body));
    // After file identifier, serial number, terminal, SM4 identifier, lowest version and three sums.
    body[33..37].copy_from_slice(&(u32::MAX - 1).to_be_bytes());
    let contents = ModuleContents::read(&mut Reader::new(&body)).unwrap();
    let mut counter = Counter { module: Module::install(Memory::new(), contents).unwrap() };
    counter.select();
    let mut desk = card();
    assert_eq!(sell(&mut desk, &mut counter, 1, &factor()), 0x9000);
    let begun = desk.initialise(1, 2, 1).unwrap().ok();
    for _ in 0..3 {
        assert_eq!(counter.authorise(&begun, 1, Kind::Purchase, &factor()).unwrap().status, 0x9402);
        assert_eq!(collect(&mut counter, 10_000, 1).unwrap(), 0x9000);
        counter.power_cycle().unwrap();
    }
}

/// Every write of MAC1, MAC2 and collection is torn: no number is used twice, and the ceiling holds.
#[test]
fn a_torn_module_never_repeats_a_transaction_number() {
    let mut points = 0;
    for tear in Tear::SAMPLES {
        for at in 0..80 {
            let (mut desk, mut counter) = (card(), Counter::new());
            let first = desk.initialise(1, 2, 10).unwrap().ok();
            let first = counter.authorise(&first, 10, Kind::Purchase, &factor()).unwrap().ok();
            counter.module.nvm_mut().cut_at(at, tear);
            let begun = desk.initialise(1, 2, 10).unwrap().ok();
            let torn = counter.authorise(&begun, 10, Kind::Purchase, &factor());
            let checked = torn.is_ok().then(|| {
                // The MAC is wrong: the try is counted, whatever is torn.
                counter.send([0x80, 0x72, 0, 0], &[&[0; 8]])
            });
            counter.power_cycle().unwrap();
            let begun = desk.initialise(1, 2, 10).unwrap().ok();
            let last = counter.authorise(&begun, 10, Kind::Purchase, &factor()).unwrap().ok();
            let number = |answer: &Answer| u32::from_be_bytes(answer.part(0));
            assert!(number(&last) > number(&first));
            if let Ok(torn) = &torn {
                assert!(number(&last) > number(torn));
            }
            let authorised = counter.module.contents().authorised().units();
            assert!(authorised == 10 * number(&last) + 10, "{authorised}");
            points += 1;
            if matches!(checked, Some(Ok(_))) {
                break;
            }
        }
    }
    assert!(points > 200, "{points}");
}
