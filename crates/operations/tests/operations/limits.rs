//! Limits of holders on withdrawals: exactly the limit passes, one minor unit more is refused, and what came to nothing counts
//! no more.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use bank::Fault;
use money::Amount;
use operations::approvals::{self, Action};
use operations::duties;
use operations::limits::{self, Limits};
use operations::review::{self, Choice};
use operations::risk_rules::{self, RuleText};
use operations::{OperationError, Reason, start_up_check};
use records::operations::OperationState;
use risk::Outcome;
use wallet::ids::PrincipalId;

use crate::world::{BANK, CNY, Fate, World, cny, now, person};

/// The world with limits of Alice.
fn limited(single: Option<u64>, daily: Option<u64>) -> World {
    let world = World::new();
    let wanted = Limits { single: single.map(cny), daily: daily.map(cny) };
    now(limits::change(&world.operations, world.alice, CNY, wanted)).unwrap();
    world
}

fn left(world: &World) -> Option<Amount> {
    now(limits::standing(&world.operations, world.alice, &[CNY])).unwrap()[0].left_today
}

#[test]
fn a_withdrawal_of_exactly_the_single_limit_passes_and_one_unit_more_is_refused() {
    let world = limited(Some(700), None);
    assert_eq!(world.withdraw("over", 701), Err(OperationError::OverSingleLimit { most: 700 }));
    assert_eq!(world.money().paid_out, 0);
    assert_eq!(world.withdraw("exact", 700).unwrap().state, OperationState::Completed);
    world.check_equation();
}

#[test]
fn a_withdrawal_of_exactly_the_daily_limit_passes_and_one_unit_more_is_declined() {
    let world = limited(None, Some(700));
    let over = world.withdraw("over", 701).unwrap();
    assert_eq!((over.state, over.reason), (OperationState::Declined, Some(Reason::OverDailyLimit)));
    assert_eq!(world.withdraw("over", 701).unwrap(), over, "again");
    assert_eq!((world.money().paid_out, left(&world)), (0, Some(cny(700))));
    assert_eq!(world.withdraw("exact", 700).unwrap().state, OperationState::Completed);
    assert_eq!(world.withdraw("exact", 700).unwrap().state, OperationState::Completed, "again");
    assert_eq!((world.money().paid_out, left(&world)), (700, Some(cny(0))));
    world.check_equation();
}

#[test]
fn withdrawals_and_payments_of_a_day_share_its_limit() {
    let world = limited(None, Some(1_000));
    world.withdraw("a", 400).unwrap();
    assert_eq!(world.pay("b", 600).unwrap().state, OperationState::Completed);
    let next = world.withdraw("c", 1).unwrap();
    assert_eq!(next.reason, Some(Reason::OverDailyLimit));
    world.clock.pass(86_400);
    assert_eq!(world.withdraw("d", 1_000).unwrap().state, OperationState::Completed, "on the next day");
    world.check_equation();
}

#[test]
fn a_withdrawal_that_the_bank_did_not_pay_gives_its_day_back() {
    for (fault, state) in
        [(Fault::Decline, OperationState::Declined), (Fault::TimeOutBefore, OperationState::Reversed)]
    {
        let world = limited(None, Some(700));
        world.bank.inject(BANK, fault).unwrap();
        assert_eq!(world.withdraw("k", 700).unwrap().state, state);
        assert_eq!(left(&world), Some(cny(700)));
        assert_eq!(world.withdraw("k", 700).unwrap().state, state, "again");
        assert_eq!(left(&world), Some(cny(700)));
        assert_eq!(world.withdraw("next", 700).unwrap().state, OperationState::Completed);
        world.check_equation();
    }
}

#[test]
fn a_limit_that_is_set_while_a_withdrawal_is_repeated_changes_nothing_about_it() {
    let world = World::new();
    world.faults.strike(4, Fate::Lost);
    let _lost = world.withdraw("k", 700);
    let wanted = Limits { single: None, daily: Some(cny(100)) };
    now(limits::change(&world.operations, world.alice, CNY, wanted)).unwrap();
    assert_eq!(world.withdraw("k", 700).unwrap().state, OperationState::Completed);
    assert_eq!(world.money().paid_out, 700);
    world.check_equation();
}

#[test]
fn a_server_starts_again_right_after_a_payment_under_a_daily_limit() {
    let mut world = limited(None, Some(1_000));
    world.pay("a", 100).unwrap();
    let records = Arc::clone(&world.records);
    world.restart(records);
    now(start_up_check::run(&world.operations)).unwrap();
    assert_eq!(left(&world), Some(cny(900)));
}

#[test]
fn a_withdrawal_that_is_struck_anywhere_counts_as_it_ended() {
    for fault in [None, Some(Fault::Decline), Some(Fault::TimeOutAfter)] {
        let mut struck = 0;
        for moment in 1..100 {
            let mut world = limited(None, Some(1_000));
            world.arm_records();
            if let Some(fault) = fault {
                world.bank.inject(BANK, fault).unwrap();
            }
            world.faults.strike(moment, Fate::Crash);
            let _lost = world.withdraw("k", 700);
            if !world.faults.struck() {
                break;
            }
            struck += 1;
            let records = Arc::clone(&world.records);
            records.crash(records.durable_jobs()).unwrap();
            world.restart(records);
            now(start_up_check::run(&world.operations)).unwrap();
            let spent = world.money().paid_out;
            assert_eq!(left(&world), Some(cny(1_000 - spent)), "{fault:?} at {moment}");
            world.check_equation();
        }
        assert!(struck > 8, "{struck} moments");
    }
}

#[test]
fn what_a_rule_holds_back_counts_in_the_day_until_it_is_declined() {
    let world = limited(None, Some(1_000));
    let who = PrincipalId::new(0x0901);
    hold_from(&world, 500);
    let held = world.pay("a", 600).unwrap();
    assert_eq!((held.state, left(&world)), (OperationState::Held, Some(cny(400))));
    assert_eq!(world.pay("a", 600).unwrap(), held, "again");
    assert_eq!(left(&world), Some(cny(400)));
    let over = world.pay("b", 500).unwrap();
    assert_eq!((over.state, over.reason), (OperationState::Declined, Some(Reason::OverDailyLimit)));
    now(review::decide(&world.operations, who, held.id, Choice::Decline, "stolen phone")).unwrap();
    assert_eq!(left(&world), Some(cny(1_000)));
    let second = world.transfer("c", 900).unwrap();
    now(review::decide(&world.operations, who, second.id, Choice::Release, "known")).unwrap();
    assert_eq!(left(&world), Some(cny(100)), "released, it stays spent");
    world.check_equation();
}

#[test]
fn what_nobody_decides_about_counts_in_the_day_on_which_it_was_held_only() {
    let mut world = limited(None, Some(1_000));
    hold_from(&world, 500);
    world.pay("a", 600).unwrap();
    world.clock.pass(3 * 86_400 + 120);
    now(start_up_check::run(&world.operations)).unwrap();
    assert_eq!(left(&world), Some(cny(1_000)));
    let held = world.pay("b", 600).unwrap();
    let records = Arc::clone(&world.records);
    world.restart(records);
    now(start_up_check::run(&world.operations)).unwrap();
    assert_eq!(left(&world), Some(cny(400)), "held as before");
    let who = PrincipalId::new(0x0901);
    now(review::decide(&world.operations, who, held.id, Choice::Decline, "late")).unwrap();
    assert_eq!(left(&world), Some(cny(1_000)));
    world.check_equation();
}

/// Switches a rule on that holds back what is worth so much.
fn hold_from(world: &World, minor: u64) {
    let [one, two] = [0x0901, 0x0902].map(PrincipalId::new);
    now(duties::hire_founder(&world.operations, one, person("founder-one"))).unwrap();
    now(duties::hire_founder(&world.operations, two, person("founder-two"))).unwrap();
    let conditions = format!("amount {minor} CNY");
    let text = RuleText { name: "large".to_owned(), outcome: Outcome::Hold, conditions };
    let row = now(risk_rules::write(&world.operations, one, None, text)).unwrap();
    let action = Action::SwitchOn { rule: row.id, version: row.version };
    let asked = now(approvals::ask(&world.operations, one, action, "tested")).unwrap();
    now(approvals::decide(&world.operations, two, asked, true, "looked at the test")).unwrap();
}
