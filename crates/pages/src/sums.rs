//! The line that matters most: per currency, the money the banks moved equals the money the wallets hold.

use maud::{Markup, html};
use money::{Amount, Delta};

use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};

/// The equation of one currency.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// The float: what the banks hold for the operator, charges less pay-outs.
    pub float: Amount,
    /// What holders' wallets hold.
    pub wallets: Amount,
    /// What merchants' accounts hold.
    pub merchants: Amount,
    /// What waits in the escrow of orders.
    pub escrow: Amount,
    /// What merchants sold as vouchers and nobody has redeemed yet.
    pub vouchers: Amount,
    /// What stands behind card purses.
    pub card_purses: Amount,
    /// What is attributed to nobody yet, less what was handed out before it came.
    pub suspense: Delta,
    /// Reserved for top-ups that a bank has not confirmed: neither in the float nor in the wallets yet.
    pub coming: Amount,
    /// Reserved for withdrawals that a bank has not confirmed: still in the float and in the wallets.
    pub leaving: Amount,
    /// What is owned less what there is: nothing, or somebody must be woken.
    pub difference: Delta,
}

/// Whether every difference is nothing.
#[must_use]
pub fn balanced(sums: &[Sum]) -> bool {
    sums.iter().all(|sum| sum.difference.minor() == 0)
}

/// One line that says whether all money adds up.
pub(crate) fn verdict(frame: &Frame, sums: &[Sum]) -> Markup {
    let off: Vec<String> = sums
        .iter()
        .filter(|sum| sum.difference.minor() != 0)
        .map(|sum| figures::signed_text(sum.difference))
        .collect();
    html! {
        @if off.is_empty() {
            p.verdict.verdict-ok {
                span.verdict-icon { (icon(Icon::Check)) }
                span { (frame.t("adds-up")) " " strong { "0" } }
            }
        } @else {
            p.verdict.verdict-off role="alert" {
                span.verdict-icon { (icon(Icon::Alert)) }
                span { (frame.t("does-not-add-up")) " " strong { (off.join(" · ")) } }
            }
        }
    }
}

/// The names of the parts, in the order of their columns.
const PARTS: [&str; 8] = [
    "float",
    "in-wallets",
    "in-shops",
    "in-escrow",
    "in-vouchers",
    "in-card-purses",
    "in-suspense",
    "in-flight",
];

/// The equation of each currency as a table. The difference comes first: it must be seen on every screen.
pub(crate) fn equation(frame: &Frame, sums: &[Sum]) -> Markup {
    html! {
        div.table-scroll tabindex="0" role="region" aria-label=(frame.t("equation")) {
            table.table.equation {
                thead {
                    tr {
                        th scope="col" { (frame.t("currency")) }
                        th.num scope="col" { (frame.t("difference")) }
                        @for part in PARTS { th.num scope="col" { (frame.t(part)) } }
                    }
                }
                tbody { @for sum in sums { (row(frame, sum)) } }
            }
        }
    }
}

fn row(frame: &Frame, sum: &Sum) -> Markup {
    let zero = sum.difference.minor() == 0;
    let held = [sum.float, sum.wallets, sum.merchants, sum.escrow, sum.vouchers, sum.card_purses]
        .map(|part| figures::amount(frame, part));
    let rest = [figures::signed_text(sum.suspense), in_flight(*sum)].map(|figure| html! { (figure) });
    let parts = PARTS.iter().zip(held.into_iter().chain(rest));
    html! {
        tr {
            th scope="row" { (sum.float.currency().code()) }
            td.num.is-zero[zero].is-off[!zero] data-label=(frame.t("difference")) {
                (icon(if zero { Icon::Check } else { Icon::Alert })) (figures::signed_text(sum.difference))
            }
            @for (part, figure) in parts { td.num data-label=(frame.t(part)) { (figure) } }
        }
    }
}

/// What is reserved on its way in and out.
fn in_flight(sum: Sum) -> String {
    let coming = figures::signed_text(sum.coming.to_delta());
    let leaving = figures::signed_text(sum.leaving.to_delta().negated());
    match (sum.coming.is_zero(), sum.leaving.is_zero()) {
        (_, true) => coming,
        (true, false) => leaving,
        (false, false) => format!("{coming} {leaving}"),
    }
}
