//! The lock after five idle minutes, which the server keeps.

use serde_json::json;

use crate::access_log_in::with_passkey;
use crate::log_in::log_in;
use crate::world::{Answer, PASSWORD, Person, World, call};

async fn unlock(world: &World, person: &Person, body: &serde_json::Value) -> Answer {
    call("POST", "/api/v1/sessions/current/unlock").by(person).json(body).send(&world.router).await
}

#[tokio::test]
async fn a_session_is_locked_after_five_idle_minutes_and_a_password_opens_it() {
    let world = World::new().await;
    for _ in 0..3 {
        world.advance_seconds(270);
        world.get("/api/v1/wallets", &world.lilin).await.assert_status(200);
    }
    world.advance_seconds(301);
    let locked = world.get("/api/v1/wallets", &world.lilin).await.assert_status(401);
    assert_eq!(locked.problem(), "session-locked");
    assert_eq!(locked.text_of("prove_at"), "/api/v1/sessions/current/unlock");
    unlock(&world, &world.lilin, &json!({"password": "not the password at all"})).await.assert_status(401);
    world.get("/api/v1/wallets", &world.lilin).await.assert_status(401);
    unlock(&world, &world.lilin, &json!({"password": PASSWORD})).await.assert_status(204);
    world.get("/api/v1/wallets", &world.lilin).await.assert_status(200);
}

#[tokio::test]
async fn a_page_that_asks_for_news_by_itself_does_not_keep_a_session_open() {
    let world = World::new().await;
    for _ in 0..11 {
        world.advance_seconds(30);
        let news = call("GET", "/session/state").by(&world.lilin).header("sec-fetch-mode", "cors");
        news.send(&world.router).await.assert_status(200);
    }
    let state = call("GET", "/session/state").by(&world.lilin).header("sec-fetch-mode", "cors");
    assert_eq!(state.send(&world.router).await.json(), json!({"open": false}));
}

#[tokio::test]
async fn a_lock_is_at_once_and_pin_or_passkey_open_it() {
    let world = World::new().await;
    let set = call("PUT", "/api/v1/payment-pin").by(&world.lilin).json(&json!({"pin": "274916"}));
    set.send(&world.router).await.assert_status(204);
    let mut passkey = with_passkey(&world, &world.lilin, 7).await;
    let lock = || call("POST", "/api/v1/sessions/current/lock").by(&world.lilin).send(&world.router);
    lock().await.assert_status(204);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(401);
    unlock(&world, &world.lilin, &json!({"pin": "274917"})).await.assert_status(401);
    unlock(&world, &world.lilin, &json!({"pin": "274916"})).await.assert_status(204);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(200);
    lock().await.assert_status(204);
    let ask =
        call("POST", "/api/v1/sessions/current/passkey-options").by(&world.lilin).send(&world.router).await;
    let answer = passkey.get(&ask.assert_status(200).json()["public_key"]);
    unlock(&world, &world.lilin, &json!({"passkey": answer})).await.assert_status(204);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(200);
}

#[tokio::test]
async fn pages_lead_through_the_lock_and_back_to_the_same_place() {
    let world = World::new().await;
    world.advance_seconds(301);
    let visit = call("GET", "/history?kind=payment").by(&world.lilin).send(&world.router).await;
    assert_eq!(visit.status.as_u16(), 303);
    let at_the_lock = visit.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(at_the_lock, "/lock?next=%2Fhistory%3Fkind%3Dpayment");
    let page = world.get(&at_the_lock, &world.lilin).await.assert_status(200);
    assert!(!page.text.contains("¥") && page.text.contains("name=\"password\""));
    let token = page.text.split("name=\"form_token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let send = |password: &str| {
        let fields = [("form_token", token), ("password", password), ("next", "/history?kind=payment")];
        let body = serde_urlencoded::to_string(fields).unwrap();
        call("POST", "/unlock").by(&world.lilin).text("application/x-www-form-urlencoded", body)
    };
    send("wrong wrong wrong").send(&world.router).await.assert_status(422);
    let back = send(PASSWORD).send(&world.router).await.assert_status(303);
    assert_eq!(back.headers["location"], "/history?kind=payment");
    world.get("/history?kind=payment", &world.lilin).await.assert_status(200);
}

#[tokio::test]
async fn a_locked_session_still_ends_with_its_siblings() {
    let world = World::new().await;
    world.advance_seconds(301);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(401);
    let opened = log_in(&world, "lilin", PASSWORD).await.assert_status(201);
    let phone = Person { id: world.lilin.id, cookie: crate::log_in::cookie(&opened) };
    call("DELETE", "/api/v1/sessions").by(&phone).send(&world.router).await.assert_status(204);
    let answer = unlock(&world, &world.lilin, &json!({"password": PASSWORD})).await;
    assert_eq!(answer.assert_status(401).problem(), "unauthenticated");
}
