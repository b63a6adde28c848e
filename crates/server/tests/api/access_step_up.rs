//! Proving again that it is really the payer, for exactly one payee and amount.

use serde_json::{Value, json};

use crate::access_log_in::with_passkey;
use crate::world::{Answer, Person, World, call};

const PIN: &str = "274916";

async fn send(world: &World, path: &str, person: &Person, body: &Value) -> Answer {
    call("POST", path).by(person).json(body).send(&world.router).await
}

/// A world in which `lilin` has 2,000 CNY and a payment PIN.
async fn secured() -> World {
    let world = World::with_balance(200_000).await;
    let set = call("PUT", "/api/v1/payment-pin").by(&world.lilin).json(&json!({"pin": PIN}));
    set.send(&world.router).await.assert_status(204);
    world
}

fn order(world: &World, minor: u64) -> Value {
    json!({"merchant": world.tea.to_string(), "amount": minor, "currency": "CNY"})
}

async fn challenge(world: &World, minor: u64) -> Value {
    send(world, "/api/v1/challenges", &world.lilin, &order(world, minor)).await.assert_status(201).json()
}

async fn prove(world: &World, challenge: &Value, proof: Value) -> Answer {
    let path = format!("/api/v1/challenges/{}/proof", challenge["id"].as_str().unwrap());
    send(world, &path, &world.lilin, &proof).await
}

fn with(mut payment: Value, challenge: &Value) -> Value {
    payment["challenge"] = challenge["id"].clone();
    payment
}

#[tokio::test]
async fn the_first_payment_to_a_shop_is_confirmed_and_the_next_small_ones_are_not() {
    let world = secured().await;
    let asked = world.post("/api/v1/payments", &world.lilin, &world.payment(100)).await.assert_status(403);
    assert_eq!(asked.problem(), "step-up-required");
    assert_eq!(asked.text_of("prove_at"), "/api/v1/challenges");
    let challenge = challenge(&world, 100).await;
    let unproven = with(world.payment(100), &challenge);
    world.post("/api/v1/payments", &world.lilin, &unproven).await.assert_status(403);
    prove(&world, &challenge, json!({"pin": PIN})).await.assert_status(200);
    world.post("/api/v1/payments", &world.lilin, &unproven).await.assert_status(201);
    world.post("/api/v1/payments", &world.lilin, &world.payment(100)).await.assert_status(201);
    let large = world.post("/api/v1/payments", &world.lilin, &world.payment(50_000)).await;
    assert_eq!(large.assert_status(403).problem(), "step-up-required");
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_proof_counts_for_its_payee_and_amount_and_once() {
    let world = secured().await;
    let first = challenge(&world, 60_000).await;
    prove(&world, &first, json!({"pin": PIN})).await.assert_status(200);
    let other_amount = with(world.payment(60_001), &first);
    world.post("/api/v1/payments", &world.lilin, &other_amount).await.assert_status(403);
    let paid = with(world.payment(60_000), &first);
    let pay = |key: &str| {
        call("POST", "/api/v1/payments").by(&world.lilin).key(key).json(&paid).send(&world.router)
    };
    let receipt = pay("once").await.assert_status(201).json();
    assert_eq!(pay("once").await.assert_status(201).json(), receipt, "a retry is answered as before");
    pay("twice").await.assert_status(403);
    let late = challenge(&world, 60_000).await;
    prove(&world, &late, json!({"pin": PIN})).await.assert_status(200);
    world.advance_seconds(301);
    let unlock = json!({"pin": PIN});
    send(&world, "/api/v1/sessions/current/unlock", &world.lilin, &unlock).await.assert_status(204);
    world
        .post("/api/v1/payments", &world.lilin, &with(world.payment(60_000), &late))
        .await
        .assert_status(403);
    assert_eq!(world.balance(&world.lilin).await, 140_000);
}

#[tokio::test]
async fn what_a_passkey_signed_for_one_amount_confirms_no_other() {
    let world = secured().await;
    let mut passkey = with_passkey(&world, &world.lilin, 9).await;
    let (small, large) = (challenge(&world, 100).await, challenge(&world, 90_000).await);
    assert_ne!(small["passkey"]["challenge"], large["passkey"]["challenge"]);
    let signed_small = passkey.get(&small["passkey"]);
    prove(&world, &large, json!({"passkey": signed_small})).await.assert_status(401);
    let signed_large = passkey.get(&large["passkey"]);
    let proven = prove(&world, &large, json!({"passkey": signed_large})).await.assert_status(200);
    assert_eq!(proven.json()["proven_by"], "passkey");
    world
        .post("/api/v1/payments", &world.lilin, &with(world.payment(90_000), &large))
        .await
        .assert_status(201);
}

#[tokio::test]
async fn sixty_four_payments_with_one_proof_pay_once() {
    let world = secured().await;
    let challenge = challenge(&world, 100).await;
    prove(&world, &challenge, json!({"pin": PIN})).await.assert_status(200);
    let payment = with(order(&world, 100), &challenge);
    let attempts = (0..64).map(|number| {
        let pay = call("POST", "/api/v1/payments").by(&world.lilin).key(format!("p{number}")).json(&payment);
        let router = world.router.clone();
        tokio::spawn(async move { pay.send(&router).await.status.as_u16() })
    });
    let mut paid = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        // Whoever comes after the first payment pays to a shop that is known by then.
        paid += u64::from(attempt.await.unwrap() == 201);
    }
    assert_eq!(world.balance(&world.lilin).await, 200_000 - 100 * paid);
    assert!(paid >= 1, "{paid}");
    world.assert_adds_up().await;
}

#[tokio::test]
async fn wrong_pins_lock_the_pin_for_longer_each_time() {
    let world = secured().await;
    let challenge = challenge(&world, 100).await;
    for _ in 0..5 {
        prove(&world, &challenge, json!({"pin": "905538"})).await.assert_status(401);
    }
    let locked = prove(&world, &challenge, json!({"pin": PIN})).await.assert_status(429);
    assert_eq!(locked.headers["retry-after"], "60");
    world.advance_seconds(60);
    prove(&world, &challenge, json!({"pin": "905538"})).await.assert_status(401);
    assert_eq!(
        prove(&world, &challenge, json!({"pin": PIN})).await.assert_status(429).headers["retry-after"],
        "120"
    );
    world.advance_seconds(120);
    prove(&world, &challenge, json!({"pin": PIN})).await.assert_status(200);
}

#[tokio::test]
async fn sixty_four_guesses_side_by_side_are_no_more_than_five() {
    let world = secured().await;
    let challenge = challenge(&world, 100).await;
    let path = format!("/api/v1/challenges/{}/proof", challenge["id"].as_str().unwrap());
    let guesses = (0..64).map(|_| {
        let guess = call("POST", path.clone()).by(&world.lilin).json(&json!({"pin": "905538"}));
        let router = world.router.clone();
        tokio::spawn(async move { guess.send(&router).await.status.as_u16() })
    });
    let mut looked_at = 0;
    for guess in guesses.collect::<Vec<_>>() {
        looked_at += u32::from(matches!(guess.await.unwrap(), 401 | 503));
    }
    assert!(looked_at <= 5, "{looked_at}");
}

#[tokio::test]
async fn a_challenge_of_somebody_else_is_not_found() {
    let world = secured().await;
    let challenge = challenge(&world, 100).await;
    let path = format!("/api/v1/challenges/{}/proof", challenge["id"].as_str().unwrap());
    send(&world, &path, &world.hanmei, &json!({"pin": PIN})).await.assert_status(404);
}

#[tokio::test]
async fn a_payment_on_the_web_asks_for_the_pin_and_goes_on_with_it() {
    let world = secured().await;
    let path = format!("/pay/{}", world.tea);
    let form = world.get(&path, &world.lilin).await.assert_status(200).text;
    let hidden = |text: &str, name: &str| {
        let marker = format!("name=\"{name}\" value=\"");
        text.split(&marker).nth(1).unwrap_or_default().split('"').next().unwrap_or_default().to_owned()
    };
    let token = hidden(&form, "form_token");
    let post = |path: String, fields: Vec<(&'static str, String)>| {
        let body = serde_urlencoded::to_string(fields).unwrap();
        call("POST", path)
            .by(&world.lilin)
            .text("application/x-www-form-urlencoded", body)
            .send(&world.router)
    };
    let base = |pin: Option<&str>, challenge: &str| {
        let mut fields = vec![
            ("form_token", token.clone()),
            ("idempotency_key", "web-1".to_owned()),
            ("amount", "12.50".to_owned()),
            ("currency", "CNY".to_owned()),
            ("memo", String::new()),
            ("challenge", challenge.to_owned()),
        ];
        fields.extend(pin.map(|pin| ("pin", pin.to_owned())));
        fields
    };
    let asked = post(format!("{path}/confirm"), base(None, "")).await.assert_status(200);
    let challenge = hidden(&asked.text, "challenge");
    assert!(asked.text.contains("id=\"pin\"") && asked.text.contains("12.50"), "{}", asked.text);
    let wrong = post(format!("{path}/confirm"), base(Some("905538"), &challenge)).await.assert_status(422);
    let challenge = hidden(&wrong.text, "challenge");
    let paid = post(format!("{path}/confirm"), base(Some(PIN), &challenge)).await.assert_status(303);
    assert!(paid.headers["location"].to_str().unwrap().starts_with("/transactions/"));
    assert_eq!(world.balance(&world.lilin).await, 198_750);
}
