//! Cards that pay each other, as their holders do it: `sycee serve` issues and loads them, `sycee purse` pays from card to card,
//! with and without the server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "no terminal is set up here")]
#[path = "../terminal_program/office.rs"]
mod office;
#[expect(dead_code, reason = "no card is in a reader of the system")]
#[path = "../terminal_program/programs.rs"]
mod programs;
#[expect(dead_code, reason = "nobody sends a form")]
#[path = "../terminal_program/web.rs"]
mod web;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use purse::amount::Amount;
use purse::vtp::{Currency, PayDetails, Series};
use purse_to_purse::HeldPurse;
use serde_json::{Value, json};
use virtual_card::plugged::PluggedCard;
use virtual_card::reader::InProcess;

use office::TOPPED_UP;
use programs::{Running, said};

/// A server, and two cards of one holder, the first of them loaded with 30.00.
struct Stage {
    folder: tempfile::TempDir,
    url: String,
    made: Value,
    cards: [String; 2],
    key_file: PathBuf,
    server: Running,
}

fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let made = programs::init(&data);
    office::hold_ceremony(&data, &made["operator"]);
    let (server, address) = Running::server(&data, "127.0.0.1:0");
    let operator = office::staff(address, &made["operator"]);
    let holder = office::newcomer(address, &made);
    let files = ["first.json", "second.json"].map(|name| folder.path().join(name));
    let paths = files.each_ref().map(PathBuf::as_path);
    let numbers = office::bound_cards(&operator, &holder, &paths);
    let load = json!({ "amount": 3_000, "currency": "CNY" });
    holder.create(&format!("/api/v1/card-purses/{}/transfer-loads", numbers[0]), &load);
    let cards = paths.map(|file| {
        said(&["card", "personalise", file.to_str().unwrap()]);
        file.with_extension("memory").to_str().unwrap().to_owned()
    });
    let key = holder.create("/api/v1/api-keys", &json!({ "label": "phone", "scopes": null }));
    let key_file = folder.path().join("key");
    fs::write(&key_file, key["key"].as_str().unwrap()).unwrap();
    Stage { folder, url: format!("http://{address}"), made, cards, key_file, server }
}

impl Stage {
    fn collect(&self, card: usize) -> String {
        said(&["purse", "collect", "--card", &self.cards[card], "--through", &self.url])
    }

    fn pay_face_to_face(&self, amount: &str) -> String {
        said(&["purse", "pay", "--card", &self.cards[0], "--to", &self.cards[1], "--amount", amount])
    }

    fn shown(&self, card: usize) -> Value {
        serde_json::from_str(&said(&["purse", "show", "--json", "--card", &self.cards[card]])).unwrap()
    }

    fn unload(&self, card: usize, url: &str, amount: &str) -> (Option<i32>, String) {
        let words = ["purse", "unload", "--card", &self.cards[card], "--through", url, "--amount", amount];
        let output = Command::new(env!("CARGO_BIN_EXE_sycee")).args(words).output().unwrap();
        let [said, refused] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code(), said + &refused)
    }

    fn balances(&self) -> [Value; 2] {
        [0, 1].map(|card| self.shown(card)["pockets"][0]["balance"].clone())
    }

    /// A payment whose value leaves the first card, by a device that never hands it to the second one.
    fn lose(&self, units: u32) {
        let [mut from, mut to] =
            [0, 1].map(|card| InProcess(PluggedCard::open(Path::new(&self.cards[card])).unwrap()));
        let (mut from, mut to) = (HeldPurse::select(&mut from).unwrap(), HeldPurse::select(&mut to).unwrap());
        let [payer, payee] = [&mut from, &mut to].map(|purse| purse.identify().unwrap());
        let details = PayDetails {
            from: payer.purse,
            from_sequence: payer.next_sequence,
            to: payee.purse,
            to_sequence: payee.next_sequence,
            amount: Amount::new(units),
            currency: Currency([0x01, 0x56]),
            series: Series([0, 1]),
        };
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let today = pki::Day(u32::try_from(seconds / 86_400).unwrap());
        let [of_payer, of_payee] = [&mut from, &mut to].map(|purse| purse.certificates().unwrap());
        from.meet(&of_payee, today).unwrap();
        from.start_to_pay(&details).unwrap();
        to.meet(&of_payer, today).unwrap();
        let req = to.start_to_receive(&details).unwrap();
        let _lost = from.take_req(&req).unwrap();
    }

    fn give_up(&self, card: usize) {
        said(&["purse", "give-up", "--card", &self.cards[card]]);
    }

    fn assert_totals(&self) {
        self.assert_totals_with(3_000);
    }

    fn assert_totals_with(&self, on_cards: u64) {
        let address = programs::address(&self.url);
        let operator = office::staff(address, &self.made["operator"]);
        let totals: Value = serde_json::from_str(&operator.page("/api/v1/operator/totals")).unwrap();
        let yuan = &totals["currencies"][0];
        assert_eq!((&totals["adds_up"], &yuan["difference"]), (&json!(true), &json!(0)), "{totals}");
        assert_eq!(
            (&yuan["wallets"], &yuan["card_purses"]),
            (&json!(TOPPED_UP - on_cards), &json!(on_cards))
        );
    }
}

/// Where a client reaches the server, until it asks for `path`: the server does that, and the answer never arrives.
fn network_that_loses_the_answer_to(path: &'static str, server: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(server).unwrap());
            let (mut answers, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let is_lost = Arc::new(AtomicBool::new(false));
            let is_lost_now = Arc::clone(&is_lost);
            thread::spawn(move || {
                let mut bytes = [0; 4_096];
                while let Ok(length @ 1..) = answers.read(&mut bytes) {
                    if is_lost_now.load(Ordering::SeqCst) {
                        return to_client.shutdown(Shutdown::Both).unwrap();
                    }
                    to_client.write_all(&bytes[..length]).unwrap();
                }
            });
            let mut bytes = [0; 4_096];
            while let Ok(length @ 1..) = client.read(&mut bytes) {
                let asked = String::from_utf8_lossy(&bytes[..length]);
                is_lost.fetch_or(asked.contains(path), Ordering::SeqCst);
                server.write_all(&bytes[..length]).unwrap();
            }
        }
    });
    url
}

#[test]
fn a_loaded_card_pays_another_one_with_no_server_at_all() {
    let stage = stage();
    assert_eq!(stage.balances(), [json!(0), json!(0)]);
    assert_eq!(stage.collect(0), "a load collected\n");
    assert_eq!(stage.collect(0), "nothing waits for this card\n");
    stage.assert_totals();
    stage.server.kill();
    let pay = |amount| {
        said(&["purse", "pay", "--card", &stage.cards[0], "--to", &stage.cards[1], "--amount", amount])
    };
    assert_eq!(pay("12.50"), "paid 12.50 CNY\n");
    assert_eq!(pay("0.01"), "paid 0.01 CNY\n");
    let balance = |card: usize| {
        let shown = said(&["purse", "show", "--json", "--card", &stage.cards[card]]);
        serde_json::from_str::<Value>(&shown).unwrap()["pockets"][0]["balance"].clone()
    };
    assert_eq!([balance(0), balance(1)], [json!(1_749), json!(1_251)]);
    assert!(stage.folder.path().exists());
}

#[test]
fn value_that_both_cards_gave_up_comes_back_to_the_payer() {
    let stage = stage();
    stage.collect(0);
    stage.lose(730);
    [0, 1].into_iter().for_each(|card| stage.give_up(card));
    assert_eq!(stage.balances(), [json!(2_270), json!(0)]);
    let noted = "what was given up is noted at the issuer; the log of exceptions is empty again\n";
    let counted = "what was sent and received is counted from the beginning again\n";
    assert_eq!(stage.collect(0), format!("{noted}{counted}"));
    assert_eq!(stage.collect(1), noted);
    assert_eq!(stage.collect(0), "a load collected\n");
    assert_eq!(stage.balances(), [json!(3_000), json!(0)]);
    stage.assert_totals();
    assert_eq!(stage.pay_face_to_face("30"), "paid 30.00 CNY\n");
}

#[test]
fn a_card_gives_value_back_to_the_wallet_also_what_another_card_paid_it() {
    let stage = stage();
    stage.collect(0);
    assert_eq!(stage.pay_face_to_face("20"), "paid 20.00 CNY\n");
    let unload = |card: usize, amount: &str| stage.unload(card, &stage.url, amount);
    assert_eq!(unload(1, "15.50"), (Some(0), "unloaded 15.50 CNY to the wallet\n".to_owned()));
    let (status, words) = unload(1, "15.50");
    assert!(status == Some(1) && words.contains("the card holds less than that"), "{words}");
    assert_eq!(unload(0, "10").0, Some(0));
    assert_eq!(stage.balances(), [json!(0), json!(450)]);
    stage.assert_totals_with(450);
}

#[test]
fn an_unload_whose_answer_was_lost_is_not_made_twice() {
    let stage = stage();
    stage.collect(0);
    let cutting = network_that_loses_the_answer_to("/transfer-purses/unloads", programs::address(&stage.url));
    assert_ne!(stage.unload(0, &cutting, "10").0, Some(0));
    assert_eq!(stage.balances(), [json!(3_000), json!(0)]);
    let (status, words) = stage.unload(0, &stage.url, "10");
    assert!(
        status == Some(0) && words.starts_with("an unload asked for earlier is in the wallet now"),
        "{words}"
    );
    assert_eq!(stage.balances(), [json!(2_000), json!(0)]);
    stage.assert_totals_with(2_000);
    assert_eq!(stage.unload(0, &stage.url, "10"), (Some(0), "unloaded 10.00 CNY to the wallet\n".to_owned()));
    stage.assert_totals_with(1_000);
}

#[test]
fn two_cards_at_two_places_pay_through_a_server_that_understands_nothing() {
    let stage = stage();
    stage.collect(0);
    let words = ["purse", "receive", "--amount", "7.30", "--card", &stage.cards[1], "--through", &stage.url];
    let arguments: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
    let key_file = [OsStr::new("--key-file"), stage.key_file.as_os_str()];
    let (receiving, line) = Running::start(&[&arguments, key_file.as_slice()].concat(), "the other device");
    let code = line.rsplit(' ').next().unwrap();
    let pay = ["purse", "pay", "--amount", "7.30", "--card", &stage.cards[0], "--through", &stage.url];
    assert_eq!(said(&[&pay[..], &["--code", code]].concat()), "paid 7.30 CNY\n");
    programs::wait_until("the receiver has its receipt", || {
        let shown = Command::new(env!("CARGO_BIN_EXE_sycee"))
            .args(["purse", "show", "--json", "--card", &stage.cards[1]])
            .output()
            .unwrap();
        shown.status.success()
    });
    drop(receiving);
    assert_eq!(stage.balances(), [json!(2_270), json!(730)]);
    let last = &stage.shown(1)["transfers"][0];
    assert_eq!((&last["side"], &last["amount"]), (&json!("payee"), &json!(730)));
    stage.assert_totals();
}

#[test]
fn a_refusal_says_what_to_do_and_moves_nothing() {
    let stage = stage();
    stage.collect(0);
    let refused = |amount: &str| {
        let words = ["purse", "pay", "--card", &stage.cards[0], "--to", &stage.cards[1], "--amount", amount];
        let output = Command::new(env!("CARGO_BIN_EXE_sycee")).args(words).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(refused("30.01"), (Some(1), "sycee: the purse holds too little\n".to_owned()));
    for wrong in ["0", "-1", "1.234", "1e3", "many", "99999999999"] {
        let (status, words) = refused(wrong);
        assert!(status == Some(65) || status == Some(64), "{wrong}: {status:?} {words}");
    }
    assert_eq!(stage.pay_face_to_face("30"), "paid 30.00 CNY\n");
    assert_eq!(stage.balances(), [json!(0), json!(3_000)]);
    assert!(Path::new(&stage.cards[0]).exists());
}
