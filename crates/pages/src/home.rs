//! The holder's first page: what is there, what happened, what to do.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use crate::components::{Line, empty, lines};
use crate::figures;
use crate::frame::{Frame, Viewer};
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// One wallet of a holder.
#[derive(Clone, Copy, Debug)]
pub struct Balance {
    /// What can be spent now.
    pub available: Amount,
    /// What waits for a bank: top-ups on their way in and withdrawals on their way out.
    pub in_flight: Amount,
}

/// The holder's first page.
#[derive(Clone, Debug)]
pub struct Home {
    /// One for each currency, the main one first.
    pub balances: Vec<Balance>,
    /// When the ledger was asked.
    pub as_of: Timestamp,
    /// The latest operations, newest first.
    pub recent: Vec<Line>,
    /// How many bank cards are bound.
    pub cards: usize,
    /// What needs the holder's attention.
    pub attention: Attention,
}

/// What needs a holder's attention.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attention {
    /// How many bills are due.
    pub bills: usize,
    /// How many of them are overdue.
    pub overdue: usize,
    /// How many requests for money wait for an answer.
    pub requests: usize,
    /// Whether all spending is stopped.
    pub stopped: bool,
    /// Whether there is less in the wallet than the holder wants to have.
    pub low_balance: bool,
}

/// `GET /home`
#[must_use]
pub fn home(frame: &Frame, view: &Home) -> Markup {
    let head = Head { title: frame.t("nav-wallet"), place: Place::Wallet, class: "home" };
    document(
        frame,
        &head,
        html! {
            div.home-main {
                h1.visually-hidden { (head.title) }
                (balance(frame, view))
                (attention(frame, view.attention))
                (actions(frame))
            }
            section.panel.home-recent aria-labelledby="recent" {
                div.title-row {
                    h2 id="recent" { (frame.t("recent")) }
                    a href="/history" { (frame.t("see-all")) }
                }
                @if view.recent.is_empty() {
                    (empty(frame.t("recent-empty"), Some(("/top-up", frame.t("top-up")))))
                } @else { (lines(frame, &view.recent)) }
            }
            div.stack.home-entries { (cards_entry(frame, view.cards)) (card_purses_entry(frame)) }
        },
    )
}

/// Nothing where nothing needs attention.
fn attention(frame: &Frame, attention: Attention) -> Markup {
    let count = |key, count: usize| {
        frame.fill(key, &[("count", &figures::count(u64::try_from(count).unwrap_or(u64::MAX)))])
    };
    let mut entries: Vec<(&str, Icon, &str, String)> = Vec::new();
    if attention.stopped {
        entries.push(("/lost", Icon::Stop, "tone-danger", frame.t("attention-stopped").to_owned()));
    }
    if attention.overdue > 0 {
        let words = count("attention-overdue", attention.overdue);
        entries.push(("/bills", Icon::Alert, "tone-danger", words));
    }
    if attention.bills > attention.overdue {
        let words = count("attention-bills", attention.bills - attention.overdue);
        entries.push(("/bills", Icon::Book, "tone-warn", words));
    }
    if attention.requests > 0 {
        let words = count("attention-requests", attention.requests);
        entries.push(("/requests", Icon::People, "tone-warn", words));
    }
    if attention.low_balance {
        entries.push(("/top-up", Icon::Wallet, "tone-warn", frame.t("attention-low-balance").to_owned()));
    }
    html! {
        @if !entries.is_empty() {
            nav aria-label=(frame.t("attention")) {
                ul.attention {
                    @for (href, shape, class, words) in &entries {
                        li class=(class) { a href=(href) { (icon(*shape)) span { (words) } } }
                    }
                }
            }
        }
    }
}

fn greeting(frame: &Frame) -> String {
    match &frame.viewer {
        Viewer::Holder { name } | Viewer::Merchant { name } | Viewer::Operator { name } => {
            frame.fill("greeting", &[("name", name)])
        }
        Viewer::Guest | Viewer::Terminal => String::new(),
    }
}

fn balance(frame: &Frame, view: &Home) -> Markup {
    let main = view.balances.first();
    html! {
        section.balance aria-labelledby="balance" {
            (guilloche())
            p.balance-hello { (greeting(frame)) }
            h2.balance-name id="balance" { (frame.t("balance-available")) }
            @if let Some(main) = main {
                p.balance-figure { (figures::amount(frame, main.available)) }
                (in_flight(frame, *main))
            }
            @if view.balances.len() > 1 {
                ul.balance-more {
                    @for more in view.balances.iter().skip(1) {
                        li {
                            span { (figures::currency_name(frame.locale, more.available.currency())) }
                            (figures::amount(frame, more.available))
                        }
                    }
                }
            }
            p.balance-time {
                (frame.t("as-of")) " " (when::clock(frame, view.as_of))
                a href="/home" { (icon(Icon::Undo)) (frame.t("refresh")) }
            }
        }
    }
}

fn in_flight(frame: &Frame, balance: Balance) -> Markup {
    let waiting = figures::text(balance.in_flight);
    html! {
        @if !balance.in_flight.is_zero() {
            p.balance-note { (icon(Icon::Clock)) (frame.fill("balance-in-flight", &[("amount", &waiting)])) }
        }
    }
}

/// Fine lines as on bank notes, behind the balance.
fn guilloche() -> Markup {
    html! {
        svg.guilloche viewBox="0 0 400 220" preserveAspectRatio="xMaxYMid slice" aria-hidden="true" {
            @for ring in 0..14_u32 {
                ellipse cx=(330 - ring * 3) cy=(40 + ring * 5) rx=(30 + ring * 17) ry=(20 + ring * 13) fill="none" {}
            }
        }
    }
}

fn actions(frame: &Frame) -> Markup {
    let entries = [
        ("/scan", Icon::Scan, "scan-title"),
        ("/pay-code", Icon::Code, "pay-code-title"),
        ("/pay", Icon::Shop, "pay"),
        ("/transfer", Icon::Swap, "transfer"),
        ("/top-up", Icon::Down, "top-up"),
        ("/withdraw", Icon::Up, "withdraw"),
    ];
    html! {
        nav.actions aria-label=(frame.t("actions")) {
            @for (href, shape, key) in entries {
                a href=(href) { span.action-icon { (icon(shape)) } (frame.t(key)) }
            }
        }
    }
}

fn card_purses_entry(frame: &Frame) -> Markup {
    html! {
        a.panel.entry href="/card-purses" {
            (icon(Icon::Wallet))
            span { strong { (frame.t("card-purses")) } span.muted { (frame.t("card-purses-entry")) } }
        }
    }
}

fn cards_entry(frame: &Frame, cards: usize) -> Markup {
    let note = match cards {
        0 => frame.t("cards-none").to_owned(),
        count => frame.fill("cards-bound", &[("count", &count.to_string())]),
    };
    html! {
        a.panel.entry href="/cards" {
            (icon(Icon::Card))
            span { strong { (frame.t("cards-title")) } span.muted { (note) } }
        }
    }
}
