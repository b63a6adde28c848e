//! A till as an operator sets one up: `sycee serve`, `sycee card run` in both slots of a reader, and `sycee terminal`.
//!
//! The test starts a pcscd of its own, as the tests of virtual cards do, and needs root for that.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod office;
mod programs;
mod till;
mod web;
#[expect(dead_code, reason = "it is cut at one moment only")]
#[path = "../../../virtual-card/tests/pcsc/wire.rs"]
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use card_reader::{pcsc_reader::PcscReader, reader::Reader};
use serde_json::{Value, json};
use virtual_card::reader::daemon::{Daemon, Slot, in_own_namespaces, slot_name};

use office::{LOADED, SetUp, TOPPED_UP};
use programs::{Running, wait_until};
use till::Till;
use web::Visitor;
use wire::{Moment, Wire};

const FACT: &str = "what_a_till_sells_without_the_server_reaches_it_once";
/// The card's commands of a sale: SELECT, INITIALIZE, DEBIT.
const DEBIT: u32 = 2;

fn main() -> ExitCode {
    if env::args().nth(1).is_some_and(|argument| argument == "inside") {
        return inside();
    }
    if let Some(mut inside) = in_own_namespaces(&env::current_exe().unwrap()) {
        let status = inside.arg("inside").status().unwrap();
        return if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    println!("no namespaces here: the test uses the machine's /run/pcscd");
    fs::create_dir_all("/run/pcscd").unwrap();
    inside()
}

fn inside() -> ExitCode {
    println!("\nrunning 1 test");
    let (begin, folder) = (Instant::now(), tempfile::tempdir().unwrap());
    // What does not hold panics, and its message is the report.
    sells_without_the_server(folder.path());
    let seconds = begin.elapsed().as_secs_f64();
    println!("test {FACT} ... ok");
    println!(
        "\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in {seconds:.2}s\n"
    );
    ExitCode::SUCCESS
}

/// The reader with both cards.
struct Desk {
    wire: Wire,
    _module: Running,
    _daemon: Daemon,
}

fn sells_without_the_server(folder: &Path) {
    let data = folder.join("data");
    let made = programs::init(&data);
    office::hold_ceremony(&data, &made["operator"]);
    let (server, address) = Running::server(&data, "127.0.0.1:0");
    let set_up = office::set_up(folder, address, &made);
    let daemon = Daemon::start(folder, 1).unwrap();
    let module = Running::card(&set_up.module, daemon.port(0, Slot::Card));
    let wire = Wire::to(daemon.port(0, Slot::Card));
    let desk = Desk { wire, _module: module, _daemon: daemon };
    let card = Running::card(&set_up.card, desk.wire.port());
    let url = format!("http://{address}");
    let till = Till::start(&set_up, &url, [&slot_name(0, Slot::Card), &slot_name(0, Slot::Module)]);
    till.wait_for_network("line-up");
    till.load();

    server.kill();
    till.sync();
    till.wait_for_network("line-unreachable");
    till.assert_receipt(&till.sell("12.50"), "12.50", "37.50");
    let card = pulled_in_mid_tap(&till, &desk, &set_up, card);
    till.wait_for_waiting(2);

    let (server, _) = Running::server(&data, &address.to_string());
    till.sync();
    till.wait_for_waiting(0);
    assert_sold(&office::staff(address, &made["operator"]), 1_550);

    till.turn_network_off();
    let unsent = till.sell("7.25");
    till.wait_for_waiting(1);
    till.kill();
    let till = Till::start(&set_up, &url, [&slot_name(0, Slot::Card), &slot_name(0, Slot::Module)]);
    till.assert_receipt(&unsent, "7.25", "27.25");
    till.sync();
    till.wait_for_waiting(0);
    assert_sold(&office::staff(address, &made["operator"]), 2_275);
    drop((card, server));
}

/// The card has debited itself and its answer does not come: its process is killed, and it is held to the till again.
fn pulled_in_mid_tap(till: &Till, desk: &Desk, set_up: &SetUp, card: Running) -> Running {
    desk.wire.cut_at(DEBIT, Moment::BeforeAnswer);
    let tap = till.begin_sale("3.00");
    wait_until("the card is pulled", || desk.wire.is_cut());
    card.kill();
    wait_until("the till says that it does not know", || till.is_unknown(&tap));
    let mut reader = PcscReader::open(&slot_name(0, Slot::Card)).unwrap();
    wait_until("the reader is empty", || !reader.is_card_present().unwrap());
    let card = Running::card(&set_up.card, desk.wire.port());
    wait_until("the card is back", || reader.is_card_present().unwrap());
    till.hold_again(&tap);
    till.assert_receipt(&tap, "3.00", "34.50");
    // Asked again, the sale is the one that is paid.
    till.hold_again(&tap);
    till.assert_receipt(&tap, "3.00", "34.50");
    card
}

/// The operator's equation: what was sold is the merchant's, and stands behind no card any more.
fn assert_sold(operator: &Visitor, sold: u64) {
    let totals: Value = serde_json::from_str(&operator.page("/api/v1/operator/totals")).unwrap();
    assert_eq!(totals["adds_up"], true, "{totals}");
    let yuan = totals["currencies"].as_array().unwrap().iter().find(|sums| sums["currency"] == "CNY");
    let yuan = yuan.expect("money of this currency was moved");
    assert_eq!((&yuan["difference"], &yuan["float"]), (&json!(0), &json!(TOPPED_UP)), "{totals}");
    let expected = [TOPPED_UP - LOADED, LOADED - sold, sold].map(|minor| json!(minor));
    assert_eq!(["wallets", "card_purses", "merchants"].map(|name| yuan[name].clone()), expected, "{totals}");
}
