//! The terminals of a merchant, and what they took from card purses.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Delta;

use crate::assets;
use crate::components::{back, empty};
use crate::control::terminals::{TerminalLine, last_batch, lists, seen, state};
use crate::figures;
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::when;

/// One batch of a terminal, and what clearing made of it.
#[derive(Clone, Debug)]
pub struct Takings {
    /// The terminal's label.
    pub terminal: String,
    /// The number of the batch.
    pub batch: u32,
    /// When it was uploaded.
    pub at: Timestamp,
    /// How many records it had.
    pub records: u32,
    /// How many were refused; nothing while it is being cleared.
    pub refused: Option<u32>,
    /// What the terminal took, less what it gave back, as it adds up.
    pub taken: Delta,
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
                th scope="col" { (frame.t("terminal-batch")) }
                th scope="col" { (frame.t("terminal-lists")) }
                th scope="col" { (frame.t("state")) }
            } }
            tbody { @for terminal in terminals { tr {
                td { (terminal.label) span.cell-note { code { (terminal.id) } } }
                td { (seen(frame, terminal)) }
                td { (last_batch(frame, terminal.last_batch)) }
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
                th.num scope="col" { (frame.t("card-takings-taken")) }
            } }
            tbody { @for batch in takings { tr {
                td { (when::short(frame, batch.at)) }
                td { (batch.terminal) " " span.muted { "#" (batch.batch) } }
                td {
                    (figures::count(batch.records.into()))
                    @match batch.refused {
                        None => span.cell-note { (frame.t("card-takings-clearing")) },
                        Some(0) => {},
                        Some(refused) => span.cell-note {
                            (frame.fill("card-takings-refused", &[("count", &figures::count(refused.into()))]))
                        },
                    }
                }
                td.num { (figures::signed_text(batch.taken)) }
            } } }
        }
    }
}
