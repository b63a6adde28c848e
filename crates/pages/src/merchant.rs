//! The merchant's first page: today's sales, what they sum to, when they came, and each of them.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::OperationId;

use crate::activity::State;
use crate::assets;
use crate::components::{Chart, Point, badge, bars, empty, stat};
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// One sale of the list.
#[derive(Clone, Debug)]
pub struct Sale {
    /// The payment.
    pub id: OperationId,
    /// When.
    pub at: Timestamp,
    /// The payer's masked name.
    pub payer: String,
    /// How far it came.
    pub state: State,
    /// How much was paid.
    pub amount: Amount,
    /// How much of it was given back.
    pub refunded: Amount,
    /// The payer's note, may be empty.
    pub memo: String,
}

/// The merchant's first page.
#[derive(Clone, Debug)]
pub struct MerchantDay {
    /// The shop's name in the reader's language.
    pub shop: String,
    /// Today's completed sales, the sum.
    pub sold: Amount,
    /// How many they are.
    pub sales: u64,
    /// Given back today.
    pub refunded: Amount,
    /// What the shop's account holds now.
    pub balance: Amount,
    /// Minor units sold in each hour of today, `00` to `23`.
    pub hours: Vec<Point>,
    /// The latest sales, newest first.
    pub latest: Vec<Sale>,
    /// The query string of the next, older page.
    pub older: Option<String>,
    /// When the ledger was asked.
    pub as_of: Timestamp,
}

/// `GET /merchant`
#[must_use]
pub fn merchant(frame: &Frame, view: &MerchantDay) -> Markup {
    let head = Head { title: &view.shop, place: Place::Sales, class: "wide" };
    let sales = html! { (figures::count(view.sales)) };
    let refunded = html! { (frame.t("refunded-today")) " " (figures::amount(frame, view.refunded)) };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            div.title-row {
                h1 { (view.shop) }
                p.muted { (frame.t("as-of")) " " (when::clock(frame, view.as_of)) " · " a href="/merchant" { (frame.t("refresh")) } }
            }
            div.stats {
                (stat(frame.t("sold-today"), figures::amount(frame, view.sold), Some(refunded)))
                (stat(frame.t("sales-today"), sales, None))
                (stat(frame.t("shop-balance"), figures::amount(frame, view.balance), Some(html! { (frame.t("shop-balance-note")) })))
            }
            nav.tiles aria-label=(frame.t("shop-office")) {
                a href="/merchant/charge" { (icon(Icon::Scan)) (frame.t("charge-title")) }
                a href="/merchant/settlement" { (icon(Icon::Scale)) (frame.t("settlement")) }
                a href="/merchant/poster" { (icon(Icon::Print)) (frame.t("poster")) }
                a href="/merchant/terminals" { (icon(Icon::Till)) (frame.t("terminals")) }
                a href="/merchant/staff" { (icon(Icon::Person)) (frame.t("staff")) }
                a href="/till/report" { (icon(Icon::Gauge)) (frame.t("till-report")) }
            }
            section.panel {
                (bars(frame, &Chart {
                    title: frame.t("sales-by-hour"),
                    label_name: frame.t("hour"),
                    value_name: frame.t("sold"),
                    currency: Some(view.sold.currency()),
                    points: &view.hours,
                    label_step: 4,
                }))
            }
            section.panel aria-labelledby="sales" {
                h2 id="sales" { (frame.t("latest-sales")) }
                @if view.latest.is_empty() { (empty(frame.t("sales-empty"), None)) }
                @else { (sales_table(frame, view)) }
                nav.pager aria-label=(frame.t("pager")) {
                    @if let Some(older) = &view.older {
                        a.button rel="next" href={ "/merchant" (older) "#sales" } { (frame.t("older")) }
                    }
                }
            }
        },
    )
}

fn sales_table(frame: &Frame, view: &MerchantDay) -> Markup {
    html! {
        table.table.table-cards.sales {
            thead {
                tr {
                    th scope="col" { (frame.t("time")) }
                    th scope="col" { (frame.t("payer")) }
                    th scope="col" { (frame.t("state")) }
                    th.num scope="col" { (frame.t("amount")) }
                    th scope="col" { span.visually-hidden { (frame.t("actions")) } }
                }
            }
            tbody { @for sale in &view.latest { (sale_row(frame, sale)) } }
        }
    }
}

fn sale_row(frame: &Frame, sale: &Sale) -> Markup {
    let given_back = figures::text(sale.refunded);
    let left = sale.amount.checked_sub(sale.refunded).is_ok_and(|left| !left.is_zero());
    html! {
        tr {
            td { (when::short(frame, sale.at)) }
            td { (sale.payer) @if !sale.memo.is_empty() { span.cell-note { (sale.memo) } } }
            td { (badge(frame, sale.state)) }
            td.num {
                (figures::amount(frame, sale.amount))
                @if !sale.refunded.is_zero() { span.cell-note { (frame.fill("refunded-of", &[("amount", &given_back)])) } }
            }
            td.cell-action {
                a.button.button-small href={ "/transactions/" (sale.id) } {
                    @if sale.state == State::Completed && left {
                        (icon(Icon::Refund)) (frame.t("refund"))
                    } @else { (frame.t("details")) }
                }
            }
        }
    }
}
