//! A crash between any two steps of any operation, then recovery: no value is created or lost, and the operation ends in
//! one way only.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use crate::world::{BANK, Fate, Money, World, now};
use bank::Fault;
use operations::{OperationError, Receipt, start_up_check};
use records::operations::OperationState;
use records::simulated::SimulatedRecords;

/// One operation, as it goes when nothing interrupts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    TopUp,
    TopUpDeclined,
    TopUpRequestLost,
    TopUpAnswerLost,
    Withdrawal,
    WithdrawalDeclined,
    WithdrawalBeyondBalance,
    WithdrawalRequestLost,
    WithdrawalAnswerLost,
    Transfer,
    TransferBeyondBalance,
    Payment,
    PaymentBeyondBalance,
    RefundOfPart,
    RefundOfAll,
}

use Scenario as S;

impl Scenario {
    const ALL: [Self; 15] = [
        S::TopUp,
        S::TopUpDeclined,
        S::TopUpRequestLost,
        S::TopUpAnswerLost,
        S::Withdrawal,
        S::WithdrawalDeclined,
        S::WithdrawalBeyondBalance,
        S::WithdrawalRequestLost,
        S::WithdrawalAnswerLost,
        S::Transfer,
        S::TransferBeyondBalance,
        S::Payment,
        S::PaymentBeyondBalance,
        S::RefundOfPart,
        S::RefundOfAll,
    ];

    /// Sets the scene: faults of the bank are part of it.
    fn prepare(self, world: &World) {
        let fault = match self {
            S::TopUpDeclined | S::WithdrawalDeclined => Fault::Decline,
            S::TopUpRequestLost | S::WithdrawalRequestLost => Fault::TimeOutBefore,
            S::TopUpAnswerLost | S::WithdrawalAnswerLost => Fault::TimeOutAfter,
            _ => return,
        };
        world.bank.inject(BANK, fault).unwrap();
    }

    fn run(self, world: &World) -> Result<Receipt, OperationError> {
        match self {
            S::TopUp | S::TopUpDeclined | S::TopUpRequestLost | S::TopUpAnswerLost => world.top_up("k", 500),
            S::Withdrawal | S::WithdrawalDeclined | S::WithdrawalRequestLost | S::WithdrawalAnswerLost => {
                world.withdraw("k", 700)
            }
            S::WithdrawalBeyondBalance => world.withdraw("k", 10_001),
            S::Transfer => world.transfer("k", 1_100),
            S::TransferBeyondBalance => world.transfer("k", 10_001),
            S::Payment => world.pay("k", 1_300),
            S::PaymentBeyondBalance => world.pay("k", 10_001),
            S::RefundOfPart => world.refund("k", 1_700),
            S::RefundOfAll => world.refund("k", 3_000),
        }
    }

    /// How an uninterrupted run ends.
    fn end(self) -> OperationState {
        match self {
            S::TopUpDeclined
            | S::WithdrawalDeclined
            | S::WithdrawalBeyondBalance
            | S::TransferBeyondBalance
            | S::PaymentBeyondBalance => OperationState::Declined,
            S::TopUpRequestLost | S::WithdrawalRequestLost => OperationState::Reversed,
            _ => OperationState::Completed,
        }
    }

    /// Where the money is after a completed run.
    fn moved(self, before: Money) -> Money {
        let mut after = before;
        match self {
            S::TopUp | S::TopUpDeclined | S::TopUpRequestLost | S::TopUpAnswerLost => {
                after.alice += 500;
                after.charged += 500;
            }
            S::Withdrawal | S::WithdrawalDeclined | S::WithdrawalRequestLost | S::WithdrawalAnswerLost => {
                after.alice -= 700;
                after.paid_out += 700;
            }
            S::Transfer => {
                after.alice -= 1_100;
                after.bob += 1_100;
            }
            S::Payment => {
                after.alice -= 1_300;
                after.shop += 1_300;
            }
            S::RefundOfPart | S::RefundOfAll => {
                let amount = if self == S::RefundOfAll { 3_000 } else { 1_700 };
                after.shop -= amount;
                after.alice += amount;
            }
            S::WithdrawalBeyondBalance | S::TransferBeyondBalance | S::PaymentBeyondBalance => {
                unreachable!("never completes")
            }
        }
        after
    }
}

/// What is left of the records after the crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Records {
    /// Every job that was written, awaited or not.
    All,
    /// Only the jobs that were awaited.
    Awaited,
    /// A backup from before the operation.
    Backup,
}

/// What happens first after the restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// The start-up check, as in a real server.
    Check,
    /// The client repeats the request before anything was checked.
    Repetition,
}

pub(crate) fn restart(world: &mut World, backup: &[u8], left: Records) {
    let records = match left {
        Records::Backup => Arc::new(SimulatedRecords::from_image(backup, Box::new(|_| false)).unwrap()),
        Records::All | Records::Awaited => {
            let records = Arc::clone(&world.records);
            let keep = if left == Records::All { records.jobs() } else { records.durable_jobs() };
            records.crash(keep).unwrap();
            records
        }
    };
    world.restart(records);
}

/// A world in which `scenario` is about to run, and a backup of its records.
fn scene(scenario: Scenario) -> (World, Vec<u8>, Money) {
    let world = World::new();
    let backup = world.records.image().unwrap();
    let before = world.money();
    world.arm_records();
    scenario.prepare(&world);
    (world, backup, before)
}

/// After recovery: the operation has ended, its record, its money and its repetition agree, and everything adds up.
fn check_end(scenario: Scenario, world: &World, before: Money, context: &str) {
    let first = scenario.run(world).unwrap_or_else(|error| panic!("{context}: repetition: {error}"));
    assert!(!first.state.is_open(), "{context}: repetition left it open");
    let expected = if first.state == OperationState::Completed { scenario.moved(before) } else { before };
    assert_eq!(world.money(), expected, "{context}: {:?}", first.state);
    let row = world.row(first.id).unwrap_or_else(|| panic!("{context}: no record"));
    assert_eq!(Receipt::from(&row), first, "{context}: record and receipt");
    let again = scenario.run(world).unwrap();
    assert_eq!(again, first, "{context}: second repetition");
    assert_eq!(world.money(), expected, "{context}: second repetition moved money");
    assert_eq!(world.count_open(), 0, "{context}: open operations");
    world.check_equation();
}

/// How many moments an uninterrupted run has.
fn moments(scenario: Scenario) -> u64 {
    let (world, _, before) = scene(scenario);
    world.faults.rest();
    let receipt = scenario.run(&world).unwrap();
    let moments = world.faults.moments();
    assert_eq!(receipt.state, scenario.end(), "{scenario:?}");
    check_end(scenario, &world, before, "uninterrupted");
    moments
}

#[test]
fn a_crash_at_any_moment_of_any_operation_creates_and_loses_nothing() {
    let mut crashes = 0;
    for scenario in S::ALL {
        for moment in 1..=moments(scenario) {
            for left in [Records::All, Records::Awaited, Records::Backup] {
                for first in [First::Check, First::Repetition] {
                    let context = format!("{scenario:?} crash at {moment}, {left:?}, {first:?}");
                    let (mut world, backup, before) = scene(scenario);
                    world.faults.strike(moment, Fate::Crash);
                    let _interrupted = scenario.run(&world);
                    assert!(world.faults.struck(), "{context}: nothing was interrupted");
                    restart(&mut world, &backup, left);
                    if first == First::Check {
                        now(start_up_check::run(&world.operations)).unwrap();
                        assert_eq!(world.count_open(), 0, "{context}: the check left something open");
                        world.check_equation();
                    }
                    check_end(scenario, &world, before, &context);
                    crashes += 1;
                }
            }
        }
    }
    assert!(crashes > 500, "only {crashes} crashes");
}

#[test]
fn a_crash_at_any_moment_of_the_recovery_creates_and_loses_nothing() {
    for scenario in S::ALL {
        for moment in 1..=moments(scenario) {
            for left in [Records::Awaited, Records::Backup] {
                for second in 1.. {
                    let context = format!("{scenario:?} crash at {moment}, {left:?}, again at {second}");
                    let (mut world, backup, before) = scene(scenario);
                    world.faults.strike(moment, Fate::Crash);
                    let _interrupted = scenario.run(&world);
                    restart(&mut world, &backup, left);
                    world.faults.strike(second, Fate::Crash);
                    let _interrupted = now(start_up_check::run(&world.operations));
                    let interrupted_again = world.faults.struck();
                    restart(&mut world, &backup, left);
                    now(start_up_check::run(&world.operations)).unwrap();
                    assert_eq!(world.count_open(), 0, "{context}");
                    check_end(scenario, &world, before, &context);
                    if !interrupted_again {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn a_message_lost_at_any_moment_is_made_good_by_repeating_the_request() {
    for scenario in S::ALL {
        for moment in 1..=moments(scenario) {
            let context = format!("{scenario:?} loses the message at {moment}");
            let (world, _, before) = scene(scenario);
            world.faults.strike(moment, Fate::Lost);
            let _interrupted = scenario.run(&world);
            world.faults.rest();
            check_end(scenario, &world, before, &context);
        }
    }
}

#[test]
fn two_crashes_of_one_request_and_its_repetition_create_and_lose_nothing() {
    for scenario in [S::TopUp, S::TopUpAnswerLost, S::Withdrawal, S::Payment, S::RefundOfPart] {
        let count = moments(scenario);
        for moment in 1..=count {
            for second in 1..=count + 4 {
                let context = format!("{scenario:?} crash at {moment}, its repetition at {second}");
                let (mut world, backup, before) = scene(scenario);
                world.faults.strike(moment, Fate::Crash);
                let _interrupted = scenario.run(&world);
                restart(&mut world, &backup, Records::Awaited);
                world.faults.strike(second, Fate::Crash);
                let _interrupted = scenario.run(&world);
                restart(&mut world, &backup, Records::Awaited);
                now(start_up_check::run(&world.operations)).unwrap();
                check_end(scenario, &world, before, &context);
            }
        }
    }
}

#[test]
fn a_registration_interrupted_at_any_moment_can_be_repeated() {
    for moment in 1.. {
        let (mut world, backup, _) = scene(S::Payment);
        world.faults.strike(moment, Fate::Crash);
        let register = |world: &World| {
            now(operations::holders::register(&world.operations, crate::world::holder("carol", "卡罗尔")))
        };
        let _interrupted = register(&world);
        let interrupted = world.faults.struck();
        restart(&mut world, &backup, Records::Awaited);
        let holder = match register(&world) {
            Ok(holder) => holder,
            Err(taken) => {
                assert_eq!(taken, OperationError::Taken { field: "login" });
                now(operations::payees::find(&world.operations, world.alice, "carol")).unwrap().holder
            }
        };
        let wallets = now(operations::balances::of_holder(&world.operations, holder)).unwrap();
        assert_eq!(wallets.len(), 1, "crash at {moment}");
        if !interrupted {
            break;
        }
    }
}
