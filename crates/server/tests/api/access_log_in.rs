//! Second factors, passkeys and the throttle, through the API.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::authenticator::Authenticator;
use crate::log_in::{cookie, log_in};
use crate::world::{Answer, PASSWORD, Person, World, call};

async fn send(world: &World, method: &'static str, path: &str, person: &Person, body: &Value) -> Answer {
    call(method, path).by(person).json(body).send(&world.router).await
}

/// What an authenticator app shows for the secret that the server told.
fn app_code(world: &World, secret: &str) -> String {
    let letters = secret.bytes().filter(|letter| *letter != b' ');
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in letters {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
        held = held << 5 | u32::try_from(digit).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    let step = world.app.now().0 / 1_000_000_000 / 30;
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Switches one-time passwords on; gives the secret and the recovery codes.
async fn with_second_factor(world: &World, person: &Person) -> (String, Vec<String>) {
    let offered = send(world, "POST", "/api/v1/one-time-passwords", person, &json!({})).await;
    let secret = offered.assert_status(201).text_of("secret");
    let body = json!({"code": app_code(world, &secret)});
    let path = "/api/v1/one-time-passwords/confirmation";
    let on = send(world, "POST", path, person, &body).await.assert_status(201).json();
    let codes = on["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn log_in_with(world: &World, code: &str) -> Answer {
    let body = json!({"login": "lilin", "password": PASSWORD, "code": code});
    call("POST", "/api/v1/sessions").json(&body).send(&world.router).await
}

#[tokio::test]
async fn a_one_time_password_is_asked_for_and_counts_once() {
    let world = World::new().await;
    let (secret, _) = with_second_factor(&world, &world.lilin).await;
    let owed = log_in(&world, "lilin", PASSWORD).await.assert_status(401);
    assert_eq!(owed.problem(), "second-factor-required");
    let first = log_in_with(&world, &app_code(&world, &secret)).await;
    assert_eq!(first.assert_status(401).problem(), "wrong-credentials", "it switched the app on already");
    world.advance_seconds(30);
    let code = app_code(&world, &secret);
    log_in_with(&world, &code).await.assert_status(201);
    log_in_with(&world, &code).await.assert_status(401);
    log_in_with(&world, "000000").await.assert_status(401);
    world.advance_seconds(30);
    log_in_with(&world, &app_code(&world, &secret)).await.assert_status(201);
}

#[tokio::test]
async fn a_recovery_code_lets_in_once_and_new_ones_replace_all_from_before() {
    let world = World::new().await;
    let (_, codes) = with_second_factor(&world, &world.lilin).await;
    assert_eq!(codes.len(), 10);
    log_in_with(&world, &codes[0].to_uppercase()).await.assert_status(201);
    log_in_with(&world, &codes[0]).await.assert_status(401);
    let renewed = send(&world, "POST", "/api/v1/recovery-codes", &world.lilin, &json!({})).await;
    let renewed = renewed.assert_status(201).json();
    log_in_with(&world, &codes[1]).await.assert_status(401);
    log_in_with(&world, renewed["recovery_codes"][0].as_str().unwrap()).await.assert_status(201);
}

#[tokio::test]
async fn guesses_of_the_second_factor_are_slowed_down() {
    let world = World::new().await;
    with_second_factor(&world, &world.lilin).await;
    for guess in 0..5 {
        log_in_with(&world, &format!("{guess:06}")).await.assert_status(401);
    }
    assert_eq!(log_in_with(&world, "000005").await.assert_status(429).problem(), "too-many-attempts");
}

#[tokio::test]
async fn a_phone_number_gets_in_like_the_login() {
    let world = World::new().await;
    log_in(&world, "+8613800138000", PASSWORD).await.assert_status(201);
}

#[tokio::test]
async fn strangers_who_guess_cannot_keep_a_known_device_out() {
    let world = World::new().await;
    let first = log_in(&world, "lilin", PASSWORD).await.assert_status(201);
    let cookies: Vec<&str> =
        first.headers.get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
    let device = cookies.iter().find(|set| set.starts_with("sycee_device=")).unwrap();
    let device = device.split(';').next().unwrap().to_owned();
    for _ in 0..5 {
        log_in(&world, "lilin", "not the password at all").await.assert_status(401);
    }
    log_in(&world, "lilin", PASSWORD).await.assert_status(429);
    let body = json!({"login": "lilin", "password": PASSWORD});
    let known =
        call("POST", "/api/v1/sessions").header("cookie", device).json(&body).send(&world.router).await;
    known.assert_status(201);
}

/// Adds a passkey to `lilin`.
pub(crate) async fn with_passkey(world: &World, person: &Person, number: u8) -> Authenticator {
    let mut passkey = Authenticator::new(number);
    let options = call("POST", "/api/v1/passkeys/options").by(person).send(&world.router).await;
    let options = options.assert_status(200).json();
    let body = json!({"name": "my phone", "credential": passkey.create(&options["public_key"])});
    send(world, "POST", "/api/v1/passkeys", person, &body).await.assert_status(201);
    passkey
}

async fn passkey_options(world: &World) -> Value {
    let options = call("POST", "/api/v1/sessions/passkey-options").send(&world.router).await;
    options.assert_status(200).json()["public_key"].clone()
}

async fn enter(world: &World, answer: &Value) -> Answer {
    call("POST", "/api/v1/sessions/passkey").json(answer).send(&world.router).await
}

#[tokio::test]
async fn a_passkey_logs_in_without_a_name_and_each_challenge_counts_once() {
    let world = World::new().await;
    let mut passkey = with_passkey(&world, &world.lilin, 7).await;
    let answer = passkey.get(&passkey_options(&world).await);
    let entered = enter(&world, &answer).await.assert_status(201);
    assert_eq!(entered.json()["profile"]["login"], "lilin");
    let person = Person { id: world.lilin.id, cookie: cookie(&entered) };
    world.get("/api/v1/profile", &person).await.assert_status(200);
    enter(&world, &answer).await.assert_status(401);
    let copied = Authenticator::new(7).get(&passkey_options(&world).await);
    enter(&world, &copied).await.assert_status(401);
}

#[tokio::test]
async fn a_passkey_of_another_page_key_or_time_lets_nobody_in() {
    let world = World::new().await;
    let mut passkey = with_passkey(&world, &world.lilin, 7).await;
    let phished = passkey.get_on(&passkey_options(&world).await, "http://evil.test");
    enter(&world, &phished).await.assert_status(401);
    let stranger = Authenticator::new(8).get(&passkey_options(&world).await);
    enter(&world, &stranger).await.assert_status(401);
    let late = passkey_options(&world).await;
    world.advance_seconds(301);
    enter(&world, &passkey.get(&late)).await.assert_status(401);
    passkey.rewind();
    let copy = passkey.get(&passkey_options(&world).await);
    enter(&world, &copy).await.assert_status(401);
    let made_up = json!({"challenge": "AAAA"});
    enter(&world, &passkey.get(&made_up)).await.assert_status(401);
}

#[tokio::test]
async fn a_passkey_is_renamed_and_removed_by_its_owner_only() {
    let world = World::new().await;
    let mut passkey = with_passkey(&world, &world.lilin, 7).await;
    let shown = world.get("/api/v1/security", &world.lilin).await.assert_status(200).json();
    let path = format!("/api/v1/passkeys/{}", shown["passkeys"][0]["id"].as_str().unwrap());
    send(&world, "PATCH", &path, &world.hanmei, &json!({"name": "mine"})).await.assert_status(404);
    send(&world, "PATCH", &path, &world.lilin, &json!({"name": "old phone"})).await.assert_status(204);
    call("DELETE", &*path).by(&world.hanmei).send(&world.router).await.assert_status(404);
    call("DELETE", &*path).by(&world.lilin).send(&world.router).await.assert_status(204);
    enter(&world, &passkey.get(&passkey_options(&world).await)).await.assert_status(401);
}

#[tokio::test]
async fn secrets_change_only_within_ten_minutes_of_proving_who_one_is() {
    let world = World::new().await;
    world.advance_seconds(240);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(200);
    world.advance_seconds(240);
    world.get("/api/v1/profile", &world.lilin).await.assert_status(200);
    world.advance_seconds(150);
    let set = |pin: &str| {
        call("PUT", "/api/v1/payment-pin").by(&world.lilin).json(&json!({"pin": pin})).send(&world.router)
    };
    let stale = set("274916").await.assert_status(403);
    assert_eq!(stale.problem(), "reauthentication-required");
    assert_eq!(stale.text_of("prove_at"), "/api/v1/sessions/current/authentication");
    let prove = |body: Value| {
        let path = "/api/v1/sessions/current/authentication";
        call("POST", path).by(&world.lilin).json(&body).send(&world.router)
    };
    prove(json!({"password": "not the password at all"})).await.assert_status(401);
    prove(json!({"pin": "274916"})).await.assert_status(400);
    prove(json!({"password": PASSWORD})).await.assert_status(204);
    set("274916").await.assert_status(204);
    assert_eq!(set("123456").await.assert_status(422).text_of("field"), "pin");
    assert_eq!(set("12345").await.assert_status(400).text_of("field"), "pin");
}
