//! One key, one effect.

use serde_json::{Value, json};

use crate::world::{Person, World, call, pan};

#[tokio::test]
async fn a_post_that_moves_value_needs_a_key() {
    let world = World::with_balance(5_000).await;
    let refund = format!("/api/v1/payments/{}/refunds", "1".repeat(32));
    for (path, person, body) in [
        ("/api/v1/payments", &world.lilin, world.payment(1)),
        ("/api/v1/transfers", &world.lilin, json!({})),
        ("/api/v1/top-ups", &world.lilin, world.card_amount(1)),
        ("/api/v1/withdrawals", &world.lilin, world.card_amount(1)),
        (refund.as_str(), &world.tea_staff, json!({})),
    ] {
        let answer = call("POST", path).by(person).json(&body).send(&world.router).await.assert_status(400);
        assert_eq!(answer.problem(), "idempotency-key-missing", "{path}");
        assert_eq!(answer.json()["field"], "Idempotency-Key");
    }
    for bad in ["", "a b", &"k".repeat(256)] {
        let answer = call("POST", "/api/v1/payments").by(&world.lilin).key(bad).json(&world.payment(1));
        assert_eq!(answer.send(&world.router).await.assert_status(400).json()["field"], "Idempotency-Key");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_parallel_requests_with_one_key_post_once() {
    let world = World::with_balance(5_000).await;
    let send = || {
        let pay = call("POST", "/api/v1/payments").by(&world.lilin).key("same").json(&world.payment(100));
        let router = world.router.clone();
        tokio::spawn(async move { pay.send(&router).await })
    };
    let tasks: Vec<_> = (0..50).map(|_| send()).collect();
    let mut ids = Vec::new();
    for task in tasks {
        let answer = task.await.unwrap();
        // While the first is under way a repetition may be told to come back.
        assert!(matches!(answer.status.as_u16(), 201 | 409), "{answer:?}");
        if answer.status == 201 {
            ids.push(answer.text_of("id"));
        }
    }
    assert!(!ids.is_empty());
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.balance(&world.lilin).await, 4_900);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer() {
    let world = World::with_balance(5_000).await;
    let pay = || call("POST", "/api/v1/payments").by(&world.lilin).key("\"k-1\"").json(&world.payment(100));
    let first = pay().send(&world.router).await.assert_status(201);
    let again = pay().send(&world.router).await.assert_status(201);
    assert_eq!(first.json(), again.json());
    assert_eq!(world.balance(&world.lilin).await, 4_900);
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let world = World::with_balance(5_000).await;
    let pay =
        |amount| call("POST", "/api/v1/payments").by(&world.lilin).key("k").json(&world.payment(amount));
    pay(100).send(&world.router).await.assert_status(201);
    let answer = pay(101).send(&world.router).await.assert_status(422);
    assert_eq!(answer.problem(), "idempotency-key-reused");
    assert_eq!(world.balance(&world.lilin).await, 4_900);
}

#[tokio::test]
async fn the_same_key_of_another_holder_or_route_is_another_request() {
    let world = World::with_balance(5_000).await;
    let card = world.bind(&world.hanmei, "HAN MEIMEI", &pan(2)).await.assert_status(201).text_of("id");
    let top_up = json!({"card": card, "amount": 3_000, "currency": "CNY"});
    let send = async |path: &'static str, person: &Person, body: Value| {
        call("POST", path).by(person).key("k").json(&body).send(&world.router).await.assert_status(201)
    };
    send("/api/v1/payments", &world.lilin, world.payment(100)).await;
    send("/api/v1/top-ups", &world.hanmei, top_up).await;
    send("/api/v1/payments", &world.hanmei, world.payment(100)).await;
    send("/api/v1/withdrawals", &world.lilin, world.card_amount(400)).await;
    assert_eq!(world.balance(&world.lilin).await, 4_500);
    assert_eq!(world.balance(&world.hanmei).await, 2_900);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_declined_payment_stays_declined_under_its_key() {
    let world = World::with_balance(500).await;
    let pay = || call("POST", "/api/v1/payments").by(&world.lilin).key("k").json(&world.payment(600));
    let first = pay().send(&world.router).await.assert_status(422);
    assert_eq!(first.problem(), "insufficient-funds");
    world.post("/api/v1/top-ups", &world.lilin, &world.card_amount(5_000)).await.assert_status(201);
    let again = pay().send(&world.router).await.assert_status(422);
    assert_eq!(first.json(), again.json());
    assert_eq!(world.balance(&world.lilin).await, 5_500);
}
