//! The real listener: keep-alive, headers, health and a graceful end.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::world::{World, call};

async fn exchange(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    let mut part = [0; 4_096];
    loop {
        let count = stream.read(&mut part).await.unwrap();
        text.extend_from_slice(&part[..count]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else {
            assert!(count > 0, "closed after {so_far}");
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if count == 0 || body.len() >= length.parse::<usize>().unwrap() {
            return so_far;
        }
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests_and_ends_gracefully() {
    let world = World::with_balance(5_000).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server::serve(listener, world.app.clone(), async {
        drop(stopped.await);
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    for path in ["/healthz", "/readyz"] {
        let answer = exchange(&mut stream, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let body = world.payment(100).to_string();
    let request = format!(
        "POST /api/v1/payments HTTP/1.1\r\nhost: x\r\ncookie: {}\r\nidempotency-key: h1\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        world.lilin.cookie,
        body.len(),
    );
    for _ in 0..2 {
        let answer = exchange(&mut stream, &request).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(world.balance(&world.lilin).await, 4_900);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    for path in ["/api/v1/merchants", "/api/v1/wallets", "/api/v1/nothing", "/nothing", "/healthz"] {
        let answer = call("GET", path).send(&world.router).await;
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(answer.headers.contains_key("cache-control"), "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn the_empty_router_has_the_same_guard() {
    let router = server::empty_router();
    let answer = call("POST", "/empty").send(&router).await.assert_status(204);
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
}
