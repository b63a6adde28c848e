//! The audit log: search, check, export, and the proof of one entry.

use ledger::Timestamp;
use maud::{Markup, html};

use super::{back_to_control, table_of_rows};
use crate::components::{back, empty, key_values};
use crate::figures;
use crate::form::{Field, Input, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// One entry as the page shows it.
#[derive(Clone, Debug)]
pub struct EntryLine {
    /// Its place, counted from 0.
    pub place: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a name, where the actor is known.
    pub actor: String,
    /// What, as a code.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else belongs to it.
    pub details: Vec<(String, String)>,
}

/// What a check can find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// The entry was removed, moved or renumbered.
    OutOfPlace,
    /// The entry is not in canonical form.
    Malformed,
    /// The entry's columns say something else than its bytes.
    ColumnsDiffer,
    /// The signature of the head over the entry is not the log's.
    BadSignature,
    /// The entry is not what the head over it was signed for.
    RootDiffers,
    /// The head over the entry is missing.
    HeadMissing,
    /// The entry and what came after it was cut off.
    CutOff,
    /// The log does not go on from what was seen when this was its last entry.
    NotConsistent,
}

impl FindingKind {
    const fn key(self) -> &'static str {
        match self {
            Self::OutOfPlace => "audit-out-of-place",
            Self::Malformed => "audit-malformed",
            Self::ColumnsDiffer => "audit-columns-differ",
            Self::BadSignature => "audit-bad-signature",
            Self::RootDiffers => "audit-root-differs",
            Self::HeadMissing => "audit-head-missing",
            Self::CutOff => "audit-cut-off",
            Self::NotConsistent => "audit-not-consistent",
        }
    }
}

/// One thing that is wrong with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingLine {
    /// What.
    pub kind: FindingKind,
    /// The place of the entry, counted from 0.
    pub place: u64,
}

/// The log.
#[derive(Clone, Debug)]
pub struct AuditLog {
    /// The beginning of the actions to show.
    pub action: String,
    /// The subject to show.
    pub subject: String,
    /// Newest first.
    pub entries: Vec<EntryLine>,
    /// The query of the next, older page.
    pub older: Option<String>,
    /// How many entries there are.
    pub size: u64,
    /// The root over all of them, in hexadecimal.
    pub root: String,
    /// The key that verifies heads, in hexadecimal.
    pub public_key: String,
    /// What the check found; empty where the whole log is in order.
    pub findings: Vec<FindingLine>,
}

/// `GET /operator/audit-log`
#[must_use]
pub fn audit_log(frame: &Frame, view: &AuditLog) -> Markup {
    let head = Head { title: frame.t("audit-log"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            div.title-row {
                h1 { (head.title) }
                a.button href="/operator/audit-log.csv" download { (icon(Icon::Download)) (frame.t("csv")) }
            }
            section.panel { (state(frame, view)) }
            (filters(frame, view))
            section.panel aria-label=(head.title) {
                @if view.entries.is_empty() { (empty(frame.t("audit-empty"), None)) }
                @else { (entries(frame, &view.entries)) }
            }
            nav.pager aria-label=(frame.t("pager")) {
                @if let Some(older) = &view.older {
                    a.button rel="next" href={ "/operator/audit-log?" (older) } { (frame.t("older")) }
                }
            }
        },
    )
}

fn state(frame: &Frame, view: &AuditLog) -> Markup {
    let rows = [
        (frame.t("audit-entries"), html! { (figures::count(view.size)) }),
        (frame.t("audit-root"), html! { code.hash { (view.root) } }),
        (frame.t("audit-key"), html! { code.hash { (view.public_key) } }),
    ];
    html! {
        @if view.findings.is_empty() {
            p.verdict.verdict-ok { span.verdict-icon { (icon(Icon::Check)) } span { (frame.t("audit-in-order")) } }
        } @else {
            div.verdict.verdict-off role="alert" {
                span.verdict-icon { (icon(Icon::Alert)) }
                div {
                    p { (frame.t("audit-tampered")) }
                    ul { @for finding in &view.findings { li { (found(frame, *finding)) } } }
                }
            }
        }
        (key_values(&rows))
    }
}

fn found(frame: &Frame, finding: FindingLine) -> String {
    frame.fill(finding.kind.key(), &[("place", &finding.place.to_string())])
}

fn filters(frame: &Frame, view: &AuditLog) -> Markup {
    let line = |name, label, value| {
        field(
            frame,
            &[],
            &Field { name, label, hint: None, value, input: Input::Text, prefix: None, optional: true },
        )
    };
    html! {
        form.filters method="get" action="/operator/audit-log" {
            (line("action", frame.t("audit-action"), &view.action))
            (line("subject", frame.t("audit-subject"), &view.subject))
            button.button { (frame.t("filter-apply")) }
        }
    }
}

fn entries(frame: &Frame, entries: &[EntryLine]) -> Markup {
    let columns = [
        (frame.t("number"), true),
        (frame.t("time"), false),
        (frame.t("audit-actor"), false),
        (frame.t("audit-action"), false),
        (frame.t("audit-subject"), false),
        (frame.t("details"), false),
    ];
    let row = |entry: &EntryLine| {
        vec![
            html! { a href={ "/operator/audit-log/" (entry.place) } { (entry.place) } },
            when::short(frame, entry.at),
            html! { (entry.actor) },
            html! { code { (entry.action) } },
            html! { span.id { (entry.subject) } },
            details(&entry.details),
        ]
    };
    table_of_rows(frame.t("audit-log"), &columns, entries.iter().map(row).collect())
}

fn details(details: &[(String, String)]) -> Markup {
    html! {
        @for (name, value) in details { span.detail-pair { span.muted { (name) } " " (value) " " } }
    }
}

/// The proof that an entry is in the log.
#[derive(Clone, Debug)]
pub struct AuditProof {
    /// The entry.
    pub entry: EntryLine,
    /// Its leaf hash, in hexadecimal.
    pub leaf: String,
    /// The hashes from the leaf to the root, in hexadecimal.
    pub path: Vec<String>,
    /// The hashes that show that the log only grew since, in hexadecimal.
    pub consistency: Vec<String>,
    /// How many entries the newest head speaks of.
    pub size: u64,
    /// Its root, in hexadecimal.
    pub root: String,
    /// Its signature, in hexadecimal.
    pub signature: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Whether all of it verifies.
    pub verifies: bool,
}

/// `GET /operator/audit-log/{place}`
#[must_use]
pub fn proof(frame: &Frame, view: &AuditProof) -> Markup {
    let title = frame.fill("audit-entry", &[("place", &view.entry.place.to_string())]);
    let head = Head { title: &title, place: Place::Control, class: "medium" };
    let entry = &view.entry;
    document(
        frame,
        &head,
        html! {
            (back("/operator/audit-log", frame.t("audit-log")))
            h1 { (head.title) }
            @if view.verifies {
                p.verdict.verdict-ok { span.verdict-icon { (icon(Icon::Check)) } span { (frame.t("proof-verifies")) } }
            } @else {
                p.verdict.verdict-off role="alert" {
                    span.verdict-icon { (icon(Icon::Alert)) } span { (frame.t("proof-fails")) }
                }
            }
            section.panel {
                (key_values(&[
                    (frame.t("time"), when::full(frame, entry.at)),
                    (frame.t("audit-actor"), html! { (entry.actor) }),
                    (frame.t("audit-action"), html! { code { (entry.action) } }),
                    (frame.t("audit-subject"), html! { span.id { (entry.subject) } }),
                    (frame.t("details"), details(&entry.details)),
                ]))
            }
            section.panel {
                h2 { (frame.t("proof-inclusion")) }
                p.hint { (frame.t("proof-inclusion-note")) }
                (key_values(&[(frame.t("proof-leaf"), html! { code.hash { (view.leaf) } })]))
                (hashes(frame, &view.path))
            }
            section.panel {
                h2 { (frame.t("proof-consistency")) }
                p.hint { (frame.t("proof-consistency-note")) }
                (hashes(frame, &view.consistency))
            }
            section.panel {
                h2 { (frame.t("proof-head")) }
                (key_values(&[
                    (frame.t("audit-entries"), html! { (figures::count(view.size)) }),
                    (frame.t("audit-root"), html! { code.hash { (view.root) } }),
                    (frame.t("proof-signature"), html! { code.hash { (view.signature) } }),
                    (frame.t("proof-signed-at"), when::full(frame, view.signed_at)),
                ]))
            }
        },
    )
}

fn hashes(frame: &Frame, hashes: &[String]) -> Markup {
    html! {
        @if hashes.is_empty() { p.muted { (frame.t("proof-no-hashes")) } }
        @else { ol.hashes { @for hash in hashes { li { code.hash { (hash) } } } } }
    }
}
