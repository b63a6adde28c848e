//! A crash between any two steps: nothing is created or lost, and what was interrupted comes to its end.

use std::sync::Arc;

use operations::approvals::{self, Action};
use operations::card_purses::Direction;
use operations::card_purses::{clearing, lost};
use operations::{CardPurseRefusal, OperationError, start_up_check};
use records::approvals::ApprovalState;

use super::stage::{AT, FOUNDER, SECOND, Stage, stage};
use super::till::Mishap;
use crate::world::{Fate, now};

/// What is left of the records after the crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    All,
    Awaited,
}

/// Strikes at every moment of `act`, which is repeated after the crash until it comes to its end.
fn at_every_moment(
    prepare: impl Fn() -> Stage,
    act: impl Fn(&mut Stage) -> Result<(), OperationError>,
    check: impl Fn(&Stage),
) -> u64 {
    let mut moment = 0;
    loop {
        moment += 1;
        let mut struck = false;
        for kept in [Kept::All, Kept::Awaited] {
            let mut stage = prepare();
            stage.world.arm_records();
            stage.world.faults.strike(moment, Fate::Crash);
            let outcome = act(&mut stage);
            struck = stage.world.faults.struck();
            assert!(struck || outcome.is_ok(), "moment {moment}: {outcome:?}");
            let records = Arc::clone(&stage.world.records);
            let keep = if kept == Kept::All { records.jobs() } else { records.durable_jobs() };
            records.crash(keep).unwrap();
            stage.restart(records);
            now(start_up_check::run(stage.operations())).unwrap();
            stage.check();
            act(&mut stage).unwrap();
            check(&stage);
            stage.check_settled();
        }
        if !struck {
            return moment;
        }
    }
}

/// A card takes its load, from wherever it was left.
fn take(stage: &mut Stage) -> Result<(), OperationError> {
    let asn = stage.cards[0].asn;
    for _ in 0..4 {
        let waiting = now(operations::card_purses::loads::waiting(stage.operations(), asn))?;
        let Some(order) = waiting.first() else { return Ok(()) };
        stage.cards[0].power_cycle();
        let request = stage.cards[0].initialise(Direction::Load, 500, Some(order.id));
        match stage.begin(request) {
            Ok(answer) => {
                if let Some(code) = stage.cards[0].deliver(Direction::Load, &answer) {
                    stage.confirm(answer.operation, code)?;
                }
            }
            Err(OperationError::CardPurse(CardPurseRefusal::Unproven { sequence })) => {
                let code = stage.cards[0].proof(Direction::Load, sequence).unwrap();
                let card = (asn, request.issuer);
                let told = (Direction::Load, messages::card::Sequence(sequence));
                now(operations::card_purses::loads::prove(stage.operations(), AT, card, told, code))?;
            }
            Err(other) => return Err(other),
        }
    }
    panic!("the load comes to no end");
}

#[test]
fn a_load_that_is_struck_anywhere_is_on_the_card_once() {
    let prepare = || {
        let stage = stage(1, 0);
        stage.order("o", 0, 500);
        stage
    };
    let moments = at_every_moment(prepare, take, |stage| {
        assert_eq!((stage.cards[0].balance(), stage.world.money().alice), (500, 9_500));
    });
    assert!(moments > 20, "{moments} moments");
}

#[test]
fn a_batch_that_is_struck_anywhere_is_paid_once() {
    let prepare = || {
        let mut stage = stage(2, 1);
        stage.load("a", 0, 500);
        stage.load("b", 1, 500);
        let Stage { tills, cards, .. } = &mut stage;
        for amount in 1..=6 {
            tills[0].sell(&mut cards[amount as usize % 2], amount, Mishap::None);
        }
        tills[0].cancel(&mut cards[0]);
        stage
    };
    let upload = |stage: &mut Stage| {
        let batch = stage.tills[0].batch(1);
        now(clearing::upload(stage.operations(), stage.tills[0].id, &batch)).map(drop)
    };
    let moments = at_every_moment(prepare, upload, |stage| {
        assert_eq!(stage.world.money().shop, 3_000 + 15);
    });
    assert!(moments > 8, "{moments} moments");
}

#[test]
fn a_refund_that_is_struck_anywhere_is_paid_once() {
    let prepare = || {
        let mut stage = stage(1, 0);
        stage.load("a", 0, 500);
        now(lost::report(stage.operations(), stage.world.alice, stage.cards[0].asn)).unwrap();
        stage.world.clock.pass(9 * 86_400);
        stage.cards[0].power_cycle();
        let request = stage.cards[0].initialise(Direction::Unload, 500, None);
        assert!(stage.begin(request).is_err(), "a listed card is not served");
        stage
    };
    let asn_of = |stage: &Stage| stage.view(0).asn;
    at_every_moment_of_refund(prepare, asn_of);
}

/// As [`at_every_moment`]; the card is gone, so only the sums are compared.
fn at_every_moment_of_refund(prepare: impl Fn() -> Stage, asn_of: impl Fn(&Stage) -> messages::card::Asn) {
    for moment in 1..100 {
        let mut stage = prepare();
        let asn = asn_of(&stage);
        let action = Action::RefundCard(asn);
        let asked = now(approvals::ask(stage.operations(), FOUNDER, action, "lost")).unwrap();
        stage.world.arm_records();
        stage.world.faults.strike(moment, Fate::Crash);
        let approve = |stage: &Stage| now(approvals::decide(stage.operations(), SECOND, asked, true, "seen"));
        let first = approve(&stage);
        let struck = stage.world.faults.struck();
        let records = Arc::clone(&stage.world.records);
        records.crash(records.durable_jobs()).unwrap();
        stage.restart(records);
        now(start_up_check::run(stage.operations())).unwrap();
        stage.check();
        let again = approve(&stage);
        assert!(
            matches!(again, Ok(ApprovalState::Executed) | Err(OperationError::DecidedBefore)),
            "{again:?}"
        );
        assert!(first.is_err() || again.is_err(), "it is carried out once");
        assert_eq!(stage.world.money().alice, 10_000);
        stage.cards.clear();
        stage.check_settled();
        if !struck {
            return;
        }
    }
    panic!("the refund comes to no end");
}
