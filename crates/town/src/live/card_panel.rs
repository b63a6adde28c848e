//! The site of the visitor's cards: which card lies where, taken away in the middle of a tap, copied, its terminal cut off; and
//! whether every unit is accounted for.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use operations::card_purses::CardPurseState;
use pages::figures;
use serde::Deserialize;
use server::App;

use super::card_books::{self, CardBooks, CardLine};
use super::card_office::Tills;
use super::card_table::{Pull, TableError};
use super::neighbour_page::Neighbour;
use super::two_cards;

/// The host of the cards.
pub(super) const HOST: &str = "cards.localhost";

#[derive(Clone)]
pub(super) struct Site {
    pub(super) app: App,
    pub(super) tills: Arc<Tills>,
}

/// The site over these tills.
pub(super) fn router(app: &App, tills: &Arc<Tills>) -> Router {
    let site = Site { app: app.clone(), tills: Arc::clone(tills) };
    Router::new()
        .route("/", get(show))
        .route("/lay", post(lay))
        .route("/take-away", post(take_away))
        .route("/copy", post(copy))
        .route("/network", post(network))
        .route("/two-cards", get(two_cards::show))
        .route("/two-cards/pay", post(two_cards::pay))
        .route("/two-cards/end", post(two_cards::end))
        .route("/two-cards/give-up", post(two_cards::give_up))
        .route("/two-cards/fetch", post(two_cards::fetch))
        .route("/two-cards/unload", post(two_cards::unload))
        .route("/cards.css", get(style))
        .with_state(site)
}

/// `GET /`
async fn show(State(site): State<Site>) -> Response {
    let cards = {
        let tills = Arc::clone(&site.tills);
        tokio::task::spawn_blocking(move || tills.table.cards()).await
    };
    let cards = match cards {
        Ok(Ok(cards)) => cards,
        Ok(Err(error)) => return out_of_order(&error.to_string()),
        Err(error) => return out_of_order(&error.to_string()),
    };
    match card_books::count(site.app.operations(), &site.tills, cards).await {
        Ok(books) => page(StatusCode::OK, &table(&site, &books)),
        Err(error) => out_of_order(&error.to_string()),
    }
}

#[derive(Deserialize)]
struct LayForm {
    card: String,
    reader: usize,
    #[serde(default)]
    pull: String,
}

/// `POST /lay`
async fn lay(State(site): State<Site>, Form(form): Form<LayForm>) -> Response {
    let pull = match form.pull.as_str() {
        "before" => Pull::BeforeCommand,
        "after" => Pull::AfterCommand,
        _ => Pull::Never,
    };
    done(&site, move |tills| tills.table.lay(&form.card, form.reader, pull)).await
}

#[derive(Deserialize)]
struct ReaderForm {
    reader: usize,
}

/// `POST /take-away`
async fn take_away(State(site): State<Site>, Form(form): Form<ReaderForm>) -> Response {
    done(&site, move |tills| tills.table.take_away(form.reader)).await
}

#[derive(Deserialize)]
struct CardForm {
    card: String,
}

/// `POST /copy`
async fn copy(State(site): State<Site>, Form(form): Form<CardForm>) -> Response {
    done(&site, move |tills| tills.table.copy(&form.card)).await
}

#[derive(Deserialize)]
struct NetworkForm {
    reader: usize,
    /// `cut`, or anything else to mend it.
    network: String,
}

/// `POST /network`
async fn network(State(site): State<Site>, Form(form): Form<NetworkForm>) -> Response {
    done(&site, move |tills| {
        let till = tills.tills.get(form.reader).ok_or(TableError::NoSuch)?;
        till.site.set_network(form.network != "cut");
        Ok(())
    })
    .await
}

/// Does something with cards, which waits for their files, and shows the table again.
async fn done(site: &Site, work: impl FnOnce(&Tills) -> Result<(), TableError> + Send + 'static) -> Response {
    let tills = Arc::clone(&site.tills);
    match tokio::task::spawn_blocking(move || work(&tills)).await {
        Ok(Ok(())) => Redirect::to("/").into_response(),
        Ok(Err(TableError::NoSuch)) => {
            page(StatusCode::NOT_FOUND, &no("没有这张卡或这台终端。", TableError::NoSuch))
        }
        Ok(Err(TableError::Busy)) => {
            page(StatusCode::CONFLICT, &no("请先把读卡器上的卡拿开。", TableError::Busy))
        }
        Ok(Err(error)) => out_of_order(&error.to_string()),
        Err(error) => out_of_order(&error.to_string()),
    }
}

pub(super) fn no(zh: &str, en: impl std::fmt::Display) -> Markup {
    html! {
        p role="alert" { (zh) br; span lang="en" { (en) } }
        p { a href="/" { "返回 " span lang="en" { "Back" } } }
    }
}

pub(super) fn out_of_order(why: &str) -> Response {
    eprintln!("sycee: the table of cards: {why}");
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        &no("卡片暂时无法读取，请稍后再试。", "Cards cannot be read now. Try again later."),
    )
}

fn table(site: &Site, books: &CardBooks) -> Markup {
    html! {
        p.intro {
            "这里是镇上的卡片和读卡器。放一张卡到终端上付款；断开网络、中途拿走、复制卡片，看钱是不是一分不差。" br;
            span lang="en" {
                "The cards and readers of the town. Lay a card on a terminal and pay; cut its network, pull the card away, copy \
                 it, and see that no unit is lost or made."
            }
        }
        p { a href="/two-cards" { "两张卡碰一碰，互相付款 " span lang="en" { "Hold two cards together: one pays the other" } } }
        section aria-labelledby="sums" {
            h2 #sums { "账平了吗 " span lang="en" { "Does it add up?" } }
            (sums(books))
        }
        section aria-labelledby="tills" {
            h2 #tills { "终端 " span lang="en" { "Terminals" } }
            ul.tills { @for number in 0..site.tills.tills.len() { (till(site, books, number)) } }
        }
        section aria-labelledby="cards" {
            h2 #cards { "卡片 " span lang="en" { "Cards" } }
            ul.cards { @for card in &books.cards { (card_line(site, card)) } }
        }
    }
}

/// The equation of `docs/spec/issuer-host.md`.
fn sums(books: &CardBooks) -> Markup {
    let equation = &books.equation;
    let rows = [
        ("发卡方账上", "At the issuer", equation.shadows.saturating_add(equation.waiting_loads)),
        ("卡片里", "In the cards", equation.purses),
        ("圈存途中", "Loads on their way", equation.loads_in_flight),
        ("圈提途中", "Unloads on their way", equation.unloads_in_flight),
        ("未清算的消费", "Purchases not cleared", equation.debits_not_cleared),
        ("未清算的撤销", "Cancels not cleared", equation.cancels_not_cleared),
        ("复制出来的", "In copies when made", equation.copied),
    ];
    let difference = equation.difference();
    html! {
        dl.sums {
            @for (zh, en, units) in rows {
                div { dt { (zh) " " span lang="en" { (en) } } dd { (card_books::text(units)) } }
            }
            div.difference data-difference=(difference) {
                dt { "差额 " span lang="en" { "Difference" } }
                dd { (card_books::text(difference)) @if difference == 0 { " ✓" } }
            }
        }
        details {
            summary { "怎么算的 " span lang="en" { "How it is counted" } }
            p {
                "账上 = 卡片里 + 途中 + 未清算的消费 − 未清算的撤销 − 复制出来的" br;
                span lang="en" { "At the issuer = in the cards + on their way + purchases not cleared − cancels not cleared − in copies when made" }
            }
        }
    }
}

fn till(site: &Site, books: &CardBooks, number: usize) -> Markup {
    let Some(till) = site.tills.tills.get(number) else { return html! {} };
    let status = till.site.status();
    let lying = books.cards.iter().find(|card| card.lying.reader == Some(number));
    html! {
        li data-reader=(number) {
            h3 { a href=(till.address) { (till.name.0) " " span lang="en" { (till.name.1) } } }
            p {
                @if status.is_network_allowed { "网络正常 " span lang="en" { "network is up" } }
                @else { strong { "网络已断开 " span lang="en" { "network is cut" } } }
                " · " "待上传 " span lang="en" { "to be uploaded" } " " b { (status.waiting) }
            }
            p { @match lying {
                Some(card) => { "读卡器上 " span lang="en" { "on the reader" } ": " b { (card.label()) } }
                None => { "读卡器上没有卡 " span lang="en" { "no card on the reader" } }
            } }
            div.buttons {
                @if lying.is_some() {
                    form method="post" action="/take-away" {
                        input type="hidden" name="reader" value=(number);
                        button { "拿开卡 " span lang="en" { "Take the card away" } }
                    }
                }
                form method="post" action="/network" {
                    input type="hidden" name="reader" value=(number);
                    @if status.is_network_allowed {
                        button name="network" value="cut" { "断网 " span lang="en" { "Cut the network" } }
                    } @else {
                        button name="network" value="mend" { "恢复网络 " span lang="en" { "Mend the network" } }
                    }
                }
            }
        }
    }
}

fn card_line(site: &Site, card: &CardLine) -> Markup {
    let lying = &card.lying;
    let pull = format!("pull-{}", lying.name);
    let reader = format!("reader-{}", lying.name);
    html! {
        li data-card=(lying.name) data-state=(card.state.code()) {
            h3 { (card.label()) @if lying.is_copy { " " strong { "复制卡 " span lang="en" { "copy" } } } }
            dl {
                div { dt { "卡里 " span lang="en" { "in the card" } } dd.balance { (figures::text(card.balance)) } }
                div { dt { "账上 " span lang="en" { "at the issuer" } } dd { (card_books::text(card.shadow)) } }
                @for waiting in &card.waiting {
                    div.waiting {
                        dt { (waiting.where_zh()) " " span lang="en" { (waiting.where_en()) } }
                        dd { (card_books::text(waiting.units)) }
                    }
                }
            }
            @if card.state == CardPurseState::Closed {
                p { "卡已注销，卡里的钱已退回钱包，不再有效。" br; span lang="en" { "The card is closed; what it held is back in the wallet and good for nothing here." } }
            }
            @if lying.reader.is_none() {
                form.lay method="post" action="/lay" {
                    input type="hidden" name="card" value=(lying.name);
                    label for=(reader) { "放到 " span lang="en" { "Lay it on" } }
                    select id=(reader) name="reader" {
                        @for (number, till) in site.tills.tills.iter().enumerate() {
                            option value=(number) { (till.name.0) " " (till.name.1) }
                        }
                    }
                    label for=(pull) { "拿开 " span lang="en" { "Pulled away" } }
                    select id=(pull) name="pull" {
                        option value="never" { "不拿开 never" }
                        option value="before" { "扣款前 before it pays" }
                        option value="after" { "扣款后、应答前 after it paid, before its answer" }
                    }
                    button { "放卡 " span lang="en" { "Lay" } }
                }
                @if !lying.is_copy {
                    form method="post" action="/copy" {
                        input type="hidden" name="card" value=(lying.name);
                        button.quiet { "复制这张卡 " span lang="en" { "Copy this card" } }
                    }
                }
            }
        }
    }
}

const SITE: Neighbour = Neighbour {
    title: "卡片与读卡器 · Cards and readers",
    style: "/cards.css",
    heading: ("卡片与读卡器", "Cards and readers"),
};

fn page(status: StatusCode, body: &Markup) -> Response {
    SITE.page(status, body)
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("card_panel.css"))
}
