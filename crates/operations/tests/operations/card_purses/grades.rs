//! Credit grades: what records know is counted, and a real purse takes what follows.

use ledger::Timestamp;
use messages::card::{Asn, OrderId, Sequence, TerminalId};
use operations::OperationError;
use operations::card_purses::grades::{self, CreditGrade, Identity, Level, Reason};
use operations::card_purses::{identity, lists, lost};
use operations::duties::{self, OperatorRole};
use operations::start_up_check;
use records::card_dues::{self, CardDue, CardDueState};
use records::card_grades;
use wallet::ids::CardDueId;

use super::stage::{FOUNDER, Stage, stage};
use crate::world::{cny, now, person};

const DAY: u64 = 86_400;

fn with_document() -> Stage {
    let stage = stage(1, 0);
    check(&stage, Identity::Document);
    stage
}

fn check(stage: &Stage, what: Identity) {
    now(identity::check(stage.operations(), FOUNDER, stage.world.alice, what)).unwrap();
}

fn card(stage: &Stage) -> Asn {
    stage.cards[0].asn
}

fn shown(stage: &Stage) -> CreditGrade {
    now(grades::grade_of(stage.operations(), card(stage))).unwrap().unwrap()
}

/// The newest version: number, level, most that may be owed.
fn renewed(stage: &Stage) -> (u16, u8, u64) {
    let newest = now(grades::renew(stage.operations(), card(stage))).unwrap().unwrap();
    (newest.version, newest.level, newest.due_max.minor())
}

fn token(stage: &Stage, borne_version: u16) -> Option<[u8; 19]> {
    now(grades::token(stage.operations(), card(stage), borne_version)).unwrap()
}

/// Owes a part since so many days.
fn owe(stage: &Stage, number: u128, days: u64) {
    let since = Timestamp(stage.operations().services().clock.now().0 - days * DAY * 1_000_000_000);
    let due = CardDue {
        id: CardDueId::new(number),
        asn: card(stage),
        order: OrderId([7; 16]),
        sequence: Sequence(1),
        key: (1, 0),
        holder: stage.world.alice,
        merchant: stage.world.shop,
        terminal: TerminalId([1; 6]),
        amount: cny(800),
        state: CardDueState::Owed,
        attempt: 0,
        operation: None,
        owed_since: since,
        collected_at: None,
        is_listed: false,
    };
    let records = &stage.operations().services().records;
    now(records.write(move |sql| card_dues::insert(sql, &due))).unwrap();
}

#[test]
fn who_is_not_known_gets_no_grade_and_nothing_is_written() {
    let stage = stage(1, 0);
    let grade = shown(&stage);
    assert_eq!((grade.level, grade.due_max, grade.is_borne), (Level::NONE, cny(0), false));
    assert_eq!(grade.reasons[0], Reason::NoIdentity);
    assert_eq!(now(grades::renew(stage.operations(), card(&stage))).unwrap(), None);
    assert_eq!(token(&stage, 0), None);
}

#[test]
fn identity_is_checked_by_who_may() {
    let stage = with_document();
    assert_eq!(shown(&stage).history.identity, Identity::Document);
    let auditor = now(duties::hire(stage.operations(), FOUNDER, person("looks"), OperatorRole::Auditor));
    let refused =
        now(identity::check(stage.operations(), auditor.unwrap(), stage.world.alice, Identity::Unverified));
    assert_eq!(refused, Err(OperationError::NotPermitted));
    check(&stage, Identity::Phone);
    assert_eq!(shown(&stage).history.identity, Identity::Phone);
}

#[test]
fn a_card_takes_its_first_grade_and_refuses_the_one_before_the_next() {
    let mut stage = with_document();
    let first = token(&stage, 0).unwrap();
    assert_eq!((renewed(&stage), shown(&stage).is_borne), ((1, 1, 2_000), false));
    let take = |stage: &mut Stage, token: &[u8; 19]| {
        stage.cards[0].send([0x80, 0xDA, 0, 0], &[token]).unwrap().status
    };
    assert_eq!(take(&mut stage, &first), 0x9000);
    assert_eq!(token(&stage, 1), None);
    assert!(shown(&stage).is_borne);
    check(&stage, Identity::Unverified);
    let second = token(&stage, 1).unwrap();
    assert_eq!((renewed(&stage), shown(&stage).is_borne), ((2, 0, 0), false), "it falls at once");
    assert_eq!(take(&mut stage, &second), 0x9000);
    assert_eq!(take(&mut stage, &first), 0x6985, "marked up by an old message");
    let grade = stage.cards[0].send([0x80, 0xCA, 0, 1], &[]).unwrap();
    assert_eq!(grade.part::<5>(31), [0; 5], "level and limit");
}

#[test]
fn a_version_is_made_once_until_level_or_limit_change_or_its_days_end() {
    let stage = with_document();
    assert_eq!(renewed(&stage), (1, 1, 2_000));
    let expiry = shown(&stage).expiry;
    stage.world.clock.pass(60 * DAY);
    assert_eq!((renewed(&stage), shown(&stage).expiry), ((1, 1, 2_000), expiry));
    stage.world.clock.pass(DAY);
    assert_ne!(shown(&stage).expiry, expiry, "what it will be, before it is written");
    assert_eq!(renewed(&stage), (2, 1, 2_000));
    assert_eq!(renewed(&stage), (2, 1, 2_000));
    let mut parameters = now(lists::current_parameters(stage.operations())).unwrap();
    parameters.due_max[1].0 = 1_500;
    now(lists::set_parameters(stage.operations(), FOUNDER, parameters)).unwrap();
    assert_eq!(renewed(&stage), (3, 1, 1_500));
    parameters.due_max[2].0 = 1_499;
    let refused = now(lists::set_parameters(stage.operations(), FOUNDER, parameters));
    assert_eq!(refused, Err(OperationError::OutOfRange { field: "due_max" }));
}

#[test]
fn a_level_rises_after_ninety_days_and_falls_when_a_part_is_not_collected() {
    let stage = with_document();
    assert_eq!(renewed(&stage), (1, 1, 2_000));
    for month in 0..4 {
        stage.world.clock.pass(30 * DAY);
        stage.world.pay(&format!("pays-{month}"), 100).unwrap();
    }
    let grade = shown(&stage);
    assert_eq!((grade.history.disputes.payments, grade.history.relation_days), (5, 120));
    assert!(grade.history.active_months >= 4, "{:?}", grade.history);
    assert_eq!(renewed(&stage), (2, 2, 5_000));
    owe(&stage, 1, 6);
    assert_eq!(renewed(&stage).1, 2);
    owe(&stage, 2, 7);
    assert_eq!(renewed(&stage), (3, 1, 2_000));
    assert_eq!(shown(&stage).reasons[0], Reason::Overdue { days: 7 });
    owe(&stage, 3, 91);
    assert_eq!(renewed(&stage), (4, 0, 0));
    assert_eq!(shown(&stage).history.repayments.failed, 1);
}

#[test]
fn a_grade_falls_on_the_day_on_which_a_part_is_overdue_though_no_terminal_asks() {
    let stage = with_document();
    let newest = || {
        let asn = card(&stage);
        let read = stage.operations().services().records.read(move |sql| card_grades::newest(sql, asn));
        now(read).unwrap().map(|row| (row.version, row.level, row.granted_at))
    };
    assert_eq!(renewed(&stage), (1, 1, 2_000));
    // Nothing is left that could be collected.
    stage.world.pay("all", 10_000).unwrap();
    owe(&stage, 1, 29);
    now(start_up_check::run(stage.operations())).unwrap();
    assert_eq!(
        newest().map(|(version, level, _)| (version, level)),
        Some((1, 1)),
        "1 is the most, as before"
    );
    stage.world.clock.pass(DAY);
    now(start_up_check::run(stage.operations())).unwrap();
    let fallen = newest();
    assert_eq!(fallen.map(|(version, level, _)| (version, level)), Some((2, 0)));
    stage.world.clock.pass(DAY);
    now(start_up_check::run(stage.operations())).unwrap();
    assert_eq!((newest(), renewed(&stage)), (fallen, (2, 0, 0)), "once");
}

#[test]
fn a_lost_card_gets_no_grade_any_more() {
    let stage = with_document();
    assert_eq!(renewed(&stage).1, 1);
    now(lost::report(stage.operations(), stage.world.alice, card(&stage))).unwrap();
    assert_eq!(token(&stage, 0), None);
}
