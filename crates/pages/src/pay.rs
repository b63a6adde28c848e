//! Paying a merchant: directory, amount, confirmation; the receipt is the operation's own page.

use maud::{Markup, html};
use money::Amount;
use wallet::ids::MerchantId;

use crate::card_move::currency_field;
use crate::components::{back, empty, key_values};
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
    /// What is wrong: fields `amount`, `currency`, `memo`.
    pub problems: Vec<Problem>,
}

/// The confirmation.
#[derive(Clone, Debug)]
pub struct PayCheck {
    /// Whom.
    pub shop: Shop,
    /// How much.
    pub amount: Amount,
    /// What is left afterwards.
    pub left: Amount,
    /// The note.
    pub memo: String,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
}

/// `GET /pay`
#[must_use]
pub fn directory(frame: &Frame, view: &Directory) -> Markup {
    let head = Head { title: frame.t("pay-title"), place: Place::Pay, class: "medium" };
    document(
        frame,
        &head,
        html! {
            h1 { (head.title) }
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
                        li { a.panel.shop href={ "/pay/" (shop.id) } { (shop_mark(shop)) (shop_words(shop)) } }
                    }
                }
            }
        },
    )
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
            (error_summary(frame, &view.problems))
            (form::form(frame, &format!("/pay/{}", view.shop.id), None, html! {
                div.amount-row {
                    (line("amount", frame.t("amount"), Some(&hint), &view.amount, Input::Money, false))
                    (currency_field(frame, &view.problems, &view.currency, &view.available))
                }
                (line("memo", frame.t("memo"), Some(frame.t("memo-pay-hint")), &view.memo, Input::Text, true))
                (form::submit(frame.t("continue")))
            }))
        },
    )
}

/// `POST /pay/{merchant}`
#[must_use]
pub fn check(frame: &Frame, view: &PayCheck) -> Markup {
    let head = Head { title: frame.t("pay-check"), place: Place::Pay, class: "narrow" };
    let mut rows = vec![
        (frame.t("pay-to"), html! { (view.shop.name) }),
        (frame.t("balance-after"), figures::amount(frame, view.left)),
    ];
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
            div.panel {
                div.pay-figure { (shop_mark(&view.shop)) p { (figures::amount(frame, view.amount)) } }
                (key_values(&rows))
            }
            (form::form(frame, &format!("{shop}/confirm"), Some(&view.attempt), html! {
                input type="hidden" name="amount" value=(view.amount.decimal());
                input type="hidden" name="currency" value=(view.amount.currency().code());
                input type="hidden" name="memo" value=(view.memo);
                (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(view.amount))])))
            }))
        },
    )
}
