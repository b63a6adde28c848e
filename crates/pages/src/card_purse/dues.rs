//! What a wallet owes of sales that a card paid a part of.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::CardPurse;
use crate::figures;
use crate::form;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::when;

/// How far a part came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueState {
    /// Only the terminal says so.
    Unproven,
    /// The wallet owes it.
    Owed,
    /// The wallet has paid it.
    Collected,
    /// The holder said that it was not so.
    Disowned,
}

impl DueState {
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Unproven => ("due-unproven", Icon::Info, "badge badge-info"),
            Self::Owed => ("due-owed", Icon::Clock, "badge badge-warn"),
            Self::Collected => ("due-collected", Icon::Check, "badge badge-ok"),
            Self::Disowned => ("due-disowned", Icon::Cross, "badge badge-muted"),
        }
    }
}

/// The part of a sale that the card did not hold.
#[derive(Clone, Debug)]
pub struct CardDue {
    /// The id, in hexadecimal.
    pub id: String,
    /// How much.
    pub amount: Amount,
    /// Who sold.
    pub place: String,
    /// When.
    pub since: Timestamp,
    /// How far it came.
    pub state: DueState,
}

/// The newest parts of a card, with a question where only its holder can answer.
pub(super) fn dues(frame: &Frame, purse: &CardPurse, dues: &[CardDue]) -> Markup {
    html! {
        @if !dues.is_empty() {
            section.panel aria-labelledby="dues" {
                h2 id="dues" { (frame.t("dues")) }
                p.hint { (frame.t("dues-note")) }
                ul.stack { @for due in dues { li { (line(frame, purse, due)) } } }
            }
        }
    }
}

fn line(frame: &Frame, purse: &CardPurse, due: &CardDue) -> Markup {
    let (key, shape, class) = due.state.face();
    html! {
        p.line-title { (figures::amount(frame, due.amount)) " · " (due.place) }
        p.muted { (when::short(frame, due.since)) }
        p { span class=(class) { (icon(shape)) (frame.t(key)) } }
        @if due.state == DueState::Unproven {
            p { (frame.t("due-question")) }
            form.button-row method="post" action={ "/card-purses/" (purse.number) "/dues/" (due.id) } {
                (form::hidden(frame))
                button.button.button-small name="answer" value="mine" { (frame.t("due-mine")) }
                button.button.button-small name="answer" value="not_mine" { (frame.t("due-not-mine")) }
            }
        }
    }
}
