//! Power goes: the card's at every write of its memory and at every command, the terminal's at every write of its journal, and
//! both together. What cards were debited is what the terminal knows as done or unknown, and nothing happens twice.

use card_reader::reader::Reader;
use purse::{amount::Amount, simulated::Tear};
use terminal::{Entrance, Station, debit::Receipt, gate::Way, refusal::Failure, simulated_disk::DiskFault};

use crate::shop::{
    Field, Leaves, Restless, Till, at, card, field, held, hold_again, restart, sale, sums, till,
};

const BEFORE: u32 = 1_000;

/// Where the card loses power.
#[derive(Clone, Copy, Debug)]
enum CardCut {
    Never,
    Leaves(Leaves),
    Write(u32, Tear),
}

/// Where the terminal or its disk does.
#[derive(Clone, Copy, Debug)]
enum TillCut {
    Never,
    Disk(u64, DiskFault),
    Module(u32, Tear),
}

/// What is done at the till, under a name, and what the card pays for it in the end.
type Deed = fn(&mut Till, &mut dyn Reader) -> Result<Receipt, Failure>;

fn sell(till: &mut Till, reader: &mut dyn Reader) -> Result<Receipt, Failure> {
    till.sell(reader, &sale(1, 300), &at(9, 0))
}

fn cancel(till: &mut Till, reader: &mut dyn Reader) -> Result<Receipt, Failure> {
    till.cancel_last(reader, &at(9, 0))
}

fn enter(till: &mut Till, reader: &mut dyn Reader) -> Result<Receipt, Failure> {
    let here = Station { line: 9, station: 17 };
    till.pass(reader, (here, &Way::In), &at(9, 0))
}

fn leave(till: &mut Till, reader: &mut dyn Reader) -> Result<Receipt, Failure> {
    let here = Station { line: 9, station: 20 };
    let fare = |_: &Entrance| Amount::new(300);
    till.pass(reader, (here, &Way::Out(&fare)), &at(9, 0))
}

/// Copies a shop: cloning everything is taking an image.
fn image(till: Till) -> impl Fn() -> Till {
    let (disk, module) = till.stop();
    move || crate::shop::start(disk.clone(), module.clone())
}

fn plan(till: &mut Till, field: &mut Field, cuts: (CardCut, TillCut)) {
    if let CardCut::Write(write, tear) = cuts.0 {
        field.device_mut().unwrap().nvm_mut().cut_at(write, tear);
    }
    match cuts.1 {
        TillCut::Never => {}
        TillCut::Disk(step, fault) => till.disk_mut().fail_at(step, fault),
        TillCut::Module(write, tear) => {
            till.module_reader_mut().device_mut().unwrap().nvm_mut().cut_at(write, tear);
        }
    }
}

/// Does the deed with these cuts, and brings everything back that lost power.
fn torn(
    mut till: Till,
    field: &mut Field,
    deed: Deed,
    cuts: (CardCut, TillCut),
) -> (Till, Result<Receipt, Failure>) {
    plan(&mut till, field, cuts);
    let outcome = match cuts.0 {
        CardCut::Leaves(leaves) => deed(&mut till, &mut Restless::new(field, leaves)),
        _ => deed(&mut till, field),
    };
    hold_again(field);
    till.disk_mut().make_room();
    (restart(till), outcome)
}

/// What the card paid, against what the terminal knows.
fn check_sums(till: &Till, field: &Field, cuts: (CardCut, TillCut)) {
    let debited = i64::from(BEFORE) - i64::from(held(field));
    let (done, unknown) = sums(till);
    let (least, most) = (unknown.min(0), unknown.max(0));
    assert!(
        (done + least..=done + most).contains(&debited),
        "{debited} debited, {done} done, {unknown} unknown: {cuts:?}"
    );
}

fn disk_cuts(steps: u64) -> Vec<TillCut> {
    let mut cuts = vec![TillCut::Never];
    for step in 0..steps {
        for (kept_bytes, keeps_earlier) in [(0, false), (0, true), (37, true), (u32::MAX, true)] {
            cuts.push(TillCut::Disk(step, DiskFault::Crash { kept_bytes, keeps_earlier }));
        }
        cuts.push(TillCut::Disk(step, DiskFault::Fails));
        cuts.push(TillCut::Disk(step, DiskFault::Full));
    }
    cuts
}

fn card_cuts(writes: u32, commands: u32, tears: &[Tear]) -> Vec<CardCut> {
    let mut cuts = vec![CardCut::Never];
    cuts.extend(
        (0..commands)
            .flat_map(|at| [CardCut::Leaves(Leaves::Before(at)), CardCut::Leaves(Leaves::After(at))]),
    );
    cuts.extend((0..writes).flat_map(|at| tears.iter().map(move |tear| CardCut::Write(at, *tear))));
    cuts
}

/// How many writes of the card and steps of the disk a deed takes when nothing goes wrong.
fn measure(new_till: &impl Fn() -> Till, new_field: &Field, deed: Deed) -> (u32, u64, u32) {
    let (mut till, mut field) = (new_till(), new_field.clone());
    field.device_mut().unwrap().nvm_mut().reset_write_count();
    till.module_reader_mut().device_mut().unwrap().nvm_mut().reset_write_count();
    let steps = till.disk_mut().steps();
    deed(&mut till, &mut field).unwrap();
    let module = till.module_reader_mut().device_mut().unwrap().nvm_mut().writes();
    (field.device().unwrap().nvm().writes(), till.disk_mut().steps() - steps, module)
}

/// Every pair of cuts, then the card comes back to the same terminal. It had paid `opening` before, and has paid `paid` now,
/// once.
fn exhaust(new_till: &impl Fn() -> Till, new_field: &Field, deed: Deed, (opening, paid): (i64, i64)) -> u32 {
    let (writes, steps, module_writes) = measure(new_till, new_field, deed);
    let tears = [Tear::Mixed(0x5555_5555), Tear::Weak(u32::MAX), Tear::Everything];
    let modules = (0..module_writes).map(|write| TillCut::Module(write, Tear::Erased));
    let tills: Vec<TillCut> = disk_cuts(steps).into_iter().chain(modules).collect();
    let mut pairs = 0;
    for card_cut in card_cuts(writes, 6, &tears) {
        for till_cut in &tills {
            let cuts = (card_cut, *till_cut);
            // The module's memory never meets the card's: each is torn with everything else, not both at once.
            if matches!(cuts, (CardCut::Write(..), TillCut::Module(..))) {
                continue;
            }
            let mut field = new_field.clone();
            let (mut till, outcome) = torn(new_till(), &mut field, deed, cuts);
            check_sums(&till, &field, cuts);
            let has_moved = i64::from(BEFORE) - i64::from(held(&field)) != opening;
            let is_told = outcome.as_ref().err().is_none_or(Failure::may_have_paid);
            assert!(!has_moved || is_told, "paid, and nobody was told: {cuts:?}");
            // Who went through a gate does not go through again.
            if outcome.is_err() {
                let again = deed(&mut till, &mut field);
                assert!(again.is_ok(), "{again:?}: {cuts:?}");
            }
            let debited = i64::from(BEFORE) - i64::from(held(&field));
            assert_eq!(debited, opening + paid, "{cuts:?}");
            assert_eq!(sums(&till), (opening + paid, 0), "{cuts:?}");
            pairs += 1;
        }
    }
    pairs
}

fn new_shop() -> (impl Fn() -> Till, Field) {
    (image(till(1)), field(card(1, BEFORE), 1))
}

#[test]
fn a_sale_is_made_once_wherever_card_and_terminal_lose_power() {
    let (new_till, new_field) = new_shop();
    let pairs = exhaust(&new_till, &new_field, sell, (0, 300));
    assert!(pairs > 3_000, "{pairs} pairs of cuts");
    println!("{pairs} pairs of cuts");
}

#[test]
fn nobody_enters_or_pays_a_fare_twice_wherever_card_and_gate_lose_power() {
    let (new_till, new_field) = new_shop();
    println!("{} pairs of cuts", exhaust(&new_till, &new_field, enter, (0, 0)));
    let (mut till, mut inside) = (new_till(), new_field);
    enter(&mut till, &mut inside).unwrap();
    hold_again(&mut inside);
    println!("{} pairs of cuts", exhaust(&new_till, &inside, leave, (0, 300)));
}

#[test]
fn a_cancel_gives_back_once_wherever_card_and_terminal_lose_power() {
    let (new_till, mut sold) = new_shop();
    let mut till = new_till();
    sell(&mut till, &mut sold).unwrap();
    hold_again(&mut sold);
    println!("{} pairs of cuts", exhaust(&image(till), &sold, cancel, (300, -300)));
}
