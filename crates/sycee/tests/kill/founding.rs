//! What the load needs: a shop, a bank with one card for each payer, and payers with money; and the reckoning after it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use bank::{AccountNumber, CardLimits, Expiry, Order, Pan};
use money::{Amount, Currency};
use operations::merchants::{self, NewBank, NewMerchant};
use operations::{balances, totals};
use serde_json::{Value, json};
use server::ServeOptions;
use wallet::ids::{BankId, MerchantId};

use crate::client::Connection;

const PASSWORD: &str = "a password for nothing but this";
const EXPIRY: Expiry = Expiry { year: 2099, month: 12 };

/// The shop that everybody pays, and the bank that everybody has a card of.
#[derive(Clone, Debug)]
pub(crate) struct Shop {
    pub(crate) merchant: String,
    id: MerchantId,
    bank: BankId,
    cards: Vec<Pan>,
}

/// Somebody who pays by an API key.
#[derive(Clone, Debug)]
pub(crate) struct Payer {
    pub(crate) login: String,
    pub(crate) credential: String,
}

/// Opens a new data directory in this process, admits the shop and founds the bank, and closes it again.
pub(crate) fn found(data: &Path, payers: usize) -> Shop {
    let bank = BankId::new(7);
    let cards = cards(payers);
    let merchant = with_app(data, async |app| {
        let banks = app.embedded_bank().expect("a new data directory has embedded banks");
        banks.found(bank, [7; 32]).unwrap();
        banks.orders(bank, orders(&cards)).unwrap();
        let names = |code: &str| (code.to_owned(), "银行".to_owned(), "Bank".to_owned());
        let (code, name_zh, name_en) = names("kill-bank");
        merchants::add_bank(app.operations(), NewBank { id: bank, code, name_zh, name_en }).await.unwrap();
        let (code, name_zh, name_en) = names("kill-shop");
        let category = "canteen".to_owned();
        merchants::admit(app.operations(), NewMerchant { code, name_zh, name_en, category }).await.unwrap()
    });
    Shop { merchant: merchant.to_string(), id: merchant, bank, cards }
}

fn cards(count: usize) -> Vec<Pan> {
    (0..count).map(|number| Pan::with_check_digit(&format!("62260000{number:07}")).unwrap()).collect()
}

fn orders(cards: &[Pan]) -> Vec<Order> {
    let much = Amount::from_minor(1_000_000_000, Currency::CNY).unwrap();
    let order = |(number, pan): (u64, &Pan)| {
        let account = AccountNumber(number);
        let limits = CardLimits { per_charge: much, per_day: much };
        let holder_name = "PAYER".to_owned();
        let card = Order::IssueCard { pan: pan.clone(), holder_name, expiry: EXPIRY, account, limits };
        [Order::OpenAccount(account, much), card]
    };
    (1..).zip(cards).flat_map(order).collect()
}

/// Registers the payers, binds their cards and tops up, all over HTTP.
pub(crate) fn settle(address: SocketAddr, shop: &Shop, funds: u64) -> Vec<Payer> {
    (0..shop.cards.len()).map(|number| settle_one(address, shop, number, funds)).collect()
}

fn settle_one(address: SocketAddr, shop: &Shop, number: usize, funds: u64) -> Payer {
    let login = format!("payer{number}");
    let mut guest = Connection::open(address, "accept: */*").unwrap();
    let registration = json!({ "login": login, "password": PASSWORD, "name": login, "currency": "CNY" });
    created(&mut guest, "/api/v1/holders", None, &registration);
    let answer =
        guest.post("/api/v1/sessions", None, &json!({ "login": login, "password": PASSWORD })).unwrap();
    let cookie = answer.cookie.expect("logging in sets the cookie");
    let mut holder = Connection::open(address, &format!("cookie: {cookie}")).unwrap();
    let card = json!({
        "bank": shop.bank.to_string(),
        "number": shop.cards[number].digits(),
        "expiry": EXPIRY.to_string(),
        "holder_name": "PAYER",
    });
    let card = created(&mut holder, "/api/v1/cards", None, &card);
    let top_up = json!({ "card": card["id"], "amount": funds, "currency": "CNY" });
    created(&mut holder, "/api/v1/top-ups", Some("first-money"), &top_up);
    let key = created(&mut holder, "/api/v1/api-keys", None, &json!({ "label": "load" }));
    let key = key["key"].as_str().expect("a new key is shown once");
    Payer { login, credential: format!("authorization: Bearer {key}") }
}

fn created(connection: &mut Connection, path: &str, key: Option<&str>, body: &Value) -> Value {
    let answer = connection.post(path, key, body).unwrap();
    assert_eq!(answer.status, 201, "{path}: {answer:?}");
    answer.body
}

/// What the payer can spend, in minor units.
pub(crate) fn balance(address: SocketAddr, payer: &Payer) -> u64 {
    let answer = Connection::open(address, &payer.credential).unwrap().get("/api/v1/wallets").unwrap();
    answer.body["wallets"][0]["available"].as_u64().expect("every payer has a wallet")
}

/// What the shop's account holds, in minor units, read by a process that has just recovered.
pub(crate) fn received(data: &Path, shop: &Shop) -> u64 {
    with_app(data, async |app| {
        let balances = balances::of_merchant(app.operations(), shop.id).await.unwrap();
        let yuan = balances
            .iter()
            .find(|(currency, _)| *currency == Currency::CNY)
            .expect("admitted in every currency");
        yuan.1.available.minor()
    })
}

/// The operator's equation, the journal's own check, and the auditor's books.
pub(crate) fn everything_adds_up(data: &Path) {
    with_app(data, async |app| {
        let totals = totals::count(app.operations()).await.unwrap();
        assert!(totals.adds_up(), "{totals:?}");
    });
    for command in [&["ledger", "verify"][..], &["audit"]] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sycee"));
        let output = program.args(command).arg("--data").arg(data.join("ledger")).output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn with_app<T>(data: &Path, look: impl AsyncFnOnce(&server::App) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let app = server::open(ServeOptions::embedded(data)).await.unwrap();
        look(&app).await
    })
}
