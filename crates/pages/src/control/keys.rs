//! Master keys and their ceremonies: the list, one key with the viewer's own part in it, and the protocol to sign.

use ledger::Timestamp;
use maud::{Markup, html};

use super::audit_log::EntryLine;
use super::{back_to_control, one_button, table_of_rows};
use crate::components::{back, empty, key_values};
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::icon::{Icon, icon, mark};
use crate::shell::{Head, Place, document, sheet_page};
use crate::when;

/// How far a key came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStage {
    /// Not every custodian has kept their share.
    Sharing,
    /// Every share is kept; the key is nowhere.
    Shared,
    /// The key can be used.
    Open,
    /// Given up.
    Abandoned,
}

impl KeyStage {
    /// Its badge, its word, and what it means.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sharing => ("badge badge-info", "key-sharing", "key-sharing-note"),
            Self::Shared => ("badge badge-muted", "key-shared", "key-shared-note"),
            Self::Open => ("badge badge-ok", "key-open", "key-open-note"),
            Self::Abandoned => ("badge badge-danger", "key-abandoned", "key-abandoned-note"),
        }
    }
}

/// Somebody who holds a share.
#[derive(Clone, Debug)]
pub struct Custodian {
    /// The number of the share.
    pub number: u32,
    /// Whose it is.
    pub name: String,
    /// What only the right share gives.
    pub fingerprint: String,
    /// When it was written down.
    pub kept_at: Option<Timestamp>,
    /// Whether it was brought to open the key and waits for another.
    pub brought: bool,
}

/// A master key.
#[derive(Clone, Debug)]
pub struct Key {
    /// The id, in hexadecimal.
    pub id: String,
    /// The code of what it is for.
    pub purpose: String,
    /// 1, 2, … among the keys for the same.
    pub version: u32,
    /// How far it came.
    pub stage: KeyStage,
    /// What only the right key gives.
    pub check_value: String,
    /// Who began the ceremony.
    pub begun_by: String,
    /// When.
    pub begun_at: Timestamp,
    /// When it came to its stage.
    pub changed_at: Timestamp,
    /// Who holds its shares.
    pub custodians: Vec<Custodian>,
}

impl Key {
    fn name(&self, frame: &Frame) -> String {
        let purpose = match self.purpose.as_str() {
            "card_purses" => frame.t("key-for-card-purses"),
            other => other,
        };
        frame.fill("key-name", &[("purpose", purpose), ("version", &self.version.to_string())])
    }
}

/// Every key, and the form of a new ceremony as typed.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Newest first.
    pub keys: Vec<Key>,
    /// The operator's people: id and name.
    pub people: Vec<(String, String)>,
    /// The chosen custodians' ids.
    pub chosen: [String; 3],
    /// What is wrong: fields `first`, `second`, `third`.
    pub problems: Vec<Problem>,
}

/// The names of the three fields, and their labels.
const CUSTODIANS: [(&str, &str); 3] =
    [("first", "key-custodian-1"), ("second", "key-custodian-2"), ("third", "key-custodian-3")];

/// `GET /operator/keys`
#[must_use]
pub fn keys(frame: &Frame, view: &Keys) -> Markup {
    let head = Head { title: frame.t("keys"), place: Place::Control, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            p.hint { (frame.t("keys-how")) }
            (error_summary(frame, &view.problems))
            @if view.keys.is_empty() { section.panel { (empty(frame.t("keys-empty"), None)) } }
            @else { section.panel { (list(frame, &view.keys)) } }
            section.panel { h2 { (frame.t("ceremony-new")) } (new_ceremony(frame, view)) }
        },
    )
}

fn list(frame: &Frame, keys: &[Key]) -> Markup {
    let columns = [
        (frame.t("key"), false),
        (frame.t("state"), false),
        (frame.t("key-check-value"), false),
        (frame.t("key-begun"), false),
    ];
    let row = |key: &Key| {
        let (class, word, _) = key.stage.words();
        vec![
            html! { a href={ "/operator/keys/" (key.id) } { (key.name(frame)) } },
            html! { span class=(class) { (frame.t(word)) } },
            html! { code { (key.check_value) } },
            html! { (key.begun_by) " · " (when::short(frame, key.begun_at)) },
        ]
    };
    table_of_rows(frame.t("keys"), &columns, keys.iter().map(row).collect())
}

fn new_ceremony(frame: &Frame, view: &Keys) -> Markup {
    let people: Vec<Choice<'_>> = std::iter::once((String::new(), frame.t("key-choose").to_owned()))
        .chain(view.people.iter().cloned())
        .map(|(value, label)| Choice { value, label: label.into() })
        .collect();
    form::form(
        frame,
        "/operator/keys",
        None,
        html! {
            p { (frame.t("ceremony-note")) }
            @for ((name, label), chosen) in CUSTODIANS.into_iter().zip(&view.chosen) {
                (select(frame, &view.problems, (name, frame.t(label)), chosen, &people))
            }
            (form::submit(frame.t("ceremony-begin")))
        },
    )
}

/// What the viewer has to do with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnPart {
    /// Nothing.
    None,
    /// To write this share down and type it back.
    Keep(String),
    /// To bring their share.
    Bring,
    /// Their share was brought and waits for another.
    Brought,
}

/// One key, as somebody sees it.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// The key.
    pub key: Key,
    /// What the viewer has to do with it.
    pub own: OwnPart,
    /// Whether the viewer may close it or give it up.
    pub may_end: bool,
    /// What is wrong: field `share`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/keys/{id}`
#[must_use]
pub fn key(frame: &Frame, view: &KeyView) -> Markup {
    let name = view.key.name(frame);
    let head = Head { title: &name, place: Place::Control, class: "medium" };
    let (class, word, note) = view.key.stage.words();
    document(
        frame,
        &head,
        html! {
            (back("/operator/keys", frame.t("keys")))
            div.title-row { h1 { (head.title) } span class=(class) { (frame.t(word)) } }
            p.hint { (frame.t(note)) }
            (error_summary(frame, &view.problems))
            (own_part(frame, view))
            section.panel { (key_values(&facts(frame, &view.key))) }
            section.panel {
                h2 { (frame.t("key-custodians")) }
                (custodians(frame, &view.key, when::short))
                p.key-actions { a.button href={ "/operator/keys/" (view.key.id) "/protocol" } {
                    (icon(Icon::Print)) (frame.t("key-protocol"))
                } }
                @if view.may_end { (ending(frame, &view.key)) }
            }
        },
    )
}

fn facts<'a>(frame: &'a Frame, key: &Key) -> Vec<(&'a str, Markup)> {
    vec![
        (frame.t("key-check-value"), html! { code { (key.check_value) } }),
        (frame.t("key-threshold"), html! { (frame.t("key-two-of-three")) }),
        (frame.t("key-begun"), html! { (key.begun_by) " · " (when::full(frame, key.begun_at)) }),
        (frame.t("key-changed"), when::full(frame, key.changed_at)),
    ]
}

fn own_part(frame: &Frame, view: &KeyView) -> Markup {
    let path = format!("/operator/keys/{}", view.key.id);
    let typed = |label: &str, hint: &str| {
        let hint = Some(hint);
        let share = Field {
            name: "share",
            label,
            hint,
            value: "",
            input: Input::Text,
            prefix: None,
            optional: false,
        };
        field(frame, &view.problems, &share)
    };
    match &view.own {
        OwnPart::None => html! {},
        OwnPart::Keep(share) => html! {
            section.panel {
                h2 { (frame.t("share-own")) }
                p { (frame.t("share-write-down")) }
                p.secret.share { @for group in share.split(' ') { code { (group) } " " } }
                (form::form(frame, &format!("{path}/share"), None, html! {
                    (typed(frame.t("share-type-back"), frame.t("share-type-hint")))
                    (form::submit(frame.t("share-kept")))
                }))
            }
        },
        OwnPart::Bring => html! {
            section.panel {
                h2 { (frame.t("share-bring")) }
                (form::form(frame, &format!("{path}/open"), None, html! {
                    (typed(frame.t("share-yours"), frame.t("share-type-hint")))
                    (form::submit(frame.t("share-bring-now")))
                }))
            }
        },
        OwnPart::Brought => html! { section.panel role="status" { p { (frame.t("share-waits")) } } },
    }
}

/// Who holds which share; `kept` writes when it was written down.
fn custodians(frame: &Frame, key: &Key, kept: fn(&Frame, Timestamp) -> Markup) -> Markup {
    let columns = [
        (frame.t("share-number"), true),
        (frame.t("key-custodian"), false),
        (frame.t("share-fingerprint"), false),
        (frame.t("share-kept-at"), false),
    ];
    let row = |custodian: &Custodian| {
        let kept = match custodian.kept_at {
            Some(at) => kept(frame, at),
            None => html! { span.badge.badge-info { (frame.t("share-not-kept")) } },
        };
        vec![
            html! { (custodian.number) },
            html! { (custodian.name) },
            html! { code { (custodian.fingerprint) } },
            html! { (kept) @if custodian.brought { " " span.badge.badge-ok { (frame.t("share-brought")) } } },
        ]
    };
    table_of_rows(frame.t("key-custodians"), &columns, key.custodians.iter().map(row).collect())
}

fn ending(frame: &Frame, key: &Key) -> Markup {
    let path = |what: &str| format!("/operator/keys/{}/{what}", key.id);
    match key.stage {
        KeyStage::Sharing => one_button(frame, &path("abandon"), &[], frame.t("key-abandon")),
        KeyStage::Open => one_button(frame, &path("close"), &[], frame.t("key-close")),
        KeyStage::Shared | KeyStage::Abandoned => html! {},
    }
}

/// `GET /operator/keys/{id}/protocol`: what was done, on paper, with lines to sign on. `root` is the root of the audit log
/// in hexadecimal.
#[must_use]
pub fn protocol(frame: &Frame, key: &Key, steps: &[EntryLine], root: &str) -> Markup {
    let origin = format!("/operator/keys/{}", key.id);
    sheet_page(frame, frame.t("key-protocol"), &origin, &sheet(frame, key, steps, root))
}

fn sheet(frame: &Frame, key: &Key, steps: &[EntryLine], root: &str) -> Markup {
    let (_, word, _) = key.stage.words();
    let mut rows = vec![(frame.t("state"), html! { (frame.t(word)) })];
    rows.extend(facts(frame, key));
    html! {
        article.receipt.receipt-a4.protocol {
            header { (mark()) h1 { (frame.t("key-protocol")) } p { (key.name(frame)) } }
            (key_values(&rows))
            h2 { (frame.t("key-custodians")) }
            (custodians(frame, key, when::full))
            h2 { (frame.t("key-steps")) }
            ol.protocol-steps {
                @for step in steps {
                    li {
                        (when::full(frame, step.at)) " · " (step.actor) " · " code { (step.action) } " · #" (step.place)
                        @for (name, value) in &step.details { br; small { (name) ": " (value) } }
                    }
                }
            }
            p { (frame.t("key-log-root")) " " code { (root) } }
            h2 { (frame.t("key-signatures")) }
            @for name in signers(key) { p.signature { span {} (name) } }
            footer { p { (frame.t("receipt-printed")) " " (when::full(frame, frame.now)) } p { (frame.t("key-no-secret")) } }
        }
    }
}

/// The custodians, and who began the ceremony where it was somebody else.
fn signers(key: &Key) -> Vec<&str> {
    let mut names: Vec<&str> = key.custodians.iter().map(|custodian| custodian.name.as_str()).collect();
    if !names.contains(&key.begun_by.as_str()) {
        names.push(&key.begun_by);
    }
    names
}
