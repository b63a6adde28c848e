//! The contents of a vault: list, item, forms.

use ledger::Timestamp;
use maud::{Markup, html};
use vault::item::{Field as VaultField, Item, Kind};
use vault::words::pick;
use wallet::ids::VaultItemId;

use super::{head, vault_page};
use crate::components::{back, empty, key_values};
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place};
use crate::when;

/// One line of the list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The item.
    pub id: VaultItemId,
    /// What it is; `None` for a profile set.
    pub kind: Option<Kind>,
    /// What the holder calls it.
    pub name: String,
    /// When it last changed.
    pub at: Timestamp,
}

/// The list.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The items shown.
    pub entries: Vec<Entry>,
    /// The one kind that is shown, where it is one.
    pub kind: Option<Kind>,
    /// Whether the newest stand first, rather than by name.
    pub by_date: bool,
}

/// The words for a kind.
const fn kind_key(kind: Option<Kind>) -> &'static str {
    match kind {
        None => "vault-kind-set",
        Some(Kind::Payment) => "vault-kind-payment",
        Some(Kind::Loyalty) => "vault-kind-loyalty",
        Some(Kind::Access) => "vault-kind-access",
        Some(Kind::UserInfo) => "vault-kind-user-info",
        Some(Kind::Address) => "vault-kind-address",
        Some(Kind::Ticket) => "vault-kind-ticket",
        Some(Kind::Receipt) => "vault-kind-receipt",
        Some(Kind::Note) => "vault-kind-note",
    }
}

const fn kind_icon(kind: Option<Kind>) -> Icon {
    match kind {
        None => Icon::Person,
        Some(Kind::Payment) => Icon::Card,
        Some(Kind::Loyalty) => Icon::Shop,
        Some(Kind::Access) => Icon::Shield,
        Some(Kind::UserInfo) => Icon::Person,
        Some(Kind::Address) => Icon::Globe,
        Some(Kind::Ticket) => Icon::Clock,
        Some(Kind::Receipt) => Icon::Print,
        Some(Kind::Note) => Icon::Book,
    }
}

/// The label of a field.
pub(super) const fn field_key(field: VaultField) -> &'static str {
    use VaultField as F;
    match field {
        F::CardName => "vault-field-card-name",
        F::CardNumber => "vault-field-card-number",
        F::CardType => "vault-field-card-type",
        F::CardExpiryMonth => "vault-field-card-month",
        F::CardExpiryYear => "vault-field-card-year",
        F::Organization => "vault-field-organization",
        F::Number => "vault-field-number",
        F::Date => "vault-field-date",
        F::Place => "vault-field-place",
        F::Amount => "vault-field-amount",
        F::Login => "vault-field-login",
        F::Secret => "vault-field-secret",
        F::Url => "vault-field-url",
        F::Prefix => "vault-field-prefix",
        F::FirstName => "vault-field-first-name",
        F::MiddleName => "vault-field-middle-name",
        F::LastName => "vault-field-last-name",
        F::Suffix => "vault-field-suffix",
        F::Phone => "vault-field-phone",
        F::Email => "vault-field-email",
        F::Street1 => "vault-field-street-1",
        F::Street2 => "vault-field-street-2",
        F::Street3 => "vault-field-street-3",
        F::City => "vault-field-city",
        F::Region => "vault-field-region",
        F::PostalCode => "vault-field-postal-code",
        F::Country => "vault-field-country",
    }
}

/// `GET /vault`, while it is open.
#[must_use]
pub fn contents(frame: &Frame, view: &Contents) -> Markup {
    let head = Head { title: frame.t("vault"), place: Place::Me, class: "medium" };
    vault_page(
        frame,
        &head,
        html! {
            div.title-row {
                h1 { (head.title) }
                (form::form(frame, "/vault/lock", None, html! {
                    button.button { (icon(Icon::Shield)) (frame.t("vault-lock")) }
                }))
            }
            p.muted { (frame.t("vault-locks-itself")) }
            (filters(frame, view))
            @if view.entries.is_empty() { (empty(frame.t("vault-empty"), None)) } @else {
                section.panel { ul.lines { @for entry in &view.entries { li { (line(frame, entry)) } } } }
            }
            section.panel {
                h2 { (frame.t("vault-add")) }
                ul.chips.vault-kinds {
                    @for kind in Kind::ALL.map(Some) {
                        li { a href={ "/vault/new?kind=" (kind.map_or("", Kind::code)) } {
                            (icon(kind_icon(kind))) (frame.t(kind_key(kind)))
                        } }
                    }
                    li { a href="/vault/new-set" { (icon(kind_icon(None))) (frame.t(kind_key(None))) } }
                }
            }
            (more(frame))
        },
    )
}

fn more(frame: &Frame) -> Markup {
    html! {
        section.panel {
            h2 { (frame.t("vault-more")) }
            ul.vault-more {
                li { a href="/vault/order-form" { (frame.t("vault-order-form")) } }
                li { a href="/vault/export.xml" { (frame.t("vault-export-ecml")) } }
                li { a href="/vault/export.vcf" { (frame.t("vault-export-vcard")) } }
                li { a href="/vault/passkeys" { (frame.t("vault-passkeys")) } }
                li { a href="/vault/pin" { (frame.t("vault-change-pin")) } }
            }
        }
    }
}

fn filters(frame: &Frame, view: &Contents) -> Markup {
    let chosen = view.kind.map_or("", Kind::code);
    html! {
        form.vault-filter method="get" action="/vault" {
            div.field {
                label for="kind" { (frame.t("vault-show")) }
                div.input.input-select {
                    select id="kind" name="kind" {
                        option value="" selected[chosen.is_empty()] { (frame.t("vault-kind-all")) }
                        @for kind in Kind::ALL {
                            option value=(kind.code()) selected[chosen == kind.code()] { (frame.t(kind_key(Some(kind)))) }
                        }
                    }
                }
            }
            div.field {
                label for="sort" { (frame.t("vault-sort")) }
                div.input.input-select {
                    select id="sort" name="sort" {
                        option value="name" selected[!view.by_date] { (frame.t("vault-sort-name")) }
                        option value="date" selected[view.by_date] { (frame.t("vault-sort-date")) }
                    }
                }
            }
            button.button { (frame.t("vault-apply")) }
        }
    }
}

fn line(frame: &Frame, entry: &Entry) -> Markup {
    html! {
        a.line href={ "/vault/items/" (entry.id) } {
            span.line-icon { (icon(kind_icon(entry.kind))) }
            span.line-text {
                span.line-title { (entry.name) }
                span.line-note { (frame.t(kind_key(entry.kind))) " · " (when::short(frame, entry.at)) }
            }
            span {}
        }
    }
}

/// What is kept under one id.
#[derive(Clone, Debug)]
pub enum Shown {
    /// An item.
    Item(Item),
    /// A profile set with its cards.
    Set {
        /// What the holder calls it.
        name: String,
        /// Its cards that are still there.
        cards: Vec<Entry>,
    },
}

/// One item.
#[derive(Clone, Debug)]
pub struct ItemView {
    /// Its id.
    pub id: VaultItemId,
    /// What it says.
    pub shown: Shown,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// `GET /vault/items/{id}`
#[must_use]
pub fn item(frame: &Frame, view: &ItemView) -> Markup {
    let (kind, name) = match &view.shown {
        Shown::Item(item) => (Some(item.kind), item.name.as_str()),
        Shown::Set { name, .. } => (None, name.as_str()),
    };
    let title = frame.t(kind_key(kind));
    let head = head(title);
    vault_page(
        frame,
        &head,
        html! {
            (back("/vault", frame.t("vault")))
            h1 { (name) }
            p.muted {
                (icon(kind_icon(kind))) " " (title) " · "
                (frame.t("vault-changed")) " " (when::short(frame, view.updated_at))
            }
            @match &view.shown {
                Shown::Item(item) => (item_body(frame, item)),
                Shown::Set { cards, .. } => (set_body(frame, view.id, cards)),
            }
            div.button-row {
                a.button href={ "/vault/items/" (view.id) "/edit" } { (frame.t("vault-edit")) }
                (form::form(frame, &format!("/vault/items/{}/copy", view.id), None, html! {
                    button.button { (frame.t("vault-copy")) }
                }))
                (form::form(frame, &format!("/vault/items/{}/delete", view.id), None, html! {
                    button.button.button-danger { (frame.t("vault-delete")) }
                }))
            }
        },
    )
}

fn item_body(frame: &Frame, item: &Item) -> Markup {
    let rows: Vec<(&str, Markup)> =
        item.fields.iter().map(|(field, value)| (frame.t(field_key(*field)), html! { (value) })).collect();
    let picked = pick(&item.words);
    html! {
        section.panel {
            @if !rows.is_empty() { (key_values(&rows)) }
            @if !item.words.is_empty() { p.vault-words { (item.words) } }
        }
        @if !(picked.numbers.is_empty() && picked.emails.is_empty() && picked.urls.is_empty()) {
            section.panel {
                h2 { (frame.t("vault-picked")) }
                ul.vault-picked {
                    @for number in &picked.numbers { li { (icon(Icon::Till)) span.tabular { (number) } } }
                    @for email in &picked.emails { li { (icon(Icon::Person)) a href={ "mailto:" (email) } { (email) } } }
                    @for url in &picked.urls {
                        li { (icon(Icon::Globe)) a href=(full_url(url)) rel="noopener noreferrer" { (url) } }
                    }
                }
            }
        }
    }
}

/// The scheme that a link without one gets; the other two were asked for when it was picked.
fn full_url(url: &str) -> String {
    if url.to_ascii_lowercase().starts_with("www.") { format!("https://{url}") } else { url.to_owned() }
}

fn set_body(frame: &Frame, id: VaultItemId, cards: &[Entry]) -> Markup {
    html! {
        section.panel {
            @if cards.is_empty() { p.muted { (frame.t("vault-set-empty")) } }
            ul.lines { @for card in cards { li { (line(frame, card)) } } }
        }
        div.button-row {
            a.button.button-primary href={ "/vault/order-form?set=" (id) } { (frame.t("vault-order-form")) }
            a.button href={ "/vault/export.vcf?set=" (id) } { (frame.t("vault-export-vcard")) }
            a.button href={ "/vault/export.xml?set=" (id) } { (frame.t("vault-export-ecml")) }
        }
    }
}

/// The form of an item.
#[derive(Clone, Debug)]
pub struct ItemForm {
    /// The item and the version that is changed; `None` for a new one.
    pub edits: Option<(VaultItemId, u32)>,
    /// What it is.
    pub kind: Kind,
    /// The name as typed.
    pub name: String,
    /// The fields as typed.
    pub fields: Vec<(VaultField, String)>,
    /// The words as typed.
    pub words: String,
    /// What is wrong: `name`, `words`, or the code of a field.
    pub problems: Vec<Problem>,
}

/// `GET /vault/new` and `GET /vault/items/{id}/edit`
#[must_use]
pub fn item_form(frame: &Frame, view: &ItemForm) -> Markup {
    let head = head(frame.t(kind_key(Some(view.kind))));
    let typed = |field: VaultField| {
        view.fields.iter().find(|(other, _)| *other == field).map_or("", |(_, value)| value.as_str())
    };
    let line = |name, label, value, optional| {
        let input = if name == VaultField::Secret.code() { Input::VaultPin } else { Input::Text };
        field(frame, &view.problems, &Field { name, label, hint: None, value, input, prefix: None, optional })
    };
    let (action, cancel) = match view.edits {
        Some((id, _)) => (format!("/vault/items/{id}"), format!("/vault/items/{id}")),
        None => ("/vault/items".to_owned(), "/vault".to_owned()),
    };
    vault_page(
        frame,
        &head,
        html! {
            (back(&cancel, frame.t("change-details")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (form::form(frame, &action, None, html! {
                input type="hidden" name="kind" value=(view.kind.code());
                @if let Some((_, version)) = view.edits { input type="hidden" name="version" value=(version); }
                (line("name", frame.t("vault-name"), &view.name, false))
                @for own in view.kind.fields() { (line(own.code(), frame.t(field_key(*own)), typed(*own), true)) }
                div.field {
                    label for="words" { (frame.t("vault-words")) " " span.muted { (frame.t("form-optional")) } }
                    textarea id="words" name="words" rows="6" autocomplete="off" { (view.words) }
                }
                (form::submit(frame.t("save")))
            }))
        },
    )
}

/// A card that a set may hold.
#[derive(Clone, Debug)]
pub struct Card {
    /// The card.
    pub entry: Entry,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// The form of a profile set.
#[derive(Clone, Debug)]
pub struct SetForm {
    /// The set and the version that is changed; `None` for a new one.
    pub edits: Option<(VaultItemId, u32)>,
    /// The name as typed.
    pub name: String,
    /// The cards to choose from.
    pub cards: Vec<Card>,
    /// What is wrong: `name`, `cards`.
    pub problems: Vec<Problem>,
}

/// `GET /vault/new-set` and `GET /vault/items/{id}/edit`
#[must_use]
pub fn set_form(frame: &Frame, view: &SetForm) -> Markup {
    let head = head(frame.t("vault-kind-set"));
    let name = Field {
        name: "name",
        label: frame.t("vault-name"),
        hint: Some(frame.t("vault-set-hint")),
        value: &view.name,
        input: Input::Text,
        prefix: None,
        optional: false,
    };
    let action = view.edits.map_or("/vault/sets".to_owned(), |(id, _)| format!("/vault/sets/{id}"));
    vault_page(
        frame,
        &head,
        html! {
            (back("/vault", frame.t("vault")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            @if view.cards.is_empty() { (empty(frame.t("vault-set-no-cards"), Some(("/vault", frame.t("vault"))))) } @else {
                (form::form(frame, &action, None, html! {
                    @if let Some((_, version)) = view.edits { input type="hidden" name="version" value=(version); }
                    (field(frame, &view.problems, &name))
                    fieldset.vault-cards id="cards" {
                        legend { (frame.t("vault-set-cards")) }
                        @for card in &view.cards {
                            label {
                                input type="checkbox" name={ "card-" (card.entry.id) } value="1" checked[card.chosen];
                                span { (icon(kind_icon(card.entry.kind))) (card.entry.name) }
                            }
                        }
                    }
                    (form::submit(frame.t("save")))
                }))
            }
        },
    )
}
