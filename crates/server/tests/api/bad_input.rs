//! Every bad input is a 4xx that names its field, and nothing moves.

use serde_json::json;

use crate::world::{World, call};

/// Sends a payment whose body is this text and expects a refusal that names this field.
async fn refuse(world: &World, body: &str, field: &str) {
    let answer = call("POST", "/api/v1/payments")
        .by(&world.lilin)
        .key(format!("bad-{}", blake3::hash(body.as_bytes()).to_hex().as_str().split_at(16).0))
        .text("application/json", body)
        .send(&world.router)
        .await;
    assert!(answer.status.is_client_error(), "{body}: {answer:?}");
    assert_eq!(answer.json()["field"], field, "{body}: {answer:?}");
    answer.problem();
}

#[tokio::test]
async fn a_bad_amount_is_refused_by_name_and_nothing_moves() {
    let world = World::with_balance(5_000).await;
    let amounts = [
        "0",
        "-1",
        "-0",
        "1.5",
        "1.0",
        "1e3",
        "1E2",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "340282366920938463463374607431768211456",
        "1000000000000000000",
        "1e999",
        "\"100\"",
        "NaN",
        "Infinity",
        "007",
        "+1",
        "null",
        "true",
        "[]",
        "{}",
        "0x10",
        "1_000",
        "١",
    ];
    for amount in amounts {
        let body = format!(r#"{{"merchant":"{}","amount":{amount},"currency":"CNY"}}"#, world.tea);
        refuse(&world, &body, "amount").await;
    }
    assert_eq!(world.balance(&world.lilin).await, 5_000);
    world.assert_adds_up().await;
}

#[tokio::test]
async fn bad_fields_are_refused_by_name_and_nothing_moves() {
    let world = World::with_balance(5_000).await;
    let tea = world.tea;
    for (body, field) in [
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"XXX"}}"#), "currency"),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"cny"}}"#), "currency"),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"CLF"}}"#), "currency"),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"USD"}}"#), "currency"),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":156}}"#), "currency"),
        (format!(r#"{{"merchant":"{tea}","amount":1}}"#), "currency"),
        (format!(r#"{{"merchant":"{tea}","currency":"CNY"}}"#), "amount"),
        (r#"{"amount":1,"currency":"CNY"}"#.to_owned(), "merchant"),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"CNY","tip":1}}"#), "tip"),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"CNY","amount":2}}"#), "amount"),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"CNY","currency":"CNY"}}"#), "currency"),
        (format!(r#"{{"merchant":"{}","amount":1,"currency":"CNY"}}"#, "0".repeat(32)), "merchant"),
        (format!(r#"{{"merchant":"{}","amount":1,"currency":"CNY"}}"#, "f".repeat(32)), "merchant"),
        (format!(r#"{{"merchant":"{}","amount":1,"currency":"CNY"}}"#, "1".repeat(32)), "merchant"),
        (format!(r#"{{"merchant":"{}","amount":1,"currency":"CNY"}}"#, "A".repeat(32)), "merchant"),
        (r#"{"merchant":1,"amount":1,"currency":"CNY"}"#.to_owned(), "merchant"),
        (
            format!(r#"{{"merchant":"{tea}","amount":1,"currency":"CNY","memo":"{}"}}"#, "茶".repeat(141)),
            "memo",
        ),
        (format!(r#"{{"merchant":"{tea}","amount":1,"currency":"CNY","memo":"a\u0000b"}}"#), "memo"),
        (format!(r#"{{"merchant":"{tea}","amount":100000001,"currency":"CNY"}}"#), "amount"),
    ] {
        refuse(&world, &body, field).await;
    }
    assert_eq!(world.balance(&world.lilin).await, 5_000);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let world = World::with_balance(5_000).await;
    let nested = "[".repeat(100_000);
    for body in ["", "[]", "null", "1", "{", "{\"amount\"", "{} {}", "\u{feff}{}", &nested[..60_000]] {
        let send = call("POST", "/api/v1/payments").by(&world.lilin).key("k");
        let answer = send.text("application/json", body).send(&world.router).await.assert_status(400);
        assert_eq!(answer.problem(), "invalid-request");
    }
}

#[tokio::test]
async fn wrong_content_types_and_large_bodies_are_refused() {
    let world = World::new().await;
    let body = world.payment(1).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json; charset=gbk",
    ] {
        let send = call("POST", "/api/v1/payments").by(&world.lilin).key("k").text(kind, body.clone());
        assert_eq!(
            send.send(&world.router).await.assert_status(415).problem(),
            "unsupported-media-type",
            "{kind}"
        );
    }
    let large = format!("{{\"memo\":\"{}\"}}", "x".repeat(server::BODY_MAX_BYTES));
    let send = call("POST", "/api/v1/payments").by(&world.lilin).key("k").text("application/json", large);
    assert_eq!(send.send(&world.router).await.assert_status(413).problem(), "too-large");
}

#[tokio::test]
async fn ids_in_paths_that_name_nothing_are_not_found() {
    let world = World::new().await;
    for id in
        ["0".repeat(32), "f".repeat(32), "1".repeat(32), "x".to_owned(), "%00".to_owned(), "1".repeat(33)]
    {
        for path in ["/api/v1/operations/{id}", "/api/v1/operations/{id}/receipt", "/api/v1/merchants/{id}"] {
            let answer = world.get(&path.replace("{id}", &id), &world.lilin).await.assert_status(404);
            assert_eq!(answer.problem(), "not-found");
        }
    }
    world.get("/api/v1/nothing", &world.lilin).await.assert_status(404).problem();
    let wrong = call("PUT", "/api/v1/payments").by(&world.lilin).send(&world.router).await.assert_status(405);
    assert_eq!(wrong.problem(), "method-not-allowed");
}

#[tokio::test]
async fn bad_query_parameters_are_refused_by_name() {
    let world = World::new().await;
    for (query, field) in [
        ("kind=gift", "kind"),
        ("state=done", "state"),
        ("currency=XXX", "currency"),
        ("merchant=1", "merchant"),
        ("from=2026-02-30", "from"),
        ("to=yesterday", "to"),
        ("cursor=zzz", "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("colour=red", "colour"),
        ("kind=payment&kind=refund", "kind"),
    ] {
        let answer = world.get(&format!("/api/v1/operations?{query}"), &world.lilin).await.assert_status(400);
        assert_eq!(answer.json()["field"], field, "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn bad_registrations_are_refused_by_name() {
    let world = World::new().await;
    let good = json!({"login": "newcomer", "password": "a river of clear water", "name": "新人"});
    for (field, value) in [
        ("login", json!("ab")),
        ("login", json!("has space")),
        ("login", json!("lilin")),
        ("password", json!("short")),
        ("password", json!("passwordpassword")),
        ("name", json!("")),
        ("phone", json!("13800138000")),
        ("phone", json!("+8613800138000")),
        ("language", json!("fr")),
        ("currency", json!("CLF")),
        ("role", json!("operator")),
        ("merchant", json!("1")),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let answer = call("POST", "/api/v1/holders").json(&body).send(&world.router).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
        assert_eq!(answer.json()["field"], field, "{answer:?}");
    }
}
