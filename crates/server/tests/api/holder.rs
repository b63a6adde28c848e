//! What holders set, keep and agree among each other.

use serde_json::{Value, json};

use crate::world::{Person, World, call};

async fn patch(world: &World, path: &str, person: &Person, body: &Value) -> u16 {
    call("PATCH", path).by(person).json(body).send(&world.router).await.status.as_u16()
}

async fn delete(world: &World, path: &str, person: &Person) -> u16 {
    call("DELETE", path).by(person).send(&world.router).await.status.as_u16()
}

async fn name_check(world: &World, person: &Person, login: &str) -> Value {
    let found =
        world.post("/api/v1/payees", person, &json!({"payee": login})).await.assert_status(200).json();
    json!({"holder": found["payee"], "check": found["check"]})
}

/// Li Lin asks Han Meimei for so much.
async fn ask(world: &World, amount: u64) -> String {
    let payer = name_check(world, &world.lilin, "hanmei").await;
    let body = json!({"payers": [payer], "amount": amount, "currency": "CNY", "memo": "dinner"});
    let made = world.post("/api/v1/money-requests", &world.lilin, &body).await.assert_status(201).json();
    made["requests"][0].as_str().unwrap().to_owned()
}

/// Han Meimei gets so much from Li Lin.
async fn enrich(world: &World, amount: u64) {
    let check = name_check(world, &world.lilin, "hanmei").await;
    let body =
        json!({"payee": check["holder"], "check": check["check"], "amount": amount, "currency": "CNY"});
    world.post("/api/v1/transfers", &world.lilin, &body).await.assert_status(201);
}

#[tokio::test]
async fn sixty_four_payments_at_once_never_exceed_the_daily_limit() {
    let world = World::with_balance(100_000).await;
    let limit = json!({"currency": "CNY", "daily": 2_000});
    assert_eq!(patch(&world, "/api/v1/limits", &world.lilin, &limit).await, 200);
    let attempts = (0..64).map(|index| {
        let body = world.payment(100).to_string();
        let send = call("POST", "/api/v1/payments").by(&world.lilin).key(format!("storm-{index}"));
        let (send, router) = (send.text("application/json", body), world.router.clone());
        tokio::spawn(async move { send.send(&router).await })
    });
    let attempts: Vec<_> = attempts.collect();
    let (mut paid, mut refused) = (0, 0);
    for attempt in attempts {
        let answer = attempt.await.unwrap();
        match answer.status.as_u16() {
            201 => paid += 1,
            422 => {
                assert_eq!(answer.text_of("reason"), "over_daily_limit");
                refused += 1;
            }
            other => panic!("{other}: {answer:?}"),
        }
    }
    assert_eq!((paid, refused), (20, 44));
    assert_eq!(world.balance(&world.lilin).await, 98_000);
    let limits = world.get("/api/v1/limits", &world.lilin).await.json();
    assert_eq!(limits["limits"][0]["left_today"], 0);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_limit_is_lowered_at_once_and_raised_after_a_day() {
    let world = World::with_balance(100_000).await;
    let set = |single: u64, daily: u64| json!({"currency": "CNY", "single": single, "daily": daily});
    assert_eq!(patch(&world, "/api/v1/limits", &world.lilin, &set(5_000, 20_000)).await, 200);
    let over = world.post("/api/v1/payments", &world.lilin, &world.payment(5_001)).await;
    assert_eq!(over.assert_status(422).text_of("field"), "amount");
    world.post("/api/v1/payments", &world.lilin, &world.payment(5_000)).await.assert_status(201);
    // Lowered in the middle of the day: what was spent counts.
    assert_eq!(patch(&world, "/api/v1/limits", &world.lilin, &set(5_000, 8_000)).await, 200);
    let view = world.get("/api/v1/limits", &world.lilin).await.json();
    assert_eq!(view["limits"][0]["left_today"], 3_000);
    world.post("/api/v1/payments", &world.lilin, &world.payment(3_001)).await.assert_status(422);
    // Raised: not before a day has passed.
    assert_eq!(patch(&world, "/api/v1/limits", &world.lilin, &set(9_000, 50_000)).await, 200);
    let view = world.get("/api/v1/limits", &world.lilin).await.json();
    assert_eq!((&view["limits"][0]["single"], &view["limits"][0]["daily"]), (&json!(5_000), &json!(8_000)));
    assert!(view["limits"][0]["raised_from"].is_string());
    world.assert_adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_limit_changes_at_once_the_lowest_holds_and_no_raise_slips_through() {
    let world = World::with_balance(100_000).await;
    let changes: Vec<_> = (0..64_u64)
        .map(|index| {
            // From 1,000 to 7,300, in no order.
            let daily = 1_000 + (index * 37 % 64) * 100;
            let body = json!({"currency": "CNY", "daily": daily}).to_string();
            let change = call("PATCH", "/api/v1/limits").by(&world.lilin).text("application/json", body);
            let router = world.router.clone();
            tokio::spawn(async move { change.send(&router).await })
        })
        .collect();
    for change in changes {
        change.await.unwrap().assert_status(200);
    }
    let view = world.get("/api/v1/limits", &world.lilin).await.json();
    assert_eq!(view["limits"][0]["daily"], 1_000);
    world.post("/api/v1/payments", &world.lilin, &world.payment(1_001)).await.assert_status(422);
    world.post("/api/v1/payments", &world.lilin, &world.payment(1_000)).await.assert_status(201);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn an_order_counts_against_the_daily_limit() {
    let world = World::with_balance(100_000).await;
    let limit = json!({"currency": "CNY", "daily": 2_000});
    assert_eq!(patch(&world, "/api/v1/limits", &world.lilin, &limit).await, 200);
    let order = json!({"amount": 1_500, "currency": "CNY"});
    let mut orders = Vec::new();
    for _ in 0..2 {
        let made = world.post("/api/v1/orders", &world.tea_staff, &order).await.assert_status(201);
        orders.push(format!("/api/v1/orders/{}/payment", made.text_of("id")));
    }
    world.post(&orders[0], &world.lilin, &json!({})).await.assert_status(201);
    let over = world.post(&orders[1], &world.lilin, &json!({})).await.assert_status(422);
    assert_eq!(over.text_of("reason"), "over_daily_limit");
    assert_eq!(world.balance(&world.lilin).await, 98_500);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_request_is_paid_once_however_many_pay_at_once() {
    let world = World::with_balance(50_000).await;
    enrich(&world, 20_000).await;
    let id = ask(&world, 2_500).await;
    let path = format!("/api/v1/money-requests/{id}/payments");
    let attempts: Vec<_> = (0..64)
        .map(|index| {
            let send = call("POST", path.clone()).by(&world.hanmei).key(format!("request-{index}"));
            let router = world.router.clone();
            tokio::spawn(async move { send.send(&router).await.status.as_u16() })
        })
        .collect();
    let mut paid = 0;
    for attempt in attempts {
        let status = attempt.await.unwrap();
        assert!([201, 409, 422].contains(&status), "{status}");
        paid += u32::from(status == 201);
    }
    assert_eq!(paid, 1);
    assert_eq!(world.balance(&world.hanmei).await, 17_500);
    let seen = world.get("/api/v1/money-requests", &world.lilin).await.json();
    assert_eq!(seen["requests"][0]["state"], "paid");
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_request_that_a_poor_payer_could_not_pay_can_be_paid_later() {
    let world = World::with_balance(50_000).await;
    let id = ask(&world, 2_500).await;
    let path = format!("/api/v1/money-requests/{id}/payments");
    let poor = world.post(&path, &world.hanmei, &json!({})).await.assert_status(422);
    assert_eq!(poor.problem(), "insufficient-funds");
    enrich(&world, 3_000).await;
    world.post(&path, &world.hanmei, &json!({})).await.assert_status(201);
    world.post(&path, &world.hanmei, &json!({})).await.assert_status(409);
    world.post(&path, &world.lilin, &json!({})).await.assert_status(404);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_request_is_declined_by_the_payer_and_withdrawn_by_the_payee() {
    let world = World::with_balance(50_000).await;
    enrich(&world, 10_000).await;
    let (first, second) = (ask(&world, 100).await, ask(&world, 200).await);
    let decline = |id: &str| format!("/api/v1/money-requests/{id}/decline");
    world.post(&decline(&first), &world.lilin, &json!({})).await.assert_status(404);
    world.post(&decline(&first), &world.hanmei, &json!({})).await.assert_status(204);
    world.post(&decline(&first), &world.hanmei, &json!({})).await.assert_status(409);
    assert_eq!(delete(&world, &format!("/api/v1/money-requests/{second}"), &world.hanmei).await, 404);
    assert_eq!(delete(&world, &format!("/api/v1/money-requests/{second}"), &world.lilin).await, 204);
    let pay = format!("/api/v1/money-requests/{second}/payments");
    world.post(&pay, &world.hanmei, &json!({})).await.assert_status(409);
    let told = world.get("/api/v1/notifications", &world.lilin).await.json();
    assert!(told["notifications"].as_array().unwrap().iter().any(|it| it["kind"] == "request_declined"));
}

#[tokio::test]
async fn a_request_expires_after_two_weeks() {
    let world = World::with_balance(50_000).await;
    enrich(&world, 10_000).await;
    let id = ask(&world, 100).await;
    world.advance_seconds(14 * 86_400 + 1);
    let hanmei = crate::world::log_in(&world.app, world.hanmei.id).await;
    let pay = format!("/api/v1/money-requests/{id}/payments");
    world.post(&pay, &hanmei, &json!({})).await.assert_status(409);
    let list = world.get("/api/v1/money-requests", &hanmei).await.json();
    assert_eq!(list["requests"][0]["state"], "expired");
}

#[tokio::test]
async fn a_bill_is_paid_once_and_leaves_a_receipt() {
    let world = World::with_balance(50_000).await;
    let bill = json!({
        "holder": world.lilin.id.to_string(), "kind": "property_fee", "account_number": "3-2-501",
        "period": "2026-11", "amount": 18_600, "currency": "CNY", "due": "2099-12-31",
    });
    let issue = "/api/v1/merchant/bills";
    let id = world.post(issue, &world.tea_staff, &bill).await.assert_status(201).text_of("id");
    let again = world.post(issue, &world.tea_staff, &bill).await.assert_status(201).text_of("id");
    assert_eq!(id, again);
    let pay = format!("/api/v1/bills/{id}/payments");
    world.post(&pay, &world.hanmei, &json!({})).await.assert_status(404);
    let paid = world.post(&pay, &world.lilin, &json!({})).await.assert_status(201).text_of("id");
    world.post(&pay, &world.lilin, &json!({})).await.assert_status(409);
    let bills = world.get("/api/v1/bills", &world.lilin).await.json();
    assert_eq!(
        (&bills["bills"][0]["state"], &bills["bills"][0]["operation"]),
        (&json!("paid"), &json!(paid))
    );
    assert_eq!(world.balance(&world.lilin).await, 31_400);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_post_is_agreed_by_one_and_settled_once() {
    let world = World::with_balance(50_000).await;
    enrich(&world, 10_000).await;
    let offer = json!({"kind": "offer", "title": "Bicycle repair", "amount": 3_000, "currency": "CNY"});
    let id = world.post("/api/v1/board", &world.lilin, &offer).await.assert_status(201).text_of("id");
    let (agree, settle) = (format!("/api/v1/board/{id}/agreement"), format!("/api/v1/board/{id}/settlement"));
    world.post(&agree, &world.lilin, &json!({})).await.assert_status(409);
    world.post(&settle, &world.hanmei, &json!({})).await.assert_status(409);
    world.post(&agree, &world.hanmei, &json!({})).await.assert_status(204);
    world.post(&settle, &world.lilin, &json!({})).await.assert_status(404);
    world.post(&settle, &world.hanmei, &json!({})).await.assert_status(201);
    world.post(&settle, &world.hanmei, &json!({})).await.assert_status(409);
    assert_eq!(world.balance(&world.hanmei).await, 7_000);
    assert_eq!(delete(&world, &format!("/api/v1/board/{id}"), &world.lilin).await, 409);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_payment_from_a_card_is_one_request_with_one_effect() {
    let world = World::new().await;
    let body =
        json!({"merchant": world.tea.to_string(), "card": world.card, "amount": 1_500, "currency": "CNY"});
    let send = || call("POST", "/api/v1/card-payments").by(&world.lilin).key("one-click").json(&body);
    let first = send().send(&world.router).await.assert_status(201).text_of("id");
    let second = send().send(&world.router).await.assert_status(201).text_of("id");
    assert_eq!(first, second);
    assert_eq!(world.balance(&world.lilin).await, 0);
    let history = world.get("/api/v1/operations", &world.lilin).await.json();
    assert_eq!(history["operations"].as_array().map(Vec::len), Some(2));
    let other =
        json!({"merchant": world.tea.to_string(), "card": world.card, "amount": 1_600, "currency": "CNY"});
    let reused = call("POST", "/api/v1/card-payments").by(&world.lilin).key("one-click").json(&other);
    reused.send(&world.router).await.assert_status(422);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_declined_card_moves_nothing_and_another_way_pays() {
    let world = World::with_balance(9_000).await;
    let card = format!("/api/v1/cards/{}", world.card);
    assert_eq!(patch(&world, &card, &world.lilin, &json!({"frozen": true})).await, 200);
    let body =
        json!({"merchant": world.tea.to_string(), "card": world.card, "amount": 1_500, "currency": "CNY"});
    world.post("/api/v1/card-payments", &world.lilin, &body).await.assert_status(422);
    world.post("/api/v1/top-ups", &world.lilin, &world.card_amount(100)).await.assert_status(422);
    assert_eq!(world.balance(&world.lilin).await, 9_000);
    assert_eq!(patch(&world, &card, &world.lilin, &json!({"frozen": false, "label": "工资卡"})).await, 200);
    world.post("/api/v1/card-payments", &world.lilin, &body).await.assert_status(201);
    assert_eq!(patch(&world, &card, &world.hanmei, &json!({"frozen": true})).await, 404);
    let balance = world.post(&format!("{card}/balance"), &world.lilin, &json!({})).await.assert_status(200);
    assert_eq!(balance.json()["available"], 1_000_000 - 9_000 - 1_500);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_stop_ends_spending_cards_and_other_sessions() {
    let world = World::with_balance(9_000).await;
    let elsewhere = crate::world::log_in(&world.app, world.lilin.id).await;
    let body = json!({"end_other_sessions": true});
    world.post("/api/v1/spending-stop", &world.lilin, &body).await.assert_status(204);
    world.get("/api/v1/wallets", &elsewhere).await.assert_status(401);
    world.post("/api/v1/payments", &world.lilin, &world.payment(100)).await.assert_status(422);
    world.post("/api/v1/withdrawals", &world.lilin, &world.card_amount(100)).await.assert_status(422);
    let cards = world.get("/api/v1/cards", &world.lilin).await.json();
    assert_eq!(cards["cards"][0]["frozen"], true);
    assert_eq!(world.balance(&world.lilin).await, 9_000);
}

#[tokio::test]
async fn notes_and_tags_are_private_and_can_be_found() {
    let world = World::with_balance(9_000).await;
    let id = world.post("/api/v1/payments", &world.lilin, &world.payment(850)).await.text_of("id");
    world.post("/api/v1/payments", &world.lilin, &world.payment(900)).await.assert_status(201);
    let path = format!("/api/v1/operations/{id}/annotation");
    let words = json!({"note": "breakfast with Wang", "tags": "#Food work"});
    assert_eq!(patch(&world, &path, &world.lilin, &words).await, 204);
    assert_eq!(patch(&world, &path, &world.hanmei, &words).await, 404);
    let seen = world.get(&path, &world.lilin).await.json();
    assert_eq!((&seen["note"], &seen["tags"]), (&words["note"], &json!(["food", "work"])));
    assert_eq!(world.get(&path, &world.hanmei).await.json()["note"], "");
    for query in ["tag=food", "q=with%20wang", "q=柳茶&kind=payment"] {
        let found = world.get(&format!("/api/v1/operations?{query}"), &world.lilin).await.json();
        let ids: Vec<&Value> = found["operations"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
        assert!(ids.contains(&&json!(id)), "{query}");
        assert_eq!(ids.len() == 1, query != "q=柳茶&kind=payment", "{query}");
    }
    let none = world.get("/api/v1/operations?tag=foo", &world.lilin).await.json();
    assert_eq!(none["operations"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn month_sums_are_the_sums_of_the_history() {
    let world = World::with_balance(9_000).await;
    enrich(&world, 2_000).await;
    world.post("/api/v1/payments", &world.lilin, &world.payment(850)).await.assert_status(201);
    let sums = world.get("/api/v1/month-sums?currency=CNY", &world.lilin).await.assert_status(200).json();
    let months = sums["months"].as_array().unwrap();
    assert_eq!(months.len(), 12);
    let total = |field: &str| months.iter().map(|month| month[field].as_u64().unwrap()).sum::<u64>();
    assert_eq!((total("money_in"), total("money_out")), (9_000, 2_850));
}

#[tokio::test]
async fn favourites_are_kept_and_removed() {
    let world = World::new().await;
    let body = json!({"merchant": world.tea.to_string()});
    world.post("/api/v1/favourites", &world.lilin, &body).await.assert_status(204);
    let kept = world.get("/api/v1/favourites", &world.lilin).await.json();
    assert_eq!(kept["merchants"], json!([world.tea.to_string()]));
    let page = world.get("/pay", &world.lilin).await.assert_status(200);
    assert!(page.text.contains("class=\"favourite\""));
    assert_eq!(delete(&world, &format!("/api/v1/favourites/{}", world.tea), &world.lilin).await, 204);
    let kept = world.get("/api/v1/favourites", &world.lilin).await.json();
    assert_eq!(kept["merchants"], json!([]));
}

#[tokio::test]
async fn statement_as_csv_and_pdf_have_the_same_rows() {
    let world = World::with_balance(9_000).await;
    for amount in [850, 900] {
        world.post("/api/v1/payments", &world.lilin, &world.payment(amount)).await.assert_status(201);
    }
    let csv = world.get("/history.csv", &world.lilin).await.assert_status(200);
    assert_eq!(csv.text.lines().count(), 1 + 3);
    let pdf = call("GET", "/history.pdf").by(&world.lilin).send_bytes(&world.router).await;
    // A machine without a font says so in words.
    match pdf.0 {
        200 => assert!(pdf.1.starts_with(b"%PDF-")),
        status => assert_eq!(status, 501),
    }
}

#[tokio::test]
async fn a_low_balance_is_told_once_a_day() {
    let world = World::with_balance(9_000).await;
    let holder = wallet::ids::HolderId::new(world.lilin.id.bits());
    operations::settings::choose_notifications(world.app.operations(), holder, &[], Some(8_500))
        .await
        .unwrap();
    for amount in [100, 500, 600] {
        world.post("/api/v1/payments", &world.lilin, &world.payment(amount)).await.assert_status(201);
    }
    let told = world.get("/api/v1/notifications", &world.lilin).await.json();
    let low = |it: &&Value| it["kind"] == "low_balance";
    assert_eq!(told["notifications"].as_array().unwrap().iter().filter(low).count(), 1);
    assert!(world.get("/home", &world.lilin).await.text.contains("bell-count"));
}

#[tokio::test]
async fn every_page_of_a_holder_opens() {
    let world = World::with_balance(9_000).await;
    let paths = [
        "/cards",
        "/limits",
        "/lost",
        "/requests",
        "/requests/new",
        "/bills",
        "/board",
        "/board/new",
        "/notifications",
        "/history?search=tea&tag=x",
        "/history/months",
        "/pay",
        "/home",
        "/settings",
    ];
    let more = [format!("/cards/{}", world.card), format!("/pay/{}", world.tea)];
    for path in paths.iter().map(|path| (*path).to_owned()).chain(more) {
        let page = world.get(&path, &world.lilin).await.assert_status(200);
        assert!(page.text.contains("<h1"), "{path}");
        assert!(!page.text.contains("{ $"), "{path}");
        let staff = world.get(&path, &world.tea_staff).await.status.as_u16();
        assert!(staff == 403 || path == "/notifications" || path == "/settings", "{path}: {staff}");
    }
}
