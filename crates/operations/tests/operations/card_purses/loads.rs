//! Loads and unloads.

use operations::card_purses::loads::{self, LoadOrderState};
use operations::card_purses::view::{self, Certainty, EntryKind};
use operations::card_purses::{CardPurseRefusal, Direction};
use operations::closing::{self, StillOpen};
use operations::{OperationError, start_up_check};
use records::operations::{OperationKind, OperationState};

use super::stage::{AT, Stage, refused, stage};
use crate::world::{cny, key, now};

fn states(stage: &Stage, card: usize) -> Vec<LoadOrderState> {
    stage.view(card).orders.iter().map(|order| order.state).collect()
}

fn kind_and_state(stage: &Stage, id: wallet::ids::OperationId) -> (OperationKind, OperationState) {
    let row = stage.world.row(id).unwrap();
    (row.kind, row.state)
}

#[test]
fn a_load_goes_from_the_wallet_onto_the_card_once() {
    let mut stage = stage(1, 0);
    let before = stage.world.money().alice;
    let order = stage.order("o", 0, 3_000);
    assert_eq!(stage.order("o", 0, 3_000), order, "ordered again");
    assert_eq!(stage.world.money().alice, before, "an order moves nothing");
    let request = stage.cards[0].initialise(Direction::Load, 3_000, Some(order.id));
    let answer = stage.begin(request).unwrap();
    assert_eq!(stage.begin(request), Ok(answer), "asked again");
    assert_eq!(stage.world.money().alice, before - 3_000);
    assert_eq!(kind_and_state(&stage, answer.operation), (OperationKind::CardLoad, OperationState::Started));
    assert_eq!(stage.view(0).in_doubt.len(), 1);
    let code = stage.cards[0].deliver(Direction::Load, &answer).unwrap();
    for _ in 0..3 {
        stage.confirm(answer.operation, code).unwrap();
        assert_eq!(stage.begin(request), Ok(answer), "asked late");
    }
    assert_eq!(
        kind_and_state(&stage, answer.operation),
        (OperationKind::CardLoad, OperationState::Completed)
    );
    assert_eq!((stage.cards[0].balance(), stage.view(0).shadow), (3_000, cny(3_000)));
    assert_eq!((states(&stage, 0), stage.view(0).in_doubt), (vec![LoadOrderState::Done], vec![]));
    let log = now(view::log(stage.operations(), stage.cards[0].asn, None, 10)).unwrap();
    assert_eq!((log[0].kind, log[0].certainty, log.len()), (EntryKind::Load, Certainty::Proven, 1));
    stage.check_settled();
}

#[test]
fn of_64_who_begin_one_order_at_once_each_gets_the_same_answer() {
    let mut stage = stage(1, 0);
    let before = stage.world.money().alice;
    let order = stage.order("o", 0, 700).id;
    let request = stage.cards[0].initialise(Direction::Load, 700, Some(order));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let stage = &stage;
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(move || stage.begin(request))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(stage.world.money().alice, before - 700);
    let code = stage.cards[0].deliver(Direction::Load, &answers[0]).unwrap();
    stage.confirm(answers[0].operation, code).unwrap();
    stage.check_settled();
}

#[test]
fn a_wallet_with_too_little_is_not_loaded_from_and_the_order_waits() {
    let mut stage = stage(1, 0);
    let order = stage.order("o", 0, 60_000).id;
    let request = stage.cards[0].initialise(Direction::Load, 60_000, Some(order));
    assert_eq!(stage.begin(request), refused(CardPurseRefusal::InsufficientFunds));
    assert_eq!(stage.begin(request), refused(CardPurseRefusal::InsufficientFunds), "again");
    assert_eq!(states(&stage, 0), [LoadOrderState::Waiting]);
    stage.check_settled();
    stage.world.top_up("more", 60_000).unwrap();
    let (operation, code) = stage.deliver(0, Direction::Load, 60_000, Some(order));
    stage.confirm(operation, code.unwrap()).unwrap();
    assert_eq!(stage.cards[0].balance(), 60_000);
    stage.check_settled();
}

#[test]
fn a_card_that_did_not_get_its_answer_begins_again_under_the_same_operation() {
    let mut stage = stage(1, 0);
    let before = stage.world.money().alice;
    let order = stage.order("o", 0, 500).id;
    let lost = stage.cards[0].initialise(Direction::Load, 500, Some(order));
    let lost = stage.begin(lost).unwrap();
    stage.cards[0].power_cycle();
    let (operation, code) = stage.deliver(0, Direction::Load, 500, Some(order));
    assert_eq!(operation, lost.operation);
    stage.confirm(operation, code.unwrap()).unwrap();
    assert_eq!((stage.cards[0].balance(), stage.world.money().alice), (500, before - 500));
    stage.check_settled();
}

#[test]
fn a_card_whose_code_was_lost_proves_its_load_before_that_order_goes_on() {
    let mut stage = stage(1, 0);
    let order = stage.order("o", 0, 500).id;
    let (lost, _) = stage.deliver(0, Direction::Load, 500, Some(order));
    assert_eq!(states(&stage, 0), [LoadOrderState::Begun]);
    let request = stage.cards[0].initialise(Direction::Load, 500, Some(order));
    let sequence = request.sequence.0;
    assert_eq!(stage.begin(request), refused(CardPurseRefusal::Unproven { sequence }));
    let code = stage.cards[0].proof(Direction::Load, sequence).unwrap();
    let card = (stage.cards[0].asn, request.issuer);
    let told = (Direction::Load, request.sequence);
    for _ in 0..2 {
        assert_eq!(now(loads::prove(stage.operations(), AT, card, told, code)), Ok(lost));
    }
    assert_eq!(states(&stage, 0), [LoadOrderState::Done]);
    assert_eq!(now(loads::waiting(stage.operations(), card.0)).unwrap(), []);
    assert_eq!(stage.begin(request), refused(CardPurseRefusal::OrderGone));
    stage.check_settled();
}

#[test]
fn the_next_load_of_a_card_ends_the_one_whose_code_was_lost() {
    let mut stage = stage(1, 0);
    let first = stage.order("first", 0, 500).id;
    stage.deliver(0, Direction::Load, 500, Some(first));
    stage.load("second", 0, 800);
    assert_eq!(states(&stage, 0), [LoadOrderState::Done; 2]);
    assert_eq!(stage.view(0).shadow, cny(1_300));
    stage.check_settled();
}

#[test]
fn two_orders_of_one_amount_are_two_loads_whatever_is_lost_between() {
    let mut stage = stage(1, 0);
    let [first, second] = ["first", "second"].map(|name| stage.order(name, 0, 500).id);
    let lost = stage.cards[0].initialise(Direction::Load, 500, Some(first));
    let lost = stage.begin(lost).unwrap();
    stage.cards[0].power_cycle();
    let (operation, code) = stage.deliver(0, Direction::Load, 500, Some(second));
    assert_eq!(operation, lost.operation, "the amount is reserved: the first goes on");
    stage.confirm(operation, code.unwrap()).unwrap();
    assert_eq!(states(&stage, 0).iter().filter(|state| **state == LoadOrderState::Waiting).count(), 1);
    let waiting = now(loads::waiting(stage.operations(), stage.cards[0].asn)).unwrap();
    let (operation, code) = stage.deliver(0, Direction::Load, 500, Some(waiting[0].id));
    stage.confirm(operation, code.unwrap()).unwrap();
    assert_eq!(stage.cards[0].balance(), 1_000);
    stage.check_settled();
}

#[test]
fn an_unload_is_paid_once_to_the_wallet_that_the_card_is_bound_to() {
    let mut stage = stage(1, 0);
    let before = stage.world.money().alice;
    stage.load("o", 0, 2_000);
    let request = stage.cards[0].initialise(Direction::Unload, 1_500, None);
    let answer = stage.begin(request).unwrap();
    assert_eq!(stage.begin(request), Ok(answer));
    assert_eq!(stage.world.money().alice, before - 2_000, "nothing is paid before the card did it");
    let code = stage.cards[0].deliver(Direction::Unload, &answer).unwrap();
    stage.confirm(answer.operation, code).unwrap();
    stage.confirm(answer.operation, code).unwrap();
    assert_eq!((stage.world.money().alice, stage.cards[0].balance()), (before - 500, 500));
    let told = kind_and_state(&stage, answer.operation);
    assert_eq!(told, (OperationKind::CardUnload, OperationState::Completed));
    stage.check_settled();
}

#[test]
fn a_holder_whose_card_holds_money_or_waits_for_some_cannot_close_the_account() {
    let mut stage = stage(1, 0);
    let (holder, bank_card) = (stage.world.alice, stage.world.card);
    let close = |stage: &Stage, name: &str| {
        now(closing::close(stage.operations(), &key(name), holder, Some(bank_card))).unwrap()
    };
    let order = stage.order("o", 0, 300);
    assert_eq!(close(&stage, "a"), Err(StillOpen::OnCard(cny(300))));
    now(loads::withdraw(stage.operations(), holder, order.id)).unwrap();
    stage.load("p", 0, 2_000);
    assert_eq!(close(&stage, "b"), Err(StillOpen::OnCard(cny(2_000))));
    let request = stage.cards[0].initialise(Direction::Unload, 2_000, None);
    let answer = stage.begin(request).unwrap();
    let code = stage.cards[0].deliver(Direction::Unload, &answer).unwrap();
    stage.confirm(answer.operation, code).unwrap();
    assert_eq!(close(&stage, "c"), Ok(()));
    assert_eq!(stage.world.money().alice, 0);
    stage.check_settled();
}

#[test]
fn an_unload_whose_code_was_lost_is_paid_by_its_proof() {
    let mut stage = stage(1, 0);
    let before = stage.world.money().alice;
    stage.load("o", 0, 2_000);
    let (operation, _) = stage.deliver(0, Direction::Unload, 2_000, None);
    assert_eq!(stage.world.money().alice, before - 2_000);
    assert_eq!(stage.view(0).in_doubt.len(), 1);
    let sequence = 2;
    let code = stage.cards[0].proof(Direction::Unload, sequence).unwrap();
    let card = (stage.cards[0].asn, operations::card_purses::ISSUER);
    let told = (Direction::Unload, messages::card::Sequence(sequence));
    assert_eq!(now(loads::prove(stage.operations(), AT, card, told, code)), Ok(operation));
    assert_eq!(stage.world.money().alice, before);
    stage.check_settled();
}

#[test]
fn what_a_card_did_not_sign_is_refused_and_moves_nothing() {
    let mut stage = stage(2, 0);
    let order = stage.order("o", 0, 900);
    let request = stage.cards[0].initialise(Direction::Load, 900, Some(order.id));
    let other_mac = loads::BeginLoad { mac1: [0; 4], ..request };
    assert_eq!(stage.begin(other_mac), refused(CardPurseRefusal::MacWrong));
    let other_amount = loads::BeginLoad { amount: messages::card::Units(901), ..request };
    assert_eq!(stage.begin(other_amount), refused(CardPurseRefusal::OrderGone));
    let of_other_card = stage.cards[1].initialise(Direction::Load, 900, Some(order.id));
    assert_eq!(stage.begin(of_other_card), refused(CardPurseRefusal::OrderGone));
    let ahead = loads::BeginLoad { sequence: messages::card::Sequence(7), ..request };
    assert!(matches!(stage.begin(ahead), Err(OperationError::CardPurse(_))));
    let answer = stage.begin(request).unwrap();
    assert_eq!(stage.confirm(answer.operation, [0; 4]), refused(CardPurseRefusal::MacWrong));
    let code = stage.cards[0].deliver(Direction::Load, &answer).unwrap();
    stage.confirm(answer.operation, code).unwrap();
    stage.check_settled();
}

#[test]
fn an_order_that_is_withdrawn_is_not_carried_out_and_one_that_is_begun_is_not_withdrawn() {
    let mut stage = stage(1, 0);
    let withdraw = |stage: &Stage, order| now(loads::withdraw(stage.operations(), stage.world.alice, order));
    let first = stage.order("first", 0, 900).id;
    assert!(now(loads::withdraw(stage.operations(), stage.world.bob, first)).is_err());
    withdraw(&stage, first).unwrap();
    let request = stage.cards[0].initialise(Direction::Load, 900, Some(first));
    assert_eq!(stage.begin(request), refused(CardPurseRefusal::OrderGone));
    let second = stage.order("second", 0, 900).id;
    let (operation, code) = stage.deliver(0, Direction::Load, 900, Some(second));
    assert_eq!(withdraw(&stage, second), refused(CardPurseRefusal::OrderGone));
    stage.confirm(operation, code.unwrap()).unwrap();
    assert_eq!(stage.try_order("second", stage.cards[0].asn, 1), Err(OperationError::KeyReused));
    stage.check_settled();
}

#[test]
fn power_that_is_lost_at_any_write_of_a_load_leaves_the_money_in_one_place() {
    for at in 0..24 {
        let mut stage = stage(1, 0);
        let before = stage.world.money().alice;
        let order = stage.order("o", 0, 400).id;
        let request = stage.cards[0].initialise(Direction::Load, 400, Some(order));
        let answer = stage.begin(request).unwrap();
        stage.cards[0].tear(at);
        let code = stage.cards[0].deliver(Direction::Load, &answer);
        stage.cards[0].power_cycle();
        stage.check();
        match (code, stage.cards[0].balance()) {
            (Some(code), _) => stage.confirm(answer.operation, code).unwrap(),
            (None, 0) => {
                let (operation, code) = stage.deliver(0, Direction::Load, 400, Some(order));
                stage.confirm(operation, code.unwrap()).unwrap();
            }
            (None, _) => {
                let code = stage.cards[0].proof(Direction::Load, 1).unwrap();
                stage.confirm(answer.operation, code).unwrap();
            }
        }
        assert_eq!((stage.cards[0].balance(), stage.world.money().alice), (400, before - 400), "write {at}");
        stage.check_settled();
    }
}

#[test]
fn a_load_in_doubt_is_an_unknown_outcome_until_the_card_says() {
    let mut stage = stage(1, 0);
    let order = stage.order("o", 0, 500).id;
    let (operation, code) = stage.deliver(0, Direction::Load, 500, Some(order));
    let report = now(start_up_check::run(stage.operations())).unwrap();
    assert_eq!(report.unknown, 1);
    assert_eq!(stage.world.row(operation).unwrap().state, OperationState::Unknown);
    stage.check();
    stage.confirm(operation, code.unwrap()).unwrap();
    assert_eq!(stage.world.row(operation).unwrap().state, OperationState::Completed);
    stage.check_settled();
}
