//! The vault over the API.

use serde_json::json;

use crate::world::{PASSWORD, World, call};

const PIN: &str = "4271-93";
const CANARY: &str = "金丝雀 canary 31415926";

async fn made(world: &World) -> String {
    world
        .post("/api/v1/vault", &world.lilin, &json!({ "pin": PIN }))
        .await
        .assert_status(201)
        .text_of("reset_code")
}

async fn add(world: &World, kind: &str, fields: serde_json::Value, words: &str) -> String {
    let body = json!({ "kind": kind, "name": "thing", "fields": fields, "words": words });
    world.post("/api/v1/vault/items", &world.lilin, &body).await.assert_status(201).text_of("id")
}

#[tokio::test]
async fn no_file_ever_holds_the_words_of_a_note() {
    let world = World::new().await;
    let reset_code = made(&world).await;
    let id = add(&world, "note", json!({}), CANARY).await;
    let shown = world.get(&format!("/api/v1/vault/items/{id}"), &world.lilin).await.assert_status(200);
    assert_eq!(shown.text_of("words"), CANARY);
    let mut folders = vec![world.directory.0.clone()];
    let mut bytes_read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            bytes_read += bytes.len();
            for secret in [CANARY, "31415926", "金丝雀", PIN, reset_code.as_str()] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} in {}", path.display());
            }
        }
    }
    assert!(bytes_read > 10_000, "the database and its log were read");
}

#[tokio::test]
async fn a_vault_opens_in_its_session_with_its_pin_only() {
    let world = World::new().await;
    made(&world).await;
    let path = "/api/v1/vault/items";
    assert_eq!(world.get("/api/v1/vault", &world.lilin).await.text_of("state"), "open");
    call("DELETE", "/api/v1/vault/opening").by(&world.lilin).send(&world.router).await.assert_status(204);
    world.get(path, &world.lilin).await.assert_status(409);
    let opening = "/api/v1/vault/opening";
    world.post(opening, &world.lilin, &json!({ "pin": "000000" })).await.assert_status(422);
    world.post(opening, &world.lilin, &json!({ "pin": PIN })).await.assert_status(204);
    world.get(path, &world.lilin).await.assert_status(200);
    world.get(path, &world.hanmei).await.assert_status(409);
    world.post("/api/v1/vault", &world.lilin, &json!({ "pin": PIN })).await.assert_status(409);
    world.post("/api/v1/vault", &world.hanmei, &json!({ "pin": "123456" })).await.assert_status(400);
}

#[tokio::test]
async fn wrong_pins_are_throttled() {
    let world = World::new().await;
    made(&world).await;
    let opening = "/api/v1/vault/opening";
    for _ in 0..4 {
        world.post(opening, &world.lilin, &json!({ "pin": "000000" })).await.assert_status(422);
    }
    let waits = world.post(opening, &world.lilin, &json!({ "pin": PIN })).await.assert_status(429);
    assert!(waits.headers.contains_key("retry-after"));
    world.advance_seconds(5);
    world.post(opening, &world.lilin, &json!({ "pin": PIN })).await.assert_status(204);
}

#[tokio::test]
async fn a_profile_is_exported_as_ecml_and_vcard() {
    let world = World::new().await;
    made(&world).await;
    let who = add(&world, "user_info", json!({ "first_name": "雷", "last_name": "李" }), "").await;
    add(&world, "address", json!({ "city": "A & B" }), "").await;
    let set = json!({ "name": "home", "cards": [who] });
    let set = world.post("/api/v1/vault/sets", &world.lilin, &set).await.assert_status(201).text_of("id");
    let export = async |query: String| {
        world.get(&format!("/api/v1/vault/export?{query}"), &world.lilin).await.assert_status(200).text
    };
    assert!(export("format=ecml".to_owned()).await.contains("<City>A &amp; B</City>"));
    let card = export(format!("format=vcard&set={set}")).await;
    assert!(card.contains("N:李;雷;;;\r\n") && !card.contains("ADR"), "{card}");
    world.get("/api/v1/vault/export?format=pdf", &world.lilin).await.assert_status(400);
}

#[tokio::test]
async fn an_item_is_changed_from_the_version_that_was_read() {
    let world = World::new().await;
    made(&world).await;
    let id = add(&world, "note", json!({}), "one").await;
    let path = format!("/api/v1/vault/items/{id}");
    let change = |version: u32, words: &str| {
        let body = json!({ "kind": "note", "name": "thing", "words": words, "version": version });
        call("PUT", &path).by(&world.lilin).json(&body).send(&world.router)
    };
    change(1, "two").await.assert_status(204);
    change(1, "three").await.assert_status(409);
    assert_eq!(world.get(&path, &world.lilin).await.text_of("words"), "two");
    call("DELETE", &path).by(&world.lilin).send(&world.router).await.assert_status(204);
    world.get(&path, &world.lilin).await.assert_status(404);
}

#[tokio::test]
async fn the_reset_code_wipes_the_vault() {
    let world = World::new().await;
    let reset_code = made(&world).await;
    add(&world, "note", json!({}), "gone").await;
    let path = "/api/v1/vault/reset";
    let wrong = json!({ "reset_code": "AAAAA-AAAAA-AAAAA-AAAAA" });
    world.post(path, &world.lilin, &wrong).await.assert_status(422);
    world.post(path, &world.lilin, &json!({ "reset_code": reset_code })).await.assert_status(204);
    assert_eq!(world.get("/api/v1/vault", &world.lilin).await.text_of("state"), "missing");
}

#[tokio::test]
async fn a_lock_of_the_session_locks_its_vault() {
    let world = World::new().await;
    made(&world).await;
    call("POST", "/api/v1/sessions/current/lock")
        .by(&world.lilin)
        .send(&world.router)
        .await
        .assert_status(204);
    call("POST", "/api/v1/sessions/current/unlock")
        .by(&world.lilin)
        .json(&json!({ "password": PASSWORD }))
        .send(&world.router)
        .await
        .assert_status(204);
    assert_eq!(world.get("/api/v1/vault", &world.lilin).await.text_of("state"), "locked");
}
