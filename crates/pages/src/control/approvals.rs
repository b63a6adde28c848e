//! Approvals by two people: what waits, what was decided, and the form of a correction.

use ledger::Timestamp;
use maud::{Markup, html};

use super::table_of_rows;
use crate::card_purse::grouped;
use crate::components::empty;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::when;

/// What two people decide, in words.
#[derive(Clone, Debug)]
pub enum What {
    /// Correct a balance: whose, by how much, whether they get it.
    Correct {
        /// Whose.
        party: String,
        /// By how much.
        amount: String,
        /// Whether the party gets it.
        to_party: bool,
    },
    /// Admit a merchant, by name.
    Admit(String),
    /// Close a merchant, by name.
    Close(String),
    /// Switch on a rule: name and version.
    SwitchOn(String, u32),
    /// Give back the rest of a card: its number, and who has it.
    RefundCard(String, String),
}

/// How far an approval came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The second person has not decided.
    Waiting,
    /// Approved and carried out.
    Executed,
    /// Refused.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Approved, but a rule or the ledger refused it.
    Failed,
}

impl Stage {
    const fn badge(self) -> (&'static str, &'static str) {
        match self {
            Self::Waiting => ("badge badge-info", "approval-waiting"),
            Self::Executed => ("badge badge-ok", "approval-executed"),
            Self::Rejected => ("badge badge-danger", "approval-rejected"),
            Self::Expired => ("badge badge-muted", "approval-expired"),
            Self::Failed => ("badge badge-warn", "approval-failed"),
        }
    }
}

/// One approval.
#[derive(Clone, Debug)]
pub struct ApprovalLine {
    /// The id, in hexadecimal.
    pub id: String,
    /// What is to be done.
    pub what: What,
    /// How far it came.
    pub stage: Stage,
    /// Who asked.
    pub maker: String,
    /// Why.
    pub maker_reason: String,
    /// Who decided; empty where nobody did.
    pub checker: String,
    /// Why.
    pub checker_reason: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// Until when somebody must decide.
    pub expires_at: Timestamp,
    /// Whether the viewer asked for it, and therefore may only withdraw it.
    pub own: bool,
}

/// The approvals, and the form of a correction as typed.
#[derive(Clone, Debug, Default)]
pub struct Approvals {
    /// What waits.
    pub waiting: Vec<ApprovalLine>,
    /// What was decided, newest first.
    pub decided: Vec<ApprovalLine>,
    /// Whose balance: a login name, a merchant's code, or a bank's code.
    pub party: String,
    /// The code of the kind of party.
    pub kind: String,
    /// Which way, as a code.
    pub direction: String,
    /// The amount as typed.
    pub amount: String,
    /// The currency's code.
    pub currency: String,
    /// The currencies to choose from.
    pub currencies: Vec<String>,
    /// The reason as typed.
    pub reason: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// `GET /operator/approvals`
#[must_use]
pub fn approvals(frame: &Frame, view: &Approvals) -> Markup {
    let head = Head { title: frame.t("approvals"), place: Place::Approvals, class: "wide" };
    document(
        frame,
        &head,
        html! {
            h1 { (head.title) }
            p.hint { (frame.t("approvals-how")) }
            (error_summary(frame, &view.problems))
            @if view.waiting.is_empty() {
                section.panel { (empty(frame.t("approvals-empty"), None)) }
            }
            @for line in &view.waiting { (waiting(frame, line)) }
            section.panel { h2 { (frame.t("correction")) } (correction(frame, view)) }
            section.panel {
                h2 { (frame.t("approvals-decided")) }
                @if view.decided.is_empty() { p.muted { (frame.t("risk-none-decided")) } }
                @else { (decided(frame, &view.decided)) }
            }
        },
    )
}

fn words(frame: &Frame, what: &What) -> String {
    match what {
        What::Correct { party, amount, to_party: true } => {
            frame.fill("what-credit", &[("party", party), ("amount", amount)])
        }
        What::Correct { party, amount, to_party: false } => {
            frame.fill("what-debit", &[("party", party), ("amount", amount)])
        }
        What::Admit(name) => frame.fill("what-admit", &[("name", name)]),
        What::Close(name) => frame.fill("what-close", &[("name", name)]),
        What::SwitchOn(name, version) => {
            frame.fill("what-switch-on", &[("name", name), ("version", &version.to_string())])
        }
        What::RefundCard(number, holder) => {
            frame.fill("what-refund-card", &[("number", &grouped(number)), ("name", holder)])
        }
    }
}

fn waiting(frame: &Frame, line: &ApprovalLine) -> Markup {
    html! {
        section.panel.held {
            div.held-head {
                p.held-figure { (words(frame, &line.what)) }
                p { (frame.t("approval-by")) " " strong { (line.maker) } ": " (line.maker_reason) }
                p.muted {
                    (when::short(frame, line.at)) " · " (frame.t("risk-deadline")) " " (when::short(frame, line.expires_at))
                }
            }
            form.decide-form method="post" action={ "/operator/approvals/" (line.id) } {
                (form::hidden(frame))
                label {
                    (frame.t("risk-reason"))
                    input name="reason" type="text" maxlength="140" required autocomplete="off";
                }
                div.buttons {
                    @if line.own {
                        button.button name="choice" value="reject" { (frame.t("approval-withdraw")) }
                        span.muted { (frame.t("approval-own")) }
                    } @else {
                        button.button.button-primary name="choice" value="approve" { (frame.t("approval-approve")) }
                        button.button.button-danger name="choice" value="reject" { (frame.t("approval-reject")) }
                    }
                }
            }
        }
    }
}

fn correction(frame: &Frame, view: &Approvals) -> Markup {
    let choice = |value: &str, label: &'static str| Choice { value: value.to_owned(), label: label.into() };
    let kinds = [
        choice("holder", frame.t("list-holder")),
        choice("merchant", frame.t("list-merchant")),
        choice("bank", frame.t("bank")),
    ];
    let directions =
        [choice("to", frame.t("correction-credit")), choice("from", frame.t("correction-debit"))];
    let currencies: Vec<Choice<'_>> = view
        .currencies
        .iter()
        .map(|code| Choice { value: code.clone(), label: code.as_str().into() })
        .collect();
    let line = |name, label, hint, value, input| {
        field(
            frame,
            &view.problems,
            &Field { name, label, hint, value, input, prefix: None, optional: false },
        )
    };
    form::form(
        frame,
        "/operator/approvals",
        None,
        html! {
            p.hint { (frame.t("correction-note")) }
            div.form-columns {
                (select(frame, &view.problems, ("kind", frame.t("kind")), &view.kind, &kinds))
                (line("party", frame.t("correction-party"), Some(frame.t("correction-party-hint")), &view.party, Input::Text))
                (select(frame, &view.problems, ("direction", frame.t("correction-direction")), &view.direction, &directions))
                (line("amount", frame.t("amount"), None, &view.amount, Input::Money))
                (select(frame, &view.problems, ("currency", frame.t("currency")), &view.currency, &currencies))
            }
            (line("reason", frame.t("approval-reason"), None, &view.reason, Input::Text))
            (form::submit(frame.t("approval-ask")))
        },
    )
}

fn decided(frame: &Frame, lines: &[ApprovalLine]) -> Markup {
    let columns = [
        (frame.t("time"), false),
        (frame.t("approval-what"), false),
        (frame.t("state"), false),
        (frame.t("approval-by"), false),
        (frame.t("approval-checker"), false),
    ];
    let row = |line: &ApprovalLine| {
        let (class, key) = line.stage.badge();
        vec![
            when::short(frame, line.at),
            html! { (words(frame, &line.what)) },
            html! { span class=(class) { (frame.t(key)) } },
            html! { (line.maker) span.cell-note { (line.maker_reason) } },
            html! { (line.checker) span.cell-note { (line.checker_reason) } },
        ]
    };
    table_of_rows(frame.t("approvals-decided"), &columns, lines.iter().map(row).collect())
}
