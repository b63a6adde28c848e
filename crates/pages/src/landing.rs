//! The landing page: of a living town, or of a plain installation.

use maud::{Markup, html};
use money::{Amount, Delta};

use crate::activity::{Kind, State};
use crate::components::kind_icon;
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon, mark};
use crate::shell::{Head, Place as Nav, document};
use crate::sums::{Sum, verdict};
use crate::town::{Bilingual, Place, TownEvent};
use crate::town_map::map;
use crate::when;

/// Whom a one-click log-in makes the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A holder.
    Holder,
    /// The owner of a shop.
    Merchant,
    /// A cashier of a shop.
    Cashier,
    /// The operator.
    Operator,
}

/// A one-click log-in of the town.
#[derive(Clone, Debug)]
pub struct QuickLogin {
    /// The last part of `/town/login/{who}`.
    pub who: String,
    /// Whom it makes the visitor.
    pub role: Role,
    /// The person's or shop's name.
    pub name: Bilingual,
}

/// A place of the town on a site of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutingKind {
    /// A shop on the web.
    WebShop,
    /// The table with card purses, tills and a gate.
    Cards,
    /// Two cards that pay each other.
    TwoCards,
    /// Where the audit log can be tampered with.
    RecordsRoom,
}

impl OutingKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::WebShop, Self::Cards, Self::TwoCards, Self::RecordsRoom];
}

/// Where a visitor of the town can go besides.
#[derive(Clone, Debug)]
pub struct Outing {
    /// What is there.
    pub kind: OutingKind,
    /// The whole address.
    pub address: String,
}

/// The landing page of a living town.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The buildings of the map.
    pub places: Vec<Place>,
    /// The latest events, newest first.
    pub events: Vec<TownEvent>,
    /// The sequence number of the newest event.
    pub latest: u64,
    /// The equation per currency, the main one first.
    pub sums: Vec<Sum>,
    /// The one-click log-ins.
    pub logins: Vec<QuickLogin>,
    /// Where a visitor can go besides.
    pub outings: Vec<Outing>,
    /// How many people live there.
    pub holders: u64,
}

/// How many events the ticker shows.
pub const TICKER_LENGTH: usize = 6;

/// `GET /` of a town
#[must_use]
pub fn landing(frame: &Frame, view: &Landing) -> Markup {
    let head = Head { title: frame.t("town-title"), place: Nav::Elsewhere, class: "town" };
    document(
        frame,
        &head,
        html! {
            div.town-top {
                div.town-words {
                    p.eyebrow { (frame.t("town-eyebrow")) }
                    h1 { (frame.t("town-headline")) }
                    p.lead { (frame.t("town-lead")) }
                    section.panel.town-sums id="sums" aria-label=(frame.t("equation")) { (sums(frame, &view.sums)) }
                    section id="visit" aria-labelledby="visit-title" {
                        h2 id="visit-title" { (frame.t("visit-title")) }
                        (logins(frame, &view.logins))
                    }
                    @if !view.outings.is_empty() {
                        section aria-labelledby="outings-title" {
                            h2 id="outings-title" { (frame.t("outings-title")) }
                            (outings(frame, &view.outings))
                        }
                    }
                }
                div.town-side {
                    figure.town-map id="town" data-live="/town/live.json" data-latest=(view.latest) {
                        (map(frame, &view.places))
                        figcaption { (caption(frame, view)) }
                    }
                    section.panel.town-ticker aria-labelledby="ticker-title" {
                        h2 id="ticker-title" { span.live-dot aria-hidden="true" {} (frame.t("ticker-title")) }
                        ul.ticker id="ticker" { (ticker(frame, &view.places, &view.events)) }
                    }
                }
            }
            (explanation(frame))
        },
    )
}

fn caption(frame: &Frame, view: &Landing) -> String {
    let banks = view.places.iter().filter(|place| place.kind == crate::town::PlaceKind::Bank).count();
    let shops = view.places.len().saturating_sub(banks);
    frame.fill(
        "town-caption",
        &[
            ("banks", &banks.to_string()),
            ("shops", &shops.to_string()),
            ("holders", &figures::count(view.holders)),
        ],
    )
}

/// The verdict and, per currency, both sides of the equation. Also a fragment of the live feed.
#[must_use]
pub fn sums(frame: &Frame, sums: &[Sum]) -> Markup {
    html! {
        (verdict(frame, sums))
        table.town-equation {
            thead {
                tr {
                    th scope="col" { (frame.t("town-issued")) }
                    td aria-hidden="true" {}
                    th.num scope="col" { (frame.t("town-held")) }
                }
            }
            tbody {
                @for sum in sums {
                    tr {
                        td { (figures::amount(frame, sum.float)) }
                        td.equals aria-hidden="true" { (if sum.difference.minor() == 0 { "=" } else { "≠" }) }
                        td.num { (figures::amount(frame, held(sum))) }
                    }
                }
            }
        }
    }
}

/// All that the float stands for, as one figure. Where it is out of range, the wallets alone: the verdict above then shows
/// the difference.
fn held(sum: &Sum) -> Amount {
    let rest = [sum.merchants, sum.escrow, sum.vouchers, sum.card_purses].map(Amount::to_delta);
    let held = rest.into_iter().try_fold(sum.wallets.to_delta(), Delta::checked_add);
    let held = held.and_then(|held| held.checked_add(sum.suspense));
    held.ok().filter(|held| !held.is_negative()).map_or(sum.wallets, Delta::magnitude)
}

/// The items of the ticker. Also a fragment of the live feed.
#[must_use]
pub fn ticker(frame: &Frame, places: &[Place], events: &[TownEvent]) -> Markup {
    html! {
        @for event in events.iter().take(TICKER_LENGTH) {
            li {
                span class={ "line-icon kind-" (event.kind.code()) } { (icon(kind_icon(event.kind))) }
                span.ticker-text { (sentence(frame, places, event)) }
                span.ticker-figure { (figures::amount(frame, event.amount)) }
                span.ticker-time { (when::clock(frame, event.at)) }
            }
        }
    }
}

fn sentence(frame: &Frame, places: &[Place], event: &TownEvent) -> String {
    let place = event.place.as_ref().and_then(|key| places.iter().find(|place| place.key == *key));
    let place = place.map_or("", |place| place.name.get(frame.locale));
    let key = match (event.state, event.kind) {
        (State::Declined | State::Reversed, _) => "event-declined",
        (_, Kind::Payment | Kind::EscrowPayment) if place.is_empty() => "event-payment-elsewhere",
        (_, Kind::Payment | Kind::EscrowPayment) => "event-payment",
        (_, Kind::Refund | Kind::EscrowRefund) => "event-refund",
        (_, Kind::EscrowRelease) => "event-escrow-release",
        (_, Kind::TopUp) => "event-top-up",
        (_, Kind::VoucherSale) => "event-voucher-sale",
        (_, Kind::VoucherRedemption) => "event-voucher-redemption",
        (_, Kind::VoucherReturn) => "event-voucher-return",
        (_, Kind::Withdrawal) => "event-withdrawal",
        (_, Kind::Transfer) => "event-transfer",
        (_, Kind::CardLoad) => "event-card-load",
        (_, Kind::CardUnload | Kind::CardRest | Kind::TransferPurseUnload) => "event-card-unload",
        (_, Kind::CardDue) => "event-card-due",
        (_, Kind::TransferPurseLoad) => "event-card-load",
        (_, Kind::CardTakings) => "event-card-takings",
        (_, Kind::CardReturns) => "event-card-returns",
        (_, Kind::Adjustment) => "event-adjustment",
    };
    frame.fill(key, &[("who", &event.who), ("place", place)])
}

fn logins(frame: &Frame, logins: &[QuickLogin]) -> Markup {
    html! {
        ul.visits {
            @for login in logins {
                @let (shape, key) = match login.role {
                    Role::Holder => (Icon::Wallet, "role-holder"),
                    Role::Merchant => (Icon::Shop, "role-merchant"),
                    Role::Cashier => (Icon::Till, "role-cashier"),
                    Role::Operator => (Icon::Scale, "role-operator"),
                };
                li {
                    form method="post" action={ "/town/login/" (login.who) } {
                        button.visit {
                            (icon(shape))
                            span { strong { (login.name.get(frame.locale)) } span.muted { (frame.t(key)) } }
                        }
                    }
                }
            }
        }
    }
}

fn outings(frame: &Frame, outings: &[Outing]) -> Markup {
    html! {
        ul.visits {
            @for outing in outings {
                @let (shape, name, note) = match outing.kind {
                    OutingKind::WebShop => (Icon::Book, "outing-web-shop", "outing-web-shop-note"),
                    OutingKind::Cards => (Icon::Card, "outing-cards", "outing-cards-note"),
                    OutingKind::TwoCards => (Icon::Swap, "outing-two-cards", "outing-two-cards-note"),
                    OutingKind::RecordsRoom => (Icon::Shield, "outing-records-room", "outing-records-room-note"),
                };
                li {
                    a.visit href=(outing.address) {
                        (icon(shape))
                        span { strong { (frame.t(name)) } span.muted { (frame.t(note)) } }
                    }
                }
            }
        }
    }
}

fn explanation(frame: &Frame) -> Markup {
    let points = [
        (Icon::Scale, "why-ledger", "why-ledger-note"),
        (Icon::Undo, "why-safe", "why-safe-note"),
        (Icon::Bank, "why-one", "why-one-note"),
    ];
    html! {
        ul.why {
            @for (shape, title, note) in points {
                li { (icon(shape)) h3 { (frame.t(title)) } p.muted { (frame.t(note)) } }
            }
        }
        footer.foot { p { (frame.t("foot")) } }
    }
}

/// `GET /` of an installation without a town
#[must_use]
pub fn welcome(frame: &Frame) -> Markup {
    let head = Head { title: frame.t("welcome-title"), place: Nav::Elsewhere, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            div.panel.sign-in {
                div.sign-in-mark { (mark()) }
                h1 { (head.title) }
                p { (frame.t("welcome-note")) }
                a.button.button-primary.button-wide href="/login" { (frame.t("log-in")) }
                a.button.button-wide href="/register" { (frame.t("register")) }
            }
        },
    )
}
