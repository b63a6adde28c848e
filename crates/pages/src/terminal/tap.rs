//! One tap: what the card is held to the reader for, and what came of it.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::{Line, Trouble, top};
use crate::components::{back, empty, key_values};
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// What the card is held to the reader for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To pay this.
    Sale(Amount),
    /// To get this back.
    Cancel(Amount),
    /// To show what is on it.
    Enquiry,
    /// To get what was ordered.
    Load,
    /// To give this back to the wallet; `None`: all.
    Unload(Option<Amount>),
}

impl Purpose {
    const fn key(self) -> &'static str {
        match self {
            Self::Sale(_) => "tap-for-sale",
            Self::Cancel(_) => "tap-for-cancel",
            Self::Enquiry => "tap-for-enquiry",
            Self::Load => "tap-for-load",
            Self::Unload(_) => "tap-for-unload",
        }
    }

    const fn amount(self) -> Option<Amount> {
        match self {
            Self::Sale(amount) | Self::Cancel(amount) => Some(amount),
            Self::Unload(amount) => amount,
            Self::Enquiry | Self::Load => None,
        }
    }

    /// Where one goes on from it: path and key.
    const fn next(self) -> (&'static str, &'static str) {
        match self {
            Self::Sale(_) | Self::Cancel(_) => ("/", "till-next"),
            Self::Enquiry | Self::Load | Self::Unload(_) => ("/card", "desk-card"),
        }
    }
}

/// A receipt on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The terminal's record.
    pub record: u32,
    /// The card, masked.
    pub card: String,
    /// What the card paid, or got back.
    pub amount: Amount,
    /// What is owed online beside.
    pub due: Amount,
    /// What the card holds now.
    pub balance: Amount,
    /// The card had paid at an earlier tap.
    pub is_recovered: bool,
}

/// What a movement in a card's log was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// A load.
    Load,
    /// An unload.
    Unload,
    /// A purchase or passage.
    Debit,
    /// A cancel.
    Cancel,
    /// Something else.
    Other,
}

impl LogKind {
    const fn key(self) -> &'static str {
        match self {
            Self::Load => "log-load",
            Self::Unload => "log-unload",
            Self::Debit => "log-debit",
            Self::Cancel => "log-cancel",
            Self::Other => "log-other",
        }
    }
}

/// One transaction of a card's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When, as the terminal said.
    pub at: Timestamp,
    /// What it was.
    pub kind: LogKind,
    /// How much.
    pub amount: Amount,
    /// Number of the terminal.
    pub terminal: String,
}

/// What a card shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardShown {
    /// Its number.
    pub number: String,
    /// What it holds.
    pub balance: Amount,
    /// Its last day.
    pub valid_until: Timestamp,
    /// Whether it is on the status list.
    pub is_listed: bool,
    /// Its last transactions, newest first.
    pub log: Vec<LogLine>,
}

/// A load or unload that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The card, masked.
    pub card: String,
    /// How much.
    pub amount: Amount,
    /// What the card holds now.
    pub balance: Amount,
    /// The server knows it; else it will be told when there is a network.
    pub is_confirmed: bool,
    /// How many further loads wait for this card.
    pub waiting: usize,
}

/// How far a tap came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The card is not there yet.
    Waiting,
    /// It paid, or got its money back.
    Paid(Paid),
    /// It shows what is on it.
    Shown(CardShown),
    /// It was loaded or unloaded.
    Moved(Moved),
    /// Something went wrong.
    Failed(Trouble),
    /// The cashier put it aside.
    PutAside,
}

/// A tap.
#[derive(Clone, Debug)]
pub struct TapView {
    /// Its name.
    pub id: String,
    /// What for.
    pub purpose: Purpose,
    /// How far it came.
    pub progress: Progress,
    /// Changes when there is something new; `None`: the tap waits for no card.
    pub stamp: Option<u64>,
    /// How the terminal stands.
    pub line: Line,
}

/// `GET /taps/{id}`
#[must_use]
pub fn tap(frame: &Frame, view: &TapView) -> Markup {
    let title = frame.t(view.purpose.key());
    let head = Head { title, place: Place::Till, class: "narrow" };
    let (next, label) = view.purpose.next();
    document(
        frame,
        &head,
        html! {
            (top(frame, &view.line, view.stamp))
            (back(next, frame.t("back")))
            h1 { (title) }
            @if let Some(amount) = view.purpose.amount() { p.order-figure { (figures::amount(frame, amount)) } }
            (progress(frame, view))
            @if view.stamp.is_none() { a.button.button-primary.button-wide href=(next) { (frame.t(label)) } }
        },
    )
}

fn progress(frame: &Frame, view: &TapView) -> Markup {
    match &view.progress {
        Progress::Waiting => html! {
            div.till-word.till-waiting role="status" data-state="waiting" { (icon(Icon::Card)) span { (frame.t("tap-hold")) } }
            a.button.button-wide href={ "/taps/" (view.id) } { (frame.t("refresh")) }
            (step(view, "aside", frame.t("tap-put-aside"), Icon::Cross))
        },
        Progress::Paid(paid) => receipt(frame, view.purpose, paid),
        Progress::Shown(card) => shown(frame, card),
        Progress::Moved(moved) => moved_on_card(frame, moved),
        Progress::Failed(trouble) => failed(frame, view, trouble),
        Progress::PutAside => html! {
            div.till-word role="status" { (icon(Icon::Cross)) span { (frame.t("tap-aside")) } }
            (step(view, "again", frame.t("tap-again"), Icon::Card))
        },
    }
}

/// A button that goes on with the tap: `again`, `aside`.
fn step(view: &TapView, step: &str, label: &str, shape: Icon) -> Markup {
    html! {
        form method="post" action={ "/taps/" (view.id) "/" (step) } {
            button.button.button-wide type="submit" { (icon(shape)) (label) }
        }
    }
}

fn receipt(frame: &Frame, purpose: Purpose, paid: &Paid) -> Markup {
    let word = if matches!(purpose, Purpose::Cancel(_)) { "tap-given-back" } else { "till-paid" };
    let record = paid.record.to_string();
    html! {
        div.till-word.till-paid role="status" {
            (icon(Icon::Check)) span { (frame.t(word)) }
            p { (frame.t("tap-card-holds")) " " (figures::amount(frame, paid.balance)) }
        }
        @if paid.is_recovered { p.hint { (frame.t("tap-recovered")) } }
        section.panel {
            (key_values(&[
                (frame.t("desk-card"), html! { (paid.card) }),
                (frame.t("tap-from-card"), figures::amount(frame, paid.amount)),
                (frame.t("tap-owed"), figures::amount(frame, paid.due)),
                (frame.t("desk-record"), html! { (record) }),
            ]))
        }
        a.button.button-wide href={ "/receipts/" (record) } { (icon(Icon::Print)) (frame.t("receipt-80")) }
    }
}

fn shown(frame: &Frame, card: &CardShown) -> Markup {
    html! {
        @if card.is_listed {
            div.till-word.till-failed role="alert" { (icon(Icon::Alert)) span { (frame.t("tap-listed")) } }
        }
        section.panel {
            p.order-figure { (figures::amount(frame, card.balance)) }
            (key_values(&[
                (frame.t("desk-card-number"), html! { span.id { (card.number) } }),
                (frame.t("desk-valid-until"), when::full(frame, card.valid_until)),
            ]))
        }
        section.panel aria-labelledby="log" {
            h2 id="log" { (frame.t("desk-log")) }
            @if card.log.is_empty() { (empty(frame.t("desk-log-empty"), None)) }
            @else {
                ul.card-log { @for entry in &card.log {
                    li {
                        span { (frame.t(entry.kind.key())) span.cell-note { (when::full(frame, entry.at)) } }
                        span.num { (figures::amount(frame, entry.amount)) span.cell-note { (entry.terminal) } }
                    }
                } }
            }
        }
    }
}

fn moved_on_card(frame: &Frame, moved: &Moved) -> Markup {
    html! {
        div.till-word.till-paid role="status" {
            (icon(Icon::Check)) span { (figures::amount(frame, moved.amount)) }
            p { (frame.t("tap-card-holds")) " " (figures::amount(frame, moved.balance)) }
        }
        p.hint { (moved.card) " · " (frame.t(if moved.is_confirmed { "tap-confirmed" } else { "tap-confirm-later" })) }
        @if moved.waiting > 0 {
            p { (frame.fill("tap-more-loads", &[("count", &moved.waiting.to_string())])) }
        }
    }
}

fn failed(frame: &Frame, view: &TapView, trouble: &Trouble) -> Markup {
    let is_open = trouble.may_have_moved();
    let (class, shape) = if is_open {
        ("till-word till-waiting", Icon::Clock)
    } else {
        ("till-word till-failed", Icon::Cross)
    };
    let word = if is_open { "tap-not-known" } else { "tap-not-taken" };
    html! {
        div class=(class) role="alert" {
            (icon(shape)) span { (frame.t(word)) }
            p { (trouble.words(frame)) }
            p { (frame.t(trouble.advice())) }
        }
        (step(view, "again", frame.t("tap-again"), Icon::Card))
        @if view.stamp.is_some() { a.button.button-wide href=(view.purpose.next().0) { (frame.t("tap-later")) } }
    }
}
