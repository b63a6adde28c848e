//! Power is lost at every write of every transaction, and again at every write of the recovery.
//!
//! Whatever was torn, the card is in one of the states that it has between whole commits; the value on it has changed if and
//! only if GET TRANSACTION PROVE proves the change; and retried where it is not proved, the transaction happens once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod desk;

use desk::Desk;
use purse::{
    ep::{Contents, Which},
    nvm::Fault,
    simulated::Tear,
};

/// A transaction that is torn.
struct Scenario {
    name: &'static str,
    prepare: fn(&mut Desk),
    run: fn(&mut Desk) -> Result<(), Fault>,
    /// By how much it changes the value on the card.
    delta: i64,
}

fn funded(desk: &mut Desk) {
    desk.load(Which::Purse, 5_000).unwrap();
    desk.load(Which::Deposit, 3_000).unwrap();
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "load of the purse",
        prepare: |_| {},
        run: |desk| desk.load(Which::Purse, 1_000).map(drop),
        delta: 1_000,
    },
    Scenario {
        name: "load of the deposit",
        prepare: funded,
        run: |desk| desk.load(Which::Deposit, 250).map(drop),
        delta: 250,
    },
    Scenario {
        name: "purchase",
        prepare: funded,
        run: |desk| desk.purchase(Which::Purse, 850).map(drop),
        delta: -850,
    },
    Scenario {
        name: "purchase from the deposit",
        prepare: funded,
        run: |desk| desk.purchase(Which::Deposit, 850).map(drop),
        delta: -850,
    },
    Scenario { name: "cash", prepare: funded, run: |desk| desk.cash(300).map(drop), delta: -300 },
    Scenario {
        name: "compound purchase with two records",
        prepare: funded,
        run: |desk| {
            let exit = [0x01, 0xFF, 0x33, 0x44, 0x55, 0x66];
            desk.compound(200, &[(1, 0x1A << 3, &exit), (0, 0x1E << 3, &[9; 48])]).map(drop)
        },
        delta: -200,
    },
];

/// The whole states that a transaction goes through, without any damage.
fn states(before: &Desk, scenario: &Scenario) -> Vec<Contents> {
    let mut states = vec![before.contents().clone()];
    for at in 0.. {
        let mut desk = before.clone();
        desk.card.nvm_mut().cut_at(at, Tear::Nothing);
        let is_over = (scenario.run)(&mut desk).is_ok();
        desk.power_cycle(&[]).unwrap();
        if !states.contains(desk.contents()) {
            states.push(desk.contents().clone());
        }
        if is_over {
            return states;
        }
    }
    unreachable!("the loop ends with the transaction")
}

fn check(desk: &mut Desk, scenario: &Scenario, states: &[Contents], value: i64) {
    assert!(states.contains(desk.contents()), "{}: a state of its own", scenario.name);
    let expected = desk.expected;
    let is_proved = expected.is_some_and(|done| desk.is_proved(&done));
    let change = desk.value() - value;
    assert_eq!(change, if is_proved { scenario.delta } else { 0 }, "{}", scenario.name);
    if !is_proved {
        (scenario.run)(desk).unwrap();
        assert_eq!(desk.value() - value, scenario.delta, "{} retried", scenario.name);
        let done = desk.expected.unwrap();
        assert!(desk.is_proved(&done), "{} retried", scenario.name);
    }
}

/// How many cut points were checked.
fn tear_everywhere(scenario: &Scenario, firsts: &[Tear], seconds: &[Tear], page: u8) -> (u32, u32) {
    let mut before = Desk::new();
    (scenario.prepare)(&mut before);
    before.sent.clear();
    let mut nvm = before.card.clone().power_off().with_pages_of(page);
    nvm.restore_power();
    before.card = desk::Card::power_on(nvm).unwrap();
    before.select().unwrap();
    let states = states(&before, scenario);
    let value = before.value();
    let (mut points, mut torn_twice) = (0, 0);
    for tear in firsts {
        for at in 0.. {
            let mut torn = before.clone();
            torn.card.nvm_mut().cut_at(at, *tear);
            torn.card.nvm_mut().set_noise(at * 31 + 7);
            torn.expected = None;
            if (scenario.run)(&mut torn).is_ok() {
                break;
            }
            let mut once = torn.clone();
            once.card.nvm_mut().reset_write_count();
            once.power_cycle(&[]).unwrap();
            let recovery = once.card.nvm().writes();
            check(&mut once, scenario, &states, value);
            points += 1;
            for (second, again) in seconds.iter().flat_map(|tear| (0..recovery).map(move |at| (*tear, at))) {
                let mut twice = torn.clone();
                twice.power_cycle(&[(again, second), (again / 2, second)]).unwrap();
                check(&mut twice, scenario, &states, value);
                torn_twice += 1;
            }
        }
    }
    (points, torn_twice)
}

/// Everything with everything; else a part of it that is different for each scenario.
fn is_full() -> bool {
    std::env::var("PURSE_TEAR_FULL").is_ok()
}

#[test]
fn no_torn_transaction_creates_or_loses_value() {
    let (mut points, mut torn_twice) = (0, 0);
    for (index, scenario) in SCENARIOS.iter().enumerate() {
        let (once, _) = tear_everywhere(scenario, &Tear::SAMPLES, &[], 1);
        let (paged, _) = tear_everywhere(scenario, &Tear::SAMPLES, &[], 16);
        let sample = |step: usize| [Tear::SAMPLES[(index * 3 + step) % Tear::SAMPLES.len()]];
        let (_, twice) = if is_full() {
            tear_everywhere(scenario, &Tear::SAMPLES, &Tear::SAMPLES, 1)
        } else {
            tear_everywhere(scenario, &sample(7), &sample(4), 16)
        };
        points += once + paged;
        torn_twice += twice;
        println!("{}: {once} torn once, {paged} on pages, {twice} torn three times", scenario.name);
    }
    println!("{points} cut points, {torn_twice} of transaction and recovery");
    assert!(points > 500 * 6);
}
