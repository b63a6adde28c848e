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

/// What a card was loaded with to pay other cards.
#[derive(Clone, Debug)]
pub struct TransferLoads {
    /// The card.
    pub purse: CardPurse,
    /// What the wallet has that it is bound to.
    pub available: Amount,
    /// The most of one load.
    pub most: Amount,
    /// When, and how much, newest first.
    pub loads: Vec<(Timestamp, Amount)>,
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
        },
    )
}

const STEPS: [&str; 4] =
    ["transfer-purse-collect", "transfer-purse-pay", "transfer-purse-torn", "transfer-purse-lost"];

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

fn loads(frame: &Frame, view: &TransferLoads) -> Markup {
    if view.loads.is_empty() {
        return empty(frame.t("transfer-loads-empty"), None);
    }
    html! {
        ul.stack {
            @for (at, amount) in &view.loads {
                li {
                    p.line-title { (figures::amount(frame, *amount)) }
                    p.muted { (when::full(frame, *at)) }
                }
            }
        }
    }
}
