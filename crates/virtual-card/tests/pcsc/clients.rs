//! Clients that share no code with this project, a card that cheats, and a reader that restarts.

use std::{path::Path, process::Command};

use purse::amount::Amount;
use virtual_card::{
    example,
    reader::daemon::{Daemon, READERS_MAX, Slot, slot_name},
    tap::{Recovered, Sale, TapError, recover, tap},
};

use crate::{
    accounts::Accounts,
    card_process::start_fake,
    made::{WHEN, hex},
    taps::Pair,
};

fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Load 600.00, pay 123.45: what is left is 476.55, and the log shows both.
pub(crate) fn independent_clients(daemon: &mut Daemon) {
    let reader = 0;
    let mut pair = Pair::plug(daemon, reader, false);
    let mut accounts = Accounts::default();
    pair.top_up(&mut accounts);
    let sale = Sale { amount: Amount::new(12_345), when: WHEN };
    accounts.book(&tap(&mut pair.card, &mut pair.module, &example::TILL, &sale).unwrap());
    pair.let_go();

    let select = format!("00A4040008{}00", hex(&example::PURSE_AID));
    let (left, spent) = ("0000BA27", "00003039");
    let purchase = format!("0000000000{spent}06{}{}", hex(&example::TERMINAL.0), hex(&WHEN.0));
    let opensc = output_of(Command::new("opensc-tool").args([
        "--card-driver",
        "default",
        "--reader",
        &slot_name(reader, Slot::Card),
        "-s",
        &select,
        "-s",
        "805C000204",
        "-s",
        "00B201C400",
        "-s",
        "00B202C400",
    ]));
    let said: String = opensc.chars().filter(|letter| !letter.is_whitespace()).collect();
    assert!(said.contains(left), "{opensc}");

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pcsc/read_card.py");
    let python = output_of(
        Command::new("/usr/bin/python3")
            .arg(script)
            .args([&slot_name(reader, Slot::Card), &hex(&example::PURSE_AID)]),
    );
    let lines: Vec<&str> = python.lines().collect();
    assert_eq!(lines.first(), Some(&format!("balance {left}").as_str()));
    assert_eq!(lines.get(1), Some(&format!("log {purchase}").as_str()));
    assert!(lines.get(2).is_some_and(|load| load.contains("0000EA6002")), "{python}");
    // opensc-tool prints records sixteen bytes a line, with their letters beside them.
    assert!(said.contains(&purchase[..32]), "{opensc}");
}

pub(crate) fn a_fake_card_is_refused(daemon: &mut Daemon) {
    let reader = READERS_MAX - 1;
    let mut pair = Pair::plug(daemon, reader, false);
    pair.card_process.kill();
    let fake = start_fake(daemon.port(reader, Slot::Card));
    pair.power_up();
    for _ in 0..3 {
        let sale = Sale { amount: Amount::new(100), when: WHEN };
        let till = &example::TILL;
        let Err(TapError::Unproved(attempt)) = tap(&mut pair.card, &mut pair.module, till, &sale) else {
            panic!("the security module took a wrong MAC2");
        };
        pair.power_up();
        let recovered = recover(&mut pair.card, &mut pair.module, till, &attempt);
        assert_eq!(recovered, Ok(Recovered::NotPaid));
    }
    drop(fake);
}

pub(crate) fn a_restarted_reader(daemon: &mut Daemon) {
    let reader = READERS_MAX - 1;
    let mut pair = Pair::plug(daemon, reader, false);
    let mut accounts = Accounts::default();
    pair.top_up(&mut accounts);
    let before = pair.balance();
    daemon.restart().unwrap();
    pair.look_for_readers();
    pair.power_up();
    assert_eq!(pair.balance(), before);
}
