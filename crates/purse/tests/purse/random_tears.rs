//! Lives of a card with transactions and losses of power at random, one inside another. `PURSE_RANDOM_RUNS` says how many.

use proptest::prelude::*;
use purse::{ep::Which, nvm::Fault, simulated::Tear};

use crate::desk::Desk;

#[derive(Clone, Debug)]
enum Act {
    Load(u32),
    LoadDeposit(u32),
    Pay(u32),
    PayFromDeposit(u32),
    Compound(u32),
    Unload(u32),
    CancelAfterPaying(u32),
    Unlock(u32),
}

/// An act, and where power is lost in it and in the recoveries.
#[derive(Clone, Debug)]
struct Torn {
    act: Act,
    at: Option<(u32, Tear)>,
    again: Vec<(u32, Tear)>,
    noise: u32,
}

fn tear() -> impl Strategy<Value = Tear> {
    prop_oneof![
        Just(Tear::Nothing),
        Just(Tear::Erased),
        Just(Tear::Everything),
        (0_u8..=4).prop_map(Tear::Prefix),
        any::<u32>().prop_map(Tear::Mixed),
        any::<u32>().prop_map(Tear::Weak),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let amount = || 1_u32..600;
    prop_oneof![
        amount().prop_map(Act::Load),
        amount().prop_map(Act::LoadDeposit),
        amount().prop_map(Act::Pay),
        amount().prop_map(Act::PayFromDeposit),
        amount().prop_map(Act::Compound),
        amount().prop_map(Act::Unload),
        amount().prop_map(Act::CancelAfterPaying),
        amount().prop_map(Act::Unlock),
    ]
}

fn torn() -> impl Strategy<Value = Torn> {
    (
        act(),
        prop::option::weighted(0.8, (0_u32..90, tear())),
        prop::collection::vec((0_u32..400, tear()), 0..3),
        any::<u32>(),
    )
        .prop_map(|(act, at, again, noise)| Torn { act, at, again, noise })
}

/// One act, and by how much it changes the value on the card when it is done.
fn play(desk: &mut Desk, act: &Act) -> (i64, Result<(), Fault>) {
    match *act {
        Act::Load(amount) => (i64::from(amount), desk.load(Which::Purse, amount).map(drop_done)),
        Act::LoadDeposit(amount) => (i64::from(amount), desk.load(Which::Deposit, amount).map(drop_done)),
        Act::Pay(amount) => (-i64::from(amount), desk.purchase(Which::Purse, amount).map(drop_done)),
        Act::PayFromDeposit(amount) => {
            (-i64::from(amount), desk.purchase(Which::Deposit, amount).map(drop_done))
        }
        Act::Compound(amount) => {
            let record = amount.to_be_bytes();
            let exit = [&[1][..], &record].concat();
            (-i64::from(amount), desk.compound(amount, &[(1, 0xD0, &exit)]).map(drop_done))
        }
        Act::Unload(amount) => (-i64::from(amount), desk.unload(Which::Purse, amount).map(drop_done)),
        Act::CancelAfterPaying(amount) => (i64::from(amount), desk.cancel(amount).map(drop_done)),
        Act::Unlock(amount) => (-i64::from(amount), desk.unlock_online(amount).map(drop_done)),
    }
}

fn drop_done(_: crate::desk::Done) {}

/// What has to be done first, so that the act is possible.
fn prepare(desk: &mut Desk, act: &Act, shadow: &mut i64) {
    match act {
        Act::CancelAfterPaying(amount) => {
            desk.purchase(Which::Purse, *amount).unwrap();
            *shadow -= i64::from(*amount);
        }
        Act::Unlock(_) => drop(desk.lock_grey().unwrap()),
        _ => {}
    }
}

fn live(acts: &[Torn]) {
    let mut desk = Desk::new();
    desk.load(Which::Purse, 20_000).unwrap();
    desk.load(Which::Deposit, 20_000).unwrap();
    let mut shadow = desk.value();
    for torn in acts {
        prepare(&mut desk, &torn.act, &mut shadow);
        if let Some((at, tear)) = torn.at {
            desk.card.nvm_mut().cut_at(at, tear);
        }
        desk.card.nvm_mut().set_noise(torn.noise);
        desk.expected = None;
        let (delta, result) = play(&mut desk, &torn.act);
        let is_lost = result.is_err() || desk.is_mirroring_torn;
        if is_lost {
            desk.power_cycle(&torn.again).unwrap();
        }
        let is_done = !is_lost || desk.expected.is_some_and(|done| desk.is_proved(&done));
        assert!(is_done || result.is_err(), "what was answered is done: {torn:?}");
        // A cut that was planned and not reached must not hit the next act.
        desk.card.nvm_mut().restore_power();
        shadow += if is_done { delta } else { 0 };
        assert_eq!(desk.value(), shadow, "{torn:?}");
        if !is_done {
            play(&mut desk, &torn.act).1.unwrap();
            shadow += delta;
            assert_eq!(desk.value(), shadow, "{torn:?} retried");
        }
    }
}

fn runs() -> u32 {
    std::env::var("PURSE_RANDOM_RUNS").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: runs(),
        max_shrink_iters: 5_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_torn_the_issuers_shadow_balance_is_the_value_on_the_card(
        acts in prop::collection::vec(torn(), 1..8),
    ) {
        live(&acts);
    }
}
