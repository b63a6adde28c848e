//! What a card can be held to the reader for besides paying: enquiry, load, unload.

use maud::{Markup, html};
use money::Currency;

use super::{Line, Network, top};
use crate::figures;
use crate::form::{Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// The page of cards.
#[derive(Clone, Debug)]
pub struct CardDesk {
    /// How the terminal stands.
    pub line: Line,
    /// The currency of the cards.
    pub currency: Currency,
    /// The name of the tap that each form of this rendering begins.
    pub taps: [String; 3],
    /// The amount to unload as typed; empty for all.
    pub amount: String,
    /// What is wrong: field `amount`.
    pub problems: Vec<Problem>,
}

/// `GET /card`
#[must_use]
pub fn card(frame: &Frame, view: &CardDesk) -> Markup {
    let head = Head { title: frame.t("desk-card"), place: Place::Wallet, class: "narrow" };
    let [enquiry, load, unload] = &view.taps;
    let label = frame
        .fill("desk-unload-amount", &[("currency", figures::currency_name(frame.locale, view.currency))]);
    let amount = Field {
        name: "amount",
        label: &label,
        hint: Some(frame.t("desk-unload-hint")),
        value: &view.amount,
        input: Input::Money,
        prefix: None,
        optional: true,
    };
    let is_offline = view.line.network != Network::Up;
    document(
        frame,
        &head,
        html! {
            (top(frame, &view.line, None))
            h1 { (frame.t("desk-card")) }
            (error_summary(frame, &view.problems))
            (part("enquiry", frame.t("tap-for-enquiry"), frame.t("desk-enquiry-note"), html! {
                (begin("/card/enquiry", enquiry, html! {
                    button.button.button-primary.button-wide type="submit" { (icon(Icon::Search)) (frame.t("desk-show")) }
                }))
            }))
            @if is_offline { p.hint role="status" { (frame.t("desk-needs-network")) } }
            (part("load", frame.t("tap-for-load"), frame.t("desk-load-note"), html! {
                (begin("/card/load", load, html! {
                    button.button.button-primary.button-wide type="submit" { (icon(Icon::Down)) (frame.t("desk-load-now")) }
                }))
            }))
            (part("unload", frame.t("tap-for-unload"), frame.t("desk-unload-note"), html! {
                (begin("/card/unload", unload, html! {
                    (field(frame, &view.problems, &amount))
                    button.button.button-wide type="submit" { (icon(Icon::Up)) (frame.t("desk-unload-now")) }
                }))
            }))
        },
    )
}

fn part(id: &str, title: &str, note: &str, body: Markup) -> Markup {
    html! {
        section.panel aria-labelledby=(id) { h2 id=(id) { (title) } p.hint { (note) } (body) }
    }
}

fn begin(action: &str, tap: &str, body: Markup) -> Markup {
    html! {
        form.form method="post" action=(action) novalidate data-once="" {
            input type="hidden" name="tap" value=(tap);
            (body)
        }
    }
}
