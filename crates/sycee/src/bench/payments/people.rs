//! Who pays whom in the benchmark: holders with money and a session each, and a few merchants.

use std::net::SocketAddr;

use ledger::{Request, Response, Submit};
use money::{Amount, Currency};
use operations::holders::{self, NewHolder};
use operations::merchants::{self, NewBank, NewMerchant};
use records::principals::{Language, Theme};
use server::{App, SESSION_COOKIE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wallet::ids::{BankId, CardId, HolderId, MerchantId, OperationId};
use wallet::postings::{CardMovement, settled, top_up_requested};

use super::KEY_PLACE;
use crate::exit::Failure;

pub(super) const CURRENCY: Currency = Currency::CNY;
/// What each payment moves, in minor units.
pub(super) const AMOUNT: u64 = 100;
/// What each holder starts with: enough for any run.
const FUNDS: u64 = 100_000_000_000;
const MERCHANTS: usize = 8;
const BANK: BankId = BankId::new(1);
const PASSWORD: &str = "a password for nobody but the benchmark";

/// Holders as the cookies of their sessions, and the merchants whom they pay.
#[derive(Debug)]
pub(super) struct People {
    cookies: Vec<String>,
    pub(super) merchants: Vec<MerchantId>,
    address: SocketAddr,
}

impl People {
    /// One payment request for each holder, with a place for its idempotency key.
    pub(super) fn payments(&self) -> Vec<String> {
        self.requests("/api/v1/payments")
    }

    /// The same requests to the empty handler.
    pub(super) fn empty_requests(&self) -> Vec<String> {
        self.requests("/empty")
    }

    fn requests(&self, path: &str) -> Vec<String> {
        let merchants = self.merchants.iter().cycle();
        let request = |(cookie, merchant): (&String, &MerchantId)| {
            let currency = CURRENCY.code();
            let body = format!(r#"{{"merchant":"{merchant}","amount":{AMOUNT},"currency":"{currency}"}}"#);
            let headers = format!("Cookie: {cookie}\r\nIdempotency-Key: {KEY_PLACE}\r\n");
            post(self.address, path, &headers, &body)
        };
        self.cookies.iter().zip(merchants).map(request).collect()
    }
}

/// Registers, funds and logs in so many holders.
pub(super) async fn found(app: &App, address: SocketAddr, holders: usize) -> Result<People, Failure> {
    let operations = app.operations();
    let failed = |error: operations::OperationError| Failure::software(error.to_string());
    let names = |name: &str| (name.to_owned(), name.to_owned());
    let (name_zh, name_en) = names("Bench Bank");
    let bank = NewBank { id: BANK, code: "bench".to_owned(), name_zh, name_en };
    merchants::add_bank(operations, bank).await.map_err(failed)?;
    let mut people = People { cookies: Vec::new(), merchants: Vec::new(), address };
    for number in 0..MERCHANTS {
        let (name_zh, name_en) = names(&format!("Shop {number}"));
        let shop =
            NewMerchant { code: format!("shop-{number}"), name_zh, name_en, category: "food".to_owned() };
        people.merchants.push(merchants::admit(operations, shop).await.map_err(failed)?);
    }
    let password_hash = server::hash_password(PASSWORD, b"only a benchmark")
        .map_err(|error| Failure::software(error.to_string()))?;
    for number in 0..holders {
        let login = format!("payer-{number}");
        let holder = NewHolder {
            login: login.clone(),
            phone: None,
            name: format!("Payer {number}"),
            latin_name: None,
            language: Language::English,
            theme: Theme::Light,
            password_hash: Some(password_hash.clone()),
            currency: CURRENCY,
        };
        let holder = holders::register(operations, holder).await.map_err(failed)?;
        fund(app, holder, number)?;
        people.cookies.push(log_in(address, &login).await?);
    }
    Ok(people)
}

/// Credits a wallet as a settled top-up does, without asking a bank.
fn fund(app: &App, holder: HolderId, number: usize) -> Result<(), Failure> {
    let movement = CardMovement {
        operation: OperationId::new(number as u128 + 1),
        holder,
        bank: BANK,
        card: CardId::new(1),
        amount: Amount::from_minor(FUNDS, CURRENCY).map_err(|error| Failure::software(error.to_string()))?,
    };
    let transfers = vec![top_up_requested(&movement), settled(movement.operation)];
    match ask(&*app.operations().services().ledger, Request::CreateTransfers(transfers))? {
        Response::CreateTransfers(results) if results.iter().all(|result| result.status.is_done()) => Ok(()),
        other => Err(Failure::software(format!("a wallet was not funded: {other:?}"))),
    }
}

/// A request to the ledger, waited for.
pub(in crate::bench) fn ask(ledger: &dyn Submit, request: Request) -> Result<Response, Failure> {
    let (answer, answered) = std::sync::mpsc::channel();
    // The receiver waits right here.
    ledger.submit(request, Box::new(move |result| drop(answer.send(result))));
    let result = answered.recv().map_err(|_| Failure::software("the ledger dropped a request"))?;
    Ok(result?)
}

/// Opens a session over HTTP; answers its cookie as a client sends it back.
async fn log_in(address: SocketAddr, login: &str) -> Result<String, Failure> {
    let body = format!(r#"{{"login":"{login}","password":"{PASSWORD}"}}"#);
    let request = post(address, "/api/v1/sessions", "Connection: close\r\n", &body);
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let cookie = answer.find(SESSION_COOKIE).map(|at| &answer[at..]);
    let cookie = cookie.and_then(|rest| rest.split([';', '\r']).next());
    match cookie {
        Some(cookie) => Ok(cookie.to_owned()),
        None => Err(Failure::software(format!("a holder could not log in: {answer}"))),
    }
}

fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         {headers}Content-Length: {length}\r\n\r\n{body}"
    )
}
