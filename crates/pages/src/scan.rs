//! Scanning a merchant's code: camera, picture or text; then amount and confirmation.

use maud::{Markup, html};
use money::{Amount, Currency};

use crate::assets;
use crate::components::{back, key_values};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// The camera and what one can do without it.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// What was typed or pasted.
    pub code: String,
    /// What is wrong: fields `code`, `photo`.
    pub problems: Vec<Problem>,
}

/// A code that is good, and what is still missing.
#[derive(Clone, Debug)]
pub struct ScanAmount {
    /// The text of the code.
    pub code: String,
    /// The merchant's name.
    pub shop: String,
    /// The currency of the code.
    pub currency: Currency,
    /// What the wallet holds in it; nothing where there is no such wallet.
    pub held: Option<Amount>,
    /// The amount as typed.
    pub amount: String,
    /// What is wrong: fields `amount`, `code`.
    pub problems: Vec<Problem>,
}

/// The confirmation.
#[derive(Clone, Debug)]
pub struct ScanCheck {
    /// The text of the code.
    pub code: String,
    /// The merchant's name.
    pub shop: String,
    /// How much.
    pub amount: Amount,
    /// What is left afterwards.
    pub left: Amount,
    /// The order, where the code is for one.
    pub reference: Option<String>,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
}

fn head(frame: &Frame) -> Head<'static> {
    Head { title: frame.t("scan-title"), place: Place::Pay, class: "narrow" }
}

/// `GET /scan`
#[must_use]
pub fn scan(frame: &Frame, view: &Scan) -> Markup {
    let head = head(frame);
    let text = Field {
        name: "code",
        label: frame.t("scan-text"),
        hint: Some(frame.t("scan-text-hint")),
        value: &view.code,
        input: Input::Text,
        prefix: None,
        optional: false,
    };
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            script type="module" src=(assets::SCAN_SCRIPT.path) {}
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (camera(frame, "/scan"))
            section.panel {
                h2 { (frame.t("scan-other")) }
                (form::form(frame, "/scan", None, html! {
                    (field(frame, &view.problems, &text))
                    (form::submit(frame.t("continue")))
                }))
                (photo(frame, "/scan/photo"))
            }
            p { a href="/pay-code" { (frame.t("scan-to-pay-code")) } }
        },
    )
}

/// The camera's place. What it sees goes into the form that posts to `action`, in the field `code`; where `action` is a
/// field of the page, such as `#code`, the camera waits to be asked for and fills that in.
pub(crate) fn camera(frame: &Frame, action: &str) -> Markup {
    let waits = action.starts_with('#');
    html! {
        section.camera.needs-script.looks[!waits] data-scan=(action) data-frame="/scan/frame" {
            div.viewfinder { video muted playsinline aria-label=(frame.t("scan-camera")) {} span.viewfinder-frame {} }
            p.camera-state.muted role="status" data-scan-state data-looking=(frame.t("scan-looking"))
                data-off=(frame.t("scan-no-camera")) data-seen=(frame.t("scan-seen")) {
                @if !waits { (frame.t("scan-looking")) }
            }
            form method="post" action=(action) data-scan-form {
                (form::hidden(frame))
                input type="hidden" name="code";
            }
            @if waits {
                button.button.button-quiet type="button" data-scan-start { (icon(Icon::Search)) (frame.t("scan-start")) }
            }
        }
    }
}

/// A picture of the code, for who has no script or camera.
fn photo(frame: &Frame, action: &str) -> Markup {
    let photo = ("photo", frame.t("scan-photo"), frame.t("scan-photo-hint"));
    html! {
        form.form method="post" action=(action) enctype="multipart/form-data" {
            (form::hidden(frame))
            (form::file(frame, &[], photo, "image/jpeg,image/png", true))
            button.button { (frame.t("scan-photo-send")) }
        }
    }
}

/// `POST /scan`, for a code that leaves the amount open.
#[must_use]
pub fn amount(frame: &Frame, view: &ScanAmount) -> Markup {
    let head = head(frame);
    let hint = view.held.map(|held| frame.fill("amount-available", &[("available", &figures::text(held))]));
    let line = Field {
        name: "amount",
        label: frame.t("amount"),
        hint: hint.as_deref(),
        value: &view.amount,
        input: Input::Money,
        prefix: Some(view.currency.code()),
        optional: false,
    };
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            (back("/scan", frame.t("scan-again")))
            h1 { (frame.fill("pay-shop", &[("shop", &view.shop)])) }
            (verified(frame))
            (error_summary(frame, &view.problems))
            (form::form(frame, "/scan/check", None, html! {
                input type="hidden" name="code" value=(view.code);
                (field(frame, &view.problems, &line))
                (form::submit(frame.t("continue")))
            }))
        },
    )
}

fn verified(frame: &Frame) -> Markup {
    html! { p.verified { (icon(Icon::Check)) (frame.t("scan-verified")) } }
}

/// `POST /scan/check`, and `POST /scan` for a code that says the amount.
#[must_use]
pub fn check(frame: &Frame, view: &ScanCheck) -> Markup {
    let head = head(frame);
    let mut rows = vec![
        (frame.t("pay-to"), html! { (view.shop) }),
        (frame.t("balance-after"), figures::amount(frame, view.left)),
    ];
    if let Some(reference) = &view.reference {
        rows.push((frame.t("scan-order"), html! { (reference) }));
    }
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            (back("/scan", frame.t("scan-again")))
            h1 { (frame.t("pay-check")) }
            (verified(frame))
            div.panel {
                p.code-figure { (figures::amount(frame, view.amount)) }
                (key_values(&rows))
            }
            (form::form(frame, "/scan/pay", Some(&view.attempt), html! {
                input type="hidden" name="code" value=(view.code);
                input type="hidden" name="amount" value=(view.amount.decimal());
                (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(view.amount))])))
            }))
        },
    )
}
