//! How far the explorations of load, purchase, cancel and split go, and that everything holds in every state they reach.

use std::println;

use stateright::{Checker, Model};

use super::{
    model::{Bounds, Desk},
    *,
};

const fn wish(kind: Kind, amount: u32, till: usize) -> Wish {
    Wish { kind, amount, due: 0, till }
}

const fn split(till: usize) -> Wish {
    Wish { kind: Kind::CompoundPurchase, amount: 1, due: 3, till }
}

const LOAD: Wish = wish(Kind::LoadPurse, 2, 0);
/// Two amounts, from two places.
pub(super) const LOADS: &[Wish] = &[LOAD, wish(Kind::LoadPurse, 1, 1)];
/// At two tills.
pub(super) const SALES: &[Wish] = &[LOAD, wish(Kind::Purchase, 1, 0), wish(Kind::Purchase, 1, 1)];
/// A sale and its cancel at one till, which the other may try, too.
pub(super) const CANCELS: &[Wish] = &[LOAD, wish(Kind::Purchase, 1, 0), wish(Kind::Cancel, 1, 0)];
/// At two tills.
pub(super) const SPLITS: &[Wish] = &[LOAD, split(0), split(1)];
/// Everything, so that what one leaves meets the other.
const ALL: &[Wish] = &[LOAD, wish(Kind::Purchase, 1, 0), wish(Kind::Cancel, 1, 0), split(1)];

/// Explores all that can be reached, and returns how many states that is.
fn explore(name: &str, bounds: Bounds) -> usize {
    let checker = Desk::new(bounds, None).checker().threads(2).spawn_dfs().join();
    let (unique, all) = (checker.unique_state_count(), checker.state_count());
    println!("{name}: {unique} unique states of {all}");
    checker.assert_properties();
    unique
}

const fn bounds(wishes: &'static [Wish], begins: u8, authorisations: u8, tears: u8) -> Bounds {
    Bounds { wishes, begins, authorisations, tears }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "explores in release")]
fn every_reachable_state_of_load_purchase_cancel_and_split_accounts_for_all_value() {
    let explorations = [
        ("load", bounds(LOADS, 4, 0, 2), 25_249),
        ("purchase", bounds(SALES, 3, 3, 1), 148_665),
        ("cancel", bounds(CANCELS, 3, 3, 1), 59_271),
        ("split", bounds(SPLITS, 3, 2, 1), 35_945),
        ("purchase, twice torn", bounds(SALES, 3, 2, 2), 56_227),
        ("split, twice torn", bounds(SPLITS, 3, 2, 2), 68_349),
        ("all", bounds(ALL, 3, 3, 1), 192_963),
    ];
    for (name, bounds, least) in explorations {
        let unique = explore(name, bounds);
        assert!(unique >= least, "{name}: {unique} states: the model has become smaller");
    }
}

/// More than six million states, for the record: `cargo test --release -p purse --lib farther -- --ignored --nocapture`.
#[test]
#[ignore = "explores for minutes"]
fn every_state_that_is_reached_farther_accounts_for_all_value() {
    let explorations = [
        ("load", bounds(LOADS, 5, 0, 3), 235_389),
        ("purchase", bounds(SALES, 4, 3, 1), 2_347_305),
        ("cancel", bounds(CANCELS, 4, 3, 1), 788_013),
        ("split", bounds(SPLITS, 4, 3, 1), 2_603_835),
    ];
    for (name, bounds, least) in explorations {
        let unique = explore(name, bounds);
        assert!(unique >= least, "{name}: {unique} states: the model has become smaller");
    }
}
