//! The till of a terminal: items and keypad, the last sales.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Currency};

use super::{Answer, Line, Outcome, top};
use crate::assets;
use crate::components::{BasketLine, amount_to_take, basket, empty};
use crate::figures;
use crate::form::{self, Problem, error_summary};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// Something that the till sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterItem {
    /// Its name in the reader's language.
    pub name: String,
    /// The price of one.
    pub price: Amount,
}

/// A record of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSale {
    /// Its number.
    pub record: u32,
    /// When.
    pub at: Timestamp,
    /// The card, masked.
    pub card: String,
    /// What the card paid.
    pub amount: Amount,
    /// What is owed beside.
    pub due: Amount,
    /// What became of it.
    pub outcome: Outcome,
    /// What the issuer said.
    pub answer: Answer,
    /// Whether its card may get it back here and now.
    pub can_cancel: bool,
}

/// The till.
#[derive(Clone, Debug)]
pub struct Counter {
    /// How the terminal stands.
    pub line: Line,
    /// What the till is called.
    pub name: String,
    /// The currency it takes.
    pub currency: Currency,
    /// What it sells.
    pub items: Vec<CounterItem>,
    /// How many of each were typed, in the order of `items`.
    pub quantities: Vec<u32>,
    /// The amount as typed.
    pub amount: String,
    /// Whether a card that holds less may owe the rest.
    pub may_owe: bool,
    /// The name of the sale that this rendering makes.
    pub tap: String,
    /// What is wrong: field `amount`.
    pub problems: Vec<Problem>,
    /// The last records, newest first.
    pub last: Vec<PastSale>,
}

/// `GET /` of a till
#[must_use]
pub fn counter(frame: &Frame, view: &Counter) -> Markup {
    let head = Head { title: frame.t("till"), place: Place::Till, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (top(frame, &view.line, None))
            script type="module" src=(assets::TILL_SCRIPT.path) {}
            div.title-row { h1 { (view.name) } a.button href="/items" { (frame.t("till-items")) } }
            (error_summary(frame, &view.problems))
            form.till method="post" action="/sales" novalidate data-once="" data-till=(view.currency.decimals()) {
                input type="hidden" name="tap" value=(view.tap);
                section aria-labelledby="items" {
                    h2 id="items" { (frame.t("till-items")) }
                    @if view.items.is_empty() {
                        (empty(frame.t("till-no-items"), Some(("/items", frame.t("till-items")))))
                    } @else { (basket(frame, lines(view))) }
                }
                div.till-side {
                    (amount_to_take(frame, &view.problems, (view.currency, &view.amount)))
                    label.check {
                        input type="checkbox" name="may_owe" value="yes" checked[view.may_owe];
                        span { (frame.t("desk-may-owe")) span.hint { (frame.t("desk-may-owe-hint")) } }
                    }
                    (form::submit(frame.t("desk-charge")))
                }
            }
            (last_sales(frame, view))
        },
    )
}

/// The items with what was typed of each.
fn lines(view: &Counter) -> impl Iterator<Item = BasketLine<'_>> {
    view.items.iter().enumerate().map(|(index, item)| BasketLine {
        field: format!("item_{}", index),
        name: &item.name,
        price: item.price,
        quantity: view.quantities.get(index).copied().unwrap_or_default(),
    })
}

fn last_sales(frame: &Frame, view: &Counter) -> Markup {
    html! {
        section.panel aria-labelledby="last" {
            h2 id="last" { (frame.t("till-last")) }
            @if view.last.is_empty() { (empty(frame.t("sales-empty"), None)) }
            @else {
                table.table.table-cards.sales {
                    thead { tr {
                        th scope="col" { (frame.t("time")) }
                        th scope="col" { (frame.t("desk-card")) }
                        th scope="col" { (frame.t("state")) }
                        th.num scope="col" { (frame.t("amount")) }
                        th scope="col" { span.visually-hidden { (frame.t("actions")) } }
                    } }
                    tbody { @for sale in &view.last { (sale_row(frame, view, sale)) } }
                }
            }
        }
    }
}

fn sale_row(frame: &Frame, view: &Counter, sale: &PastSale) -> Markup {
    html! {
        tr {
            td { (when::short(frame, sale.at)) }
            td { (sale.card) span.cell-note { (frame.t("desk-record")) " " (sale.record) } }
            td { (sale.outcome.badge(frame)) span.cell-note { (frame.t(sale.answer.key())) } }
            td.num {
                (figures::amount(frame, sale.amount))
                @if sale.due.minor() > 0 {
                    span.cell-note { (frame.fill("desk-owed", &[("amount", &figures::text(sale.due))])) }
                }
            }
            td.cell-action {
                @if sale.can_cancel { (cancel(frame, &view.tap, sale.record)) }
                @else { a.button.button-small href={ "/receipts/" (sale.record) } { (frame.t("receipt")) } }
            }
        }
    }
}

/// The button that gives the last sale back to its card. `tap` is the name of the tap that it begins.
fn cancel(frame: &Frame, tap: &str, record: u32) -> Markup {
    html! {
        form method="post" action="/cancel" data-once="" {
            input type="hidden" name="tap" value=(tap);
            input type="hidden" name="record" value=(record);
            button.button.button-small type="submit" { (icon(Icon::Undo)) (frame.t("desk-cancel")) }
        }
    }
}
