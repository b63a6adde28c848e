//! Hosted checkout: what a buyer sees of an order, before and after paying it; and the buyer's own orders.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::{OperationId, OrderId};

use crate::assets;
use crate::components::{empty, key_values};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::{Frame, Viewer};
use crate::icon::{Icon, icon};
use crate::merchant_orders::OrderedLine;
use crate::order_words::{OrderMoment, OrderRow, OrderStatus, order_badge, order_table, order_timeline};
use crate::shell::{Head, Place, document};
use crate::when;

/// What the reader is to this order.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Nobody is logged in.
    Guest,
    /// A holder who can pay from this wallet, which holds this much.
    CanPay(Amount),
    /// A holder without a wallet in the order's currency.
    NoWallet,
    /// Whoever paid it.
    Buyer,
    /// Somebody else.
    Other,
}

/// The checkout of an order.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The order.
    pub id: OrderId,
    /// The shop's name in the reader's language.
    pub shop: String,
    /// How far it came.
    pub status: OrderStatus,
    /// How much.
    pub amount: Amount,
    /// What it is for; may be empty.
    pub description: String,
    /// The merchant's name for it; may be empty.
    pub reference: String,
    /// What was ordered.
    pub lines: Vec<OrderedLine>,
    /// Whether the money waits until the buyer confirms.
    pub escrow: bool,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// When what waits goes to the merchant by itself.
    pub release_at: Option<Timestamp>,
    /// What the reader is to it.
    pub standing: Standing,
    /// The operation that paid it, for the buyer.
    pub payment: Option<OperationId>,
    /// Where the shop wants the buyer back; may be empty.
    pub return_url: String,
    /// Its story, for the buyer.
    pub moments: Vec<OrderMoment>,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What is wrong: fields `amount`, `reason`.
    pub problems: Vec<Problem>,
}

/// `GET /checkout/{order}`
#[must_use]
pub fn checkout(frame: &Frame, view: &Checkout) -> Markup {
    let title = frame.fill("checkout-title", &[("shop", &view.shop)]);
    let head = Head { title: &title, place: Place::Pay, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (error_summary(frame, &view.problems))
            section.panel.checkout {
                p.muted { (icon(Icon::Shop)) (view.shop) }
                h1.order-figure { (figures::amount(frame, view.amount)) }
                (order_badge(frame, view.status))
                @if !view.description.is_empty() { p { (view.description) } }
                (facts(frame, view))
            }
            @match (&view.standing, view.status) {
                (Standing::Buyer, _) => (bought(frame, view)),
                (_, OrderStatus::Open) => (to_pay(frame, view)),
                (_, status) => p.panel { (frame.t(ended(status))) },
            }
        },
    )
}

const fn ended(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Expired => "checkout-expired",
        OrderStatus::Cancelled => "checkout-cancelled",
        _ => "checkout-paid-already",
    }
}

fn facts(frame: &Frame, view: &Checkout) -> Markup {
    let mut rows: Vec<(&str, Markup)> = view
        .lines
        .iter()
        .map(|line| {
            (line.name.as_str(), html! { (line.quantity) " × " (figures::amount(frame, line.price)) })
        })
        .collect();
    if !view.reference.is_empty() {
        rows.push((frame.t("order-reference"), html! { (view.reference) }));
    }
    if view.status == OrderStatus::Open {
        rows.push((frame.t("order-expires"), when::full(frame, view.expires_at)));
    }
    key_values(&rows)
}

fn to_pay(frame: &Frame, view: &Checkout) -> Markup {
    let here = format!("/checkout/{}", view.id);
    html! {
        @if view.escrow { p.escrow-note { (icon(Icon::Scale)) span { (frame.t("checkout-escrow")) } } }
        @match &view.standing {
            Standing::Guest => {
                a.button.button-primary.button-wide href={ "/login?next=" (here.replace('/', "%2F")) } {
                    (frame.t("checkout-log-in")) }
                p.muted { a href="/register" { (frame.t("checkout-register")) } }
            },
            Standing::CanPay(held) => {
                @let short = held.minor() < view.amount.minor();
                fieldset.instruments {
                    legend { (frame.t("checkout-instrument")) }
                    label.check {
                        input type="radio" name="instrument" value="wallet" form="pay" checked;
                        span {
                            strong { (frame.t("checkout-wallet")) }
                            span.muted { (frame.fill("amount-available", &[("available", &figures::text(*held))])) }
                        }
                    }
                }
                @if short {
                    p.field-error { (frame.t("checkout-short")) }
                    a.button.button-wide href="/top-up" { (frame.t("checkout-top-up")) }
                }
                form.form id="pay" method="post" action={ (here) "/pay" } data-once="" {
                    (form::hidden(frame))
                    input type="hidden" name="idempotency_key" value=(view.attempt);
                    (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(view.amount))])))
                }
                @if !view.return_url.is_empty() {
                    a.button.button-quiet.button-wide href=(view.return_url) rel="noreferrer" {
                        (frame.t("checkout-back-to-shop")) }
                }
            },
            Standing::NoWallet => p.panel { (frame.t("checkout-no-wallet")) " " a href="/settings" {
                (frame.t("checkout-open-wallet")) } },
            Standing::Buyer | Standing::Other => p.panel { (frame.t("checkout-not-holder")) },
        }
    }
}

fn bought(frame: &Frame, view: &Checkout) -> Markup {
    let here = format!("/checkout/{}", view.id);
    let reason = Field {
        name: "reason",
        label: frame.t("dispute-reason"),
        hint: Some(frame.t("dispute-reason-hint")),
        value: "",
        input: Input::Text,
        prefix: None,
        optional: false,
    };
    html! {
        div.flash role="status" { (icon(Icon::Check)) p { (frame.t("checkout-done")) } }
        @if !view.return_url.is_empty() {
            a.button.button-primary.button-wide href=(view.return_url) rel="noreferrer" { (frame.t("checkout-return")) }
        }
        @if let Some(payment) = view.payment {
            a.button.button-wide href={ "/transactions/" (payment) } { (frame.t("checkout-receipt")) }
        }
        @if matches!(view.status, OrderStatus::Held | OrderStatus::Disputed) {
            section.panel aria-labelledby="confirm" {
                h2 id="confirm" { (frame.t("escrow-title")) }
                @if let Some(at) = view.release_at { p.muted { (frame.t("escrow-deadline")) " " (when::full(frame, at)) } }
                (form::form(frame, &format!("{here}/confirm"), Some(&view.attempt),
                    form::submit(frame.t("escrow-confirm"))))
            }
        }
        @if view.status == OrderStatus::Held {
            section.panel aria-labelledby="dispute" {
                h2 id="dispute" { (frame.t("dispute-title")) }
                (form::form(frame, &format!("{here}/dispute"), None, html! {
                    (field(frame, &view.problems, &reason))
                    button.button.button-danger { (icon(Icon::Alert)) (frame.t("dispute-open")) }
                }))
            }
        }
        section.panel aria-labelledby="story" {
            h2 id="story" { (frame.t("order-story")) }
            (order_timeline(frame, &view.moments))
        }
    }
}

/// `GET /orders`
#[must_use]
pub fn my_orders(frame: &Frame, rows: &[OrderRow]) -> Markup {
    let head = Head { title: frame.t("my-orders"), place: Place::History, class: "medium" };
    let shops = matches!(frame.viewer, Viewer::Holder { .. }).then_some(("/pay", frame.t("pay-title")));
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            h1 { (head.title) }
            section.panel aria-label=(head.title) {
                @if rows.is_empty() { (empty(frame.t("my-orders-empty"), shops)) }
                @else { (order_table(frame, "/checkout/", rows)) }
            }
        },
    )
}
