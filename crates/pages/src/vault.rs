//! The vault: what only the holder's PIN opens, or a passkey.

mod items;
mod order_form;
mod passkey;

use maud::{Markup, html};

use crate::assets;
use crate::components::back;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

pub use items::{Card, Contents, Entry, ItemForm, SetForm, contents, item, item_form, set_form};
pub use items::{ItemView, Shown};
pub use order_form::{OrderForm, order_form};
pub use passkey::{Passkeys, passkeys};

fn head(title: &'static str) -> Head<'static> {
    Head { title, place: Place::Me, class: "narrow" }
}

fn vault_page(frame: &Frame, head: &Head<'_>, body: Markup) -> Markup {
    document(
        frame,
        head,
        html! {
            link rel="stylesheet" href=(assets::VAULT_STYLE.path);
            (body)
        },
    )
}

fn pin_field<'a>(name: &'static str, label: &'a str, hint: Option<&'a str>) -> Field<'a> {
    Field { name, label, hint, value: "", input: Input::VaultPin, prefix: None, optional: false }
}

/// `GET /vault`, where there is none yet.
#[must_use]
pub fn create(frame: &Frame, problems: &[Problem]) -> Markup {
    let head = head(frame.t("vault"));
    vault_page(
        frame,
        &head,
        html! {
            (back("/settings", frame.t("nav-me")))
            h1 { (head.title) }
            (error_summary(frame, problems))
            section.panel {
                p { (frame.t("vault-what")) }
                ul.vault-points {
                    li { (icon(Icon::Check)) span { (frame.t("vault-point-sealed")) } }
                    li { (icon(Icon::Check)) span { (frame.t("vault-point-lock")) } }
                    li { (icon(Icon::Alert)) span { (frame.t("vault-point-lost")) } }
                }
                (form::form(frame, "/vault/create", None, html! {
                    (field(frame, problems, &pin_field("pin", frame.t("vault-pin-new"), Some(frame.t("vault-pin-hint")))))
                    (field(frame, problems, &pin_field("pin_again", frame.t("vault-pin-again"), None)))
                    (form::submit(frame.t("vault-create")))
                }))
            }
        },
    )
}

/// The answer to `POST /vault/create`: the only time that the reset code is shown.
#[must_use]
pub fn created(frame: &Frame, reset_code: &str) -> Markup {
    let head = head(frame.t("vault-created"));
    vault_page(
        frame,
        &head,
        html! {
            h1 { (head.title) }
            section.panel {
                h2 { (frame.t("vault-reset-code")) }
                p.reset-code { (reset_code) }
                p { (frame.t("vault-reset-code-once")) }
                p.muted { (frame.t("vault-reset-code-what")) }
                a.button.button-primary href="/vault" { (frame.t("vault-to-contents")) }
            }
        },
    )
}

/// `GET /vault`, while it is locked. `passkey` is the question to a passkey that opens it, where there is one.
#[must_use]
pub fn locked(frame: &Frame, passkey: Option<&str>, problems: &[Problem]) -> Markup {
    let head = head(frame.t("vault"));
    let reset = Field {
        name: "reset_code",
        label: frame.t("vault-reset-code"),
        hint: Some(frame.t("vault-reset-hint")),
        value: "",
        input: Input::Text,
        prefix: None,
        optional: false,
    };
    vault_page(
        frame,
        &head,
        html! {
            (back("/settings", frame.t("nav-me")))
            h1 { (head.title) }
            (error_summary(frame, problems))
            section.panel {
                p { (frame.t("vault-locked")) }
                (form::form(frame, "/vault/open", None, html! {
                    (field(frame, problems, &pin_field("pin", frame.t("vault-pin"), None)))
                    (form::submit(frame.t("vault-open")))
                }))
                @if let Some(request) = passkey { (passkey::opening(frame, request)) }
            }
            details.panel open[problems.iter().any(|problem| problem.field == "reset_code")] {
                summary { (frame.t("vault-forgot")) }
                (form::form(frame, "/vault/reset", None, html! {
                    (field(frame, problems, &reset))
                    button.button.button-danger { (frame.t("vault-reset")) }
                }))
            }
        },
    )
}

/// `GET /vault/pin`
#[must_use]
pub fn change_pin(frame: &Frame, problems: &[Problem]) -> Markup {
    let head = head(frame.t("vault-change-pin"));
    vault_page(
        frame,
        &head,
        html! {
            (back("/vault", frame.t("vault")))
            h1 { (head.title) }
            (error_summary(frame, problems))
            section.panel {
                (form::form(frame, "/vault/pin", None, html! {
                    (field(frame, problems, &pin_field("pin", frame.t("vault-pin"), None)))
                    (field(frame, problems, &pin_field("new_pin", frame.t("vault-pin-new"), Some(frame.t("vault-pin-hint")))))
                    (field(frame, problems, &pin_field("pin_again", frame.t("vault-pin-again"), None)))
                    (form::submit(frame.t("vault-change-pin")))
                }))
            }
        },
    )
}
