//! Bound bank cards: list and binding.

use maud::{Markup, html};
use wallet::ids::{BankId, CardId};

use crate::components::{back, card_art, empty};
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};

/// A bound bank card. The full number is nowhere: the bank keeps it.
#[derive(Clone, Debug)]
pub struct BankCard {
    /// The card.
    pub id: CardId,
    /// The bank that issued it.
    pub bank: BankId,
    /// The bank's name.
    pub bank_name: String,
    /// The last four digits.
    pub last4: String,
    /// Month and year, `MM/YY`.
    pub expiry: String,
    /// The name on the card.
    pub holder_name: String,
}

impl BankCard {
    /// Bank and last four digits, for lists and selects.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} ••{}", self.bank_name, self.last4)
    }
}

/// The cards of a holder.
#[derive(Clone, Debug)]
pub struct Cards {
    /// The cards, newest first.
    pub cards: Vec<BankCard>,
}

/// The form that binds a card. The number is never rendered back.
#[derive(Clone, Debug, Default)]
pub struct BindCard {
    /// The banks to choose from.
    pub banks: Vec<(BankId, String)>,
    /// The chosen bank.
    pub bank: String,
    /// The name on the card as typed.
    pub holder_name: String,
    /// Month and year as typed.
    pub expiry: String,
    /// What is wrong: fields `bank`, `number`, `expiry`, `holder_name`.
    pub problems: Vec<Problem>,
}

/// `GET /cards`
#[must_use]
pub fn cards(frame: &Frame, view: &Cards) -> Markup {
    let head = Head { title: frame.t("cards-title"), place: Place::Wallet, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back("/home", frame.t("nav-wallet")))
            div.title-row {
                h1 { (head.title) }
                a.button.button-primary href="/cards/new" { (frame.t("card-bind")) }
            }
            @if view.cards.is_empty() {
                (empty(frame.t("cards-empty"), None))
            } @else {
                ul.card-grid {
                    @for card in &view.cards { li { (card_art(frame, card)) (remove(frame, card)) } }
                }
            }
            p.hint { (frame.t("cards-note")) }
        },
    )
}

fn remove(frame: &Frame, card: &BankCard) -> Markup {
    html! {
        details.quiet-details {
            summary { (frame.t("card-remove")) }
            p { (frame.t("card-remove-note")) }
            form method="post" action={ "/cards/" (card.id) "/remove" } {
                (form::hidden(frame))
                button.button.button-danger { (frame.fill("card-remove-this", &[("card", &card.label())])) }
            }
        }
    }
}

/// `GET` and `POST /cards/new`
#[must_use]
pub fn bind(frame: &Frame, view: &BindCard) -> Markup {
    let head = Head { title: frame.t("card-bind"), place: Place::Wallet, class: "narrow" };
    let banks: Vec<Choice<'_>> = view
        .banks
        .iter()
        .map(|(id, name)| Choice { value: id.to_string(), label: name.as_str().into() })
        .collect();
    let text = |name, label, hint, value, input| {
        let field_view = Field { name, label, hint, value, input, prefix: None, optional: false };
        field(frame, &view.problems, &field_view)
    };
    document(
        frame,
        &head,
        html! {
            (back("/cards", frame.t("cards-title")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (form::form(frame, "/cards/new", None, html! {
                @if !banks.is_empty() {
                    (form::select(frame, &view.problems, ("bank", frame.t("card-bank")), &view.bank, &banks))
                }
                (text("number", frame.t("card-number"), Some(frame.t("card-number-hint")), "", Input::CardNumber))
                (text("expiry", frame.t("card-expiry"), Some(frame.t("card-expiry-hint")), &view.expiry, Input::CardExpiry))
                (text("holder_name", frame.t("card-name"), None, &view.holder_name, Input::CardName))
                (form::submit(frame.t("card-bind")))
            }))
            p.hint { (frame.t("card-bind-note")) }
        },
    )
}
