//! Whose things are whose, what an API key may do, and writes from another site.

use serde_json::json;

use crate::world::{World, call};

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
