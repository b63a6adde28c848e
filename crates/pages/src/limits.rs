//! The holder's own limits on spending, and the stop of everything.

use ledger::Timestamp;
use maud::{Markup, html};
use money::{Amount, Currency};

use crate::components::{back, key_values};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// The limits of one wallet.
#[derive(Clone, Debug)]
pub struct WalletLimits {
    /// In which currency.
    pub currency: Currency,
    /// With one operation.
    pub single: Option<Amount>,
    /// In one day.
    pub daily: Option<Amount>,
    /// What may still be spent today.
    pub left_today: Option<Amount>,
    /// The single and daily limit that will hold from that moment on.
    pub raised: Option<(Option<Amount>, Option<Amount>, Timestamp)>,
}

/// The limits of a holder.
#[derive(Clone, Debug)]
pub struct Limits {
    /// One for each wallet.
    pub wallets: Vec<WalletLimits>,
    /// Which wallet's form was sent, and what was typed for single and daily, where something is wrong with it.
    pub typed: Option<(Currency, String, String)>,
    /// What is wrong: fields `single`, `daily`.
    pub problems: Vec<Problem>,
}

/// The stop of everything.
#[derive(Clone, Debug)]
pub struct Lost {
    /// Since when everything is stopped.
    pub stopped_at: Option<Timestamp>,
    /// What is wrong: field `password`.
    pub problems: Vec<Problem>,
}

/// `GET` and `POST /limits`
#[must_use]
pub fn limits(frame: &Frame, view: &Limits) -> Markup {
    let head = Head { title: frame.t("limits"), place: Place::Me, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (back("/settings", frame.t("nav-me")))
            h1 { (head.title) }
            p.hint { (frame.t("limits-note")) }
            (error_summary(frame, &view.problems))
            @for wallet in &view.wallets { (wallet_limits(frame, view, wallet)) }
        },
    )
}

fn wallet_limits(frame: &Frame, view: &Limits, wallet: &WalletLimits) -> Markup {
    let say = |limit: Option<Amount>| match limit {
        Some(limit) => figures::amount(frame, limit),
        None => html! { (frame.t("limit-none")) },
    };
    let mut rows =
        vec![(frame.t("limit-single"), say(wallet.single)), (frame.t("limit-daily"), say(wallet.daily))];
    if wallet.daily.is_some() {
        rows.push((frame.t("limit-left-today"), html! { strong { (say(wallet.left_today)) } }));
    }
    if let Some((single, daily, from)) = wallet.raised {
        rows.push((frame.t("limit-raised-from"), when::full(frame, from)));
        rows.push((frame.t("limit-raised-to"), html! { (say(single)) " / " (say(daily)) }));
    }
    html! {
        section.panel {
            h2 { (wallet.currency.code()) " · " (figures::currency_name(frame.locale, wallet.currency)) }
            (key_values(&rows))
            @if let (Some(daily), Some(left)) = (wallet.daily, wallet.left_today) {
                progress.meter max=(daily.minor()) value=(daily.minor().saturating_sub(left.minor()))
                    aria-label=(frame.t("limit-used-today")) {}
            }
            details.quiet-details open[view.typed.as_ref().is_some_and(|(currency, ..)| *currency == wallet.currency)] {
                summary { (frame.t("limit-change")) }
                (limit_form(frame, view, wallet))
            }
        }
    }
}

fn limit_form(frame: &Frame, view: &Limits, wallet: &WalletLimits) -> Markup {
    let text = |limit: Option<Amount>| limit.map(|limit| limit.decimal().to_string()).unwrap_or_default();
    let typed = view.typed.as_ref().filter(|(currency, ..)| *currency == wallet.currency);
    let (single, daily) = match typed {
        Some((_, single, daily)) => (single.clone(), daily.clone()),
        None => (text(wallet.single), text(wallet.daily)),
    };
    let nothing = Vec::new();
    let problems = if typed.is_some() { &view.problems } else { &nothing };
    let line = |name: &'static str, label, value: &str| {
        let hint = Some(frame.t("limit-empty-hint"));
        html! {
            (field(frame, problems, &Field { name, label, hint, value, input: Input::Text, prefix: None, optional: true }))
        }
    };
    let sole = view.wallets.first().is_some_and(|first| first.currency == wallet.currency);
    html! {
        form.form method="post" action="/limits" novalidate {
            (form::hidden(frame))
            input type="hidden" name="currency" value=(wallet.currency.code());
            @if sole {
                (line("single", frame.t("limit-single"), &single))
                (line("daily", frame.t("limit-daily"), &daily))
            } @else {
                label { (frame.t("limit-single")) input name="single" inputmode="decimal" value=(single) autocomplete="off"; }
                label { (frame.t("limit-daily")) input name="daily" inputmode="decimal" value=(daily) autocomplete="off"; }
            }
            button.button { (frame.t("save")) }
        }
    }
}

/// `GET` and `POST /lost`
#[must_use]
pub fn lost(frame: &Frame, view: &Lost) -> Markup {
    let head = Head { title: frame.t("lost-title"), place: Place::Me, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            (back("/settings", frame.t("nav-me")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            @match view.stopped_at {
                Some(since) => (stopped(frame, view, since)),
                None => (offer(frame)),
            }
        },
    )
}

fn offer(frame: &Frame) -> Markup {
    html! {
        section.panel.stack {
            p { (frame.t("lost-what")) }
            ul.bullets {
                li { (frame.t("lost-spending")) }
                li { (frame.t("lost-cards")) }
                li { (frame.t("lost-sessions")) }
                li { (frame.t("lost-incoming")) }
            }
            form method="post" action="/lost/stop" {
                (form::hidden(frame))
                input type="hidden" name="confirm" value="yes";
                button.button.button-danger.button-wide { (icon(Icon::Stop)) (frame.t("lost-stop")) }
            }
        }
    }
}

fn stopped(frame: &Frame, view: &Lost, since: Timestamp) -> Markup {
    html! {
        section.panel.stack {
            p { strong { (frame.t("lost-stopped")) } }
            (key_values(&[(frame.t("lost-since"), when::full(frame, since))]))
            p { (frame.t("lost-release-note")) }
            (form::form(frame, "/lost/release", None, html! {
                (field(frame, &view.problems, &Field {
                    name: "password",
                    label: frame.t("password"),
                    hint: None,
                    value: "",
                    input: Input::Password,
                    prefix: None,
                    optional: false,
                }))
                (field(frame, &view.problems, &Field {
                    name: "code",
                    label: frame.t("second-factor-code"),
                    hint: Some(frame.t("second-factor-hint")),
                    value: "",
                    input: Input::OneTimeCode,
                    prefix: None,
                    optional: true,
                }))
                (form::submit(frame.t("lost-release")))
            }))
            p { a href="/cards" { (frame.t("lost-unfreeze")) } }
        }
    }
}
