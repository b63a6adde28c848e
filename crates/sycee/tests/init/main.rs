//! From nothing to a refund: `sycee init`, `sycee serve`, and everything else over HTTP with what the first one printed.

#![expect(clippy::unwrap_used, reason = "tests fail where something unexpected happens")]

#[path = "../kill/client.rs"]
mod client;
#[path = "../kill/serving.rs"]
mod serving;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};
use server::ServeOptions;

use client::Connection;
use serving::Serving;

const PASSWORD: &str = "willows along the clear river";

fn init(data: &Path, more: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sycee"));
    program.args(["init", "--json", "--data"]).arg(data).args(more).output().unwrap()
}

fn made(data: &Path, stores: &[&str]) -> Value {
    let names = ["--merchant", "Willow Tea", "--merchant-zh", "柳茶"];
    let output = init(data, &[names.as_slice(), stores].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "secrets are told on standard output only");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a refused command says, after checking that it was refused with nothing on standard output.
fn refusal(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty(), "a refused command tells no secrets");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn log_in(address: SocketAddr, login: &Value, password: &Value) -> Connection {
    let mut guest = Connection::open(address, "accept: */*").unwrap();
    let answer =
        guest.post("/api/v1/sessions", None, &json!({ "login": login, "password": password })).unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    Connection::open(address, &format!("cookie: {}", answer.cookie.unwrap())).unwrap()
}

fn created(connection: &mut Connection, path: &str, body: &Value) -> Value {
    let answer = connection.post(path, Some(path), body).unwrap();
    assert_eq!(answer.status, 201, "{path}: {answer:?}");
    answer.body
}

/// Registers a holder who binds the card and tops up 100.00 CNY.
fn newcomer(address: SocketAddr, bank: &Value, card: &Value) -> Connection {
    let mut guest = Connection::open(address, "accept: */*").unwrap();
    created(
        &mut guest,
        "/api/v1/holders",
        &json!({ "login": "lilin", "password": PASSWORD, "name": "李林" }),
    );
    let mut holder = log_in(address, &json!("lilin"), &json!(PASSWORD));
    let (number, expiry, name) = (&card["number"], &card["expiry"], &card["holder_name"]);
    let bind = json!({ "bank": bank, "number": number, "expiry": expiry, "holder_name": name });
    let bound = created(&mut holder, "/api/v1/cards", &bind);
    let top_up = json!({ "card": bound["id"], "amount": 10_000, "currency": "CNY" });
    created(&mut holder, "/api/v1/top-ups", &top_up);
    holder
}

/// Serves with these stores what `init` made there, and lives a little: a holder tops up, pays and is refunded in part.
fn live_a_little(data: &Path, made: &Value, stores: &[&str]) {
    let serving = Serving::start_with(data, stores);
    assert!(serving.ready_after < Duration::from_secs(10), "{:?}", serving.ready_after);
    let address = serving.address;
    let mut holder = newcomer(address, &made["bank"]["id"], &made["bank"]["cards"][0]);
    let listed = holder.get("/api/v1/merchants").unwrap().body;
    assert_eq!(listed["merchants"][0]["name_en"], "Willow Tea");
    let payment = json!({ "merchant": listed["merchants"][0]["id"], "amount": 1_800, "currency": "CNY" });
    let paid = created(&mut holder, "/api/v1/payments", &payment);
    let owner = &made["merchant"]["owner"];
    let mut owner = log_in(address, &owner["login"], &owner["password"]);
    let refunds = format!("/api/v1/payments/{}/refunds", paid["id"].as_str().unwrap());
    created(&mut owner, &refunds, &json!({ "amount": 800, "currency": "CNY" }));
    let wallets = holder.get("/api/v1/wallets").unwrap().body;
    assert_eq!(wallets["wallets"][0]["available"], 9_000);
    let mut operator = log_in(address, &made["operator"]["login"], &made["operator"]["password"]);
    let totals = operator.get("/api/v1/operator/totals").unwrap().body;
    assert_eq!(totals["adds_up"], true, "{totals}");
    let yuan = totals["currencies"].as_array().unwrap().iter().find(|sums| sums["currency"] == "CNY");
    let yuan = yuan.expect("money of this currency was moved");
    assert_eq!((&yuan["difference"], &yuan["float"]), (&json!(0), &json!(10_000)), "{totals}");
    assert_eq!((&yuan["wallets"], &yuan["merchants"]), (&json!(9_000), &json!(1_000)), "{totals}");
    serving.kill();
}

#[test]
fn what_init_prints_is_enough_to_top_up_pay_and_refund() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path(), &[]);
    assert!(made["operator"]["password"].as_str().unwrap().len() >= 20);
    assert_eq!(made["bank"]["cards"].as_array().unwrap().len(), 3);
    live_a_little(directory.path(), &made, &[]);
}

#[test]
fn ledger_and_records_on_postgresql_are_founded_once_and_then_served() {
    let directory = tempfile::tempdir().unwrap();
    let (ledger, records) = (postgres_cluster::test_database(), postgres_cluster::test_database());
    let stores = ["--ledger", ledger.as_str(), "--database", records.as_str()];
    let made = made(directory.path(), &stores);
    let again = refusal(&init(directory.path(), &stores), 69);
    assert_eq!(again, "sycee: there is an operator already: nothing was changed\n");
    assert!(!directory.path().join("ledger").exists(), "the ledger is elsewhere");
    assert!(!directory.path().join("records.sqlite").exists(), "the records are elsewhere");
    live_a_little(directory.path(), &made, &stores);
}

#[test]
fn a_second_init_is_refused_and_the_first_passwords_stay_the_only_ones() {
    let directory = tempfile::tempdir().unwrap();
    let made = made(directory.path(), &[]);
    let refused = refusal(&init(directory.path(), &["--operator", "intruder"]), 69);
    assert_eq!(refused, "sycee: there is an operator already: nothing was changed\n");
    let serving = Serving::start(directory.path());
    log_in(serving.address, &made["operator"]["login"], &made["operator"]["password"]);
    let mut guest = Connection::open(serving.address, "accept: */*").unwrap();
    let listed = guest.get("/api/v1/merchants").unwrap().body;
    assert_eq!(listed["merchants"].as_array().unwrap().len(), 1);
    assert_eq!(guest.get("/api/v1/banks").unwrap().body["banks"].as_array().unwrap().len(), 1);
    serving.kill();
}

#[test]
fn a_login_that_cannot_be_is_refused_before_anything_is_made() {
    let directory = tempfile::tempdir().unwrap();
    refusal(&init(directory.path(), &["--operator", "a"]), 65);
    let refused = refusal(&init(directory.path(), &["--operator", "Merchant"]), 65);
    assert!(refused.contains("--merchant-login"), "{refused}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let banks = runtime.block_on(async {
        let app = server::open(ServeOptions::embedded(directory.path())).await.unwrap();
        app.embedded_bank().unwrap().banks()
    });
    assert_eq!(banks, []);
}

#[test]
fn an_init_that_nobody_could_read_is_finished_by_the_next_one_with_the_same_cards() {
    let directory = tempfile::tempdir().unwrap();
    // Writing to this device fails: the command stops after the cards were issued and before any password is valid.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sycee"));
    let output = program.args(["init", "--data"]).arg(directory.path()).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    let cards = cards_of(directory.path());
    assert_eq!(cards.len(), 3);
    let made = made(directory.path(), &[]);
    let told = made["bank"]["cards"].as_array().unwrap().iter();
    let mut told: Vec<String> = told.map(|card| card["number"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(told, cards);
    let serving = Serving::start(directory.path());
    log_in(serving.address, &made["operator"]["login"], &made["operator"]["password"]);
    serving.kill();
}

/// The numbers of all cards of all banks in this directory.
fn cards_of(data: &Path) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let app = server::open(ServeOptions::embedded(data)).await.unwrap();
        let bank = app.embedded_bank().unwrap();
        let numbers =
            |id| bank.with_bank(id, |bank| bank.cards().map(|(pan, _)| pan.digits().to_owned()).collect());
        bank.banks().into_iter().filter_map(numbers).flat_map(|numbers: Vec<String>| numbers).collect()
    })
}
