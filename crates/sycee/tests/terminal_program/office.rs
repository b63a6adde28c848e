//! The operator's part: a master key, a batch of cards, a terminal; and a holder who has one of the cards.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use operations::duties::{self, OperatorRole};
use operations::key_ceremony::{self, Purpose};
use operations::staff::NewStaff;
use operations::{OperationError, Operations};
use records::principals::{self, Language};
use serde_json::{Value, json};
use server::ServeOptions;
use wallet::ids::PrincipalId;

use crate::programs::said;
use crate::web::{Visitor, cut};

/// The number that the operator gives the terminal.
pub(crate) const TERMINAL: &str = "100000000042";
const PASSWORD: &str = "willows along the clear river";
/// The holder's first money.
pub(crate) const TOPPED_UP: u64 = 10_000;
/// What of it goes onto the card.
pub(crate) const LOADED: u64 = 5_000;

/// Three people hold a key ceremony before the server is opened. They would do the same on its pages.
pub(crate) fn hold_ceremony(data: &Path, operator: &Value) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let login = operator["login"].as_str().unwrap();
    runtime.block_on(async {
        let app = server::open(ServeOptions::embedded(data)).await.unwrap();
        open_key(app.operations(), login.to_owned()).await.unwrap();
    });
}

async fn open_key(operations: &Operations, login: String) -> Result<(), OperationError> {
    let found = operations.services().records.read(move |sql| principals::find_by_login(sql, &login)).await?;
    let founder = found.unwrap().id;
    let custodians: [PrincipalId; 3] = [
        founder,
        hire(operations, founder, "key-keeper", OperatorRole::Risk).await?,
        hire(operations, founder, "key-holder", OperatorRole::Auditor).await?,
    ];
    let key = key_ceremony::begin(operations, founder, Purpose::CardPurses, &custodians).await?;
    let mut shares = Vec::new();
    for who in custodians {
        let share = key_ceremony::own_share(operations, who, key).await?;
        key_ceremony::keep_share(operations, who, key, &share).await?;
        shares.push((who, share));
    }
    for (who, share) in shares.iter().take(2) {
        key_ceremony::bring_share(operations, *who, key, share).await?;
    }
    Ok(())
}

async fn hire(
    operations: &Operations,
    founder: PrincipalId,
    login: &str,
    role: OperatorRole,
) -> Result<PrincipalId, OperationError> {
    let new = NewStaff {
        login: login.to_owned(),
        name: login.to_owned(),
        latin_name: None,
        language: Language::English,
        password_hash: None,
    };
    duties::hire(operations, founder, new, role).await
}

/// Files that the operator has downloaded, and what the terminal is started with.
pub(crate) struct SetUp {
    pub(crate) card: PathBuf,
    pub(crate) module: PathBuf,
    pub(crate) key_file: PathBuf,
    pub(crate) terminal: PathBuf,
}

/// A card with an order to load it, and a terminal that the server knows.
pub(crate) fn set_up(folder: &Path, address: SocketAddr, made: &Value) -> SetUp {
    let operator = staff(address, &made["operator"]);
    let card = folder.join("card.json");
    order_card(address, &operator, made, &card);
    let terminal = folder.join("terminal");
    let module = folder.join("module.json");
    register(address, &operator, &terminal);
    fs::write(&module, operator.page(&format!("/operator/terminals/{TERMINAL}/security-module.json")))
        .unwrap();
    let key_file = folder.join("api-key");
    let owner = staff(address, &made["merchant"]["owner"]);
    let key = owner.create("/api/v1/api-keys", &json!({ "label": "till", "scopes": ["terminals"] }));
    fs::write(&key_file, key["key"].as_str().unwrap()).unwrap();
    SetUp { card, module, key_file, terminal }
}

pub(crate) fn staff(address: SocketAddr, login: &Value) -> Visitor {
    Visitor::logged_in(address, &login["login"], &login["password"])
}

/// Orders one card, downloads its file, and gives it to a holder who orders a load.
fn order_card(address: SocketAddr, operator: &Visitor, made: &Value, file: &Path) {
    let holder = newcomer(address, made);
    let numbers = bound_cards(operator, &holder, &[file]);
    let load = json!({ "amount": LOADED, "currency": "CNY" });
    holder.create(&format!("/api/v1/card-purses/{}/load-orders", numbers[0]), &load);
}

/// Orders a batch of cards, downloads their files, and has a holder bind them. Their numbers.
pub(crate) fn bound_cards(operator: &Visitor, holder: &Visitor, files: &[&Path]) -> Vec<String> {
    let batch = json!({ "count": files.len(), "currency": "CNY", "label": "first", "valid_years": 5 });
    let batch = operator.create("/api/v1/operator/card-batches", &batch);
    let batch = format!("/operator/card-batches/{}", batch["id"].as_str().unwrap());
    let cards = operator.page(&format!("{batch}/cards.jsonl"));
    let letters = operator.page(&format!("{batch}/letters"));
    let codes = letters.split("<strong").skip(1).map(|rest| {
        let code = cut(rest, "", ">", "</strong>");
        code.chars().filter(char::is_ascii_digit).collect::<String>()
    });
    let bind = |((card, code), file): ((&str, String), &&Path)| {
        fs::write(file, card).unwrap();
        let card: Value = serde_json::from_str(card).unwrap();
        let number = card["purse"]["asn"].as_str().unwrap().to_owned();
        holder.create("/api/v1/card-purses", &json!({ "card": number, "code": code }));
        number
    };
    cards.lines().zip(codes).zip(files).map(bind).collect()
}

/// A holder with money.
pub(crate) fn newcomer(address: SocketAddr, made: &Value) -> Visitor {
    let holder = json!({ "login": "lilin", "password": PASSWORD, "name": "李林" });
    Visitor::at(address).create("/api/v1/holders", &holder);
    let holder = Visitor::logged_in(address, &json!("lilin"), &json!(PASSWORD));
    let (bank, card) = (&made["bank"], &made["bank"]["cards"][0]);
    let bound = json!({
        "bank": bank["id"],
        "number": card["number"],
        "expiry": card["expiry"],
        "holder_name": card["holder_name"],
    });
    let bound = holder.create("/api/v1/cards", &bound);
    let top_up = json!({ "card": bound["id"], "amount": TOPPED_UP, "currency": "CNY" });
    holder.create("/api/v1/top-ups", &top_up);
    holder
}

/// Makes the terminal's key with the command that the operator's page shows, and registers it.
fn register(address: SocketAddr, operator: &Visitor, terminal: &Path) {
    let page = operator.page("/operator/terminals");
    let word = |name: &str| cut(&page, "sycee terminal init", name, "<").split_whitespace().next().unwrap();
    let (issuer, issuer_key) = (word("--issuer "), word("--issuer-key "));
    let data = terminal.to_str().unwrap();
    let command = ["terminal", "init", "--data", data, "--issuer", issuer, "--issuer-key", issuer_key];
    let printed = said(&command);
    let public_key = cut(&printed, "", "public key", "\n").trim();
    let merchants: Value = serde_json::from_str(&Visitor::at(address).page("/api/v1/merchants")).unwrap();
    let registration = json!({
        "id": TERMINAL,
        "merchant": merchants["merchants"][0]["id"],
        "label": "counter 1",
        "public_key": public_key,
    });
    operator.create("/api/v1/operator/terminals", &registration);
}
