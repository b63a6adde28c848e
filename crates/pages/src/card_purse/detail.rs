//! One card purse in full, for its holder.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::dues::{CardDue, dues};
use super::grade::{self, CreditGrade};
use super::log::{LogEntry, log};
use super::{CardPurse, PurseState, as_of, grouped, state_badge, transfer_purse};
use crate::components::{back, key_values, purse_art};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// How far a load order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStage {
    /// Waits for the card at a terminal.
    Waiting,
    /// A terminal has begun it; what became of it is not known yet.
    Begun,
}

/// A load order that is not over.
#[derive(Clone, Debug)]
pub struct LoadOrder {
    /// The id, in hexadecimal.
    pub id: String,
    /// How much.
    pub amount: Amount,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// How far it came.
    pub stage: OrderStage,
}

/// One card purse of the visitor's.
#[derive(Clone, Debug)]
pub struct PurseDetail {
    /// The purse.
    pub purse: CardPurse,
    /// Of loads and unloads that nobody knows yet whether the card has done them.
    pub in_doubt: Amount,
    /// Of payments that were uploaded without a proof.
    pub held: Amount,
    /// What it spent beyond its balance.
    pub excess: Amount,
    /// Load orders that are not over, oldest first.
    pub orders: Vec<LoadOrder>,
    /// What the wallet has that it is bound to.
    pub available: Amount,
    /// The most that may be ordered at once, where there is such a limit.
    pub order_max: Option<Amount>,
    /// The amount of a load order as typed.
    pub amount: String,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// The newest parts of sales that it did not hold, newest first.
    pub dues: Vec<CardDue>,
    /// From when on the rest of a listed card can be given back.
    pub refund_from: Option<Timestamp>,
    /// Its grade; none of a card that terminals do not take.
    pub grade: Option<CreditGrade>,
    /// What it did, newest first.
    pub log: Vec<LogEntry>,
    /// The query string of the next, older page of the log.
    pub older: Option<String>,
    /// What is wrong: field `amount`.
    pub problems: Vec<Problem>,
}

/// `GET /card-purses/{card}`
#[must_use]
pub fn purse(frame: &Frame, view: &PurseDetail) -> Markup {
    let purse = &view.purse;
    let title = purse.title(frame);
    let head = Head { title: &title, place: Place::Wallet, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back("/card-purses", frame.t("card-purses")))
            div.title-row { h1 { (title) } (state_badge(frame, purse.state)) }
            (error_summary(frame, &view.problems))
            (listed_note(frame, view))
            div.detail {
                div.detail-main {
                    div.card-large { (purse_art(frame, purse)) }
                    (balance(frame, view))
                }
                div.detail-side {
                    (dues(frame, purse, &view.dues))
                    (orders(frame, view))
                    @if purse.state.is_usable() { (order_form(frame, view)) (back_to_wallet(frame)) }
                    @if purse.state.is_usable() { (transfer_purse::section(frame, purse)) }
                    (grade::section(frame, purse, view.grade.as_ref()))
                    @if purse.state.is_usable() { (loss(frame, purse)) }
                }
            }
            section.panel aria-labelledby="log" {
                div.title-row {
                    h2 id="log" { (frame.t("purse-log")) }
                    a.button href={ "/card-purses/" (purse.number) "/log.csv" } download { (icon(Icon::Download)) (frame.t("csv")) }
                }
                (log(frame, &view.log))
            }
            nav.pager aria-label=(frame.t("pager")) {
                @if let Some(older) = &view.older {
                    a.button rel="next" href={ "/card-purses/" (purse.number) (older) } { (frame.t("older")) }
                }
            }
        },
    )
}

/// What becomes of a card that terminals no longer take.
fn listed_note(frame: &Frame, view: &PurseDetail) -> Markup {
    let key = match view.purse.state {
        PurseState::Made | PurseState::Bound => return html! {},
        PurseState::Lost => "card-purse-lost-note",
        PurseState::Cloned | PurseState::Counterfeit => "card-purse-listed-note",
        PurseState::Closed => "card-purse-closed-note",
    };
    html! {
        p.hint {
            (frame.t(key))
            @if let (true, Some(from)) = (view.purse.state.is_listed(), view.refund_from) {
                " " (frame.t("card-purse-refund-from")) " " (when::full(frame, from))
            }
        }
    }
}

fn balance(frame: &Frame, view: &PurseDetail) -> Markup {
    let purse = &view.purse;
    let mut rows = vec![(frame.t("card-purse-number"), html! { span.num { (grouped(&purse.number)) } })];
    if let Some(expiry) = &purse.expiry {
        rows.push((frame.t("card-expiry"), html! { span.num { (expiry) } }));
    }
    let parts = [
        ("card-purse-in-doubt", view.in_doubt),
        ("card-purse-held", view.held),
        ("card-purse-excess", view.excess),
    ];
    let parts = parts.into_iter().filter(|(_, amount)| !amount.is_zero());
    rows.extend(parts.map(|(key, amount)| (frame.t(key), figures::amount(frame, amount))));
    html! {
        section.panel {
            h2 { (frame.t("card-purse-balance")) }
            p.stat-figure { (figures::amount(frame, purse.balance)) }
            p { (as_of(frame, purse)) }
            p.hint { (frame.t("card-purse-balance-note")) }
            (key_values(&rows))
        }
    }
}

fn orders(frame: &Frame, view: &PurseDetail) -> Markup {
    html! {
        @if !view.orders.is_empty() {
            section.panel aria-labelledby="waiting" {
                h2 id="waiting" { (frame.t("load-orders")) }
                p.hint { (frame.t("load-order-where")) }
                ul.stack { @for order in &view.orders { li { (order_line(frame, &view.purse, order)) } } }
            }
        }
    }
}

fn order_line(frame: &Frame, purse: &CardPurse, order: &LoadOrder) -> Markup {
    html! {
        p.line-title { (figures::amount(frame, order.amount)) }
        p.muted { (frame.t("load-ordered")) " " (when::short(frame, order.ordered_at)) }
        @match order.stage {
            OrderStage::Begun => p { span.badge.badge-warn { (icon(Icon::Clock)) (frame.t("load-begun")) } },
            OrderStage::Waiting => {
                form method="post" action={ "/card-purses/" (purse.number) "/load-orders/" (order.id) "/withdraw" } {
                    (form::hidden(frame))
                    button.button.button-small { (icon(Icon::Undo)) (frame.t("load-withdraw")) }
                }
            }
        }
    }
}

fn order_form(frame: &Frame, view: &PurseDetail) -> Markup {
    let purse = &view.purse;
    let available = figures::text(view.available);
    let hint = match view.order_max {
        Some(most) => {
            frame.fill("load-amount-hint-most", &[("available", &available), ("most", &figures::text(most))])
        }
        None => frame.fill("load-amount-hint", &[("available", &available)]),
    };
    let currency = figures::currency_name(frame.locale, purse.balance.currency());
    let label = frame.fill("load-amount", &[("currency", currency)]);
    html! {
        section.panel {
            h2 { (frame.t("load-order")) }
            (form::form(frame, &format!("/card-purses/{}/load-orders", purse.number), Some(&view.attempt), html! {
                (field(frame, &view.problems, &Field {
                    name: "amount", label: &label, hint: Some(&hint), value: &view.amount, input: Input::Money,
                    prefix: None, optional: false,
                }))
                (form::submit(frame.t("load-order-submit")))
            }))
            p.hint { (frame.t("load-order-note")) }
        }
    }
}

fn back_to_wallet(frame: &Frame) -> Markup {
    html! { p.hint { (frame.t("purse-unload-how")) } }
}

fn loss(frame: &Frame, purse: &CardPurse) -> Markup {
    html! {
        details.quiet-details {
            summary { (frame.t("card-purse-report")) }
            p { (frame.t("card-purse-report-note")) }
            form method="post" action={ "/card-purses/" (purse.number) "/lost" } {
                (form::hidden(frame))
                input type="hidden" name="confirm" value="yes";
                button.button.button-danger {
                    (icon(Icon::Stop))
                    (frame.fill("card-purse-report-this", &[("number", &purse.ending())]))
                }
            }
        }
    }
}
