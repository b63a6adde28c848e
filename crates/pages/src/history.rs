//! The transaction list with filters and cursor paging.

use maud::{Markup, html};
use money::Currency;

use crate::activity::Kind;
use crate::components::{Line, empty, lines};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// What the list is narrowed to; empty strings are no filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One kind.
    pub kind: Option<Kind>,
    /// One currency.
    pub currency: Option<Currency>,
    /// The first day, `YYYY-MM-DD`.
    pub from: String,
    /// The last day, `YYYY-MM-DD`.
    pub until: String,
    /// Words of the note, the memo or the other side's name.
    pub search: String,
    /// One of the holder's own tags.
    pub tag: String,
    /// The bank card, as an id.
    pub card: String,
    /// The shop, as an id.
    pub shop: String,
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct History {
    /// What the list is narrowed to.
    pub filter: Filter,
    /// The currencies to choose from.
    pub currencies: Vec<Currency>,
    /// The holder's own tags.
    pub tags: Vec<String>,
    /// The operations, newest first.
    pub lines: Vec<Line>,
    /// The query string of the next, older page.
    pub older: Option<String>,
    /// Whether this is not the first page.
    pub paged: bool,
    /// The query string of the CSV with the same filter.
    pub csv_query: String,
}

/// `GET /history`
#[must_use]
pub fn history(frame: &Frame, view: &History) -> Markup {
    let head = Head { title: frame.t("nav-history"), place: Place::History, class: "medium" };
    document(
        frame,
        &head,
        html! {
            div.title-row {
                h1 { (head.title) }
                div.buttons {
                    a.button href="/history/months" { (icon(Icon::Gauge)) (frame.t("months")) }
                    a.button href={ "/history.csv" (view.csv_query) } download aria-label=(frame.t("csv")) { (icon(Icon::Download)) "CSV" }
                    a.button href={ "/history.pdf" (view.csv_query) } aria-label=(frame.t("pdf")) { (icon(Icon::Download)) "PDF" }
                }
            }
            (filter_form(frame, view))
            section.panel aria-label=(head.title) {
                @if view.lines.is_empty() {
                    (empty(frame.t("history-empty"), Some(("/history", frame.t("history-all")))))
                } @else { (lines(frame, &view.lines)) }
            }
            nav.pager aria-label=(frame.t("pager")) {
                @if view.paged { a.button href="/history" { (frame.t("newest")) } }
                @if let Some(older) = &view.older {
                    a.button rel="next" href={ "/history" (older) } { (frame.t("older")) }
                }
            }
        },
    )
}

fn filter_form(frame: &Frame, view: &History) -> Markup {
    let filter = &view.filter;
    let chosen = filter.currency.map(Currency::code);
    let choices_fill_rows = view.tags.is_empty() != (view.currencies.len() <= 1);
    html! {
        form.filters method="get" action="/history" {
            @if !filter.card.is_empty() { input type="hidden" name="card" value=(filter.card); }
            @if !filter.shop.is_empty() { input type="hidden" name="shop" value=(filter.shop); }
            div.field.filter-search {
                label for="search" { (frame.t("filter-search")) }
                input id="search" name="search" type="search" value=(filter.search) maxlength="60" autocomplete="off";
            }
            div.field.filter-wide[!choices_fill_rows] {
                label for="kind" { (frame.t("filter-kind")) }
                select id="kind" name="kind" {
                    option value="" { (frame.t("filter-all")) }
                    @for kind in Kind::ALL {
                        option value=(kind.code()) selected[filter.kind == Some(kind)] { (frame.t(kind.key())) }
                    }
                }
            }
            @if !view.tags.is_empty() {
                div.field {
                    label for="tag" { (frame.t("filter-tag")) }
                    select id="tag" name="tag" {
                        option value="" { (frame.t("filter-all")) }
                        @for tag in &view.tags { option selected[*tag == filter.tag] { (tag) } }
                    }
                }
            }
            @if view.currencies.len() > 1 {
                div.field {
                    label for="currency" { (frame.t("currency")) }
                    select id="currency" name="currency" {
                        option value="" { (frame.t("filter-all")) }
                        @for currency in &view.currencies {
                            option selected[chosen == Some(currency.code())] { (currency.code()) }
                        }
                    }
                }
            }
            div.field {
                label for="from" { (frame.t("filter-from")) }
                input id="from" name="from" type="date" value=(filter.from);
            }
            div.field {
                label for="until" { (frame.t("filter-until")) }
                input id="until" name="until" type="date" value=(filter.until);
            }
            button.button { (frame.t("filter-apply")) }
        }
    }
}
