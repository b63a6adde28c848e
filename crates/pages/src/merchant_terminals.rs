//! The terminals of a merchant, and what they took from card purses.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use crate::assets;
use crate::components::{back, empty};
use crate::control::terminals::{TerminalLine, lists, seen, state};
use crate::figures;
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::when;

/// What clearing paid for one batch of a terminal.
#[derive(Clone, Debug)]
pub struct Takings {
    /// The terminal's label.
    pub terminal: String,
    /// The number of the batch.
    pub batch: u64,
    /// When it was uploaded.
    pub at: Timestamp,
    /// How many records it had, and how many were refused or wait.
    pub records: u64,
    /// Of those, how many were not paid.
    pub unpaid: u64,
    /// What was paid.
    pub paid: Amount,
}

/// The terminals of a merchant.
#[derive(Clone, Debug, Default)]
pub struct MerchantTerminals {
    /// The shop's name.
    pub shop: String,
    /// By label.
    pub terminals: Vec<TerminalLine>,
    /// The latest batches, newest first.
    pub takings: Vec<Takings>,
}

/// `GET /merchant/terminals`
#[must_use]
pub fn terminals(frame: &Frame, view: &MerchantTerminals) -> Markup {
    let head = Head { title: frame.t("terminals"), place: Place::Sales, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/merchant", &view.shop))
            h1 { (head.title) }
            p.muted { (frame.t("terminals-merchant-note")) }
            section.panel aria-label=(head.title) {
                @if view.terminals.is_empty() { (empty(frame.t("terminals-empty-merchant"), None)) }
                @else { (fleet(frame, &view.terminals)) }
            }
            section.panel {
                h2 { (frame.t("card-takings")) }
                p.hint { (frame.t("card-takings-note")) }
                @if view.takings.is_empty() { (empty(frame.t("card-takings-empty"), None)) }
                @else { (takings(frame, &view.takings)) }
            }
            section.panel {
                h2 { (frame.t("terminal-api-key")) }
                p { (frame.t("terminal-api-key-note")) }
                a.button href="/merchant/developer" { (frame.t("nav-developer")) }
            }
        },
    )
}

fn fleet(frame: &Frame, terminals: &[TerminalLine]) -> Markup {
    html! {
        table.table.table-cards {
            thead { tr {
                th scope="col" { (frame.t("terminal")) }
                th scope="col" { (frame.t("terminal-seen")) }
                th.num scope="col" { (frame.t("terminal-batch")) }
                th scope="col" { (frame.t("terminal-lists")) }
                th scope="col" { (frame.t("state")) }
            } }
            tbody { @for terminal in terminals { tr {
                td { (terminal.label) span.cell-note { code { (terminal.id) } } }
                td { (seen(frame, terminal)) }
                td.num { (terminal.last_batch) }
                td { (lists(frame, &terminal.lists)) }
                td { (state(frame, terminal.is_blocked)) }
            } } }
        }
    }
}

fn takings(frame: &Frame, takings: &[Takings]) -> Markup {
    html! {
        table.table.table-cards {
            thead { tr {
                th scope="col" { (frame.t("time")) }
                th scope="col" { (frame.t("terminal")) }
                th scope="col" { (frame.t("card-takings-records")) }
                th.num scope="col" { (frame.t("card-takings-paid")) }
            } }
            tbody { @for batch in takings { tr {
                td { (when::short(frame, batch.at)) }
                td { (batch.terminal) " " span.muted { "#" (batch.batch) } }
                td {
                    (figures::count(batch.records))
                    @if batch.unpaid > 0 {
                        span.cell-note { (frame.fill("card-takings-unpaid", &[("count", &figures::count(batch.unpaid))])) }
                    }
                }
                td.num { (figures::amount(frame, batch.paid)) }
            } } }
        }
    }
}
