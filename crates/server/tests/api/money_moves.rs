//! Top-up, withdrawal, transfer and payment, with a bank that fails.

use bank::{Fault, OperationRef, Order};
use serde_json::{Value, json};

use crate::world::{BANK, World, call, cny, pan};

#[tokio::test]
async fn a_top_up_whose_answer_got_lost_is_found_out_and_credited_once() {
    let world = World::new().await;
    world.inject(Fault::TimeOutAfter);
    let send = || call("POST", "/api/v1/top-ups").by(&world.lilin).key("k").json(&world.card_amount(5_000));
    let first = send().send(&world.router).await;
    assert!(matches!(first.status.as_u16(), 201 | 202), "{first:?}");
    let again = send().send(&world.router).await.assert_status(201);
    assert_eq!(again.json()["state"], "completed");
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_top_up_that_never_reached_the_bank_is_undone() {
    let world = World::new().await;
    world.inject(Fault::TimeOutBefore);
    let send = || call("POST", "/api/v1/top-ups").by(&world.lilin).key("k").json(&world.card_amount(5_000));
    let first = send().send(&world.router).await;
    assert!(matches!(first.status.as_u16(), 202 | 422), "{first:?}");
    let again = send().send(&world.router).await.assert_status(422);
    assert_eq!(again.problem(), "declined");
    assert_eq!(again.json()["reason"], "bank_unreachable");
    assert_eq!(world.balance(&world.lilin).await, 0);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_bank_that_asks_is_answered_at_its_own_page_which_the_holder_alone_is_told() {
    let world = World::new().await;
    let bank = world.app.embedded_bank().unwrap();
    bank.serve_customers_at("http://bank.test".to_owned());
    bank.orders(BANK, vec![Order::AskAbove(pan(1), cny(3_000))]).unwrap();
    let send = || call("POST", "/api/v1/top-ups").by(&world.lilin).key("k").json(&world.card_amount(5_000));
    let waits = send().send(&world.router).await.assert_status(202).json();
    let path = format!("/api/v1/operations/{}", waits["id"].as_str().unwrap());
    let seen = world.get(&path, &world.lilin).await.assert_status(200).json();
    assert_eq!(seen["operation"]["state"], "unknown");
    assert_eq!(seen["operation"]["reason"], "bank_asks");
    let page = seen["bank_page"].as_str().unwrap();
    assert!(page.starts_with("http://bank.test/questions/"), "{page}");
    let office = world.get(&path, &world.operator).await.assert_status(200).json();
    assert_eq!(office["bank_page"], Value::Null, "nobody else may answer the bank");
    world.get(&path, &world.hanmei).await.assert_status(404);

    let mut parts = page.rsplit('/').map(|part| u128::from_str_radix(part, 16));
    let (ticket, operation) = (parts.next().unwrap().unwrap(), OperationRef(parts.next().unwrap().unwrap()));
    assert!(bank.question(operation, ticket ^ 1).is_none(), "a ticket cannot be guessed");
    let (asking, question) = bank.question(operation, ticket).unwrap();
    assert_eq!((asking, question.amount), (BANK, cny(5_000)));
    let yes = Order::Answer { operation, consent: true, now: world.app.now() };
    bank.orders(BANK, vec![yes]).unwrap();
    let done = send().send(&world.router).await.assert_status(201).json();
    assert_eq!(done["state"], "completed");
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    let seen = world.get(&path, &world.lilin).await.assert_status(200).json();
    assert_eq!(seen["bank_page"], Value::Null);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_declined_card_moves_nothing() {
    let world = World::with_balance(5_000).await;
    world.inject(Fault::Decline);
    let declined =
        world.post("/api/v1/top-ups", &world.lilin, &world.card_amount(100)).await.assert_status(422);
    assert_eq!(declined.problem(), "declined");
    world.inject(Fault::Decline);
    world.post("/api/v1/withdrawals", &world.lilin, &world.card_amount(100)).await.assert_status(422);
    let over =
        world.post("/api/v1/top-ups", &world.lilin, &world.card_amount(500_001)).await.assert_status(422);
    assert_eq!(over.json()["reason"], "card_limit_per_charge");
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_withdrawal_pays_out_at_most_the_balance() {
    let world = World::with_balance(5_000).await;
    world.post("/api/v1/withdrawals", &world.lilin, &world.card_amount(2_000)).await.assert_status(201);
    let over =
        world.post("/api/v1/withdrawals", &world.lilin, &world.card_amount(3_001)).await.assert_status(422);
    assert_eq!(over.problem(), "insufficient-funds");
    assert_eq!(world.balance(&world.lilin).await, 3_000);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_transfer_needs_the_check_of_its_payees_name() {
    let world = World::with_balance(5_000).await;
    let find = |who: &str| {
        call("POST", "/api/v1/payees").by(&world.lilin).json(&json!({"payee": who})).send(&world.router)
    };
    let payee = find("+8613800138000").await.assert_status(200);
    assert_eq!(payee.text_of("name"), "韩*梅");
    assert_eq!(find("HanMei").await.assert_status(200).json(), payee.json());
    assert_eq!(find("nobody").await.assert_status(422).json()["field"], "payee");
    assert_eq!(find("lilin").await.assert_status(422).json()["field"], "payee");
    let transfer = |check: &str| json!({"payee": payee.text_of("payee"), "check": check, "amount": 1_200, "currency": "CNY", "memo": "晚饭"});
    let unchecked = world.post("/api/v1/transfers", &world.lilin, &transfer(&"1".repeat(32))).await;
    assert_eq!(unchecked.assert_status(422).json()["field"], "check");
    let sent = world.post("/api/v1/transfers", &world.lilin, &transfer(&payee.text_of("check"))).await;
    sent.assert_status(201);
    assert_eq!(world.balance(&world.lilin).await, 3_800);
    assert_eq!(world.balance(&world.hanmei).await, 1_200);
}

#[tokio::test]
async fn a_payment_moves_from_the_holder_to_the_merchant() {
    let world = World::with_balance(5_000).await;
    let paid =
        world.post("/api/v1/payments", &world.lilin, &world.payment(1_250)).await.assert_status(201).json();
    assert_eq!(
        (&paid["amount"], &paid["currency"], &paid["state"]),
        (&json!(1_250), &json!("CNY"), &json!("completed"))
    );
    assert_eq!(world.balance(&world.lilin).await, 3_750);
    let balances = world.get("/api/v1/merchant/balances", &world.tea_staff).await.assert_status(200).json();
    let cny = balances["balances"].as_array().unwrap().iter().find(|row| row["currency"] == "CNY").unwrap();
    assert_eq!(cny["available"], 1_250);
    let totals = world.get("/api/v1/operator/totals", &world.operator).await.assert_status(200).json();
    assert_eq!(totals["adds_up"], true);
}

#[tokio::test]
async fn a_card_is_bound_once_and_deleted_without_its_history() {
    let world = World::with_balance(5_000).await;
    let again = world.bind(&world.lilin, "LI LIN", &pan(1)).await.assert_status(201);
    assert_eq!(again.text_of("id"), world.card);
    assert_eq!(again.text_of("number"), format!("**** {}", pan(1).last_four()));
    let wrong = world.bind(&world.hanmei, "SOMEONE ELSE", &pan(2)).await.assert_status(422);
    assert_eq!(wrong.json()["field"], "card");
    let delete = call("DELETE", format!("/api/v1/cards/{}", world.card)).by(&world.lilin);
    delete.clone().send(&world.router).await.assert_status(204);
    delete.send(&world.router).await.assert_status(404);
    assert_eq!(world.get("/api/v1/cards", &world.lilin).await.json()["cards"], json!([]));
    let history = world.get("/api/v1/operations", &world.lilin).await.json();
    assert_eq!(history["operations"][0]["card"], world.card.as_str());
    let gone = world.post("/api/v1/top-ups", &world.lilin, &world.card_amount(1)).await.assert_status(422);
    assert_eq!(gone.json()["field"], "card");
}
