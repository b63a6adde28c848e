//! PINs, tries, locks and keys of a purse.

use purse::{
    ep::{Life, PersonalisationError, Profile, PutKeysError, Which},
    fields::Kind,
    key_table::KeyRecord,
    nvm::Fault,
    pboc::key::{Dpuk, Dtk},
    simulated::Tear,
};

use crate::desk::{Desk, LIMITS, PIN, keys, profile};

fn funded() -> Desk {
    let mut desk = Desk::new();
    desk.load(Which::Purse, 5_000).unwrap();
    desk.load(Which::Deposit, 3_000).unwrap();
    desk
}

#[test]
fn keys_are_replaced_all_at_once_and_old_ones_sign_nothing() {
    let mut keys = keys();
    let weak = KeyRecord::new(&Dtk::new([0x34; 16]), 2, 0, 0);
    keys[0] = KeyRecord::new(&purse::pboc::key::Dlk::new([9; 16]), 1, 2, 0);
    let mut desk = funded();
    let refused = PutKeysError::Refused(PersonalisationError::TransactionCodeKeyIsWeak);
    assert_eq!(desk.card.put_keys(&[weak]), Err(refused));
    for at in 0.. {
        let mut torn = desk.clone();
        torn.card.nvm_mut().cut_at(at, Tear::Mixed(0x5555_5555));
        let result = torn.card.put_keys(&keys);
        torn.power_cycle(&[]).unwrap();
        let begun = torn.initialise(0, 2, 1).unwrap().ok();
        assert!(begun.part(6) == [0] || begun.part(6) == [2], "version {:?}", begun.part::<1>(6));
        torn.purchase(Which::Purse, 1).unwrap();
        if result.is_ok() {
            assert_eq!(begun.part(6), [2]);
            break;
        }
        assert_eq!(result, Err(PutKeysError::Fault(Fault::PowerLost)));
    }
    desk.card.put_keys(&keys).unwrap();
    assert_eq!(desk.initialise(0, 2, 1).unwrap().ok().part(6), [2]);
    assert_eq!(desk.apdu([0x80, 0x52, 0, 0], &[&[0; 11]]).unwrap().status, 0x9302);
}

#[test]
fn a_pin_is_wrong_three_times_whatever_is_torn() {
    for tear in Tear::SAMPLES {
        for at in 0..7 {
            let mut desk = funded();
            let mut answered = 0;
            for guess in 0..50_u8 {
                desk.card.nvm_mut().cut_at(at, tear);
                match desk.verify(&[0x99, guess]) {
                    Ok(0x6983) => break,
                    Ok(_) => answered += 1,
                    Err(_) => {}
                }
                desk.power_cycle(&[]).unwrap();
            }
            assert!(answered <= 2, "{tear:?} at {at}: {answered} guesses were answered");
        }
    }
}

/// Whoever watches the card and cuts its power at the first difference has lost a try by then.
#[test]
fn until_the_try_is_counted_right_and_wrong_look_alike() {
    let mut desk = funded();
    let begun = desk.initialise(0, 2, 9).unwrap().ok();
    let right = desk.sign_load(&begun, 9, Kind::LoadPurse);
    let mut wrong = right;
    wrong[10] ^= 1;
    let memory = |at: u32, run: &dyn Fn(&mut Desk)| {
        let mut torn = desk.clone();
        torn.card.nvm_mut().cut_at(at, Tear::Nothing);
        run(&mut torn);
        let is_torn = torn.card.nvm().is_dead();
        (is_torn, torn.card.power_off())
    };
    let verify =
        |pin: &'static [u8]| move |desk: &mut Desk| assert_eq!(desk.verify(pin), Err(Fault::PowerLost));
    let credit = |data: [u8; 11]| move |desk: &mut Desk| drop(desk.apdu([0x80, 0x52, 0, 0], &[&data]));
    for at in 0..7 {
        assert_eq!(memory(at, &verify(&PIN)), memory(at, &verify(&[0x99, 0x99, 0x99])), "PIN at {at}");
        assert_eq!(memory(at, &credit(right)), memory(at, &credit(wrong)), "MAC2 at {at}");
        assert!(memory(at, &credit(right)).0, "the try is counted by 7 writes");
    }
}

#[test]
fn a_blocked_pin_is_unblocked_by_the_issuer_once_for_each_challenge() {
    let mut desk = funded();
    assert_eq!([0; 4].map(|_: i32| desk.verify(&[0, 0]).unwrap()), [0x63C2, 0x63C1, 0x6983, 0x6983]);
    assert_eq!(desk.verify(&PIN).unwrap(), 0x6983);
    let key: Dpuk = crate::desk::key();
    let block = purse::pboc::secure_messaging::encipher_pin(&key, &[0x77, 0x88]).unwrap();
    // The MAC is over the enciphered PIN only: Lc counts the MAC, too.
    assert_eq!(desk.signed([0x84, 0x24, 0, 0], &block, &key).unwrap(), 0x9000);
    let replayed = desk.sent.last().unwrap().clone();
    assert_eq!(desk.send(&replayed).unwrap().status, 0x6984);
    assert_eq!(desk.verify(&[0x77, 0x88]).unwrap(), 0x9000);
}

#[test]
fn a_pin_is_changed_and_reloaded() {
    let mut desk = funded();
    desk.apdu([0x80, 0x5E, 1, 0], &[&PIN, &[0xFF, 0x55, 0x66]]).unwrap().ok();
    assert_eq!((desk.verify(&PIN).unwrap(), desk.verify(&[0x55, 0x66]).unwrap()), (0x63C2, 0x9000));
    let key = crate::desk::key::<purse::pboc::key::PinReload>();
    let mac = purse::pboc::session::SessionKey::of_halves(&key).mac(&[&[0x31, 0x32]]);
    desk.apdu([0x80, 0x5E, 0, 0], &[&[0x31, 0x32], &mac.0]).unwrap().ok();
    assert_eq!(desk.verify(&[0x31, 0x32]).unwrap(), 0x9000);
    assert_eq!(desk.apdu([0x80, 0x5E, 0, 0], &[&[0x31, 0x33], &mac.0]).unwrap().status, 0x6988);
}

#[test]
fn a_load_and_the_deposit_need_the_pin_and_a_transaction_forgets_it() {
    let mut desk = Desk::with(Profile::FMCOS, LIMITS);
    assert_eq!(desk.initialise(0, 2, 100).unwrap().status, 0x6982);
    assert_eq!(desk.verify(&PIN).unwrap(), 0x9000);
    desk.load(Which::Purse, 100).unwrap();
    assert_eq!(desk.initialise(0, 1, 100).unwrap().status, 0x6982);
    assert_eq!(desk.verify(&PIN).unwrap(), 0x9000);
    desk.load(Which::Deposit, 100).unwrap();
    assert_eq!(desk.initialise(1, 1, 100).unwrap().status, 0x6982);
    desk.purchase(Which::Purse, 100).unwrap();
}

#[test]
fn three_wrong_macs_of_a_host_lock_the_application_for_ever() {
    let mut desk = funded();
    let mut wrong = || {
        desk.initialise(0, 2, 1).unwrap().ok();
        desk.apdu([0x80, 0x52, 0, 0], &[&[0; 11]]).unwrap().status
    };
    assert_eq!([wrong(), wrong(), wrong()], [0x9302, 0x9302, 0x9303]);
    assert_eq!(desk.initialise(1, 2, 1).unwrap().status, 0x9303);
    desk.power_cycle(&[]).unwrap();
    assert_eq!(desk.initialise(0, 2, 1).unwrap().status, 0x9303);
    assert_eq!(
        (desk.contents().life(), desk.maintain([0x84, 0x18, 0, 0], &[]).unwrap()),
        (Life::Locked, 0x9303)
    );
    let balance = desk.send(&[0x80, 0x5C, 0, 2, 4]).unwrap().ok();
    assert_eq!(balance.part(0), 5_000_u32.to_be_bytes(), "the holder can still ask");
}

#[test]
fn a_right_mac_gives_the_tries_back_and_a_profile_may_not_count_them() {
    let mut desk = funded();
    for _ in 0..5 {
        desk.initialise(0, 2, 1).unwrap().ok();
        assert_eq!(desk.apdu([0x80, 0x52, 0, 0], &[&[0; 11]]).unwrap().status, 0x9302);
        desk.load(Which::Purse, 1).unwrap();
    }
    let mut lenient = Desk::with(Profile { locks_after_wrong_macs: false, ..profile() }, LIMITS);
    for _ in 0..5 {
        lenient.initialise(0, 2, 1).unwrap().ok();
        assert_eq!(lenient.apdu([0x80, 0x52, 0, 0], &[&[0; 11]]).unwrap().status, 0x9302);
    }
    lenient.load(Which::Purse, 1).unwrap();
}

#[test]
fn a_blocked_application_answers_questions_until_it_is_unblocked() {
    let mut desk = funded();
    assert_eq!(desk.maintain([0x84, 0x1E, 0, 0], &[]).unwrap(), 0x9000);
    assert_eq!(desk.initialise(1, 2, 1).unwrap().status, 0x6A81);
    assert_eq!(desk.send(&[0x80, 0x5C, 0, 2, 4]).unwrap().status, 0x9000);
    assert_eq!(desk.maintain([0x84, 0x18, 0, 0], &[]).unwrap(), 0x9000);
    desk.purchase(Which::Purse, 1).unwrap();
}
