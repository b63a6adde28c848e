//! Secrets are marked, everything is done with them, and then they are looked for: in every file of the data directory,
//! in the log, and in every page and answer. None is found where it has no business.

#![expect(clippy::unwrap_used, reason = "tests fail where something unexpected happens")]

mod mark;
mod site;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use mark::Mark;
use site::Site;

const PASSWORD: &str = "canary-password-of-clear-water";
const NEXT_PASSWORD: &str = "canary-password-of-green-willows";
const WRONG_PASSWORD: &str = "canary-password-mistyped";
const PAYMENT_PIN: &str = "739152";
const VAULT_PIN: &str = "canary-vault-pin-846193";
const VAULT_NOTE: &str = "canary note: the spare key lies under the third stone";

/// What `sycee init` printed.
fn made(data: &Path) -> Value {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sycee"));
    let output = program.args(["init", "--json", "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The part of `name=value` that is secret.
fn token(cookie: &str) -> String {
    cookie.split_once('=').expect("a cookie has a name").1.to_owned()
}

/// What a holder, a merchant and the operator did, and the secrets they did it with.
struct Life {
    marks: Vec<Mark>,
    cookies: Vec<String>,
    payment: String,
}

fn live(site: &mut Site, made: &Value) -> Life {
    let register = json!({ "login": "lilin", "password": PASSWORD, "name": "李林" });
    site.make("", "/api/v1/holders", &register);
    let mistyped = json!({ "login": "lilin", "password": WRONG_PASSWORD });
    assert_eq!(site.post("", "/api/v1/sessions", &mistyped).status, 401);
    let first = site.log_in(&json!("lilin"), &json!(PASSWORD));
    let change = json!({ "current_password": PASSWORD, "new_password": NEXT_PASSWORD });
    let changed = site.post(&first, "/api/v1/profile/password", &change);
    assert!(changed.status < 300, "{}", changed.text);
    let holder = site.log_in(&json!("lilin"), &json!(NEXT_PASSWORD));
    let card = &made["bank"]["cards"][0];
    let bind = json!({
        "bank": made["bank"]["id"], "number": card["number"], "expiry": card["expiry"],
        "holder_name": card["holder_name"],
    });
    let bound = site.make(&holder, "/api/v1/cards", &bind);
    let top_up = json!({ "card": bound["id"], "amount": 10_000, "currency": "CNY" });
    site.make(&holder, "/api/v1/top-ups", &top_up);
    let merchant = site.get("", "/api/v1/merchants").json()["merchants"][0]["id"].clone();
    let pay = json!({ "merchant": merchant, "amount": 1_800, "currency": "CNY", "memo": "茶" });
    let paid = site.make(&holder, "/api/v1/payments", &pay);
    let key = site.make(&holder, "/api/v1/api-keys", &json!({ "label": "till" }));
    let (codes, vault) = lock_things_up(site, &holder);
    let owner = &made["merchant"]["owner"];
    let owner = site.log_in(&owner["login"], &owner["password"]);
    let operator = site.log_in(&made["operator"]["login"], &made["operator"]["password"]);
    let payment = paid["id"].as_str().unwrap().to_owned();
    site.make(&owner, &format!("/api/v1/payments/{payment}/refunds"), &json!({}));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let hook = json!({ "url": "https://shop.example/hook" });
    let hook = site.make(&owner, "/api/v1/webhook-endpoints", &hook);
    let hook_bytes = operations::webhooks::secret_of(hook["secret"].as_str().unwrap()).unwrap();
    let code_bytes = base32_bytes(codes["secret"].as_str().unwrap());
    let marks = vec![
        Mark::new("the password at registration", PASSWORD, &[]),
        Mark::new("the new password", NEXT_PASSWORD, &[]),
        Mark::new("a mistyped password", WRONG_PASSWORD, &[]),
        Mark::new("the operator's password", text(&made["operator"]["password"]), &[]),
        // The embedded bank issued the card, and its store stands for a bank elsewhere.
        Mark::new("the card number", text(&card["number"]), &["bank.sqlite"]),
        Mark::new("the payment PIN", PAYMENT_PIN, &[]),
        Mark::new("the vault's PIN", VAULT_PIN, &[]),
        Mark::new("the vault's reset code", text(&vault["reset_code"]), &["POST /api/v1/vault"]),
        // Whoever opened the vault reads it, as long as it is open.
        Mark::new("the note in the vault", VAULT_NOTE, &["GET /api/v1/vault/", "GET /vault"]),
        // What one-time passwords and webhooks are made with stands in the records sealed; nobody is told twice.
        Mark::new(
            "the secret of one-time passwords",
            text(&codes["secret"]),
            &["POST /api/v1/one-time-passwords", "GET /settings/security/authenticator"],
        ),
        Mark::new("the bytes behind that secret", code_bytes, &[]),
        Mark::new("the secret of a webhook", text(&hook["secret"]), &["POST /api/v1/webhook-endpoints"]),
        Mark::new("the bytes behind that secret", hook_bytes, &["POST /api/v1/webhook-endpoints"]),
        Mark::new("the API key", text(&key["key"]), &["POST /api/v1/api-keys"]),
        Mark::new("the token of the first session", token(&first), &["POST /api/v1/sessions"]),
        Mark::new("the token of a session", token(&holder), &["POST /api/v1/sessions"]),
    ];
    Life { marks, cookies: vec![String::new(), holder, owner, operator], payment }
}

/// The bytes behind a text in the base32 of RFC 4648, §6.
fn base32_bytes(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let values = text.chars().filter_map(|letter| LETTERS.find(letter));
    let bits: Vec<bool> =
        values.flat_map(|value| (0..5).rev().map(move |bit| value >> bit & 1 == 1)).collect();
    bits.as_chunks::<8>()
        .0
        .iter()
        .map(|byte| byte.iter().fold(0, |all, bit| all << 1 | u8::from(*bit)))
        .collect()
}

/// Sets a payment PIN, asks for one-time passwords, and keeps a note in a vault; returns what the last two told.
fn lock_things_up(site: &mut Site, holder: &str) -> (Value, Value) {
    let pin = json!({ "pin": PAYMENT_PIN }).to_string();
    let pin = site.send("PUT", holder, "/api/v1/payment-pin", &pin);
    assert_eq!(pin.status, 204, "{}", pin.text);
    let codes = site.make(holder, "/api/v1/one-time-passwords", &json!({}));
    let vault = site.make(holder, "/api/v1/vault", &json!({ "pin": VAULT_PIN }));
    let note = json!({ "kind": "note", "name": "home", "words": VAULT_NOTE });
    site.make(holder, "/api/v1/vault/items", &note);
    (codes, vault)
}

/// Opens everything that has an address, as everyone.
fn look_everywhere(site: &mut Site, life: &Life) {
    let mut paths = server::paths();
    for path in &mut paths {
        if path.contains("/transactions/") || path.contains("/operations/") {
            *path = path.replace("{id}", &life.payment);
        }
    }
    for cookie in &life.cookies {
        for path in paths.iter().filter(|path| !path.contains('{')) {
            let answer = site.get(cookie, path);
            assert!(answer.status < 500, "{path}: {}", answer.text);
        }
    }
}

/// Every file below the folder with its path in it.
fn files(folder: &Path, below: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path(), &format!("{name}/")));
        } else {
            found.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    found
}

#[test]
fn no_secret_is_found_where_it_has_no_business() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let made = made(&data);
    let mut site = Site::open(&data, directory.path().join("log"));
    let life = live(&mut site, &made);
    look_everywhere(&mut site, &life);
    let mut places = files(&data, "");
    site.kill();
    let mut marks = life.marks;
    let key = std::fs::read(data.join("audit-log.key")).unwrap();
    marks.push(Mark::new("the audit log's private key", key, &["audit-log.key"]));
    // Once more after a crash and a recovery, when everything was written anew.
    let mut again = Site::open(&data, directory.path().join("log"));
    places.extend(files(&data, ""));
    again.kill();
    assert!(
        places.iter().any(|(name, _)| name == "records.sqlite-wal"),
        "the log of the records is looked at"
    );
    assert!(places.iter().any(|(name, _)| name.starts_with("ledger/")), "the journal is looked at");
    places.push(("the log".to_owned(), again.log()));
    places.append(&mut site.answers);
    let mut found = Vec::new();
    for mark in &marks {
        for (place, bytes) in &places {
            let allowed = mark.allowed.iter().any(|beginning| place.starts_with(beginning));
            if !allowed && mark.is_in(bytes) {
                found.push(format!("{} is in {place}", mark.what));
            }
        }
    }
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
