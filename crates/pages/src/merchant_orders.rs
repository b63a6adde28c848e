//! A merchant's orders: list with search and filter, one order with its story, and the form of a payment link.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Currency};
use wallet::ids::{OperationId, OrderId};

use crate::assets;
use crate::components::{back, empty, key_values};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::order_words::{OrderMoment, OrderRow, OrderStatus, order_badge, order_table, order_timeline};
use crate::shell::{Head, Place, document};
use crate::when;

/// The list.
#[derive(Clone, Debug)]
pub struct OrderList {
    /// What was searched for.
    pub search: String,
    /// Only those in this state.
    pub status: Option<OrderStatus>,
    /// The orders found, newest first.
    pub rows: Vec<OrderRow>,
    /// The query string of the next, older page.
    pub older: Option<String>,
    /// Whether this is the operator's list of disputes.
    pub of_operator: bool,
}

/// One thing that was ordered.
#[derive(Clone, Debug)]
pub struct OrderedLine {
    /// What.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// The price of one.
    pub price: Amount,
}

/// What the reader may do with an order, each with the key of its form.
#[derive(Clone, Debug, Default)]
pub struct OrderActions {
    /// Give back up to this much.
    pub refund: Option<Amount>,
    /// Withdraw it.
    pub cancel: bool,
    /// Write a note.
    pub note: bool,
    /// Answer the dispute, or agree with the buyer.
    pub answer: bool,
    /// Propose what the merchant gets, up to this much.
    pub propose: Option<Amount>,
    /// Confirm that the merchant gets this much.
    pub confirm: Option<Amount>,
}

/// One order.
#[derive(Clone, Debug)]
pub struct OrderDetail {
    /// The order.
    pub id: OrderId,
    /// Its title.
    pub title: String,
    /// The shop's name, where it is not the reader's own.
    pub shop: String,
    /// The buyer's masked name, once somebody paid.
    pub buyer: String,
    /// How far it came.
    pub status: OrderStatus,
    /// How much.
    pub amount: Amount,
    /// How much was given back.
    pub refunded: Amount,
    /// What it is for.
    pub description: String,
    /// What staff wrote about it.
    pub note: String,
    /// What was ordered.
    pub lines: Vec<OrderedLine>,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// When what waits goes to the merchant by itself.
    pub release_at: Option<Timestamp>,
    /// The operation that paid it.
    pub payment: Option<OperationId>,
    /// Where the buyer pays.
    pub checkout: String,
    /// Its story.
    pub moments: Vec<OrderMoment>,
    /// What the reader may do.
    pub actions: OrderActions,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What was typed into the form that failed.
    pub typed: String,
    /// What is wrong: fields `amount`, `note`, `answer`, `share`.
    pub problems: Vec<Problem>,
}

/// The form of a payment link.
#[derive(Clone, Debug, Default)]
pub struct LinkForm {
    /// The amount as typed.
    pub amount: String,
    /// The chosen currency's code.
    pub currency: String,
    /// What can be chosen.
    pub currencies: Vec<Currency>,
    /// The reference as typed.
    pub reference: String,
    /// The description as typed.
    pub description: String,
    /// Whether the money shall wait.
    pub escrow: bool,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// `GET /merchant/orders`, and `GET /operator/disputes`
#[must_use]
pub fn list(frame: &Frame, view: &OrderList) -> Markup {
    let (title, place, base) = if view.of_operator {
        (frame.t("disputes"), Place::Overview, "/operator/disputes/")
    } else {
        (frame.t("orders"), Place::Orders, "/merchant/orders/")
    };
    document(
        frame,
        &Head { title, place, class: "wide" },
        html! {
            (assets::merchant_style())
            div.title-row {
                h1 { (title) }
                @if !view.of_operator {
                    a.button.button-primary href="/merchant/orders/new" { (frame.t("link-new")) }
                }
            }
            @if !view.of_operator { (filter(frame, view)) }
            section.panel aria-label=(title) {
                @if view.rows.is_empty() { (empty(frame.t("orders-empty"), None)) }
                @else { (order_table(frame, base, &view.rows)) }
                nav.pager aria-label=(frame.t("pager")) {
                    @if let Some(older) = &view.older {
                        a.button rel="next" href={ "/merchant/orders" (older) } { (frame.t("older")) }
                    }
                }
            }
        },
    )
}

fn filter(frame: &Frame, view: &OrderList) -> Markup {
    let mut choices = vec![Choice { value: String::new(), label: frame.t("filter-all").into() }];
    choices.extend(
        OrderStatus::ALL
            .iter()
            .map(|status| Choice { value: status.code().to_owned(), label: frame.t(status.key()).into() }),
    );
    let chosen = view.status.map_or("", OrderStatus::code);
    html! {
        form.order-filter role="search" method="get" action="/merchant/orders" {
            div.field {
                label for="search" { (frame.t("orders-search")) }
                div.input { input id="search" name="search" type="search" value=(view.search) autocomplete="off"; }
            }
            (select(frame, &[], ("state", frame.t("state")), chosen, &choices))
            button.button { (frame.t("filter-apply")) }
        }
    }
}

/// `GET /merchant/orders/{id}`, and `GET /operator/disputes/{id}`
#[must_use]
pub fn detail(frame: &Frame, view: &OrderDetail) -> Markup {
    let of_operator = !view.shop.is_empty();
    let (base, place, label) = if of_operator {
        ("/operator/disputes", Place::Overview, frame.t("disputes"))
    } else {
        ("/merchant/orders", Place::Orders, frame.t("orders"))
    };
    let action = format!("{base}/{}", view.id);
    document(
        frame,
        &Head { title: &view.title, place, class: "medium" },
        html! {
            (assets::merchant_style())
            (back(base, label))
            div.title-row { h1 { (view.title) } (order_badge(frame, view.status)) }
            (error_summary(frame, &view.problems))
            section.panel { p.order-figure { (figures::amount(frame, view.amount)) } (facts(frame, view)) }
            @if !view.lines.is_empty() { (lines(frame, &view.lines)) }
            @if view.status == OrderStatus::Open { (share(frame, view)) }
            (actions(frame, view, &action))
            section.panel aria-labelledby="story" {
                h2 id="story" { (frame.t("order-story")) }
                (order_timeline(frame, &view.moments))
            }
        },
    )
}

fn facts(frame: &Frame, view: &OrderDetail) -> Markup {
    let mut rows: Vec<(&str, Markup)> = Vec::new();
    if !view.shop.is_empty() {
        rows.push((frame.t("order-shop"), html! { (view.shop) }));
    }
    if !view.buyer.is_empty() {
        rows.push((frame.t("order-buyer"), html! { (view.buyer) }));
    }
    if !view.description.is_empty() {
        rows.push((frame.t("order-description"), html! { (view.description) }));
    }
    if !view.refunded.is_zero() {
        rows.push((frame.t("refunded-today"), figures::amount(frame, view.refunded)));
    }
    if view.status == OrderStatus::Open {
        rows.push((frame.t("order-expires"), when::full(frame, view.expires_at)));
    }
    if let Some(at) = view.release_at.filter(|_| view.status == OrderStatus::Held) {
        rows.push((frame.t("order-release-at"), when::full(frame, at)));
    }
    if let Some(payment) = view.payment {
        rows.push((
            frame.t("order-payment"),
            html! { a href={ "/transactions/" (payment) } { (frame.t("details")) } },
        ));
    }
    key_values(&rows)
}

fn lines(frame: &Frame, lines: &[OrderedLine]) -> Markup {
    html! {
        section.panel aria-label=(frame.t("order-lines")) {
            table.table {
                thead { tr {
                    th scope="col" { (frame.t("order-lines")) }
                    th.num scope="col" { (frame.t("order-quantity")) }
                    th.num scope="col" { (frame.t("order-price")) }
                } }
                tbody { @for line in lines { tr {
                    td { (line.name) }
                    td.num { (line.quantity) }
                    td.num { (figures::amount(frame, line.price)) }
                } } }
            }
        }
    }
}

fn share(frame: &Frame, view: &OrderDetail) -> Markup {
    html! {
        section.panel aria-labelledby="share" {
            h2 id="share" { (frame.t("link-title")) }
            p { (frame.t("link-share")) }
            p.link-address { a href=(view.checkout) { (view.checkout) } }
        }
    }
}

/// A field for an amount.
fn money(frame: &Frame, view: &OrderDetail, name: &'static str, label: &str, hint: &str) -> Markup {
    let (value, input) = (view.typed.as_str(), Input::Money);
    let field_of_money = Field { name, label, hint: Some(hint), value, input, prefix: None, optional: false };
    field(frame, &view.problems, &field_of_money)
}

/// A field for words, which may be left empty where there are some already.
fn words(frame: &Frame, view: &OrderDetail, name: &'static str, label: &str, value: Option<&str>) -> Markup {
    let (input, optional) = (Input::Text, value.is_some());
    let value = value.unwrap_or_default();
    field(frame, &view.problems, &Field { name, label, hint: None, value, input, prefix: None, optional })
}

/// What may be done about a dispute now.
fn dispute_actions(frame: &Frame, view: &OrderDetail, action: &str) -> Markup {
    let actions = &view.actions;
    let attempt = Some(view.attempt.as_str());
    html! {
        @if let Some(share) = actions.confirm {
            section.panel aria-labelledby="confirm" {
                h2 id="confirm" { (frame.t("dispute-confirm-title")) }
                p { (frame.fill("dispute-confirm", &[("amount", &figures::text(share))])) }
                (form::form(frame, &format!("{action}/confirm"), attempt, form::submit(frame.t("dispute-confirm-now"))))
            }
        }
        @if let Some(held) = actions.propose {
            section.panel aria-labelledby="propose" {
                h2 id="propose" { (frame.t("dispute-propose-title")) }
                (form::form(frame, &format!("{action}/propose"), None, html! {
                    (money(frame, view, "share", frame.t("dispute-share"), &frame.fill("dispute-held", &[("amount",
                        &figures::text(held))])))
                    (words(frame, view, "note", frame.t("dispute-why"), None))
                    (form::submit(frame.t("dispute-propose-now")))
                }))
            }
        }
        @if actions.answer {
            section.panel aria-labelledby="answer-title" {
                h2 id="answer-title" { (frame.t("dispute-answer-title")) }
                (form::form(frame, &format!("{action}/answer"), None, html! {
                    (words(frame, view, "answer", frame.t("dispute-answer"), None))
                    (form::submit(frame.t("dispute-answer-now")))
                }))
                (form::form(frame, &format!("{action}/concede"), attempt, html! {
                    button.button.button-wide { (icon(Icon::Refund)) (frame.t("dispute-concede")) }
                }))
            }
        }
    }
}

/// What may be done with the order now.
fn actions(frame: &Frame, view: &OrderDetail, action: &str) -> Markup {
    let actions = &view.actions;
    let attempt = Some(view.attempt.as_str());
    html! {
        (dispute_actions(frame, view, action))
        @if let Some(left) = actions.refund {
            section.panel aria-labelledby="refund" {
                h2 id="refund" { (frame.t("refund-title")) }
                (form::form(frame, &format!("{action}/refund"), attempt, html! {
                    (money(frame, view, "amount", frame.t("refund-amount"), &frame.fill("refund-left", &[("left",
                        &figures::text(left))])))
                    (words(frame, view, "memo", frame.t("refund-reason"), None))
                    (form::submit(frame.t("refund-now")))
                }))
            }
        }
        @if actions.note {
            section.panel {
                (form::form(frame, &format!("{action}/note"), None, html! {
                    (words(frame, view, "note", frame.t("order-note"), Some(&view.note)))
                    button.button { (frame.t("save")) }
                }))
            }
        }
        @if actions.cancel {
            (form::form(frame, &format!("{action}/cancel"), None, html! {
                button.button.button-danger { (icon(Icon::Cross)) (frame.t("order-cancel")) }
            }))
        }
    }
}

/// `GET /merchant/orders/new`
#[must_use]
pub fn new_link(frame: &Frame, view: &LinkForm) -> Markup {
    let head = Head { title: frame.t("link-new"), place: Place::Orders, class: "narrow" };
    let choices: Vec<Choice<'_>> = view
        .currencies
        .iter()
        .map(|currency| Choice {
            value: currency.code().to_owned(),
            label: figures::currency_name(frame.locale, *currency).into(),
        })
        .collect();
    let words = |name, label, hint, value: &str, optional| {
        field(
            frame,
            &view.problems,
            &Field { name, label, hint, value, input: Input::Text, prefix: None, optional },
        )
    };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/merchant/orders", frame.t("orders")))
            h1 { (head.title) }
            p.muted { (frame.t("link-lead")) }
            (error_summary(frame, &view.problems))
            (form::form(frame, "/merchant/orders/new", Some(&view.attempt), html! {
                div.amount-row {
                    (field(frame, &view.problems, &Field {
                        name: "amount", label: frame.t("amount"), hint: None, value: &view.amount,
                        input: Input::Money, prefix: None, optional: false,
                    }))
                    (select(frame, &view.problems, ("currency", frame.t("currency")), &view.currency, &choices))
                }
                (words("description", frame.t("order-description"), Some(frame.t("link-description-hint")),
                    &view.description, false))
                (words("reference", frame.t("order-reference"), Some(frame.t("order-reference-hint")),
                    &view.reference, true))
                label.check {
                    input type="checkbox" name="escrow" value="yes" checked[view.escrow];
                    span { strong { (frame.t("link-escrow")) } span.muted { (frame.t("link-escrow-note")) } }
                }
                (form::submit(frame.t("link-make")))
            }))
        },
    )
}
