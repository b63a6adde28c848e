//! Lost cards.

use operations::card_purses::{CardPurseRefusal, CardPurseState, Direction, lost};
use records::operations::{OperationKind, OperationState};

use super::stage::{FOUNDER, Stage, refused, stage};
use super::till::Mishap;
use super::world::{cny, now};

const DAY: u64 = 86_400;

fn report(stage: &Stage, card: usize) {
    now(lost::report(stage.operations(), stage.world.alice, stage.cards[card].asn)).unwrap();
}

fn refund(stage: &Stage, card: usize) -> Result<operations::Receipt, operations::OperationError> {
    now(lost::refund(stage.operations(), FOUNDER, stage.cards[card].asn))
}

#[test]
fn the_rest_of_a_lost_card_comes_back_once_after_the_window() {
    let mut stage = stage(1, 1);
    let before = stage.world.money().alice;
    stage.load("o", 0, 2_000);
    let Stage { tills, cards, .. } = &mut stage;
    tills[0].sell(&mut cards[0], 300, Mishap::None);
    assert_eq!(refund(&stage, 0), refused(CardPurseRefusal::NotListed));
    report(&stage, 0);
    assert_eq!(refund(&stage, 0), refused(CardPurseRefusal::WindowOpen));
    stage.world.clock.pass(7 * DAY);
    assert_eq!(refund(&stage, 0), refused(CardPurseRefusal::WindowOpen));
    stage.upload(0, 1).unwrap();
    stage.world.clock.pass(DAY + 1);
    let receipt = refund(&stage, 0).unwrap();
    assert_eq!((receipt.kind, receipt.state), (OperationKind::CardRest, OperationState::Completed));
    assert_eq!(receipt.amount, cny(1_700));
    assert_eq!(refund(&stage, 0), Ok(receipt), "again");
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
    let receipt = refund(&stage, 0).unwrap();
    assert_eq!(receipt.amount, cny(900));
    assert_eq!(stage.world.money().alice, before);
    stage.cards.clear();
    stage.check_settled();
}
