//! Bound bank cards: the list in three views, one card in full, and binding.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::{BankId, CardId};

use crate::components::{back, card_art, empty, key_values};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// Whether a card can be used, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// It can be used.
    Valid,
    /// Its last month is over.
    Expired,
    /// Its holder has frozen it.
    Frozen,
    /// The bank has stopped it for now.
    Stopped,
    /// The bank has put it on the black list.
    Blacklisted,
    /// The bank has withdrawn it.
    Revoked,
}

impl CardState {
    /// Words, icon and class of the badge: never colour alone.
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Valid => ("card-state-valid", Icon::Check, "badge badge-ok"),
            Self::Expired => ("card-state-expired", Icon::Clock, "badge badge-muted"),
            Self::Frozen => ("card-state-frozen", Icon::Freeze, "badge badge-info"),
            Self::Stopped => ("card-state-stopped", Icon::Freeze, "badge badge-warn"),
            Self::Blacklisted => ("card-state-blacklisted", Icon::Alert, "badge badge-danger"),
            Self::Revoked => ("card-state-revoked", Icon::Cross, "badge badge-danger"),
        }
    }

    /// The word of the badge.
    pub(crate) const fn key(self) -> &'static str {
        self.face().0
    }

    const fn explanation(self) -> Option<&'static str> {
        match self {
            Self::Valid => None,
            Self::Expired => Some("card-state-expired-note"),
            Self::Frozen => Some("card-state-frozen-note"),
            Self::Stopped => Some("card-state-stopped-note"),
            Self::Blacklisted => Some("card-state-blacklisted-note"),
            Self::Revoked => Some("card-state-revoked-note"),
        }
    }
}

/// A bound bank card. The full number is nowhere: the bank keeps it.
#[derive(Clone, Debug)]
pub struct BankCard {
    /// The card.
    pub id: CardId,
    /// The bank that issued it.
    pub bank: BankId,
    /// The bank's name.
    pub bank_name: String,
    /// The scheme, as it writes itself; may be empty.
    pub brand: &'static str,
    /// The last four digits.
    pub last4: String,
    /// What the holder calls it; may be empty.
    pub name: String,
    /// Month and year, `MM/YY`.
    pub expiry: String,
    /// The name on the card.
    pub holder_name: String,
    /// Whether it can be used.
    pub state: CardState,
    /// When it was bound.
    pub bound_at: Timestamp,
    /// Whether one-click payment charges it.
    pub is_default: bool,
}

impl BankCard {
    /// The holder's name for it or the bank, and the last four digits: for lists and selects.
    #[must_use]
    pub fn label(&self) -> String {
        let name = if self.name.is_empty() { &self.bank_name } else { &self.name };
        format!("{name} ••{}", self.last4)
    }
}

/// How the list of cards is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardsView {
    /// Drawn cards.
    Pictures,
    /// Every detail as text.
    Details,
    /// Small icons in rows.
    Icons,
}

impl CardsView {
    /// All of them, in the order of the switch.
    pub const ALL: [Self; 3] = [Self::Pictures, Self::Details, Self::Icons];

    /// The word of the form.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pictures => "pictures",
            Self::Details => "details",
            Self::Icons => "icons",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Pictures => "cards-view-pictures",
            Self::Details => "cards-view-details",
            Self::Icons => "cards-view-icons",
        }
    }

    const fn shape(self) -> Icon {
        match self {
            Self::Pictures => Icon::Card,
            Self::Details => Icon::Book,
            Self::Icons => Icon::List,
        }
    }
}

/// The cards of a holder.
#[derive(Clone, Debug)]
pub struct Cards {
    /// How they are shown.
    pub view: CardsView,
    /// The cards, oldest first.
    pub cards: Vec<BankCard>,
}

/// One card in full.
#[derive(Clone, Debug)]
pub struct CardDetail {
    /// The card.
    pub card: BankCard,
    /// What the bank said that there is behind it, just now.
    pub balance: Option<Amount>,
    /// What is wrong: fields `label`, `card`.
    pub problems: Vec<Problem>,
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
    /// The holder's own name for it as typed.
    pub label: String,
    /// What is wrong: fields `bank`, `number`, `expiry`, `holder_name`.
    pub problems: Vec<Problem>,
}

/// A card's state: colour, icon and word.
fn state_badge(frame: &Frame, state: CardState) -> Markup {
    let (key, shape, class) = state.face();
    html! { span class=(class) { (icon(shape)) (frame.t(key)) } }
}

fn default_badge(frame: &Frame, card: &BankCard) -> Markup {
    html! { @if card.is_default { span class="badge badge-muted" { (icon(Icon::Star)) (frame.t("card-default")) } } }
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
                (view_switch(frame, view.view))
                @match view.view {
                    CardsView::Pictures => (pictures(frame, &view.cards)),
                    CardsView::Details => (details(frame, &view.cards)),
                    CardsView::Icons => (icons(frame, &view.cards)),
                }
            }
            p.hint { (frame.t("cards-note")) }
            a.panel.entry href="/card-purses" {
                (icon(Icon::Wallet))
                span { strong { (frame.t("card-purses")) } span.muted { (frame.t("card-purses-entry")) } }
            }
            a.panel.entry href="/lost" {
                (icon(Icon::Stop))
                span { strong { (frame.t("lost-title")) } span.muted { (frame.t("lost-entry")) } }
            }
        },
    )
}

fn view_switch(frame: &Frame, current: CardsView) -> Markup {
    html! {
        form.segments method="post" action="/cards/view" aria-label=(frame.t("cards-view")) {
            (form::hidden(frame))
            @for view in CardsView::ALL {
                button.segment name="view" value=(view.code())
                    aria-pressed=(if view == current { "true" } else { "false" }) {
                    (icon(view.shape())) " " (frame.t(view.key()))
                }
            }
        }
    }
}

fn pictures(frame: &Frame, cards: &[BankCard]) -> Markup {
    html! {
        ul.card-grid {
            @for card in cards {
                li {
                    a.card-link href={ "/cards/" (card.id) } { (card_art(frame, card)) }
                    p.card-caption {
                        a href={ "/cards/" (card.id) } { (card.label()) }
                        (state_badge(frame, card.state))
                        (default_badge(frame, card))
                    }
                }
            }
        }
    }
}

fn details(frame: &Frame, cards: &[BankCard]) -> Markup {
    html! {
        ul.stack {
            @for card in cards {
                li.panel {
                    div.title-row {
                        h2 { a href={ "/cards/" (card.id) } { (card.label()) } }
                        span.badges { (state_badge(frame, card.state)) (default_badge(frame, card)) }
                    }
                    (key_values(&facts(frame, card)))
                }
            }
        }
    }
}

fn icons(frame: &Frame, cards: &[BankCard]) -> Markup {
    html! {
        section.panel {
            ul.lines {
                @for card in cards {
                    li {
                        a.line href={ "/cards/" (card.id) } {
                            span class={ "line-icon card-icon card-hue-" (card.bank.bits() % 6) } { (icon(Icon::Card)) }
                            span.line-text {
                                span.line-title { (card.label()) }
                                span.line-note { (card.expiry) }
                            }
                            span.badges { (state_badge(frame, card.state)) (default_badge(frame, card)) }
                        }
                    }
                }
            }
        }
    }
}

fn facts<'a>(frame: &'a Frame, card: &BankCard) -> Vec<(&'a str, Markup)> {
    let mut rows = vec![
        (frame.t("card-bank"), html! { (card.bank_name) }),
        (frame.t("card-number"), html! { span.num { "•••• •••• •••• " (card.last4) } }),
        (frame.t("card-expiry"), html! { span.num { (card.expiry) } }),
        (frame.t("card-name"), html! { (card.holder_name) }),
        (frame.t("card-bound-at"), when::full(frame, card.bound_at)),
    ];
    if !card.brand.is_empty() {
        rows.insert(1, (frame.t("card-brand"), html! { (card.brand) }));
    }
    rows
}

/// `GET /cards/{card}`
#[must_use]
pub fn card(frame: &Frame, view: &CardDetail) -> Markup {
    let card = &view.card;
    let title = card.label();
    let head = Head { title: &title, place: Place::Wallet, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back("/cards", frame.t("cards-title")))
            div.title-row { h1 { (title) } span.badges { (state_badge(frame, card.state)) (default_badge(frame, card)) } }
            (error_summary(frame, &view.problems))
            @if let Some(key) = card.state.explanation() { p.hint { (frame.t(key)) } }
            div.detail {
                div.detail-main {
                    div.card-large { (card_art(frame, card)) }
                    section.panel { (key_values(&facts(frame, card))) }
                    p { a href={ "/history?card=" (card.id) } { (frame.t("card-history")) } }
                }
                div.detail-side {
                    (balance_enquiry(frame, view))
                    (naming(frame, view))
                    (switches(frame, card))
                    (remove(frame, card))
                }
            }
        },
    )
}

fn balance_enquiry(frame: &Frame, view: &CardDetail) -> Markup {
    html! {
        section.panel {
            h2 { (frame.t("card-balance")) }
            @if let Some(balance) = view.balance {
                p.stat-figure { (figures::amount(frame, balance)) }
                p.hint { (frame.t("as-of")) " " (when::clock(frame, frame.now)) }
            }
            form method="post" action={ "/cards/" (view.card.id) "/balance" } {
                (form::hidden(frame))
                button.button { (icon(Icon::Bank)) (frame.t("card-balance-ask")) }
            }
        }
    }
}

fn naming(frame: &Frame, view: &CardDetail) -> Markup {
    html! {
        section.panel {
            h2 { (frame.t("card-label")) }
            (form::form(frame, &format!("/cards/{}/label", view.card.id), None, html! {
                (field(frame, &view.problems, &Field {
                    name: "label",
                    label: frame.t("card-label-name"),
                    hint: Some(frame.t("card-label-hint")),
                    value: &view.card.name,
                    input: Input::Text,
                    prefix: None,
                    optional: true,
                }))
                button.button { (frame.t("save")) }
            }))
        }
    }
}

fn switches(frame: &Frame, card: &BankCard) -> Markup {
    let frozen = card.state == CardState::Frozen;
    let (action, key) = if frozen { ("unfreeze", "card-unfreeze") } else { ("freeze", "card-freeze") };
    html! {
        section.panel.stack {
            form method="post" action={ "/cards/" (card.id) "/" (action) } {
                (form::hidden(frame))
                button.button.button-wide { (icon(Icon::Freeze)) (frame.t(key)) }
            }
            form method="post" action="/pay-with" {
                (form::hidden(frame))
                @if card.is_default {
                    button.button.button-wide name="instrument" value="wallet" {
                        (icon(Icon::Wallet)) (frame.t("card-default-end"))
                    }
                } @else {
                    button.button.button-wide name="instrument" value=(card.id) {
                        (icon(Icon::Star)) (frame.t("card-default-make"))
                    }
                }
            }
        }
    }
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
                (field(frame, &view.problems, &Field {
                    name: "label",
                    label: frame.t("card-label-name"),
                    hint: Some(frame.t("card-label-hint")),
                    value: &view.label,
                    input: Input::Text,
                    prefix: None,
                    optional: true,
                }))
                (form::submit(frame.t("card-bind")))
            }))
            p.hint { (frame.t("card-bind-note")) }
        },
    )
}
