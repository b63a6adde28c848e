//! Power is lost at every write of every transaction, and again at every write of the recovery.
//!
//! Whatever was torn, the card is in one of the states that it has between whole commits; the value on it has changed if and
//! only if GET TRANSACTION PROVE proves the change; and retried where it is not proved, the transaction happens once.

use purse::{
    amount::Amount,
    ep::{Contents, Grade, Limits, Which},
    fields::Kind,
    nvm::Fault,
    simulated::Tear,
};

use crate::desk::{
    ASN, Desk, LIMITS, PIN,
    more::{GRADE, ORDER},
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
    Scenario {
        name: "purchase that wraps the log",
        prepare: |desk| {
            funded(desk);
            for _ in 0..11 {
                desk.purchase(Which::Purse, 1).unwrap();
            }
        },
        run: |desk| desk.purchase(Which::Purse, 2).map(drop),
        delta: -2,
    },
    Scenario {
        name: "split sale",
        prepare: graded,
        run: |desk| desk.split(500, 1_500).map(drop),
        delta: -500,
    },
    Scenario {
        name: "unload",
        prepare: funded,
        run: |desk| desk.unload(Which::Purse, 700).map(drop),
        delta: -700,
    },
    Scenario {
        name: "overdraft limit",
        prepare: funded,
        run: |desk| desk.overdraft(Which::Deposit, 10_000).map(drop),
        delta: 0,
    },
    Scenario {
        name: "cancel",
        prepare: |desk| {
            funded(desk);
            desk.purchase(Which::Purse, 444).unwrap();
        },
        run: |desk| desk.cancel(444).map(drop),
        delta: 444,
    },
    Scenario {
        name: "conversion",
        prepare: funded,
        // 705 / 7 is 100 and 5 left over, which the issuer keeps.
        run: |desk| desk.convert(0, 2, 705, (1, 7)).map(drop),
        delta: -5,
    },
    Scenario {
        name: "parameters",
        prepare: funded,
        run: |desk| desk.parameters(Limits { balance_max: Amount::new(10), ..LIMITS }).map(drop),
        delta: 0,
    },
    Scenario { name: "grey lock", prepare: funded, run: |desk| desk.lock_grey().map(drop), delta: 0 },
    Scenario {
        name: "online unlock",
        prepare: |desk| {
            funded(desk);
            desk.lock_grey().unwrap();
        },
        run: |desk| desk.unlock_online(321).map(drop),
        delta: -321,
    },
];

fn graded(desk: &mut Desk) {
    funded(desk);
    assert_eq!(desk.put_grade(&GRADE).unwrap(), 0x9000);
}

/// Commands that move no value: they are torn as the others, and done again where nothing shows that they were done.
const WITHOUT_VALUE: &[Scenario] = &[
    Scenario {
        name: "wrong PIN",
        prepare: funded,
        run: |desk| desk.verify(&[0x99, 0x99]).map(drop),
        delta: 0,
    },
    Scenario { name: "right PIN", prepare: funded, run: |desk| desk.verify(&PIN).map(drop), delta: 0 },
    Scenario {
        name: "change of PIN",
        prepare: funded,
        run: |desk| desk.apdu([0x80, 0x5E, 0x01, 0x00], &[&PIN, &[0xFF, 0x11, 0x22]]).map(drop),
        delta: 0,
    },
    Scenario {
        name: "block",
        prepare: funded,
        run: |desk| desk.maintain([0x84, 0x1E, 0, 0], &[]).map(drop),
        delta: 0,
    },
    Scenario {
        name: "file",
        prepare: funded,
        run: |desk| desk.maintain([0x04, 0xD6, 0x96, 3], &[7; 20]).map(drop),
        delta: 0,
    },
    Scenario {
        name: "completion",
        prepare: |desk| {
            graded(desk);
            desk.split(500, 1_500).unwrap();
        },
        run: |desk| {
            let sequence = desk.contents().split().sequence;
            desk.complete(ASN, ORDER, sequence).map(drop)
        },
        delta: 0,
    },
    Scenario {
        name: "grade",
        prepare: graded,
        run: |desk| desk.put_grade(&Grade { version: 2, grade: 4, ..GRADE }).map(drop),
        delta: 0,
    },
    Scenario {
        name: "wrong MAC of a host",
        prepare: funded,
        run: |desk| {
            let begun = desk.initialise(0, 2, 1_000)?.ok();
            let mut data = desk.sign_load(&begun, 1_000, Kind::LoadPurse);
            data[10] ^= 1;
            desk.apdu([0x80, 0x52, 0, 0], &[&data]).map(drop)
        },
        delta: 0,
    },
];

/// The whole states that a transaction goes through, without any damage. The last is the one it ends in.
fn states(before: &Desk, scenario: &Scenario) -> Vec<Contents> {
    let mut states = vec![before.contents().clone()];
    for at in 0.. {
        let mut desk = before.clone();
        desk.card.nvm_mut().cut_at(at, Tear::Nothing);
        let is_over = (scenario.run)(&mut desk).is_ok() && !desk.is_mirroring_torn;
        desk.power_cycle(&[]).unwrap();
        if !states.contains(desk.contents()) {
            states.push(desk.contents().clone());
        }
        if is_over {
            states.push(desk.contents().clone());
            return states;
        }
    }
    unreachable!("the loop ends with the transaction")
}

fn check(desk: &mut Desk, scenario: &Scenario, states: &[Contents], value: i64, is_answered: bool) {
    if is_answered {
        assert!(Some(desk.contents()) == states.last(), "{}: forgot what it answered", scenario.name);
    }
    assert!(states.contains(desk.contents()), "{}: a state of its own", scenario.name);
    if states.len() > 1 && WITHOUT_VALUE.iter().any(|other| other.name == scenario.name) {
        assert_eq!(desk.value(), value, "{}", scenario.name);
        return;
    }
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
fn tear_everywhere(
    scenario: &Scenario,
    firsts: &[Tear],
    seconds: &[Tear],
    page: u8,
    step: u32,
) -> (u32, u32) {
    let mut before = Desk::new();
    (scenario.prepare)(&mut before);
    before.sent.clear();
    let mut nvm = before.card.clone().power_off().with_pages_of(page);
    nvm.restore_power();
    before.card = crate::desk::Card::power_on(nvm).unwrap();
    before.select().unwrap();
    let states = states(&before, scenario);
    let value = before.value();
    let (mut points, mut torn_twice, mut answered) = (0, 0, 0);
    for tear in firsts {
        for at in 0.. {
            let mut torn = before.clone();
            torn.card.nvm_mut().cut_at(at, *tear);
            torn.card.nvm_mut().set_noise(at * 31 + 7);
            torn.expected = None;
            let is_answered = (scenario.run)(&mut torn).is_ok();
            if is_answered && !torn.is_mirroring_torn {
                break;
            }
            answered += u32::from(is_answered);
            let mut once = torn.clone();
            once.card.nvm_mut().reset_write_count();
            once.power_cycle(&[]).unwrap();
            let recovery = once.card.nvm().writes();
            check(&mut once, scenario, &states, value, is_answered);
            points += 1;
            let places = (at % step..recovery).step_by(step as usize);
            for (second, again) in seconds.iter().flat_map(|tear| places.clone().map(move |at| (*tear, at))) {
                let mut twice = torn.clone();
                twice.power_cycle(&[(again, second), (again / 2, second)]).unwrap();
                check(&mut twice, scenario, &states, value, is_answered);
                torn_twice += 1;
            }
        }
    }
    assert!(answered > 0, "{}: power goes after an answer, too", scenario.name);
    (points, torn_twice)
}

/// Every tear of a transaction with every write of its recovery; else a part of it that is different for each scenario.
fn is_full() -> bool {
    std::env::var("PURSE_TEAR_FULL").is_ok()
}

#[test]
fn no_torn_transaction_creates_or_loses_value() {
    let (mut points, mut torn_twice) = (0, 0);
    for (index, scenario) in SCENARIOS.iter().chain(WITHOUT_VALUE).enumerate() {
        let (once, _) = tear_everywhere(scenario, &Tear::SAMPLES, &[], 1, 1);
        let (paged, _) = tear_everywhere(scenario, &Tear::SAMPLES, &[], 16, 1);
        let sample = |step: usize| [Tear::SAMPLES[(index * 3 + step) % Tear::SAMPLES.len()]];
        let (_, twice) = if is_full() {
            tear_everywhere(scenario, &Tear::SAMPLES, &sample(4), 16, 1)
        } else {
            tear_everywhere(scenario, &sample(7), &sample(4), 16, 11)
        };
        points += once + paged;
        torn_twice += twice;
        println!("{}: {once} torn once, {paged} on pages, {twice} torn three times", scenario.name);
    }
    println!("{points} cut points, {torn_twice} of transaction and recovery");
    assert!(points > 15_000 && torn_twice > 20_000);
}
