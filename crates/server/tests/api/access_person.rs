//! Everything about a person, and the end of their account.

use serde_json::json;

use crate::log_in::log_in;
use crate::world::{PASSWORD, World, call};

#[tokio::test]
async fn an_export_tells_everything_but_secrets() {
    let world = World::with_balance(5_000).await;
    let set = call("PUT", "/api/v1/payment-pin").by(&world.lilin).json(&json!({"pin": "274916"}));
    set.send(&world.router).await.assert_status(204);
    let export = world.get("/api/v1/profile/export", &world.lilin).await.assert_status(200);
    let told = export.json();
    assert_eq!(told["records"]["principals"][0]["login"], "lilin");
    assert_eq!(told["records"]["operations"][0]["amount"], 5_000);
    assert_eq!(told["balances"][0]["available"], 5_000);
    assert!(told["records"]["cards"][0]["masked_number"].is_string());
    for secret in ["argon2", "274916", "hash", "token\""] {
        assert!(!export.text.contains(secret), "{secret} in {}", export.text);
    }
    let other = world.get("/api/v1/profile/export", &world.hanmei).await.assert_status(200);
    assert!(!other.text.contains("lilin"), "{other:?}");
}

#[tokio::test]
async fn an_account_is_closed_after_its_rest_was_paid_out() {
    let world = World::with_balance(5_000).await;
    let path = "/api/v1/profile/closing";
    let kept = world.post(path, &world.lilin, &json!({"login": "lilin"})).await.assert_status(422);
    let other = json!({"login": "hanmei", "card": world.card});
    assert_eq!(world.post(path, &world.lilin, &other).await.assert_status(400).text_of("field"), "login");
    assert_eq!(kept.text_of("field"), "card");
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    world.post(path, &world.lilin, &json!({"login": "lilin", "card": world.card})).await.assert_status(204);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(401);
    log_in(&world, "lilin", PASSWORD).await.assert_status(401);
    let search = call("POST", "/api/v1/payees").by(&world.hanmei).json(&json!({"payee": "lilin"}));
    search.send(&world.router).await.assert_status(422);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn an_account_whose_rest_no_bank_takes_stays() {
    let world = World::with_balance(5_000).await;
    world.inject(bank::Fault::Decline);
    let body = json!({"login": "lilin", "card": world.card});
    world.post("/api/v1/profile/closing", &world.lilin, &body).await.assert_status(422);
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(200);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn nobody_copies_the_register_of_names() {
    let world = World::new().await;
    let look_up = || {
        let body = json!({"payee": "hanmei"});
        call("POST", "/api/v1/payees").by(&world.lilin).json(&body).send(&world.router)
    };
    for _ in 0..60 {
        look_up().await.assert_status(200);
    }
    assert_eq!(look_up().await.assert_status(429).text_of("field"), "payee");
}
