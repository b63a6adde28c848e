//! Log-in and registration.

use maud::{Markup, html};

use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::mark;
use crate::passkey;
use crate::shell::{Head, Place, document};

/// The log-in form.
#[derive(Clone, Debug, Default)]
pub struct LogIn {
    /// User name or phone number as typed.
    pub login: String,
    /// The local path to go to afterwards.
    pub next: String,
    /// Whether the town's one-click log-ins stand on the front page.
    pub town: bool,
    /// What a passkey is asked to sign, as the browser's interface takes it.
    pub passkey: Option<String>,
    /// What is wrong: fields `login`, `password`.
    pub problems: Vec<Problem>,
}

/// The form of the second factor.
#[derive(Clone, Debug, Default)]
pub struct SecondFactor {
    /// The local path to go to afterwards.
    pub next: String,
    /// What is wrong: field `code`.
    pub problems: Vec<Problem>,
}

/// The registration form.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// The name to show.
    pub display_name: String,
    /// The user name as typed.
    pub login: String,
    /// The phone number as typed.
    pub phone: String,
    /// What is wrong: fields `display_name`, `login`, `phone`, `password`.
    pub problems: Vec<Problem>,
}

/// `GET` and `POST /login`
#[must_use]
pub fn log_in(frame: &Frame, view: &LogIn) -> Markup {
    let head = Head { title: frame.t("log-in"), place: Place::Elsewhere, class: "narrow" };
    let line = |name, label, value, input| {
        let line = Field { name, label, hint: None, value, input, prefix: None, optional: false };
        field(frame, &view.problems, &line)
    };
    document(
        frame,
        &head,
        html! {
            div.panel.sign-in {
                div.sign-in-mark { (mark()) }
                h1 { (head.title) }
                (error_summary(frame, &view.problems))
                (form::form(frame, "/login", None, html! {
                    input type="hidden" name="next" value=(view.next);
                    (line("login", frame.t("login-or-phone"), &view.login, Input::LoginOrPasskey))
                    (line("password", frame.t("password"), "", Input::Password))
                    (form::submit(frame.t("log-in")))
                }))
                @if let Some(request) = &view.passkey {
                    (passkey::sign(frame, &passkey::Ask {
                        action: "/login/passkey",
                        request,
                        label: frame.t("log-in-passkey"),
                        also: html! { input type="hidden" name="next" value=(view.next); },
                        suggested: true,
                    }))
                }
                p.sign-in-other { (frame.t("no-account")) " " a href="/register" { (frame.t("register")) } }
                @if view.town { p.hint { (frame.t("login-town-hint")) " " a href="/#visit" { (frame.t("login-town-link")) } } }
            }
        },
    )
}

/// `GET` and `POST /login/code`
#[must_use]
pub fn second_factor(frame: &Frame, view: &SecondFactor) -> Markup {
    let head = Head { title: frame.t("second-factor"), place: Place::Elsewhere, class: "narrow" };
    let line = Field {
        name: "code",
        label: frame.t("second-factor-code"),
        hint: Some(frame.t("second-factor-hint")),
        value: "",
        input: Input::OneTimeCode,
        prefix: None,
        optional: false,
    };
    document(
        frame,
        &head,
        html! {
            div.panel.sign-in {
                div.sign-in-mark { (mark()) }
                h1 { (head.title) }
                (error_summary(frame, &view.problems))
                (form::form(frame, "/login/code", None, html! {
                    input type="hidden" name="next" value=(view.next);
                    (field(frame, &view.problems, &line))
                    (form::submit(frame.t("log-in")))
                }))
                p.sign-in-other { a href="/login" { (frame.t("log-in-anew")) } }
            }
        },
    )
}

/// `GET` and `POST /register`
#[must_use]
pub fn register(frame: &Frame, view: &Register) -> Markup {
    let head = Head { title: frame.t("register-title"), place: Place::Elsewhere, class: "narrow" };
    let line = |name, label, hint, value, input| {
        let line = Field { name, label, hint, value, input, prefix: None, optional: false };
        field(frame, &view.problems, &line)
    };
    document(
        frame,
        &head,
        html! {
            div.panel.sign-in {
                h1 { (head.title) }
                (error_summary(frame, &view.problems))
                (form::form(frame, "/register", None, html! {
                    @let name_hint = Some(frame.t("display-name-hint"));
                    (line("display_name", frame.t("display-name"), name_hint, &view.display_name, Input::Name))
                    (line("login", frame.t("login"), Some(frame.t("login-hint")), &view.login, Input::Login))
                    (line("phone", frame.t("phone"), Some(frame.t("phone-hint")), &view.phone, Input::Phone))
                    (line("password", frame.t("password"), Some(frame.t("password-hint")), "", Input::NewPassword))
                    (form::submit(frame.t("register")))
                }))
                p.sign-in-other { (frame.t("have-account")) " " a href="/login" { (frame.t("log-in")) } }
            }
        },
    )
}
