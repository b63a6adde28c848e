use maud::{Markup, html};

use crate::bank_card::{BankCard, CardState};
use crate::frame::Frame;

/// How many colourways there are; `card-hue-0` and on in the style sheet.
const HUES: u128 = 6;

/// A bank card as a picture: colour and guilloche from the bank's id.
pub(crate) fn card_art(frame: &Frame, card: &BankCard) -> Markup {
    let hue = card.bank.bits() % HUES;
    let label = frame.fill("card-label-of", &[("bank", &card.bank_name), ("last4", &card.last4)]);
    let usable = card.state == CardState::Valid;
    html! {
        svg class={ "card-art card-hue-" (hue) @if !usable { " card-off" } } viewBox="0 0 320 202" role="img" aria-label=(label) {
            rect.card-face width="320" height="202" rx="16" {}
            g.card-lines fill="none" stroke-width="1" {
                @for ring in 0..9_u32 {
                    ellipse cx=(236 + ring * 4) cy="196" rx=(40 + ring * 26) ry=(24 + ring * 21) {}
                }
            }
            text.card-bank x="22" y="42" { (card.bank_name) }
            g transform="translate(22 70)" {
                rect.card-chip width="42" height="32" rx="6" {}
                path.card-chip-lines d="M0 11h14v10H0M42 11H28v10h14M14 0v32M28 0v32" fill="none" {}
            }
            text.card-number x="22" y="142" { "•••• •••• •••• " (card.last4) }
            text.card-small x="22" y="176" { (card.holder_name) }
            text.card-small x="298" y="176" text-anchor="end" { (card.expiry) }
            @if !card.brand.is_empty() { text.card-small x="298" y="92" text-anchor="end" { (card.brand) } }
            @if !usable {
                rect.card-ribbon y="84" width="320" height="34" {}
                text.card-ribbon-word x="160" y="107" text-anchor="middle" { (frame.t(card.state.key())) }
            }
        }
    }
}
