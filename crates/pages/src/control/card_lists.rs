//! What terminals are told: versions of the lists, and the parameters.

use ledger::Timestamp;
use maud::{Markup, html};

use super::{back_to_control, one_button, table_of_rows};
use crate::components::empty;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::{figures, when};

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Cards that terminals do not take.
    Status,
    /// Open splits that any terminal may close.
    White,
    /// What a terminal may do on its own.
    Parameters,
}

impl ListKind {
    const fn key(self) -> &'static str {
        match self {
            Self::Status => "list-status",
            Self::White => "list-white",
            Self::Parameters => "list-parameters",
        }
    }
}

/// A signed version of a list.
#[derive(Clone, Copy, Debug)]
pub struct ListLine {
    /// Which list.
    pub kind: ListKind,
    /// The version.
    pub version: u64,
    /// How many entries.
    pub entries: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// How many terminals have it or a newer one, of how many.
    pub held: (u64, u64),
}

/// The parameters as typed: amounts in the currency, hours and versions as numbers.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// The most that one sale may be.
    pub floor_limit: String,
    /// The most that a terminal may take before it uploads.
    pub sale_limit: String,
    /// The lowest key version of a card.
    pub key_version: String,
    /// How old the status list may be, in hours.
    pub list_age_hours: String,
    /// The most that may be owed of one sale, for levels 1 to 5 of the credit grade.
    pub due_max: [String; 5],
}

/// The fields of what may be owed, for levels 1 to 5.
pub const DUE_MAX: [&str; 5] = ["due_max_1", "due_max_2", "due_max_3", "due_max_4", "due_max_5"];

/// Every list's versions and the parameters in force.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// Newest first.
    pub versions: Vec<ListLine>,
    /// The parameters as typed, or as they are.
    pub parameters: Parameters,
    /// What is wrong: fields `floor_limit`, `sale_limit`, `key_version`, `list_age_hours`, `due_max_1` to `due_max_5`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/card-lists`
#[must_use]
pub fn lists(frame: &Frame, view: &Lists) -> Markup {
    let head = Head { title: frame.t("card-lists"), place: Place::Control, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            p.hint { (frame.t("card-lists-how")) }
            (error_summary(frame, &view.problems))
            section.panel {
                @if view.versions.is_empty() { (empty(frame.t("card-lists-empty"), None)) }
                @else { (versions(frame, &view.versions)) }
                (one_button(frame, "/operator/card-lists/issue", &[], frame.t("list-issue")))
            }
            section.panel { h2 { (frame.t("list-parameters")) } (parameters(frame, view)) }
        },
    )
}

fn versions(frame: &Frame, versions: &[ListLine]) -> Markup {
    let columns = [
        (frame.t("list"), false),
        (frame.t("card-list-version"), true),
        (frame.t("list-entries"), true),
        (frame.t("list-issued"), false),
        (frame.t("list-held"), true),
    ];
    let row = |line: &ListLine| {
        let (held, of) = line.held;
        vec![
            html! { (frame.t(line.kind.key())) },
            html! { (line.version) },
            html! { (figures::count(line.entries)) },
            when::short(frame, line.issued_at),
            html! { (held) "/" (of) },
        ]
    };
    table_of_rows(frame.t("card-lists"), &columns, versions.iter().map(row).collect())
}

fn parameters(frame: &Frame, view: &Lists) -> Markup {
    let line = |name, label: &str, hint, value, input| {
        let hint = Some(hint);
        let field_view = Field { name, label, hint, value, input, prefix: None, optional: false };
        field(frame, &view.problems, &field_view)
    };
    let Parameters { floor_limit, sale_limit, key_version, list_age_hours, due_max } = &view.parameters;
    form::form(
        frame,
        "/operator/card-lists/parameters",
        None,
        html! {
            div.form-columns {
                (line("floor_limit", frame.t("floor-limit"), frame.t("floor-limit-hint"), floor_limit, Input::Money))
                (line("sale_limit", frame.t("sale-limit"), frame.t("sale-limit-hint"), sale_limit, Input::Money))
                (line("key_version", frame.t("lowest-key-version"), frame.t("lowest-key-version-hint"), key_version,
                    Input::Count))
                (line("list_age_hours", frame.t("list-age"), frame.t("list-age-hint"), list_age_hours, Input::Count))
                @for ((level, name), most) in (1..=5_u8).zip(DUE_MAX).zip(due_max) {
                    (line(
                        name,
                        &frame.fill("grade-due-max-of", &[("level", &level.to_string())]),
                        frame.t("grade-due-max-hint"),
                        most,
                        Input::Money,
                    ))
                }
            }
            (form::submit(frame.t("save")))
        },
    )
}
