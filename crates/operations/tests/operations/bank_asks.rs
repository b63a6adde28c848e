//! A bank that asks its customer before it charges a card: whatever the customer says, and whenever, the wallet and the
//! bank end with the same word, and nothing moves without a yes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::world::{BANK, Fate, Money, World, alices_pan, cny, now};
use bank::{OperationRef, Order};
use ledger::Timestamp;
use operations::{ANSWER_TIME, Clock, Reason, Receipt, start_up_check};
use records::operations::OperationState;

/// A world whose bank asks before a charge above 3.00.
fn asking() -> World {
    let world = World::new();
    world.bank.orders(BANK, vec![Order::AskAbove(alices_pan(), cny(300))]).unwrap();
    world
}

fn answer(world: &World, receipt: &Receipt, consent: bool) -> bool {
    let operation = OperationRef(receipt.id.bits());
    world.bank.orders(BANK, vec![Order::Answer { operation, consent, now: world.clock.now() }]).is_ok()
}

fn resume(world: &World) {
    now(start_up_check::resume_open(&world.operations, Timestamp::LAST)).unwrap();
}

fn ended(world: &World, receipt: &Receipt) -> (OperationState, Option<String>) {
    let row = world.row(receipt.id).unwrap();
    (row.state, row.reason)
}

fn because(reason: Reason) -> Option<String> {
    Some(reason.code().to_owned())
}

#[test]
fn a_small_top_up_is_not_asked_about() {
    let world = asking();
    assert_eq!(world.top_up("k", 300).unwrap().state, OperationState::Completed);
}

#[test]
fn a_top_up_waits_for_the_word_of_the_banks_customer_and_is_credited_once() {
    let world = asking();
    let before = world.money();
    let receipt = world.top_up("k", 500).unwrap();
    assert_eq!((receipt.state, receipt.reason), (OperationState::Unknown, Some(Reason::BankAsks)));
    assert_eq!(world.money(), before, "nothing moves without a yes");
    resume(&world);
    assert_eq!(ended(&world, &receipt), (OperationState::Unknown, because(Reason::BankAsks)));
    assert_eq!(world.top_up("k", 500).unwrap(), receipt, "the same request is not asked about twice");
    assert!(answer(&world, &receipt, true));
    assert!(!answer(&world, &receipt, true), "an answer counts once");
    resume(&world);
    resume(&world);
    assert_eq!(ended(&world, &receipt), (OperationState::Completed, None));
    assert_eq!(world.money(), Money { alice: before.alice + 500, charged: before.charged + 500, ..before });
    world.check_equation();
}

#[test]
fn a_top_up_refused_at_the_bank_moves_nothing_and_says_so() {
    let world = asking();
    let before = world.money();
    let receipt = world.top_up("k", 500).unwrap();
    assert!(answer(&world, &receipt, false));
    resume(&world);
    assert_eq!(ended(&world, &receipt), (OperationState::Declined, because(Reason::RefusedAtBank)));
    assert!(!answer(&world, &receipt, true), "a no cannot be taken back");
    assert_eq!(world.money(), before);
    world.check_equation();
}

#[test]
fn a_question_without_an_answer_is_taken_back_and_a_late_yes_charges_nobody() {
    let world = asking();
    let before = world.money();
    let receipt = world.top_up("k", 500).unwrap();
    world.clock.pass(ANSWER_TIME / 1_000_000_000);
    resume(&world);
    assert_eq!(ended(&world, &receipt), (OperationState::Reversed, because(Reason::BankNotAnswered)));
    assert!(!answer(&world, &receipt, true));
    assert_eq!(world.money(), before);
    world.check_equation();
}

#[test]
fn a_yes_in_the_last_moment_is_honoured() {
    let world = asking();
    let receipt = world.top_up("k", 500).unwrap();
    world.clock.pass(ANSWER_TIME / 1_000_000_000);
    assert!(answer(&world, &receipt, true));
    resume(&world);
    assert_eq!(ended(&world, &receipt).0, OperationState::Completed);
    world.check_equation();
}

/// The word of the customer, and when it comes.
const WORDS: [Option<bool>; 3] = [Some(true), Some(false), None];

#[test]
fn a_crash_at_any_moment_around_the_question_ends_as_the_customer_said() {
    for fate in [Fate::Crash, Fate::Lost] {
        for word in WORDS {
            for moment in 1.. {
                let mut world = asking();
                let before = world.money();
                world.faults.strike(moment, fate);
                let asked = world.top_up("k", 500);
                if let (Ok(receipt), Some(consent)) = (&asked, word) {
                    answer(&world, receipt, consent);
                }
                let _ = now(start_up_check::resume_open(&world.operations, Timestamp::LAST));
                let struck = world.faults.struck();
                let records = std::sync::Arc::clone(&world.records);
                world.faults.rest();
                world.restart(records);
                world.clock.pass(ANSWER_TIME / 1_000_000_000);
                now(start_up_check::run(&world.operations)).unwrap();
                assert_eq!(world.count_open(), 0, "{fate:?} at {moment}");
                let credited = world.money().alice - before.alice;
                let charged = world.money().charged - before.charged;
                assert_eq!(credited, charged, "{fate:?} at {moment}");
                assert!(credited == 0 || (credited == 500 && word == Some(true)), "{fate:?} at {moment}");
                world.check_equation();
                if !struck {
                    assert_eq!(credited, if word == Some(true) { 500 } else { 0 });
                    break;
                }
            }
        }
    }
}
