//! Passkeys that open a vault.

use maud::{Markup, html};

use super::{head, vault_page};
use crate::components::back;
use crate::form;
use crate::form::{Problem, error_summary};
use crate::frame::Frame;
use crate::passkey::{Ask, sign};

/// What opens the vault besides its PIN.
#[derive(Clone, Debug, Default)]
pub struct Passkeys {
    /// How many passkeys open it.
    pub count: usize,
    /// The question to one of the holder's passkeys; nothing where they have none.
    pub request: Option<String>,
    /// What is wrong: field `passkey`.
    pub problems: Vec<Problem>,
}

/// The form that opens a locked vault with a passkey.
pub(super) fn opening(frame: &Frame, request: &str) -> Markup {
    ask(frame, "/vault/open/passkey", request, frame.t("vault-open-passkey"))
}

/// A question whose answer comes with what the passkey computed.
fn ask(frame: &Frame, action: &str, request: &str, label: &str) -> Markup {
    let also = html! { input type="hidden" name="computed"; };
    sign(frame, &Ask { action, request, label, also, suggested: false })
}

/// `GET /vault/passkeys`
#[must_use]
pub fn passkeys(frame: &Frame, view: &Passkeys) -> Markup {
    let head = head(frame.t("vault-passkeys"));
    vault_page(
        frame,
        &head,
        html! {
            (back("/vault", frame.t("vault")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel {
                p { (frame.t("vault-passkeys-how")) }
                p.muted { (frame.fill("vault-passkeys-count", &[("count", &view.count.to_string())])) }
                div id="passkey" tabindex="-1" {
                    @match &view.request {
                        Some(request) => (ask(frame, "/vault/passkeys", request, frame.t("vault-passkey-add"))),
                        None => p { a.button href="/settings/security" { (frame.t("vault-passkey-none")) } },
                    }
                }
                noscript { p.hint { (frame.t("vault-passkey-script")) } }
                @if view.count > 0 {
                    (form::form(frame, "/vault/passkeys/forget", None, html! {
                        button.button.button-danger.button-wide { (frame.t("vault-passkeys-forget")) }
                    }))
                }
            }
        },
    )
}
