//! Orders, escrow, scoped keys and webhooks, from outside.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use operations::webhooks;
use records::till::{StaffEntry, StaffRole};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::{Answer, Person, World, call, hire, log_in};

async fn order(world: &World, body: &Value) -> String {
    world.post("/api/v1/orders", &world.tea_staff, body).await.assert_status(201).text_of("id")
}

async fn state(world: &World, id: &str) -> String {
    world.get(&format!("/api/v1/orders/{id}"), &world.tea_staff).await.assert_status(200).text_of("state")
}

async fn pay(world: &World, id: &str, payer: &Person) -> Answer {
    world.post(&format!("/api/v1/orders/{id}/payment"), payer, &json!({})).await
}

#[tokio::test]
async fn an_order_is_made_paid_and_refunded() {
    let world = World::with_balance(50_000).await;
    let body = json!({
        "amount": 2_500, "currency": "CNY", "reference": "A-1",
        "lines": [{"name": "Green tea", "quantity": 2, "price": 1_250}],
    });
    let id = order(&world, &body).await;
    assert_eq!(state(&world, &id).await, "open");
    pay(&world, &id, &world.lilin).await.assert_status(201);
    assert_eq!(state(&world, &id).await, "paid");
    assert_eq!(pay(&world, &id, &world.lilin).await.assert_status(409).problem(), "conflict");
    let refund = json!({"amount": 1_000, "memo": "one was cold"});
    world.post(&format!("/api/v1/orders/{id}/refunds"), &world.tea_staff, &refund).await.assert_status(201);
    let shown = world.get(&format!("/api/v1/orders/{id}"), &world.tea_staff).await.json();
    assert_eq!((&shown["state"], &shown["refunded"]), (&json!("partly_refunded"), &json!(1_000)));
    let listed = world.get("/api/v1/orders?reference=A-1", &world.tea_staff).await.json();
    assert_eq!(listed["orders"][0]["id"], json!(id));
    world.assert_adds_up().await;
}

#[tokio::test]
async fn lines_that_do_not_add_up_and_strange_return_urls_are_refused() {
    let world = World::new().await;
    let body = json!({
        "amount": 2_500, "currency": "CNY", "lines": [{"name": "Green tea", "quantity": 1, "price": 1_250}],
    });
    let answer = world.post("/api/v1/orders", &world.tea_staff, &body).await.assert_status(400);
    assert_eq!(answer.text_of("field"), "lines");
    let body = json!({"amount": 2_500, "currency": "CNY", "return_url": "https://evil.example/"});
    let answer = world.post("/api/v1/orders", &world.tea_staff, &body).await.assert_status(422);
    assert_eq!(answer.text_of("field"), "return_url");
}

#[tokio::test]
async fn an_escrow_is_released_by_its_buyer_only() {
    let world = World::with_balance(50_000).await;
    let id = order(&world, &json!({"amount": 2_500, "currency": "CNY", "escrow": true})).await;
    pay(&world, &id, &world.lilin).await.assert_status(201);
    assert_eq!(state(&world, &id).await, "held");
    let confirm = format!("/api/v1/orders/{id}/receipt-confirmation");
    world.post(&confirm, &world.hanmei, &json!({})).await.assert_status(404);
    world.post(&confirm, &world.lilin, &json!({})).await.assert_status(201);
    assert_eq!(state(&world, &id).await, "released");
    world.post(&confirm, &world.lilin, &json!({})).await.assert_status(409);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_key_reaches_only_what_its_scopes_name() {
    let world = World::new().await;
    let body = json!({"label": "web shop", "scopes": ["orders"]});
    let made = call("POST", "/api/v1/api-keys").by(&world.tea_staff).json(&body).send(&world.router).await;
    let (key, key_id) = (made.text_of("key"), made.text_of("id"));
    let bearer = format!("Bearer {key}");
    let with_key = |method, path: &str| call(method, path).header("authorization", bearer.clone());
    let new = json!({"amount": 100, "currency": "CNY"});
    let made = with_key("POST", "/api/v1/orders").key("k").json(&new).send(&world.router).await;
    let id = made.assert_status(201).text_of("id");
    with_key("GET", &format!("/api/v1/orders/{id}")).send(&world.router).await.assert_status(200);
    let refund = with_key("POST", &format!("/api/v1/orders/{id}/refunds")).key("r").json(&json!({}));
    assert_eq!(refund.send(&world.router).await.assert_status(403).problem(), "forbidden");
    for path in ["/api/v1/operations", "/api/v1/webhook-endpoints", "/api/v1/api-keys"] {
        with_key("GET", path).send(&world.router).await.assert_status(403);
    }
    let rotate = format!("/api/v1/api-keys/{key_id}/rotation");
    let fresh = call("POST", rotate.as_str()).by(&world.tea_staff).send(&world.router).await;
    assert_ne!(fresh.assert_status(201).text_of("key"), key);
    with_key("GET", "/api/v1/orders").send(&world.router).await.assert_status(200);
    world.advance_seconds(25 * 3_600);
    with_key("GET", "/api/v1/orders").send(&world.router).await.assert_status(401);
}

#[tokio::test]
async fn a_cashier_sells_but_does_not_refund() {
    let world = World::with_balance(50_000).await;
    let id = hire(&world.app, "cashier", records::principals::Role::MerchantStaff, Some(world.tea)).await;
    let entry = StaffEntry { role: StaffRole::Cashier, pin_hash: None, pin_failures: 0 };
    operations::till::put_entry(world.app.operations(), id, entry).await.unwrap();
    let cashier = log_in(&world.app, id).await;
    let made = world.post("/api/v1/orders", &cashier, &json!({"amount": 100, "currency": "CNY"})).await;
    let order = made.assert_status(201).text_of("id");
    pay(&world, &order, &world.lilin).await.assert_status(201);
    let refunds = format!("/api/v1/orders/{order}/refunds");
    world.post(&refunds, &cashier, &json!({})).await.assert_status(403);
    world.post(&refunds, &world.tea_staff, &json!({})).await.assert_status(201);
    for path in ["/merchant/developer", "/merchant/settlement"] {
        world.get(path, &cashier).await.assert_status(403);
        world.get(path, &world.tea_staff).await.assert_status(200);
    }
}

/// A shop that answers its first calls with 500 and keeps what it was sent.
async fn shop(failures: usize) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 16 * 1024];
            let length = stream.read(&mut bytes).await.unwrap();
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let count = {
                let mut all = kept.lock().unwrap();
                all.push(text);
                all.len()
            };
            let status = if count <= failures { "500 Internal Server Error" } else { "204 No Content" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (port, received)
}

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let line = request.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {request}"))
}

#[tokio::test]
async fn a_webhook_is_signed_tried_again_and_logged() {
    let world = World::with_settings(|settings| settings.webhooks_to_loopback = true).await;
    world.top_up(50_000).await;
    let (port, received) = shop(2).await;
    let body = json!({"url": format!("http://shop.localhost:{port}/hook")});
    let made = world.post("/api/v1/webhook-endpoints", &world.tea_staff, &body).await.assert_status(201);
    let secret = webhooks::secret_of(&made.text_of("secret")).unwrap();
    let delivery = tokio::spawn(server::deliver_webhooks(world.app.clone()));
    let id = order(&world, &json!({"amount": 700, "currency": "CNY"})).await;
    pay(&world, &id, &world.lilin).await.assert_status(201);
    for _ in 0..100 {
        let attempts = received.lock().unwrap().len();
        if attempts >= 3 {
            break;
        }
        if attempts > 0 {
            world.advance_seconds(60);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    delivery.abort();
    let requests = received.lock().unwrap().clone();
    assert_eq!(requests.len(), 3);
    let (head, sent) = requests[2].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
    let values =
        (header(head, "webhook-id"), header(head, "webhook-timestamp"), header(head, "webhook-signature"));
    assert_eq!(values.0, header(&requests[0], "webhook-id"), "every attempt is the same message");
    let seconds = values.1.parse().unwrap();
    assert!(webhooks::verify(&secret, values, sent, seconds));
    let told: Value = serde_json::from_str(sent).unwrap();
    assert_eq!((&told["type"], &told["data"]["id"]), (&json!("order.paid"), &json!(id)));
    let log = webhooks::log(world.app.operations(), world.tea, 10).await.unwrap();
    assert_eq!((log[0].state.code(), log[0].attempts), ("delivered", 3));
}

#[tokio::test]
async fn a_webhook_never_reaches_this_machine_unless_the_operator_allows_it() {
    let world = World::with_balance(50_000).await;
    let (port, received) = shop(0).await;
    for host in ["127.0.0.1", "localhost", "[::1]", "hook.localhost"] {
        let body = json!({"url": format!("http://{host}:{port}/hook")});
        world.post("/api/v1/webhook-endpoints", &world.tea_staff, &body).await.assert_status(201);
    }
    let delivery = tokio::spawn(server::deliver_webhooks(world.app.clone()));
    let id = order(&world, &json!({"amount": 700, "currency": "CNY"})).await;
    pay(&world, &id, &world.lilin).await.assert_status(201);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    delivery.abort();
    assert!(received.lock().unwrap().is_empty());
    let log = webhooks::log(world.app.operations(), world.tea, 10).await.unwrap();
    for row in &log {
        let (_, attempts) =
            webhooks::delivery(world.app.operations(), world.tea, (row.message.id, row.endpoint))
                .await
                .unwrap();
        assert_eq!(attempts[0].outcome, "address_refused");
    }
    assert_eq!(log.len(), 4);
}

#[tokio::test]
async fn checkout_shows_the_order_and_every_page_of_the_shop_opens() {
    let world = World::with_balance(50_000).await;
    let id = order(&world, &json!({"amount": 700, "currency": "CNY", "description": "teapot"})).await;
    let guest = call("GET", format!("/checkout/{id}")).send(&world.router).await.assert_status(200);
    assert!(guest.text.contains("teapot") && guest.text.contains("/login?next="), "{}", guest.text);
    let buyer = world.get(&format!("/checkout/{id}"), &world.lilin).await.assert_status(200);
    assert!(buyer.text.contains(&format!("/checkout/{id}/pay")));
    pay(&world, &id, &world.lilin).await.assert_status(201);
    world.get("/orders", &world.lilin).await.assert_status(200);
    let pages = [
        "/merchant",
        "/merchant/orders",
        "/merchant/orders/new",
        "/merchant/settlement",
        "/merchant/settlement.csv",
        "/merchant/poster",
        "/merchant/staff",
        "/merchant/developer",
        "/till",
        "/till/report",
        "/till/items",
    ];
    for path in pages {
        world.get(path, &world.tea_staff).await.assert_status(200);
        world.get(path, &world.lilin).await.assert_status(403);
    }
    world.get(&format!("/merchant/orders/{id}"), &world.tea_staff).await.assert_status(200);
    world.get(&format!("/merchant/orders/{id}"), &world.bakery_staff).await.assert_status(404);
}
