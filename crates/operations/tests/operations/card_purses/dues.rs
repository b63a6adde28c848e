//! Split sales: the card pays what it holds, the operator the rest, and the wallet pays it back.

use ledger::Timestamp;
use messages::card::{ListVersion, WhiteList, receipt::RecordVerdict as Verdict};
use operations::card_purses::dues::{self, CardDueState as State};
use operations::card_purses::{clearing, lists};
use operations::closing::{self, StillOpen};
use records::operations::{Filter, OperationKind};
use wallet::ids::HolderId;

use super::stage::{Stage, stage};
use super::till::Till;
use crate::world::{World, cny, key, now};

/// A card with 2.00 that may owe 8.00 of one sale, and two terminals.
fn market() -> Stage {
    let mut stage = stage(1, 2);
    stage.load("a", 0, 200);
    stage.cards[0].grade(800);
    stage
}

fn split(stage: &mut Stage, till: usize, amount: u32, leaves_early: bool) {
    let Stage { tills, cards, .. } = stage;
    tills[till].split(&mut cards[0], amount, leaves_early);
}

fn states(stage: &Stage) -> Vec<State> {
    let dues = now(dues::of_card(stage.operations(), stage.cards[0].asn, 9)).unwrap();
    dues.iter().map(|due| due.state).collect()
}

fn operations(world: &World, kind: OperationKind) -> Vec<u64> {
    let page = now(operations::history::page(&world.operations, Filter::default(), None, 100)).unwrap();
    page.operations.iter().filter(|row| row.kind == kind).map(|row| row.amount.minor()).collect()
}

fn white_list(stage: &Stage) -> WhiteList {
    let signed = now(lists::white(stage.operations(), ListVersion(0))).unwrap().unwrap();
    WhiteList::parse(&signed.content).unwrap()
}

fn advances(stage: &Stage) -> i128 {
    now(operations::totals::count(stage.operations())).unwrap().currencies[0].advances
}

/// Takes all but so much out of Alice's wallet.
fn leave(stage: &Stage, name: &str, minor: u64) {
    let has = stage.world.money().alice;
    stage.world.transfer(name, has - minor).unwrap();
}

/// What a server does every few seconds.
fn look_again(stage: &Stage) {
    now(operations::start_up_check::resume_open(stage.operations(), Timestamp::LAST)).unwrap();
}

#[test]
fn the_seller_gets_the_whole_price_and_the_wallet_pays_the_rest_once() {
    let mut stage = market();
    let before = stage.world.money();
    split(&mut stage, 0, 700, false);
    let batch = stage.tills[0].batch(1);
    assert_eq!(stage.upload_bytes(0, &batch), Ok(vec![Verdict::Accepted]));
    let after = stage.world.money();
    assert_eq!((after.shop - before.shop, before.alice - after.alice), (700, 500));
    assert_eq!((states(&stage), advances(&stage)), (vec![State::Collected], 0));
    assert_eq!(operations(&stage.world, OperationKind::CardDue), [500]);
    assert_eq!(operations(&stage.world, OperationKind::CardTakings), [700]);
    stage.check_settled();
    let moved = stage.world.transfers();
    assert_eq!(stage.upload(0, 2), Ok(vec![Verdict::AlreadyKnown]));
    now(clearing::upload(stage.operations(), stage.tills[0].id, &batch)).unwrap();
    assert_eq!(stage.world.transfers(), moved, "again, it changes nothing");
}

#[test]
fn any_terminal_closes_the_split_once_it_is_collected_and_then_the_card_may_owe_again() {
    let mut stage = market();
    split(&mut stage, 0, 700, false);
    stage.upload(0, 1).unwrap();
    assert!(stage.cards[0].has_open_split());
    let list = white_list(&stage);
    assert_eq!(Till::close_splits(&mut stage.cards[0], &list), 1);
    assert!(!stage.cards[0].has_open_split());
    assert_eq!(Till::close_splits(&mut stage.cards[0], &list), 1, "again, it is told so and changes nothing");
    stage.load("b", 0, 100);
    split(&mut stage, 1, 300, false);
    assert!(stage.cards[0].has_open_split());
    assert_eq!(Till::close_splits(&mut stage.cards[0], &list), 0, "it closes no other split");
    stage.upload(1, 1).unwrap();
    let newer = white_list(&stage);
    assert_eq!((newer.entries().len(), states(&stage)), (1, vec![State::Collected; 2]));
    assert_eq!(Till::close_splits(&mut stage.cards[0], &newer), 1);
    stage.check_settled();
}

#[test]
fn a_wallet_with_too_little_owes_until_it_has_enough() {
    let mut stage = market();
    leave(&stage, "all-but-499", 499);
    split(&mut stage, 0, 700, false);
    let before = stage.world.money();
    stage.upload(0, 1).unwrap();
    assert_eq!(stage.world.money().shop - before.shop, 700, "the seller waits for nobody");
    assert_eq!((states(&stage), advances(&stage)), (vec![State::Owed], 500));
    assert!(white_list(&stage).entries().is_empty());
    assert_eq!(now(dues::open(stage.operations())).unwrap().len(), 1, "the operator sees who owes");
    let alice: HolderId = stage.world.alice;
    let closed = now(closing::close(stage.operations(), &key("close"), alice, None)).unwrap();
    assert_eq!(closed, Err(StillOpen::Owes(cny(500))));
    for _ in 0..3 {
        look_again(&stage);
    }
    assert_eq!((states(&stage), stage.world.money().alice), (vec![State::Owed], 499));
    stage.check_settled();
    stage.world.top_up("a-cent", 1).unwrap();
    look_again(&stage);
    assert_eq!((states(&stage), stage.world.money().alice, advances(&stage)), (vec![State::Collected], 0, 0));
    assert_eq!(white_list(&stage).entries().len(), 1);
    stage.check_settled();
}

#[test]
fn nothing_is_owed_on_a_terminals_word_alone() {
    let mut stage = market();
    let before = stage.world.money();
    split(&mut stage, 0, 700, true);
    assert_eq!(stage.upload(0, 1), Ok(vec![Verdict::Accepted]));
    let after = stage.world.money();
    assert_eq!((after.shop - before.shop, before.alice - after.alice), (200, 0), "the card's own part");
    assert_eq!(states(&stage), [State::Unproven]);
    let Stage { tills, cards, .. } = &mut stage;
    tills[0].hear_split(&mut cards[0]);
    assert_eq!(stage.upload(0, 2), Ok(vec![Verdict::AlreadyKnown]));
    let after = stage.world.money();
    assert_eq!((after.shop - before.shop, before.alice - after.alice), (700, 500));
    assert_eq!(states(&stage), [State::Collected]);
    stage.check_settled();
}

#[test]
fn a_terminal_that_changes_its_words_gets_no_second_part() {
    let mut stage = market();
    let before = stage.world.money();
    split(&mut stage, 0, 700, true);
    let honest = stage.tills[0].records[0];
    for (upload, due) in [400, 300, 600].into_iter().enumerate() {
        let said = stage.tills[0].records[0].split.as_mut().unwrap();
        said.due.0 = due;
        said.order.0[0] ^= u8::try_from(upload).unwrap() + 1;
        stage.upload(0, u32::try_from(upload).unwrap() + 1).unwrap();
        let asked = now(dues::open_of(stage.operations(), stage.world.alice)).unwrap();
        assert_eq!(
            asked.iter().map(|due| due.amount).collect::<Vec<_>>(),
            [cny(400)],
            "the first word stands"
        );
    }
    stage.tills[0].records[0] = honest;
    let Stage { tills, cards, .. } = &mut stage;
    tills[0].hear_split(&mut cards[0]);
    stage.upload(0, 4).unwrap();
    let after = stage.world.money();
    assert_eq!((after.shop - before.shop, before.alice - after.alice), (700, 500), "the card's word counts");
    let due = now(dues::of_card(stage.operations(), stage.cards[0].asn, 9)).unwrap().remove(0);
    assert_eq!((due.amount, due.order, due.state), (cny(500), honest.split.unwrap().order, State::Collected));
    assert_eq!(states(&stage).len(), 1);
    let list = white_list(&stage);
    assert_eq!(Till::close_splits(&mut stage.cards[0], &list), 1);
    stage.check_settled();
}

#[test]
fn the_holder_answers_for_a_card_that_does_not_come_back() {
    for is_theirs in [true, false] {
        let mut stage = market();
        let before = stage.world.money();
        split(&mut stage, 0, 700, true);
        stage.upload(0, 1).unwrap();
        let alice = stage.world.alice;
        let due = now(dues::open_of(stage.operations(), alice)).unwrap()[0].id;
        assert!(now(dues::answer(stage.operations(), stage.world.bob, due, true)).is_err(), "not Bob's");
        for _ in 0..2 {
            let answered = now(dues::answer(stage.operations(), alice, due, is_theirs)).unwrap().state;
            assert_eq!(answered, if is_theirs { State::Collected } else { State::Disowned });
        }
        let after = stage.world.money();
        let expected = if is_theirs { (700, 500) } else { (200, 0) };
        assert_eq!((after.shop - before.shop, before.alice - after.alice), expected);
        let Stage { tills, cards, .. } = &mut stage;
        tills[0].hear_split(&mut cards[0]);
        stage.upload(0, 2).unwrap();
        let after = stage.world.money();
        assert_eq!(
            (after.shop - before.shop, before.alice - after.alice),
            (700, 500),
            "the card knows better"
        );
        assert_eq!(states(&stage), [State::Collected]);
        stage.check_settled();
    }
}

#[test]
fn another_code_over_a_split_is_refused_with_its_record() {
    let mut stage = market();
    let before = stage.world.money().shop;
    split(&mut stage, 0, 700, false);
    let split = stage.tills[0].records[0].split.as_mut().unwrap();
    split.due.0 += 1;
    let refused = Verdict::Refused(messages::card::receipt::RefusalReason::WrongSplit);
    assert_eq!(stage.upload(0, 1), Ok(vec![refused]));
    assert_eq!((stage.world.money().shop, states(&stage)), (before, vec![]));
}
