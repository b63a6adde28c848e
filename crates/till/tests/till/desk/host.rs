//! The server of the other side: the routes of terminals on a real port, with the issuer's real code behind them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use issuer::{
    batch_clearing::BatchClearing,
    clearing::Seller,
    key_store::{Direction, OnlineSession},
    master_keys::{MasterKeys, SoftwareKeyStore},
    online::{OnlineRefusal, Request},
    purse_card::{CardIdentity, PurseCard},
};
use ledger::AccountId;
use messages::card::{
    Seconds,
    batch::{BatchReader, HEADER_BYTES, SignedHeader},
};
use money::Currency;
use purse::{
    amount::Amount,
    fields::{Asn, DateTime, Mac, Random, Sequence, TerminalId, Terms},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wallet::ids::OperationId;

use crate::shop::{CARD_ISSUER, UTC, asn, issuer_key, master, settings};

pub(crate) const KEY: &str = "sk_test_terminals";

/// What is lost on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A batch arrives, and its receipt does not.
    Receipt,
    /// The server begins a load, and its answer does not arrive.
    Answer,
    /// The card's code does not arrive.
    Confirmation,
}

pub(crate) struct Issuer {
    pub(crate) cards: BTreeMap<Asn, PurseCard>,
    pub(crate) keys: SoftwareKeyStore,
    /// Orders that wait: card, operation, amount.
    pub(crate) orders: Vec<(Asn, u128, u32)>,
    pub(crate) lists: BTreeMap<&'static str, (u32, Vec<u8>)>,
    /// The newest grade of cards: version, and what carries it.
    grades: BTreeMap<Asn, (u16, [u8; 19])>,
    /// The versions that cards bore when terminals asked for newer ones.
    grades_asked: Vec<u16>,
    pub(crate) fault: Option<Fault>,
    /// Numbers of the batches that came, and how many records each had.
    pub(crate) batches: Vec<(u32, usize)>,
    /// What sellers were paid, in minor units, less what was given back.
    pub(crate) paid: i64,
    /// Money of loads: on its own account, and on cards.
    pub(crate) loaded: i64,
    pub(crate) unloaded: i64,
    pub(crate) proofs: u32,
    /// How many loads were ever ordered.
    ordered: u128,
}

#[derive(Clone)]
pub(crate) struct Host {
    issuer: Arc<Mutex<Issuer>>,
    pub(crate) address: SocketAddr,
}

impl Host {
    /// The host, with cards 1 to 9, all of them empty.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut keys = SoftwareKeyStore::default();
        let masters = MasterKeys {
            load: master(),
            unload: master(),
            codes: master(),
            completion: master(),
            grade: master(),
        };
        keys.put(1, &masters);
        let card = |number: u8| (asn(number), PurseCard::issued(identity(asn(number))));
        let issuer = Issuer {
            cards: (1..10).map(card).collect(),
            keys,
            orders: Vec::new(),
            lists: BTreeMap::new(),
            grades: BTreeMap::new(),
            grades_asked: Vec::new(),
            fault: None,
            batches: Vec::new(),
            paid: 0,
            loaded: 0,
            unloaded: 0,
            proofs: 0,
            ordered: 0,
        };
        let host = Self { issuer: Arc::new(Mutex::new(issuer)), address };
        let router = Router::new()
            .route("/api/v1/terminals/{terminal}/batches", post(batches))
            .route("/api/v1/terminals/{terminal}/lists/{list}", get(lists))
            .route("/api/v1/terminals/{terminal}/cards/{asn}/load-orders", get(load_orders))
            .route("/api/v1/terminals/{terminal}/cards/{asn}/grade", get(grade))
            .route("/api/v1/terminals/{terminal}/loads", post(loads))
            .route("/api/v1/terminals/{terminal}/loads/{operation}/confirmation", post(confirmation))
            .route("/api/v1/terminals/{terminal}/proofs", post(proofs))
            .with_state(host.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        host
    }

    pub(crate) fn issuer(&self) -> MutexGuard<'_, Issuer> {
        self.issuer.lock().unwrap()
    }

    pub(crate) fn count(&self) -> Count {
        let issuer = self.issuer();
        let Issuer { loaded, unloaded, paid, proofs, .. } = *issuer;
        Count { loaded, unloaded, paid, proofs, orders: issuer.orders.len() }
    }

    pub(crate) fn in_doubt(&self, card: u8) -> usize {
        self.issuer().cards[&asn(card)].in_doubt().count()
    }

    pub(crate) fn put_list(&self, list: &'static str, version: u32, bytes: Vec<u8>) {
        self.issuer().lists.insert(list, (version, bytes));
    }

    pub(crate) fn grade(&self, card: u8, version: u16, token: [u8; 19]) {
        self.issuer().grades.insert(asn(card), (version, token));
    }

    /// The versions that cards bore when terminals asked for newer ones.
    pub(crate) fn asked(&self) -> Vec<u16> {
        self.issuer().grades_asked.clone()
    }

    /// Orders a load; its operation.
    pub(crate) fn order(&self, card: u8, amount: u32) -> u128 {
        let mut issuer = self.issuer();
        issuer.ordered += 1;
        let operation = 0x100 + issuer.ordered;
        issuer.orders.push((asn(card), operation, amount));
        operation
    }
}

/// What the issuer has counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) loaded: i64,
    pub(crate) unloaded: i64,
    pub(crate) paid: i64,
    pub(crate) proofs: u32,
    pub(crate) orders: usize,
}

fn identity(asn: Asn) -> CardIdentity {
    CardIdentity {
        asn,
        issuer: CARD_ISSUER,
        levels: 1,
        sm4_algorithm: None,
        currency: Currency::CNY,
        wallet: AccountId(1),
    }
}

fn problem(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/problem+json")], body.to_string()).into_response()
}

fn refused(refusal: OnlineRefusal, sequence: u16) -> Response {
    let code = match refusal {
        OnlineRefusal::Card => "card_not_served",
        OnlineRefusal::Amount => "amount",
        OnlineRefusal::Key(_) => "no_key",
        OnlineRefusal::Mac => "mac_wrong",
        OnlineRefusal::Behind => "card_behind",
        OnlineRefusal::Ahead => "card_ahead",
        OnlineRefusal::Reserved(_) => "reserved",
        OnlineRefusal::Unproven => "unproven",
        OnlineRefusal::Attempts => "attempts",
        OnlineRefusal::OtherOperation | OnlineRefusal::Stage => "order_gone",
    };
    let mut body = json!({ "code": code });
    if let OnlineRefusal::Reserved(operation) = refusal {
        body["operation"] = json!(operation.to_string());
    }
    if refusal == OnlineRefusal::Unproven {
        body["sequence"] = json!(sequence - 1);
    }
    problem(StatusCode::CONFLICT, &body)
}

fn allowed(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == format!("Bearer {KEY}").as_str())
}

fn hex<const N: usize>(value: &Value) -> [u8; N] {
    let text = value.as_str().unwrap();
    assert_eq!(text.len(), N * 2);
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

fn operation(text: &str) -> OperationId {
    OperationId::new(u128::from_str_radix(text, 16).unwrap())
}

async fn batches(State(host): State<Host>, headers: HeaderMap, body: Bytes) -> Response {
    if !allowed(&headers) {
        return problem(StatusCode::UNAUTHORIZED, &json!({ "code": "unauthenticated" }));
    }
    let mut guard = host.issuer();
    let issuer = &mut *guard;
    let Some((header, records)) = body.split_first_chunk::<HEADER_BYTES>() else {
        return problem(StatusCode::BAD_REQUEST, &json!({ "code": "not_a_batch" }));
    };
    let header = SignedHeader::parse(header).unwrap();
    header.verify(&settings().key.public()).unwrap();
    let seller = Seller { terminal: header.header().terminal, account: AccountId(50) };
    let (mut reader, mut clearing, mut count) = (BatchReader::new(&header), BatchClearing::new(seller), 0);
    reader.feed(records, |record| {
        count += 1;
        let cleared = clearing.next(&mut issuer.cards, &issuer.keys, &record, Seconds(UTC)).unwrap();
        for transfer in cleared.transfers {
            let amount = i64::try_from(transfer.amount.0).unwrap();
            if transfer.credit_account_id == AccountId(50) {
                issuer.paid += amount;
            }
            if transfer.debit_account_id == AccountId(50) {
                issuer.paid -= amount;
            }
        }
    });
    reader.finish().unwrap();
    issuer.batches.push((header.header().number.0, count));
    if issuer.fault == Some(Fault::Receipt) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    clearing.receipt(&header, &issuer_key()).to_bytes().into_response()
}

async fn lists(
    State(host): State<Host>,
    headers: HeaderMap,
    Path((_, list)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, u32>>,
) -> Response {
    if !allowed(&headers) {
        return problem(StatusCode::UNAUTHORIZED, &json!({ "code": "unauthenticated" }));
    }
    let issuer = host.issuer();
    match issuer.lists.get(list.as_str()) {
        Some((version, bytes)) if *version > query["newer_than"] => bytes.clone().into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn load_orders(State(host): State<Host>, Path((_, card)): Path<(String, String)>) -> Response {
    let card = Asn(hex(&json!(card)));
    let issuer = host.issuer();
    let order = |(_, operation, amount): &(Asn, u128, u32)| {
        let at = "2026-11-18T19:00:00+08:00";
        json!({ "id": format!("{operation:032x}"), "amount": amount, "currency": "CNY", "ordered_at": at })
    };
    let waiting: Vec<Value> = issuer.orders.iter().filter(|(asn, ..)| *asn == card).map(order).collect();
    Json(json!({ "load_orders": waiting })).into_response()
}

async fn grade(
    State(host): State<Host>,
    Path((_, card)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, u16>>,
) -> Response {
    let mut issuer = host.issuer();
    issuer.grades_asked.push(query["version"]);
    match issuer.grades.get(&Asn(hex(&json!(card)))) {
        Some((version, token)) if *version > query["version"] => {
            let digits: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
            Json(json!({ "token": digits })).into_response()
        }
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn loads(State(host): State<Host>, Path(terminal): Path<String>, Json(body): Json<Value>) -> Response {
    let mut guard = host.issuer();
    let issuer = &mut *guard;
    let direction = if body["direction"] == "load" { Direction::Load } else { Direction::Unload };
    let number = |name: &str| u32::try_from(body[name].as_u64().unwrap()).unwrap();
    let mac1: [u8; 4] = hex(&body["mac1"]);
    let operation = match direction {
        Direction::Load => operation(body["order"].as_str().unwrap()),
        Direction::Unload => OperationId::new(u128::from(u32::from_be_bytes(mac1))),
    };
    let terminal = TerminalId(hex(&json!(terminal)));
    let sequence = u16::try_from(number("sequence")).unwrap();
    let session = OnlineSession {
        direction,
        terms: Terms { amount: Amount::new(number("amount")), kind: direction.kind(), terminal },
        old_balance: Amount::new(number("old_balance")),
        sequence: Sequence(sequence),
        random: Random(hex(&body["random"])),
    };
    let request = Request {
        operation,
        key_version: u8::try_from(number("key_version")).unwrap(),
        algorithm: u8::try_from(number("algorithm")).unwrap(),
        session,
        mac1: Mac(mac1),
        when: DateTime([0x20, 0x26, 0x11, 0x18, 0x19, 0x30, 0]),
    };
    let card = issuer.cards.get_mut(&Asn(hex(&body["card"]))).unwrap();
    let begun = card.begin(&issuer.keys, &request, Seconds(UTC));
    let (begun, operation) = match begun {
        // What an unload is called does not come with it: it goes on under what is reserved.
        Err(OnlineRefusal::Reserved(other)) if direction == Direction::Unload => {
            let again = Request { operation: other, ..request };
            (card.begin(&issuer.keys, &again, Seconds(UTC)), other)
        }
        begun => (begun, operation),
    };
    if let Err(refusal) = begun {
        return refused(refusal, sequence);
    }
    if direction == Direction::Load {
        card.funded(operation).unwrap();
    }
    let (when, mac2) = card.answer(&issuer.keys, operation).unwrap();
    if issuer.fault == Some(Fault::Answer) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let date_time: String = when.0.iter().map(|byte| format!("{byte:02X}")).collect();
    let mac2 = format!("{:08x}", u32::from_be_bytes(mac2.0));
    Json(json!({ "operation": operation.to_string(), "mac2": mac2, "date_time": date_time })).into_response()
}

/// What an operation that the card has proved moves, once.
fn settle(issuer: &mut Issuer, card: Asn, operation: OperationId, code: Mac) -> Result<(), OnlineRefusal> {
    let purse = issuer.cards.get_mut(&card).unwrap();
    let attempt = purse.in_doubt().find(|attempt| attempt.operation == operation).copied();
    purse.confirm(&issuer.keys, operation, code, Seconds(UTC))?;
    issuer.orders.retain(|(_, known, _)| OperationId::new(*known) != operation);
    if let Some(attempt) = attempt {
        let amount = i64::from(attempt.session.terms.amount.units());
        match attempt.session.direction {
            Direction::Load => issuer.loaded += amount,
            Direction::Unload => issuer.unloaded += amount,
        }
    }
    Ok(())
}

async fn confirmation(
    State(host): State<Host>,
    Path((_, name)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Response {
    let mut issuer = host.issuer();
    if issuer.fault == Some(Fault::Confirmation) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let cards: Vec<Asn> = issuer.cards.keys().copied().collect();
    let code = Mac(hex(&body["code"]));
    let done = cards.into_iter().any(|card| settle(&mut issuer, card, operation(&name), code).is_ok());
    if done { Json(json!({ "state": "done" })).into_response() } else { refused(OnlineRefusal::Mac, 1) }
}

async fn proofs(State(host): State<Host>, Json(body): Json<Value>) -> Response {
    let mut issuer = host.issuer();
    issuer.proofs += 1;
    let (card, code) = (Asn(hex(&body["card"])), Mac(hex(&body["code"])));
    let doubted: Vec<OperationId> = issuer.cards[&card].in_doubt().map(|attempt| attempt.operation).collect();
    for operation in doubted {
        if settle(&mut issuer, card, operation, code).is_ok() {
            return Json(json!({ "operation": operation.to_string(), "state": "done" })).into_response();
        }
    }
    refused(OnlineRefusal::Mac, 1)
}
