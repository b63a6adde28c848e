//! The terminals of a merchant, and what they took from card purses.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Delta;

use crate::assets;
use crate::components::{back, empty};
use crate::control::table_of_rows;
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
            section.panel {
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
    let columns = [
        (frame.t("terminal"), false),
        (frame.t("terminal-seen"), false),
        (frame.t("terminal-batch"), false),
        (frame.t("terminal-lists"), false),
        (frame.t("state"), false),
    ];
    let row = |terminal: &TerminalLine| {
        vec![
            html! { (terminal.label) span.cell-note { code { (terminal.id) } } },
            seen(frame, terminal),
            last_batch(frame, terminal.last_batch),
            lists(frame, &terminal.lists),
            state(frame, terminal.is_blocked),
        ]
    };
    table_of_rows(frame.t("terminals"), &columns, terminals.iter().map(row).collect())
}

fn takings(frame: &Frame, takings: &[Takings]) -> Markup {
    let columns = [
        (frame.t("time"), false),
        (frame.t("terminal"), false),
        (frame.t("card-takings-records"), true),
        (frame.t("card-takings-taken"), true),
    ];
    let row = |batch: &Takings| {
        vec![
            when::short(frame, batch.at),
            html! { (batch.terminal) " " span.muted { "#" (batch.batch) } },
            records(frame, batch),
            html! { (figures::signed_text(batch.taken)) },
        ]
    };
    table_of_rows(frame.t("card-takings"), &columns, takings.iter().map(row).collect())
}

fn records(frame: &Frame, batch: &Takings) -> Markup {
    html! {
        (figures::count(batch.records.into()))
        @match batch.refused {
            None => span.cell-note { (frame.t("card-takings-clearing")) },
            Some(0) => {},
            Some(refused) => span.cell-note {
                (frame.fill("card-takings-refused", &[("count", &figures::count(refused.into()))]))
            },
        }
    }
}
