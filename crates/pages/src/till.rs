//! The till: items and keypad, one sale with its code, the last sales, and the reports of a shift.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Currency};
use wallet::ids::{ItemId, OperationId, OrderId};

use crate::assets;
use crate::components::qr::qr;
use crate::components::{BasketLine, amount_to_take, back, basket, empty, key_values, stat};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// A key of the till.
#[derive(Clone, Debug)]
pub struct TillItem {
    /// The item.
    pub id: ItemId,
    /// Its name in the reader's language.
    pub name: String,
    /// Its group.
    pub category: String,
    /// The price of one.
    pub price: Amount,
}

/// One of the last sales.
#[derive(Clone, Debug)]
pub struct LastSale {
    /// The payment.
    pub payment: OperationId,
    /// When.
    pub at: Timestamp,
    /// The payer's masked name.
    pub payer: String,
    /// How much.
    pub amount: Amount,
    /// How much of it was given back.
    pub refunded: Amount,
    /// Whether it may be undone here and now.
    pub can_undo: bool,
}

/// The till.
#[derive(Clone, Debug)]
pub struct Till {
    /// The shop's name.
    pub shop: String,
    /// Who stands at it.
    pub cashier: String,
    /// The currency it takes.
    pub currency: Currency,
    /// What it sells.
    pub items: Vec<TillItem>,
    /// How many of each were typed, in the order of `items`.
    pub quantities: Vec<u32>,
    /// The amount as typed.
    pub amount: String,
    /// The payer's code as typed.
    pub code: String,
    /// The last sales, newest first.
    pub last: Vec<LastSale>,
    /// Who else can stand here, by quick switch: login and name.
    pub colleagues: Vec<(String, String)>,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What is wrong: fields `amount`, `code`, `pin`.
    pub problems: Vec<Problem>,
}

/// How far a sale came.
#[derive(Clone, Debug)]
pub enum SaleState {
    /// The customer scans this code.
    Waiting(String),
    /// The customer has yet to confirm.
    Confirming,
    /// Paid; this payment may be undone where there is one.
    Paid(Option<OperationId>),
    /// Given back as a whole.
    Undone,
    /// Not paid.
    Failed(SaleFailure),
}

/// Why a sale was not paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaleFailure {
    /// The payer's code was refused.
    CodeRefused,
    /// The payment was declined.
    Declined,
    /// Nobody paid in time, or the cashier cancelled it.
    Ended,
}

impl SaleFailure {
    const fn key(self) -> &'static str {
        match self {
            Self::CodeRefused => "till-refused",
            Self::Declined => "till-declined",
            Self::Ended => "till-ended",
        }
    }
}

/// One sale at the till.
#[derive(Clone, Debug)]
pub struct TillSale {
    /// The order, where the customer scans.
    pub order: Option<OrderId>,
    /// How much.
    pub amount: Amount,
    /// How far it came.
    pub state: SaleState,
}

/// `GET /till`
#[must_use]
pub fn till(frame: &Frame, view: &Till) -> Markup {
    let head = Head { title: frame.t("till"), place: Place::Till, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            script type="module" src=(assets::TILL_SCRIPT.path) {}
            div.title-row {
                h1 { (view.shop) }
                p.muted { (frame.fill("till-cashier", &[("name", &view.cashier)])) " · " a href="/till/report" {
                    (frame.t("till-report")) } " · " a href="/till/items" { (frame.t("till-items")) }
                    " · " a href="/till/vouchers" { (frame.t("vouchers")) } }
            }
            (error_summary(frame, &view.problems))
            form.till method="post" action="/till/charge" novalidate data-once="" data-till=(view.currency.decimals()) {
                (form::hidden(frame))
                input type="hidden" name="idempotency_key" value=(view.attempt);
                section aria-labelledby="items" {
                    h2 id="items" { (frame.t("till-items")) }
                    @if view.items.is_empty() { (empty(frame.t("till-no-items"), Some(("/till/items",
                        frame.t("till-items"))))) }
                    @else { (basket(frame, lines(view))) }
                }
                div.till-side {
                    (amount_to_take(frame, &view.problems, (view.currency, &view.amount)))
                    (form::submit(frame.t("till-show-code")))
                    (code(frame, view))
                }
            }
            (last_sales(frame, view))
            (switch(frame, view))
        },
    )
}

/// The items with what was typed of each.
fn lines(view: &Till) -> impl Iterator<Item = BasketLine<'_>> {
    view.items.iter().enumerate().map(|(index, item)| BasketLine {
        field: format!("item_{}", item.id),
        name: &item.name,
        price: item.price,
        quantity: view.quantities.get(index).copied().unwrap_or_default(),
    })
}

fn code(frame: &Frame, view: &Till) -> Markup {
    let code = Field {
        name: "code",
        label: frame.t("till-code"),
        hint: Some(frame.t("till-code-hint")),
        value: &view.code,
        input: Input::Text,
        prefix: None,
        optional: true,
    };
    html! {
        (field(frame, &view.problems, &code))
        button.button.button-wide type="submit" formaction="/till/scan" { (frame.t("till-charge")) }
    }
}

fn last_sales(frame: &Frame, view: &Till) -> Markup {
    html! {
        section.panel aria-labelledby="last" {
            h2 id="last" { (frame.t("till-last")) }
            @if view.last.is_empty() { (empty(frame.t("sales-empty"), None)) }
            @else {
                table.table.table-cards.sales {
                    thead { tr {
                        th scope="col" { (frame.t("time")) }
                        th scope="col" { (frame.t("payer")) }
                        th scope="col" { (frame.t("state")) }
                        th.num scope="col" { (frame.t("amount")) }
                        th scope="col" { span.visually-hidden { (frame.t("actions")) } }
                    } }
                    tbody { @for sale in &view.last { (sale_row(frame, sale)) } }
                }
            }
        }
    }
}

fn sale_row(frame: &Frame, sale: &LastSale) -> Markup {
    let whole = sale.refunded == sale.amount;
    html! {
        tr {
            td { (when::short(frame, sale.at)) }
            td { (sale.payer) }
            td {
                @if whole { span.badge.badge-muted { (icon(Icon::Undo)) (frame.t("till-undone")) } }
                @else { span.badge.badge-ok { (icon(Icon::Check)) (frame.t("till-paid-small")) } }
            }
            td.num { (figures::amount(frame, sale.amount)) }
            td.cell-action {
                @if sale.can_undo { (undo(frame, sale.payment, "button button-small")) }
                @else { a.button.button-small href={ "/transactions/" (sale.payment) } { (frame.t("details")) } }
            }
        }
    }
}

/// The button that gives a sale back as a whole.
fn undo(frame: &Frame, payment: OperationId, class: &str) -> Markup {
    form::form(
        frame,
        &format!("/till/undo/{payment}"),
        None,
        html! { button class=(class) { (icon(Icon::Undo)) (frame.t("till-undo")) } },
    )
}

fn switch(frame: &Frame, view: &Till) -> Markup {
    let choices: Vec<Choice<'_>> = view
        .colleagues
        .iter()
        .map(|(login, name)| Choice { value: login.clone(), label: name.as_str().into() })
        .collect();
    let pin = Field {
        name: "pin",
        label: frame.t("till-pin"),
        hint: None,
        value: "",
        input: Input::Pin,
        prefix: None,
        optional: false,
    };
    html! {
        @if !choices.is_empty() {
            section.panel aria-labelledby="switch" {
                h2 id="switch" { (frame.t("till-switch")) }
                (form::form(frame, "/till/switch", None, html! {
                    (select(frame, &[], ("login", frame.t("till-who")), "", &choices))
                    (field(frame, &view.problems, &pin))
                    button.button { (frame.t("till-switch-now")) }
                }))
            }
        }
    }
}

/// `GET /till/sales/{order}`, and the answer to a scanned code
#[must_use]
pub fn sale(frame: &Frame, view: &TillSale) -> Markup {
    let head = Head { title: frame.t("till-sale"), place: Place::Till, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            script type="module" src=(assets::TILL_SCRIPT.path) {}
            (back("/till", frame.t("till-next")))
            h1.order-figure { (figures::amount(frame, view.amount)) }
            @match &view.state {
                SaleState::Waiting(code) => {
                    div.till-code data-watch="" { (qr(code, frame.t("till-scan-me"))) p { (frame.t("till-scan-me")) } }
                    div.till-word.till-waiting role="status" { (icon(Icon::Clock)) span { (frame.t("till-waiting")) } }
                    @if let Some(order) = view.order {
                        a.button.button-wide href={ "/till/sales/" (order) } { (frame.t("refresh")) }
                        (form::form(frame, &format!("/till/sales/{order}/cancel"), None, html! {
                            button.button.button-danger.button-wide { (icon(Icon::Cross)) (frame.t("order-cancel")) }
                        }))
                    }
                },
                SaleState::Confirming => div.till-word.till-waiting role="status" data-watch="" {
                    (icon(Icon::Clock)) span { (frame.t("till-waiting")) } p { (frame.t("till-confirming")) }
                },
                SaleState::Paid(payment) => {
                    div.till-word.till-paid role="status" { (icon(Icon::Check)) span { (frame.t("till-paid")) } }
                    @if let Some(payment) = payment { (undo(frame, *payment, "button button-wide")) }
                },
                SaleState::Undone => div.till-word role="status" {
                    (icon(Icon::Undo)) span { (frame.t("till-undone")) }
                },
                SaleState::Failed(failure) => div.till-word.till-failed role="alert" {
                    (icon(Icon::Cross)) span { (frame.t("till-failed")) } p { (frame.t(failure.key())) }
                },
            }
            a.button.button-primary.button-wide href="/till" { (frame.t("till-next")) }
        },
    )
}

/// The sums of a shift or a day.
#[derive(Clone, Debug)]
pub struct TillReport {
    /// The number of the shift.
    pub shift: u64,
    /// When it began.
    pub from: Timestamp,
    /// When it was closed; `None`: it goes on, and this is an X report.
    pub closed_at: Option<Timestamp>,
    /// How many sales.
    pub sales: u64,
    /// Their sum.
    pub sold: Amount,
    /// How many refunds.
    pub refunds: u64,
    /// Their sum.
    pub refunded: Amount,
    /// What vouchers were sold for, less what was taken back: so much more cash is in the drawer.
    pub vouchers: money::Delta,
    /// Sales less refunds and vouchers: what the shop's account moved by.
    pub net: money::Delta,
    /// Whether the ledger's account moved by exactly the net of all shifts.
    pub equals_ledger: bool,
    /// Shifts closed before, newest first: number, closed when.
    pub earlier: Vec<(u64, Timestamp)>,
    /// Whether the reader may close the shift.
    pub can_close: bool,
}

/// `GET /till/report`
#[must_use]
pub fn report(frame: &Frame, view: &TillReport) -> Markup {
    let number = view.shift.to_string();
    let key = if view.closed_at.is_some() { "report-z" } else { "report-x" };
    let title = frame.fill(key, &[("number", &number)]);
    let head = Head { title: &title, place: Place::Till, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/till", frame.t("till")))
            h1 { (title) }
            p.muted {
                @if view.from == Timestamp::ZERO { (frame.t("report-beginning")) } @else { (when::full(frame, view.from)) }
                " – "
                @if let Some(at) = view.closed_at { (when::full(frame, at)) } @else { (frame.t("report-now")) }
            }
            div.stats {
                (stat(frame.t("report-sold"), figures::amount(frame, view.sold), Some(html! { (view.sales) " "
                    (frame.t("report-sales")) })))
                (stat(frame.t("report-refunded"), figures::amount(frame, view.refunded), Some(html! {
                    (view.refunds) " " (frame.t("report-refunds")) })))
                (stat(frame.t("vouchers"), html! { (figures::signed_text(view.vouchers)) }, Some(html! {
                    (frame.t("report-cash")) })))
                (stat(frame.t("report-net"), html! { (figures::signed_text(view.net)) }, None))
            }
            @if view.equals_ledger { p.verdict.verdict-ok { span.verdict-icon { (icon(Icon::Check)) } span {
                (frame.t("report-equals")) } } }
            @else { p.verdict.verdict-off role="alert" { span.verdict-icon { (icon(Icon::Alert)) } span {
                (frame.t("report-differs")) } } }
            @if view.closed_at.is_none() && view.can_close {
                (form::form(frame, "/till/report", None, form::submit(frame.t("report-close"))))
            }
            @if !view.earlier.is_empty() {
                section.panel aria-labelledby="earlier" {
                    h2 id="earlier" { (frame.t("report-earlier")) }
                    ul { @for (number, at) in &view.earlier {
                        li { a href={ "/till/report?shift=" (number) } { (frame.fill("report-z", &[("number",
                            &number.to_string())])) } " " span.muted { (when::short(frame, *at)) } }
                    } }
                }
            }
        },
    )
}

/// The items of a till, and the form of one more.
#[derive(Clone, Debug, Default)]
pub struct ItemForm {
    /// What there is.
    pub items: Vec<TillItem>,
    /// The Chinese name as typed.
    pub name_zh: String,
    /// The English name as typed.
    pub name_en: String,
    /// The group as typed.
    pub category: String,
    /// The price as typed.
    pub price: String,
    /// What is wrong: fields `name_zh`, `name_en`, `category`, `amount`.
    pub problems: Vec<Problem>,
}

/// `GET /till/items`
#[must_use]
pub fn items(frame: &Frame, view: &ItemForm) -> Markup {
    let head = Head { title: frame.t("till-items"), place: Place::Till, class: "medium" };
    let words = |name, label, value: &str, optional| {
        field(
            frame,
            &view.problems,
            &Field { name, label, hint: None, value, input: Input::Text, prefix: None, optional },
        )
    };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/till", frame.t("till")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel aria-label=(head.title) {
                @if view.items.is_empty() { (empty(frame.t("till-no-items"), None)) }
                @for item in &view.items {
                    div.title-row {
                        (key_values(&[(&item.name, figures::amount(frame, item.price))]))
                        (form::form(frame, &format!("/till/items/{}/remove", item.id), None, html! {
                            button.button.button-small { (icon(Icon::Cross)) (frame.t("item-remove")) }
                        }))
                    }
                }
            }
            section.panel aria-labelledby="new-item" {
                h2 id="new-item" { (frame.t("item-new")) }
                (form::form(frame, "/till/items", None, html! {
                    (words("name_zh", frame.t("item-name-zh"), &view.name_zh, false))
                    (words("name_en", frame.t("item-name-en"), &view.name_en, false))
                    (words("category", frame.t("item-category"), &view.category, true))
                    (field(frame, &view.problems, &Field {
                        name: "amount", label: frame.t("order-price"), hint: None, value: &view.price,
                        input: Input::Money, prefix: None, optional: false,
                    }))
                    (form::submit(frame.t("item-add")))
                }))
            }
        },
    )
}
