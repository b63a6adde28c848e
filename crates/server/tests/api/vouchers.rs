//! Vouchers over HTTP: sold by staff, redeemed by holders, taken back once.

use serde_json::json;

use crate::world::{World, call};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_redemptions_of_one_voucher_one_brings_its_money() {
    let world = World::with_balance(50_000).await;
    world.post("/api/v1/payments", &world.lilin, &world.payment(10_000)).await.assert_status(201);
    let body = json!({"amount": 800, "currency": "CNY"});
    let sold = world.post("/api/v1/merchant/vouchers", &world.tea_staff, &body).await;
    let code = sold.assert_status(201).text_of("code");
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let redeem =
                call("POST", "/api/v1/voucher-redemptions").by(&world.lilin).key(format!("v{number}"));
            let (redeem, router) = (redeem.json(&json!({"code": code})), world.router.clone());
            tokio::spawn(async move { redeem.send(&router).await })
        })
        .collect();
    let mut redeemed = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        match answer.status.as_u16() {
            201 => redeemed += 1,
            _ => drop(answer.assert_status(409)),
        }
    }
    assert_eq!(redeemed, 1);
    assert_eq!(world.balance(&world.lilin).await, 40_800);
    let list = world.get("/api/v1/merchant/vouchers", &world.tea_staff).await.json();
    assert_eq!(list["vouchers"][0]["state"], "redeemed");
    assert_eq!(list["vouchers"][0]["last_four"], code[code.len() - 4..]);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_voucher_is_typed_as_people_type_and_an_unknown_one_is_refused_at_its_field() {
    let world = World::with_balance(50_000).await;
    world.post("/api/v1/payments", &world.lilin, &world.payment(10_000)).await.assert_status(201);
    let body = json!({"amount": 800, "currency": "CNY"});
    let code = world.post("/api/v1/merchant/vouchers", &world.tea_staff, &body).await.text_of("code");
    for wrong in ["", "ABC", "0000-0000-0000-0000"] {
        let refused = world.post("/api/v1/voucher-redemptions", &world.lilin, &json!({"code": wrong})).await;
        assert_eq!(refused.assert_status(422).json()["field"], "code", "{wrong}");
    }
    let typed = json!({"code": code.to_lowercase().replace('-', " ")});
    world.post("/api/v1/voucher-redemptions", &world.lilin, &typed).await.assert_status(201);
    let history = world.get("/api/v1/operations?kind=voucher_redemption", &world.lilin).await.json();
    assert_eq!(history["operations"][0]["direction"], "in");
    assert_eq!(history["operations"][0]["amount"], 800);
}

#[tokio::test]
async fn a_voucher_goes_back_to_the_shop_that_sold_it_and_to_no_other() {
    let world = World::with_balance(50_000).await;
    world.post("/api/v1/payments", &world.lilin, &world.payment(10_000)).await.assert_status(201);
    let body = json!({"amount": 800, "currency": "CNY"});
    let sold = world.post("/api/v1/merchant/vouchers", &world.tea_staff, &body).await;
    let path = format!("/api/v1/merchant/vouchers/{}/return", sold.text_of("id"));
    world.post(&path, &world.bakery_staff, &json!({})).await.assert_status(404);
    world.post(&path, &world.tea_staff, &json!({})).await.assert_status(201);
    world.post(&path, &world.tea_staff, &json!({})).await.assert_status(201);
    let late = json!({"code": sold.text_of("code")});
    world.post("/api/v1/voucher-redemptions", &world.lilin, &late).await.assert_status(409);
    let dear = json!({"amount": 900_000, "currency": "CNY"});
    let short = world.post("/api/v1/merchant/vouchers", &world.tea_staff, &dear).await;
    assert_eq!(short.assert_status(422).json()["reason"], "insufficient_funds");
    world.assert_adds_up().await;
}
