//! Two cards held together: one pays the other, with nobody else there. A visitor pulls one away in the middle, holds both
//! together again, and sees that every unit is accounted for.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use issuer::transfer_purse::{SERIES, pocket_currency};
use ledger::NANOSECONDS_PER_SECOND;
use maud::{Markup, html};
use money::{Amount, Currency};
use operations::card_purses::transfer_purse_visit::{IssuerMessage, Visit};
use operations::card_purses::{transfer_purse, transfer_purse_renewal, transfer_purse_visit};
use operations::{OperationError, Operations};
use pki::Day;
use purse::amount::Amount as Units;
use purse::vtp::PayDetails;
use purse_to_purse::{Certificates, Fate, Terms, Trouble};
use serde::Deserialize;

use super::card_books::text;
use super::card_office::Tills;
use super::card_pair_books::{Books, Line, books};
use super::card_pairs::Torn;
use super::card_panel::{Site, no, out_of_order};
use super::card_table::{TableError, file_name};
use super::neighbour_page::Neighbour;

async fn with_cards<T: Send + 'static>(
    site: &Site,
    work: impl FnOnce(&Tills) -> Result<T, TableError> + Send + 'static,
) -> Result<T, Response> {
    let tills = Arc::clone(&site.tills);
    match tokio::task::spawn_blocking(move || work(&tills)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(TableError::NoSuch)) => {
            Err(page(StatusCode::NOT_FOUND, &no("没有这张卡。", "There is no such card.")))
        }
        Ok(Err(TableError::Busy)) => Err(page(
            StatusCode::CONFLICT,
            &no("请先把卡从读卡器上拿开。", "Take the card from its reader first."),
        )),
        Ok(Err(error)) => Err(out_of_order(&error.to_string())),
        Err(error) => Err(out_of_order(&error.to_string())),
    }
}

async fn count(site: &Site) -> Result<Books, Response> {
    let cards = with_cards(site, |tills| tills.table.paying_cards()).await?;
    books(site.app.operations(), cards).await.map_err(|error| out_of_order(&error.to_string()))
}

/// `GET /two-cards`
pub(super) async fn show(State(site): State<Site>) -> Response {
    match count(&site).await {
        Ok(books) => page(StatusCode::OK, &desk(&books, &html! {})),
        Err(answer) => answer,
    }
}

#[derive(Deserialize)]
pub(super) struct PayForm {
    payer: String,
    payee: String,
    amount: String,
    #[serde(default)]
    torn: String,
}

/// `POST /two-cards/pay`
pub(super) async fn pay(State(site): State<Site>, Form(form): Form<PayForm>) -> Response {
    let units = Amount::parse(form.amount.trim(), Currency::CNY)
        .ok()
        .and_then(|amount| u32::try_from(amount.minor()).ok());
    let Some(units) = units.filter(|units| *units > 0) else {
        return told(&site, &word("请输入金额，例如 5.00。", "Type an amount, such as 5.00.")).await;
    };
    if form.payer == form.payee {
        return told(&site, &word("请选两张不同的卡。", "Choose two cards.")).await;
    }
    let terms = Terms { amount: Units::new(units), currency: pocket_currency(Currency::CNY), series: SERIES };
    let torn = match form.torn.as_str() {
        "payer" => Torn::Payer,
        "payee" => Torn::Payee,
        _ => Torn::Neither,
    };
    let today = today(&site);
    let paid =
        with_cards(&site, move |tills| tills.table.pay([&form.payer, &form.payee], (terms, today), torn));
    match paid.await {
        Ok(Ok(outcome)) if outcome.was_begun_before => {
            told(
                &site,
                &word(
                    "先前没有完成的付款现在完成了，没有开始新的付款。",
                    "The payment that had not ended is ended; nothing new was begun.",
                ),
            )
            .await
        }
        Ok(Ok(_)) => told(&site, &word("已付款。", "Paid.")).await,
        Ok(Err(trouble)) => told(&site, &refused(&trouble)).await,
        Err(answer) => answer,
    }
}

fn today(site: &Site) -> Day {
    Day(u32::try_from(site.app.now().0 / NANOSECONDS_PER_SECOND / 86_400).unwrap_or(u32::MAX))
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    payer: String,
}

/// `POST /two-cards/end`
pub(super) async fn end(State(site): State<Site>, Form(form): Form<EndForm>) -> Response {
    let ended = with_cards(&site, move |tills| {
        let cards = tills.table.paying_cards()?;
        let payer = cards.iter().find(|card| card.lying.name == form.payer).ok_or(TableError::NoSuch)?;
        let Some(details) = payer.open else { return Ok(Ok(Fate::Paid)) };
        let payee = file_name(purse::fields::Asn(transfer_purse::serial_of(details.to).0));
        tills.table.end([&form.payer, &payee], &details)
    });
    match ended.await {
        Ok(Ok(Fate::Paid)) => {
            told(
                &site,
                &word("付款完成，和没有中断一样。", "The payment is ended as if nothing had happened."),
            )
            .await
        }
        Ok(Ok(Fate::NotPaid)) => {
            told(&site, &word("没有付成，钱还在付款的卡里。", "Nothing was paid; the payer has it.")).await
        }
        Ok(Err(trouble)) => told(&site, &refused(&trouble)).await,
        Err(answer) => answer,
    }
}

/// `POST /two-cards/give-up`: both cards forget a payment that did not end, and keep it in their logs of exceptions.
pub(super) async fn give_up(State(site): State<Site>, Form(form): Form<EndForm>) -> Response {
    let given_up = with_cards(&site, move |tills| {
        let cards = tills.table.paying_cards()?;
        let payer = cards.iter().find(|card| card.lying.name == form.payer).ok_or(TableError::NoSuch)?;
        let Some(details) = payer.open else { return Ok(Ok(())) };
        let payee = file_name(purse::fields::Asn(transfer_purse::serial_of(details.to).0));
        let payer = tills.table.give_up(&form.payer)?;
        let payee = tills.table.give_up(&payee)?;
        Ok(payer.and(payee))
    });
    match given_up.await {
        Ok(Ok(())) => told(&site, &word(GIVEN_UP.0, GIVEN_UP.1)).await,
        Ok(Err(trouble)) => told(&site, &refused(&trouble)).await,
        Err(answer) => answer,
    }
}

const GIVEN_UP: (&str, &str) = (
    "两张卡都放弃了这笔付款。让两张卡各到一次发卡方：双方都证明丢失的钱会回到付款的卡。",
    "Both cards gave the payment up. Let each visit the issuer: what both prove was lost comes back to the payer.",
);

#[derive(Deserialize)]
pub(super) struct FetchForm {
    card: String,
}

/// `POST /two-cards/fetch`: a card visits its issuer.
pub(super) async fn fetch(State(site): State<Site>, Form(form): Form<FetchForm>) -> Response {
    match visit(&site, &form.card, None).await {
        Ok(()) => told(&site, &word("已到过发卡方。", "The card has visited its issuer.")).await,
        Err(answer) => answer,
    }
}

#[derive(Deserialize)]
pub(super) struct UnloadForm {
    card: String,
    amount: String,
}

/// `POST /two-cards/unload`: a card takes what waits for it, gives an amount back to the wallet of its holder, and shows that it
/// has.
pub(super) async fn unload(State(site): State<Site>, Form(form): Form<UnloadForm>) -> Response {
    let Some(amount) =
        Amount::parse(form.amount.trim(), Currency::CNY).ok().filter(|amount| !amount.is_zero())
    else {
        return told(&site, &word("请输入金额，例如 5.00。", "Type an amount, such as 5.00.")).await;
    };
    for asked in [None, Some(amount), None] {
        if let Err(answer) = visit(&site, &form.card, asked).await {
            return answer;
        }
    }
    told(&site, &word("已圈提到钱包。", "Given back to the wallet.")).await
}

/// A card shows itself to its issuer and takes what it has for it, or what gives this amount back.
async fn visit(site: &Site, card: &str, unload: Option<Amount>) -> Result<(), Response> {
    let mut challenge = [0; 16];
    let seconds = site.app.now().0 / NANOSECONDS_PER_SECOND;
    challenge.iter_mut().zip(seconds.to_be_bytes()).for_each(|(place, byte)| *place = byte);
    let name = card.to_owned();
    let shown = with_cards(site, move |tills| tills.table.report(&name, challenge)).await?;
    let visit = match shown {
        Ok(visit) => visit,
        Err(trouble) => return Err(told(site, &refused(&trouble)).await),
    };
    let (messages, renewed) = match brought(site.app.operations(), &visit, unload).await {
        Ok(brought) => brought,
        Err(error) => return Err(told(site, &word("发卡方没有答应。", &error.to_string())).await),
    };
    let name = card.to_owned();
    match with_cards(site, move |tills| tills.table.bring(&name, &messages, renewed)).await? {
        Ok(()) => Ok(()),
        Err(trouble) => Err(told(site, &refused(&trouble)).await),
    }
}

/// What the issuer has for a card that visits.
async fn brought(
    operations: &Operations,
    visit: &Visit,
    unload: Option<Amount>,
) -> Result<(Vec<IssuerMessage>, Option<Certificates>), OperationError> {
    if let Some(amount) = unload {
        return Ok((transfer_purse_visit::unload(operations, visit, amount).await?, None));
    }
    let messages = transfer_purse_visit::receive(operations, visit).await?;
    let renewed = transfer_purse_renewal::renewal(operations, visit).await?;
    Ok((messages, renewed.as_ref().map(Certificates::from)))
}

const SITE: Neighbour =
    Neighbour { title: "两张卡 · Two cards", style: "/cards.css", heading: ("两张卡", "Two cards") };

fn page(status: StatusCode, body: &Markup) -> Response {
    SITE.page(status, body)
}

fn word(zh: &str, en: &str) -> Markup {
    html! { p.word role="status" { strong { (zh) } br; span lang="en" { (en) } } }
}

fn refused(trouble: &Trouble) -> Markup {
    let zh = match trouble {
        Trouble::Unfinished(_) => "卡被拿开了。把同样两张卡再碰一次，付款会照常完成。",
        Trouble::UnderWay(_) => "这张卡和另一张卡还有没完成的付款，请先让那两张卡再碰一次。",
        _ => "没有付成。",
    };
    word(zh, &trouble.to_string())
}

async fn told(site: &Site, word: &Markup) -> Response {
    match count(site).await {
        Ok(books) => page(StatusCode::OK, &desk(&books, word)),
        Err(answer) => answer,
    }
}

fn desk(books: &Books, word: &Markup) -> Markup {
    html! {
        p { a href="/" { "返回卡片与读卡器 " span lang="en" { "Back to cards and readers" } } }
        p.intro {
            "两张卡碰一碰，钱就从一张到另一张：不经过终端、网络和发卡方。"
            "中途拿开一张，再碰一次，看钱是不是一分不差。持卡人在卡钱包页面为卡对卡付款圈存。" br;
            span lang="en" {
                "Hold two cards together and one pays the other: no terminal, no network, no issuer. Pull one away in the \
                 middle, hold both together again, and see that no unit is lost or made. Holders load their cards for this \
                 on the card’s page."
            }
        }
        (word)
        (sums(books))
        section aria-labelledby="pay" {
            h2 #pay { "付款 " span lang="en" { "Pay" } }
            (pay_form(books))
        }
        @for line in &books.lines {
            @if let Some(open) = &line.card.open { (open_payment(books, line, open)) }
        }
        section aria-labelledby="cards" {
            h2 #cards { "卡片 " span lang="en" { "Cards" } }
            ul.cards { @for line in &books.lines { (card(line)) } }
        }
    }
}

fn sums(books: &Books) -> Markup {
    let rows = [
        ("账上", "In the ledger", books.float),
        ("卡片里", "On the cards", books.on_cards()),
        ("还没领取的钱", "Not fetched yet", books.waiting()),
        ("在途", "On its way", books.under_way()),
    ];
    let difference = books.difference();
    html! {
        dl.sums {
            @for (zh, en, units) in rows {
                div { dt { (zh) " " span lang="en" { (en) } } dd { (text(units)) } }
            }
            div.difference data-difference=(difference) {
                dt { "差额 " span lang="en" { "Difference" } }
                dd { (text(difference)) @if difference == 0 { " ✓" } }
            }
        }
    }
}

fn pay_form(books: &Books) -> Markup {
    let choice = |name: &str, zh: &str, en: &str, place: usize| {
        html! {
            label for=(name) { (zh) " " span lang="en" { (en) } }
            select id=(name) name=(name) {
                @for (number, line) in books.lines.iter().enumerate() {
                    option value=(line.card.lying.name) selected[number == place] {
                        (line.label) " · " (text(line.card.balance.units().into()))
                    }
                }
            }
        }
    };
    html! {
        form.lay method="post" action="/two-cards/pay" {
            (choice("payer", "付款的卡", "pays", 0))
            (choice("payee", "收款的卡", "receives", 1))
            label for="amount" { "金额 " span lang="en" { "amount" } }
            input id="amount" name="amount" inputmode="decimal" autocomplete="off" required value="5.00";
            label for="torn" { "拿开 " span lang="en" { "pulled away" } }
            select id="torn" name="torn" {
                option value="neither" { "不拿开 none" }
                option value="payer" { "付款卡：扣款后 the payer, when it has paid" }
                option value="payee" { "收款卡：入账前 the payee, before the value arrives" }
            }
            button { "碰一碰 " span lang="en" { "Hold together" } }
        }
    }
}

fn open_payment(books: &Books, line: &Line, open: &PayDetails) -> Markup {
    html! {
        section {
            p {
                strong { (line.label) " → " (books.label_of(open.to)) " " (text(open.amount.units().into())) } br;
                "没有完成。" span lang="en" { " not ended" }
            }
            form.lay method="post" action="/two-cards/end" {
                input type="hidden" name="payer" value=(line.card.lying.name);
                button { "再碰一次 " span lang="en" { "Hold both together again" } }
                button.quiet formaction="/two-cards/give-up" { "两张都放弃 " span lang="en" { "Give up on both" } }
            }
        }
    }
}

fn card(line: &Line) -> Markup {
    html! {
        li data-card=(line.card.lying.name) {
            h3 { (line.label) }
            dl {
                div { dt { "卡里 " span lang="en" { "in the card" } } dd.balance { (text(line.card.balance.units().into())) } }
                @if line.waiting > 0 {
                    div.waiting { dt { "待领取 " span lang="en" { "to be fetched" } } dd { (text(line.waiting.into())) } }
                }
            }
            form method="post" action="/two-cards/fetch" {
                input type="hidden" name="card" value=(line.card.lying.name);
                @if line.waiting > 0 { button { "领取圈存 " span lang="en" { "Fetch the load" } } }
                @else { button { "到发卡方 " span lang="en" { "Visit the issuer" } } }
            }
            @if line.card.balance.units() > 0 { (unload_form(&line.card.lying.name)) }
        }
    }
}

fn unload_form(card: &str) -> Markup {
    let id = format!("unload-{card}");
    html! {
        details.plain {
            summary { "圈提到钱包 " span lang="en" { "Give back to the wallet" } }
            form method="post" action="/two-cards/unload" {
                input type="hidden" name="card" value=(card);
                label for=(id) { "金额 " span lang="en" { "amount" } }
                input id=(id) name="amount" inputmode="decimal" autocomplete="off" required;
                button { "圈提 " span lang="en" { "Give back" } }
            }
        }
    }
}
