//! Sales of which the card holds only a part, and how any terminal closes them.

use messages::card::{Outcome, Tac};
use purse::{
    amount::Amount,
    ep::Grade,
    fields::{Date, OrderId, Sequence},
    own,
    pboc::key::{Dgk, Dtk},
    pboc::{key::Algorithm, session::SessionKey},
};
use terminal::{
    entry::List,
    refusal::{Failure, Refusal},
    sale::{Sale, Shortfall},
    split::SplitRefusal,
};

use crate::shop::{
    Card, Field, Leaves, Restless, asn, at, card, field, held, hold_again, issuer, issuer::Office, now,
    own_key, put, refused, restart, sale, sums, till,
};

const GRADE: Grade =
    Grade { grade: 2, due_max: Amount::new(800), expiry: Date([0x20, 0x26, 0x12, 0x31]), version: 1 };

fn graded(number: u8, balance: u32, grade: &Grade) -> Card {
    let mut card = card(number, balance);
    let key: Dgk = own_key(&asn(number));
    put(&mut card, [0x80, 0xDA, 0, 0], &own::grade_token(&key, &asn(number), grade));
    card
}

fn owing(id: u8, amount: u32) -> Sale {
    Sale { shortfall: Shortfall::Owe, ..sale(id, amount) }
}

fn is_open(field: &Field) -> bool {
    field.device().unwrap().contents().split().is_open
}

#[test]
fn the_card_pays_what_it_holds_and_the_rest_goes_up_as_owed() {
    let (mut till, mut field) = (till(1), field(graded(1, 200, &GRADE), 1));
    assert_eq!(refused(till.sell(&mut field, &sale(1, 500), &at(9, 0))), Refusal::Balance(Amount::new(200)));
    let receipt = till.sell(&mut field, &owing(1, 500), &at(9, 1)).unwrap();
    assert_eq!((receipt.amount.units(), receipt.due.units(), held(&field)), (200, 300, 0));
    assert!(is_open(&field));
    let totals = till.book().summary().shift.totals;
    assert_eq!((totals.sold, totals.due), (200, 300));
    let mut office = Office::new();
    till.upload(&mut office, &now(9, 2)).unwrap();
    let record = *office.records.values().next().unwrap();
    let split = record.split.unwrap();
    assert!(matches!(record.outcome, Outcome::Done(_)));
    assert_eq!((split.due.0, split.order.0, split.payer), (300, [1; 16], asn(1).factor()));
    let key: Dtk = own_key(&asn(1));
    let codes = SessionKey::of_transaction_codes(&key, Algorithm::TripleDes);
    let right = own::split_tac(&codes, field.device().unwrap().contents().split());
    assert_eq!(split.tac.0, right.0.0);
}

#[test]
fn grade_and_parameters_bound_what_may_be_owed_and_one_split_is_open_at_a_time() {
    let mut till = till(1);
    let split = |refusal| Refusal::Split(refusal);
    let mut none = field(card(1, 200), 1);
    assert_eq!(refused(till.sell(&mut none, &owing(1, 500), &at(9, 0))), split(SplitRefusal::Grade));
    let over = Grade { expiry: Date([0x20, 0x26, 0x11, 0x21]), ..GRADE };
    let mut over = field(graded(2, 200, &over), 2);
    assert_eq!(refused(till.sell(&mut over, &owing(2, 500), &at(9, 0))), split(SplitRefusal::Grade));
    let mut field = field(graded(3, 200, &GRADE), 3);
    let limit = split(SplitRefusal::ParameterLimit(Amount::new(500)));
    assert_eq!(refused(till.sell(&mut field, &owing(3, 701), &at(9, 0))), limit);
    let limit = split(SplitRefusal::GradeLimit(Amount::new(800)));
    assert_eq!(refused(till.sell(&mut field, &owing(3, 1_001), &at(9, 0))), limit);
    assert_eq!(held(&field), 200);
    till.sell(&mut field, &owing(3, 700), &at(9, 0)).unwrap();
    assert_eq!(refused(till.sell(&mut field, &owing(4, 10), &at(9, 1))), split(SplitRefusal::Open));
    assert_eq!(
        refused(till.cancel_last(&mut field, &at(9, 2))),
        Refusal::NothingToCancel,
        "a split is given back online"
    );
}

#[test]
fn a_torn_split_is_debit_and_record_or_neither_and_its_code_is_fetched_later() {
    for number in 0..8 {
        for leaves in [Leaves::Before(number), Leaves::After(number)] {
            let (mut till, mut field) = (till(1), field(graded(1, 200, &GRADE), 1));
            let first = till.sell(&mut Restless::new(&mut field, leaves), &owing(1, 500), &at(9, 0));
            assert_eq!(is_open(&field), held(&field) == 0, "{leaves:?}");
            let mut till = restart(till);
            hold_again(&mut field);
            let receipt = till.sell(&mut field, &owing(1, 500), &at(9, 1)).unwrap();
            assert_eq!((receipt.amount.units(), receipt.due.units(), sums(&till)), (200, 300, (200, 0)));
            if first.is_err() {
                assert!(till.book().queue().all(|record| record.split_code.is_some()), "{leaves:?}");
            }
        }
    }
}

#[test]
fn a_split_that_went_up_without_its_code_goes_up_once_more_with_it() {
    let mut found = 0;
    for number in 0..8 {
        let (mut till, mut field) = (till(1), field(graded(1, 200, &GRADE), 1));
        let leaves = Leaves::Before(number);
        let _told = till.sell(&mut Restless::new(&mut field, leaves), &owing(1, 500), &at(9, 0));
        let mut office = Office::new();
        till.upload(&mut office, &now(9, 1)).unwrap();
        let record = |office: &Office| office.records.values().next().copied();
        let split = |office: &Office| record(office).and_then(|record| record.split).map(|split| split.tac);
        let is_done = record(&office).is_some_and(|record| matches!(record.outcome, Outcome::Done(_)));
        if !is_done || split(&office) != Some(Tac::default()) {
            continue;
        }
        found += 1;
        assert_eq!(till.book().queue().count(), 0, "{leaves:?}");
        hold_again(&mut field);
        // Whatever it comes for next.
        let _no_money = till.sell(&mut field, &sale(2, 10), &at(9, 2)).unwrap_err();
        till.upload(&mut office, &now(9, 3)).unwrap();
        assert_ne!(split(&office), Some(Tac::default()), "{leaves:?}");
        assert_eq!(sums(&till), (200, 0), "{leaves:?}");
    }
    assert!(found > 0, "a card that leaves early leaves its code out");
}

#[test]
fn any_terminal_closes_a_split_once_by_the_white_list() {
    let (mut till, mut other, mut field) = (till(1), till(2), field(graded(1, 200, &GRADE), 1));
    till.sell(&mut field, &owing(1, 500), &at(9, 0)).unwrap();
    let split = (asn(1), OrderId([1; 16]), Sequence(0));
    let list = issuer::white_list(1, &[split, (asn(4), OrderId([4; 16]), Sequence(9))]);
    other.take_list(List::White, &list, &now(9, 1)).unwrap();
    crate::shop::load(field.device_mut().unwrap(), 1_000);
    hold_again(&mut field);
    other.sell(&mut field, &sale(2, 50), &at(9, 2)).unwrap();
    assert!(!is_open(&field), "closed at the next tap");
    assert!(other.book().is_closed(asn(1), OrderId([1; 16])));
    // A new split, which the old entry must not close: at the first terminal, that gets the list only now.
    till.take_list(List::White, &list, &now(9, 3)).unwrap();
    till.sell(&mut field, &owing(3, 1_200), &at(9, 3)).unwrap();
    assert!(is_open(&field));
    till.sell(&mut field, &owing(3, 1_200), &at(9, 4)).unwrap();
    other.sell(&mut field, &owing(4, 10), &at(9, 4)).unwrap_err();
    assert!(is_open(&field));
}

#[test]
fn a_forged_completion_closes_nothing_and_harms_no_sale() {
    let (mut till, mut field) = (till(1), field(graded(1, 200, &GRADE), 1));
    till.sell(&mut field, &owing(1, 500), &at(9, 0)).unwrap();
    // Signed by the issuer of lists, with the completion of another card.
    let other = (asn(2), OrderId([1; 16]), Sequence(0));
    till.take_list(List::White, &issuer::white_list(1, &[other]), &now(9, 1)).unwrap();
    crate::shop::load(field.device_mut().unwrap(), 1_000);
    hold_again(&mut field);
    till.sell(&mut field, &sale(2, 50), &at(9, 2)).unwrap();
    assert!(is_open(&field));
}

#[test]
fn a_split_that_left_before_it_paid_is_no_split() {
    let (mut till, mut field) = (till(1), field(graded(1, 200, &GRADE), 1));
    let mut restless = Restless::new(&mut field, Leaves::Before(6));
    let outcome = till.sell(&mut restless, &owing(1, 500), &at(9, 0));
    assert!(matches!(outcome, Err(Failure::Unknown(_))), "{outcome:?}");
    assert_eq!((held(&field), is_open(&field)), (200, false));
}
