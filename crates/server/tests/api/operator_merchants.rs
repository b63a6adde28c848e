//! The operator admits merchants and suspends them.

use serde_json::{Value, json};

use crate::log_in::{cookie, log_in};
use crate::world::{Person, World};

const MERCHANTS: &str = "/api/v1/operator/merchants";

fn noodles() -> Value {
    json!({
        "name_zh": "老王面馆", "name_en": "Old Wang's Noodles", "category": "noodles",
        "login": "noodles", "password": "broth from yesterday's bones",
    })
}

#[tokio::test]
async fn an_admitted_merchant_is_paid_and_its_owner_refunds() {
    let world = World::with_balance(5_000).await;
    let admitted = world.post(MERCHANTS, &world.operator, &noodles()).await.assert_status(201);
    assert_eq!((admitted.text_of("code"), admitted.text_of("status")), ("noodles".into(), "active".into()));
    assert!(!admitted.text.contains("broth"), "{admitted:?}");
    let payment = json!({"merchant": admitted.text_of("id"), "amount": 1_200, "currency": "CNY"});
    let paid = world.post("/api/v1/payments", &world.lilin, &payment).await.assert_status(201).text_of("id");
    let opened = log_in(&world, "noodles", "broth from yesterday's bones").await.assert_status(201);
    let owner = Person { id: world.tea_staff.id, cookie: cookie(&opened) };
    let refunds = format!("/api/v1/payments/{paid}/refunds");
    world.post(&refunds, &owner, &json!({})).await.assert_status(201);
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn a_suspended_merchant_is_not_paid_until_it_is_active_again() {
    let world = World::with_balance(5_000).await;
    let status = format!("{MERCHANTS}/{}/status", world.tea);
    let set = async |status_code: &str| {
        let answer = world.post(&status, &world.operator, &json!({"status": status_code})).await;
        assert_eq!(answer.assert_status(200).text_of("status"), status_code);
    };
    set("suspended").await;
    let refused = world.post("/api/v1/payments", &world.lilin, &world.payment(700)).await.assert_status(422);
    assert_eq!(refused.json()["field"], "merchant");
    let poster = world.get("/merchant/poster", &world.tea_staff).await.assert_status(409);
    assert!(poster.text.contains("<h1>"), "the page says what is the matter: {}", poster.text);
    set("active").await;
    world.get("/merchant/poster", &world.tea_staff).await.assert_status(200);
    world.post("/api/v1/payments", &world.lilin, &world.payment(700)).await.assert_status(201);
}

#[tokio::test]
async fn a_bad_admission_is_refused_by_name_and_leaves_nothing() {
    let world = World::new().await;
    let refuse = async |field: &str, value: Value, status: u16| {
        let mut body = noodles();
        body[field] = value;
        let answer = world.post(MERCHANTS, &world.operator, &body).await.assert_status(status);
        assert_eq!(answer.json()["field"], field, "{answer:?}");
        answer.problem();
    };
    refuse("name_zh", json!(" "), 400).await;
    refuse("name_en", json!("x".repeat(81)), 400).await;
    refuse("category", json!(null), 400).await;
    refuse("login", json!("9noodles"), 400).await;
    refuse("password", json!("short"), 400).await;
    refuse("tip", json!(1), 400).await;
    // The one is the login of a person, the other the code of a merchant.
    refuse("login", json!("lilin"), 409).await;
    refuse("login", json!("willow-tea"), 409).await;
    let listed = world.get("/api/v1/merchants", &world.operator).await.json();
    assert_eq!(listed["merchants"].as_array().unwrap().len(), 2);
    world.post(MERCHANTS, &world.operator, &noodles()).await.assert_status(201);
}

#[tokio::test]
async fn a_bad_status_or_an_unknown_merchant_is_refused() {
    let world = World::new().await;
    let status = format!("{MERCHANTS}/{}/status", world.tea);
    for bad in [json!("closed"), json!("Active"), json!(1), json!(null)] {
        let answer = world.post(&status, &world.operator, &json!({"status": bad})).await.assert_status(400);
        assert_eq!(answer.json()["field"], "status");
    }
    let nobody = format!("{MERCHANTS}/{}/status", "1".repeat(32));
    let answer = world.post(&nobody, &world.operator, &json!({"status": "active"})).await;
    assert_eq!(answer.assert_status(404).problem(), "not-found");
}
