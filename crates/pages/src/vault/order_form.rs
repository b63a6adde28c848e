//! An order form that fills itself in from a profile set, with the names of ECML and the tokens of `autocomplete`.

use maud::{Markup, html};
use vault::ecml::{Part, form_fields};
use vault::profile::Profile;
use wallet::ids::VaultItemId;

use super::items::{Entry, field_key};
use super::{head, vault_page};
use crate::components::back;
use crate::form;
use crate::frame::Frame;

/// The order form of an example shop.
#[derive(Clone, Debug)]
pub struct OrderForm {
    /// The sets to choose from.
    pub sets: Vec<Entry>,
    /// The set that fills the form in; every card where there is none.
    pub chosen: Option<VaultItemId>,
    /// What the form is filled in with.
    pub profile: Profile,
}

/// `GET /vault/order-form`
#[must_use]
pub fn order_form(frame: &Frame, view: &OrderForm) -> Markup {
    let head = head(frame.t("vault-order-form"));
    vault_page(
        frame,
        &head,
        html! {
            (back("/vault", frame.t("vault")))
            h1 { (head.title) }
            p.muted { (frame.t("vault-order-what")) }
            @if !view.sets.is_empty() { (choice(frame, view)) }
            (form::form(frame, "/vault/order-form", None, html! {
                @for part in [Part::ShipTo, Part::BillTo, Part::Payment] { (section(frame, view, part)) }
                (form::submit(frame.t("vault-order-send")))
            }))
        },
    )
}

fn choice(frame: &Frame, view: &OrderForm) -> Markup {
    html! {
        form.vault-filter method="get" action="/vault/order-form" {
            div.field {
                label for="set" { (frame.t("vault-kind-set")) }
                div.input.input-select {
                    select id="set" name="set" {
                        option value="" selected[view.chosen.is_none()] { (frame.t("vault-kind-all")) }
                        @for set in &view.sets {
                            option value=(set.id) selected[view.chosen == Some(set.id)] { (set.name) }
                        }
                    }
                }
            }
            button.button { (frame.t("vault-fill-in")) }
        }
    }
}

fn section(frame: &Frame, view: &OrderForm, part: Part) -> Markup {
    let title = match part {
        Part::ShipTo => frame.t("vault-order-ship"),
        Part::BillTo | Part::ReceiptTo => frame.t("vault-order-bill"),
        Part::Payment => frame.t("vault-order-pay"),
    };
    html! {
        fieldset.panel {
            legend.visually-hidden { (title) }
            h2 { (title) }
            @for asked in form_fields(part) {
                div.field {
                    label for=(asked.ecml) { (frame.t(field_key(asked.field))) }
                    input id=(asked.ecml) name=(asked.ecml) type="text" autocomplete=(asked.autocomplete)
                        value=(view.profile.value(asked.field).unwrap_or_default());
                }
            }
        }
    }
}
