//! A till with its page, cards in this process, and a server on a real port.
#![allow(dead_code, reason = "each test file uses a part of the desk")]

pub(crate) mod host;

use card_reader::{
    in_process::InProcess,
    reader::{Reader, ReaderError},
};
use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use globalplatform::apdu::{Command, Response};
use money::Currency;
use purse::amount::Amount;
use terminal::Station;
use till::{Fare, Gate, HostAddress, Item, Mode, Options, Site, Slot};
use tower::ServiceExt;

use crate::shop::{self, Card, Field, Leaves, Restless, UTC, asn, issuer, settings};
use host::{Host, KEY};

/// A slot that tests put cards into, and take them from in the middle of an exchange.
pub(crate) struct Desk {
    field: Mutex<Field>,
    leaves: Mutex<Option<Leaves>>,
}

impl Desk {
    pub(crate) fn put(&self, card: Card) {
        self.field.lock().unwrap().insert(card);
    }

    pub(crate) fn take(&self) -> Card {
        let mut card = self.field.lock().unwrap().remove().unwrap();
        *self.leaves.lock().unwrap() = None;
        card.nvm_mut().restore_power();
        card
    }

    /// The next card leaves in the middle.
    pub(crate) fn tear(&self, leaves: Leaves) {
        *self.leaves.lock().unwrap() = Some(leaves);
    }

    pub(crate) fn held(&self) -> u32 {
        shop::held(&self.field.lock().unwrap())
    }
}

impl Slot for Desk {
    fn with_reader(&self, work: &mut dyn FnMut(&mut dyn Reader)) {
        let mut field = self.field.lock().unwrap();
        match *self.leaves.lock().unwrap() {
            Some(leaves) => work(&mut Restless::new(&mut field, leaves)),
            None => work(&mut *field),
        }
    }
}

/// The security module, which outlives the process.
#[derive(Clone)]
struct Psam(Arc<Mutex<InProcess<shop::Module>>>);

impl Reader for Psam {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        self.0.lock().unwrap().is_card_present()
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.0.lock().unwrap().power_on()
    }

    fn power_off(&mut self) {
        self.0.lock().unwrap().power_off();
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        self.0.lock().unwrap().transmit(command)
    }
}

/// A till, its slot, its clock and its directory.
pub(crate) struct Corner {
    pub(crate) site: Site,
    pub(crate) desk: Arc<Desk>,
    pub(crate) clock: Arc<AtomicU64>,
    pub(crate) place: tempfile::TempDir,
    psam: Psam,
    router: Router,
}

/// The server with its first lists: floor limit 50.00, sale limit 200.00.
pub(crate) async fn server() -> Host {
    let host = Host::start().await;
    host.put_list("parameters", 1, issuer::parameters(1));
    host.put_list("status", 1, issuer::status_list(1, &[]));
    host
}

pub(crate) fn gate() -> Mode {
    let fare = Fare { base: Amount::new(200), step: Amount::new(50) };
    Mode::Gate(Gate { station: Station { line: 9, station: 7 }, fare })
}

fn options(
    place: &Path,
    host: &Host,
    (desk, psam): (&Arc<Desk>, &Psam),
    clock: &Arc<AtomicU64>,
    mode: Mode,
) -> Options {
    let ticking = Arc::clone(clock);
    Options {
        data: place.join("terminal"),
        name: "清流食堂".to_owned(),
        mode,
        currency: Currency::CNY,
        settings: settings(),
        module: Box::new(psam.clone()),
        slot: Arc::clone(desk) as Arc<dyn Slot>,
        host: HostAddress { url: format!("http://{}", host.address), key: KEY.to_owned() },
        clock: Arc::new(move || ledger::Timestamp(ticking.load(Ordering::Relaxed) * 1_000_000_000)),
        sync_every: Duration::from_millis(50),
        items: vec![
            Item { zh: "牛肉面".to_owned(), en: "Beef noodles".to_owned(), price: 850 },
            Item { zh: "豆浆".to_owned(), en: "Soy milk".to_owned(), price: 200 },
        ],
    }
}

impl Corner {
    /// A till that has fetched its lists, and then lost the network where it is told so.
    pub(crate) async fn open(host: &Host, mode: Mode) -> Self {
        let place = tempfile::tempdir().unwrap();
        let desk = Arc::new(Desk { field: Mutex::new(Field::empty(1)), leaves: Mutex::new(None) });
        let clock = Arc::new(AtomicU64::new(UTC + 3_600));
        let psam = Psam(Arc::new(Mutex::new(shop::module(1, 10_000_000))));
        let site = Site::open(options(place.path(), host, (&desk, &psam), &clock, mode)).unwrap();
        let router = site.router();
        let corner = Self { site, desk, clock, place, psam, router };
        corner.until(|status| status.is_online && status.lists[0] > 0 && status.lists[2] > 0).await;
        corner
    }

    pub(crate) async fn offline(host: &Host) -> Self {
        let corner = Self::open(host, Mode::Counter).await;
        corner.site.set_network(false);
        corner
    }

    /// The process ends and starts again.
    pub(crate) fn restart(self, host: &Host, mode: Mode) -> Self {
        let Self { site, desk, clock, place, psam, router } = self;
        drop((site, router));
        let site = Site::open(options(place.path(), host, (&desk, &psam), &clock, mode)).unwrap();
        let router = site.router();
        Self { site, desk, clock, place, psam, router }
    }

    /// Waits until the till stands so.
    pub(crate) async fn until(&self, is_so: impl Fn(&till::Status) -> bool) {
        for _ in 0..400 {
            if is_so(&self.site.status()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not so: {:?}", self.site.status());
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String, String) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
        let location = headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        (status, location.unwrap_or_default(), String::from_utf8_lossy(&body).into_owned())
    }

    pub(crate) async fn page_in(&self, path: &str, language: &str) -> (StatusCode, String) {
        let request = Request::get(path)
            .header(header::HOST, "till.localhost:8181")
            .header(header::COOKIE, format!("sycee_language={language}"))
            .body(Body::empty())
            .unwrap();
        let (status, _, text) = self.send(request).await;
        (status, text)
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let (status, text) = self.page_in(path, "en").await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        text
    }

    /// Sends a form; the status, and where it leads or what it says.
    pub(crate) async fn form(&self, path: &str, form: &str) -> (StatusCode, String) {
        let request = Request::post(path)
            .header(header::HOST, "till.localhost:8181")
            .header(header::COOKIE, "sycee_language=en")
            .header(header::ORIGIN, "http://till.localhost:8181")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let (status, location, text) = self.send(request).await;
        (status, if location.is_empty() { text } else { location })
    }

    pub(crate) async fn raw(&self, request: Request<Body>) -> StatusCode {
        self.send(request).await.0
    }

    /// The name that a page's form begins a tap by.
    pub(crate) async fn fresh(&self, path: &str, action: &str) -> String {
        let page = self.page(path).await;
        let form = page.split(&format!("action=\"{action}\"")).nth(1).unwrap();
        form.split("name=\"tap\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// Waits until the tap's page says something else than that it waits.
    pub(crate) async fn settled(&self, tap: &str) -> String {
        for _ in 0..400 {
            let page = self.page(tap).await;
            if !page.contains("data-state=\"waiting\"") {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("still waits: {tap}");
    }

    /// Sells an amount to the card in the slot; the tap's path and what its page says.
    pub(crate) async fn sell(&self, amount: &str) -> (String, String) {
        let tap = self.fresh("/", "/sales").await;
        let (status, path) = self.form("/sales", &format!("tap={tap}&amount={amount}")).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}");
        let page = self.settled(&path).await;
        (path, page)
    }

    /// Begins something with the card in the slot; what the tap's page says.
    pub(crate) async fn card(&self, action: &str, form: &str) -> String {
        let tap = self.fresh("/card", action).await;
        let (status, path) = self.form(action, &format!("tap={tap}{form}")).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}");
        self.settled(&path).await
    }

    /// Orders a load and gets it onto the card in the slot.
    pub(crate) async fn load(&self, host: &Host, card: u8, amount: u32) {
        host.order(card, amount);
        let page = self.card("/card/load", "").await;
        assert!(page.contains("till-paid"), "{page}");
    }
}

/// An empty card, as it was issued.
pub(crate) fn empty(number: u8) -> Card {
    assert_eq!(asn(number).0.len(), 10);
    shop::empty_card(number, 1)
}
