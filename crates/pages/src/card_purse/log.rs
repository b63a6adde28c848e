//! What a card purse did, as its issuer knows it.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Delta;

use crate::components::empty;
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::when;

/// What a card did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Value came onto it.
    Load,
    /// Value went back to the wallet.
    Unload,
    /// It paid.
    Debit,
    /// A payment was taken back.
    Cancel,
    /// Its rest went back to its holder's wallet.
    Rest,
}

impl EntryKind {
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Load => ("purse-load", Icon::Down, "line-icon kind-top_up"),
            Self::Unload => ("purse-unload", Icon::Up, "line-icon kind-transfer"),
            Self::Debit => ("purse-debit", Icon::Shop, "line-icon kind-payment"),
            Self::Cancel => ("purse-cancel", Icon::Undo, "line-icon kind-refund"),
            Self::Rest => ("purse-rest", Icon::Refund, "line-icon kind-refund"),
        }
    }
}

/// How sure the issuer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    /// The card's own code proves it.
    Proven,
    /// The next payment's balance says so; the card's code may still come.
    Inferred,
    /// Nothing says yet what became of it; it moved nothing.
    Held,
}

impl Belief {
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Proven => ("purse-proven", Icon::Check, "badge badge-ok"),
            Self::Inferred => ("purse-inferred", Icon::Info, "badge badge-info"),
            Self::Held => ("purse-held", Icon::Clock, "badge badge-warn"),
        }
    }
}

/// One line of a card's log.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// What it did.
    pub kind: EntryKind,
    /// When, by the clock of the terminal or the host.
    pub at: Timestamp,
    /// Where: the merchant's name; empty where it was the host.
    pub place: String,
    /// What it changed on the card.
    pub delta: Delta,
    /// How sure the issuer is.
    pub belief: Belief,
}

/// The log, newest first.
pub(crate) fn log(frame: &Frame, entries: &[LogEntry]) -> Markup {
    html! {
        @if entries.is_empty() { (empty(frame.t("purse-log-empty"), None)) } @else {
            p.hint { (frame.t("purse-log-note")) }
            ul.lines { @for entry in entries { li { (line(frame, entry)) } } }
        }
    }
}

fn line(frame: &Frame, entry: &LogEntry) -> Markup {
    let (key, shape, class) = entry.kind.face();
    let (belief, belief_shape, belief_class) = entry.belief.face();
    let title = if entry.place.is_empty() { frame.t(key) } else { entry.place.as_str() };
    html! {
        div.line {
            span class=(class) { (icon(shape)) }
            span.line-text {
                span.line-title { (title) }
                span.line-note { (frame.t(key)) " · " (when::short(frame, entry.at)) }
                span class=(belief_class) { (icon(belief_shape)) (frame.t(belief)) }
            }
            span.line-figure {
                @if entry.belief == Belief::Held {
                    span.muted { (figures::amount(frame, entry.delta.magnitude())) }
                } @else { (figures::movement(frame, entry.delta)) }
            }
        }
    }
}
