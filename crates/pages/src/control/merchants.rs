//! Merchants as the operator sees them: suspend, close, admit.

use maud::{Markup, html};

use super::{back_to_control, one_button, table};
use crate::components::empty;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};

/// A merchant in the list.
#[derive(Clone, Debug)]
pub struct MerchantLine {
    /// The id, in hexadecimal.
    pub id: String,
    /// Its short code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it sells, as a code.
    pub category: String,
    /// `active`, `suspended` or `closed`.
    pub status: &'static str,
}

/// The merchants, and the form of an admission as typed.
#[derive(Clone, Debug, Default)]
pub struct Merchants {
    /// By code.
    pub merchants: Vec<MerchantLine>,
    /// The name in Chinese.
    pub name_zh: String,
    /// The name in English.
    pub name_en: String,
    /// What it sells.
    pub category: String,
    /// The owner's login name, which is also the merchant's code.
    pub login: String,
    /// Why it is admitted.
    pub reason: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// `GET /operator/merchants`
#[must_use]
pub fn merchants(frame: &Frame, view: &Merchants) -> Markup {
    let head = Head { title: frame.t("merchants"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel {
                @if view.merchants.is_empty() { (empty(frame.t("merchants-empty"), None)) }
                @else { (list(frame, &view.merchants)) }
            }
            section.panel { h2 { (frame.t("merchant-admit")) } (admission(frame, view)) }
        },
    )
}

fn list(frame: &Frame, merchants: &[MerchantLine]) -> Markup {
    let columns = [
        (frame.t("merchant-name"), false),
        (frame.t("merchant-code"), false),
        (frame.t("merchant-category"), false),
        (frame.t("state"), false),
        (frame.t("merchant-actions"), false),
    ];
    let row = |merchant: &MerchantLine| {
        let (class, key) = match merchant.status {
            "active" => ("badge badge-ok", "merchant-active"),
            "suspended" => ("badge badge-warn", "merchant-suspended"),
            _ => ("badge badge-muted", "merchant-closed"),
        };
        vec![
            html! { (merchant.name) },
            html! { code { (merchant.code) } },
            html! { (merchant.category) },
            html! { span class=(class) { (frame.t(key)) } },
            actions(frame, merchant),
        ]
    };
    table(frame.t("merchants"), &columns, merchants.iter().map(row).collect())
}

fn actions(frame: &Frame, merchant: &MerchantLine) -> Markup {
    let path = format!("/operator/merchants/{}", merchant.id);
    let (status, label) = if merchant.status == "active" {
        ("suspended", "merchant-suspend")
    } else {
        ("active", "merchant-resume")
    };
    html! {
        @if merchant.status != "closed" {
            div.buttons {
                (one_button(frame, &format!("{path}/status"), &[("status", status)], frame.t(label)))
                details.quiet-details {
                    summary { (frame.t("merchant-close")) }
                    form.decide-form method="post" action={ (path) "/close" } {
                        (form::hidden(frame))
                        label {
                            (frame.t("approval-reason"))
                            input name="reason" type="text" maxlength="140" required autocomplete="off";
                        }
                        button.button.button-danger { (frame.t("approval-ask")) }
                    }
                }
            }
        }
    }
}

fn admission(frame: &Frame, view: &Merchants) -> Markup {
    let line = |name, label, hint, value, input| {
        field(
            frame,
            &view.problems,
            &Field { name, label, hint, value, input, prefix: None, optional: false },
        )
    };
    form::form(
        frame,
        "/operator/merchants",
        None,
        html! {
            p.hint { (frame.t("merchant-admit-note")) }
            div.form-columns {
                (line("name_zh", frame.t("merchant-name-zh"), None, &view.name_zh, Input::Text))
                (line("name_en", frame.t("merchant-name-en"), None, &view.name_en, Input::Text))
                (line("category", frame.t("merchant-category"), Some(frame.t("merchant-category-hint")),
                    &view.category, Input::Text))
                (line("login", frame.t("merchant-login"), Some(frame.t("people-login-hint")), &view.login, Input::Login))
            }
            (line("password", frame.t("people-password"), Some(frame.t("people-password-hint")), "", Input::NewPassword))
            (line("reason", frame.t("approval-reason"), None, &view.reason, Input::Text))
            (form::submit(frame.t("approval-ask")))
        },
    )
}
