//! Issue batches of card purses: making one, its cards, their personalisation, and the letters with their codes.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Currency;

use super::{back_to_control, table};
use crate::card_purse::{PurseState, grouped, state_badge};
use crate::components::{back, empty, key_values};
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::icon::{Icon, icon, mark};
use crate::shell::{Head, Place, document, sheet_page};
use crate::{figures, when};

/// An issue batch.
#[derive(Clone, Debug)]
pub struct BatchLine {
    /// The id, in hexadecimal.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// Its currency.
    pub currency: Currency,
    /// How many cards.
    pub count: u32,
    /// The version of the master key that its cards have keys of.
    pub key_version: u32,
    /// The last day of its cards, `2031-11-30`.
    pub expiry: String,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// By whom.
    pub ordered_by: String,
}

/// Every issue batch, and the form of a new one as typed.
#[derive(Clone, Debug, Default)]
pub struct Batches {
    /// Newest first.
    pub batches: Vec<BatchLine>,
    /// The currencies to choose from.
    pub currencies: Vec<Currency>,
    /// How many cards, as typed.
    pub count: String,
    /// What it is called, as typed.
    pub label: String,
    /// The chosen currency.
    pub currency: String,
    /// For how many years its cards are good, as typed.
    pub valid_years: String,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What is wrong: fields `count`, `label`, `currency`, `valid_years`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/card-batches`
#[must_use]
pub fn batches(frame: &Frame, view: &Batches) -> Markup {
    let head = Head { title: frame.t("card-batches"), place: Place::Control, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            p.hint { (frame.t("card-batches-how")) }
            (error_summary(frame, &view.problems))
            section.panel {
                @if view.batches.is_empty() { (empty(frame.t("card-batches-empty"), None)) }
                @else { (list(frame, &view.batches)) }
            }
            section.panel { h2 { (frame.t("card-batch-new")) } (order(frame, view)) }
        },
    )
}

fn list(frame: &Frame, batches: &[BatchLine]) -> Markup {
    let columns = [
        (frame.t("card-batch"), false),
        (frame.t("card-batch-count"), true),
        (frame.t("currency"), false),
        (frame.t("key-version"), true),
        (frame.t("key-begun"), false),
    ];
    let row = |batch: &BatchLine| {
        vec![
            html! { a href={ "/operator/card-batches/" (batch.id) } { (batch.label) } },
            html! { (figures::count(batch.count.into())) },
            html! { (batch.currency.code()) },
            html! { (batch.key_version) },
            html! { (batch.ordered_by) " · " (when::short(frame, batch.ordered_at)) },
        ]
    };
    table(frame.t("card-batches"), &columns, batches.iter().map(row).collect())
}

fn order(frame: &Frame, view: &Batches) -> Markup {
    let line = |name, label, hint, value, input| {
        let field_view = Field { name, label, hint, value, input, prefix: None, optional: false };
        field(frame, &view.problems, &field_view)
    };
    let currency = |of: &Currency| Choice { value: of.code().to_owned(), label: of.code().into() };
    let currencies: Vec<Choice<'_>> = view.currencies.iter().map(currency).collect();
    form::form(
        frame,
        "/operator/card-batches",
        Some(&view.attempt),
        html! {
            (line("label", frame.t("card-batch-label"), Some(frame.t("card-batch-label-hint")), &view.label, Input::Text))
            div.form-columns {
                (line("count", frame.t("card-batch-count"), Some(frame.t("card-batch-count-hint")), &view.count, Input::Count))
                (line("valid_years", frame.t("card-batch-years"), Some(frame.t("card-batch-years-hint")),
                    &view.valid_years, Input::Count))
            }
            (select(frame, &view.problems, ("currency", frame.t("currency")), &view.currency, &currencies))
            (form::submit(frame.t("card-batch-order")))
        },
    )
}

/// A card of a batch.
#[derive(Clone, Debug)]
pub struct BatchCard {
    /// The card number, 20 digits.
    pub number: String,
    /// How far it came.
    pub state: PurseState,
    /// The name of its holder; empty where it has none.
    pub holder: String,
}

/// One batch in full.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The batch.
    pub batch: BatchLine,
    /// Its cards, by number.
    pub cards: Vec<BatchCard>,
    /// Whether it has a card without a holder, whose key is open: those have letters and files.
    pub has_letters: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// `GET /operator/card-batches/{id}`
#[must_use]
pub fn batch(frame: &Frame, view: &Batch) -> Markup {
    let batch = &view.batch;
    let head = Head { title: &batch.label, place: Place::Control, class: "medium" };
    let path = format!("/operator/card-batches/{}", batch.id);
    document(
        frame,
        &head,
        html! {
            (back("/operator/card-batches", frame.t("card-batches")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel { (key_values(&facts(frame, batch))) }
            section.panel {
                h2 { (frame.t("card-personalisation")) }
                p.hint { (frame.t("card-personalisation-note")) }
                @if view.has_letters {
                    div.buttons {
                        a.button href={ (path) "/cards.jsonl" } download {
                            (icon(Icon::Download)) (frame.t("card-personalisation-all"))
                        }
                        a.button href={ (path) "/letters" } { (icon(Icon::Print)) (frame.t("card-letters")) }
                    }
                }
                p.hint { (frame.t(if view.has_letters { "card-letters-who" } else { "card-letters-none" })) }
            }
            section.panel { h2 { (frame.t("card-batch-cards")) } (cards(frame, &view.cards)) }
        },
    )
}

fn facts<'a>(frame: &'a Frame, batch: &BatchLine) -> Vec<(&'a str, Markup)> {
    vec![
        (frame.t("card-batch-count"), html! { (figures::count(batch.count.into())) }),
        (frame.t("currency"), html! { (batch.currency.code()) }),
        (frame.t("key-version"), html! { (batch.key_version) }),
        (frame.t("card-batch-expiry"), html! { (batch.expiry) }),
        (frame.t("key-begun"), html! { (batch.ordered_by) " · " (when::full(frame, batch.ordered_at)) }),
    ]
}

fn cards(frame: &Frame, cards: &[BatchCard]) -> Markup {
    let columns = [
        (frame.t("card-purse-number"), false),
        (frame.t("state"), false),
        (frame.t("card-holder"), false),
        (frame.t("card-personalisation"), false),
    ];
    let row = |card: &BatchCard| {
        let href = format!("/operator/card-purses/{}", card.number);
        vec![
            html! { a.num href=(href) { (grouped(&card.number)) } },
            state_badge(frame, card.state),
            html! { (card.holder) },
            html! {
                @if card.state == PurseState::Made {
                    a.button.button-small href={ (href) "/card.json" } download { (icon(Icon::Download)) "JSON" }
                }
            },
        ]
    };
    table(frame.t("card-batch-cards"), &columns, cards.iter().map(row).collect())
}

/// A letter to whoever gets a card.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The card number, 20 digits.
    pub number: String,
    /// The activation code.
    pub code: String,
}

/// `GET /operator/card-batches/{id}/letters`: the only page that has the codes. `origin` is the page of the batch.
#[must_use]
pub fn letters(frame: &Frame, origin: &str, letters: &[Letter]) -> Markup {
    let sheet = html! {
        @for letter in letters {
            article.receipt.receipt-a4.card-letter {
                header { (mark()) h1 { (frame.t("card-letter")) } }
                (key_values(&[
                    (frame.t("card-purse-number"), html! { span.num { (grouped(&letter.number)) } }),
                    (frame.t("activation-code"), html! { strong.num { (grouped(&letter.code)) } }),
                ]))
                p { (frame.t("card-letter-how")) }
                footer { p { (frame.t("card-letter-keep")) } }
            }
        }
    };
    sheet_page(frame, frame.t("card-letters"), origin, &sheet)
}
