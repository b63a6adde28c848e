use maud::{Markup, html};

use crate::card_purse::{CardPurse, grouped};
use crate::frame::Frame;

/// How many colourways there are; `card-hue-0` and on in the style sheet.
const HUES: u32 = 6;

/// A card purse as a picture: colour from its number, waves where one holds it to a terminal.
pub(crate) fn purse_art(frame: &Frame, purse: &CardPurse) -> Markup {
    let hue = purse.number.chars().filter_map(|digit| digit.to_digit(16)).sum::<u32>() % HUES;
    let label = purse.title(frame);
    let usable = purse.state.is_usable();
    html! {
        svg class={ "card-art card-hue-" (hue) @if !usable { " card-off" } } viewBox="0 0 320 202" role="img" aria-label=(label) {
            rect.card-face width="320" height="202" rx="16" {}
            g.card-lines fill="none" stroke-width="1" {
                @for ring in 0..9_u32 {
                    circle cx=(280 - ring * 5) cy=(20 + ring * 4) r=(24 + ring * 22) {}
                }
            }
            text.card-bank x="22" y="42" { (frame.t("card-purse")) }
            g transform="translate(22 70)" {
                rect.card-chip width="42" height="32" rx="6" {}
                path.card-chip-lines d="M0 11h14v10H0M42 11H28v10h14M14 0v32M28 0v32" fill="none" {}
            }
            path.card-waves d="M276 74a20 20 0 0 1 0 26M284 66a31 31 0 0 1 0 42M292 58a43 43 0 0 1 0 58" fill="none" {}
            text.card-small x="22" y="142" { (grouped(&purse.number)) }
            text.card-small x="22" y="176" { (purse.balance.currency().code()) }
            @if let Some(expiry) = &purse.expiry { text.card-small x="298" y="176" text-anchor="end" { (expiry) } }
            @if !usable {
                rect.card-ribbon y="84" width="320" height="34" {}
                text.card-ribbon-word x="160" y="107" text-anchor="middle" { (frame.t(purse.state.key())) }
            }
        }
    }
}
