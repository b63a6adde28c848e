//! The operator's people and what each of them may do.

use maud::{Markup, html};

use super::{back_to_control, one_button, tick_boxes};
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};

/// Somebody who works for the operator.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// The id, in hexadecimal.
    pub id: String,
    /// The login name.
    pub login: String,
    /// The name.
    pub name: String,
    /// The code of the role.
    pub role: &'static str,
    /// The codes of what they may do.
    pub permissions: Vec<&'static str>,
    /// Whether they may not log in for now.
    pub suspended: bool,
    /// Whether it is the viewer.
    pub own: bool,
}

/// The page, with the form of a new colleague as typed.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// By login name.
    pub people: Vec<Colleague>,
    /// Every permission's code.
    pub permissions: Vec<&'static str>,
    /// The login name as typed.
    pub login: String,
    /// The name as typed.
    pub display_name: String,
    /// The role as chosen.
    pub role: String,
    /// What is wrong: fields `login`, `display_name`, `password`, `role`.
    pub problems: Vec<Problem>,
}

const ROLES: [(&str, &str); 4] = [
    ("admin", "duty-admin"),
    ("risk", "duty-risk"),
    ("finance", "duty-finance"),
    ("auditor", "duty-auditor"),
];

const PERMISSIONS: [(&str, &str); 11] = [
    ("review", "may-review"),
    ("write_rules", "may-write-rules"),
    ("change_list", "may-change-list"),
    ("ask", "may-ask"),
    ("approve", "may-approve"),
    ("staff", "may-staff"),
    ("suspend_merchants", "may-suspend-merchants"),
    ("close_day", "may-close-day"),
    ("reconcile", "may-reconcile"),
    ("keys", "may-keys"),
    ("card_purses", "may-card-purses"),
];

fn word(frame: &Frame, words: &[(&str, &'static str)], code: &str) -> &'static str {
    words.iter().find(|(known, _)| *known == code).map_or("", |(_, key)| frame.t(key))
}

/// `GET /operator/people`
#[must_use]
pub fn people(frame: &Frame, view: &People) -> Markup {
    let head = Head { title: frame.t("people"), place: Place::Control, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            @for colleague in &view.people { (card(frame, view, colleague)) }
            section.panel { h2 { (frame.t("people-new")) } (new_colleague(frame, view)) }
        },
    )
}

fn card(frame: &Frame, view: &People, colleague: &Colleague) -> Markup {
    let path = format!("/operator/people/{}", colleague.id);
    let boxes: Vec<(&str, &str, bool)> = view
        .permissions
        .iter()
        .map(|code| (*code, word(frame, &PERMISSIONS, code), colleague.permissions.contains(code)))
        .collect();
    let (label, value) =
        if colleague.suspended { ("people-resume", "no") } else { ("people-suspend", "yes") };
    html! {
        section.panel {
            div.title-row {
                h2 { (colleague.name) " " span.muted { (colleague.login) } }
                span.badge.badge-info { (word(frame, &ROLES, colleague.role)) }
                @if colleague.suspended { span.badge.badge-danger { (frame.t("people-suspended")) } }
            }
            @if colleague.own {
                p.muted { (frame.t("people-own")) }
                p {
                    @for (_, label, ticked) in &boxes { @if *ticked { span.badge.badge-muted { (label) } " " } }
                }
            } @else {
                form.form method="post" action=(path) {
                    (form::hidden(frame))
                    input type="hidden" name="role" value=(colleague.role);
                    (tick_boxes(frame.t("people-may"), &boxes))
                    button.button { (frame.t("save")) }
                }
                (one_button(frame, &format!("{path}/suspend"), &[("suspended", value)], frame.t(label)))
            }
        }
    }
}

fn new_colleague(frame: &Frame, view: &People) -> Markup {
    let roles = ROLES.map(|(code, key)| Choice { value: code.to_owned(), label: frame.t(key).into() });
    let line = |name, label, hint, value, input| {
        field(
            frame,
            &view.problems,
            &Field { name, label, hint, value, input, prefix: None, optional: false },
        )
    };
    form::form(
        frame,
        "/operator/people",
        None,
        html! {
            (line("login", frame.t("people-login"), Some(frame.t("people-login-hint")), &view.login, Input::Login))
            (line("display_name", frame.t("people-name"), None, &view.display_name, Input::Name))
            (line("password", frame.t("people-password"), Some(frame.t("people-password-hint")), "", Input::NewPassword))
            (select(frame, &view.problems, ("role", frame.t("people-role")), &view.role, &roles))
            (form::submit(frame.t("people-new")))
        },
    )
}
