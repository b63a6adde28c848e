//! The hard cases of a card purse, each as a fact. Those about power are in `tearing.rs` (recovery torn again, the log's end, a
//! conversion), those about PINs, tries and keys
//! in `tries_and_keys.rs`, those about the security module in `security_module.rs`.

use purse::{
    bytes::{Reader, Writer},
    ep::{Application, Contents, Counting, Limits, Personalisation, PersonalisationError, Profile, Which},
    fields::{Kind, Sequence, TerminalId},
    journal::{OpenError, Stored},
    key_table::KeyRecord,
    nvm::Fault,
    pboc::key::{Dtk, Purchase},
    simulated::Tear,
};

use crate::desk::{Card, Desk, FILES, LIMITS, Memory, PIN, TERMINAL, keys, profile};

fn funded() -> Desk {
    let mut desk = Desk::new();
    desk.load(Which::Purse, 5_000).unwrap();
    desk.load(Which::Deposit, 3_000).unwrap();
    desk
}

/// The desk with another state in the card's memory: bytes from `at` on are replaced.
fn patched(desk: &Desk, at: usize, bytes: &[u8]) -> Desk {
    let mut body = [0; 2048];
    desk.contents().write(&mut Writer::new(&mut body));
    body[at..at + bytes.len()].copy_from_slice(bytes);
    let contents = Contents::read(&mut Reader::new(&body)).unwrap();
    let mut patched = desk.clone();
    patched.card = Application::install(Memory::new(), contents).unwrap();
    patched.select().unwrap();
    patched
}

/// Where the counters of the purse are in its layout: after profile, AID, file identifier, life and tries, deposit, balance
/// and overdraft limit.
const PURSE_OFFLINE: usize = 12 + 17 + 2 + 2 + 11 + 7;

#[test]
fn a_card_pulled_after_the_debit_proves_it_with_the_same_codes() {
    let mut desk = funded();
    let done = desk.purchase(Which::Purse, 850).unwrap();
    desk.power_cycle(&[]).unwrap();
    assert!(desk.is_proved(&done));
    assert!(desk.is_proved(&done), "as often as it is asked");
    assert_eq!(desk.balance(Which::Purse), 4_150);
}

#[test]
fn a_proof_of_an_older_sequence_is_not_available() {
    let mut desk = funded();
    let done = desk.purchase(Which::Purse, 850).unwrap();
    desk.terminal = TerminalId([9; 6]);
    let newer = desk.purchase(Which::Purse, 10).unwrap();
    let old = desk.apdu([0x80, 0x5A, 0, 6], &[&(done.sequence.0 + 1).to_be_bytes()]).unwrap();
    assert_eq!(old.status, 0x9406);
    assert!(desk.is_proved(&newer));
}

#[test]
fn a_proof_counts_as_the_profile_says() {
    let mut desk = Desk::with(Profile { prove_sequence: Counting::Before, ..profile() }, LIMITS);
    desk.load(Which::Purse, 5_000).unwrap();
    let done = desk.purchase(Which::Purse, 1).unwrap();
    let asked = |desk: &mut Desk, sequence: u16| {
        desk.apdu([0x80, 0x5A, 0, 6], &[&sequence.to_be_bytes()]).unwrap().status
    };
    assert_eq!(asked(&mut desk, done.sequence.0), 0x9000);
    assert_eq!(asked(&mut desk, done.sequence.0 + 1), 0x9406);
}

#[test]
fn a_replayed_load_is_refused() {
    let mut desk = funded();
    let begun = desk.initialise(0, 2, 1_000).unwrap().ok();
    let data = desk.sign_load(&begun, 1_000, Kind::LoadPurse);
    desk.apdu([0x80, 0x52, 0, 0], &[&data]).unwrap().ok();
    assert_eq!(desk.apdu([0x80, 0x52, 0, 0], &[&data]).unwrap().status, 0x6901);
    desk.initialise(0, 2, 1_000).unwrap().ok();
    assert_eq!(desk.apdu([0x80, 0x52, 0, 0], &[&data]).unwrap().status, 0x9302);
    assert_eq!(desk.balance(Which::Purse), 6_000);
}

#[test]
fn a_replayed_debit_is_refused() {
    let mut desk = funded();
    let begun = desk.initialise(1, 2, 100).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 100, Kind::Purchase);
    desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().ok();
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x6901);
    desk.initialise(1, 2, 100).unwrap().ok();
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x9302);
    assert_eq!(desk.balance(Which::Purse), 4_900);
}

#[test]
fn the_mac_of_an_earlier_initialisation_is_refused() {
    let mut desk = funded();
    let begun = desk.initialise(1, 2, 100).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 100, Kind::Purchase);
    desk.initialise(1, 2, 100).unwrap().ok();
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x9302);
    assert_eq!(desk.balance(Which::Purse), 5_000);
}

#[test]
fn a_purchase_cannot_be_ended_as_a_load_nor_a_load_as_a_purchase() {
    let mut desk = funded();
    let begun = desk.initialise(1, 2, 100).unwrap().ok();
    let debit = desk.sign_debit::<Purchase>(&begun, 100, Kind::Purchase);
    assert_eq!(desk.apdu([0x80, 0x52, 0, 0], &[&[0; 11]]).unwrap().status, 0x6901);
    assert_eq!(
        desk.apdu([0x80, 0x54, 1, 0], &[&debit]).unwrap().status,
        0x6901,
        "the other command killed it"
    );
    let begun = desk.initialise(0, 2, 100).unwrap().ok();
    let credit = desk.sign_load(&begun, 100, Kind::LoadPurse);
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&debit]).unwrap().status, 0x6901);
    assert_eq!(desk.apdu([0x80, 0x52, 0, 0], &[&credit]).unwrap().status, 0x6901);
    assert_eq!(desk.value(), 8_000);
}

#[test]
fn nothing_may_stand_between_initialisation_and_process() {
    let others: [&[u8]; 4] =
        [&[0x80, 0x5C, 0, 2, 4], &[0x00, 0x84, 0, 0, 4], &[0x00, 0xB0, 0x95, 0, 0], &[0x80, 0xFF, 0, 0]];
    for other in others {
        let mut desk = funded();
        let begun = desk.initialise(1, 2, 100).unwrap().ok();
        let data = desk.sign_debit::<Purchase>(&begun, 100, Kind::Purchase);
        desk.send(other).unwrap();
        assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x6901);
    }
}

#[test]
fn nothing_can_be_paid_into_a_record_but_nothing_cannot_be_loaded() {
    let mut desk = funded();
    desk.compound(0, &[(1, 0x1A << 3, &[1, 0x55])]).unwrap();
    for (p1, p2) in [(0, 2), (0, 1), (1, 2), (1, 1), (2, 1), (5, 2)] {
        assert_eq!(desk.initialise(p1, p2, 0).unwrap().status, 0x6A80);
    }
}

#[test]
fn amounts_at_their_bounds() {
    let mut desk = funded();
    assert_eq!(desk.initialise(1, 2, 5_001).unwrap().status, 0x9401);
    assert_eq!(desk.initialise(3, 2, u32::MAX).unwrap().status, 0x9401);
    desk.purchase(Which::Purse, 5_000).unwrap();
    assert_eq!(desk.balance(Which::Purse), 0);
    assert_eq!(desk.initialise(1, 2, 1).unwrap().status, 0x9401);
    assert_eq!(desk.initialise(0, 2, 100_001).unwrap().status, 0x6985);
    desk.load(Which::Purse, 100_000).unwrap();
    assert_eq!(desk.initialise(0, 2, 1).unwrap().status, 0x6985);
    let mut unlimited = Desk::with(profile(), Limits::NONE);
    unlimited.load(Which::Purse, u32::MAX).unwrap();
    assert_eq!(unlimited.initialise(0, 2, 1).unwrap().status, 0x6985);
    unlimited.purchase(Which::Purse, u32::MAX - 1).unwrap();
    assert_eq!(unlimited.balance(Which::Purse), 1);
}

#[test]
fn a_counter_at_its_end_is_exhausted_for_ever() {
    let mut desk = patched(&funded(), PURSE_OFFLINE, &[0xFF, 0xFE, 0xFF, 0xFE]);
    desk.purchase(Which::Purse, 1).unwrap();
    desk.load(Which::Purse, 1).unwrap();
    for _ in 0..3 {
        assert_eq!(desk.contents().pocket(Which::Purse).offline, Sequence::END);
        for (p1, p2) in [(1, 2), (3, 2), (0, 2), (5, 2), (0x0A, 2)] {
            assert_eq!(desk.initialise(p1, p2, 1).unwrap().status, 0x9402);
        }
        desk.power_cycle(&[]).unwrap();
    }
    desk.purchase(Which::Deposit, 1).unwrap();
}

#[test]
fn a_tac_key_of_equal_halves_is_not_personalised() {
    let mut keys = keys();
    keys[4] = KeyRecord::new(&Dtk::new([0x34; 16]), 1, 0, 0);
    let with = Personalisation {
        profile: profile(),
        aid: &crate::desk::AID,
        file_identifier: [0x10, 1],
        public_information: [0; 30],
        keys: &keys,
        pin: (&PIN, 3),
        files: &FILES,
        limits: LIMITS,
        currencies: [[0; 2]; 4],
    };
    assert_eq!(Contents::personalised(&with), Err(PersonalisationError::TransactionCodeKeyIsWeak));
}

#[test]
fn a_compound_purchase_debits_exactly_when_it_writes_its_records() {
    let mut desk = funded();
    let before = desk.contents().clone();
    let begun = desk.initialise(3, 2, 200).unwrap().ok();
    desk.apdu([0x80, 0xDC, 1, 0x1A << 3], &[&[1, 2, 3]]).unwrap().ok();
    desk.apdu([0x80, 0xDC, 0, 0x1E << 3], &[&[4; 48]]).unwrap().ok();
    assert_eq!(desk.contents(), &before, "a cache is not written");
    desk.debit(&begun, 200, Kind::CompoundPurchase).unwrap();
    let record = desk.send(&[0x00, 0xB2, 1, 0xD4, 0]).unwrap().ok();
    assert_eq!((record.part(0), record.data.len()), ([1, 2, 3], 128));
    assert_eq!(desk.send(&[0x00, 0xB2, 1, 0xF4, 0]).unwrap().ok().data, [4; 48]);
    assert_eq!(desk.balance(Which::Purse), 4_800);
}

#[test]
fn a_compound_purchase_without_a_record_or_with_a_wrong_one_is_none() {
    let mut desk = funded();
    let begun = desk.initialise(3, 2, 200).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 200, Kind::CompoundPurchase);
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x6985);
    let wrong: [(u8, u8, &[u8], u16); 6] = [
        (1, 0x1A << 3, &[1; 129], 0x6700),
        (9, 0x1A << 3, &[9; 10], 0x6A83),
        (1, 0x1A << 3, &[2; 10], 0x6A80),
        (1, 0x15 << 3, &[1; 10], 0x6A82),
        (1, 0x0F << 3, &[1; 10], 0x6A82),
        (0, 0x1E << 3 | 1, &[1; 10], 0x6A86),
    ];
    for (p1, p2, content, status) in wrong {
        let begun = desk.initialise(3, 2, 200).unwrap().ok();
        assert_eq!(desk.apdu([0x80, 0xDC, p1, p2], &[content]).unwrap().status, status);
        let data = desk.sign_debit::<Purchase>(&begun, 200, Kind::CompoundPurchase);
        assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x6901, "and it is killed");
    }
    assert_eq!(desk.balance(Which::Purse), 5_000);
}

#[test]
fn a_third_record_does_not_fit_and_a_second_of_the_same_takes_its_place() {
    let mut desk = funded();
    desk.compound(1, &[(1, 0xD0, &[1, 7]), (1, 0xD0, &[1, 8]), (0, 0xF0, &[1; 48])]).unwrap();
    assert_eq!(desk.send(&[0x00, 0xB2, 1, 0xD4, 0]).unwrap().ok().part(0), [1, 8]);
    desk.initialise(3, 2, 200).unwrap().ok();
    desk.apdu([0x80, 0xDC, 1, 0xD0], &[&[1, 9]]).unwrap().ok();
    desk.apdu([0x80, 0xDC, 0, 0xF0], &[&[2; 48]]).unwrap().ok();
    assert_eq!(desk.apdu([0x80, 0xDC, 0xAA, 0xC8], &[&[0xAA, 1]]).unwrap().status, 0x6A84);
}

#[test]
fn rot_in_both_copies_makes_the_card_mute_and_in_one_does_no_harm() {
    let desk = funded();
    let nvm = desk.card.clone().power_off();
    let slot = Contents::BYTES.div_ceil(4).next_multiple_of(16) + 16;
    for at in [40, 100, 300] {
        let mut one = nvm.clone();
        one.rot(at, 1 << 9);
        assert_eq!(Card::power_on(one.clone()).unwrap().contents(), desk.contents());
        one.rot(at + slot, 1 << 3);
        assert_eq!(Card::power_on(one).unwrap_err().0, OpenError::Mute);
    }
}

/// A tap has 400 ms, of which memory may take about 100, at 3 ms for each write.
#[test]
fn an_answer_to_a_debit_waits_for_few_writes() {
    let mut desk = funded();
    desk.purchase(Which::Purse, 850).unwrap();
    let plain = desk.writes_before_answer;
    desk.compound(200, &[(1, 0xD0, &[1, 0x55, 1, 2, 3, 4]), (0, 0xF0, &[9; 48])]).unwrap();
    let compound = desk.writes_before_answer;
    assert!(plain <= 25 && compound <= 38, "{plain} and {compound}");
}

#[test]
fn a_card_without_power_answers_nothing_until_power_is_back() {
    let mut desk = funded();
    let begun = desk.initialise(1, 2, 100).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 100, Kind::Purchase);
    desk.card.nvm_mut().cut_at(3, Tear::Erased);
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]), Err(Fault::PowerLost));
    desk.card.reset();
    for command in [&[0x80, 0x5C, 0, 2, 4][..], &[0x00, 0xA4, 0x04, 0x00, 2, 1, 2]] {
        assert_eq!(desk.send(command), Err(Fault::PowerLost));
    }
    desk.power_cycle(&[]).unwrap();
    assert_eq!(desk.balance(Which::Purse), 5_000);
}

#[test]
fn a_worn_out_memory_answers_6581_and_keeps_the_value() {
    let mut desk = funded();
    // A word of the log, which the next purchase writes.
    let before = desk.value();
    for at in 32..600 {
        let mut worn = desk.clone();
        worn.card.nvm_mut().wear_out(at);
        let Ok(begun) = worn.initialise(1, 2, 100) else { unreachable!("power is there") };
        let data = worn.sign_debit::<Purchase>(&begun.ok(), 100, Kind::Purchase);
        let answer = worn.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap();
        match answer.status {
            0x9000 => assert_eq!(worn.value(), before - 100),
            status => assert_eq!((status, worn.value()), (0x6581, before)),
        }
    }
    desk.purchase(Which::Purse, 1).unwrap();
}

#[test]
fn the_log_shows_the_newest_first_and_keeps_ten() {
    let mut desk = funded();
    for amount in 1..=12 {
        desk.purchase(Which::Purse, amount).unwrap();
    }
    let record = |desk: &mut Desk, number: u8| desk.send(&[0x00, 0xB2, number, 0xC4, 0]).unwrap();
    let newest = record(&mut desk, 1).ok();
    assert_eq!(newest.data.len(), 23);
    assert_eq!((newest.part(0), newest.part(5)), ([0, 11], 12_u32.to_be_bytes()));
    assert_eq!((newest.part(9), newest.part(10), newest.part(16)), ([6], TERMINAL.0, desk.when.0));
    assert_eq!(record(&mut desk, 10).ok().part(5), 3_u32.to_be_bytes());
    assert_eq!((record(&mut desk, 11).status, record(&mut desk, 0).status), (0x6A83, 0x6A83));
}

#[test]
fn wrong_lengths_are_refused_without_effect() {
    let mut desk = funded();
    let before = desk.contents().clone();
    for (cla, ins, p1, p2) in [
        (0x80, 0x50, 0, 2),
        (0x80, 0x50, 1, 2),
        (0x80, 0x50, 4, 2),
        (0x80, 0x50, 5, 2),
        (0x80, 0x50, 0x0A, 2),
        (0x80, 0x50, 0x0B, 2),
        (0x80, 0x50, 0x0C, 2),
        (0x80, 0x52, 0, 0),
        (0x80, 0x52, 0x0B, 0),
        (0x80, 0x52, 0x0C, 0),
        (0x80, 0x54, 1, 0),
        (0x80, 0x54, 3, 0),
        (0x80, 0x54, 0x0A, 0),
        (0x80, 0x58, 0, 0),
        (0x80, 0x5A, 0, 6),
        (0x80, 0xDA, 0, 0),
        (0x80, 0xDE, 0, 0),
        (0xE0, 0x7A, 8, 2),
        (0xE0, 0x7C, 8, 0),
        (0xE0, 0x7E, 8, 2),
        (0x84, 0x1E, 0, 0),
    ] {
        for length in [1, 3, 9, 40, 255] {
            let status = desk.apdu([cla, ins, p1, p2], &[&vec![1; length]]).unwrap().status;
            assert!([0x6700, 0x6B00].contains(&status), "{cla:02X}{ins:02X} of {length}: {status:04X}");
        }
    }
    // An Le that is too small is refused before anything happens.
    let begun = desk.initialise(1, 2, 100).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 100, Kind::Purchase);
    let short = [&[0x80, 0x54, 1, 0, 15][..], &data, &[4]].concat();
    assert_eq!(desk.send(&short).unwrap().status, 0x6C08);
    assert_eq!(desk.contents(), &before);
}

#[test]
fn an_unknown_key_index_is_9403_and_an_unselected_card_does_nothing() {
    let mut desk = funded();
    let unknown = desk.apdu([0x80, 0x50, 0, 2], &[&[7], &[0, 0, 0, 1], &TERMINAL.0]).unwrap();
    assert_eq!(unknown.status, 0x9403);
    assert_eq!(desk.apdu([0, 0xA4, 4, 0], &[&[1, 2, 3, 4, 5]]).unwrap().status, 0x6A82);
    assert_eq!(desk.initialise(1, 2, 1).unwrap().status, 0x6985);
}

#[test]
fn responses_are_kept_for_get_response_where_the_profile_says_so() {
    let mut desk = Desk::with(Profile { keeps_responses: true, ..profile() }, LIMITS);
    let mut init = vec![0x80, 0x50, 0, 2, 11, 1, 0, 0, 0, 9];
    init.extend_from_slice(&TERMINAL.0);
    assert_eq!(desk.send(&init).unwrap().status, 0x6110);
    let begun = desk.send(&[0x00, 0xC0, 0, 0, 0x10]).unwrap().ok();
    let data = desk.sign_load(&begun, 9, Kind::LoadPurse);
    desk.apdu([0x80, 0x52, 0, 0], &[&data]).unwrap().ok();
    assert_eq!(desk.balance(Which::Purse), 9);
}
