//! The pages of a terminal for card purses, which works without the server: till, tap, gate, card, report, state.
//!
//! What every one of them shows is the line: whether there is a network, and what that means for the next sale.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use crate::assets;
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};

pub mod card;
pub mod counter;
pub mod gate;
pub mod items;
pub mod receipt;
pub mod report;
pub mod state;
pub mod tap;
mod trouble;

pub use trouble::Trouble;

/// Whether the server can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It answered just now.
    Up,
    /// It does not answer.
    Unreachable,
    /// The till was told to work without it.
    Off,
}

impl Network {
    const fn key(self) -> &'static str {
        match self {
            Self::Up => "line-up",
            Self::Unreachable => "line-unreachable",
            Self::Off => "line-off",
        }
    }
}

/// How the terminal stands.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whether the server can be reached.
    pub network: Network,
    /// How many records the issuer has not got.
    pub waiting: u64,
    /// When the oldest of them was made.
    pub waiting_since: Option<Timestamp>,
    /// Version of the status list; 0 before the first.
    pub status_version: u32,
    /// How old the status list is, in seconds.
    pub status_age_seconds: Option<u64>,
    /// The most that a sale may be now.
    pub most: Option<Amount>,
    /// Why nothing can be sold now.
    pub trouble: Option<Trouble>,
}

/// The line on top of every page; `terminal.js` renews it.
#[must_use]
pub fn line(frame: &Frame, line: &Line) -> Markup {
    let class = match line.network {
        Network::Up => "badge badge-ok",
        Network::Unreachable => "badge badge-warn",
        Network::Off => "badge badge-muted",
    };
    let shape = if line.network == Network::Up { Icon::Check } else { Icon::Cross };
    let waiting = frame.fill("line-waiting", &[("count", &figures::count(line.waiting))]);
    html! {
        p.line-state {
            span class=(class) data-network=(line.network.key()) { (icon(shape)) (frame.t(line.network.key())) }
            span data-waiting=(line.waiting) { (waiting) }
            span { (status_list(frame, line)) }
            @if let Some(most) = line.most {
                span { (frame.fill("line-most", &[("amount", &figures::text(most))])) }
            }
        }
        @if let Some(trouble) = &line.trouble {
            p.line-trouble role="alert" { (icon(Icon::Alert)) span {
                (trouble.words(frame)) " " (frame.t(trouble.advice())) } }
        }
    }
}

fn status_list(frame: &Frame, line: &Line) -> String {
    match line.status_age_seconds {
        None => frame.t("line-no-list").to_owned(),
        Some(seconds) => {
            let age = age(frame, seconds);
            frame.fill("line-list", &[("version", &line.status_version.to_string()), ("age", &age)])
        }
    }
}

/// An age in minutes, hours or days.
fn age(frame: &Frame, seconds: u64) -> String {
    let (key, count) = match seconds {
        0..3_600 => ("age-minutes", seconds / 60),
        3_600..172_800 => ("age-hours", seconds / 3_600),
        _ => ("age-days", seconds / 86_400),
    };
    frame.fill(key, &[("count", &figures::count(count))])
}

/// What every page of a terminal loads, and its line. `stamp` changes when the page has something new to say; `None`: only
/// its line is renewed.
fn top(frame: &Frame, state: &Line, stamp: Option<u64>) -> Markup {
    html! {
        (assets::merchant_style())
        link rel="stylesheet" href=(assets::TERMINAL_STYLE.path);
        script type="module" src=(assets::TERMINAL_SCRIPT.path) {}
        @if stamp.is_some() { noscript { meta http-equiv="refresh" content="2"; } }
        div.terminal-line data-line="" data-stamp=[stamp] { (line(frame, state)) }
    }
}

/// A card's number as people may see it: its last four digits.
#[must_use]
pub fn masked(number: &str) -> String {
    let digits = number.chars().count();
    let last: String = number.chars().skip(digits.saturating_sub(4)).collect();
    format!("••{last}")
}

/// What became of a debit or cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The card did it.
    Done,
    /// Not known; its card can still tell.
    Open,
    /// Not known, and its card cannot tell any more: clearing decides.
    MovedOn,
    /// It did not happen.
    NotDone,
    /// It was given back.
    Cancelled,
    /// It may have been given back.
    CancelOpen,
}

impl Outcome {
    /// Class, icon and key of the badge.
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Done => ("badge badge-ok", Icon::Check, "outcome-done"),
            Self::Open => ("badge badge-warn", Icon::Clock, "outcome-open"),
            Self::MovedOn => ("badge badge-warn", Icon::Alert, "outcome-moved-on"),
            Self::NotDone => ("badge badge-muted", Icon::Cross, "outcome-not-done"),
            Self::Cancelled => ("badge badge-muted", Icon::Undo, "outcome-cancelled"),
            Self::CancelOpen => ("badge badge-warn", Icon::Clock, "outcome-cancel-open"),
        }
    }

    fn badge(self, frame: &Frame) -> Markup {
        let (class, shape, key) = self.face();
        html! { span class=(class) { (icon(shape)) (frame.t(key)) } }
    }
}

/// What the issuer said about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has not got it.
    Waiting,
    /// It has it.
    Received,
    /// It does not pay for it; the code of its receipt.
    NotPaid(u8),
}

impl Answer {
    const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "answer-waiting",
            Self::Received => "answer-received",
            Self::NotPaid(reason) => not_paid_key(reason),
        }
    }
}

/// The refusals of a batch receipt (docs/spec/card-messages.md).
pub(crate) const fn not_paid_key(reason: u8) -> &'static str {
    match reason {
        0x10 => "answer-malformed",
        0x11 => "answer-other-terminal",
        0x12 => "answer-unknown-card",
        0x13 => "answer-key",
        0x14 => "answer-wrong-code",
        0x15 => "answer-other-content",
        0x16 => "answer-kind",
        0x17 => "answer-card-closed",
        0x18 => "answer-wrong-split-code",
        _ => "answer-not-paid",
    }
}
