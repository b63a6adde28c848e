//! Refunds never exceed their payment.

use serde_json::{Value, json};

use crate::world::{World, call};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_parallel_refunds_never_exceed_the_payment() {
    let world = World::with_balance(50_000).await;
    // The merchant has enough from others: only the payment itself is the cap.
    world.post("/api/v1/payments", &world.lilin, &world.payment(40_000)).await.assert_status(201);
    let payment = world.post("/api/v1/payments", &world.lilin, &world.payment(1_000)).await;
    let path = format!("/api/v1/payments/{}/refunds", payment.assert_status(201).text_of("id"));
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let body = json!({"amount": 100, "currency": "CNY"});
            let refund = call("POST", &path).by(&world.tea_staff).key(format!("r{number}")).json(&body);
            let router = world.router.clone();
            tokio::spawn(async move { refund.send(&router).await })
        })
        .collect();
    let mut refunded = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        match answer.status.as_u16() {
            201 => refunded += 100,
            _ => assert_eq!(answer.assert_status(422).json()["reason"], "refund_exceeds_payment"),
        }
    }
    assert_eq!(refunded, 1_000);
    assert_eq!(world.balance(&world.lilin).await, 10_000);
    let told = world.get("/api/v1/notifications", &world.lilin).await.json();
    let of_refunds = |it: &&Value| it["kind"] == "refund_received" && it["amount"] == 100;
    assert_eq!(told["notifications"].as_array().unwrap().iter().filter(of_refunds).count(), 10);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_payment_is_refunded_in_part_and_then_the_rest() {
    let world = World::with_balance(5_000).await;
    let payment = world.post("/api/v1/payments", &world.lilin, &world.payment(1_000)).await.text_of("id");
    let path = format!("/api/v1/payments/{payment}/refunds");
    let refund = async |body: Value| world.post(&path, &world.tea_staff, &body).await;
    refund(json!({"amount": 300, "currency": "CNY", "memo": "cold tea"})).await.assert_status(201);
    refund(json!({})).await.assert_status(422);
    refund(json!({"amount": 700, "currency": "CNY"})).await.assert_status(201);
    assert_eq!(refund(json!({"amount": 1})).await.assert_status(400).json()["field"], "currency");
    assert!(refund(json!({"amount": 1, "currency": "USD"})).await.status.is_client_error());
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    let detail = world.get(&format!("/api/v1/operations/{payment}"), &world.lilin).await.json();
    let refunds = detail["refunds"].as_array().unwrap();
    assert_eq!(refunds.iter().filter(|row| row["state"] == "completed").count(), 2);
    let receipt = world.get(&format!("/api/v1/operations/{payment}/receipt"), &world.lilin).await.json();
    assert_eq!((&receipt["amount"], &receipt["refunded"]), (&json!("10.00"), &json!("10.00")));
    world.assert_adds_up().await;
}

#[tokio::test]
async fn only_a_completed_payment_can_be_refunded() {
    let world = World::with_balance(5_000).await;
    let declined =
        world.post("/api/v1/payments", &world.lilin, &world.payment(6_000)).await.assert_status(422);
    let path = format!("/api/v1/payments/{}/refunds", declined.text_of("operation"));
    world.post(&path, &world.tea_staff, &json!({})).await.assert_status(422);
    let nothing = format!("/api/v1/payments/{}/refunds", "1".repeat(32));
    world.post(&nothing, &world.tea_staff, &json!({})).await.assert_status(404);
}
