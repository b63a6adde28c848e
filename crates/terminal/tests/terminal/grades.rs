//! Grades that a terminal brings to cards: newer ones are borne, older and forged ones are refused, and no sale depends on it.

use globalplatform::status::StatusWord;
use purse::{amount::Amount, ep::Grade, fields::Asn, fields::Date, own, pboc::key::Dgk};
use terminal::{
    grade::{GradeDelivery, GradeToken},
    refusal::Refusal,
    sale::{Sale, Shortfall},
    split::SplitRefusal,
};

use crate::shop::{
    Field, Leaves, Restless, Till, asn, at, card, field, held, hold_again, own_key, refused, restart, sale,
    sums, till,
};

fn token(of: &Asn, grade: u8, version: u16, expiry: [u8; 4]) -> GradeToken {
    let key: Dgk = own_key(of);
    let due_max = Amount::new(400 * u32::from(grade));
    own::grade_token(&key, of, &Grade { grade, due_max, expiry: Date(expiry), version })
}

const NEXT_MONTH: [u8; 4] = [0x20, 0x26, 0x12, 0x31];
const YESTERDAY: [u8; 4] = [0x20, 0x26, 0x11, 0x21];

/// Delivers a token, whatever version the card bears; with what it bore.
fn deliver(till: &Till, field: &mut Field, token: GradeToken) -> (u16, GradeDelivery) {
    let mut bore = None;
    let delivery = till.deliver_grade(field, |card, version| {
        assert_eq!(card, asn(1));
        bore = Some(version);
        Some(token)
    });
    hold_again(field);
    (bore.unwrap(), delivery.unwrap())
}

fn borne(field: &Field) -> (u8, u16) {
    let grade = field.device().unwrap().contents().grade();
    (grade.grade, grade.version)
}

fn owing(id: u8, amount: u32) -> Sale {
    Sale { shortfall: Shortfall::Owe, ..sale(id, amount) }
}

const REFUSED: GradeDelivery = GradeDelivery::Refused(StatusWord::CONDITIONS_NOT_MET);

#[test]
fn a_newer_grade_is_borne_and_an_older_one_is_refused() {
    let (till, mut field) = (till(1), field(card(1, 200), 1));
    let by = |grade, version| token(&asn(1), grade, version, NEXT_MONTH);
    assert_eq!(deliver(&till, &mut field, by(2, 3)), (0, GradeDelivery::Borne));
    assert_eq!(deliver(&till, &mut field, by(5, 2)), (3, REFUSED), "marked up by an old message");
    assert_eq!(deliver(&till, &mut field, by(5, 3)), (3, REFUSED), "another grade of the same version");
    assert_eq!(deliver(&till, &mut field, by(2, 3)), (3, GradeDelivery::Borne), "again, it changes nothing");
    assert_eq!(deliver(&till, &mut field, by(1, 4)), (3, GradeDelivery::Borne));
    assert_eq!(borne(&field), (1, 4));
    let none = till.deliver_grade(&mut field, |_, version| {
        assert_eq!(version, 4);
        None
    });
    assert_eq!(none, Ok(GradeDelivery::NoneNewer));
}

#[test]
fn a_grade_of_another_card_or_with_another_limit_is_refused_and_harms_no_sale() {
    let (mut till, mut field) = (till(1), field(card(1, 200), 1));
    let wrong = GradeDelivery::Refused(StatusWord::MAC_WRONG);
    assert_eq!(deliver(&till, &mut field, token(&asn(2), 2, 1, NEXT_MONTH)), (0, wrong));
    let mut forged = token(&asn(1), 1, 1, NEXT_MONTH);
    forged[4] ^= 1;
    assert_eq!(deliver(&till, &mut field, forged), (0, wrong));
    assert_eq!(borne(&field), (0, 0));
    till.sell(&mut field, &sale(1, 50), &at(9, 0)).unwrap();
    assert_eq!(held(&field), 150);
}

#[test]
fn a_delivered_grade_opens_a_split_until_its_last_day_is_over() {
    let (mut till, mut field) = (till(1), field(card(1, 200), 1));
    let no_grade = Refusal::Split(SplitRefusal::Grade);
    assert_eq!(refused(till.sell(&mut field, &owing(1, 500), &at(9, 0))), no_grade);
    assert_eq!(deliver(&till, &mut field, token(&asn(1), 2, 1, YESTERDAY)).1, GradeDelivery::Borne);
    assert_eq!(refused(till.sell(&mut field, &owing(1, 500), &at(9, 0))), no_grade);
    assert_eq!(held(&field), 200);
    assert_eq!(deliver(&till, &mut field, token(&asn(1), 2, 2, NEXT_MONTH)).1, GradeDelivery::Borne);
    let receipt = till.sell(&mut field, &owing(1, 500), &at(9, 1)).unwrap();
    assert_eq!((receipt.amount.units(), receipt.due.units(), held(&field)), (200, 300, 0));
}

/// A grade comes between a debit of which nobody heard and its proof.
#[test]
fn a_grade_that_comes_before_a_torn_sale_is_settled_changes_nothing_of_it() {
    for number in 0..8 {
        let (mut till, mut field) = (till(1), field(card(1, 200), 1));
        let leaves = Leaves::After(number);
        let _torn = till.sell(&mut Restless::new(&mut field, leaves), &sale(1, 50), &at(9, 0));
        let mut till = restart(till);
        hold_again(&mut field);
        assert_eq!(deliver(&till, &mut field, token(&asn(1), 2, 1, NEXT_MONTH)).1, GradeDelivery::Borne);
        till.sell(&mut field, &sale(1, 50), &at(9, 1)).unwrap();
        assert_eq!((held(&field), sums(&till)), (150, (50, 0)), "{leaves:?}");
    }
}

#[test]
fn a_card_that_leaves_while_it_gets_its_grade_bears_the_old_or_the_new_one() {
    for number in 0..4 {
        for leaves in [Leaves::Before(number), Leaves::After(number)] {
            let (till, mut field) = (till(1), field(card(1, 200), 1));
            deliver(&till, &mut field, token(&asn(1), 1, 1, NEXT_MONTH));
            let newer = token(&asn(1), 2, 2, NEXT_MONTH);
            let _torn = till.deliver_grade(&mut Restless::new(&mut field, leaves), |_, _| Some(newer));
            hold_again(&mut field);
            assert!([(1, 1), (2, 2)].contains(&borne(&field)), "{leaves:?}");
            assert_eq!(held(&field), 200);
            deliver(&till, &mut field, newer);
            assert_eq!(borne(&field), (2, 2));
        }
    }
}
