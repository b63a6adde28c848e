//! Card purses over HTTP: made, bound, loaded, paid with, cleared, lost; with real cards and a real security module.

use messages::card::batch::{HEADER_BYTES, SignedHeader};
use messages::card::receipt::{BatchReceipt, RecordVerdict};
use operations::card_purses::grades::Identity;
use operations::card_purses::{identity, keys};
use serde_json::{Value, json};
use wallet::ids::HolderId;

use crate::plastic::{
    Plastic, TERMINAL, batch, bearer, make_cards, open_key, order_batch, post_as, register, security_module,
};
use crate::world::{World, call};

/// A world with 500.00 in the wallet of `lilin`, a terminal with its key, and a card of hers.
struct Stage {
    world: World,
    key: String,
    card: Plastic,
}

impl Stage {
    async fn open() -> Self {
        let world = World::with_balance(50_000).await;
        open_key(&world).await;
        register(&world, &world.operator).await.assert_status(201);
        let key = bearer(&world, &world.tea_staff, &json!(["terminals"])).await;
        let batch = order_batch(&world, &world.operator, 2).await;
        let mut card = make_cards(&world, &batch).await.remove(0);
        let body = json!({"card": card.number, "code": card.code});
        world.post("/api/v1/card-purses", &world.lilin, &body).await.assert_status(201);
        card.select();
        Self { world, key, card }
    }

    /// Orders a load. The order's id.
    async fn order(&self, minor: u64) -> String {
        let path = format!("/api/v1/card-purses/{}/load-orders", self.card.number);
        let body = json!({"amount": minor, "currency": "CNY"});
        self.world.post(&path, &self.world.lilin, &body).await.assert_status(201).text_of("id")
    }

    async fn load(&mut self, minor: u32) {
        let order = self.order(minor.into()).await;
        let request = self.card.initialise("load", minor, Some(&order));
        let answer = post_as(&self.world, &self.key, "/loads", &request).await.assert_status(200).json();
        let code = self.card.deliver("load", &answer);
        self.confirm(&answer, &code).await;
    }

    async fn confirm(&self, answer: &Value, code: &str) {
        let path = format!("/loads/{}/confirmation", answer["operation"].as_str().unwrap());
        let confirmed = post_as(&self.world, &self.key, &path, &json!({"code": code})).await;
        assert_eq!(confirmed.assert_status(200).json(), json!({"state": "done"}));
    }

    async fn shown(&self) -> Value {
        let path = format!("/api/v1/card-purses/{}", self.card.number);
        self.world.get(&path, &self.world.lilin).await.assert_status(200).json()
    }

    async fn upload(&self, batch: Vec<u8>) -> (u16, Vec<u8>) {
        let path = format!("/api/v1/terminals/{TERMINAL}/batches");
        let upload = call("POST", path).header("authorization", self.key.clone());
        upload.octets(batch).send_bytes(&self.world.router).await
    }
}

#[tokio::test]
async fn a_load_ordered_on_the_web_is_made_at_a_terminal_and_only_once() {
    let mut stage = Stage::open().await;
    let order = stage.order(20_000).await;
    assert_eq!(stage.world.balance(&stage.world.lilin).await, 50_000, "an order moves nothing");
    let path = format!("/api/v1/terminals/{TERMINAL}/cards/{}/load-orders", stage.card.number);
    let waiting =
        call("GET", path).header("authorization", stage.key.clone()).send(&stage.world.router).await;
    assert_eq!(waiting.assert_status(200).json()["load_orders"][0]["id"], json!(order));
    let request = stage.card.initialise("load", 20_000, Some(&order));
    let answer = post_as(&stage.world, &stage.key, "/loads", &request).await.assert_status(200).json();
    let again = post_as(&stage.world, &stage.key, "/loads", &request).await.assert_status(200).json();
    assert_eq!(answer, again, "an answer that was lost comes again");
    assert_eq!(stage.world.balance(&stage.world.lilin).await, 30_000);
    let code = stage.card.deliver("load", &answer);
    stage.confirm(&answer, &code).await;
    stage.confirm(&answer, &code).await;
    assert_eq!(stage.card.balance(), 20_000);
    let shown = stage.shown().await;
    assert_eq!((&shown["balance"], &shown["in_doubt"]), (&json!(20_000), &json!(0)));
    assert_eq!(shown["load_orders"], json!([]));
    let once_more = stage.card.initialise("load", 20_000, Some(&order));
    let spent = post_as(&stage.world, &stage.key, "/loads", &once_more).await;
    assert_eq!(spent.json()["code"], json!("order_gone"), "{spent:?}");
    stage.world.assert_adds_up().await;
}

#[tokio::test]
async fn a_terminal_brings_a_card_its_grade_and_the_holder_reads_why_it_is_so() {
    let mut stage = Stage::open().await;
    let grade = stage.shown().await["grade"].clone();
    assert_eq!((&grade["level"], &grade["reasons"][0]["key"]), (&json!(0), &json!("grade.no-identity")));
    let card = stage.card.number.clone();
    let path = |version: u16| format!("/api/v1/terminals/{TERMINAL}/cards/{card}/grade?version={version}");
    let ask = |version| call("GET", path(version)).header("authorization", stage.key.clone());
    ask(0).send(&stage.world.router).await.assert_status(204);
    let holder = HolderId::new(stage.world.lilin.id.bits());
    let operator = stage.world.operator.id;
    identity::check(stage.world.app.operations(), operator, holder, Identity::Document).await.unwrap();
    let token = ask(0).send(&stage.world.router).await.assert_status(200).text_of("token");
    let later = ask(1);
    stage.card.take_grade(&token);
    assert_eq!(stage.shown().await["grade"]["is_borne"], json!(false), "nobody has said so yet");
    later.send(&stage.world.router).await.assert_status(204);
    let grade = stage.shown().await["grade"].clone();
    assert_eq!((&grade["level"], &grade["due_max"]), (&json!(1), &json!(2_000)));
    assert_eq!(grade["is_borne"], json!(true));
    for (path, words) in [("", "First credit"), ("/grade", "What is deliberately not used")] {
        let path = format!("/card-purses/{}{path}", stage.card.number);
        let page = stage.world.get(&path, &stage.world.lilin).await.assert_status(200);
        assert!(page.text.contains(words), "{path}: {page:?}");
    }
}

#[tokio::test]
async fn an_unload_brings_the_money_back_to_the_wallet() {
    let mut stage = Stage::open().await;
    stage.load(20_000).await;
    let request = stage.card.initialise("unload", 5_000, None);
    let answer = post_as(&stage.world, &stage.key, "/loads", &request).await.assert_status(200).json();
    let code = stage.card.deliver("unload", &answer);
    stage.confirm(&answer, &code).await;
    assert_eq!((stage.card.balance(), stage.world.balance(&stage.world.lilin).await), (15_000, 35_000));
    stage.world.assert_adds_up().await;
}

#[tokio::test]
async fn a_batch_is_paid_once_and_its_receipt_comes_again() {
    let mut stage = Stage::open().await;
    stage.load(20_000).await;
    let mut module = security_module(&stage.world).await;
    let records = [stage.card.pay(&mut module, 1_250), stage.card.pay(&mut module, 600)];
    let upload = batch(1, &records);
    let (status, receipt) = stage.upload(upload.clone()).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&receipt));
    let header = SignedHeader::parse(upload.first_chunk::<HEADER_BYTES>().unwrap()).unwrap();
    let issuer = keys::public_key(stage.world.app.operations()).await.unwrap();
    let verdicts: Vec<RecordVerdict> =
        BatchReceipt::parse(&receipt, &header, &issuer).unwrap().verdicts().collect();
    assert_eq!(verdicts, [RecordVerdict::Accepted; 2]);
    assert_eq!(stage.upload(upload).await, (200, receipt), "the same batch gets the same receipt");
    let other = stage.upload(batch(1, &records[..1])).await;
    assert_eq!(other.0, 409, "another batch under this number");
    let balances = stage.world.get("/api/v1/merchant/balances", &stage.world.tea_staff).await.json();
    assert_eq!(balances["balances"][0]["available"], json!(1_850), "{balances}");
    assert_eq!(stage.shown().await["balance"], json!(18_150));
    assert_eq!(stage.card.balance(), 18_150);
    let csv = format!("/card-purses/{}/log.csv", stage.card.number);
    let csv = stage.world.get(&csv, &stage.world.lilin).await.assert_status(200).text;
    assert_eq!(csv.lines().filter(|line| line.contains(",debit,proven,-")).count(), 2, "{csv}");
    stage.world.assert_adds_up().await;
}

#[tokio::test]
async fn a_card_is_bound_by_the_code_of_its_letter_and_by_one_holder() {
    let world = World::with_balance(50_000).await;
    open_key(&world).await;
    let batch = order_batch(&world, &world.operator, 1).await;
    let card = make_cards(&world, &batch).await.remove(0);
    let letters = world.get(&format!("/operator/card-batches/{batch}/letters"), &world.operator).await;
    let (start, end) = card.code.split_at(4);
    assert!(letters.assert_status(200).text.contains(&format!("{start} {end}")), "the letter has the code");
    let bind = |code: &str| json!({"card": card.number, "code": code});
    let wrong = world.post("/api/v1/card-purses", &world.lilin, &bind("00000000")).await;
    let wrong = wrong.assert_status(422).json();
    assert_eq!((&wrong["code"], &wrong["field"]), (&json!("code_wrong"), &json!("code")));
    world.post("/api/v1/card-purses", &world.lilin, &bind(&card.code)).await.assert_status(201);
    let late = world.post("/api/v1/card-purses", &world.hanmei, &bind(&card.code)).await;
    assert!(late.status.is_client_error(), "{late:?}");
    let path = format!("/api/v1/card-purses/{}", card.number);
    world.get(&path, &world.hanmei).await.assert_status(404);
    world.get(&format!("/card-purses/{}", card.number), &world.hanmei).await.assert_status(404);
    let file = format!("/operator/card-purses/{}/card.json", card.number);
    let gone = world.get(&file, &world.operator).await;
    assert!(!gone.status.is_success(), "a bound card has no file any more: {gone:?}");
}

#[tokio::test]
async fn a_large_load_order_is_confirmed_and_every_order_counts_in_the_limits() {
    let stage = Stage::open().await;
    let (world, holder) = (&stage.world, &stage.world.lilin);
    let set = |path: &'static str, body: Value| call("PUT", path).by(holder).json(&body);
    set("/api/v1/payment-pin", json!({"pin": "204813"})).send(&world.router).await.assert_status(204);
    let path = format!("/api/v1/card-purses/{}/load-orders", stage.card.number);
    let large = json!({"amount": 50_000, "currency": "CNY"});
    let asked = world.post(&path, holder, &large).await.assert_status(403);
    assert_eq!(asked.problem(), "step-up-required");
    let question = json!({"card": stage.card.number, "amount": 50_000, "currency": "CNY"});
    let challenge =
        world.post("/api/v1/challenges", holder, &question).await.assert_status(201).text_of("id");
    let proof = format!("/api/v1/challenges/{challenge}/proof");
    world.post(&proof, holder, &json!({"pin": "204813"})).await.assert_status(200);
    let confirmed = json!({"amount": 50_000, "currency": "CNY", "challenge": challenge});
    world.post(&path, holder, &confirmed).await.assert_status(201);

    let page = format!("/card-purses/{}", stage.card.number);
    let shown = world.get(&page, holder).await.assert_status(200).text;
    let (_, rest) = shown.split_once("name=\"form_token\" value=\"").unwrap();
    let token = rest.split_once('"').unwrap().0;
    let form = format!("form_token={token}&idempotency_key={}&amount=500.00", "7".repeat(32));
    let send = call("POST", format!("{page}/load-orders")).by(holder);
    let shown = send.text("application/x-www-form-urlencoded", form).send(&world.router).await;
    assert!(shown.assert_status(200).text.contains("name=\"challenge\""), "the page asks for the PIN");

    let limit = json!({"currency": "CNY", "daily": 900});
    call("PATCH", "/api/v1/limits").by(holder).json(&limit).send(&world.router).await.assert_status(200);
    let over = world.post(&path, holder, &json!({"amount": 901, "currency": "CNY"})).await;
    assert_eq!(over.assert_status(422).json()["field"], json!("amount"));
    stage.order(900).await;
}

#[tokio::test]
async fn a_lost_card_is_listed_at_once_and_gets_no_load() {
    let stage = Stage::open().await;
    let path = format!("/api/v1/card-purses/{}/loss", stage.card.number);
    let lost = stage.world.post(&path, &stage.world.lilin, &json!({})).await.assert_status(200).json();
    assert_eq!((&lost["state"], &lost["listed"]), (&json!("listed"), &json!("lost")));
    let path = format!("/api/v1/terminals/{TERMINAL}/lists/status?newer_than=0");
    let ask = || call("GET", path.clone()).header("authorization", stage.key.clone());
    let (status, list) = ask().send_bytes(&stage.world.router).await;
    assert!(status == 200 && !list.is_empty());
    let order = format!("/api/v1/card-purses/{}/load-orders", stage.card.number);
    let body = json!({"amount": 100, "currency": "CNY"});
    let refused = stage.world.post(&order, &stage.world.lilin, &body).await.assert_status(422);
    assert_eq!(refused.json()["code"], json!("card_not_served"));
    let path = format!("/operator/card-purses/{}", stage.card.number);
    let refund = stage.world.get(&path, &stage.world.operator).await;
    assert!(refund.assert_status(200).text.contains("can be given back from"));
    let path = format!("/api/v1/operator/card-purses/{}/refund", stage.card.number);
    let early = stage.world.post(&path, &stage.world.operator, &json!({"reason": "lost"})).await;
    assert_eq!(early.assert_status(409).json()["code"], json!("window_open"));
    let nameless = stage.world.post(&path, &stage.world.operator, &json!({"reason": ""})).await;
    assert_eq!(nameless.assert_status(400).json()["field"], json!("reason"));
}

#[tokio::test]
async fn every_page_about_cards_tells_what_there_is() {
    let mut stage = Stage::open().await;
    stage.load(20_000).await;
    let mut module = security_module(&stage.world).await;
    let record = stage.card.pay(&mut module, 1_250);
    assert_eq!(stage.upload(batch(1, &[record])).await.0, 200);
    let world = &stage.world;
    let (holder, merchant, operator) = (&world.lilin, &world.tea_staff, &world.operator);
    let card = &stage.card.number;
    let purse = format!("/card-purses/{card}");
    let of_operator = format!("/operator/card-purses/{card}");
    for (path, person, words) in [
        ("/card-purses", holder, "¥187.50"),
        (purse.as_str(), holder, "Willow Tea"),
        ("/merchant/terminals", merchant, "counter 1"),
        ("/operator/card-purses", operator, "¥187.50"),
        (of_operator.as_str(), operator, "Willow Tea"),
        ("/operator/card-batches", operator, "spring"),
        ("/operator/terminals", operator, "Willow Tea"),
        ("/operator/card-lists", operator, "Parameters"),
        ("/operator/card-exceptions", operator, "Nothing to look at"),
    ] {
        let page = world.get(path, person).await.assert_status(200).text;
        assert!(page.contains(words), "{path} does not say {words}");
    }
    let found = world.get(&format!("/operator/card-purses?number={card}"), operator).await.assert_status(303);
    assert_eq!(found.headers["location"], of_operator.as_str());
    world.get("/operator/card-purses?number=12", operator).await.assert_status(422);
}
