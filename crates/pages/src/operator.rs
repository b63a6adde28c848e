//! The operator's first page.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Currency};
use wallet::ids::OperationId;

use crate::activity::{Kind, State};
use crate::components::{Chart, Point, badge, bars, empty, line, sparkline, stat};
use crate::figures;
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::sums::{Sum, equation, verdict};
use crate::when;

/// One operation of the operator's list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The operation.
    pub id: OperationId,
    /// What it does.
    pub kind: Kind,
    /// How far it came.
    pub state: State,
    /// Who paid.
    pub payer: String,
    /// Who was paid.
    pub payee: String,
    /// How much.
    pub amount: Amount,
    /// When it began.
    pub at: Timestamp,
}

/// How much waits for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Held payments.
    pub held: u64,
    /// Approvals.
    pub approvals: u64,
    /// Differences with a bank's statement.
    pub differences: u64,
}

/// The operator's first page.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The equation per currency, the main one first.
    pub sums: Vec<Sum>,
    /// The currency of the volumes.
    pub currency: Currency,
    /// Minor units of payments per day, oldest first, today last.
    pub days: Vec<Point>,
    /// Payments per hour of today.
    pub hours: Vec<Point>,
    /// Completed operations today.
    pub completed: u64,
    /// Declined or reversed operations today.
    pub failed: u64,
    /// Operations that wait for a bank right now.
    pub open: u64,
    /// How many holders there are.
    pub holders: u64,
    /// What waits for somebody.
    pub waiting: Waiting,
    /// The latest operations, newest first.
    pub latest: Vec<Entry>,
    /// When the stores were asked.
    pub as_of: Timestamp,
}

/// `GET /operator`
#[must_use]
pub fn operator(frame: &Frame, view: &Overview) -> Markup {
    let head = Head { title: frame.t("nav-overview"), place: Place::Overview, class: "wide" };
    document(
        frame,
        &head,
        html! {
            div.title-row {
                h1 { (head.title) }
                p.muted { (frame.t("as-of")) " " (when::clock(frame, view.as_of)) " · " a href="/operator" { (frame.t("refresh")) } " · " a href="/operator/disputes" { (frame.t("disputes")) } }
            }
            section.panel.sums { (verdict(frame, &view.sums)) (equation(frame, &view.sums)) }
            (figures_of_today(frame, view))
            (waiting(frame, view.waiting))
            div.two-charts {
                section.panel {
                    (line(frame, &Chart {
                        title: frame.t("volume-by-day"),
                        label_name: frame.t("day"),
                        value_name: frame.t("volume"),
                        currency: Some(view.currency),
                        points: &view.days,
                        label_step: 7,
                    }))
                }
                section.panel {
                    (bars(frame, &Chart {
                        title: frame.t("payments-by-hour"),
                        label_name: frame.t("hour"),
                        value_name: frame.t("payments"),
                        currency: None,
                        points: &view.hours,
                        label_step: 4,
                    }))
                }
            }
            section.panel aria-labelledby="latest" {
                h2 id="latest" { (frame.t("latest-operations")) }
                @if view.latest.is_empty() { (empty(frame.t("operations-empty"), None)) }
                @else { (table(frame, &view.latest)) }
            }
        },
    )
}

fn figures_of_today(frame: &Frame, view: &Overview) -> Markup {
    let float = view.sums.first().map(|sum| sum.float);
    let tried = view.completed.saturating_add(view.failed);
    let failed = figures::count(view.failed);
    let failures = frame.fill("failures-note", &[("failed", &failed), ("tried", &figures::count(tried))]);
    html! {
        div.stats {
            @if let Some(float) = float {
                (stat(frame.t("float"), figures::amount(frame, float), Some(sparkline(&view.days))))
            }
            (stat(frame.t("completed-today"), html! { (figures::count(view.completed)) }, Some(html! { (failures) })))
            (stat(frame.t("waiting-for-bank"), html! { (figures::count(view.open)) }, Some(html! { (frame.t("waiting-note")) })))
            (stat(frame.t("holders"), html! { (figures::count(view.holders)) }, None))
        }
    }
}

/// The ways to what waits for somebody.
fn waiting(frame: &Frame, waiting: Waiting) -> Markup {
    let links = [
        ("/operator/risk", waiting.held, frame.t("held-now-note")),
        ("/operator/approvals", waiting.approvals, frame.t("approvals-now-note")),
        ("/operator/reconciliation", waiting.differences, frame.t("differences-now-note")),
    ];
    html! {
        section.panel.waiting aria-label=(frame.t("held-now")) {
            h2 { (frame.t("held-now")) }
            ul.waiting-list {
                @for (href, count, label) in links {
                    li { a.button href=(href) { strong.num { (figures::count(count)) } " " (label) } }
                }
            }
        }
    }
}

fn table(frame: &Frame, entries: &[Entry]) -> Markup {
    html! {
        table.table.table-cards.operations {
            thead {
                tr {
                    th scope="col" { (frame.t("time")) }
                    th scope="col" { (frame.t("kind")) }
                    th scope="col" { (frame.t("payer")) }
                    th scope="col" { (frame.t("payee-name")) }
                    th scope="col" { (frame.t("state")) }
                    th.num scope="col" { (frame.t("amount")) }
                }
            }
            tbody {
                @for entry in entries {
                    tr {
                        td { a href={ "/operator/explain/" (entry.id) } { (when::short(frame, entry.at)) } }
                        td { (frame.t(entry.kind.key())) }
                        td { (entry.payer) }
                        td { (entry.payee) }
                        td { (badge(frame, entry.state)) }
                        td.num { (figures::amount(frame, entry.amount)) }
                    }
                }
            }
        }
    }
}
