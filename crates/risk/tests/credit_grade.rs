//! The credit grade: what it rises and falls by, and that a card takes it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use globalplatform::apdu::Command;
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::{Amount, Currency};
use proptest::prelude::*;
use purse::{
    ep::{Application, Contents, Limits, Personalisation, Profile},
    fields::{Asn, Date},
    journal,
    key_table::KeyRecord,
    own,
    pboc::key::{Dgk, Dtk},
    simulated::SimulatedNvm,
};
use risk::grade::{
    Disputes, GradeError, Graded, History, Identity, Indicator, LEVELS, Level, LevelTable, LevelTableError,
    POINTS_MAX, RISES_AFTER_DAYS, Reason, Repayments, Standing, grade,
};

const AID: [u8; 5] = [0xF0, 1, 2, 3, 4];
const ASN: Asn = Asn([0x11; 10]);

fn day(day: u64) -> Timestamp {
    Timestamp(day * 86_400 * NANOSECONDS_PER_SECOND)
}

fn today() -> Timestamp {
    day(20_779)
}

fn cny(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::CNY).unwrap()
}

fn table() -> LevelTable {
    LevelTable::new([0, 2_000, 5_000, 10_000, 20_000, 50_000].map(cny)).unwrap()
}

fn standing(level: u8, changed: Timestamp) -> Standing {
    Standing { level: Level::new(level).unwrap(), version: 7, changed }
}

/// Long here, well known, and everything repaid.
fn best() -> History {
    History {
        repayments: Repayments { on_time: 4_000, late: 0, failed: 0 },
        overdue_days: 0,
        disputes: Disputes { payments: 300, lost: 0 },
        relation_days: 2_000,
        active_months: 12,
        identity: Identity::Document,
    }
}

fn graded(history: &History, before: Option<&Standing>) -> Graded {
    grade(history, before, &table(), today()).unwrap()
}

fn level(history: &History, before: u8) -> u8 {
    graded(history, Some(&standing(before, day(0)))).standing.level.number()
}

#[test]
fn a_stranger_has_no_credit_and_reads_why() {
    let graded = graded(&History::default(), None);
    assert_eq!((graded.score, graded.standing.level), (30, Level::NONE));
    let keys: Vec<&str> = graded.reasons.iter().map(|reason| reason.key()).collect();
    let points = ["grade.points.repayment", "grade.points.relation", "grade.points.regularity"];
    assert_eq!(keys, [&["grade.no-identity"][..], &points, &["grade.points.identity"]].concat());
}

#[test]
fn the_weights_make_a_hundred_and_the_best_has_almost_all() {
    let weights: u32 = Indicator::ALL.iter().map(|indicator| u32::from(indicator.weight())).sum();
    assert_eq!(weights, u32::from(POINTS_MAX));
    assert!(best().score() >= 99);
    assert_eq!(level(&best(), 5), 5);
}

#[test]
fn a_grade_rises_by_one_level_in_ninety_days() {
    let mut before: Option<Standing> = None;
    let mut levels = Vec::new();
    for since in [0, 10, 89, 90, 179, 180, 360, 450, 900] {
        let graded = grade(&best(), before.as_ref(), &table(), day(20_000 + since)).unwrap();
        levels.push(graded.standing.level.number());
        before = Some(graded.standing);
    }
    assert_eq!(levels, [1, 1, 1, 2, 2, 3, 4, 5, 5]);
    let waits = graded(&best(), Some(&standing(2, day(20_779 - 30))));
    assert_eq!(waits.reasons[0], Reason::RisesSlowly { wait_days: RISES_AFTER_DAYS - 30 });
}

#[test]
fn a_grade_falls_at_once_when_nobody_can_collect() {
    let owing = |overdue_days| History { overdue_days, ..best() };
    assert_eq!([6, 7, 29, 30].map(|days| level(&owing(days), 5)), [5, 1, 1, 0]);
    let told = graded(&owing(30), Some(&standing(5, day(0)))).reasons;
    assert_eq!(told[0], Reason::Overdue { days: 30 });
    assert_eq!(told.iter().filter(|reason| reason.key() == "grade.overdue").count(), 1);
    let fallen = graded(&owing(30), Some(&standing(5, day(0)))).standing;
    assert_eq!(fallen.changed, today());
    assert_eq!(graded(&best(), Some(&fallen)).standing.level, Level::NONE, "and does not rise the same day");
}

#[test]
fn what_was_given_up_weighs_more_than_what_came_late() {
    let with = |late, failed| History { repayments: Repayments { on_time: 20, late, failed }, ..best() };
    assert!(with(0, 0).score() > with(3, 0).score());
    assert!(with(3, 0).score() > with(0, 3).score());
}

#[test]
fn who_is_new_or_unknown_owes_little_however_good_the_rest_is() {
    assert_eq!(level(&History { relation_days: 29, ..best() }, 5), 1);
    let unknown = History { identity: Identity::Unverified, ..best() };
    assert_eq!(level(&unknown, 5), 0);
    let told = graded(&unknown, Some(&standing(5, day(0)))).reasons;
    assert_eq!((told[0], told[0].numbers()), (Reason::NoIdentity, vec![]));
}

#[test]
fn a_table_that_makes_no_sense_is_refused() {
    let refused = |minor: [u64; LEVELS]| LevelTable::new(minor.map(cny)).unwrap_err();
    assert_eq!(refused([1, 2, 3, 4, 5, 6]), LevelTableError::NoCreditOwes);
    assert_eq!(refused([0, 2, 1, 4, 5, 6]), LevelTableError::Falls);
    assert_eq!(refused([0, 2, 3, 4, 5, 1 << 32]), LevelTableError::TooMuch);
    let mut mixed = [0, 1, 2, 3, 4, 5].map(cny);
    mixed[3] = Amount::from_minor(3, Currency::EUR).unwrap();
    assert_eq!(LevelTable::new(mixed), Err(LevelTableError::Currency));
}

#[test]
fn versions_end() {
    let last = Standing { version: u16::MAX, ..standing(1, day(0)) };
    assert_eq!(grade(&best(), Some(&last), &table(), today()).unwrap_err(), GradeError::VersionsExhausted);
}

/// A card takes what [`grade`] gives, once signed, and no older one.
#[test]
fn a_card_bears_the_grade_as_it_was_given() {
    const WORDS: usize = journal::words_needed::<Contents>();
    let key = Dgk::new([0x42; 16]);
    let codes = Dtk::new(*b"0123456789abcdef");
    let contents = Contents::personalised(&Personalisation {
        profile: Profile::FMCOS,
        aid: &AID,
        file_identifier: [0x10, 1],
        public_information: [0x11; 30],
        keys: &[KeyRecord::new(&key, 1, 0, 0), KeyRecord::new(&codes, 1, 0, 0)],
        pin: (&[0x12, 0x34], 3),
        files: &[],
        limits: Limits::NONE,
        currencies: [[0; 2]; 4],
    });
    let mut card = Application::install(SimulatedNvm::<WORDS>::new(), contents.unwrap()).unwrap();
    let mut send = |header: [u8; 4], data: &[u8]| {
        card.step(&Command::new(header, data, Some(256)).unwrap(), [0; 8]).unwrap().status().0
    };
    assert_eq!(send([0, 0xA4, 4, 0], &AID), 0x9000);
    let first = graded(&best(), None);
    let second = graded(&best(), Some(&Standing { changed: day(0), ..first.standing }));
    assert_eq!(second.record.expiry, Date([0x20, 0x27, 0x02, 0x20]));
    let mut put = |given: &Graded| send([0x80, 0xDA, 0, 0], &own::grade_token(&key, &ASN, &given.record));
    assert_eq!([put(&first), put(&second), put(&first)], [0x9000, 0x9000, 0x6985]);
    assert_eq!(*card.contents().grade(), second.record);
    assert_eq!((second.record.grade, second.record.due_max.units(), second.record.version), (2, 5_000, 2));
}

fn any_history() -> impl Strategy<Value = History> {
    let repayments = (0_u32..200, 0_u32..50, 0_u32..20);
    let identity = prop_oneof![Just(Identity::Unverified), Just(Identity::Phone), Just(Identity::Document)];
    (repayments, 0_u32..60, (0_u32..500, 0_u32..10), 0_u32..1_500, 0_u8..14, identity).prop_map(
        |(
            (on_time, late, failed),
            overdue_days,
            (payments, lost),
            relation_days,
            active_months,
            identity,
        )| History {
            repayments: Repayments { on_time, late, failed },
            overdue_days,
            disputes: Disputes { payments, lost },
            relation_days,
            active_months,
            identity,
        },
    )
}

/// Every way in which a history can be better by one step.
fn betters(history: &History) -> Vec<History> {
    let mut betters = vec![*history; 9];
    betters[0].repayments.on_time += 1;
    betters[1].repayments.late = history.repayments.late.saturating_sub(1);
    betters[2].repayments.failed = history.repayments.failed.saturating_sub(1);
    betters[3].overdue_days = history.overdue_days.saturating_sub(1);
    betters[4].disputes.payments += 1;
    betters[5].disputes.lost = history.disputes.lost.saturating_sub(1);
    betters[6].relation_days += 1;
    betters[7].active_months += 1;
    betters[8].identity = Identity::Document;
    betters
}

proptest! {
    #[test]
    fn better_conduct_never_lowers_a_grade(history in any_history(), before in 0_u8..6, waited in 0_u64..200) {
        let before = standing(before, day(20_779 - waited));
        let was = graded(&history, Some(&before));
        for better in betters(&history) {
            let is = graded(&better, Some(&before));
            prop_assert!(is.score >= was.score, "{better:?}");
            prop_assert!(is.standing.level >= was.standing.level, "{better:?}");
            prop_assert!(is.record.due_max >= was.record.due_max);
        }
    }

    #[test]
    fn every_grade_has_its_reasons_and_never_jumps(history in any_history(), before in 0_u8..6) {
        let before = standing(before, day(0));
        let graded = graded(&history, Some(&before));
        prop_assert!(graded.standing.level.number() <= before.level.number() + 1);
        prop_assert_eq!(graded.reasons.is_empty(), graded.score == POINTS_MAX && graded.standing.level == Level::HIGHEST);
        prop_assert_eq!(graded.standing.version, before.version + 1);
        prop_assert_eq!(graded.record.due_max.units() == 0, graded.standing.level == Level::NONE);
    }

    #[test]
    fn whatever_is_counted_has_points_within_its_weight(on_time: u32, late: u32, failed: u32, payments: u32, lost: u32) {
        let history = History {
            repayments: Repayments { on_time, late, failed },
            disputes: Disputes { payments, lost },
            ..History::default()
        };
        for indicator in Indicator::ALL {
            prop_assert!(history.points(indicator) <= indicator.weight());
        }
    }
}
