//! The site of the town's banks: where a bank asks its customer before it charges a card for much. It stands for a bank's
//! own pages, on a host of its own; who holds the address of a question is taken for the customer.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bank::{OperationRef, Order, Outcome, Question};
use maud::{Markup, html};
use operations::embedded_bank::{EmbeddedBank, EmbeddedBankError};
use operations::start_up_check;
use pages::figures;
use serde::Deserialize;
use server::App;
use wallet::ids::{BankId, OperationId};

use super::neighbour_page::Neighbour;

/// The host of the banks.
pub(super) const HOST: &str = "bank.localhost";

#[derive(Clone)]
struct Site {
    app: App,
    banks: Arc<EmbeddedBank>,
    /// Where the wallet is: `http://localhost:8080`.
    wallet: Arc<str>,
}

/// The site on this port. `None`: the server has no embedded bank.
pub(super) fn router(app: &App, port: u16) -> Option<Router> {
    let banks = Arc::clone(app.embedded_bank()?);
    banks.serve_customers_at(format!("http://{HOST}:{port}"));
    let site = Site { app: app.clone(), banks, wallet: format!("http://localhost:{port}").into() };
    let router = Router::new()
        .route("/questions/{operation}/{ticket}", get(show).post(answer))
        .route("/bank.css", get(style))
        .fallback(nothing_here)
        .with_state(site);
    Some(router)
}

/// The operation and the ticket, as they stand in the address.
type Address = Path<(String, String)>;

/// The question at this address, and which bank asks it.
fn question(site: &Site, Path((operation, ticket)): &Address) -> Option<(OperationRef, BankId, Question)> {
    let number = |text: &str| u128::from_str_radix(text, 16).ok();
    let operation = OperationRef(number(operation)?);
    let (bank, question) = site.banks.question(operation, number(ticket)?)?;
    Some((operation, bank, question))
}

/// `GET /questions/{operation}/{ticket}`
async fn show(State(site): State<Site>, address: Address) -> Response {
    match question(&site, &address) {
        Some((operation, _, question)) => page(StatusCode::OK, &asked(&site, operation, &question)),
        None => nothing_here().await,
    }
}

#[derive(Deserialize)]
struct AnswerForm {
    /// `yes` or `no`.
    answer: String,
}

/// `POST /questions/{operation}/{ticket}`: a second answer changes nothing and shows what the first one did.
async fn answer(State(site): State<Site>, address: Address, Form(form): Form<AnswerForm>) -> Response {
    let Some((operation, bank, _)) = question(&site, &address) else { return nothing_here().await };
    let consent = match form.answer.as_str() {
        "yes" => true,
        "no" => false,
        _ => {
            return page(
                StatusCode::BAD_REQUEST,
                &html! { p { "请回答同意或不同意。" br; "Answer yes or no." } },
            );
        }
    };
    let banks = Arc::clone(&site.banks);
    let order = Order::Answer { operation, consent, now: site.app.now() };
    let kept = tokio::task::spawn_blocking(move || banks.orders(bank, vec![order])).await;
    match kept {
        Ok(Ok(()) | Err(EmbeddedBankError::Refused(_))) => {}
        Ok(Err(error)) => return out_of_order(&error.to_string()),
        Err(error) => return out_of_order(&error.to_string()),
    }
    tell_the_wallet(&site.app, OperationId::new(operation.0)).await;
    let Path((operation, ticket)) = address;
    Redirect::to(&format!("/questions/{operation}/{ticket}")).into_response()
}

/// A bank tells the operator at once; where that goes wrong, the wallet asks by itself soon.
async fn tell_the_wallet(app: &App, id: OperationId) {
    let operations = app.operations();
    let row = app.records().read(move |sql| records::operations::get(sql, id)).await;
    let Ok(Some(row)) = row else { return };
    if let Err(error) = start_up_check::resume(operations, &row).await {
        eprintln!("sycee: the answer at the bank is not known to the wallet yet: {error}");
    }
}

fn asked(site: &Site, operation: OperationRef, question: &Question) -> Markup {
    let amount = figures::text(question.amount);
    let back = format!("{}/transactions/{:032x}", site.wallet, operation.0);
    html! {
        p.amount { (amount) }
        dl {
            dt { "收款方 " span lang="en" { "To" } } dd { "细丝钱包 " span lang="en" { "Sycee wallet" } }
            dt { "银行卡 " span lang="en" { "Card" } } dd { "•••• " (question.last_four) }
            dt { "持卡人 " span lang="en" { "Cardholder" } } dd { (question.holder_name) }
        }
        @match question.outcome {
            Outcome::Asked => {
                p { "是否同意从这张卡扣款？" br; span lang="en" { "May this card be charged?" } }
                form method="post" {
                    button.yes name="answer" value="yes" { "同意扣款 " span lang="en" { "Yes, charge it" } }
                    button name="answer" value="no" { "不同意 " span lang="en" { "No" } }
                }
                p.small { "演示银行：不核对您的身份。" br; span lang="en" { "A bank for demonstration: it does not ask who you are." } }
            }
            Outcome::Done => p.done role="status" { "已扣款。" span lang="en" { "Charged." } },
            _ => p.not-done role="status" { "没有扣款。" span lang="en" { "Not charged." } },
        }
        p { a href=(back) { "返回钱包 " span lang="en" { "Back to the wallet" } } }
    }
}

async fn nothing_here() -> Response {
    let words = html! { p { "没有这样的确认请求，或它已经失效。" br; span lang="en" { "There is no such question. Go back to the wallet and try again." } } };
    page(StatusCode::NOT_FOUND, &words)
}

fn out_of_order(why: &str) -> Response {
    eprintln!("sycee: the embedded bank did not take an answer: {why}");
    let words = html! { p { "银行暂时无法处理，请稍后再试。" br; span lang="en" { "The bank cannot do this now. Try again later." } } };
    page(StatusCode::SERVICE_UNAVAILABLE, &words)
}

const SITE: Neighbour = Neighbour {
    title: "银行确认 · Confirm at your bank",
    style: "/bank.css",
    heading: ("银行确认", "Your bank asks"),
};

fn page(status: StatusCode, body: &Markup) -> Response {
    SITE.page(status, body)
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("bank_site.css"))
}
