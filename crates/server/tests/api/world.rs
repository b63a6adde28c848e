//! A small town: two holders with wallets and cards, two merchants with staff, an operator, one bank.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use bank::{AccountNumber, CardLimits, Expiry, Fault, Order, Pan};
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::{Amount, Currency};
use operations::holders::{self, NewHolder};
use operations::merchants::{self, NewBank, NewMerchant};
use operations::{Clock, Operations, totals};
use records::principals::{self, Language, Principal, PrincipalStatus, Role, Theme};
use serde_json::{Value, json};
use server::{App, ServeOptions, Settings, SystemClock};
use tower::ServiceExt;
use wallet::ids::{BankId, HolderId, MerchantId, PrincipalId};

/// The password of everyone.
pub(crate) const PASSWORD: &str = "green willows by the river";

pub(crate) const BANK: BankId = BankId::new(0xba);

/// The system's clock, which can be moved ahead.
#[derive(Default)]
pub(crate) struct MovableClock {
    ahead: AtomicU64,
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.ahead.load(Ordering::SeqCst))
    }
}

/// Somebody with a session.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: PrincipalId,
    pub(crate) cookie: String,
}

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) lilin: Person,
    pub(crate) hanmei: Person,
    pub(crate) tea: MerchantId,
    pub(crate) tea_staff: Person,
    pub(crate) bakery_staff: Person,
    pub(crate) operator: Person,
    /// Card of `lilin`, bound, with 10,000.00 CNY behind it.
    pub(crate) card: String,
    keys: AtomicU64,
    pub(crate) directory: Directory,
}

/// A directory that goes away with its test.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("api-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The text of this field.
    pub(crate) fn text_of(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_else(|| panic!("no {field} in {self:?}")).to_owned()
    }

    /// The end of the problem's type, after checking that it is one.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.json()["status"], self.status.as_u16(), "{self:?}");
        self.text_of("type").trim_start_matches("/problems/").to_owned()
    }

    pub(crate) fn assert_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }
}

/// One request, built up.
#[derive(Clone)]
pub(crate) struct Call {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

pub(crate) fn call(method: &'static str, path: impl Into<String>) -> Call {
    Call { method, path: path.into(), headers: Vec::new(), body: None }
}

impl Call {
    pub(crate) fn by(self, person: &Person) -> Self {
        let cookie = person.cookie.clone();
        self.header("cookie", cookie)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn key(self, key: impl Into<String>) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    pub(crate) fn text(self, kind: &str, body: impl Into<String>) -> Self {
        self.bytes(kind, body.into().into_bytes())
    }

    pub(crate) fn bytes(mut self, kind: &str, body: Vec<u8>) -> Self {
        self.body = Some(body);
        self.header("content-type", kind)
    }

    /// A body of bytes, as terminals send it.
    pub(crate) fn octets(self, body: Vec<u8>) -> Self {
        self.bytes("application/octet-stream", body)
    }

    /// The status and the bytes of an answer that is no text.
    pub(crate) async fn send_bytes(self, router: &Router) -> (u16, Vec<u8>) {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (status, to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec())
    }

    pub(crate) async fn send(self, router: &Router) -> Answer {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body.map_or_else(Body::empty, Body::from)).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

fn password_hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| server::hash_password(PASSWORD, &[5; 16]).unwrap()).clone()
}

pub(crate) fn cny(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::CNY).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_settings(|_| {}).await
    }

    /// A world whose operator has set things.
    pub(crate) async fn with_settings(set: impl FnOnce(&mut Settings)) -> Self {
        let directory = Directory::new();
        let clock = Arc::new(MovableClock::default());
        let mut options =
            ServeOptions { clock: Arc::clone(&clock) as _, ..ServeOptions::embedded(&directory.0) };
        set(&mut options.settings);
        let app = server::open(options).await.unwrap();
        let operations = app.operations().clone();
        found_bank(&app).await;
        let tea = admit(&operations, "willow-tea", "柳茶", "Willow Tea").await;
        let bakery = admit(&operations, "bridge-bakery", "桥头面包", "Bridge Bakery").await;
        let lilin = log_in(&app, register(&operations, "lilin", "李林", None).await.into()).await;
        let hanmei =
            log_in(&app, register(&operations, "hanmei", "韩梅梅", Some("+8613800138000")).await.into())
                .await;
        let tea_staff = log_in(&app, hire(&app, "tea", Role::MerchantStaff, Some(tea)).await).await;
        let bakery_staff = log_in(&app, hire(&app, "bakery", Role::MerchantStaff, Some(bakery)).await).await;
        let operator = log_in(&app, hire(&app, "operator", Role::Operator, None).await).await;
        let router = server::router(app.clone());
        let mut world = Self {
            app,
            router,
            clock,
            lilin,
            hanmei,
            tea,
            tea_staff,
            bakery_staff,
            operator,
            card: String::new(),
            keys: AtomicU64::new(0),
            directory,
        };
        let lilin = world.lilin.clone();
        world.card = world.bind(&lilin, "LI LIN", &pan(1)).await.assert_status(201).text_of("id");
        world
    }

    /// A world in which `lilin` has this many minor units of CNY.
    pub(crate) async fn with_balance(minor: u64) -> Self {
        let world = Self::new().await;
        world.top_up(minor).await;
        world
    }

    /// Puts this many minor units of CNY into the wallet of `lilin`.
    pub(crate) async fn top_up(&self, minor: u64) {
        let body = self.card_amount(minor);
        self.post("/api/v1/top-ups", &self.lilin, &body).await.assert_status(201);
    }

    pub(crate) fn card_amount(&self, minor: u64) -> Value {
        json!({"card": self.card, "amount": minor, "currency": "CNY"})
    }

    pub(crate) fn payment(&self, minor: u64) -> Value {
        json!({"merchant": self.tea.to_string(), "amount": minor, "currency": "CNY"})
    }

    pub(crate) async fn bind(&self, person: &Person, name: &str, pan: &Pan) -> Answer {
        let body = json!({
            "bank": BANK.to_string(), "number": pan.digits(), "expiry": "12/35", "holder_name": name, "label": "main",
        });
        call("POST", "/api/v1/cards").by(person).json(&body).send(&self.router).await
    }

    /// A POST with a key of its own.
    pub(crate) async fn post(&self, path: &str, person: &Person, body: &Value) -> Answer {
        let key = format!("key-{}", self.keys.fetch_add(1, Ordering::SeqCst));
        call("POST", path).by(person).key(key).json(body).send(&self.router).await
    }

    pub(crate) async fn get(&self, path: &str, person: &Person) -> Answer {
        call("GET", path).by(person).send(&self.router).await
    }

    pub(crate) async fn balance(&self, person: &Person) -> u64 {
        let wallets = self.get("/api/v1/wallets", person).await.assert_status(200).json();
        wallets["wallets"][0]["available"].as_u64().unwrap()
    }

    /// The next charge or pay-out at the bank goes wrong.
    pub(crate) fn inject(&self, fault: Fault) {
        self.app.embedded_bank().unwrap().inject(BANK, fault).unwrap();
    }

    pub(crate) fn advance_seconds(&self, seconds: u64) {
        self.clock.ahead.fetch_add(seconds * NANOSECONDS_PER_SECOND, Ordering::SeqCst);
    }

    pub(crate) async fn assert_adds_up(&self) {
        assert!(totals::count(self.app.operations()).await.unwrap().adds_up());
    }
}

/// A card number of the bank: 1 belongs to Li Lin, 2 to Han Meimei.
pub(crate) fn pan(number: u32) -> Pan {
    Pan::with_check_digit(&format!("62220000000{number:04}")).unwrap()
}

async fn found_bank(app: &App) {
    let bank = app.embedded_bank().unwrap();
    bank.found(BANK, [7; 32]).unwrap();
    let orders = [(1, "LI LIN"), (2, "HAN MEIMEI")].into_iter().flat_map(|(number, name)| {
        let account = AccountNumber(u64::from(number));
        [
            Order::OpenAccount(account, cny(1_000_000)),
            Order::IssueCard {
                pan: pan(number),
                holder_name: name.to_owned(),
                expiry: Expiry { year: 2035, month: 12 },
                account,
                limits: CardLimits { per_charge: cny(500_000), per_day: cny(900_000) },
            },
        ]
    });
    bank.orders(BANK, orders.collect()).unwrap();
    let new = NewBank {
        id: BANK,
        code: "qlcb".to_owned(),
        name_zh: "青柳银行".to_owned(),
        name_en: "Qingliu Bank".to_owned(),
    };
    merchants::add_bank(app.operations(), new).await.unwrap();
}

async fn admit(operations: &Operations, code: &str, name_zh: &str, name_en: &str) -> MerchantId {
    let new = NewMerchant {
        code: code.to_owned(),
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        category: "food".to_owned(),
    };
    merchants::admit(operations, new).await.unwrap()
}

async fn register(operations: &Operations, login: &str, name: &str, phone: Option<&str>) -> HolderId {
    let new = NewHolder {
        login: login.to_owned(),
        phone: phone.map(str::to_owned),
        name: name.to_owned(),
        latin_name: None,
        language: Language::English,
        theme: Theme::System,
        password_hash: Some(password_hash()),
        currency: Currency::CNY,
    };
    holders::register(operations, new).await.unwrap()
}

pub(crate) async fn hire(app: &App, login: &str, role: Role, merchant: Option<MerchantId>) -> PrincipalId {
    let now = SystemClock.now();
    let principal = Principal {
        id: PrincipalId::new(wallet::ids::derive("test staff", &[login.as_bytes()])),
        role,
        login: login.to_owned(),
        phone: None,
        name: login.to_owned(),
        latin_name: None,
        language: Language::English,
        theme: Theme::System,
        status: PrincipalStatus::Active,
        password_hash: Some(password_hash()),
        merchant,
        created_at: now,
        updated_at: now,
    };
    let id = principal.id;
    app.records().write(move |sql| principals::insert(sql, &principal)).await.unwrap();
    id
}

pub(crate) async fn log_in(app: &App, id: PrincipalId) -> Person {
    let session = app.open_session(id).await.unwrap();
    Person { id, cookie: format!("{}={}", server::SESSION_COOKIE, session.token) }
}
