//! What goes over the network compressed, and what may not be guessed from its size.

use std::io::Read;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request};
use tower::ServiceExt;

use crate::world::{World, call};

/// The headers and bytes of an answer to somebody who accepts gzip.
async fn fetch(world: &World, path: &str) -> (HeaderMap, Vec<u8>) {
    let request =
        Request::get(path).header("accept-encoding", "gzip, br").header("cookie", &world.lilin.cookie);
    let answer = world.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let headers = answer.headers().clone();
    (headers, to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec())
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn pages_and_assets_come_compressed_to_those_who_accept_it() {
    let world = World::new().await;
    let plain = call("GET", "/login").send(&world.router).await.assert_status(200);
    assert!(!plain.headers.contains_key("content-encoding"));
    assert_eq!(plain.headers["vary"], "accept-encoding");
    let (headers, bytes) = fetch(&world, "/login").await;
    assert_eq!(
        (&headers["content-encoding"], &headers["vary"]),
        (&"gzip".parse().unwrap(), &"accept-encoding".parse().unwrap())
    );
    assert!(bytes.len() * 3 < plain.text.len() * 2, "{} of {} bytes", bytes.len(), plain.text.len());
    assert!(unpacked(&bytes).contains("</html>"));
    let sheet = plain
        .text
        .split_once("rel=\"stylesheet\" href=\"/assets/")
        .and_then(|(_, rest)| rest.split_once('"'))
        .unwrap()
        .0;
    for _ in 0..2 {
        let (headers, bytes) = fetch(&world, &format!("/assets/{sheet}")).await;
        assert_eq!(headers["content-encoding"], "gzip");
        assert_eq!(unpacked(&bytes), call("GET", format!("/assets/{sheet}")).send(&world.router).await.text);
    }
}

#[tokio::test]
async fn small_answers_stay_as_they_are() {
    let world = World::new().await;
    let (headers, bytes) = fetch(&world, "/api/v1/wallets").await;
    assert!(bytes.len() < 1_024 && !headers.contains_key("content-encoding"));
    let (headers, _) = fetch(&world, "/api/v1/openapi.json").await;
    assert_eq!(headers["content-encoding"], "gzip");
}

#[tokio::test]
async fn the_token_of_a_form_looks_different_each_time_and_stays_good() {
    let world = World::new().await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let page = world.get("/settings", &world.lilin).await.assert_status(200).text;
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").unwrap();
        tokens.push(rest.split_once('"').unwrap().0.to_owned());
    }
    assert_ne!(tokens[0], tokens[1]);
    let send = |token: &str| {
        let form = call("POST", "/settings/profile").by(&world.lilin);
        form.text("application/x-www-form-urlencoded", format!("form_token={token}")).send(&world.router)
    };
    for token in &tokens {
        assert_ne!(send(token).await.status, 403);
    }
    let (mask, _) = tokens[0].split_at(64);
    let (_, masked) = tokens[1].split_at(64);
    assert_eq!(send(&format!("{mask}{masked}")).await.status, 403);
}
