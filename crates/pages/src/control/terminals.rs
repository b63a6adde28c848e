//! The terminals of card purses: the fleet, registering one, blocking, and its security module.

use ledger::Timestamp;
use maud::{Markup, html};

use super::{back_to_control, one_button, table_of_rows};
use crate::components::empty;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::{figures, when};

/// A version that a terminal has of a list, and the newest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionHeld {
    /// What the terminal said last; 0 for none.
    pub held: u64,
    /// The newest; 0 for none.
    pub newest: u64,
}

/// The versions that a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListsHeld {
    /// Of the status list.
    pub status: VersionHeld,
    /// Of the white list.
    pub white: VersionHeld,
    /// Of the parameters.
    pub parameters: VersionHeld,
}

/// The last batch of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastBatch {
    /// Its number.
    pub number: u32,
    /// When it came.
    pub at: Timestamp,
    /// How many records it had.
    pub records: u32,
    /// By how much the terminal's clock was ahead when it closed it, where it was.
    pub clock_ahead_seconds: Option<u64>,
}

/// A terminal.
#[derive(Clone, Debug)]
pub struct TerminalLine {
    /// The terminal, 12 hexadecimal digits.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// The merchant's name.
    pub merchant: String,
    /// When it was heard from last.
    pub seen_at: Option<Timestamp>,
    /// Its last batch.
    pub last_batch: Option<LastBatch>,
    /// What it has of the lists.
    pub lists: ListsHeld,
    /// Whether its batches are refused.
    pub is_blocked: bool,
}

/// The fleet, and the form of a new terminal as typed.
#[derive(Clone, Debug, Default)]
pub struct Terminals {
    /// By merchant and label.
    pub terminals: Vec<TerminalLine>,
    /// The merchants to choose from: id and name.
    pub merchants: Vec<(String, String)>,
    /// The id as typed.
    pub id: String,
    /// The chosen merchant.
    pub merchant: String,
    /// The label as typed.
    pub label: String,
    /// The public key as typed.
    pub public_key: String,
    /// What is wrong: fields `id`, `merchant`, `label`, `public_key`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/terminals`
#[must_use]
pub fn terminals(frame: &Frame, view: &Terminals) -> Markup {
    let head = Head { title: frame.t("terminals"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel {
                @if view.terminals.is_empty() { (empty(frame.t("terminals-empty"), None)) }
                @else { (fleet(frame, &view.terminals)) }
            }
            section.panel { h2 { (frame.t("terminal-register")) } (registration(frame, view)) }
        },
    )
}

fn fleet(frame: &Frame, terminals: &[TerminalLine]) -> Markup {
    let columns = [
        (frame.t("terminal"), false),
        (frame.t("terminal-seen"), false),
        (frame.t("terminal-batch"), false),
        (frame.t("terminal-lists"), false),
        (frame.t("state"), false),
        (frame.t("merchant-actions"), false),
    ];
    let row = |terminal: &TerminalLine| {
        vec![
            html! { (terminal.label) span.cell-note { (terminal.merchant) } span.cell-note { code { (terminal.id) } } },
            seen(frame, terminal),
            last_batch(frame, terminal.last_batch),
            lists(frame, &terminal.lists),
            state(frame, terminal.is_blocked),
            actions(frame, terminal),
        ]
    };
    table_of_rows(frame.t("terminals"), &columns, terminals.iter().map(row).collect())
}

/// When a terminal was heard from.
pub(crate) fn seen(frame: &Frame, terminal: &TerminalLine) -> Markup {
    html! {
        @match terminal.seen_at {
            Some(at) => (when::short(frame, at)),
            None => span.muted { (frame.t("terminal-unseen")) },
        }
    }
}

/// The last batch of a terminal, and whether its clock was off.
pub(crate) fn last_batch(frame: &Frame, batch: Option<LastBatch>) -> Markup {
    html! {
        @match batch {
            None => span.muted { (frame.t("terminal-no-batch")) },
            Some(batch) => {
                span.num { "#" (batch.number) } " · " (when::short(frame, batch.at))
                span.cell-note { (frame.fill("terminal-records", &[("count", &figures::count(batch.records.into()))])) }
                @if let Some(ahead) = batch.clock_ahead_seconds {
                    span.badge.badge-warn {
                        (icon(Icon::Clock)) (frame.fill("terminal-clock", &[("seconds", &figures::count(ahead))]))
                    }
                }
            }
        }
    }
}

/// What a terminal has of each list, and whether something newer waits.
pub(crate) fn lists(frame: &Frame, lists: &ListsHeld) -> Markup {
    let rows =
        [("list-status", lists.status), ("list-white", lists.white), ("list-parameters", lists.parameters)];
    html! {
        @for (key, version) in rows {
            @let words = html! { (frame.t(key)) " " (version.held) "/" (version.newest) };
            span.version-held {
                @if version.held < version.newest {
                    span.badge.badge-warn { (icon(Icon::Clock)) (words) span.visually-hidden { " " (frame.t("list-old")) } }
                } @else { (words) }
            }
        }
    }
}

/// Whether a terminal's batches are taken.
pub(crate) fn state(frame: &Frame, is_blocked: bool) -> Markup {
    html! {
        @if is_blocked { span.badge.badge-danger { (icon(Icon::Stop)) (frame.t("terminal-blocked")) } }
        @else { span.badge.badge-ok { (icon(Icon::Check)) (frame.t("terminal-active")) } }
    }
}

fn actions(frame: &Frame, terminal: &TerminalLine) -> Markup {
    let path = format!("/operator/terminals/{}", terminal.id);
    let (action, key) =
        if terminal.is_blocked { ("unblock", "terminal-unblock") } else { ("block", "terminal-block") };
    html! {
        div.buttons {
            a.button.button-small href={ (path) "/security-module.json" } download {
                (icon(Icon::Download)) (frame.t("security-module"))
            }
            (one_button(frame, &format!("{path}/{action}"), &[], frame.t(key)))
        }
    }
}

fn registration(frame: &Frame, view: &Terminals) -> Markup {
    let line = |name, label, hint, value| {
        let hint = Some(hint);
        let field_view =
            Field { name, label, hint, value, input: Input::Text, prefix: None, optional: false };
        field(frame, &view.problems, &field_view)
    };
    let merchants: Vec<Choice<'_>> = view
        .merchants
        .iter()
        .map(|(id, name)| Choice { value: id.clone(), label: name.as_str().into() })
        .collect();
    form::form(
        frame,
        "/operator/terminals",
        None,
        html! {
            p.hint { (frame.t("terminal-register-note")) }
            div.form-columns {
                (line("id", frame.t("terminal-id"), frame.t("terminal-id-hint"), &view.id))
                (line("label", frame.t("terminal-label"), frame.t("terminal-label-hint"), &view.label))
            }
            (select(frame, &view.problems, ("merchant", frame.t("terminal-merchant")), &view.merchant, &merchants))
            (line("public_key", frame.t("terminal-key"), frame.t("terminal-key-hint"), &view.public_key))
            (form::submit(frame.t("terminal-register")))
        },
    )
}
