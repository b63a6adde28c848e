//! The words of documents that are not HTML: receipts and statements on paper.

use ledger::Timestamp;
use money::{Amount, Currency, Delta};

use crate::activity::Kind;
use crate::figures;
use crate::frame::Frame;
use crate::transaction::Transaction;
use crate::when;

/// What stands on a receipt.
#[derive(Clone, Debug)]
pub struct ReceiptWords {
    /// Who issues it.
    pub issuer: String,
    /// What it is.
    pub title: String,
    /// The amount.
    pub figure: String,
    /// How it ended.
    pub state: String,
    /// Names and values.
    pub rows: Vec<(String, String)>,
    /// Small print.
    pub notes: Vec<String>,
}

/// The words of a receipt.
#[must_use]
pub fn receipt(frame: &Frame, view: &Transaction) -> ReceiptWords {
    let row = |key, value: &str| (frame.t(key).to_owned(), value.to_owned());
    let mut rows = vec![
        row("kind", frame.t(view.kind.key())),
        row("payer", &view.payer),
        row("payee-name", &view.payee),
        row("time", &when::on_paper(frame, view.at)),
    ];
    if !view.memo.is_empty() {
        rows.push(row("memo", &view.memo));
    }
    rows.push(row("transaction-number", &view.id.to_string()));
    let printed = format!("{} {}", frame.t("receipt-printed"), when::on_paper(frame, frame.now));
    ReceiptWords {
        issuer: frame.t("brand").to_owned(),
        title: frame.t("receipt").to_owned(),
        figure: figures::text(view.delta.magnitude()),
        state: frame.t(view.state.key()).to_owned(),
        rows,
        notes: vec![printed, frame.t("receipt-note").to_owned()],
    }
}

/// One movement of a statement.
#[derive(Clone, Debug)]
pub struct Movement {
    /// When.
    pub at: Timestamp,
    /// Of what kind.
    pub kind: Kind,
    /// The other side.
    pub other: String,
    /// What for; may be empty.
    pub memo: String,
    /// What it changed.
    pub delta: Delta,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct StatementView {
    /// Whose.
    pub holder: String,
    /// In which currency.
    pub currency: Currency,
    /// The first and last day, `YYYY-MM-DD`; empty for no bound.
    pub days: (String, String),
    /// The balance before the first movement.
    pub opening: Amount,
    /// Oldest first.
    pub movements: Vec<Movement>,
}

/// One row of a statement in words.
#[derive(Clone, Debug)]
pub struct RowWords {
    /// When.
    pub time: String,
    /// What kind.
    pub kind: String,
    /// The other side, and what for.
    pub words: String,
    /// The amount with its sign.
    pub amount: String,
    /// The balance afterwards.
    pub balance: String,
}

/// What stands in a statement.
#[derive(Clone, Debug)]
pub struct StatementWords {
    /// Who issues it.
    pub issuer: String,
    /// What it is.
    pub title: String,
    /// Names and values above the table.
    pub facts: Vec<(String, String)>,
    /// The heads of the columns.
    pub heads: RowWords,
    /// The rows, oldest first.
    pub rows: Vec<RowWords>,
}

/// The words of a statement.
#[must_use]
pub fn statement(frame: &Frame, view: &StatementView) -> StatementWords {
    let mut balance = view.opening.to_delta();
    let mut rows = Vec::with_capacity(view.movements.len());
    for movement in &view.movements {
        balance = balance.checked_add(movement.delta).unwrap_or(balance);
        let memo = if movement.memo.is_empty() { String::new() } else { format!(" · {}", movement.memo) };
        rows.push(RowWords {
            time: when::on_paper(frame, movement.at),
            kind: frame.t(movement.kind.key()).to_owned(),
            words: format!("{}{memo}", movement.other),
            amount: figures::signed_text(movement.delta),
            balance: figures::text(balance.magnitude()),
        });
    }
    let fact = |key, value: String| (frame.t(key).to_owned(), value);
    let (from, until) = &view.days;
    let facts = vec![
        fact("doc-holder", view.holder.clone()),
        fact("doc-period", format!("{from} – {until}")),
        fact("currency", view.currency.code().to_owned()),
        fact("doc-opening", figures::text(view.opening)),
        fact("doc-closing", figures::text(balance.magnitude())),
    ];
    let heads = RowWords {
        time: frame.t("time").to_owned(),
        kind: frame.t("kind").to_owned(),
        words: frame.t("doc-counterparty").to_owned(),
        amount: frame.t("amount").to_owned(),
        balance: frame.t("doc-balance").to_owned(),
    };
    StatementWords {
        issuer: frame.t("brand").to_owned(),
        title: frame.t("doc-statement").to_owned(),
        facts,
        heads,
        rows,
    }
}

/// The foot of a page.
#[must_use]
pub fn foot(frame: &Frame, page: usize, pages: usize) -> String {
    frame.fill("doc-page", &[("page", &page.to_string()), ("pages", &pages.to_string())])
}

/// What to say where no document can be drawn.
#[must_use]
pub fn no_font(frame: &Frame) -> &'static str {
    frame.t("doc-no-font")
}
