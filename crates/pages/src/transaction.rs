//! One operation in full, its receipt, and for merchants the refund form.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Delta};
use wallet::ids::OperationId;

use crate::activity::{Kind, State};
use crate::components::{Line, Moment, back, badge, key_values, kind_icon, lines, timeline};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary};
use crate::frame::{Frame, Viewer};
use crate::icon::{Icon, icon, mark};
use crate::shell::{Head, Place, document, sheet_page};
use crate::when;

/// Why an operation was declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The wallet held less.
    InsufficientFunds,
    /// The bank said no.
    CardDeclined,
    /// The bank could not be reached.
    BankUnavailable,
    /// More than what was left to refund.
    OverRefund,
    /// More than what was left of the holder's own limit for the day.
    OverDailyLimit,
    /// What it would pay had been paid before.
    PaidBefore,
    /// The bank waits for its customer's word.
    BankAsks,
    /// The customer gave the bank no answer in time.
    BankNotAnswered,
    /// The customer said no to the bank.
    RefusedAtBank,
    /// Another rule.
    Other,
}

impl Reason {
    const fn key(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "reason-insufficient-funds",
            Self::CardDeclined => "reason-card-declined",
            Self::BankUnavailable => "reason-bank-unavailable",
            Self::OverRefund => "reason-over-refund",
            Self::OverDailyLimit => "reason-over-daily-limit",
            Self::PaidBefore => "reason-paid-before",
            Self::BankAsks => "reason-bank-asks",
            Self::BankNotAnswered => "reason-bank-not-answered",
            Self::RefusedAtBank => "reason-refused-at-bank",
            Self::Other => "reason-other",
        }
    }
}

/// One operation in full, as its reader may see it.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The operation.
    pub id: OperationId,
    /// What it does.
    pub kind: Kind,
    /// How far it came.
    pub state: State,
    /// Why it was declined.
    pub reason: Option<Reason>,
    /// What it changes for the reader: positive comes in.
    pub delta: Delta,
    /// Who paid: name, shop or bank card.
    pub payer: String,
    /// Who was paid: name, shop or bank card.
    pub payee: String,
    /// The payer's note, may be empty.
    pub memo: String,
    /// When it began.
    pub at: Timestamp,
    /// The page where the holder's bank waits for an answer.
    pub bank_page: Option<String>,
    /// The payment that a refund gives back.
    pub refund_of: Option<OperationId>,
    /// The refunds of a payment.
    pub refunds: Vec<Line>,
    /// The story so far.
    pub moments: Vec<Moment>,
    /// The refund form, for staff of the merchant while something is left to refund.
    pub refund: Option<Refund>,
    /// The holder's own note and tags; nothing for anybody else.
    pub annotation: Option<Annotation>,
}

/// A holder's private words on an operation.
#[derive(Clone, Debug, Default)]
pub struct Annotation {
    /// The note as typed.
    pub note: String,
    /// The tags, with spaces between them, as typed.
    pub tags: String,
    /// What is wrong: fields `note`, `tags`.
    pub problems: Vec<Problem>,
}

/// The refund form of a sale.
#[derive(Clone, Debug)]
pub struct Refund {
    /// What may still be given back.
    pub left: Amount,
    /// The amount as typed.
    pub amount: String,
    /// The reason as typed.
    pub memo: String,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
    /// What is wrong: fields `amount`, `memo`.
    pub problems: Vec<Problem>,
}

/// The widths of paper a receipt is laid out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paper {
    /// A sheet.
    A4,
    /// The roll of a till printer.
    Roll80,
}

impl Paper {
    /// The word of the query string.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::A4 => "a4",
            Self::Roll80 => "80mm",
        }
    }

    /// The paper with this [`Paper::code`]; A4 for any other word.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        if code == Self::Roll80.code() { Self::Roll80 } else { Self::A4 }
    }
}

/// `GET /transactions/{id}`
#[must_use]
pub fn transaction(frame: &Frame, view: &Transaction) -> Markup {
    let title = frame.t(view.kind.key());
    let place = match frame.viewer {
        Viewer::Merchant { .. } => Place::Sales,
        Viewer::Operator { .. } => Place::Overview,
        Viewer::Holder { .. } | Viewer::Guest | Viewer::Terminal => Place::History,
    };
    let head = Head { title, place, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (way_back(frame))
            h1.visually-hidden { (title) }
            @if let Some(refund) = &view.refund { (error_summary(frame, &refund.problems)) }
            @if let Some(annotation) = &view.annotation { (error_summary(frame, &annotation.problems)) }
            div.detail {
                div.detail-main {
                    (outcome(frame, view))
                    section.panel { (key_values(&facts(frame, view))) }
                    @if let Some(refund) = &view.refund { (refund_form(frame, view, refund)) }
                    @if let Some(annotation) = &view.annotation { (annotation_form(frame, view.id, annotation)) }
                    @if !view.refunds.is_empty() {
                        section.panel { h2 { (frame.t("refunds")) } (lines(frame, &view.refunds)) }
                    }
                }
                div.detail-side {
                    section.panel {
                        h2 { (frame.t("story")) }
                        (timeline(frame, &view.moments))
                    }
                    (print_links(frame, view.id))
                }
            }
        },
    )
}

fn way_back(frame: &Frame) -> Markup {
    match frame.viewer {
        Viewer::Merchant { .. } => back("/merchant", frame.t("nav-sales")),
        Viewer::Operator { .. } => back("/operator", frame.t("nav-overview")),
        Viewer::Holder { .. } | Viewer::Guest | Viewer::Terminal => back("/history", frame.t("nav-history")),
    }
}

/// The figure and the word that stay visible: what a cashier or holder looks for first.
fn outcome(frame: &Frame, view: &Transaction) -> Markup {
    let other = if view.delta.is_negative() { &view.payee } else { &view.payer };
    let refused = matches!(view.state, State::Declined | State::Reversed);
    html! {
        section.panel.outcome {
            span class={ "line-icon kind-" (view.kind.code()) } { (icon(kind_icon(view.kind))) }
            p.outcome-other { (other) }
            p.outcome-figure {
                @if refused { s.muted { (figures::amount(frame, view.delta.magnitude())) } }
                @else { (figures::movement(frame, view.delta)) }
            }
            (badge(frame, view.state))
            @if let Some(reason) = view.reason { p.outcome-reason { (frame.t(reason.key())) } }
            @if let Some(page) = &view.bank_page {
                a.button.button-primary.button-wide href=(page) { (frame.t("continue-at-bank")) }
            }
            @if view.state == State::Unknown && view.reason.is_none() { p.outcome-reason { (frame.t("state-unknown-note")) } }
            @if view.state == State::Held { p.outcome-reason { (frame.t("state-held-note")) } }
        }
    }
}

fn facts<'a>(frame: &'a Frame, view: &Transaction) -> Vec<(&'a str, Markup)> {
    let mut rows = vec![
        (frame.t("kind"), html! { (frame.t(view.kind.key())) }),
        (frame.t("payer"), html! { (view.payer) }),
        (frame.t("payee-name"), html! { (view.payee) }),
        (frame.t("time"), when::full(frame, view.at)),
    ];
    if !view.memo.is_empty() {
        rows.push((frame.t("memo"), html! { (view.memo) }));
    }
    if let Some(payment) = view.refund_of {
        let link = html! { a href={ "/transactions/" (payment) } { (frame.t("show-payment")) } };
        rows.push((frame.t("refund-of"), link));
    }
    rows.push((frame.t("transaction-number"), html! { code.id { (view.id) } }));
    rows
}

fn refund_form(frame: &Frame, view: &Transaction, refund: &Refund) -> Markup {
    let hint = frame.fill("refund-left", &[("left", &figures::text(refund.left))]);
    html! {
        section.panel {
            h2 { (frame.t("refund-title")) }
            (form::form(frame, &format!("/transactions/{}/refund", view.id), Some(&refund.attempt), html! {
                (form::field(frame, &refund.problems, &Field {
                    name: "amount",
                    label: frame.t("refund-amount"),
                    hint: Some(&hint),
                    value: &refund.amount,
                    input: Input::Money,
                    prefix: None,
                    optional: false,
                }))
                (form::field(frame, &refund.problems, &Field {
                    name: "memo",
                    label: frame.t("refund-reason"),
                    hint: None,
                    value: &refund.memo,
                    input: Input::Text,
                    prefix: None,
                    optional: true,
                }))
                button.button.button-danger.button-wide { (icon(Icon::Refund)) (frame.t("refund-now")) }
            }))
        }
    }
}

fn annotation_form(frame: &Frame, id: OperationId, annotation: &Annotation) -> Markup {
    let line = |name, label, hint, value| {
        let field = Field { name, label, hint, value, input: Input::Text, prefix: None, optional: true };
        form::field(frame, &annotation.problems, &field)
    };
    html! {
        section.panel {
            h2 { (frame.t("annotation")) }
            (form::form(frame, &format!("/transactions/{id}/note"), None, html! {
                (line("note", frame.t("annotation-note"), Some(frame.t("annotation-hint")), annotation.note.as_str()))
                (line("tags", frame.t("annotation-tags"), Some(frame.t("annotation-tags-hint")), annotation.tags.as_str()))
                button.button { (frame.t("save")) }
            }))
        }
    }
}

fn print_links(frame: &Frame, id: OperationId) -> Markup {
    html! {
        section.panel.print-links {
            h2 { (frame.t("receipt")) }
            a.button href={ "/transactions/" (id) "/receipt.pdf" } { (icon(Icon::Download)) (frame.t("pdf")) }
            @for (paper, key) in [(Paper::A4, "receipt-a4"), (Paper::Roll80, "receipt-80")] {
                a.button href={ "/transactions/" (id) "/receipt?paper=" (paper.code()) } {
                    (icon(Icon::Print)) (frame.t(key))
                }
            }
            a.button href={ "/transactions/" (id) "/explain" } { (icon(Icon::List)) (frame.t("explain-link")) }
        }
    }
}

/// `GET /transactions/{id}/receipt`: nothing but the receipt, laid out for paper.
#[must_use]
pub fn receipt(frame: &Frame, view: &Transaction, paper: Paper) -> Markup {
    let class = match paper {
        Paper::A4 => "receipt receipt-a4",
        Paper::Roll80 => "receipt receipt-80",
    };
    let origin = format!("/transactions/{}", view.id);
    sheet_page(frame, frame.t("receipt"), &origin, &slip(frame, view, class))
}

fn slip(frame: &Frame, view: &Transaction, class: &str) -> Markup {
    html! {
        article class=(class) {
            header { (mark()) h1 { (frame.t("brand")) } p { (frame.t("receipt")) } }
            p.receipt-figure { (figures::text(view.delta.magnitude())) }
            p.receipt-state { (frame.t(view.state.key())) }
            (key_values(&facts(frame, view)))
            footer { p { (frame.t("receipt-printed")) " " (when::full(frame, frame.now)) } p { (frame.t("receipt-note")) } }
        }
    }
}
