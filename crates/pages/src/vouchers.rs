//! Vouchers: the desk that sells them, the slip for the customer, and the page that puts one into a wallet.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Currency};
use wallet::ids::VoucherId;

use crate::assets;
use crate::components::{back, empty, qr};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// How far a voucher came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoucherState {
    /// Whoever has the code may redeem it.
    Sold,
    /// In a wallet.
    Redeemed,
    /// Taken back.
    Returned,
}

impl VoucherState {
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Sold => ("voucher-sold", Icon::Clock, "badge badge-info"),
            Self::Redeemed => ("voucher-redeemed", Icon::Check, "badge badge-ok"),
            Self::Returned => ("voucher-returned", Icon::Undo, "badge badge-muted"),
        }
    }
}

/// One voucher of the shop.
#[derive(Clone, Debug)]
pub struct Voucher {
    /// Which.
    pub id: VoucherId,
    /// When it was sold.
    pub at: Timestamp,
    /// The last four characters of its code.
    pub last_four: String,
    /// What it is worth.
    pub amount: Amount,
    /// How far it came.
    pub state: VoucherState,
    /// Whether the reader may take it back now.
    pub can_return: bool,
}

/// The desk.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The currency of the shop.
    pub currency: Currency,
    /// What the shop has.
    pub available: Amount,
    /// The amount as typed.
    pub amount: String,
    /// The vouchers sold last, newest first.
    pub last: Vec<Voucher>,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What is wrong: fields `amount`, `code`.
    pub problems: Vec<Problem>,
}

/// `GET /till/vouchers`
#[must_use]
pub fn desk(frame: &Frame, view: &Desk) -> Markup {
    let head = Head { title: frame.t("vouchers"), place: Place::Till, class: "medium" };
    let label =
        frame.fill("till-amount", &[("currency", figures::currency_name(frame.locale, view.currency))]);
    let hint = frame.fill("voucher-amount-hint", &[("available", &figures::text(view.available))]);
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/till", frame.t("till")))
            h1 { (head.title) }
            p.muted { (frame.t("voucher-desk-note")) }
            (error_summary(frame, &view.problems))
            (form::form(frame, "/till/vouchers", Some(&view.attempt), html! {
                (field(frame, &view.problems, &Field {
                    name: "amount", label: &label, hint: Some(&hint), value: &view.amount, input: Input::Money,
                    prefix: None, optional: false,
                }))
                (form::submit(frame.t("voucher-sell")))
            }))
            section.panel aria-labelledby="last" {
                h2 id="last" { (frame.t("voucher-last")) }
                @if view.last.is_empty() { (empty(frame.t("vouchers-empty"), None)) } @else { (table(frame, view)) }
            }
        },
    )
}

fn table(frame: &Frame, view: &Desk) -> Markup {
    html! {
        table.table.table-cards {
            thead { tr {
                th scope="col" { (frame.t("time")) }
                th scope="col" { (frame.t("voucher-code")) }
                th scope="col" { (frame.t("state")) }
                th.num scope="col" { (frame.t("amount")) }
                th scope="col" { span.visually-hidden { (frame.t("actions")) } }
            } }
            tbody { @for voucher in &view.last { (row(frame, voucher)) } }
        }
    }
}

fn row(frame: &Frame, voucher: &Voucher) -> Markup {
    let (key, shape, class) = voucher.state.face();
    html! {
        tr {
            td { (when::short(frame, voucher.at)) }
            td { code { "… " (voucher.last_four) } }
            td { span class=(class) { (icon(shape)) (frame.t(key)) } }
            td.num { (figures::amount(frame, voucher.amount)) }
            td.cell-action {
                @if voucher.can_return {
                    (form::form(frame, &format!("/till/vouchers/{}/return", voucher.id), None, html! {
                        button.button.button-small { (icon(Icon::Undo)) (frame.t("voucher-return")) }
                    }))
                }
            }
        }
    }
}

/// A voucher that was sold just now: the only page that has its code.
#[derive(Clone, Debug)]
pub struct Slip {
    /// The shop's name.
    pub shop: String,
    /// What it is worth.
    pub amount: Amount,
    /// The code, as people write it.
    pub code: String,
    /// Where a phone that scans it goes.
    pub address: String,
    /// When it was sold.
    pub at: Timestamp,
}

/// `POST /till/vouchers`
#[must_use]
pub fn slip(frame: &Frame, view: &Slip) -> Markup {
    let head = Head { title: frame.t("voucher"), place: Place::Till, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/till/vouchers", frame.t("vouchers")))
            section.panel.voucher-slip {
                p.muted { (view.shop) }
                h1.order-figure { (figures::amount(frame, view.amount)) }
                div.till-code { (qr(&view.address, frame.t("voucher-scan"))) }
                p.voucher-code { (view.code) }
                p { (frame.t("voucher-how")) }
                p.muted { (when::full(frame, view.at)) }
            }
            p.hint { (frame.t("voucher-once")) }
            button.button.button-primary.button-wide.needs-script type="button" data-print="" {
                (icon(Icon::Print)) (frame.t("print"))
            }
            a.button.button-wide href="/till/vouchers" { (frame.t("voucher-next")) }
        },
    )
}

/// The form that puts a voucher into a wallet.
#[derive(Clone, Debug)]
pub struct Redeem {
    /// The code as typed.
    pub code: String,
    /// The idempotency key of this rendering.
    pub attempt: String,
    /// What is wrong: field `code`.
    pub problems: Vec<Problem>,
}

/// `GET /redeem`
#[must_use]
pub fn redeem(frame: &Frame, view: &Redeem) -> Markup {
    let head = Head { title: frame.t("redeem"), place: Place::Wallet, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (back("/top-up", frame.t("top-up")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (form::form(frame, "/redeem", Some(&view.attempt), html! {
                (field(frame, &view.problems, &Field {
                    name: "code", label: frame.t("voucher-code"), hint: Some(frame.t("redeem-hint")),
                    value: &view.code, input: Input::Text, prefix: None, optional: false,
                }))
                (form::submit(frame.t("redeem-submit")))
            }))
            p.hint { (frame.t("redeem-note")) }
        },
    )
}
