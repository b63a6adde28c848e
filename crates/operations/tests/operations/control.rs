//! Control: rules and reviews, approvals by two people, the audit log, reconciliation.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};

use ::audit_log::{Finding, LogKey, SignedHead};
use ledger::Timestamp;
use money::Amount;
use operations::approvals::{self, Action, Corrected};
use operations::audit_log::{HeadWitness, LogKeeper};
use operations::business_days::{self, BusinessDay};
use operations::duties::{self, OperatorRole};
use operations::review::{self, Choice};
use operations::risk_rules::{self, RuleText};
use operations::{Clock, OperationError, audit_log, black_list, reconciliation, start_up_check, totals};
use records::approvals::ApprovalState;
use records::control::DifferenceClass;
use records::operations::{OperationKind, OperationState, VolumeQuery};
use records::risk::{ListKind, RuleState};
use risk::Outcome;
use wallet::adjustment::Direction;
use wallet::ids::{OperationId, PrincipalId};

use crate::world::{BANK, CNY, World, cny, now, person};

const ONE: PrincipalId = PrincipalId::new(0x0901);
const TWO: PrincipalId = PrincipalId::new(0x0902);

/// The world with two founders of the operator.
fn staffed() -> World {
    let world = World::new();
    now(duties::hire_founder(&world.operations, ONE, person("founder-one"))).unwrap();
    now(duties::hire_founder(&world.operations, TWO, person("founder-two"))).unwrap();
    world
}

fn rule(world: &World, outcome: Outcome, conditions: &str) -> u128 {
    let text = RuleText { name: "a rule".to_owned(), outcome, conditions: conditions.to_owned() };
    let row = now(risk_rules::write(&world.operations, ONE, None, text)).unwrap();
    let action = Action::SwitchOn { rule: row.id, version: row.version };
    let asked = now(approvals::ask(&world.operations, ONE, action, "tested")).unwrap();
    now(approvals::decide(&world.operations, TWO, asked, true, "looked at the test")).unwrap();
    row.id
}

fn state_of(world: &World, id: OperationId) -> OperationState {
    let read = world.operations.services().records.read(move |sql| records::operations::get(sql, id));
    now(read).unwrap().unwrap().state
}

fn adds_up(world: &World) {
    assert!(now(totals::count(&world.operations)).unwrap().adds_up());
}

#[test]
fn a_rule_is_asked_only_after_two_people_switched_it_on() {
    let world = staffed();
    world.top_up("t", 50_000).unwrap();
    let text = RuleText {
        name: "large".to_owned(),
        outcome: Outcome::Decline,
        conditions: "amount 5000 CNY".to_owned(),
    };
    let row = now(risk_rules::write(&world.operations, ONE, None, text)).unwrap();
    assert_eq!(row.state, RuleState::Draft);
    assert_eq!(world.pay("a", 6_000).unwrap().state, OperationState::Completed);
    let action = Action::SwitchOn { rule: row.id, version: row.version };
    let asked = now(approvals::ask(&world.operations, ONE, action, "tested")).unwrap();
    let own = now(approvals::decide(&world.operations, ONE, asked, true, "mine"));
    assert_eq!(own, Err(OperationError::SamePerson));
    now(approvals::decide(&world.operations, TWO, asked, true, "fine")).unwrap();
    assert_eq!(world.pay("b", 6_000), Err(OperationError::DeclinedByRule));
    assert_eq!(world.pay("c", 4_999).unwrap().state, OperationState::Completed);
    now(risk_rules::switch_off(&world.operations, ONE, row.id)).unwrap();
    assert_eq!(world.pay("d", 6_000).unwrap().state, OperationState::Completed);
    let versions = now(risk_rules::versions(&world.operations, row.id)).unwrap();
    assert_eq!(
        versions.iter().map(|row| row.state).collect::<Vec<_>>(),
        [RuleState::Off, RuleState::On, RuleState::Draft]
    );
}

#[test]
fn a_held_payment_is_reserved_and_released_once() {
    let world = staffed();
    rule(&world, Outcome::Hold, "amount 6000 CNY");
    let held = world.pay("a", 7_000).unwrap();
    assert_eq!(held.state, OperationState::Held);
    assert_eq!(world.pay("a", 7_000).unwrap(), held, "a repetition gets the same answer");
    // What is held cannot be spent elsewhere.
    assert_eq!(world.pay("b", 4_000).unwrap().state, OperationState::Declined);
    adds_up(&world);
    now(review::decide(&world.operations, ONE, held.id, Choice::Release, "known customer")).unwrap();
    assert_eq!(state_of(&world, held.id), OperationState::Completed);
    let again = now(review::decide(&world.operations, TWO, held.id, Choice::Decline, "too late"));
    assert_eq!(again, Err(OperationError::DecidedBefore));
    assert_eq!(world.pay("a", 7_000).unwrap().state, OperationState::Completed);
    adds_up(&world);
}

#[test]
fn what_is_held_is_part_of_the_day_with_its_sum_and_the_day_adds_up() {
    let world = staffed();
    let today = || BusinessDay::at(Clock::now(&*world.clock));
    let report = |day: &BusinessDay| now(business_days::report(&world.operations, day)).unwrap();
    let has = |day: &BusinessDay, line: &str| report(day).lines().any(|found| found == line);
    let before = report(&today());
    rule(&world, Outcome::Hold, "amount 2000 CNY");
    let first = world.pay("a", 2_500).unwrap();
    world.transfer("b", 3_000).unwrap();
    let last = world.pay("c", 2_000).unwrap();
    let day = today();
    assert!(has(&day, "held,payment,CNY,2,4500") && has(&day, "held,transfer,CNY,1,3000"));
    assert!(has(&day, "balance,difference,CNY,0,0"));
    let completed = |text: &str| text.lines().filter(|l| l.starts_with("completed")).count();
    assert_eq!(completed(&report(&day)), completed(&before), "what is held has not moved");
    let close = now(business_days::close(&world.operations, ONE, &day)).unwrap();
    assert!(close.report.contains("\nheld,payment,CNY,2,4500\n"), "{}", close.report);

    now(review::decide(&world.operations, ONE, first.id, Choice::Release, "known customer")).unwrap();
    world.clock.pass(86_400);
    let next = today();
    assert_ne!(next, day);
    assert!(has(&next, "held,payment,CNY,1,2000"), "it still waits on the next day");
    now(review::decide(&world.operations, ONE, last.id, Choice::Decline, "stolen card")).unwrap();
    assert!(!report(&next).contains("held,payment"));
    assert!(has(&next, "balance,difference,CNY,0,0"));
    assert!(close.report.contains("held,payment"), "a closed day stays as it was");
    adds_up(&world);
}

#[test]
fn a_held_payment_that_is_declined_gives_the_value_back() {
    let world = staffed();
    let rule = rule(&world, Outcome::Hold, "amount 9000 CNY; kind payment");
    let held = world.pay("a", 9_000).unwrap();
    assert_eq!(held.state, OperationState::Held);
    now(review::decide(&world.operations, ONE, held.id, Choice::Decline, "stolen card")).unwrap();
    assert_eq!(state_of(&world, held.id), OperationState::Declined);
    now(risk_rules::switch_off(&world.operations, ONE, rule)).unwrap();
    assert_eq!(world.pay("b", 10_000).unwrap().state, OperationState::Completed);
    adds_up(&world);
}

#[test]
fn of_64_decisions_about_one_held_payment_one_wins() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    rule(&world, Outcome::Hold, "amount 1 CNY");
    let held = world.pay("a", 9_000).unwrap();
    let operations = &world.operations;
    let won: usize = std::thread::scope(|scope| {
        let decide = |number: usize| {
            let choice = if number.is_multiple_of(2) { Choice::Release } else { Choice::Decline };
            let who = if number.is_multiple_of(3) { ONE } else { TWO };
            scope.spawn(move || now(review::decide(operations, who, held.id, choice, "decided")).is_ok())
        };
        let threads: Vec<_> = (0..64).map(decide).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
    assert_ne!(state_of(&world, held.id), OperationState::Held);
    adds_up(&world);
}

#[test]
fn what_nobody_decides_in_time_goes_back() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    rule(&world, Outcome::Hold, "amount 1 CNY");
    let held = world.pay("a", 9_000).unwrap();
    world.clock.pass(3 * 86_400 + 120);
    now(start_up_check::run(&world.operations)).unwrap();
    assert_eq!(state_of(&world, held.id), OperationState::Declined);
    let late = now(review::decide(&world.operations, ONE, held.id, Choice::Release, "late"));
    assert_eq!(late, Err(OperationError::DecidedBefore));
    adds_up(&world);
}

#[test]
fn velocity_counts_attempts_and_a_repetition_is_no_attempt() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    rule(&world, Outcome::Decline, "count 4 in 600");
    for name in ["a", "b", "b", "c", "c"] {
        assert_eq!(world.pay(name, 10).unwrap().state, OperationState::Completed, "{name}");
    }
    assert_eq!(world.pay("d", 10), Err(OperationError::DeclinedByRule));
    world.clock.pass(601);
    assert_eq!(world.pay("e", 10).unwrap().state, OperationState::Completed);
}

#[test]
fn whoever_is_on_the_black_list_neither_pays_nor_is_paid() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    let alice = world.alice.to_string();
    let list = |listed| {
        now(black_list::change(&world.operations, ONE, (ListKind::Holder, &alice), listed, "stolen phone"))
            .unwrap()
    };
    assert_eq!(list(true), Some(1));
    assert_eq!(list(true), None, "a second time changes nothing");
    assert_eq!(world.pay("a", 10), Err(OperationError::DeclinedByRule));
    assert_eq!(list(false), Some(2));
    assert_eq!(world.pay("b", 10).unwrap().state, OperationState::Completed);
    let shown = now(black_list::show(&world.operations)).unwrap();
    assert_eq!((shown.version, shown.listed.len(), shown.changes.len()), (2, 0, 2));
}

#[test]
fn a_rule_is_tested_against_what_happened() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    for (name, minor) in [("a", 100), ("b", 900), ("c", 950)] {
        world.pay(name, minor).unwrap();
    }
    let text = RuleText {
        name: "large".to_owned(),
        outcome: Outcome::Hold,
        conditions: "amount 900 CNY".to_owned(),
    };
    let row = now(risk_rules::write(&world.operations, ONE, None, text)).unwrap();
    let test = now(risk_rules::test(&world.operations, row.id, 30)).unwrap();
    assert_eq!((test.attempts, test.hits, test.hits_completed, test.payers), (4, 3, 3, 1));
    assert_eq!(test.examples[0].amount, cny(950));
}

fn correction(world: &World, minor: u64) -> Action {
    Action::Correct {
        party: Corrected::Holder(world.alice),
        direction: Direction::ToParty,
        amount: Amount::from_minor(minor, CNY).unwrap(),
    }
}

#[test]
fn of_64_approvals_of_one_correction_one_is_carried_out() {
    let world = staffed();
    let asked = now(approvals::ask(&world.operations, ONE, correction(&world, 1_250), "bank error")).unwrap();
    let operations = &world.operations;
    let won: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| scope.spawn(move || now(approvals::decide(operations, TWO, asked, true, "ok")).is_ok()))
            .collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
    let sums = now(totals::count(&world.operations)).unwrap();
    let sums = sums.currencies.iter().find(|sums| sums.currency == CNY).unwrap();
    assert_eq!((sums.wallets, sums.suspense, sums.difference()), (11_250, -1_250, 0));
    let approval = now(approvals::get(&world.operations, asked)).unwrap();
    assert_eq!(approval.state, ApprovalState::Executed);
}

#[test]
fn a_rejected_correction_never_happens() {
    let world = staffed();
    let asked = now(approvals::ask(&world.operations, ONE, correction(&world, 500), "why not")).unwrap();
    now(approvals::decide(&world.operations, TWO, asked, false, "no reason given")).unwrap();
    let late = now(approvals::decide(&world.operations, TWO, asked, true, "after all"));
    assert_eq!(late, Err(OperationError::DecidedBefore));
    let sums = now(totals::count(&world.operations)).unwrap();
    assert!(sums.currencies.iter().all(|sums| sums.suspense == 0));
}

#[test]
fn what_nobody_approves_in_time_expires() {
    let world = staffed();
    let asked = now(approvals::ask(&world.operations, ONE, correction(&world, 500), "soon")).unwrap();
    world.clock.pass(3 * 86_400 + 1);
    let late = now(approvals::decide(&world.operations, TWO, asked, true, "late"));
    assert_eq!(late, Err(OperationError::DecidedBefore));
    assert_eq!(now(approvals::expire(&world.operations)), Ok(1));
    assert_eq!(now(approvals::get(&world.operations, asked)).unwrap().state, ApprovalState::Expired);
}

#[test]
fn who_may_not_ask_or_approve_is_refused() {
    let world = staffed();
    let new = person("auditor");
    let auditor = now(duties::hire(&world.operations, ONE, new, OperatorRole::Auditor)).unwrap();
    let asked = now(approvals::ask(&world.operations, auditor, correction(&world, 5), "please"));
    assert_eq!(asked, Err(OperationError::NotPermitted));
    let asked = now(approvals::ask(&world.operations, ONE, correction(&world, 5), "please")).unwrap();
    let decided = now(approvals::decide(&world.operations, auditor, asked, true, "ok"));
    assert_eq!(decided, Err(OperationError::NotPermitted));
    let own = now(duties::assign(&world.operations, ONE, ONE, (OperatorRole::Risk, &[])));
    assert_eq!(own, Err(OperationError::SamePerson));
}

#[test]
fn a_correction_is_rebuilt_from_the_ledger() {
    let world = staffed();
    let asked = now(approvals::ask(&world.operations, ONE, correction(&world, 700), "found cash")).unwrap();
    now(approvals::decide(&world.operations, TWO, asked, true, "counted twice")).unwrap();
    let id = approvals::operation_of(asked);
    let records = &world.operations.services().records;
    now(records.write(move |sql| {
        sql.execute("DELETE FROM operations WHERE id = $1", &[id.into()]).map(drop)
    }))
    .unwrap();
    now(start_up_check::run(&world.operations)).unwrap();
    let read = records.read(move |sql| records::operations::get(sql, id));
    let row = now(read).unwrap().unwrap();
    assert_eq!((row.kind, row.state), (OperationKind::Adjustment, OperationState::Completed));
    assert_eq!((row.payer, row.payee), (None, Some(world.alice.into())));
}

#[test]
fn every_act_of_control_is_in_the_log_and_the_log_is_whole() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    rule(&world, Outcome::Hold, "amount 6000 CNY");
    let held = world.pay("a", 7_000).unwrap();
    now(review::decide(&world.operations, ONE, held.id, Choice::Release, "known customer")).unwrap();
    let report = now(audit_log::check(&world.operations)).unwrap();
    assert!(report.findings.is_empty() && report.entries >= 4, "{report:?}");
    for place in 0..report.entries {
        let proof = now(audit_log::proof(&world.operations, place)).unwrap().unwrap();
        assert!(proof.verifies, "{place}");
    }
    let records = &world.operations.services().records;
    now(records.write(|sql| {
        sql.execute("UPDATE audit_entries SET actor = 'somebody else' WHERE place = 1", &[]).map(drop)
    }))
    .unwrap();
    assert!(!now(audit_log::check(&world.operations)).unwrap().findings.is_empty());
}

#[derive(Default)]
struct Witness(Mutex<Option<SignedHead>>);

impl HeadWitness for Witness {
    fn newest(&self) -> Option<SignedHead> {
        *self.0.lock().unwrap()
    }

    fn keep(&self, head: &SignedHead) {
        *self.0.lock().unwrap() = Some(*head);
    }
}

#[test]
fn a_log_whose_end_was_cut_off_is_found_also_after_it_grew_again() {
    let (world, witness) = (World::new(), Arc::new(Witness::default()));
    assert!(world.operations.keep_log(LogKeeper::new(LogKey::from_seed([7; 32]), Some(witness.clone()))));
    let noted = |count: u64| {
        for number in 0..count {
            now(audit_log::note(&world.operations, ONE, "tested", &number.to_string(), &[])).unwrap();
        }
    };
    noted(6);
    assert_eq!(witness.newest().unwrap().head.size, 6);
    let records = &world.operations.services().records;
    let cut = records.write(|sql| {
        sql.execute("DELETE FROM audit_entries WHERE place >= 4", &[])?;
        sql.execute("DELETE FROM audit_heads WHERE size > 4", &[]).map(drop)
    });
    now(cut).unwrap();
    let found = || now(audit_log::check(&world.operations)).unwrap().findings;
    assert_eq!(found(), [Finding::CutOff { size: 6 }]);
    noted(5);
    assert_eq!(witness.newest().unwrap().head.size, 6, "what tells of it is not replaced");
    assert_eq!(found(), [Finding::NotConsistent { size: 6 }]);
}

#[test]
fn a_day_is_closed_once_and_again_after_it_was_opened() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    let day = BusinessDay::at(world.operations.services().clock.now());
    let close = now(business_days::close(&world.operations, ONE, &day)).unwrap();
    assert!(close.report.contains("completed,top_up,CNY,2,23000"), "{}", close.report);
    assert!(close.report.contains("balance,difference,CNY,0,0"));
    let again = now(business_days::close(&world.operations, TWO, &day));
    assert_eq!(again, Err(OperationError::DecidedBefore));
    now(business_days::reopen(&world.operations, TWO, &day, "late refund")).unwrap();
    world.top_up("u", 500).unwrap();
    let close = now(business_days::close(&world.operations, TWO, &day)).unwrap();
    assert_eq!(close.revision, 2);
    assert!(close.report.contains("completed,top_up,CNY,3,23500"));
}

#[test]
fn a_fee_on_the_statement_is_found_and_corrected_by_two_people() {
    let world = staffed();
    world.top_up("t", 10_000).unwrap();
    world.withdraw("w", 4_000).unwrap();
    let mut statement =
        world.bank.with_bank(BANK, |bank| reconciliation::write_statement(bank, (0, u32::MAX))).unwrap();
    let clean = now(reconciliation::import(&world.operations, ONE, BANK, ("clean", &statement))).unwrap();
    let (file, differences) = now(reconciliation::show(&world.operations, clean)).unwrap();
    // The world begins with one top-up.
    assert_eq!((file.lines, file.matched), (3, 3));
    assert_eq!(differences, []);
    let date = BusinessDay::at(world.operations.services().clock.now()).date;
    statement.push_str(&format!("FEE-11,{date},CNY,12.50,out,monthly fee\n"));
    let file = now(reconciliation::import(&world.operations, ONE, BANK, ("november", &statement))).unwrap();
    let again = now(reconciliation::import(&world.operations, TWO, BANK, ("again", &statement))).unwrap();
    assert_eq!(file, again, "the same file is one import");
    let (_, differences) = now(reconciliation::show(&world.operations, file)).unwrap();
    let fee = differences.iter().find(|one| one.class == DifferenceClass::MissingInLedger).unwrap();
    assert_eq!((fee.reference.as_str(), fee.bank_minor), ("FEE-11", Some(-1_250)));
    let asked = now(reconciliation::resolve(&world.operations, ONE, (file, fee.number), "bank fee")).unwrap();
    let twice = now(reconciliation::resolve(&world.operations, ONE, (file, fee.number), "bank fee"));
    assert_eq!(twice, Err(OperationError::DecidedBefore));
    now(approvals::decide(&world.operations, TWO, asked, true, "seen the contract")).unwrap();
    let sums = now(totals::count(&world.operations)).unwrap();
    let sums = sums.currencies.iter().find(|sums| sums.currency == CNY).unwrap();
    assert_eq!((sums.float, sums.suspense, sums.difference()), (19_000 - 1_250, -1_250, 0));
}

#[test]
fn volumes_hold_what_was_just_paid_and_what_was_paid_on_days_before() {
    let world = World::new();
    let day = 86_400;
    let counts = || {
        let until = Timestamp(world.operations.services().clock.now().0 + 1);
        let query =
            VolumeQuery { from: Timestamp::ZERO, until, span_seconds: 86_400, ahead_of_utc_seconds: 28_800 };
        let volumes = now(totals::volumes(&world.operations, query)).unwrap();
        let payments = volumes.iter().filter(|volume| volume.kind == OperationKind::Payment);
        payments.map(|volume| volume.count).collect::<Vec<_>>()
    };
    // With the payment of the world itself.
    world.pay("b", 100).unwrap();
    assert_eq!(counts(), [2]);
    world.clock.pass(2 * day);
    assert_eq!(counts(), [2]);
    world.pay("c", 100).unwrap();
    assert_eq!(counts(), [2, 1]);
    world.pay("d", 100).unwrap();
    assert_eq!(counts(), [2, 2]);
}
