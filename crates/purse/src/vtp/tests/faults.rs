//! Which exploration or test notices that a rule is broken: all of them are, one at a time. Of several properties that
//! break in the first bad states the table names one.

use std::println;

use super::{
    model::{ACCOUNTED, AUTHENTIC, Bounds, CREATED, FUNDS, broken_properties},
    *,
};
use crate::vtp::rules::Rule;

/// What notices.
enum Noticed {
    /// A property of the model.
    Model(&'static str),
    /// A test that gives `true` as long as the rule is kept.
    Test(fn(Rules) -> bool),
}

const TABLE: [(Rule, Noticed); 26] = [
    (Rule::FreshSequence, Noticed::Model(ACCOUNTED)),
    (Rule::SequenceGrows, Noticed::Model(CREATED)),
    (Rule::OwnSide, Noticed::Model(AUTHENTIC)),
    (Rule::CertifiedCounterpart, Noticed::Model(CREATED)),
    (Rule::Funds, Noticed::Model(FUNDS)),
    (Rule::SameDetails, Noticed::Model(ACCOUNTED)),
    (Rule::SignedByCounterpart, Noticed::Model(CREATED)),
    (Rule::DebitBeforeVal, Noticed::Model(CREATED)),
    (Rule::DebitOnce, Noticed::Model(ACCOUNTED)),
    (Rule::CreditOnce, Noticed::Model(CREATED)),
    (Rule::OneCommit, Noticed::Model(CREATED)),
    (Rule::PayerLogs, Noticed::Model(ACCOUNTED)),
    (Rule::PayeeLogs, Noticed::Model(ACCOUNTED)),
    (Rule::AbortForgets, Noticed::Model(CREATED)),
    (Rule::TwoPurses, Noticed::Test(refuses_itself)),
    (Rule::NamedCounterpart, Noticed::Test(refuses_another_counterpart)),
    (Rule::Limits, Noticed::Test(refuses_above_limits)),
    (Rule::SeriesIsOn, Noticed::Test(refuses_a_series_that_is_off)),
    (Rule::Unlocked, Noticed::Test(refuses_while_locked)),
    (Rule::LogSpace, Noticed::Test(refuses_without_room)),
    (Rule::CodeNamesEntries, Noticed::Test(refuses_a_code_for_another_set)),
    (Rule::AuthorityOnce, Noticed::Test(loads_once)),
    (Rule::TryFirst, Noticed::Test(issuer_cases::tries_are_counted_first)),
    (Rule::DayGoesOn, Noticed::Test(refuses_an_earlier_day)),
    (Rule::CertifiedRenewal, Noticed::Test(renewal_cases::refuses_a_strange_scheme)),
    (Rule::LaterRenewal, Noticed::Test(renewal_cases::refuses_older_certificates)),
];

#[test]
fn each_test_notices_its_broken_rule() {
    for (rule, noticed) in &TABLE {
        if let Noticed::Test(test) = noticed {
            assert!(test(Rules::KEPT), "{rule:?} is kept");
            assert!(!test(Rules { broken: Some(*rule) }), "{rule:?} is broken and nothing notices");
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "explores in release")]
fn the_model_notices_each_broken_rule() {
    let mut others = Vec::new();
    for (rule, noticed) in &TABLE {
        if let Noticed::Model(property) = noticed {
            let transfers = if *rule == Rule::SameDetails { 2 } else { 1 };
            let largest = if *rule == Rule::Funds { 3 } else { 1 };
            let bounds = Bounds { transfers, tears: 1, aborts: 2, balance: 2, largest };
            let found = broken_properties(bounds, Rules { broken: Some(*rule) });
            println!("{rule:?}: {found:?}");
            if !found.contains(property) {
                others.push((*rule, found));
            }
        }
    }
    assert_eq!(others, []);
}

fn payer(rules: Rules) -> Purse {
    let mut purse = install(contents(1, 0), rules);
    load(&mut purse, 1_000);
    purse
}

fn start_status(purse: &mut Purse, other: u8, amount: u32) -> u16 {
    let details = pay_details(purse, &self::purse(2, 0), amount);
    start(purse, Side::From, &chain(other, 1), &details).unwrap().0
}

fn refuses_itself(rules: Rules) -> bool {
    let mut purse = payer(rules);
    let details = pay_details(&purse, &purse, 1);
    start(&mut purse, Side::From, &chain(1, 1), &details).unwrap().0 == 0x6A80
}

fn refuses_another_counterpart(rules: Rules) -> bool {
    start_status(&mut payer(rules), 3, 1) == 0x6A80
}

fn refuses_above_limits(rules: Rules) -> bool {
    let mut purse = payer(rules);
    let limits = PocketLimits { transfer_max: Amount::new(10), ..PocketLimits::NONE };
    let content = [TODAY.0.to_be_bytes().as_slice(), &limits.to_bytes().repeat(POCKETS)].concat();
    assert_eq!(authority(&mut purse, AuthorityKind::Synchronise, &content).unwrap().0, 0x9000);
    start_status(&mut purse, 2, 11) == 0x6985
}

fn refuses_a_series_that_is_off(rules: Rules) -> bool {
    let mut purse = payer(rules);
    assert_eq!(authority(&mut purse, AuthorityKind::SwitchOffSeries, &[0, 1]).unwrap().0, 0x9000);
    start_status(&mut purse, 2, 1) == 0x6985
}

fn refuses_while_locked(rules: Rules) -> bool {
    let mut purse = payer(rules);
    assert_eq!(ask(&mut purse, 0x42, 0, &[]).unwrap().0, 0x9000);
    start_status(&mut purse, 2, 1) == 0x6982
}

fn refuses_without_room(rules: Rules) -> bool {
    let (mut from, mut to) = (payer(rules), purse(2, 0));
    for _ in 0..EXCEPTIONS_MAX {
        let details = pay_details(&from, &to, 1);
        let asked = start_both(&mut from, &mut to, &details).unwrap();
        req(&mut from, &asked).unwrap();
        assert_eq!(abort(&mut from), 0x9000);
        to = install(contents(2, to.contents().next_sequence().0), Rules::KEPT);
    }
    start_status(&mut from, 2, 1) == 0x6A84
}

fn refuses_a_code_for_another_set(rules: Rules) -> bool {
    let (mut from, mut to) = (payer(rules), purse(2, 0));
    let target = (from.contents().purse(), from.contents().authority_sequence());
    let early = authority_data(target, AuthorityKind::ClearExceptions, &logged_set(&from), &[]);
    let details = pay_details(&from, &to, 1);
    let asked = start_both(&mut from, &mut to, &details).unwrap();
    req(&mut from, &asked).unwrap();
    assert_eq!(abort(&mut from), 0x9000);
    ask(&mut from, 0x34, 2, &early).unwrap().0 == 0x6988
}

fn loads_once(rules: Rules) -> bool {
    let mut purse = payer(rules);
    let target = (purse.contents().purse(), purse.contents().authority_sequence());
    let data = authority_data(target, AuthorityKind::Load, &money(YUAN, 50), &money(YUAN, 50));
    assert_eq!(ask(&mut purse, 0x34, 3, &data).unwrap().0, 0x9000);
    ask(&mut purse, 0x34, 3, &data).unwrap().0 == 0x6985
}

fn refuses_an_earlier_day(rules: Rules) -> bool {
    show(&mut payer(rules), &chain(2, 1), Day(TODAY.0 - 11)).unwrap() == 0x6985
}
