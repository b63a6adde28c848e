//! Month sums: what came in and went out, as a table and as bars.

use maud::{Markup, html};
use money::{Amount, Currency};

use crate::activity::Kind;
use crate::components::{Chart, Point, back, bars, empty};
use crate::figures;
use crate::frame::Frame;
use crate::shell::{Head, Place, document};

/// What of one kind moved one way in a month.
#[derive(Clone, Copy, Debug)]
pub struct KindSum {
    /// Of what kind.
    pub kind: Kind,
    /// Whether it went out.
    pub out: bool,
    /// How many operations.
    pub count: u64,
    /// How much.
    pub sum: Amount,
}

/// One month.
#[derive(Clone, Debug)]
pub struct Month {
    /// The year and month, `2026-11`.
    pub name: String,
    /// The first and last day, `YYYY-MM-DD`, for the link to its transactions.
    pub days: (String, String),
    /// What came in.
    pub money_in: Amount,
    /// What went out.
    pub money_out: Amount,
    /// By kind.
    pub sums: Vec<KindSum>,
}

/// The month sums of a wallet.
#[derive(Clone, Debug)]
pub struct Months {
    /// The currencies to choose from.
    pub currencies: Vec<Currency>,
    /// The chosen one.
    pub currency: Currency,
    /// Oldest first.
    pub months: Vec<Month>,
}

/// `GET /history/months`
#[must_use]
pub fn months(frame: &Frame, view: &Months) -> Markup {
    let head = Head { title: frame.t("months"), place: Place::History, class: "medium" };
    let moved = view.months.iter().any(|month| !month.sums.is_empty());
    document(
        frame,
        &head,
        html! {
            (back("/history", frame.t("nav-history")))
            h1 { (head.title) }
            (currency_links(frame, view))
            @if moved {
                div.two-charts {
                    section.panel { (chart(frame, view, "months-in", |month| month.money_in)) }
                    section.panel { (chart(frame, view, "months-out", |month| month.money_out)) }
                }
                @for month in view.months.iter().rev().filter(|month| !month.sums.is_empty()) {
                    (month_table(frame, month))
                }
            } @else {
                (empty(frame.t("months-empty"), Some(("/top-up", frame.t("top-up")))))
            }
        },
    )
}

fn currency_links(frame: &Frame, view: &Months) -> Markup {
    html! {
        @if view.currencies.len() > 1 {
            nav aria-label=(frame.t("currency")) {
                ul.chips {
                    @for currency in &view.currencies {
                        li {
                            a href={ "/history/months?currency=" (currency.code()) }
                                aria-current=[(*currency == view.currency).then_some("page")] { (currency.code()) }
                        }
                    }
                }
            }
        }
    }
}

fn chart(frame: &Frame, view: &Months, title: &'static str, of: impl Fn(&Month) -> Amount) -> Markup {
    let point = |month: &Month| Point {
        label: month.name.get(5..).unwrap_or_default().to_owned(),
        value: of(month).minor(),
    };
    let points: Vec<Point> = view.months.iter().map(point).collect();
    let chart = Chart {
        title: frame.t(title),
        label_name: frame.t("month"),
        value_name: frame.t("amount"),
        currency: Some(view.currency),
        points: &points,
        label_step: 1,
    };
    bars(frame, &chart)
}

fn month_table(frame: &Frame, month: &Month) -> Markup {
    let (from, until) = &month.days;
    html! {
        section.panel {
            div.title-row {
                h2 { (month.name) }
                a href={ "/history?from=" (from) "&until=" (until) } { (frame.t("see-all")) }
            }
            div.table-scroll tabindex="0" role="region" aria-label=(month.name) {
                table.table {
                    thead {
                        tr {
                            th scope="col" { (frame.t("kind")) }
                            th.num scope="col" { (frame.t("count")) }
                            th.num scope="col" { (frame.t("months-in")) }
                            th.num scope="col" { (frame.t("months-out")) }
                        }
                    }
                    tbody {
                        @for sum in &month.sums {
                            tr {
                                th scope="row" { (frame.t(sum.kind.key())) }
                                td.num { (figures::count(sum.count)) }
                                td.num { @if !sum.out { (figures::amount(frame, sum.sum)) } }
                                td.num { @if sum.out { (figures::amount(frame, sum.sum)) } }
                            }
                        }
                    }
                    tfoot {
                        tr {
                            th scope="row" { (frame.t("sum")) }
                            td {}
                            td.num { strong { (figures::amount(frame, month.money_in)) } }
                            td.num { strong { (figures::amount(frame, month.money_out)) } }
                        }
                    }
                }
            }
        }
    }
}
