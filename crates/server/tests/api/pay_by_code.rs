//! Codes to pay by, over the API and the pages.

use serde_json::json;

use crate::world::{World, call};

async fn merchant_code(world: &World, body: serde_json::Value) -> String {
    world.post("/api/v1/merchant-codes", &world.tea_staff, &body).await.assert_status(201).text_of("code")
}

async fn payer_code(world: &World) -> String {
    let body = json!({ "currency": "CNY" });
    world.post("/api/v1/payer-codes", &world.lilin, &body).await.assert_status(201).text_of("digits")
}

fn charge(digits: &str, minor: u64) -> serde_json::Value {
    json!({ "code": digits, "amount": minor, "currency": "CNY", "memo": "noodles" })
}

#[tokio::test]
async fn a_printed_code_is_paid_with_an_amount_of_the_payers() {
    let world = World::with_balance(10_000).await;
    let code = merchant_code(&world, json!({ "currency": "CNY" })).await;
    let seen =
        world.post("/api/v1/scanned-codes", &world.lilin, &json!({ "code": code })).await.assert_status(200);
    assert_eq!((seen.text_of("name_en").as_str(), seen.json()["amount"].is_null()), ("Willow Tea", true));
    let path = "/api/v1/code-payments";
    world.post(path, &world.lilin, &json!({ "code": code })).await.assert_status(400);
    world.post(path, &world.lilin, &json!({ "code": code, "amount": 850 })).await.assert_status(201);
    world.post(path, &world.lilin, &json!({ "code": code, "amount": 850 })).await.assert_status(201);
    assert_eq!(world.balance(&world.lilin).await, 10_000 - 2 * 850);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_code_for_an_order_is_paid_once() {
    let world = World::with_balance(10_000).await;
    let code = merchant_code(&world, json!({ "currency": "CNY", "amount": 850, "reference": "A-17" })).await;
    let pay = |amount: u64| json!({ "code": code, "amount": amount });
    let path = "/api/v1/code-payments";
    world.post(path, &world.lilin, &pay(1)).await.assert_status(400);
    world.post(path, &world.lilin, &pay(850)).await.assert_status(201);
    let again = world.post(path, &world.lilin, &pay(850)).await.assert_status(409);
    assert_eq!(again.problem(), "conflict");
    assert_eq!(world.balance(&world.lilin).await, 10_000 - 850);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_tampered_code_is_refused_with_the_reason() {
    let world = World::with_balance(10_000).await;
    let code = merchant_code(&world, json!({ "currency": "CNY", "amount": 850, "reference": "A-17" })).await;
    let reason = async |text: String| {
        let answer = world.post("/api/v1/scanned-codes", &world.lilin, &json!({ "code": text })).await;
        answer.assert_status(422).text_of("detail")
    };
    assert!(reason(code.replace("8.50", "8.51")).await.contains("checksum"));
    assert!(reason("hello".to_owned()).await.contains("not one to pay by"));
    let guarded = code[..code.len() - 4].replace("A-17", "A-18");
    let forged = format!("{guarded}{:04X}", messages::emv_qr::crc_16_ccitt_false(guarded.as_bytes()));
    assert!(reason(forged).await.contains("not signed"));
}

#[tokio::test]
async fn a_payer_code_is_charged_once_by_one_of_64() {
    let world = World::with_balance(10_000).await;
    let digits = payer_code(&world).await;
    let tries = (0..64_u64).map(|number| {
        let staff = if number % 2 == 0 { &world.tea_staff } else { &world.bakery_staff };
        let body = charge(&digits, 100 + number / 2);
        call("POST", "/api/v1/payer-codes/charge").by(staff).key(format!("k{number}")).json(&body)
    });
    let mut running = tokio::task::JoinSet::new();
    for call in tries.collect::<Vec<_>>() {
        let router = world.router.clone();
        running.spawn(async move { call.send(&router).await });
    }
    let mut paid = 0;
    while let Some(answer) = running.join_next().await {
        let status = answer.unwrap().status.as_u16();
        assert!([201, 422].contains(&status), "{status}");
        paid += usize::from(status == 201);
    }
    assert_eq!(paid, 1);
    assert!((10_000 - 131..=10_000 - 100).contains(&world.balance(&world.lilin).await));
    world.assert_adds_up().await;
}

#[tokio::test]
async fn above_a_small_sum_the_payer_confirms() {
    let world = World::with_balance(80_000).await;
    let digits = payer_code(&world).await;
    let path = "/api/v1/payer-codes/charge";
    let waits = world.post(path, &world.tea_staff, &charge(&digits, 60_000)).await.assert_status(202);
    let id = waits.text_of("id");
    let listed = world.get("/api/v1/payer-codes/charges", &world.lilin).await.assert_status(200);
    assert_eq!(listed.json()["charges"][0]["id"], id);
    let confirmation = format!("/api/v1/payer-codes/charges/{id}/confirmation");
    call("POST", &confirmation).by(&world.hanmei).send(&world.router).await.assert_status(404);
    call("POST", &confirmation).by(&world.lilin).send(&world.router).await.assert_status(201);
    world.post(path, &world.tea_staff, &charge(&digits, 60_000)).await.assert_status(201);
    assert_eq!(world.balance(&world.lilin).await, 20_000);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn an_expired_reused_or_too_small_code_is_refused_in_words() {
    let world = World::with_balance(80_000).await;
    let path = "/api/v1/payer-codes/charge";
    let refused = async |digits: &str, minor: u64| {
        world.post(path, &world.tea_staff, &charge(digits, minor)).await.assert_status(422).text_of("detail")
    };
    let digits = payer_code(&world).await;
    assert!(refused(&digits, 100_001).await.contains("limit"));
    world.post(path, &world.tea_staff, &charge(&digits, 100)).await.assert_status(201);
    assert!(refused(&digits, 101).await.contains("used before"));
    let digits = payer_code(&world).await;
    world.advance_seconds(61);
    assert!(refused(&digits, 100).await.contains("expired"));
}

#[tokio::test]
async fn a_frame_of_the_camera_is_read_and_its_size_bounded() {
    let world = World::new().await;
    let blank = |width: &str, pixels: usize| {
        let body = "\u{7f}".repeat(pixels);
        call("POST", format!("/scan/frame?width={width}"))
            .by(&world.lilin)
            .text("application/octet-stream", body)
            .send(&world.router)
    };
    let answer = blank("64", 64 * 64).await.assert_status(200);
    assert!(answer.json()["text"].is_null());
    blank("63", 64 * 64).await.assert_status(400);
    blank("0", 64).await.assert_status(400);
    assert!([400, 413].contains(&blank("640", 640 * 641).await.status.as_u16()));
}
