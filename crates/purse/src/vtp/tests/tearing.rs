//! Power lost at every write of every step, at every write of the recovery from that, and in a second recovery; then
//! the transfer is resumed.

use std::println;

use super::*;
use crate::simulated::Tear;

/// Debug builds take every so-manieth write of the recovery, shifted by the write that was torn; release builds take all.
const STRIDE: u32 = if cfg!(debug_assertions) { 31 } else { 1 };
const TOTAL: u64 = 1_500;
const TEARS: [Tear; 4] = [Tear::Nothing, Tear::Erased, Tear::Weak(u32::MAX), Tear::Everything];
/// Where a second recovery is torn: at its beginning, in the middle, near its end.
const SECOND: [u32; 4] = [0, 1, 230, 436];

struct Pair {
    from: Purse,
    to: Purse,
    message: Vec<u8>,
}

/// One step, on one of two purses.
struct Step {
    name: &'static str,
    /// How many messages go before.
    before: u8,
    on_payer: bool,
    run: fn(&mut Purse, &Pair) -> Result<(), Fault>,
}

const STEPS: [Step; 10] = [
    Step {
        name: "start from",
        before: 0,
        on_payer: true,
        run: |purse, pair| start_as(purse, pair, Side::From),
    },
    Step { name: "start to", before: 0, on_payer: false, run: |purse, pair| start_as(purse, pair, Side::To) },
    Step { name: "req", before: 1, on_payer: true, run: |purse, pair| deliver(purse, 0x26, pair) },
    Step { name: "val", before: 2, on_payer: false, run: |purse, pair| deliver(purse, 0x28, pair) },
    Step { name: "ack", before: 3, on_payer: true, run: |purse, pair| deliver(purse, 0x2A, pair) },
    Step { name: "abort in epv", before: 2, on_payer: false, run: |purse, _| give_up(purse) },
    Step { name: "abort in epa", before: 2, on_payer: true, run: |purse, _| give_up(purse) },
    Step {
        name: "start over epa",
        before: 2,
        on_payer: true,
        run: |purse, pair| start_as(purse, pair, Side::From),
    },
    Step {
        name: "start over epv",
        before: 2,
        on_payer: false,
        run: |purse, pair| start_as(purse, pair, Side::To),
    },
    Step { name: "renewal in epa", before: 2, on_payer: true, run: |purse, _| renew(purse) },
];

fn start_as(purse: &mut Purse, pair: &Pair, side: Side) -> Result<(), Fault> {
    let details = pay_details(&pair.from, &pair.to, 100);
    let other = if side == Side::From { 2 } else { 1 };
    let (status, _) = start(purse, side, &chain(other, 1), &details)?;
    assert_eq!(status, 0x9000);
    Ok(())
}

fn deliver(purse: &mut Purse, ins: u8, pair: &Pair) -> Result<(), Fault> {
    assert_eq!(ask(purse, ins, 0, &pair.message)?.0, 0x9000);
    Ok(())
}

fn renew(purse: &mut Purse) -> Result<(), Fault> {
    let chain = renewal_cases::renewed(Day(TODAY.0 + 120));
    assert_eq!(renewal_cases::renew(purse, &chain)?, 0x9000);
    Ok(())
}

fn give_up(purse: &mut Purse) -> Result<(), Fault> {
    assert_eq!(ask(purse, 0x2E, 0, &[])?.0, 0x9000);
    Ok(())
}

/// Two purses between which so many messages went.
fn after_messages(messages: u8) -> Pair {
    let (mut from, mut to) = (purse(1, 1_000), purse(2, 500));
    let mut message = Vec::new();
    let details = pay_details(&from, &to, 100);
    if messages > 0 {
        message = start_both(&mut from, &mut to, &details).unwrap();
    }
    if messages > 1 {
        message = req(&mut from, &message).unwrap();
    }
    if messages > 2 {
        message = val(&mut to, &message).unwrap();
    }
    Pair { from, to, message }
}

/// What one exhaustive run has seen.
struct Tearing<'a> {
    step: &'a Step,
    pair: Pair,
    old: Contents,
    new: Contents,
    /// Contents from which the end was seen to be right.
    ended: Vec<Contents>,
    cuts: u64,
}

type Memory = SimulatedNvm<WORDS>;

impl Tearing<'_> {
    fn acting(&self) -> Purse {
        if self.step.on_payer { self.pair.from.clone() } else { self.pair.to.clone() }
    }

    fn recovered(&mut self, purse: Purse) {
        self.cuts += 1;
        let contents = purse.contents();
        assert!(contents == &self.old || contents == &self.new, "{}: neither old nor new", self.step.name);
        if !self.ended.contains(contents) {
            self.ended.push(contents.clone());
            self.end(purse);
        }
    }

    /// Resumes; then all value is accounted for, and the two can go on.
    fn end(&self, mut purse: Purse) {
        select(&mut purse);
        let (mut from, mut to) = (self.pair.from.clone(), self.pair.to.clone());
        if self.step.on_payer {
            from = purse;
        } else {
            to = purse;
        }
        let balanced = |from: &Purse, to: &Purse| {
            assert_eq!(accounted(&[from.contents(), to.contents()]), TOTAL, "{}", self.step.name);
        };
        balanced(&from, &to);
        resume(&mut from, &mut to);
        balanced(&from, &to);
        if self.step.name.len() == 3 {
            assert_eq!((yuan(&from), yuan(&to)), (900, 600), "{}: it was not resumed", self.step.name);
            assert!(from.contents().status().is_idle() && to.contents().status().is_idle());
        }
        assert_eq!((abort(&mut from), abort(&mut to)), (0x9000, 0x9000));
        balanced(&from, &to);
        transfer(&mut from, &mut to, 50).unwrap();
        balanced(&from, &to);
    }

    /// Tears the recovery from a torn step, and the recovery from that.
    fn tear_recovery(&mut self, torn: &Memory, write: u32, tear: Tear) {
        for first in (write.rem_euclid(STRIDE)..).step_by(STRIDE as usize) {
            let mut nvm = torn.clone();
            nvm.cut_at(first, tear);
            let mut nvm = match Purse::power_on(nvm) {
                Ok(purse) => return self.recovered(purse),
                Err((error, nvm)) => {
                    assert_eq!(error, journal::OpenError::PowerLost);
                    nvm
                }
            };
            nvm.restore_power();
            self.recovered(Purse::power_on(nvm.clone()).unwrap());
            let second = SECOND[(first as usize) % SECOND.len()];
            nvm.cut_at(second, tear);
            match Purse::power_on(nvm) {
                Ok(purse) => self.recovered(purse),
                Err((_, mut nvm)) => {
                    nvm.restore_power();
                    self.recovered(Purse::power_on(nvm).unwrap());
                }
            }
        }
    }

    fn run(&mut self) {
        for write in 0.. {
            for (index, tear) in TEARS.into_iter().enumerate() {
                let mut purse = self.acting();
                purse.nvm_mut().cut_at(write, tear);
                if (self.step.run)(&mut purse, &self.pair).is_ok() {
                    assert_eq!(purse.contents(), &self.new);
                    return;
                }
                let mut nvm = purse.power_off();
                nvm.restore_power();
                self.recovered(Purse::power_on(nvm.clone()).unwrap());
                if index == write as usize % TEARS.len() {
                    self.tear_recovery(&nvm, write, tear);
                }
            }
        }
    }
}

#[test]
fn no_loss_of_power_creates_or_loses_value() {
    let mut cuts = 0;
    for step in &STEPS {
        let pair = after_messages(step.before);
        let mut whole = if step.on_payer { pair.from.clone() } else { pair.to.clone() };
        let old = whole.contents().clone();
        (step.run)(&mut whole, &pair).unwrap();
        let new = whole.contents().clone();
        assert_ne!(old, new);
        let mut tearing = Tearing { step, pair, old, new, ended: Vec::new(), cuts: 0 };
        tearing.run();
        assert_eq!(tearing.ended.len(), 2, "{}: both sides of the commit are reached", step.name);
        cuts += tearing.cuts;
    }
    println!("{cuts} losses of power");
    assert!(cuts >= 8_000, "{cuts} losses of power");
}

#[test]
fn a_tear_while_the_log_is_cleared_or_value_is_loaded_leaves_all_or_nothing() {
    let mut pair = after_messages(2);
    assert_eq!(abort(&mut pair.from), 0x9000);
    let set = logged_set(&pair.from);
    let to = (pair.from.contents().purse(), pair.from.contents().authority_sequence());
    let clear = authority_data(to, AuthorityKind::ClearExceptions, &set, &[]);
    let load = authority_data(to, AuthorityKind::Load, &money(YUAN, 70), &money(YUAN, 70));
    for (p1, data, balance) in [(2, clear, 900), (3, load, 970)] {
        let old = pair.from.contents().clone();
        for write in 0.. {
            let mut purse = pair.from.clone();
            purse.nvm_mut().cut_at(write, TEARS[write as usize % TEARS.len()]);
            if ask(&mut purse, 0x34, p1, &data).is_ok() {
                break;
            }
            let mut nvm = purse.power_off();
            nvm.restore_power();
            let mut purse = Purse::power_on(nvm).unwrap();
            select(&mut purse);
            let is_done = purse.contents() != &old;
            let again = ask(&mut purse, 0x34, p1, &data).unwrap().0;
            assert_eq!(again, if is_done { 0x6985 } else { 0x9000 }, "once, however often it comes");
            assert_eq!(
                (yuan(&purse), purse.contents().exceptions().count()),
                (balance, usize::from(p1 == 3))
            );
        }
    }
}
