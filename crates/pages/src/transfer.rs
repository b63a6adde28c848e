//! A transfer to another holder: payee and amount, then the masked name to check, then done.

use maud::{Markup, html};
use money::Amount;

use crate::card_move::currency_field;
use crate::components::{back, key_values, stepper};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// The first step.
#[derive(Clone, Debug)]
pub struct TransferStart {
    /// What the wallets hold, the main currency first.
    pub available: Vec<Amount>,
    /// User name or phone number of the payee as typed.
    pub payee: String,
    /// The amount as typed.
    pub amount: String,
    /// The chosen currency's code.
    pub currency: String,
    /// The note as typed.
    pub memo: String,
    /// What is wrong: fields `payee`, `amount`, `currency`, `memo`.
    pub problems: Vec<Problem>,
}

/// The second step: the same values, checked.
#[derive(Clone, Debug)]
pub struct TransferCheck {
    /// The payee as typed.
    pub payee: String,
    /// The payee's name with all but one character hidden.
    pub masked_name: String,
    /// Stands for "this payer was shown this name of this payee".
    pub name_check: String,
    /// How much.
    pub amount: Amount,
    /// What is left afterwards.
    pub left: Amount,
    /// The note.
    pub memo: String,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
}

fn steps(frame: &Frame, current: usize) -> Markup {
    let names = [frame.t("step-payee"), frame.t("step-check"), frame.t("step-done")];
    stepper(frame, current, &names)
}

/// `GET /transfer`
#[must_use]
pub fn start(frame: &Frame, view: &TransferStart) -> Markup {
    let head = Head { title: frame.t("transfer"), place: Place::Transfer, class: "narrow" };
    let held = view.available.iter().map(|amount| figures::text(*amount)).collect::<Vec<_>>().join(" · ");
    let hint = frame.fill("amount-available", &[("available", &held)]);
    let line = |name, label, hint, value, input, optional| {
        field(frame, &view.problems, &Field { name, label, hint, value, input, prefix: None, optional })
    };
    document(
        frame,
        &head,
        html! {
            (back("/home", frame.t("nav-wallet")))
            h1 { (head.title) }
            (steps(frame, 0))
            (error_summary(frame, &view.problems))
            (form::form(frame, "/transfer", None, html! {
                (line("payee", frame.t("payee"), Some(frame.t("payee-hint")), &view.payee, Input::Text, false))
                div.amount-row {
                    (line("amount", frame.t("amount"), Some(&hint), &view.amount, Input::Money, false))
                    (currency_field(frame, &view.problems, &view.currency, &view.available))
                }
                (line("memo", frame.t("memo"), None, &view.memo, Input::Text, true))
                (form::submit(frame.t("continue")))
            }))
        },
    )
}

/// `POST /transfer`
#[must_use]
pub fn check(frame: &Frame, view: &TransferCheck) -> Markup {
    let head = Head { title: frame.t("transfer-check"), place: Place::Transfer, class: "narrow" };
    let mut rows = vec![
        (frame.t("amount"), figures::amount(frame, view.amount)),
        (frame.t("balance-after"), figures::amount(frame, view.left)),
    ];
    if !view.memo.is_empty() {
        rows.push((frame.t("memo"), html! { (view.memo) }));
    }
    document(
        frame,
        &head,
        html! {
            (back("/transfer", frame.t("change-details")))
            h1 { (head.title) }
            (steps(frame, 1))
            div.panel {
                div.name-check {
                    span.name-check-icon { (icon(Icon::Person)) }
                    div {
                        p.name-check-name { (view.masked_name) }
                        p.muted { (view.payee) }
                    }
                }
                (key_values(&rows))
            }
            p.hint { (frame.t("transfer-check-note")) }
            (form::form(frame, "/transfer/confirm", Some(&view.attempt), html! {
                input type="hidden" name="payee" value=(view.payee);
                input type="hidden" name="check" value=(view.name_check);
                input type="hidden" name="amount" value=(view.amount.decimal());
                input type="hidden" name="currency" value=(view.amount.currency().code());
                input type="hidden" name="memo" value=(view.memo);
                (form::submit(&frame.fill("transfer-now", &[("amount", &figures::text(view.amount))])))
            }))
        },
    )
}
