//! Face to face, in words that say what to do.

use card_reader::{exchange::ExchangeError, in_process::InProcess, reader::ReaderError};
use globalplatform::status::StatusWord;
use pki::Day;
use purse::vtp::{Side, Status};
use purse_to_purse::{Fate, HeldPurse, Moment, Party, Trouble, face_to_face, settle};

use crate::desk::{PIN, Slot, TODAY, accounted, contents, pair, purse_of, slot, terms, yuan};

#[test]
fn value_goes_from_purse_to_purse_and_both_remember_it() {
    let (mut payer, mut payee) = pair();
    let outcome = face_to_face(&mut payer, &mut payee, terms(300), TODAY).unwrap();
    assert_eq!((yuan(&payer), yuan(&payee), outcome.was_begun_before), (700, 800, false));
    let mut held = HeldPurse::select(&mut payer).unwrap();
    assert!(held.has_ended(Side::From, &outcome.details).unwrap());
    assert!(!held.has_ended(Side::To, &outcome.details).unwrap());
    drop(held);
    assert_eq!(settle(&mut payer, &mut payee, &outcome.details), Ok(Fate::Paid));
    assert_eq!((yuan(&payer), yuan(&payee)), (700, 800));
}

#[test]
fn what_a_purse_says_about_itself_is_what_it_holds() {
    let (mut payer, mut payee) = pair();
    face_to_face(&mut payer, &mut payee, terms(1), TODAY).unwrap();
    let mut held = HeldPurse::select(&mut payer).unwrap();
    let identity = held.identify().unwrap();
    assert_eq!((identity.next_sequence.0, identity.exceptions, identity.is_locked), (1, 0, false));
    let balances: Vec<u32> = held.pockets().unwrap().iter().map(|pocket| pocket.balance.units()).collect();
    assert_eq!(balances, [999]);
    assert_eq!(held.exceptions().unwrap(), []);
}

/// Tries to pay, and says what the refusal says.
#[track_caller]
fn refused(payer: &mut Slot, payee: &mut Slot, amount: u32, today: Day) -> String {
    let before = (yuan(payer), yuan(payee));
    let trouble = face_to_face(payer, payee, terms(amount), today).unwrap_err();
    assert_eq!((yuan(payer), yuan(payee)), before);
    // What was refused leaves nothing behind, and nothing to be settled.
    for slot in [payer, payee] {
        assert!(contents(slot).status().is_idle(), "{trouble}");
        assert_eq!(contents(slot).exceptions().count(), 0, "{trouble}");
    }
    trouble.to_string()
}

#[test]
fn each_refusal_says_what_to_do_and_leaves_nothing_behind() {
    let (mut payer, mut payee) = pair();
    assert_eq!(refused(&mut payer, &mut payee, 1_001, TODAY), "the purse holds too little");
    assert_eq!(refused(&mut payer, &mut payee, 0, TODAY), "an amount of zero cannot be paid");
    let mut stranger = slot(purse_of(9, 3, 0));
    let said = refused(&mut payer, &mut stranger, 1, TODAY);
    assert!(said.starts_with("the other purse's certificates are not believed"), "{said}");
    let said = refused(&mut payer, &mut payee, 1, Day(TODAY.0 - 50));
    assert_eq!(said, "today is before the purse's last synchronisation: set the clock");
    let mut twin = slot(purse_of(1, 1, 0));
    assert_eq!(refused(&mut payer, &mut twin, 1, TODAY), "it is the same purse on both sides");
    HeldPurse::select(&mut payer).unwrap().lock().unwrap();
    assert_eq!(refused(&mut payer, &mut payee, 1, TODAY), "the purse is locked: give its PIN first");
}

#[test]
fn a_locked_purse_pays_after_its_pin() {
    let (mut payer, mut payee) = pair();
    HeldPurse::select(&mut payer).unwrap().lock().unwrap();
    let wrong = HeldPurse::select(&mut payer).unwrap().unlock(&[0x99, 0x99]).unwrap_err();
    assert_eq!(wrong.to_string(), "wrong PIN; 2 tries are left");
    HeldPurse::select(&mut payer).unwrap().unlock(PIN).unwrap();
    face_to_face(&mut payer, &mut payee, terms(5), TODAY).unwrap();
    assert_eq!((yuan(&payer), yuan(&payee)), (995, 505));
}

#[test]
fn a_missing_card_and_a_card_without_such_a_purse_are_named() {
    let (mut payer, _) = pair();
    let mut empty: Slot = InProcess::empty(1);
    let trouble = face_to_face(&mut payer, &mut empty, terms(1), TODAY).unwrap_err();
    let absent = ExchangeError::Unanswered(ReaderError::NoCard);
    assert_eq!(trouble, Trouble::Card(Moment::Select, absent));
    let refused = ExchangeError::Refused(StatusWord::FILE_NOT_FOUND);
    let words = Trouble::Card(Moment::Select, refused).to_string();
    assert_eq!(words, "the card has no purse that pays other purses");
}

#[test]
fn devices_that_mean_different_payments_move_nothing() {
    let (mut payer, mut payee) = pair();
    let (mut pays, hello) = Party::new(&mut payer, Side::From, terms(10), TODAY).unwrap();
    let (mut receives, other) = Party::new(&mut payee, Side::To, terms(11), TODAY).unwrap();
    let troubles = [pays.take(&other).unwrap_err(), receives.take(&hello).unwrap_err()];
    assert!(troubles.iter().all(|trouble| matches!(trouble, Trouble::OtherTerms { .. })), "{troubles:?}");
    drop((pays, receives));
    assert_eq!(contents(&payer).status(), Status::EaFrom);
    assert_eq!(accounted(&payer, &payee), 1_500);
}

#[test]
fn two_payers_and_two_payees_are_refused() {
    let (mut one, mut two) = pair();
    for side in [Side::From, Side::To] {
        let (mut first, _) = Party::new(&mut one, side, terms(10), TODAY).unwrap();
        let (_, hello) = Party::new(&mut two, side, terms(10), TODAY).unwrap();
        assert_eq!(first.take(&hello), Err(Trouble::SameSide));
    }
}
