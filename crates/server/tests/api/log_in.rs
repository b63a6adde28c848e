//! Registration, sessions and the throttle before them.

use serde_json::json;

use crate::world::{Answer, PASSWORD, Person, World, call};

pub(crate) async fn log_in(world: &World, login: &str, password: &str) -> Answer {
    let body = json!({"login": login, "password": password});
    call("POST", "/api/v1/sessions").json(&body).send(&world.router).await
}

pub(crate) fn cookie(answer: &Answer) -> String {
    answer.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_newcomer_registers_logs_in_and_has_an_empty_wallet() {
    let world = World::new().await;
    let body = json!({"login": "Newcomer", "password": PASSWORD, "name": "新人", "currency": "JPY"});
    let made = call("POST", "/api/v1/holders").json(&body).send(&world.router).await.assert_status(201);
    assert_eq!(made.json()["login"], "newcomer");
    let opened = log_in(&world, "newcomer", PASSWORD).await.assert_status(201);
    let set = opened.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let person = Person { id: world.lilin.id, cookie: cookie(&opened) };
    let wallets = world.get("/api/v1/wallets", &person).await.assert_status(200).json();
    assert_eq!(wallets["wallets"][0]["currency"], "JPY");
    assert_eq!(wallets["wallets"][0]["available"], 0);
    let more = call("POST", "/api/v1/wallets").by(&person).json(&json!({"currency": "KWD"}));
    let wallets = more.send(&world.router).await.assert_status(201).json();
    assert_eq!(wallets["wallets"][1]["currency"], "KWD");
}

#[tokio::test]
async fn wrong_password_and_unknown_login_get_the_same_answer() {
    let world = World::new().await;
    let wrong = log_in(&world, "lilin", "not the password at all").await.assert_status(401);
    let unknown = log_in(&world, "nobody-here", "not the password at all").await.assert_status(401);
    assert_eq!(wrong.problem(), "wrong-credentials");
    assert_eq!(wrong.json(), unknown.json());
}

#[tokio::test]
async fn failures_delay_log_in_longer_each_time_but_never_for_ever() {
    let world = World::new().await;
    for _ in 0..5 {
        log_in(&world, "lilin", "not the password at all").await.assert_status(401);
    }
    let waiting = log_in(&world, "LiLin", PASSWORD).await.assert_status(429);
    assert_eq!(waiting.problem(), "too-many-attempts");
    assert_eq!(waiting.headers["retry-after"], "2");
    log_in(&world, "hanmei", PASSWORD).await.assert_status(201);
    world.advance_seconds(3);
    log_in(&world, "lilin", "not the password at all").await.assert_status(401);
    assert_eq!(log_in(&world, "lilin", PASSWORD).await.assert_status(429).headers["retry-after"], "4");
    world.advance_seconds(900);
    log_in(&world, "lilin", PASSWORD).await.assert_status(201);
    log_in(&world, "lilin", "not the password at all").await.assert_status(401);
}

#[tokio::test]
async fn a_session_ends_at_log_out_at_once() {
    let world = World::new().await;
    world.get("/api/v1/profile", &world.lilin).await.assert_status(200);
    let out = call("DELETE", "/api/v1/sessions/current")
        .by(&world.lilin)
        .send(&world.router)
        .await
        .assert_status(204);
    assert!(out.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    world.get("/api/v1/profile", &world.lilin).await.assert_status(401);
}

#[tokio::test]
async fn a_session_ends_after_idle_time_and_after_its_greatest_age() {
    let world = World::new().await;
    world.advance_seconds(4 * 3_600 + 1);
    let ended = world.get("/api/v1/profile", &world.lilin).await.assert_status(401);
    assert_eq!(ended.problem(), "unauthenticated");
    let opened = log_in(&world, "lilin", PASSWORD).await.assert_status(201);
    let person = Person { id: world.lilin.id, cookie: cookie(&opened) };
    for _ in 0..179 {
        world.advance_seconds(4 * 60);
        world.get("/api/v1/profile", &person).await.assert_status(200);
    }
    world.advance_seconds(4 * 60);
    world.get("/api/v1/profile", &person).await.assert_status(401);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_or_all_others() {
    let world = World::new().await;
    let opened = log_in(&world, "lilin", PASSWORD).await.assert_status(201);
    let phone = Person { id: world.lilin.id, cookie: cookie(&opened) };
    let listed = world.get("/api/v1/sessions", &phone).await.assert_status(200).json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    call("DELETE", "/api/v1/sessions").by(&phone).send(&world.router).await.assert_status(204);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(401);
    let id = opened.text_of("session");
    let end = call("DELETE", format!("/api/v1/sessions/{id}")).by(&phone);
    end.send(&world.router).await.assert_status(204);
    world.get("/api/v1/profile", &phone).await.assert_status(401);
}

#[tokio::test]
async fn log_in_replaces_the_token_that_came_with_it() {
    let world = World::new().await;
    let body = json!({"login": "lilin", "password": PASSWORD});
    let opened = call("POST", "/api/v1/sessions").by(&world.lilin).json(&body).send(&world.router).await;
    assert_ne!(cookie(&opened.assert_status(201)), world.lilin.cookie);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(401);
}

#[tokio::test]
async fn a_new_password_counts_at_once_and_ends_other_sessions() {
    let world = World::new().await;
    let opened = log_in(&world, "lilin", PASSWORD).await.assert_status(201);
    let phone = Person { id: world.lilin.id, cookie: cookie(&opened) };
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        call("POST", "/api/v1/profile/password").by(&world.lilin).json(&body)
    };
    let wrong = change("wrong wrong wrong wrong", "a quite different one").send(&world.router).await;
    assert_eq!(wrong.assert_status(401).json()["field"], "current_password");
    let weak = change(PASSWORD, "short").send(&world.router).await;
    assert_eq!(weak.assert_status(400).json()["field"], "new_password");
    change(PASSWORD, "a quite different one").send(&world.router).await.assert_status(204);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(200);
    world.get("/api/v1/profile", &phone).await.assert_status(401);
    log_in(&world, "lilin", PASSWORD).await.assert_status(401);
    log_in(&world, "lilin", "a quite different one").await.assert_status(201);
}

#[tokio::test]
async fn a_profile_changes_only_where_asked() {
    let world = World::new().await;
    let change = |body| call("PATCH", "/api/v1/profile").by(&world.hanmei).json(&body).send(&world.router);
    let changed =
        change(json!({"latin_name": "Han Meimei", "theme": "dark"})).await.assert_status(200).json();
    assert_eq!(changed["name"], "韩梅梅");
    assert_eq!(changed["latin_name"], "Han Meimei");
    assert_eq!(changed["phone"], "+8613800138000");
    assert_eq!(change(json!({"phone": null})).await.assert_status(200).json()["phone"], json!(null));
    assert_eq!(change(json!({"theme": "pink"})).await.assert_status(400).json()["field"], "theme");
    assert_eq!(change(json!({"role": "operator"})).await.assert_status(400).json()["field"], "role");
}
