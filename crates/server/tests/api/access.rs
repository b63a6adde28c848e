//! Who may do what: every route as nobody, holder, other holder, staff and operator.

use serde_json::{Value, json};

use crate::world::{Person, World, call};

/// Each route of the description, so that a new one cannot be forgotten.
fn routes() -> Vec<(&'static str, String)> {
    let description: Value = serde_json::from_str(&server::openapi_json()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (name, method) in [("get", "GET"), ("post", "POST"), ("patch", "PATCH"), ("delete", "DELETE")] {
            if item.get(name).is_some() {
                routes.push((method, path.replace("{id}", &"1".repeat(32))));
            }
        }
    }
    routes
}

const PUBLIC: [(&str, &str); 5] = [
    ("POST", "/api/v1/holders"),
    ("POST", "/api/v1/sessions"),
    ("GET", "/api/v1/banks"),
    ("GET", "/api/v1/merchants"),
    ("GET", "/api/v1/merchants/{id}"),
];

fn is_public(method: &str, path: &str) -> bool {
    PUBLIC.iter().any(|(m, p)| *m == method && p.replace("{id}", &"1".repeat(32)) == path)
}

async fn status_of(world: &World, method: &'static str, path: &str, person: Option<&Person>) -> u16 {
    let mut send = call(method, path).key("k").text("application/json", "{}");
    if let Some(person) = person {
        send = send.by(person);
    }
    let answer = send.send(&world.router).await;
    assert!(!answer.status.is_server_error(), "{method} {path}: {answer:?}");
    answer.status.as_u16()
}

#[tokio::test]
async fn nobody_gets_past_a_route_that_is_not_public() {
    let world = World::new().await;
    let routes = routes();
    assert!(routes.len() >= 27, "{routes:?}");
    for (method, path) in routes {
        let status = status_of(&world, method, &path, None).await;
        assert_eq!(status == 401, !is_public(method, &path), "{method} {path}: {status}");
    }
}

#[tokio::test]
async fn each_role_is_kept_to_its_routes() {
    let world = World::new().await;
    let id = "1".repeat(32);
    let holder_only = [
        ("GET", "/api/v1/wallets".to_owned()),
        ("POST", "/api/v1/wallets".to_owned()),
        ("GET", "/api/v1/cards".to_owned()),
        ("POST", "/api/v1/cards".to_owned()),
        ("DELETE", format!("/api/v1/cards/{id}")),
        ("POST", "/api/v1/top-ups".to_owned()),
        ("POST", "/api/v1/withdrawals".to_owned()),
        ("POST", "/api/v1/payees".to_owned()),
        ("POST", "/api/v1/transfers".to_owned()),
        ("POST", "/api/v1/payments".to_owned()),
        ("GET", "/api/v1/statement.csv".to_owned()),
    ];
    for (method, path) in holder_only {
        assert_ne!(status_of(&world, method, &path, Some(&world.lilin)).await, 403, "{method} {path}");
        assert_eq!(status_of(&world, method, &path, Some(&world.tea_staff)).await, 403, "{method} {path}");
        assert_eq!(status_of(&world, method, &path, Some(&world.operator)).await, 403, "{method} {path}");
    }
    let refund = format!("/api/v1/payments/{id}/refunds");
    for (method, path) in [("POST", refund.as_str()), ("GET", "/api/v1/merchant/balances")] {
        assert_ne!(status_of(&world, method, path, Some(&world.tea_staff)).await, 403, "{method} {path}");
        assert_eq!(status_of(&world, method, path, Some(&world.lilin)).await, 403, "{method} {path}");
        assert_eq!(status_of(&world, method, path, Some(&world.operator)).await, 403, "{method} {path}");
    }
    let operator_only: Vec<_> =
        routes().into_iter().filter(|(_, path)| path.starts_with("/api/v1/operator/")).collect();
    assert!(operator_only.len() >= 3, "{operator_only:?}");
    for (method, path) in operator_only {
        assert_ne!(status_of(&world, method, &path, Some(&world.operator)).await, 403, "{method} {path}");
        assert_eq!(status_of(&world, method, &path, Some(&world.lilin)).await, 403, "{method} {path}");
        assert_eq!(status_of(&world, method, &path, Some(&world.tea_staff)).await, 403, "{method} {path}");
    }
}

#[tokio::test]
async fn the_objects_of_others_are_not_found() {
    let world = World::with_balance(5_000).await;
    let payment = world.post("/api/v1/payments", &world.lilin, &world.payment(700)).await;
    let payment = payment.assert_status(201).text_of("id");
    for path in [format!("/api/v1/operations/{payment}"), format!("/api/v1/operations/{payment}/receipt")] {
        world.get(&path, &world.lilin).await.assert_status(200);
        world.get(&path, &world.tea_staff).await.assert_status(200);
        world.get(&path, &world.operator).await.assert_status(200);
        world.get(&path, &world.hanmei).await.assert_status(404);
        world.get(&path, &world.bakery_staff).await.assert_status(404);
    }
    let refund = format!("/api/v1/payments/{payment}/refunds");
    world.post(&refund, &world.bakery_staff, &json!({})).await.assert_status(404);
    let card = format!("/api/v1/cards/{}", world.card);
    call("DELETE", card).by(&world.hanmei).send(&world.router).await.assert_status(404);
    let stolen = world.card_amount(100);
    let answer = world.post("/api/v1/top-ups", &world.hanmei, &stolen).await;
    assert_eq!((answer.status.as_u16(), answer.text_of("field")), (422, "card".to_owned()));
    let sessions = world.get("/api/v1/sessions", &world.lilin).await.json();
    let session = sessions["sessions"][0]["id"].as_str().unwrap();
    let end = call("DELETE", format!("/api/v1/sessions/{session}"));
    end.by(&world.hanmei).send(&world.router).await.assert_status(404);
    assert_eq!(world.balance(&world.lilin).await, 4_300);
}

#[tokio::test]
async fn an_api_key_acts_for_its_owner_until_it_is_revoked() {
    let world = World::with_balance(5_000).await;
    let make = call("POST", "/api/v1/api-keys").by(&world.lilin).json(&json!({"label": "till"}));
    let made = make.send(&world.router).await.assert_status(201);
    let (id, bearer) = (made.text_of("id"), format!("Bearer {}", made.text_of("key")));
    let with_key = |method, path: &str| call(method, path).header("authorization", bearer.clone());
    let pay = with_key("POST", "/api/v1/payments").key("p1").json(&world.payment(100));
    pay.send(&world.router).await.assert_status(201);
    let more = with_key("POST", "/api/v1/api-keys").json(&json!({"label": "more"}));
    assert_eq!(more.send(&world.router).await.assert_status(403).problem(), "forbidden");
    let listed = world.get("/api/v1/api-keys", &world.lilin).await;
    assert!(!listed.text.contains("sk_"), "{listed:?}");
    let other = call("DELETE", format!("/api/v1/api-keys/{id}")).by(&world.hanmei);
    other.send(&world.router).await.assert_status(404);
    let revoke = call("DELETE", format!("/api/v1/api-keys/{id}")).by(&world.lilin);
    revoke.send(&world.router).await.assert_status(204);
    with_key("GET", "/api/v1/wallets").send(&world.router).await.assert_status(401);
    for wrong in ["Bearer sk_", "Bearer x", "Basic bGlsaW46eA==", "sk_", "Bearer"] {
        let answer = call("GET", "/api/v1/wallets").header("authorization", wrong).send(&world.router).await;
        assert_eq!(answer.assert_status(401).headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_write_from_another_site_is_refused_even_with_the_cookie() {
    let world = World::with_balance(5_000).await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let pay =
            call("POST", "/api/v1/payments").by(&world.lilin).header("host", "pay.test").header(name, value);
        let answer = pay.key("x").json(&world.payment(100)).send(&world.router).await.assert_status(403);
        assert_eq!(answer.problem(), "cross-site");
    }
    assert_eq!(world.balance(&world.lilin).await, 5_000);
}
