//! The web shop of Morning Light Books: a program like any merchant's, on an origin of its own. It knows the wallet only by
//! its public interface: it makes orders with an API key over HTTP, sends the buyer to the hosted checkout, and believes
//! that an order is paid when a signed webhook says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hyper_util::rt::TokioIo;
use maud::{DOCTYPE, Markup, html};
use operations::webhooks;
use serde_json::{Value, json};

/// The host of the shop.
pub(super) const HOST: &str = "shop.localhost";

/// The most of an answer that is read, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Title in Chinese, title in English, fen.
const BOOKS: [(&str, &str, u64); 4] = [
    ("《边城》", "Border Town", 2_600),
    ("《茶经》", "The Classic of Tea", 1_800),
    ("《围城》", "Fortress Besieged", 3_200),
    ("《道德经》", "Tao Te Ching", 1_500),
];

/// What the shop is opened with.
#[derive(Clone)]
pub(super) struct ShopOptions {
    /// Where the wallet listens.
    pub(super) wallet: SocketAddr,
    /// The shop's key for the wallet's interface: it may make and read orders.
    pub(super) api_key: String,
    /// The secret of its webhook endpoint.
    pub(super) webhook_secret: Vec<u8>,
}

impl std::fmt::Debug for ShopOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShopOptions").field("wallet", &self.wallet).finish_non_exhaustive()
    }
}

/// What the shop knows of one of its orders.
#[derive(Clone, Debug, Default)]
struct ShopOrder {
    title: String,
    checkout: String,
    /// The state that the last webhook told.
    state: Option<String>,
}

#[derive(Clone)]
struct Shop {
    options: Arc<ShopOptions>,
    orders: Arc<Mutex<BTreeMap<String, ShopOrder>>>,
}

impl Shop {
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, ShopOrder>) -> T) -> T {
        change(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wallet_origin(&self) -> String {
        format!("http://localhost:{}", self.options.wallet.port())
    }

    fn own_origin(&self) -> String {
        format!("http://{HOST}:{}", self.options.wallet.port())
    }
}

/// The shop's pages and its webhook.
pub(super) fn router(options: ShopOptions) -> Router {
    let shop = Shop { options: Arc::new(options), orders: Arc::default() };
    Router::new()
        .route("/", get(shelf))
        .route("/shop.css", get(style))
        .route("/cart", post(check_out))
        .route("/orders/{reference}", get(order))
        .route("/webhook", post(hear))
        .with_state(shop)
}

/// A page that may load its own style and send its form to itself and on to the wallet.
fn page(shop: &Shop, title: &str, body: Markup) -> Response {
    let policy = format!(
        "default-src 'none'; img-src data:; style-src 'self'; form-action 'self' {}",
        shop.wallet_origin()
    );
    let markup = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/shop.css";
            }
            body { header { h1 { "晨光书店" span lang="en" { "Morning Light Books" } } } main { (body) } }
        }
    };
    let mut response = Html(markup.into_string()).into_response();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("sample_shop.css"))
}

async fn shelf(State(shop): State<Shop>) -> Response {
    page(
        &shop,
        "晨光书店 · Morning Light Books",
        html! {
            form method="post" action="/cart" {
                ul.shelf {
                    @for (index, (zh, en, fen)) in BOOKS.iter().enumerate() {
                        li {
                            label for={ "book_" (index) } { strong { (zh) } " " span lang="en" { (en) } }
                            span.price { "¥ " (yuan(*fen)) }
                            input id={ "book_" (index) } name={ "book_" (index) } type="number" min="0" max="9" value="0";
                        }
                    }
                }
                label.check { input type="checkbox" name="escrow" value="yes"; " 担保交易 · Pay into escrow" }
                button { "用细丝支付 · Pay with Sycee" }
            }
        },
    )
}

fn yuan(fen: u64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// Makes an order at the wallet and sends the buyer to its checkout.
async fn check_out(State(shop): State<Shop>, Form(cart): Form<BTreeMap<String, String>>) -> Response {
    let quantity =
        |index: usize| cart.get(&format!("book_{index}")).and_then(|text| text.parse().ok()).unwrap_or(0_u64);
    let chosen: Vec<_> =
        BOOKS.iter().enumerate().map(|(index, book)| (book, quantity(index).min(9))).collect();
    let amount: u64 = chosen.iter().map(|((_, _, fen), quantity)| fen * quantity).sum();
    if amount == 0 {
        return Redirect::to("/").into_response();
    }
    let reference = fresh_reference();
    let bought = chosen.iter().filter(|(_, quantity)| *quantity > 0);
    let line = |((zh, _, fen), quantity): &(&(&str, &str, u64), u64)| json!({"name": zh, "quantity": quantity, "price": fen});
    let body = json!({
        "amount": amount,
        "currency": "CNY",
        "reference": reference,
        "description": "晨光书店 · Morning Light Books",
        "lines": bought.clone().map(line).collect::<Vec<_>>(),
        "escrow": cart.contains_key("escrow"),
        "return_url": format!("{}/orders/{reference}", shop.own_origin()),
    });
    let made = match make_order(&shop, &reference, &body).await {
        Ok(made) => made,
        Err(why) => {
            return (StatusCode::BAD_GATEWAY, format!("the wallet did not take the order: {why}"))
                .into_response();
        }
    };
    let path = made["checkout"].as_str().unwrap_or_default();
    let checkout = format!("{}{path}", shop.wallet_origin());
    let title =
        bought.map(|((zh, _, _), quantity)| format!("{zh} × {quantity}")).collect::<Vec<_>>().join("，");
    let known = ShopOrder { title, checkout: checkout.clone(), state: None };
    shop.change(|orders| orders.insert(reference, known));
    Redirect::to(&checkout).into_response()
}

/// A name for an order that the shop has not used.
fn fresh_reference() -> String {
    let mut bytes = [0; 8];
    operations::Entropy::fill(&server::OsEntropy, &mut bytes);
    let mut text = String::from("WEB-");
    for byte in bytes {
        // Writing to a string does not fail.
        let _infallible = write!(text, "{byte:02X}");
    }
    text
}

/// `POST /api/v1/orders` at the wallet.
async fn make_order(shop: &Shop, reference: &str, body: &Value) -> Result<Value, String> {
    let stream =
        tokio::net::TcpStream::connect(shop.options.wallet).await.map_err(|error| error.to_string())?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|error| error.to_string())?;
    let driven = tokio::spawn(connection);
    let request = Request::post("/api/v1/orders")
        .header(header::HOST, format!("localhost:{}", shop.options.wallet.port()))
        .header(header::AUTHORIZATION, format!("Bearer {}", shop.options.api_key))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", reference)
        .body(Body::from(body.to_string()))
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let bytes =
        to_bytes(Body::new(answer.into_body()), ANSWER_MAX).await.map_err(|error| error.to_string())?;
    driven.abort();
    if status != StatusCode::CREATED {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&bytes)));
    }
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// The webhook: believed only where its signature is right.
async fn hear(State(shop): State<Shop>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = (value("webhook-id"), value("webhook-timestamp"), value("webhook-signature"));
    let Ok(text) = std::str::from_utf8(&body) else { return StatusCode::BAD_REQUEST };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if !webhooks::verify(&shop.options.webhook_secret, signed, text, now) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(told) = serde_json::from_str::<Value>(text) else { return StatusCode::BAD_REQUEST };
    let order = &told["data"];
    if let (Some(reference), Some(state)) = (order["reference"].as_str(), order["state"].as_str()) {
        shop.change(|orders| {
            if let Some(known) = orders.get_mut(reference) {
                known.state = Some(state.to_owned());
            }
        });
    }
    StatusCode::NO_CONTENT
}

async fn order(State(shop): State<Shop>, Path(reference): Path<String>) -> Response {
    let known = shop.change(|orders| orders.get(&reference).cloned());
    let Some(known) = known else { return (StatusCode::NOT_FOUND, "no such order").into_response() };
    let words = match known.state.as_deref() {
        None => "等待支付 · Waiting for payment",
        Some("paid" | "held" | "released") => "已支付，正在打包 · Paid, being packed",
        Some("refunded" | "partly_refunded") => "已退款 · Refunded",
        Some(_) => "处理中 · Being looked at",
    };
    let waiting = known.state.is_none();
    page(
        &shop,
        &reference,
        html! {
            p { (known.title) }
            p.state data-state=(known.state.as_deref().unwrap_or("waiting")) role="status" { (words) }
            @if waiting {
                p { a href={ "/orders/" (reference) } { "刷新 · Refresh" } }
                p { a href=(known.checkout) { "去支付 · Pay" } }
            }
            p { a href="/" { "继续选购 · Back to the books" } }
        },
    )
}
