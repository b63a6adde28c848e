//! Card purses of a holder: the list, one purse in full with its load orders and its log, and binding.

mod detail;
mod dues;
pub(crate) mod grade;
mod log;
mod transfer_purse;

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use crate::components::{back, empty, purse_art};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

pub use detail::{LoadOrder, OrderStage, PurseDetail, purse};
pub use dues::{CardDue, DueState};
pub use grade::{CreditGrade, GradeCounts, GradeIndicator, GradeReason, KnownBy, explanation};
pub(crate) use log::log;
pub use log::{Belief, EntryKind, LogEntry};
pub use transfer_purse::{GivenUp, TransferLoad, TransferLoads, transfer_loads};

/// How far a card purse came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurseState {
    /// Made in an issue batch; nobody's yet.
    Made,
    /// Its holder can use it.
    Bound,
    /// Listed as lost.
    Lost,
    /// Listed, because it has been copied.
    Cloned,
    /// Listed, because it spent what nobody loaded.
    Counterfeit,
    /// Its rest was given back; it is over.
    Closed,
}

impl PurseState {
    /// Words, icon and class of the badge: never colour alone.
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Made => ("card-purse-made", Icon::Tag, "badge badge-muted"),
            Self::Bound => ("card-purse-bound", Icon::Check, "badge badge-ok"),
            Self::Lost => ("card-purse-lost", Icon::Stop, "badge badge-warn"),
            Self::Cloned => ("card-purse-cloned", Icon::Alert, "badge badge-danger"),
            Self::Counterfeit => ("card-purse-counterfeit", Icon::Alert, "badge badge-danger"),
            Self::Closed => ("card-purse-closed", Icon::Cross, "badge badge-muted"),
        }
    }

    /// The word of the badge.
    pub(crate) const fn key(self) -> &'static str {
        self.face().0
    }

    /// Whether terminals take it.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Bound)
    }

    /// Whether it is on the status list, and its rest not given back yet.
    #[must_use]
    pub const fn is_listed(self) -> bool {
        matches!(self, Self::Lost | Self::Cloned | Self::Counterfeit)
    }
}

/// The state as a badge.
pub(crate) fn state_badge(frame: &Frame, state: PurseState) -> Markup {
    let (key, shape, class) = state.face();
    html! { span class=(class) { (icon(shape)) (frame.t(key)) } }
}

/// The digits of a card number in groups of four.
pub(crate) fn grouped(number: &str) -> String {
    let digits: Vec<char> = number.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// A card purse as lists show it.
#[derive(Clone, Debug)]
pub struct CardPurse {
    /// The card number, 20 digits.
    pub number: String,
    /// How far it came.
    pub state: PurseState,
    /// What was loaded less what was cleared, as its issuer counts.
    pub balance: Amount,
    /// When a terminal or the host heard from it last.
    pub seen_at: Option<Timestamp>,
    /// Its last month, `MM/YY`.
    pub expiry: Option<String>,
}

impl CardPurse {
    /// The last four digits.
    #[must_use]
    pub fn ending(&self) -> String {
        let from = self.number.len().saturating_sub(4);
        self.number.get(from..).unwrap_or_default().to_owned()
    }

    /// What pages call it.
    #[must_use]
    pub fn title(&self, frame: &Frame) -> String {
        frame.fill("card-purse-of", &[("number", &self.ending())])
    }
}

/// `GET /card-purses`
#[must_use]
pub fn purses(frame: &Frame, purses: &[CardPurse]) -> Markup {
    let head = Head { title: frame.t("card-purses"), place: Place::Wallet, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back("/home", frame.t("nav-wallet")))
            div.title-row {
                h1 { (head.title) }
                a.button.button-primary href="/card-purses/bind" { (frame.t("card-purse-bind")) }
            }
            @if purses.is_empty() {
                (empty(frame.t("card-purses-empty"), Some(("/card-purses/bind", frame.t("card-purse-bind")))))
            } @else {
                ul.card-grid { @for purse in purses { li { (picture(frame, purse)) } } }
                p.hint { (frame.t("card-purse-balance-note")) }
            }
            p.hint { (frame.t("card-purses-what")) }
        },
    )
}

fn picture(frame: &Frame, purse: &CardPurse) -> Markup {
    let href = format!("/card-purses/{}", purse.number);
    html! {
        a.card-link href=(href) { (purse_art(frame, purse)) }
        p.card-caption {
            a href=(href) { (purse.title(frame)) }
            (state_badge(frame, purse.state))
        }
        p.purse-balance { (figures::amount(frame, purse.balance)) " " (as_of(frame, purse)) }
    }
}

/// The moment up to which a balance counts.
fn as_of(frame: &Frame, purse: &CardPurse) -> Markup {
    html! {
        span.muted {
            @match purse.seen_at {
                Some(at) => { (frame.t("as-of")) " " (when::short(frame, at)) }
                None => { (frame.t("card-purse-unseen")) }
            }
        }
    }
}

/// The form that makes a card purse the visitor's own.
#[derive(Clone, Debug, Default)]
pub struct BindPurse {
    /// The card number as typed.
    pub number: String,
    /// What is wrong: fields `number`, `code`.
    pub problems: Vec<Problem>,
}

/// `GET` and `POST /card-purses/bind`
#[must_use]
pub fn bind(frame: &Frame, view: &BindPurse) -> Markup {
    let head = Head { title: frame.t("card-purse-bind"), place: Place::Wallet, class: "narrow" };
    let line = |name, label, hint, value| {
        let hint = Some(hint);
        let field_view =
            Field { name, label, hint, value, input: Input::Text, prefix: None, optional: false };
        field(frame, &view.problems, &field_view)
    };
    document(
        frame,
        &head,
        html! {
            (back("/card-purses", frame.t("card-purses")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (form::form(frame, "/card-purses/bind", None, html! {
                (line("number", frame.t("card-purse-number"), frame.t("card-purse-number-hint"), &view.number))
                (line("code", frame.t("activation-code"), frame.t("activation-code-hint"), ""))
                (form::submit(frame.t("card-purse-bind")))
            }))
            p.hint { (frame.t("card-purse-bind-note")) }
        },
    )
}
