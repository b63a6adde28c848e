//! The part of a card that pays other cards: how it works, and its loads.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::CardPurse;
use crate::components::{back, empty};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// Something that came to a card.
#[derive(Clone, Copy, Debug)]
pub struct TransferLoad {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub amount: Amount,
    /// Whether it was lost between two cards and came back, rather than from the wallet.
    pub is_given_back: bool,
}

/// A payment that a card gave up after the value had left it.
#[derive(Clone, Copy, Debug)]
pub struct GivenUp {
    /// When the card showed it.
    pub at: Timestamp,
    /// How much.
    pub amount: Amount,
}

/// What a card was loaded with to pay other cards.
#[derive(Clone, Debug)]
pub struct TransferLoads {
    /// The card.
    pub purse: CardPurse,
    /// What the wallet has that it is bound to.
    pub available: Amount,
    /// The most of one load.
    pub most: Amount,
    /// What came to it, newest first.
    pub loads: Vec<TransferLoad>,
    /// What it shall give back to the wallet, and has not shown to have given.
    pub unloads: Vec<Amount>,
    /// What it paid and gave up, newest first, and what has not come back.
    pub given_up: Vec<GivenUp>,
    /// The amount as typed.
    pub amount: String,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What is wrong: field `amount`.
    pub problems: Vec<Problem>,
}

/// The section of a holder's card.
pub(super) fn section(frame: &Frame, purse: &CardPurse) -> Markup {
    html! {
        section.panel aria-labelledby="transfer-purse" {
            h2 id="transfer-purse" { (frame.t("transfer-purse")) }
            p { (frame.t("transfer-purse-entry")) }
            a.button href={ "/card-purses/" (purse.number) "/transfer-loads" } {
                (icon(Icon::Swap)) (frame.t("transfer-purse-open"))
            }
        }
    }
}

/// `GET /card-purses/{card}/transfer-loads`
#[must_use]
pub fn transfer_loads(frame: &Frame, view: &TransferLoads) -> Markup {
    let title = frame.fill("transfer-purse-of", &[("number", &view.purse.ending())]);
    let head = Head { title: &title, place: Place::Wallet, class: "narrow" };
    let path = format!("/card-purses/{}", view.purse.number);
    let back_to = frame.fill("card-purse-of", &[("number", &view.purse.ending())]);
    document(
        frame,
        &head,
        html! {
            (back(&path, &back_to))
            h1 { (title) }
            p.hint { (frame.t("transfer-purse-what")) }
            (error_summary(frame, &view.problems))
            @if view.purse.state.is_usable() { (load_form(frame, view)) }
            section.panel aria-labelledby="how" {
                h2 id="how" { (frame.t("transfer-purse-how")) }
                ul.bullets {
                    @for key in STEPS { li { (frame.t(key)) } }
                }
            }
            section.panel aria-labelledby="loads" {
                h2 id="loads" { (frame.t("transfer-loads")) }
                p.hint { (frame.t("transfer-loads-note")) }
                (loads(frame, view))
            }
            @if !view.unloads.is_empty() { (unloads(frame, view)) }
            @if !view.given_up.is_empty() { (given_up(frame, view)) }
        },
    )
}

const STEPS: [&str; 7] = [
    "transfer-purse-collect",
    "transfer-purse-renewed",
    "transfer-purse-pay",
    "transfer-purse-unload",
    "transfer-purse-torn",
    "transfer-purse-given-up",
    "transfer-purse-lost",
];

fn load_form(frame: &Frame, view: &TransferLoads) -> Markup {
    let (available, most) = (figures::text(view.available), figures::text(view.most));
    let hint = frame.fill("load-amount-hint-most", &[("available", &available), ("most", &most)]);
    let currency = figures::currency_name(frame.locale, view.purse.balance.currency());
    let label = frame.fill("load-amount", &[("currency", currency)]);
    let action = format!("/card-purses/{}/transfer-loads", view.purse.number);
    html! {
        section.panel {
            h2 { (frame.t("transfer-load")) }
            (form::form(frame, &action, Some(&view.attempt), html! {
                (field(frame, &view.problems, &Field {
                    name: "amount", label: &label, hint: Some(&hint), value: &view.amount, input: Input::Money,
                    prefix: None, optional: false,
                }))
                (form::submit(frame.t("transfer-load-submit")))
            }))
            p.hint { (frame.t("transfer-load-note")) }
        }
    }
}

fn unloads(frame: &Frame, view: &TransferLoads) -> Markup {
    html! {
        section.panel aria-labelledby="unloads" {
            h2 id="unloads" { (frame.t("transfer-unloads")) }
            p.hint { (frame.t("transfer-unloads-note")) }
            ul.stack {
                @for amount in &view.unloads { li { p.line-title { (figures::amount(frame, *amount)) } } }
            }
        }
    }
}

fn given_up(frame: &Frame, view: &TransferLoads) -> Markup {
    html! {
        section.panel aria-labelledby="given-up" {
            h2 id="given-up" { (frame.t("transfer-given-up")) }
            p.hint { (frame.t("transfer-given-up-note")) }
            ul.stack {
                @for one in &view.given_up {
                    li {
                        p.line-title { (figures::amount(frame, one.amount)) }
                        p.muted { (when::full(frame, one.at)) }
                    }
                }
            }
        }
    }
}

fn loads(frame: &Frame, view: &TransferLoads) -> Markup {
    if view.loads.is_empty() {
        return empty(frame.t("transfer-loads-empty"), None);
    }
    html! {
        ul.stack {
            @for load in &view.loads {
                li {
                    p.line-title { (figures::amount(frame, load.amount)) }
                    p.muted {
                        (when::full(frame, load.at))
                        @if load.is_given_back { " · " (frame.t("transfer-given-back")) }
                    }
                }
            }
        }
    }
}
