//! What a shift took: so far (X), or when it was closed (Z).

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Delta};

use super::{Line, not_paid_key, top};
use crate::components::{empty, stat};
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// How many records, and their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub amount: Amount,
}

/// The sums of a shift, from the terminal's journal.
#[derive(Clone, Debug)]
pub struct Report {
    /// How the terminal stands.
    pub line: Line,
    /// Number of the terminal.
    pub terminal: String,
    /// Number of the shift.
    pub shift: u32,
    /// When it began; zero for the terminal's beginning.
    pub from: Timestamp,
    /// When it was closed; `None`: it goes on.
    pub closed_at: Option<Timestamp>,
    /// Sales that cards proved in it: what they paid.
    pub sold: Sum,
    /// What is owed online for them.
    pub due: Amount,
    /// What was given back.
    pub given_back: Sum,
    /// Sold less given back.
    pub net: Delta,
    /// Debits of this shift that no card has proved, and that may have happened.
    pub unknown: Sum,
    /// Debits of this shift that did not happen.
    pub not_done: Sum,
    /// Debits of this shift that the issuer has not got.
    pub waiting: Sum,
    /// Those that it has.
    pub received: Sum,
    /// Those that it does not pay for, by the code of its receipt.
    pub not_paid: Vec<(u8, Sum)>,
    /// Shifts closed before, newest first: number, closed when.
    pub earlier: Vec<(u32, Timestamp)>,
}

/// `GET /report` and `GET /reports/{shift}`
#[must_use]
pub fn report(frame: &Frame, view: &Report) -> Markup {
    let number = view.shift.to_string();
    let key = if view.closed_at.is_some() { "report-z" } else { "report-x" };
    let title = frame.fill(key, &[("number", &number)]);
    let head = Head { title: &title, place: Place::Sales, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (top(frame, &view.line, None))
            h1 { (title) }
            p.muted {
                (frame.t("desk-terminal")) " " (view.terminal) " · "
                @if view.from == Timestamp::ZERO { (frame.t("report-beginning")) } @else { (when::full(frame, view.from)) }
                " – "
                @if let Some(at) = view.closed_at { (when::full(frame, at)) } @else { (frame.t("report-now")) }
            }
            (figures_of(frame, view))
            (records(frame, view))
            p.hint { (frame.t("shift-note")) }
            div.no-print.row-actions {
                button.button.needs-script type="button" data-print="" { (icon(Icon::Print)) (frame.t("print")) }
            }
            @if view.closed_at.is_none() { (close(frame, view)) }
            (earlier(frame, view))
        },
    )
}

fn figures_of(frame: &Frame, view: &Report) -> Markup {
    let count = |sum: Sum, key| html! { (figures::count(sum.count)) " " (frame.t(key)) };
    html! {
        div.stats {
            (stat(frame.t("report-sold"), figures::amount(frame, view.sold.amount), Some(count(view.sold, "report-sales"))))
            (stat(frame.t("shift-given-back"), figures::amount(frame, view.given_back.amount),
                Some(count(view.given_back, "shift-cancels"))))
            (stat(frame.t("tap-owed"), figures::amount(frame, view.due), Some(html! { (frame.t("shift-owed-note")) })))
            (stat(frame.t("report-net"), html! { (figures::signed_text(view.net)) }, None))
        }
    }
}

fn records(frame: &Frame, view: &Report) -> Markup {
    let rows = [
        ("outcome-open", view.unknown),
        ("outcome-not-done", view.not_done),
        ("answer-waiting", view.waiting),
        ("answer-received", view.received),
    ];
    let refused = view.not_paid.iter().map(|(reason, sum)| (not_paid_key(*reason), *sum));
    html! {
        section.panel aria-labelledby="records" {
            h2 id="records" { (frame.t("shift-records")) }
            div.table-scroll tabindex="0" role="region" aria-label=(frame.t("shift-records")) {
                table.table {
                    thead { tr {
                        th scope="col" { (frame.t("state")) }
                        th.num scope="col" { (frame.t("shift-count")) }
                        th.num scope="col" { (frame.t("amount")) }
                    } }
                    tbody { @for (key, sum) in rows.into_iter().chain(refused) {
                        tr {
                            th scope="row" { (frame.t(key)) }
                            td.num { (figures::count(sum.count)) }
                            td.num { (figures::amount(frame, sum.amount)) }
                        }
                    } }
                }
            }
        }
    }
}

fn close(frame: &Frame, view: &Report) -> Markup {
    html! {
        form method="post" action="/report/close" data-once="" {
            input type="hidden" name="shift" value=(view.shift);
            button.button.button-primary.button-wide type="submit" { (frame.t("shift-close")) }
        }
    }
}

fn earlier(frame: &Frame, view: &Report) -> Markup {
    html! {
        section.panel.no-print aria-labelledby="earlier" {
            h2 id="earlier" { (frame.t("shift-earlier")) }
            @if view.earlier.is_empty() { (empty(frame.t("shift-none-earlier"), None)) }
            @else {
                ul.card-log { @for (shift, at) in &view.earlier {
                    li {
                        a href={ "/reports/" (shift) } { (frame.fill("report-z", &[("number", &shift.to_string())])) }
                        (when::full(frame, *at))
                    }
                } }
            }
        }
    }
}
