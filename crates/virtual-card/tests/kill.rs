//! A process with a card and a security module in files is killed with SIGKILL again and again: what was loaded is in the
//! purse or was debited, whatever moment the signal came at.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use card_reader::reader::Reader;
use made::*;
use virtual_card::{
    example::{self, SALE},
    plugged::PluggedCard,
    reader::InProcess,
    tap::tap,
};

/// How often the process is killed.
const KILLS: u64 = 60;

fn main() {
    match env::args().collect::<Vec<_>>().as_slice() {
        [_, word, folder] if word == "tap" => tap_until_killed(Path::new(folder)),
        _ => {
            println!("\nrunning 1 test");
            nothing_is_lost_or_made_by_a_kill();
            println!("test nothing_is_lost_or_made_by_a_kill ... ok\n");
            println!("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
        }
    }
}

fn open(folder: &Path, name: &str) -> InProcess<PluggedCard> {
    InProcess(PluggedCard::open(&folder.join(name)).unwrap())
}

fn tap_until_killed(folder: &Path) {
    let (mut card, mut module) = (open(folder, "card"), open(folder, "module"));
    select_module(&mut module);
    while tap(&mut card, &mut module, &example::TILL, &SALE).is_ok() {}
}

/// What the module authorised and verified since it was made.
fn sums(module: &mut impl Reader) -> (u32, u32) {
    select_module(module);
    let sums = ok(&say(module, "00B0970000"));
    let amount = |at: usize| u32::from_be_bytes(sums[at..at + 4].try_into().unwrap());
    (amount(9), amount(13))
}

fn nothing_is_lost_or_made_by_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    drop(made(&module_file(), &folder.join("module")));
    let mut card = InProcess(made(&card_file(1), &folder.join("card")));
    load(&mut card, &example::asn(1), example::LOAD);
    drop(card);
    let mut before = 0;
    for kill in 0..KILLS {
        let mut process = Command::new(env::current_exe().unwrap())
            .arg("tap")
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_micros(20_000 + kill * 811 % 9_000));
        process.kill().unwrap();
        process.wait().unwrap();

        let (mut card, mut module) = (open(folder, "card"), open(folder, "module"));
        select_purse(&mut card);
        let debited = example::LOAD.units() - balance(&mut card).units();
        let (authorised, verified) = sums(&mut module);
        // Each kill may cost one sale its proof, and one its debit.
        let kills = u32::try_from(kill).unwrap() + 1;
        assert!(verified <= debited && debited <= authorised, "{verified} {debited} {authorised}");
        assert!(authorised - verified <= kills, "{verified} {authorised}");
        assert!(debited >= before, "a debit was undone");
        before = debited;
    }
    assert!(before > 0, "the processes were killed before they began");
    println!("{KILLS} kills, {before} debits");
}
