//! Cards that pay each other, over HTTP: loaded on the web, fetched by the card, paid without the server.

use ledger::NANOSECONDS_PER_SECOND;
use operations::business_days::BusinessDay;
use pki::Day;
use purse::amount::Amount;
use purse::vtp::{AuthorityKind, Currency, Series};
use purse_to_purse::{Certificates, HeldPurse, Terms, face_to_face};
use serde_json::{Value, json};

use crate::plastic::{Plastic, hex, make_cards, open_key, order_batch};
use crate::world::{Answer, World, call};

const YUAN: (Currency, Series) = (Currency([0x01, 0x56]), Series([0, 1]));

/// A world with 500.00 in the wallet of `lilin`, and two cards of hers.
async fn open() -> (World, Vec<Plastic>) {
    let world = World::with_balance(50_000).await;
    open_key(&world).await;
    let batch = order_batch(&world, &world.operator, 2).await;
    let cards = make_cards(&world, &batch).await;
    for card in &cards {
        let body = json!({"card": card.number, "code": card.code});
        world.post("/api/v1/card-purses", &world.lilin, &body).await.assert_status(201);
    }
    (world, cards)
}

async fn load(world: &World, card: &Plastic, amount: &Value) -> Answer {
    let path = format!("/api/v1/card-purses/{}/transfer-loads", card.number);
    world.post(&path, &world.lilin, &json!({"amount": amount, "currency": "CNY"})).await
}

/// What a card says of itself now.
fn report(world: &World, card: &mut Plastic) -> Value {
    let seconds = world.app.now().0 / NANOSECONDS_PER_SECOND;
    let mut challenge = [0; 16];
    challenge[..8].copy_from_slice(&seconds.to_be_bytes());
    let mut held = HeldPurse::select(card.reader()).unwrap();
    let certificates = held.certificates().unwrap();
    let (report, signature) = held.report(&challenge).unwrap();
    json!({
        "issuer_certificate": hex(&certificates.issuer),
        "certificate": hex(&certificates.purse),
        "challenge": hex(&challenge),
        "report": hex(&report),
        "signature": hex(&signature),
    })
}

/// Nobody is logged in where a card fetches its messages.
async fn fetch(world: &World, report: &Value) -> Answer {
    call("POST", "/api/v1/transfer-purses/messages").json(report).send(&world.router).await
}

async fn collect(world: &World, card: &mut Plastic) -> usize {
    let report = report(world, card);
    let fetched = fetch(world, &report).await.assert_status(200).json();
    take(card, &fetched)
}

async fn unload(world: &World, card: &mut Plastic, amount: &Value) -> Answer {
    let body = json!({ "amount": amount, "currency": "CNY", "report": report(world, card) });
    call("POST", "/api/v1/transfer-purses/unloads").json(&body).send(&world.router).await
}

/// The card takes what it was told. Says how many messages that were.
fn take(card: &mut Plastic, fetched: &Value) -> usize {
    let messages = fetched["messages"].as_array().unwrap().clone();
    let mut held = HeldPurse::select(card.reader()).unwrap();
    for message in &messages {
        let kind = AuthorityKind::ALL.into_iter().find(|kind| message["kind"] == kind.byte()).unwrap();
        held.take_from_issuer(kind, &unhex(&message["data"])).unwrap();
    }
    messages.len()
}

fn unhex(digits: &Value) -> Vec<u8> {
    let digits = digits.as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn held(card: &mut Plastic) -> u32 {
    HeldPurse::select(card.reader()).unwrap().pockets().unwrap()[0].balance.units()
}

#[tokio::test]
async fn a_card_that_was_loaded_on_the_web_pays_another_one_and_all_money_adds_up() {
    let (world, mut cards) = open().await;
    load(&world, &cards[0], &json!(700)).await.assert_status(201);
    assert_eq!(world.balance(&world.lilin).await, 49_300);
    assert_eq!(collect(&world, &mut cards[0]).await, 1);
    assert_eq!(collect(&world, &mut cards[0]).await, 0);
    let terms = Terms { amount: Amount::new(250), currency: YUAN.0, series: YUAN.1 };
    let today = Day(u32::try_from(world.app.now().0 / NANOSECONDS_PER_SECOND / 86_400).unwrap());
    let [first, second] = cards.as_mut_slice() else { unreachable!() };
    face_to_face(first.reader(), second.reader(), terms, today).unwrap();
    assert_eq!((held(first), held(second)), (450, 250));
    let totals = world.get("/api/v1/operator/totals", &world.operator).await.assert_status(200).json();
    assert_eq!((&totals["adds_up"], &totals["currencies"][0]["card_purses"]), (&json!(true), &json!(700)));
    let history = world.get("/api/v1/operations", &world.lilin).await.assert_status(200).json();
    assert_eq!(history["operations"][0]["kind"], "transfer_purse_load", "{history}");
}

#[tokio::test]
async fn a_card_gives_back_to_the_wallet_what_it_shows_to_have_given() {
    let (world, mut cards) = open().await;
    load(&world, &cards[0], &json!(700)).await.assert_status(201);
    let card = &mut cards[0];
    let early = unload(&world, card, &json!(100)).await.assert_status(409).json();
    assert!(early["detail"].as_str().unwrap().contains("holds less"), "{early}");
    collect(&world, card).await;
    for amount in [json!(0), json!(-1), json!(1.5), json!("7"), json!(701), json!(u64::MAX)] {
        let refused = unload(&world, card, &amount).await;
        assert!((400..500).contains(&refused.status.as_u16()), "{amount}: {refused:?}");
    }
    let told = unload(&world, card, &json!(200)).await.assert_status(200).json();
    let other = unload(&world, card, &json!(201)).await.assert_status(409).json();
    assert!(other["detail"].as_str().unwrap().contains("collect"), "{other}");
    assert_eq!((take(card, &told), world.balance(&world.lilin).await), (1, 49_300));
    assert_eq!(collect(&world, card).await, 0);
    assert_eq!((held(card), world.balance(&world.lilin).await), (500, 49_500));
    let history = world.get("/api/v1/operations", &world.lilin).await.assert_status(200).json();
    assert_eq!(history["operations"][0]["kind"], "transfer_purse_unload", "{history}");
}

#[tokio::test]
async fn a_card_that_comes_after_months_gets_new_certificates_with_their_last_day() {
    let (world, mut cards) = open().await;
    let card = &mut cards[0];
    let asked = report(&world, card);
    let fresh = fetch(&world, &asked).await.assert_status(200).json();
    assert_eq!(fresh, json!({"messages": []}));
    world.advance_seconds(100 * 86_400);
    let asked = report(&world, card);
    let told = fetch(&world, &asked).await.assert_status(200).json();
    let renewed = &told["renewed"];
    let certificate = |name: &str| unhex(&renewed[name]).try_into().unwrap();
    let certificates =
        Certificates { issuer: certificate("issuer_certificate"), purse: certificate("certificate") };
    HeldPurse::select(card.reader()).unwrap().renew(&certificates).unwrap();
    let asked = report(&world, card);
    assert_eq!(asked["certificate"], renewed["certificate"], "the card shows the new one");
    let again = fetch(&world, &asked).await.assert_status(200).json();
    assert_eq!(again, json!({"messages": []}));
    let day = world.app.now().0 / NANOSECONDS_PER_SECOND / 86_400 + 89;
    let last = BusinessDay::of(u32::try_from(day).unwrap()).date;
    assert_eq!(renewed["valid_until"], json!(last));
}

#[tokio::test]
async fn a_load_of_a_bad_amount_or_of_another_holders_card_moves_nothing() {
    let (world, cards) = open().await;
    for amount in [json!(0), json!(-1), json!(1.5), json!("7"), json!(100_001)] {
        let refused = load(&world, &cards[0], &amount).await;
        assert!((400..500).contains(&refused.status.as_u16()), "{amount}: {refused:?}");
    }
    let path = format!("/api/v1/card-purses/{}/transfer-loads", cards[0].number);
    let body = json!({"amount": 7, "currency": "CNY"});
    world.post(&path, &world.hanmei, &body).await.assert_status(404);
    assert_eq!(world.balance(&world.lilin).await, 50_000);
}

#[tokio::test]
async fn a_report_that_was_changed_gets_no_message() {
    let (world, mut cards) = open().await;
    load(&world, &cards[0], &json!(700)).await.assert_status(201);
    let good = report(&world, &mut cards[0]);
    for field in ["issuer_certificate", "certificate", "challenge", "report", "signature"] {
        let mut changed = good.clone();
        let text = changed[field].as_str().unwrap();
        let last = if text.ends_with('0') { "1" } else { "0" };
        changed[field] = format!("{}{last}", &text[..text.len() - 1]).into();
        let refused = fetch(&world, &changed).await.assert_status(422);
        assert!(!refused.text.contains("messages"), "{field}: {refused:?}");
    }
    assert_eq!(fetch(&world, &good).await.assert_status(200).json()["messages"].as_array().unwrap().len(), 1);
}
