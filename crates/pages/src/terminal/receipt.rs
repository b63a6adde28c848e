//! The receipt of a record, for a roll of 80 mm.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::Outcome;
use crate::components::key_values;
use crate::figures;
use crate::frame::Frame;
use crate::icon::mark;
use crate::shell::sheet_page;
use crate::when;

/// A line of what was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// What, in the reader's language.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// All of them together.
    pub price: Amount,
}

/// What stands on a receipt.
#[derive(Clone, Debug)]
pub struct TerminalReceipt {
    /// What the till is called.
    pub shop: String,
    /// Number of the terminal.
    pub terminal: String,
    /// The record.
    pub record: u32,
    /// The security module's number.
    pub transaction: u32,
    /// When.
    pub at: Timestamp,
    /// The card, masked.
    pub card: String,
    /// Whether the card got the amount back.
    pub is_cancel: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// What was bought, where the till knows.
    pub lines: Vec<Bought>,
    /// What the card paid, or got back.
    pub amount: Amount,
    /// What is owed online beside.
    pub due: Amount,
    /// What the card holds now; `None` where that is not known.
    pub balance: Option<Amount>,
    /// The card's code, where it gave one.
    pub tac: Option<String>,
}

/// `GET /receipts/{record}`
#[must_use]
pub fn receipt(frame: &Frame, view: &TerminalReceipt) -> Markup {
    let title = frame.t(if view.is_cancel { "desk-cancel-receipt" } else { "receipt" });
    sheet_page(frame, title, "/", &slip(frame, view, title))
}

fn slip(frame: &Frame, view: &TerminalReceipt, title: &str) -> Markup {
    let mut rows = vec![
        (frame.t("time"), when::full(frame, view.at)),
        (frame.t("desk-card"), html! { (view.card) }),
        (frame.t("tap-from-card"), html! { (figures::text(view.amount)) }),
    ];
    if view.due.minor() > 0 {
        rows.push((frame.t("tap-owed"), html! { (figures::text(view.due)) }));
    }
    if let Some(balance) = view.balance {
        rows.push((frame.t("tap-card-holds"), html! { (figures::text(balance)) }));
    }
    rows.push((frame.t("desk-terminal"), html! { span.id { (view.terminal) } }));
    rows.push((frame.t("desk-record"), html! { (view.record) " / " (view.transaction) }));
    if let Some(tac) = &view.tac {
        rows.push((frame.t("desk-code"), html! { span.id { (tac) } }));
    }
    let (_, _, state) = view.outcome.face();
    let total = view.amount.checked_add(view.due).unwrap_or(view.amount);
    html! {
        article.receipt.receipt-80 {
            header { (mark()) h1 { (view.shop) } p { (title) } }
            @for bought in &view.lines {
                p.bought { span { (bought.name) " × " (bought.quantity) } span.num { (figures::text(bought.price)) } }
            }
            p.receipt-figure { (figures::text(total)) }
            p.receipt-state { (frame.t(state)) }
            (key_values(&rows))
            footer {
                p { (frame.t("receipt-printed")) " " (when::full(frame, frame.now)) }
                p { (frame.t("desk-receipt-note")) }
            }
        }
    }
}
