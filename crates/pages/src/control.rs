//! The pages of the operator's people besides the first: risk, approvals, audit log, duties, day close, reconciliation.

pub mod approvals;
pub mod audit_log;
pub mod card_batches;
pub mod card_exceptions;
pub mod card_lists;
pub mod card_purse;
pub mod card_purses;
pub mod days;
pub mod explain;
pub mod keys;
pub mod merchants;
pub mod people;
pub mod reconciliation;
pub mod risk;
pub mod terminals;

use maud::{Markup, html};

use crate::components::back;
use crate::form;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// `GET /operator/control`: everything that is not in the navigation.
#[must_use]
pub fn overview(frame: &Frame) -> Markup {
    let head = Head { title: frame.t("control"), place: Place::Control, class: "medium" };
    let entries = [
        ("/operator/rules", Icon::Scale, frame.t("rules"), frame.t("rules-note")),
        ("/operator/black-list", Icon::Stop, frame.t("black-list"), frame.t("black-list-note")),
        ("/operator/merchants", Icon::Shop, frame.t("merchants"), frame.t("merchants-note")),
        ("/operator/people", Icon::People, frame.t("people"), frame.t("people-note")),
        ("/operator/keys", Icon::Key, frame.t("keys"), frame.t("keys-note")),
        ("/operator/days", Icon::Clock, frame.t("days"), frame.t("days-note")),
        ("/operator/reconciliation", Icon::Bank, frame.t("reconciliation"), frame.t("reconciliation-note")),
        ("/operator/audit-log", Icon::Book, frame.t("audit-log"), frame.t("audit-log-note")),
        ("/operator/card-purses", Icon::Card, frame.t("card-purses"), frame.t("card-purses-note")),
    ];
    document(
        frame,
        &head,
        html! {
            h1 { (head.title) }
            ul.entries.panel {
                @for (href, shape, label, note) in entries.into_iter().chain(card_purses::entries(frame)) {
                    li {
                        a.entry href=(href) {
                            span.entry-icon { (icon(shape)) }
                            span { strong { (label) } span.muted { (note) } }
                        }
                    }
                }
            }
        },
    )
}

/// The way back to the list of everything.
fn back_to_control(frame: &Frame) -> Markup {
    back("/operator/control", frame.t("control"))
}

/// A table that becomes cards on a phone: for few short columns. Each column has a name, and says whether it holds numbers.
fn table(label: &str, columns: &[(&str, bool)], rows: Vec<Vec<Markup>>) -> Markup {
    table_of("table table-cards", label, columns, rows)
}

/// A table whose rows become lists of names and values on a phone: for rows that say much.
pub(crate) fn table_of_rows(label: &str, columns: &[(&str, bool)], rows: Vec<Vec<Markup>>) -> Markup {
    table_of("table table-rows", label, columns, rows)
}

fn table_of(class: &str, label: &str, columns: &[(&str, bool)], rows: Vec<Vec<Markup>>) -> Markup {
    html! {
        div.table-scroll tabindex="0" role="region" aria-label=(label) {
            table class=(class) {
                thead { tr { @for (name, number) in columns { th.num[*number] scope="col" { (name) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for ((name, number), cell) in columns.iter().zip(row) {
                                td.num[*number] data-label=(name) { div { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A small form with one button, for what needs no more words.
fn one_button(frame: &Frame, action: &str, fields: &[(&str, &str)], label: &str) -> Markup {
    html! {
        form.inline-form method="post" action=(action) {
            (form::hidden(frame))
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button.button.button-small { (label) }
        }
    }
}

/// A row of boxes to tick: each with the name of its field, its label, and whether it is ticked.
fn tick_boxes(legend: &str, boxes: &[(&str, &str, bool)]) -> Markup {
    html! {
        fieldset.tick-boxes {
            legend { (legend) }
            @for (name, label, ticked) in boxes {
                label.tick-box { input type="checkbox" name=(name) value="yes" checked[*ticked]; span { (label) } }
            }
        }
    }
}
