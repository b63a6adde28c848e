//! Which exploration notices each fault, and by which property. Where several break in the first bad states the table names
//! one.

use std::println;

use stateright::{Checker, HasDiscoveries, Model};

use super::{
    Fault,
    model::{Bounds, Desk},
    properties::{ACCOUNTED, ALWAYS, BLOCKED, CLOSED_ONCE, COLLECTED, CREATED, ONCE},
    reach::{CANCELS, LOADS, SALES, SPLITS},
    *,
};

/// What is at fault, what may be begun meanwhile, and what breaks.
const TABLE: [(Fault, &[Wish], &str); Fault::ALL.len()] = [
    (Fault::InPlace, LOADS, ACCOUNTED),
    (Fault::AnswersFirst, SALES, CREATED),
    (Fault::CounterStands, LOADS, CREATED),
    (Fault::CreditUnchecked, LOADS, CREATED),
    (Fault::DebitUnchecked, SALES, ACCOUNTED),
    (Fault::CancelUnchecked, CANCELS, ACCOUNTED),
    (Fault::TokenUnchecked, SPLITS, COLLECTED),
    (Fault::ClosingForgotten, SPLITS, CLOSED_ONCE),
    (Fault::SecondSplit, SPLITS, BLOCKED),
    (Fault::SplitApart, SPLITS, CLOSED_ONCE),
    (Fault::SendsFirst, SALES, ACCOUNTED),
    (Fault::BooksUnanswered, SALES, CREATED),
    (Fault::AnyProof, SALES, CREATED),
    (Fault::CodeUnchecked, SALES, ACCOUNTED),
    (Fault::BooksAgain, SALES, ONCE),
    (Fault::CancelUnrecorded, CANCELS, CREATED),
    (Fault::NumberRepeats, SALES, ONCE),
    (Fault::ReceiptUnchecked, SALES, CREATED),
    (Fault::SignsFirst, LOADS, CREATED),
    (Fault::ReservesAgain, LOADS, ONCE),
    (Fault::SameSequence, LOADS, CREATED),
    (Fault::ReversesInDoubt, LOADS, CREATED),
    (Fault::AnyCode, LOADS, ACCOUNTED),
    (Fault::CollectsAgain, SPLITS, ONCE),
    (Fault::ClosesFirst, SPLITS, COLLECTED),
];

/// The properties that are broken in the first states in which any is.
fn broken(wishes: &'static [Wish], fault: Fault) -> Vec<&'static str> {
    let bounds = Bounds { wishes, begins: 3, authorisations: 3, tears: 1 };
    let failures = HasDiscoveries::AnyFailures;
    let checker = Desk::new(bounds, Some(fault)).checker().finish_when(failures).spawn_bfs().join();
    let found = checker.discoveries();
    ALWAYS.into_iter().filter(|name| found.contains_key(name)).collect()
}

#[test]
#[cfg_attr(debug_assertions, ignore = "explores in release")]
fn the_model_notices_each_fault() {
    let mut others = Vec::new();
    for (fault, wishes, property) in TABLE {
        let found = broken(wishes, fault);
        println!("{fault:?}: {found:?}");
        if !found.contains(&property) {
            others.push((fault, found));
        }
    }
    assert_eq!(others, []);
}

#[test]
fn each_fault_has_its_row() {
    assert!(Fault::ALL.iter().all(|fault| TABLE.iter().any(|(row, ..)| row == fault)));
}
