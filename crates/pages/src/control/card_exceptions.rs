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
use crate::terminal::not_paid_key;
use crate::when;

/// What a person has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionKind {
    /// A load or unload whose outcome only its card knows.
    InDoubt,
    /// A debit that was uploaded without a proof.
    Held,
    /// A wallet owes a part of a sale.
    Owed,
    /// A part of a sale that no card has confirmed.
    Unproven,
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
    const ALL: [Self; 8] = [
        Self::Counterfeit,
        Self::InDoubt,
        Self::Held,
        Self::Owed,
        Self::Unproven,
        Self::Refused,
        Self::Gap,
        Self::Finding,
    ];

    /// Its heading and what it means.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InDoubt => ("exception-in-doubt", "exception-in-doubt-note"),
            Self::Held => ("exception-held", "exception-held-note"),
            Self::Owed => ("exception-owed", "exception-owed-note"),
            Self::Unproven => ("exception-unproven", "exception-unproven-note"),
            Self::Refused => ("exception-refused", "exception-refused-note"),
            Self::Gap => ("exception-gap", "exception-gap-note"),
            Self::Counterfeit => ("exception-counterfeit", "exception-counterfeit-note"),
            Self::Finding => ("exception-finding", "exception-finding-note"),
        }
    }
}

/// What clearing found out about a sequence of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// There are two cards.
    Clone,
    /// More debits may have borne it than are held.
    TooManyHeld,
    /// A terminal uploaded a TAC again under another sequence.
    NumberUsedTwice,
    /// A debit is believed without its TAC.
    Inferred,
    /// More than one debit may have borne it.
    Ambiguous,
    /// A TAC proves another debit than was believed.
    Overruled,
    /// A cancel is believed without its TAC.
    CancelInferred,
}

impl Finding {
    const fn key(self) -> &'static str {
        match self {
            Self::Clone => "finding-clone",
            Self::TooManyHeld => "finding-too-many-held",
            Self::NumberUsedTwice => "finding-number-used-twice",
            Self::Inferred => "finding-inferred",
            Self::Ambiguous => "finding-ambiguous",
            Self::Overruled => "finding-overruled",
            Self::CancelInferred => "finding-cancel-inferred",
        }
    }
}

/// What is known of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing beyond its kind.
    Nothing,
    /// A load, or an unload, and whose it is.
    Move {
        /// Whether it goes onto the card.
        is_load: bool,
        /// The holder's name.
        holder: String,
    },
    /// A holder, by name.
    Holder(String),
    /// Why a record was not paid, as receipts have it.
    Refused(u8),
    /// First and last of some sequences.
    Sequences(u16, u16),
    /// What was found, and at which sequence.
    Found(Finding, u16),
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
    /// What is known of it.
    pub about: About,
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

fn about(frame: &Frame, about: &About) -> Markup {
    html! {
        @match about {
            About::Nothing => {},
            About::Move { is_load, holder } => {
                (frame.t(if *is_load { "purse-load" } else { "purse-unload" })) " · " (holder)
            }
            About::Holder(name) => (name),
            About::Refused(reason) => (frame.t(not_paid_key(*reason))),
            About::Sequences(first, last) if first == last => { "#" (first) }
            About::Sequences(first, last) => { "#" (first) "–#" (last) }
            About::Found(finding, sequence) => { (frame.t(finding.key())) " · #" (sequence) }
        }
    }
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
            about(frame, &exception.about),
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
