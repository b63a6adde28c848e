//! Top-up and withdrawal: between a bank card and a wallet, either way.

use maud::{Markup, html};
use money::{Amount, Currency};

use crate::bank_card::BankCard;
use crate::components::{back, card_art, empty};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};

/// Which way the money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the card into the wallet.
    TopUp,
    /// From the wallet to the card.
    Withdrawal,
}

/// The form of a top-up or withdrawal.
#[derive(Clone, Debug)]
pub struct CardMove {
    /// Which way.
    pub direction: Direction,
    /// The cards to choose from.
    pub cards: Vec<BankCard>,
    /// What the wallets hold, the main currency first.
    pub available: Vec<Amount>,
    /// The id of the chosen card.
    pub card: String,
    /// The amount as typed.
    pub amount: String,
    /// The chosen currency's code.
    pub currency: String,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
    /// What is wrong: fields `card`, `amount`, `currency`.
    pub problems: Vec<Problem>,
}

/// Whole units offered as one tap.
const QUICK: [u32; 4] = [50, 100, 200, 500];

/// `GET` and `POST /top-up`, `/withdraw`
#[must_use]
pub fn card_move(frame: &Frame, view: &CardMove) -> Markup {
    let (title, action, note) = match view.direction {
        Direction::TopUp => (frame.t("top-up"), "/top-up", frame.t("top-up-note")),
        Direction::Withdrawal => (frame.t("withdraw"), "/withdraw", frame.t("withdraw-note")),
    };
    let head = Head { title, place: Place::Wallet, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (back("/home", frame.t("nav-wallet")))
            h1 { (title) }
            (error_summary(frame, &view.problems))
            @if view.cards.is_empty() {
                (empty(frame.t("cards-empty"), Some(("/cards/new", frame.t("card-bind")))))
            } @else {
                (form::form(frame, action, Some(&view.attempt), html! {
                    (amount_fields(frame, view))
                    (card_choice(frame, view))
                    (form::submit(title))
                }))
                p.hint { (note) }
            }
            @if view.direction == Direction::TopUp {
                a.button.button-wide href="/redeem" { (frame.t("redeem")) }
            }
        },
    )
}

fn amount_fields(frame: &Frame, view: &CardMove) -> Markup {
    let held = view.available.iter().map(|amount| figures::text(*amount)).collect::<Vec<_>>().join(" · ");
    let hint = frame.fill("amount-available", &[("available", &held)]);
    html! {
        div.amount-row {
            (form::field(frame, &view.problems, &Field {
                name: "amount",
                label: frame.t("amount"),
                hint: Some(&hint),
                value: &view.amount,
                input: Input::Money,
                prefix: None,
                optional: false,
            }))
            (currency_field(frame, &view.problems, &view.currency, &view.available))
        }
        div.quick.needs-script role="group" aria-label=(frame.t("quick-amounts")) {
            @for units in QUICK {
                button.button.quick-amount type="button" data-amount=(units) { (units) }
            }
        }
    }
}

/// The choice of a currency: hidden where there is only one.
pub(crate) fn currency_field(
    frame: &Frame,
    problems: &[Problem],
    chosen: &str,
    available: &[Amount],
) -> Markup {
    let currencies: Vec<Currency> = available.iter().map(|amount| amount.currency()).collect();
    match currencies.as_slice() {
        [only] => html! { input type="hidden" name="currency" value=(only.code()); },
        several => {
            let choices: Vec<Choice<'_>> = several
                .iter()
                .map(|currency| Choice { value: currency.code().to_owned(), label: currency.code().into() })
                .collect();
            form::select(frame, problems, ("currency", frame.t("currency")), chosen, &choices)
        }
    }
}

fn card_choice(frame: &Frame, view: &CardMove) -> Markup {
    let legend = match view.direction {
        Direction::TopUp => frame.t("from-card"),
        Direction::Withdrawal => frame.t("to-card"),
    };
    html! {
        fieldset.card-choice id="card" {
            legend { (legend) }
            @for (index, card) in view.cards.iter().enumerate() {
                @let id = card.id.to_string();
                @let chosen = id == view.card || (view.card.is_empty() && index == 0);
                label {
                    input type="radio" name="card" value=(id) checked[chosen];
                    (card_art(frame, card))
                    span { (card.label()) }
                }
            }
        }
    }
}
