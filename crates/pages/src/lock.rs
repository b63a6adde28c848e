//! The lock: what is shown instead of a wallet that nobody has touched for some minutes.

use maud::{Markup, html};

use crate::assets;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::passkey;
use crate::shell::{Head, Place, document};

/// The lock.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    /// Whose wallet it is.
    pub name: String,
    /// The local path to go back to.
    pub next: String,
    /// The token of the forms of this session.
    pub form_token: String,
    /// Whether the payment PIN opens it.
    pub pin: bool,
    /// Whether the password opens it.
    pub password: bool,
    /// What a passkey is asked to sign, where there is one.
    pub passkey: Option<String>,
    /// What is wrong: fields `pin`, `password`.
    pub problems: Vec<Problem>,
}

/// `GET /lock` and `POST /unlock`
#[must_use]
pub fn lock(frame: &Frame, view: &Lock) -> Markup {
    let head = Head { title: frame.t("locked-title"), place: Place::Elsewhere, class: "narrow" };
    let hidden = || {
        html! {
            input type="hidden" name="form_token" value=(view.form_token);
            input type="hidden" name="next" value=(view.next);
        }
    };
    let line = |name, label, input| {
        let line = Field { name, label, hint: None, value: "", input, prefix: None, optional: false };
        field(frame, &view.problems, &line)
    };
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::ACCESS_STYLE.path);
            div.panel.locked {
                div.locked-who { (icon(Icon::Lock)) h1 { (head.title) } p.muted { (view.name) } }
                (error_summary(frame, &view.problems))
                @if let Some(request) = &view.passkey {
                    (passkey::sign(frame, &passkey::Ask {
                        action: "/unlock",
                        request,
                        label: frame.t("unlock-passkey"),
                        also: hidden(),
                        suggested: false,
                    }))
                }
                @if view.pin {
                    (form::form(frame, "/unlock", None, html! {
                        (hidden())
                        div.pin { (line("pin", frame.t("pin"), Input::Pin)) }
                        (form::submit(frame.t("unlock")))
                    }))
                }
                @if view.pin && view.password { p.or { (frame.t("or")) } }
                @if view.password {
                    (form::form(frame, "/unlock", None, html! {
                        (hidden())
                        (line("password", frame.t("password"), Input::Password))
                        (form::submit(frame.t(if view.pin { "unlock-password" } else { "unlock" })))
                    }))
                }
                @if !view.pin && !view.password && view.passkey.is_none() { p { (frame.t("locked-nothing")) } }
                form method="post" action="/lock/leave" {
                    (hidden())
                    button.button.button-quiet.button-wide { (frame.t("locked-leave")) }
                }
            }
        },
    )
}
