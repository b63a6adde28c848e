//! Load orders count in the limits of their holder, and large ones are confirmed.

use operations::card_purses::loads::{self, LoadOrder, OrderLoad};
use operations::card_purses::{Direction, lost};
use operations::limits::{self, Limits};
use operations::step_up::{self, Proof};
use operations::{OperationError, Origin};
use records::payment_pins;
use wallet::ids::{ChallengeId, PrincipalId};

use super::stage::{Stage, stage};
use crate::world::{CNY, cny, key, now};

fn set(stage: &Stage, single: Option<u64>, daily: Option<u64>) {
    let wanted = Limits { single: single.map(cny), daily: daily.map(cny) };
    now(limits::change(stage.operations(), stage.world.alice, CNY, wanted)).unwrap();
}

fn left(stage: &Stage) -> Option<u64> {
    let standing = now(limits::standing(stage.operations(), stage.world.alice, &[CNY])).unwrap();
    standing[0].left_today.map(money::Amount::minor)
}

fn order(stage: &Stage, name: &str, minor: u64) -> Result<LoadOrder, OperationError> {
    stage.try_order(name, stage.cards[0].asn, minor)
}

#[test]
fn an_order_of_exactly_the_single_limit_passes_and_one_unit_more_is_refused() {
    let stage = stage(1, 0);
    set(&stage, Some(900), None);
    assert_eq!(order(&stage, "over", 901), Err(OperationError::OverSingleLimit { most: 900 }));
    order(&stage, "exact", 900).unwrap();
}

#[test]
fn an_order_of_exactly_the_daily_limit_passes_and_one_unit_more_is_refused() {
    let mut stage = stage(1, 0);
    set(&stage, None, Some(900));
    assert_eq!(order(&stage, "over", 901), Err(OperationError::OverDailyLimit { left: 900 }));
    assert_eq!(order(&stage, "over", 901), Err(OperationError::OverDailyLimit { left: 900 }), "again");
    let first = order(&stage, "exact", 900).unwrap();
    assert_eq!(order(&stage, "exact", 900).unwrap(), first, "again");
    assert_eq!(left(&stage), Some(0), "it counts when it is ordered");
    assert_eq!(order(&stage, "next", 1), Err(OperationError::OverDailyLimit { left: 0 }));
    let (operation, code) = stage.deliver(0, Direction::Load, 900, Some(first.id));
    stage.confirm(operation, code.unwrap()).unwrap();
    assert_eq!(left(&stage), Some(0), "its load does not count again");
    stage.world.clock.pass(86_400);
    order(&stage, "tomorrow", 900).unwrap();
    stage.check_settled();
}

#[test]
fn an_order_that_is_withdrawn_gives_its_day_back_once() {
    let stage = stage(1, 0);
    set(&stage, None, Some(900));
    let first = order(&stage, "a", 900).unwrap();
    let withdraw = || now(loads::withdraw(stage.operations(), stage.world.alice, first.id)).unwrap();
    withdraw();
    assert_eq!(left(&stage), Some(900));
    withdraw();
    assert_eq!(left(&stage), Some(900), "again");
    order(&stage, "b", 900).unwrap();
    now(lost::report(stage.operations(), stage.world.alice, stage.cards[0].asn)).unwrap();
    assert_eq!(left(&stage), Some(900), "orders of a lost card are withdrawn");
}

#[test]
fn a_day_whose_limit_was_lowered_is_not_lifted_by_what_comes_back() {
    let stage = stage(1, 0);
    set(&stage, None, Some(900));
    let first = order(&stage, "a", 800).unwrap();
    set(&stage, None, Some(500));
    assert_eq!(left(&stage), Some(0));
    now(loads::withdraw(stage.operations(), stage.world.alice, first.id)).unwrap();
    assert_eq!(left(&stage), Some(0));
}

#[test]
fn an_order_withdrawn_on_another_day_leaves_that_day_alone() {
    let stage = stage(1, 0);
    set(&stage, None, Some(900));
    let first = order(&stage, "a", 800).unwrap();
    stage.world.clock.pass(86_400);
    now(loads::withdraw(stage.operations(), stage.world.alice, first.id)).unwrap();
    assert_eq!(left(&stage), Some(900));
    assert_eq!(order(&stage, "b", 901), Err(OperationError::OverDailyLimit { left: 900 }));
}

/// From this on a holder with a payment PIN confirms: 500 units.
const CONFIRMED_FROM: u64 = 50_000;

fn give_pin(stage: &Stage) {
    let who = PrincipalId::from(stage.world.alice);
    let write = move |sql: &mut dyn records::Sql| payment_pins::set(sql, who, "hash", ledger::Timestamp(1));
    now(stage.operations().services().records.write(write)).unwrap();
    stage.operations().forget_holder(stage.world.alice);
}

fn proven(stage: &Stage, card: usize, minor: u64) -> ChallengeId {
    let (alice, payee) = (stage.world.alice, step_up::loaded_card(stage.cards[card].asn));
    let challenge = now(step_up::ask(stage.operations(), alice, payee, cny(minor))).unwrap();
    now(step_up::prove(stage.operations(), alice, challenge.id, Proof::Pin)).unwrap();
    challenge.id
}

fn confirmed(stage: &Stage, name: &str, minor: u64, by: ChallengeId) -> Result<LoadOrder, OperationError> {
    let origin = Origin { step_up: Some(by), ..Origin::default() };
    let (holder, card) = (stage.world.alice, stage.cards[0].asn);
    let request = OrderLoad { holder, card, amount: cny(minor), origin };
    now(loads::order(stage.operations(), &key(name), request))
}

#[test]
fn a_large_order_is_confirmed_for_its_card_and_amount() {
    let stage = stage(2, 0);
    order(&stage, "no-pin", CONFIRMED_FROM).unwrap();
    give_pin(&stage);
    order(&stage, "small", CONFIRMED_FROM - 1).unwrap();
    assert_eq!(order(&stage, "large", CONFIRMED_FROM), Err(OperationError::StepUpRequired));
    let other_amount = proven(&stage, 0, CONFIRMED_FROM + 1);
    let refused = confirmed(&stage, "large", CONFIRMED_FROM, other_amount);
    assert_eq!(refused, Err(OperationError::StepUpRequired));
    let other_card = proven(&stage, 1, CONFIRMED_FROM);
    let refused = confirmed(&stage, "large", CONFIRMED_FROM, other_card);
    assert_eq!(refused, Err(OperationError::StepUpRequired));
    let challenge = proven(&stage, 0, CONFIRMED_FROM);
    let ordered = confirmed(&stage, "large", CONFIRMED_FROM, challenge).unwrap();
    assert_eq!(order(&stage, "large", CONFIRMED_FROM).unwrap(), ordered, "again");
    let second = confirmed(&stage, "another", CONFIRMED_FROM, challenge);
    assert_eq!(second, Err(OperationError::StepUpRequired), "a proof counts once");
}

#[test]
fn a_holder_who_cannot_confirm_orders_no_more_than_they_may_send() {
    let stage = stage(1, 0);
    let most = operations::Policy::default().unsecured_units * 100;
    order(&stage, "exact", most).unwrap();
    assert_eq!(order(&stage, "over", most + 1), Err(OperationError::NotSecured { most }));
}
