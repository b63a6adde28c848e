//! What a person has to look at about card purses: each with the card, the terminal and the money it is about.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::{back_to_control, table_of_rows};
use crate::card_purse::grouped;
use crate::components::empty;
use crate::figures;
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::when;

/// What a person has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionKind {
    /// A load or unload whose outcome only its card knows.
    InDoubt,
    /// A debit that was uploaded without a proof.
    Held,
    /// A record that was not paid.
    Refused,
    /// Sequences that no terminal has uploaded.
    Gap,
    /// A card that spent what nobody loaded.
    Counterfeit,
    /// What clearing found out.
    Finding,
}

impl ExceptionKind {
    const ALL: [Self; 6] =
        [Self::Counterfeit, Self::InDoubt, Self::Held, Self::Refused, Self::Gap, Self::Finding];

    /// Its heading and what it means.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InDoubt => ("exception-in-doubt", "exception-in-doubt-note"),
            Self::Held => ("exception-held", "exception-held-note"),
            Self::Refused => ("exception-refused", "exception-refused-note"),
            Self::Gap => ("exception-gap", "exception-gap-note"),
            Self::Counterfeit => ("exception-counterfeit", "exception-counterfeit-note"),
            Self::Finding => ("exception-finding", "exception-finding-note"),
        }
    }
}

/// One thing to look at.
#[derive(Clone, Debug)]
pub struct Exception {
    /// What it is.
    pub kind: ExceptionKind,
    /// The card number, 20 digits.
    pub card: String,
    /// The terminal and its merchant; empty where there was none.
    pub place: String,
    /// Since when, where it is known.
    pub at: Option<Timestamp>,
    /// How much it is about.
    pub amount: Option<Amount>,
    /// What is known, as a code or numbers.
    pub about: String,
}

/// `GET /operator/card-exceptions`
#[must_use]
pub fn exceptions(frame: &Frame, exceptions: &[Exception]) -> Markup {
    let head = Head { title: frame.t("card-exceptions"), place: Place::Control, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (back_to_control(frame))
            h1 { (head.title) }
            @if exceptions.is_empty() { section.panel { (empty(frame.t("card-exceptions-empty"), None)) } }
            @for kind in ExceptionKind::ALL {
                @let of_kind: Vec<&Exception> = exceptions.iter().filter(|exception| exception.kind == kind).collect();
                @if !of_kind.is_empty() { (section(frame, kind, &of_kind)) }
            }
        },
    )
}

fn section(frame: &Frame, kind: ExceptionKind, exceptions: &[&Exception]) -> Markup {
    let (heading, note) = kind.words();
    let columns = [
        (frame.t("time"), false),
        (frame.t("card-purse"), false),
        (frame.t("exception-where"), false),
        (frame.t("exception-about"), false),
        (frame.t("amount"), true),
    ];
    let row = |exception: &&Exception| {
        vec![
            html! { @if let Some(at) = exception.at { (when::short(frame, at)) } },
            html! { a.num href={ "/operator/card-purses/" (exception.card) } { (grouped(&exception.card)) } },
            html! { (exception.place) },
            html! { code { (exception.about) } },
            html! { @if let Some(amount) = exception.amount { (figures::amount(frame, amount)) } },
        ]
    };
    html! {
        section.panel {
            h2 { (frame.t(heading)) }
            p.hint { (frame.t(note)) }
            (table_of_rows(frame.t(heading), &columns, exceptions.iter().map(row).collect()))
        }
    }
}
