//! Day close: the figures of a business day, kept as they were.

use ledger::Timestamp;
use maud::{Markup, html};

use super::{back_to_control, table_of, table_of_rows};
use crate::components::{back, empty};
use crate::figures;
use crate::form;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// One line of a report.
#[derive(Clone, Debug)]
pub struct ReportLine {
    /// `completed`, another state, or `balance`.
    pub section: String,
    /// The kind of operation or the name of the sum, as a code.
    pub name: String,
    /// The currency's code; empty where it counts only.
    pub currency: String,
    /// How many.
    pub count: u64,
    /// The sum in words with its currency; empty where it counts only.
    pub sum: String,
}

/// One closed day.
#[derive(Clone, Debug)]
pub struct ClosedDay {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Counted from 1.
    pub revision: u32,
    /// Who closed it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was opened again.
    pub reopened: bool,
}

/// The days, and today's figures so far.
#[derive(Clone, Debug)]
pub struct Days {
    /// Newest first.
    pub closed: Vec<ClosedDay>,
    /// Today's date.
    pub today: String,
    /// Today's figures so far.
    pub so_far: Vec<ReportLine>,
    /// Whether today is closed.
    pub today_closed: bool,
    /// Whether the last request could not be carried out.
    pub refused: bool,
}

/// `GET /operator/days`
#[must_use]
pub fn days(frame: &Frame, view: &Days) -> Markup {
    let head = Head { title: frame.t("days"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            @if view.refused { div.error-summary role="alert" { p { (frame.t("days-refused")) } } }
            section.panel {
                h2 { (frame.fill("days-so-far", &[("date", &view.today)])) }
                (report(frame, &view.so_far))
                @if view.today_closed { p.muted { (frame.t("days-closed-already")) } }
                @else {
                    form method="post" action="/operator/days" {
                        (form::hidden(frame))
                        input type="hidden" name="date" value=(view.today);
                        button.button.button-primary { (frame.t("days-close")) }
                    }
                }
            }
            section.panel {
                h2 { (frame.t("days-other")) }
                form.filters method="post" action="/operator/days" {
                    (form::hidden(frame))
                    div.field {
                        label for="date" { (frame.t("day")) }
                        input id="date" name="date" type="date" max=(view.today) required;
                    }
                    button.button { (frame.t("days-close")) }
                }
            }
            section.panel {
                h2 { (frame.t("days-closed")) }
                @if view.closed.is_empty() { (empty(frame.t("days-empty"), None)) }
                @else { (closed(frame, &view.closed)) }
            }
        },
    )
}

fn closed(frame: &Frame, days: &[ClosedDay]) -> Markup {
    let columns = [
        (frame.t("day"), false),
        (frame.t("rule-version"), true),
        (frame.t("risk-by"), false),
        (frame.t("time"), false),
        (frame.t("state"), false),
    ];
    let row = |day: &ClosedDay| {
        vec![
            html! { a href={ "/operator/days/" (day.date) "?revision=" (day.revision) } { (day.date) } },
            html! { (day.revision) },
            html! { (day.by) },
            when::short(frame, day.at),
            html! {
                @if day.reopened { span.badge.badge-warn { (frame.t("days-reopened")) } }
                @else { span.badge.badge-ok { (frame.t("days-is-closed")) } }
            },
        ]
    };
    table_of_rows(frame.t("days-closed"), &columns, days.iter().map(row).collect())
}

/// The report of one day.
#[derive(Clone, Debug)]
pub struct DayReport {
    /// The day.
    pub day: ClosedDay,
    /// Its figures.
    pub lines: Vec<ReportLine>,
}

/// `GET /operator/days/{date}`
#[must_use]
pub fn day(frame: &Frame, view: &DayReport) -> Markup {
    let title = frame.fill("days-report", &[("date", &view.day.date)]);
    let head = Head { title: &title, place: Place::Control, class: "medium" };
    let path = format!("/operator/days/{}", view.day.date);
    document(
        frame,
        &head,
        html! {
            (back("/operator/days", frame.t("days")))
            div.title-row {
                h1 { (head.title) }
                a.button href={ (path) ".csv?revision=" (view.day.revision) } download {
                    (icon(Icon::Download)) (frame.t("csv"))
                }
            }
            section.panel { (report(frame, &view.lines)) }
            @if !view.day.reopened {
                section.panel {
                    h2 { (frame.t("days-reopen")) }
                    form.decide-form method="post" action={ (path) "/reopen" } {
                        (form::hidden(frame))
                        label {
                            (frame.t("risk-reason"))
                            input name="reason" type="text" maxlength="140" required autocomplete="off";
                        }
                        button.button { (frame.t("days-reopen")) }
                    }
                }
            }
        },
    )
}

fn report(frame: &Frame, lines: &[ReportLine]) -> Markup {
    let columns = [
        (frame.t("report-section"), false),
        (frame.t("kind"), false),
        (frame.t("report-count"), true),
        (frame.t("report-sum"), true),
    ];
    let row = |line: &ReportLine| {
        vec![
            html! { (section(frame, &line.section)) },
            html! { (name(frame, &line.name)) },
            html! { @if line.section == "balance" { "—" } @else { (figures::count(line.count)) } },
            html! { (line.sum) },
        ]
    };
    html! {
        @if lines.is_empty() { p.muted { (frame.t("report-empty")) } }
        @else { (table_of("table table-cards day-report", frame.t("days"), &columns, lines.iter().map(row).collect())) }
    }
}

fn section(frame: &Frame, code: &str) -> &'static str {
    frame.t(match code {
        "completed" => "state-completed",
        "declined" => "state-declined",
        "reversed" => "state-reversed",
        "unknown" => "state-unknown",
        "held" => "state-held",
        "started" => "state-started",
        _ => "report-balance",
    })
}

fn name(frame: &Frame, code: &str) -> &'static str {
    frame.t(match code {
        "top_up" => "kind-top-up",
        "withdrawal" => "kind-withdrawal",
        "transfer" => "kind-transfer",
        "payment" => "kind-payment",
        "refund" => "kind-refund",
        "escrow_payment" => "kind-escrow-payment",
        "escrow_release" => "kind-escrow-release",
        "escrow_refund" => "kind-escrow-refund",
        "voucher_sale" => "kind-voucher-sale",
        "voucher_redemption" => "kind-voucher-redemption",
        "voucher_return" => "kind-voucher-return",
        "card_load" => "kind-card-load",
        "card_unload" => "kind-card-unload",
        "card_rest" => "kind-card-rest",
        "card_due" => "kind-card-due",
        "transfer_purse_load" => "kind-transfer-purse-load",
        "transfer_purse_unload" => "kind-transfer-purse-unload",
        "card_takings" => "kind-card-takings",
        "card_returns" => "kind-card-returns",
        "adjustment" => "kind-adjustment",
        "float" => "float",
        "wallets" => "in-wallets",
        "merchants" => "in-shops",
        "escrow" => "in-escrow",
        "vouchers" => "in-vouchers",
        "card_purses" => "in-card-purses",
        "card_loads" => "in-card-loads",
        "card_excess" => "card-excess",
        "card_advances" => "account-card-advances",
        "transfer_purses" => "account-transfer-purses",
        "card_fees" => "card-fees",
        "suspense" => "account-suspense",
        _ => "difference",
    })
}
