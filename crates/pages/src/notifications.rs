//! What the reader was told, and what they want to be told.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use crate::components::{back, empty};
use crate::figures;
use crate::form::{self, Field, Input, Problem, field};
use crate::frame::{Frame, Viewer};
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A bill came.
    BillDue,
    /// Somebody answered a post on the board.
    BoardAnswer,
    /// The limits on spending were changed.
    LimitsChanged,
    /// There is less in the wallet than the holder wants to have.
    LowBalance,
    /// Money came.
    MoneyReceived,
    /// Somebody asks for money.
    MoneyRequested,
    /// A payment from a card came to its end.
    PaymentEnded,
    /// Money of a payment came back.
    RefundReceived,
    /// A request was declined.
    RequestDeclined,
    /// A request was paid.
    RequestPaid,
    /// Something about safety.
    Security,
}

impl NoticeKind {
    const fn face(self) -> (&'static str, Icon) {
        match self {
            Self::BillDue => ("told-bill-due", Icon::Book),
            Self::BoardAnswer => ("told-board-answer", Icon::People),
            Self::LimitsChanged => ("told-limits-changed", Icon::Limit),
            Self::LowBalance => ("told-low-balance", Icon::Wallet),
            Self::MoneyReceived => ("told-money-received", Icon::Down),
            Self::MoneyRequested => ("told-money-requested", Icon::Swap),
            Self::PaymentEnded => ("told-payment-ended", Icon::Shop),
            Self::RefundReceived => ("told-refund-received", Icon::Refund),
            Self::RequestDeclined => ("told-request-declined", Icon::Cross),
            Self::RequestPaid => ("told-request-paid", Icon::Check),
            Self::Security => ("told-security", Icon::Alert),
        }
    }

    /// What the settings call it.
    const fn setting_key(self) -> &'static str {
        match self {
            Self::BillDue => "tell-bill-due",
            Self::BoardAnswer => "tell-board-answer",
            Self::LowBalance => "tell-low-balance",
            Self::MoneyReceived => "tell-money-received",
            Self::RequestDeclined => "tell-request-declined",
            _ => "tell-request-paid",
        }
    }
}

/// One notification.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it is about.
    pub kind: NoticeKind,
    /// Who did it; may be empty.
    pub actor: String,
    /// How much, where it is about money.
    pub amount: Option<Amount>,
    /// When.
    pub at: Timestamp,
    /// Whether it was not read before.
    pub fresh: bool,
    /// The page about it.
    pub href: Option<String>,
}

/// The notifications of a principal.
#[derive(Clone, Debug)]
pub struct Notifications {
    /// Newest first.
    pub told: Vec<Told>,
    /// The place of the newest, for "read".
    pub newest: i64,
    /// What a holder may choose; nothing for others.
    pub choices: Option<Choices>,
}

/// What a holder wants to be told.
#[derive(Clone, Debug)]
pub struct Choices {
    /// Each kind with the word of the form, and whether it is wanted.
    pub kinds: Vec<(NoticeKind, &'static str, bool)>,
    /// The balance below which to warn, as typed.
    pub low_balance: String,
    /// What is wrong: field `warn_below`.
    pub problems: Vec<Problem>,
}

/// `GET /notifications`
#[must_use]
pub fn notifications(frame: &Frame, view: &Notifications) -> Markup {
    let head = Head { title: frame.t("notifications"), place: Place::Me, class: "narrow" };
    let home = match frame.viewer {
        Viewer::Holder { .. } | Viewer::Guest => ("/home", frame.t("nav-wallet")),
        _ => ("/settings", frame.t("nav-me")),
    };
    document(
        frame,
        &head,
        html! {
            (back(home.0, home.1))
            div.title-row {
                h1 { (head.title) }
                @if view.told.iter().any(|told| told.fresh) {
                    form method="post" action="/notifications/read" {
                        (form::hidden(frame))
                        input type="hidden" name="newest" value=(view.newest);
                        button.button { (icon(Icon::Check)) (frame.t("notifications-read")) }
                    }
                }
            }
            section.panel {
                @if view.told.is_empty() { (empty(frame.t("notifications-empty"), None)) }
                @else { ul.lines { @for told in &view.told { li { (line(frame, told)) } } } }
            }
            @if let Some(choices) = &view.choices {
                section.panel { h2 { (frame.t("notifications-choose")) } (choice_form(frame, choices)) }
            }
        },
    )
}

fn line(frame: &Frame, told: &Told) -> Markup {
    let (key, shape) = told.kind.face();
    let amount = told.amount.map(figures::text).unwrap_or_default();
    let words = frame.fill(key, &[("actor", &told.actor), ("amount", &amount)]);
    let body = html! {
        span.line-icon { (icon(shape)) }
        span.line-text {
            span.line-title { (words) }
            span.line-note { (when::short(frame, told.at)) }
            @if told.fresh { span { span class="badge badge-info" { (frame.t("notification-new")) } } }
        }
    };
    html! {
        @match &told.href {
            Some(href) => a.line href=(href) { (body) },
            None => div.line { (body) },
        }
    }
}

fn choice_form(frame: &Frame, choices: &Choices) -> Markup {
    html! {
        (form::form(frame, "/notifications/choices", None, html! {
            @for (kind, code, wanted) in &choices.kinds {
                label.check {
                    input type="checkbox" name=(code) value="yes" checked[*wanted];
                    span { (frame.t(kind.setting_key())) }
                }
            }
            (field(frame, &choices.problems, &Field {
                name: "warn_below",
                label: frame.t("low-balance"),
                hint: Some(frame.t("low-balance-hint")),
                value: &choices.low_balance,
                input: Input::Text,
                prefix: None,
                optional: true,
            }))
            button.button { (frame.t("save")) }
        }))
    }
}
