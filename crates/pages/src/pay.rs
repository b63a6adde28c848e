//! Paying a merchant: directory, amount, confirmation; the receipt is the operation's own page.

use maud::{Markup, html};
use money::Amount;
use wallet::ids::MerchantId;

use crate::bank_card::BankCard;
use crate::card_move::currency_field;
use crate::components::{back, card_art, empty, key_values};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// A merchant of the directory.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The merchant.
    pub id: MerchantId,
    /// Its name in the reader's language.
    pub name: String,
    /// Its other name or what it sells, may be empty.
    pub note: String,
    /// Whether the reader keeps it on top.
    pub favourite: bool,
}

/// The directory.
#[derive(Clone, Debug)]
pub struct Directory {
    /// What was searched for.
    pub search: String,
    /// The merchants found.
    pub shops: Vec<Shop>,
}

/// The form of the amount.
#[derive(Clone, Debug)]
pub struct PayAmount {
    /// Whom.
    pub shop: Shop,
    /// What the wallets hold, the main currency first.
    pub available: Vec<Amount>,
    /// The amount as typed.
    pub amount: String,
    /// The chosen currency's code.
    pub currency: String,
    /// The note as typed.
    pub memo: String,
    /// What one click charges.
    pub one_click: Option<Instrument>,
    /// The idempotency key of this rendering of the form, for one click.
    pub attempt: String,
    /// What is wrong: fields `amount`, `currency`, `memo`.
    pub problems: Vec<Problem>,
}

/// What can be charged.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// `wallet`, or the id of a card.
    pub value: String,
    /// The card; nothing for the wallet.
    pub card: Option<BankCard>,
    /// Whether it can be charged this amount, as far as is known.
    pub usable: bool,
}

impl Instrument {
    fn label(&self, frame: &Frame) -> String {
        self.card.as_ref().map_or_else(|| frame.t("instrument-wallet").to_owned(), BankCard::label)
    }
}

/// The confirmation.
#[derive(Clone, Debug)]
pub struct PayCheck {
    /// Whom.
    pub shop: Shop,
    /// How much.
    pub amount: Amount,
    /// What is left of the wallet afterwards, where it is charged and holds enough.
    pub left: Option<Amount>,
    /// The note.
    pub memo: String,
    /// What can be charged, the holder's choice first.
    pub instruments: Vec<Instrument>,
    /// The chosen instrument's value.
    pub chosen: String,
    /// The most that the holder's own limits allow now.
    pub most: Option<Amount>,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
    /// What is wrong: fields `instrument`, `amount`.
    pub problems: Vec<Problem>,
}

/// `GET /pay`
#[must_use]
pub fn directory(frame: &Frame, view: &Directory) -> Markup {
    let head = Head { title: frame.t("pay-title"), place: Place::Pay, class: "medium" };
    document(
        frame,
        &head,
        html! {
            div.title-row { h1 { (head.title) } a.button href="/orders" { (frame.t("my-orders")) } }
            (community(frame))
            form.search role="search" method="get" action="/pay" {
                label.visually-hidden for="search" { (frame.t("pay-search")) }
                div.input.input-icon {
                    (icon(Icon::Search))
                    input id="search" name="search" type="search" value=(view.search) placeholder=(frame.t("pay-search"))
                        autocomplete="off";
                }
                button.button { (frame.t("search")) }
            }
            @if view.shops.is_empty() {
                (empty(frame.t("pay-none"), Some(("/pay", frame.t("pay-all")))))
            } @else {
                ul.shops {
                    @for shop in &view.shops {
                        li {
                            a.panel.shop href={ "/pay/" (shop.id) } {
                                (shop_mark(shop)) (shop_words(shop))
                                @if shop.favourite {
                                    span.favourite { (icon(Icon::Star)) span.visually-hidden { (frame.t("favourite")) } }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// The ways to the other things one pays for.
fn community(frame: &Frame) -> Markup {
    let entries = [
        ("/bills", Icon::Book, "bills"),
        ("/requests", Icon::People, "requests"),
        ("/board", Icon::Tag, "board"),
    ];
    html! {
        nav.actions.actions-three aria-label=(frame.t("community")) {
            @for (href, shape, key) in entries {
                a href=(href) { span.action-icon { (icon(shape)) } (frame.t(key)) }
            }
        }
    }
}

/// The first character of the name on a coloured ground, as on a shop's flag.
fn shop_mark(shop: &Shop) -> Markup {
    let first = shop.name.chars().next().unwrap_or('·');
    html! { span class={ "shop-mark shop-hue-" (shop.id.bits() % 6) } aria-hidden="true" { (first) } }
}

fn shop_words(shop: &Shop) -> Markup {
    html! {
        span.shop-words {
            strong { (shop.name) }
            @if !shop.note.is_empty() { span.muted { (shop.note) } }
        }
    }
}

/// `GET /pay/{merchant}`
#[must_use]
pub fn amount(frame: &Frame, view: &PayAmount) -> Markup {
    let title = frame.fill("pay-shop", &[("shop", &view.shop.name)]);
    let head = Head { title: &title, place: Place::Pay, class: "narrow" };
    let held = view.available.iter().map(|amount| figures::text(*amount)).collect::<Vec<_>>().join(" · ");
    let hint = frame.fill("amount-available", &[("available", &held)]);
    let line = |name, label, hint, value, input, optional| {
        field(frame, &view.problems, &Field { name, label, hint, value, input, prefix: None, optional })
    };
    document(
        frame,
        &head,
        html! {
            (back("/pay", frame.t("pay-title")))
            div.shop-head { (shop_mark(&view.shop)) h1 { (title) } }
            (favourite_form(frame, &view.shop))
            (error_summary(frame, &view.problems))
            (form::form(frame, &format!("/pay/{}", view.shop.id), None, html! {
                input type="hidden" name="idempotency_key" value=(view.attempt);
                div.amount-row {
                    (line("amount", frame.t("amount"), Some(&hint), &view.amount, Input::Money, false))
                    (currency_field(frame, &view.problems, &view.currency, &view.available))
                }
                (line("memo", frame.t("memo"), Some(frame.t("memo-pay-hint")), &view.memo, Input::Text, true))
                (form::submit(frame.t("continue")))
                @if let Some(instrument) = &view.one_click { (one_click(frame, &view.shop, instrument)) }
            }))
            p { a href={ "/history?shop=" (view.shop.id) } { (frame.t("shop-history")) } }
        },
    )
}

/// Pays without another page, from what the holder has chosen.
fn one_click(frame: &Frame, shop: &Shop, instrument: &Instrument) -> Markup {
    let label = frame.fill("pay-one-click", &[("instrument", &instrument.label(frame))]);
    html! {
        button.button.button-wide type="submit" formaction={ "/pay/" (shop.id) "/confirm" } name="instrument"
            value=(instrument.value) { (icon(Icon::Check)) (label) }
    }
}

fn favourite_form(frame: &Frame, shop: &Shop) -> Markup {
    let (keep, key) = if shop.favourite { ("no", "favourite-end") } else { ("yes", "favourite-make") };
    html! {
        form method="post" action={ "/pay/" (shop.id) "/favourite" } {
            (form::hidden(frame))
            button.button.button-small name="keep" value=(keep) { (icon(Icon::Star)) (frame.t(key)) }
        }
    }
}

/// `POST /pay/{merchant}`
#[must_use]
pub fn check(frame: &Frame, view: &PayCheck) -> Markup {
    let head = Head { title: frame.t("pay-check"), place: Place::Pay, class: "narrow" };
    let mut rows = vec![(frame.t("pay-to"), html! { (view.shop.name) })];
    if let Some(left) = view.left {
        rows.push((frame.t("balance-after"), figures::amount(frame, left)));
    }
    if let Some(most) = view.most {
        rows.push((frame.t("limit-left"), figures::amount(frame, most)));
    }
    if !view.memo.is_empty() {
        rows.push((frame.t("memo"), html! { (view.memo) }));
    }
    let shop = format!("/pay/{}", view.shop.id);
    document(
        frame,
        &head,
        html! {
            (back(&shop, frame.t("change-details")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            div.panel {
                div.pay-figure { (shop_mark(&view.shop)) p { (figures::amount(frame, view.amount)) } }
                (key_values(&rows))
            }
            (form::form(frame, &format!("{shop}/confirm"), Some(&view.attempt), html! {
                input type="hidden" name="amount" value=(view.amount.decimal());
                input type="hidden" name="currency" value=(view.amount.currency().code());
                input type="hidden" name="memo" value=(view.memo);
                (instrument_choice(frame, view))
                (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(view.amount))])))
            }))
        },
    )
}

fn instrument_choice(frame: &Frame, view: &PayCheck) -> Markup {
    html! {
        fieldset.card-choice id="instrument" {
            legend { (frame.t("pay-with")) }
            @for instrument in &view.instruments {
                label {
                    input type="radio" name="instrument" value=(instrument.value)
                        checked[instrument.value == view.chosen] disabled[!instrument.usable];
                    @match &instrument.card {
                        Some(card) => (card_art(frame, card)),
                        None => span.action-icon { (icon(Icon::Wallet)) },
                    }
                    span {
                        (instrument.label(frame))
                        @if !instrument.usable { span.muted { " · " (frame.t("instrument-unusable")) } }
                    }
                }
            }
        }
    }
}
