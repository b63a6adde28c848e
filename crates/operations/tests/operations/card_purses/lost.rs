//! Lost cards.

use operations::OperationError;
use operations::approvals::{self, Action};
use operations::card_purses::{CardPurseRefusal, CardPurseState, Direction, lost};
use operations::duties::{self, OperatorRole};
use records::approvals::ApprovalState;
use records::operations::{Filter, OperationKind, OperationState, history};
use wallet::ids::ApprovalId;

use super::stage::{FOUNDER, SECOND, Stage, refused, stage};
use super::till::Mishap;
use crate::world::{cny, now, person};

const DAY: u64 = 86_400;

fn report(stage: &Stage, card: usize) {
    now(lost::report(stage.operations(), stage.world.alice, stage.cards[card].asn)).unwrap();
}

fn ask(stage: &Stage, card: usize) -> Result<ApprovalId, OperationError> {
    let action = Action::RefundCard(stage.cards[card].asn);
    now(approvals::ask(stage.operations(), FOUNDER, action, "the holder lost it"))
}

fn approve(stage: &Stage, asked: ApprovalId) -> Result<ApprovalState, OperationError> {
    now(approvals::decide(stage.operations(), SECOND, asked, true, "seen the report"))
}

/// The rest that the card's log says went back: how much, and how that ended.
fn rest(stage: &Stage) -> Vec<(money::Amount, OperationState)> {
    let alice = stage.world.alice;
    let read = stage.operations().services().records.read(move |sql| {
        let (party, kind) = (Some(alice.into()), Some(OperationKind::CardRest));
        history(sql, &Filter { party, kind, ..Filter::default() }, None, 10)
    });
    now(read).unwrap().operations.into_iter().map(|row| (row.amount, row.state)).collect()
}

/// A card that was lost with so much on it; its clearing window is over.
fn lost_card(minor: u64) -> Stage {
    let mut stage = stage(1, 0);
    stage.load("o", 0, minor);
    report(&stage, 0);
    stage.world.clock.pass(9 * DAY);
    stage
}

#[test]
fn the_rest_of_a_lost_card_comes_back_once_after_the_window() {
    let mut stage = stage(1, 1);
    let before = stage.world.money().alice;
    stage.load("o", 0, 2_000);
    let Stage { tills, cards, .. } = &mut stage;
    tills[0].sell(&mut cards[0], 300, Mishap::None);
    assert_eq!(ask(&stage, 0), refused(CardPurseRefusal::NotListed));
    report(&stage, 0);
    assert_eq!(ask(&stage, 0), refused(CardPurseRefusal::WindowOpen));
    stage.world.clock.pass(7 * DAY);
    assert_eq!(ask(&stage, 0), refused(CardPurseRefusal::WindowOpen));
    stage.upload(0, 1).unwrap();
    stage.world.clock.pass(DAY + 1);
    let asked = ask(&stage, 0).unwrap();
    assert_eq!(stage.world.money().alice, before - 2_000, "asking moves nothing");
    assert_eq!(approve(&stage, asked), Ok(ApprovalState::Executed));
    assert_eq!(rest(&stage), [(cny(1_700), OperationState::Completed)]);
    assert_eq!(approve(&stage, asked), Err(OperationError::DecidedBefore), "again");
    assert_eq!(ask(&stage, 0), refused(CardPurseRefusal::RefundedBefore));
    assert_eq!(stage.world.money().alice, before - 300);
    assert_eq!(stage.view(0).state, CardPurseState::Closed);
    stage.cards.clear();
    stage.check_settled();
}

#[test]
fn a_lost_card_is_not_loaded_and_its_load_in_doubt_comes_back() {
    let mut stage = stage(1, 0);
    let before = stage.world.money().alice;
    let order = stage.order("o", 0, 900).id;
    let waiting = stage.order("later", 0, 100).id;
    let request = stage.cards[0].initialise(Direction::Load, 900, Some(order));
    stage.begin(request).unwrap();
    report(&stage, 0);
    stage.cards[0].power_cycle();
    let request = stage.cards[0].initialise(Direction::Load, 100, Some(waiting));
    assert_eq!(stage.begin(request), refused(CardPurseRefusal::OrderGone), "its orders are withdrawn");
    stage.world.clock.pass(9 * DAY);
    let asked = ask(&stage, 0).unwrap();
    approve(&stage, asked).unwrap();
    assert_eq!(rest(&stage), [(cny(900), OperationState::Completed)]);
    assert_eq!(stage.world.money().alice, before);
    stage.cards.clear();
    stage.check_settled();
}

#[test]
fn who_asked_for_a_refund_never_approves_it() {
    let mut stage = lost_card(500);
    let asked = ask(&stage, 0).unwrap();
    let own = now(approvals::decide(stage.operations(), FOUNDER, asked, true, "mine"));
    assert_eq!(own, Err(OperationError::SamePerson));
    let looks = now(duties::hire(stage.operations(), FOUNDER, person("auditor-two"), OperatorRole::Auditor));
    let looks = looks.unwrap();
    let by_auditor = now(approvals::decide(stage.operations(), looks, asked, true, "looks right"));
    assert_eq!(by_auditor, Err(OperationError::NotPermitted));
    let action = Action::RefundCard(stage.cards[0].asn);
    let asks = now(approvals::ask(stage.operations(), looks, action, "looks right"));
    assert_eq!(asks, Err(OperationError::NotPermitted));
    assert_eq!(rest(&stage), []);
    approve(&stage, asked).unwrap();
    stage.cards.clear();
    stage.check_settled();
}

#[test]
fn a_refund_that_waits_is_asked_for_once() {
    let stage = lost_card(500);
    let asked = ask(&stage, 0).unwrap();
    assert_eq!(ask(&stage, 0), Ok(asked));
    let action = Action::RefundCard(stage.cards[0].asn);
    assert_eq!(now(approvals::ask(stage.operations(), SECOND, action, "me too")), Ok(asked));
    assert_eq!(now(approvals::of_card(stage.operations(), stage.cards[0].asn)), Ok(Some(asked)));
    approve(&stage, asked).unwrap();
    assert_eq!(now(approvals::of_card(stage.operations(), stage.cards[0].asn)), Ok(None));
}

#[test]
fn a_rejected_refund_moves_nothing_and_may_be_asked_for_again() {
    let mut stage = lost_card(500);
    let before = stage.world.money().alice;
    let first = ask(&stage, 0).unwrap();
    let rejected = now(approvals::decide(stage.operations(), SECOND, first, false, "found again?"));
    assert_eq!(rejected, Ok(ApprovalState::Rejected));
    assert_eq!(approve(&stage, first), Err(OperationError::DecidedBefore));
    assert_eq!(stage.world.money().alice, before);
    let second = ask(&stage, 0).unwrap();
    assert_ne!(first, second);
    stage.world.clock.pass(4 * DAY);
    assert_eq!(approve(&stage, second), Err(OperationError::DecidedBefore), "nobody decided in time");
    now(approvals::expire(stage.operations())).unwrap();
    let third = ask(&stage, 0).unwrap();
    approve(&stage, third).unwrap();
    assert_eq!(stage.world.money().alice, before + 500);
    stage.cards.clear();
    stage.check_settled();
}
