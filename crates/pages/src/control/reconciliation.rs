//! Reconciliation: statement files of banks, and what differs from the ledger.

use ledger::Timestamp;
use maud::{Markup, html};

use super::approvals::Stage;
use super::{back_to_control, table_of_rows};
use crate::components::{back, empty};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::when;

/// An imported file.
#[derive(Clone, Debug)]
pub struct FileLine {
    /// The id, in hexadecimal.
    pub id: String,
    /// The bank's name.
    pub bank: String,
    /// What people call it.
    pub name: String,
    /// How many lines.
    pub lines: u64,
    /// How many of them the ledger agrees with.
    pub matched: u64,
    /// Who imported it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The files, and the form of an import.
#[derive(Clone, Debug, Default)]
pub struct Reconciliation {
    /// Newest first.
    pub files: Vec<FileLine>,
    /// The banks: id in hexadecimal and name.
    pub banks: Vec<(String, String)>,
    /// The bank as chosen.
    pub bank: String,
    /// The name as typed.
    pub name: String,
    /// The statement as pasted.
    pub statement: String,
    /// What is wrong: fields `bank`, `file`, `name`, `statement`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/reconciliation`
#[must_use]
pub fn reconciliation(frame: &Frame, view: &Reconciliation) -> Markup {
    let head = Head { title: frame.t("reconciliation"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel {
                @if view.files.is_empty() { (empty(frame.t("files-empty"), None)) }
                @else { (files(frame, &view.files)) }
            }
            section.panel { h2 { (frame.t("file-import")) } (import(frame, view)) }
            section.panel {
                h2 { (frame.t("file-export")) }
                p.hint { (frame.t("file-export-note")) }
                ul { @for (id, name) in &view.banks {
                    li { a href={ "/operator/reconciliation/statement/" (id) ".csv" } download { (name) } }
                } }
            }
        },
    )
}

fn files(frame: &Frame, files: &[FileLine]) -> Markup {
    let columns = [
        (frame.t("file-name"), false),
        (frame.t("bank"), false),
        (frame.t("file-lines"), true),
        (frame.t("file-matched"), true),
        (frame.t("risk-by"), false),
        (frame.t("time"), false),
    ];
    let row = |file: &FileLine| {
        vec![
            html! { a href={ "/operator/reconciliation/" (file.id) } { (file.name) } },
            html! { (file.bank) },
            html! { (figures::count(file.lines)) },
            html! { (figures::count(file.matched)) },
            html! { (file.by) },
            when::short(frame, file.at),
        ]
    };
    table_of_rows(frame.t("reconciliation"), &columns, files.iter().map(row).collect())
}

/// The file, or its content pasted; both come in one form, and the file goes before.
fn import(frame: &Frame, view: &Reconciliation) -> Markup {
    let banks: Vec<Choice<'_>> = view
        .banks
        .iter()
        .map(|(id, name)| Choice { value: id.clone(), label: name.as_str().into() })
        .collect();
    let pasted = !view.statement.is_empty();
    let file = ("file", frame.t("file-choose"), frame.t("file-import-note"));
    let name = Field {
        name: "name",
        label: frame.t("file-own-name"),
        hint: None,
        value: &view.name,
        input: Input::Text,
        prefix: None,
        optional: true,
    };
    html! {
        form.form method="post" action="/operator/reconciliation" enctype="multipart/form-data" {
            (form::hidden(frame))
            (select(frame, &view.problems, ("bank", frame.t("bank")), &view.bank, &banks))
            (form::file(frame, &view.problems, file, ".csv,text/csv", false))
            (field(frame, &view.problems, &name))
            details open[pasted] {
                summary { (frame.t("file-paste")) }
                div.field {
                    label for="statement" { (frame.t("file-content")) }
                    textarea id="statement" name="statement" rows="8" spellcheck="false" { (view.statement) }
                }
            }
            (form::submit(frame.t("file-import")))
        }
    }
}

/// In what way bank and ledger differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The bank has it, the ledger does not.
    MissingInLedger,
    /// The ledger has it, the bank does not.
    MissingAtBank,
    /// Both have it, with different amounts.
    AmountDiffers,
    /// The bank has it twice.
    Duplicate,
    /// Both have it, on different days.
    Timing,
}

/// One difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Counted from 1.
    pub number: u32,
    /// In what way.
    pub class: Class,
    /// The bank's reference.
    pub reference: String,
    /// What the ledger says, with sign and currency.
    pub ledger: Option<String>,
    /// What the bank says, with sign and currency.
    pub bank: Option<String>,
    /// The bank's words.
    pub note: String,
    /// How far the correction came that was asked for because of it.
    pub correction: Option<Stage>,
    /// Whether it explains itself.
    pub resolved: bool,
    /// Whether a correction would move anything.
    pub correctable: bool,
}

/// One file.
#[derive(Clone, Debug)]
pub struct FilePage {
    /// The file.
    pub file: FileLine,
    /// What differs, in its order.
    pub differences: Vec<Difference>,
    /// What is wrong: field `reason`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/reconciliation/{file}`
#[must_use]
pub fn file(frame: &Frame, view: &FilePage) -> Markup {
    let head = Head { title: &view.file.name, place: Place::Control, class: "wide" };
    let matched = frame.fill(
        "file-said",
        &[
            ("bank", &view.file.bank),
            ("lines", &figures::count(view.file.lines)),
            ("matched", &figures::count(view.file.matched)),
        ],
    );
    document(
        frame,
        &head,
        html! {
            (back("/operator/reconciliation", frame.t("reconciliation")))
            h1 { (head.title) }
            p { (matched) }
            (error_summary(frame, &view.problems))
            section.panel {
                @if view.differences.is_empty() { (empty(frame.t("file-no-difference"), None)) }
                @else { (differences(frame, view)) }
            }
        },
    )
}

fn differences(frame: &Frame, view: &FilePage) -> Markup {
    let columns = [
        (frame.t("diff-class"), false),
        (frame.t("diff-reference"), false),
        (frame.t("diff-ledger"), true),
        (frame.t("diff-bank"), true),
        (frame.t("diff-correction"), false),
    ];
    let row = |difference: &Difference| {
        vec![
            html! { span.badge.badge-warn { (class_word(frame, difference.class)) } },
            html! { span.id { (difference.reference) } span.cell-note { (difference.note) } },
            html! { (difference.ledger.as_deref().unwrap_or("—")) },
            html! { (difference.bank.as_deref().unwrap_or("—")) },
            correction(frame, view, difference),
        ]
    };
    table_of_rows(frame.t("reconciliation"), &columns, view.differences.iter().map(row).collect())
}

fn class_word(frame: &Frame, class: Class) -> &'static str {
    frame.t(match class {
        Class::MissingInLedger => "class-missing-in-ledger",
        Class::MissingAtBank => "class-missing-at-bank",
        Class::AmountDiffers => "class-amount-differs",
        Class::Duplicate => "class-duplicate",
        Class::Timing => "class-timing",
    })
}

fn correction(frame: &Frame, view: &FilePage, difference: &Difference) -> Markup {
    let key = match difference.correction {
        Some(Stage::Executed) => Some("diff-corrected"),
        Some(Stage::Waiting) => Some("diff-asked"),
        Some(_) => Some("approval-rejected"),
        None if difference.resolved => Some("diff-explains-itself"),
        None if !difference.correctable => Some("diff-nothing-to-do"),
        None => None,
    };
    html! {
        @if let Some(key) = key {
            @if difference.correction == Some(Stage::Waiting) { a href="/operator/approvals" { (frame.t(key)) } }
            @else { (frame.t(key)) }
        } @else {
            form.decide-form method="post"
                action={ "/operator/reconciliation/" (view.file.id) "/" (difference.number) } {
                (form::hidden(frame))
                label {
                    (frame.t("approval-reason"))
                    input name="reason" type="text" maxlength="140" required autocomplete="off";
                }
                button.button.button-small { (frame.t("diff-ask")) }
            }
        }
    }
}
