//! What is sold at a till: items with how many of each, and an amount from the keypad.

use maud::{Markup, html};
use money::{Amount, Currency};

use crate::figures;
use crate::form::{Field, Input, Problem, field};
use crate::frame::Frame;

/// An item with how many of it were typed.
pub(crate) struct BasketLine<'a> {
    /// The name of its field.
    pub(crate) field: String,
    /// Its name in the reader's language.
    pub(crate) name: &'a str,
    /// The price of one.
    pub(crate) price: Amount,
    /// How many.
    pub(crate) quantity: u32,
}

/// The items as a grid of counters.
pub(crate) fn basket<'a>(frame: &Frame, lines: impl Iterator<Item = BasketLine<'a>>) -> Markup {
    html! {
        div.item-grid {
            @for BasketLine { field, name, price, quantity } in lines {
                div.item {
                    label for=(field) { (name) }
                    span.item-price { (figures::amount(frame, price)) }
                    div.item-step data-price=(price.minor()) {
                        button.needs-script type="button" data-by="-1" aria-label={ "− " (name) } { "−" }
                        input id=(field) name=(field) type="number" min="0" max="999" inputmode="numeric" value=(quantity);
                        button.needs-script type="button" data-by="1" aria-label={ "+ " (name) } { "+" }
                    }
                }
            }
        }
    }
}

/// The keys of the keypad, in reading order; the key that erases comes last.
const KEYS: [&str; 11] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0"];

/// The field `amount` with its keypad, and the sum of both.
pub(crate) fn amount_to_take(
    frame: &Frame,
    problems: &[Problem],
    (currency, value): (Currency, &str),
) -> Markup {
    let label = frame.fill("till-amount", &[("currency", figures::currency_name(frame.locale, currency))]);
    let amount = Field {
        name: "amount",
        label: &label,
        hint: Some(frame.t("till-amount-hint")),
        value,
        input: Input::Money,
        prefix: None,
        optional: true,
    };
    html! {
        div.till-amount { (field(frame, problems, &amount)) }
        div.keypad.needs-script {
            @for key in KEYS { button type="button" data-key=(key) { (key) } }
            button type="button" data-key="" aria-label=(frame.t("till-erase")) { "⌫" }
        }
        p.till-total aria-live="polite" data-label=(frame.t("till-total")) {}
    }
}
