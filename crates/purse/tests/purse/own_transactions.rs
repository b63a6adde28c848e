//! What this system adds to PBOC, and what PBOC adds beyond load and purchase: each rule as a fact.

use purse::{
    amount::Amount,
    ep::{Grade, Limits, SPLIT_FILE, Which},
    fields::{Date, DateTime, Kind, OrderId, Sequence, TerminalId},
    own,
    pboc::key::Purchase,
};

use crate::desk::{
    ASN, Desk, LIMITS, TERMINAL,
    more::{GRADE, ORDER},
    profile,
};

fn funded() -> Desk {
    let mut desk = Desk::new();
    desk.load(Which::Purse, 5_000).unwrap();
    desk.load(Which::Deposit, 3_000).unwrap();
    desk
}

#[test]
fn a_conversion_rounds_in_favour_of_the_issuer_and_moves_both_pockets() {
    let mut desk = funded();
    assert_eq!(desk.convert(0, 2, 705, (1, 7)).unwrap(), 0x9000);
    assert_eq!((desk.balance(Which::Purse), desk.contents().currencies()[1].1), (4_295, Amount::new(100)));
    assert_eq!(desk.send(&[0x80, 0x5C, 0, 0x12, 4]).unwrap().ok().part(0), 100_u32.to_be_bytes());
    assert_eq!(desk.convert(2, 0, 99, (7, 1)).unwrap(), 0x9000);
    assert_eq!((desk.balance(Which::Purse), desk.contents().currencies()[1].1), (4_988, Amount::new(1)));
    assert_eq!(desk.convert(0, 2, 6, (1, 7)).unwrap(), 0x6A80, "nothing would be received");
    assert_eq!(desk.convert(0, 2, 5_000, (1, 7)).unwrap(), 0x9401);
    assert_eq!(desk.convert(0, 0, 5, (1, 1)).unwrap(), 0x6A80);
    assert_eq!(desk.convert(0, 3, 5, (1, 1)).unwrap(), 0x6A88);
    assert_eq!(desk.convert(0, 2, 10, (1, 0)).unwrap(), 0x6A80);
    assert_eq!(desk.convert(2, 0, 1, (200_000, 1)).unwrap(), 0x6985, "above the greatest balance");
}

#[test]
fn a_cancel_gives_back_the_last_purchase_once_at_its_terminal() {
    let mut desk = funded();
    desk.purchase(Which::Purse, 444).unwrap();
    assert_eq!(desk.initialise(0x0A, 2, 445).unwrap().status, 0x6985, "more than was taken");
    assert_eq!(desk.initialise(0x0A, 2, 443).unwrap().status, 0x6985, "less than was taken");
    desk.terminal = TerminalId([9; 6]);
    assert_eq!(desk.initialise(0x0A, 2, 444).unwrap().status, 0x6985, "another terminal");
    desk.terminal = TERMINAL;
    let done = desk.cancel(444).unwrap();
    assert!(desk.is_proved(&done));
    assert_eq!(desk.balance(Which::Purse), 5_000);
    assert_eq!(desk.initialise(0x0A, 2, 444).unwrap().status, 0x6985, "twice");
}

#[test]
fn a_cancel_after_anything_newer_is_refused() {
    let newer: [fn(&mut Desk); 5] = [
        |desk| drop_done(desk.purchase(Which::Purse, 444)),
        |desk| drop_done(desk.load(Which::Purse, 1)),
        |desk| drop_done(desk.unload(Which::Purse, 1)),
        |desk| drop_done(desk.purchase(Which::Deposit, 1)),
        |desk| drop_done(desk.compound(0, &[(1, 0xD0, &[1, 9])])),
    ];
    for (index, newer) in newer.into_iter().enumerate() {
        let mut desk = funded();
        desk.purchase(Which::Purse, 333).unwrap();
        newer(&mut desk);
        assert_eq!(desk.initialise(0x0A, 2, 333).unwrap().status, 0x6985, "{index}");
    }
}

fn drop_done(done: Result<crate::desk::Done, purse::nvm::Fault>) {
    done.unwrap();
}

#[test]
fn a_purchase_key_does_not_sign_a_cancel() {
    let mut desk = funded();
    desk.purchase(Which::Purse, 444).unwrap();
    let begun = desk.initialise(0x0A, 2, 444).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 444, Kind::Cancel);
    assert_eq!(desk.apdu([0x80, 0x54, 0x0A, 0], &[&data]).unwrap().status, 0x9302);
    assert_eq!(desk.balance(Which::Purse), 4_556);
}

#[test]
fn a_greatest_balance_below_the_balance_only_stops_loads() {
    let mut desk = funded();
    desk.parameters(Limits { balance_max: Amount::new(100), ..LIMITS }).unwrap();
    assert_eq!(desk.balance(Which::Purse), 5_000);
    assert_eq!(desk.initialise(0, 2, 1).unwrap().status, 0x6985);
    desk.purchase(Which::Purse, 4_950).unwrap();
    desk.load(Which::Purse, 50).unwrap();
    assert_eq!(desk.initialise(0, 2, 1).unwrap().status, 0x6985);
}

#[test]
fn offline_limits_stop_purchases_until_the_card_is_online() {
    let limits = Limits {
        transaction_max: Amount::new(1_000),
        offline_amount_max: Amount::new(1_500),
        offline_count_max: 3,
        expiry: Date([0x20, 0x26, 0x12, 0x31]),
        ..LIMITS
    };
    let mut desk = Desk::with(profile(), limits);
    desk.load(Which::Purse, 5_000).unwrap();
    assert_eq!(desk.initialise(1, 2, 1_001).unwrap().status, 0x6985);
    desk.purchase(Which::Purse, 1_000).unwrap();
    assert_eq!(desk.initialise(1, 2, 501).unwrap().status, 0x6985);
    desk.purchase(Which::Purse, 1).unwrap();
    desk.purchase(Which::Purse, 1).unwrap();
    assert_eq!(desk.initialise(1, 2, 1).unwrap().status, 0x6985, "a fourth");
    desk.compound(0, &[(1, 0xD0, &[1, 9])]).unwrap();
    desk.load(Which::Purse, 1).unwrap();
    desk.purchase(Which::Purse, 1_000).unwrap();
    desk.when = DateTime([0x20, 0x27, 1, 1, 0, 0, 0]);
    let begun = desk.initialise(1, 2, 1).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 1, Kind::Purchase);
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x6985, "after its expiry");
}

#[test]
fn an_open_split_blocks_a_second_one_and_is_closed_once_by_its_token() {
    let mut desk = funded();
    assert_eq!(desk.put_grade(&GRADE).unwrap(), 0x9000);
    let done = desk.split(500, 1_500).unwrap();
    assert!(desk.contents().split().is_open);
    let told = desk.send(&[0x80, 0xCA, 0, 1, 0]).unwrap().ok();
    let record = own::split_record([8; 8], Amount::new(1_500), &ORDER);
    assert_eq!((told.part(0), told.part(1), told.part(29)), ([1], record, done.sequence.to_bytes()));
    assert_eq!(told.part(42), own::split_tac(&desk.codes(), desk.contents().split()).0.0);
    assert_eq!(
        desk.initialise(0x0A, 2, 500).unwrap().status,
        0x6985,
        "a split sale is not cancelled offline"
    );
    desk.initialise(3, 2, 100).unwrap().ok();
    let record = own::split_record([8; 8], Amount::new(1), &OrderId([2; 16]));
    assert_eq!(desk.apdu([0x80, 0xDC, 1, SPLIT_FILE << 3 | 4], &[&record]).unwrap().status, 0x6985);
    desk.purchase(Which::Purse, 10).unwrap();

    assert_eq!(desk.complete([9; 10], ORDER, done.sequence).unwrap(), 0x6988, "another card's");
    assert_eq!(desk.complete(ASN, OrderId([1; 16]), done.sequence).unwrap(), 0x6A88, "another order's");
    assert_eq!(desk.complete(ASN, ORDER, Sequence(9)).unwrap(), 0x6A88, "another purchase's");
    assert_eq!(desk.complete(ASN, ORDER, done.sequence).unwrap(), 0x9000);
    assert!(!desk.contents().split().is_open);
    let closed = desk.contents().clone();
    assert_eq!(desk.complete(ASN, ORDER, done.sequence).unwrap(), 0x9000, "again, without effect");
    assert_eq!(desk.contents(), &closed);
    desk.split(100, 200).unwrap();
    assert_eq!(desk.complete(ASN, ORDER, done.sequence).unwrap(), 0x6A88, "the old token opens nothing new");
}

#[test]
fn a_grade_bounds_what_may_be_owed_and_its_versions_only_grow() {
    let mut desk = funded();
    desk.initialise(3, 2, 100).unwrap().ok();
    let record = own::split_record([8; 8], Amount::new(1), &ORDER);
    let cache = |desk: &mut Desk, record: &[u8]| {
        desk.initialise(3, 2, 100).unwrap().ok();
        desk.apdu([0x80, 0xDC, 1, SPLIT_FILE << 3 | 4], &[record]).unwrap().status
    };
    assert_eq!(cache(&mut desk, &record), 0x6985, "no grade");
    assert_eq!(desk.put_grade(&GRADE).unwrap(), 0x9000);
    assert_eq!(cache(&mut desk, &own::split_record([8; 8], Amount::new(2_001), &ORDER)), 0x6985);
    assert_eq!(cache(&mut desk, &own::split_record([8; 8], Amount::ZERO, &ORDER)), 0x6A80);
    assert_eq!(desk.put_grade(&Grade { version: 3, grade: 1, ..GRADE }).unwrap(), 0x9000);
    assert_eq!(desk.put_grade(&GRADE).unwrap(), 0x6985, "an older one");
    assert_eq!(desk.put_grade(&Grade { version: 3, grade: 9, ..GRADE }).unwrap(), 0x6985, "the same version");
    desk.when = DateTime([0x20, 0x27, 1, 2, 0, 0, 0]);
    let begun = desk.initialise(3, 2, 100).unwrap().ok();
    desk.apdu([0x80, 0xDC, 1, SPLIT_FILE << 3 | 4], &[&record]).unwrap().ok();
    let data = desk.sign_debit::<Purchase>(&begun, 100, Kind::CompoundPurchase);
    assert_eq!(desk.apdu([0x80, 0x54, 1, 0], &[&data]).unwrap().status, 0x6985, "the grade has expired");
    assert_eq!(desk.balance(Which::Purse), 5_000);
}

#[test]
fn a_grey_lock_reserves_the_purse_until_the_signed_amount_is_taken_by_any_terminal() {
    let mut desk = funded();
    let locked = desk.lock_grey().unwrap();
    for (p1, p2) in [(0, 2), (1, 2), (3, 2), (5, 2), (1, 1)] {
        assert_eq!(desk.initialise(p1, p2, 1).unwrap().status, 0x6985);
    }
    desk.power_cycle(&[]).unwrap();
    assert_eq!(desk.debit_for_unlock(&locked, 5_001).unwrap().status, 0x9406);
    let mut other = locked.clone();
    other.sequence = Sequence(77);
    assert_eq!(desk.debit_for_unlock(&other, 10).unwrap().status, 0x9406);
    other = locked.clone();
    other.session =
        purse::pboc::session::SessionKey::from_bytes(purse::pboc::key::Algorithm::TripleDes, [1; 16]);
    assert_eq!(desk.debit_for_unlock(&other, 10).unwrap().status, 0x9302);
    let answer = desk.debit_for_unlock(&locked, 1_234).unwrap().ok();
    let done = desk.expected.unwrap();
    assert_eq!(answer.part(0), done.tac);
    assert!(desk.is_proved(&done));
    assert_eq!(desk.balance(Which::Purse), 3_766);
    assert_eq!(desk.debit_for_unlock(&locked, 1_234).unwrap().status, 0x6985, "once");
    desk.purchase(Which::Purse, 1).unwrap();
}

#[test]
fn an_overdraft_can_be_used_but_neither_unloaded_nor_taken_away_while_used() {
    let mut desk = funded();
    assert_eq!(desk.overdraft(Which::Deposit, 1_000).unwrap(), 0x9000);
    assert_eq!((desk.balance(Which::Deposit), desk.value()), (4_000, 8_000));
    assert_eq!(desk.initialise(5, 1, 3_001).unwrap().status, 0x9401);
    desk.purchase(Which::Deposit, 3_600).unwrap();
    let asked = |desk: &mut Desk, p1: u8| desk.send(&[0x80, 0x5C, p1, 1, 4]).unwrap().ok().part(0);
    assert_eq!([0, 1, 2, 3].map(|p1| u32::from_be_bytes(asked(&mut desk, p1))), [400, 1_000, 600, 0]);
    assert_eq!(desk.overdraft(Which::Deposit, 599).unwrap(), 0x9401);
    assert_eq!(desk.overdraft(Which::Deposit, 600).unwrap(), 0x9000);
    assert_eq!(desk.balance(Which::Deposit), 0);
}
