//! Confirming a payment or transfer with payment PIN or passkey: what you see is what you sign.

use maud::{Markup, html};
use money::Amount;

use crate::assets;
use crate::components::{back, key_values};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::passkey;
use crate::shell::{Head, Place, document};

/// The confirmation.
#[derive(Clone, Debug)]
pub struct StepUp {
    /// Where the form goes.
    pub action: String,
    /// Where one goes back to.
    pub back: String,
    /// Whom the money goes to.
    pub payee: String,
    /// How much.
    pub amount: Amount,
    /// The fields of the form that asked for it, kept as they were; the idempotency key is one of them.
    pub fields: Vec<(&'static str, String)>,
    /// Whether the payment PIN confirms it.
    pub pin: bool,
    /// What a passkey is asked to sign, where there is one.
    pub passkey: Option<String>,
    /// What is wrong: field `pin`.
    pub problems: Vec<Problem>,
}

/// The page instead of the operation, until it is confirmed.
#[must_use]
pub fn step_up(frame: &Frame, view: &StepUp) -> Markup {
    let head = Head { title: frame.t("step-up-title"), place: Place::Elsewhere, class: "narrow" };
    let kept = || {
        html! { @for (name, value) in &view.fields { input type="hidden" name=(name) value=(value); } }
    };
    let pin = Field {
        name: "pin",
        label: frame.t("pin"),
        hint: None,
        value: "",
        input: Input::Pin,
        prefix: None,
        optional: false,
    };
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::ACCESS_STYLE.path);
            (back(&view.back, frame.t("change-details")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            div.panel {
                p.step-up-figure { (figures::amount(frame, view.amount)) }
                (key_values(&[(frame.t("step-up-to"), html! { (view.payee) })]))
            }
            p.muted { (frame.t("step-up-why")) }
            @if let Some(request) = &view.passkey {
                (passkey::sign(frame, &passkey::Ask {
                    action: &view.action,
                    request,
                    label: frame.t("step-up-passkey"),
                    also: kept(),
                    suggested: false,
                }))
            }
            @if view.pin {
                (form::form(frame, &view.action, None, html! {
                    (kept())
                    div.pin { (field(frame, &view.problems, &pin)) }
                    (form::submit(&frame.fill("step-up-now", &[("amount", &figures::text(view.amount))])))
                }))
            } @else {
                noscript { p { (frame.t("step-up-needs-script")) } }
            }
        },
    )
}
