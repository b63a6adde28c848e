//! Bills: what is due, and one bill to pay.

use maud::{Markup, html};
use money::Amount;
use wallet::ids::{BillId, MerchantId, OperationId};

use crate::components::{back, empty, key_values};
use crate::figures;
use crate::form::{self, Problem, error_summary};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// How a bill stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillState {
    /// To be paid; its day has not come.
    Due,
    /// To be paid; its day is over.
    Overdue,
    /// Paid.
    Paid,
    /// Taken back.
    Withdrawn,
}

impl BillState {
    /// Whether it is to be paid.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Due | Self::Overdue)
    }

    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Due => ("bill-due", Icon::Clock, "badge badge-warn"),
            Self::Overdue => ("bill-overdue", Icon::Alert, "badge badge-danger"),
            Self::Paid => ("bill-paid", Icon::Check, "badge badge-ok"),
            Self::Withdrawn => ("bill-withdrawn", Icon::Undo, "badge badge-muted"),
        }
    }
}

fn badge(frame: &Frame, state: BillState) -> Markup {
    let (key, shape, class) = state.face();
    html! { span class=(class) { (icon(shape)) (frame.t(key)) } }
}

/// What a bill is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillKind {
    /// Electricity.
    Electricity,
    /// Gas.
    Gas,
    /// Any other.
    Other,
    /// What the management of a building asks for.
    PropertyFee,
    /// Water.
    Water,
}

impl BillKind {
    const fn key(self) -> &'static str {
        match self {
            Self::Electricity => "bill-electricity",
            Self::Gas => "bill-gas",
            Self::Other => "bill-other",
            Self::PropertyFee => "bill-property-fee",
            Self::Water => "bill-water",
        }
    }
}

/// One bill.
#[derive(Clone, Debug)]
pub struct Bill {
    /// The bill.
    pub id: BillId,
    /// What for.
    pub kind: BillKind,
    /// Who asks.
    pub merchant: MerchantId,
    /// The biller's name.
    pub biller: String,
    /// The holder's number at the biller.
    pub account_number: String,
    /// The time it is for.
    pub period: String,
    /// How much.
    pub amount: Amount,
    /// By when, `YYYY-MM-DD`.
    pub due: String,
    /// How it stands.
    pub state: BillState,
    /// The payment.
    pub operation: Option<OperationId>,
}

/// The bills of a holder.
#[derive(Clone, Debug)]
pub struct Bills {
    /// The most urgent first.
    pub bills: Vec<Bill>,
}

/// One bill, to pay.
#[derive(Clone, Debug)]
pub struct BillPage {
    /// The bill.
    pub bill: Bill,
    /// What would be left of the wallet; nothing where it holds too little.
    pub left: Option<Amount>,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
    /// What is wrong: field `amount`.
    pub problems: Vec<Problem>,
}

/// `GET /bills`
#[must_use]
pub fn list(frame: &Frame, view: &Bills) -> Markup {
    let head = Head { title: frame.t("bills"), place: Place::Pay, class: "medium" };
    let (open, ended): (Vec<&Bill>, Vec<&Bill>) = view.bills.iter().partition(|bill| bill.state.is_open());
    document(
        frame,
        &head,
        html! {
            (back("/pay", frame.t("pay-title")))
            h1 { (head.title) }
            @if open.is_empty() { section.panel { (empty(frame.t("bills-empty"), None)) } }
            @else { section.panel { h2 { (frame.t("bills-open")) } (lines(frame, &open)) } }
            @if !ended.is_empty() { section.panel { h2 { (frame.t("bills-ended")) } (lines(frame, &ended)) } }
        },
    )
}

fn lines(frame: &Frame, bills: &[&Bill]) -> Markup {
    html! {
        ul.lines {
            @for bill in bills {
                li {
                    a.line href={ "/bills/" (bill.id) } {
                        span.line-icon.kind-payment { (icon(Icon::Book)) }
                        span.line-text {
                            span.line-title { (frame.t(bill.kind.key())) " · " (bill.period) }
                            span.line-note { (bill.biller) " · " (frame.fill("bill-until", &[("day", &bill.due)])) }
                            span { (badge(frame, bill.state)) }
                        }
                        span.line-figure { (figures::amount(frame, bill.amount)) }
                    }
                }
            }
        }
    }
}

/// `GET /bills/{id}`
#[must_use]
pub fn bill(frame: &Frame, view: &BillPage) -> Markup {
    let bill = &view.bill;
    let title = frame.t(bill.kind.key());
    let head = Head { title, place: Place::Pay, class: "narrow" };
    let mut rows = vec![
        (frame.t("amount"), html! { strong { (figures::amount(frame, bill.amount)) } }),
        (frame.t("state"), badge(frame, bill.state)),
        (frame.t("bill-biller"), html! { a href={ "/pay/" (bill.merchant) } { (bill.biller) } }),
        (frame.t("bill-account"), html! { code { (bill.account_number) } }),
        (frame.t("bill-period"), html! { (bill.period) }),
        (frame.t("bill-due-day"), html! { (bill.due) }),
    ];
    if let Some(operation) = bill.operation {
        rows.push((
            frame.t("receipt"),
            html! { a href={ "/transactions/" (operation) } { (frame.t("show-payment")) } },
        ));
    }
    if let Some(left) = view.left.filter(|_| bill.state.is_open()) {
        rows.push((frame.t("balance-after"), figures::amount(frame, left)));
    }
    document(
        frame,
        &head,
        html! {
            (back("/bills", frame.t("bills")))
            h1 { (title) }
            (error_summary(frame, &view.problems))
            section.panel { (key_values(&rows)) }
            @if bill.state.is_open() {
                @if view.left.is_some() {
                    (form::form(frame, &format!("/bills/{}/pay", bill.id), Some(&view.attempt), html! {
                        (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(bill.amount))])))
                    }))
                } @else {
                    p.hint { (frame.t("balance-short")) }
                    a.button.button-primary.button-wide href="/top-up" { (frame.t("top-up")) }
                }
            }
        },
    )
}
