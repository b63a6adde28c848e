//! The viewer's own page: profile, language, theme, wallets, log-out.

use maud::{Markup, html};
use money::Currency;

use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field};
use crate::frame::{Frame, Theme, Viewer};
use crate::icon::{Icon, icon};
use crate::locale::Locale;
use crate::shell::{Head, Place, document, language_name};

/// The viewer's own page.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The user name, which cannot change.
    pub login: String,
    /// The name to show.
    pub display_name: String,
    /// The phone number.
    pub phone: String,
    /// The currencies of the wallets.
    pub wallets: Vec<Currency>,
    /// The currencies a further wallet can be opened in.
    pub offered: Vec<Currency>,
    /// What is wrong: fields `display_name`, `phone`, `currency`.
    pub problems: Vec<Problem>,
}

/// `GET /settings`
#[must_use]
pub fn settings(frame: &Frame, view: &Settings) -> Markup {
    let head = Head { title: frame.t("nav-me"), place: Place::Me, class: "narrow" };
    let holder = matches!(frame.viewer, Viewer::Holder { .. });
    document(
        frame,
        &head,
        html! {
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            section.panel { h2 { (frame.t("profile")) } (profile(frame, view)) }
            a.panel.entry href="/settings/security" {
                (icon(Icon::Key))
                span { strong { (frame.t("security")) } span.muted { (frame.t("security-note")) } }
            }
            @if holder { section.panel { h2 { (frame.t("wallets")) } (wallets(frame, view)) } }
            @if holder { (own_pages(frame)) }
            section.panel { h2 { (frame.t("language")) } (languages(frame)) }
            section.panel { h2 { (frame.t("theme")) } (themes(frame)) }
            form method="post" action="/logout" {
                (form::hidden(frame))
                button.button.button-wide { (frame.t("log-out")) }
            }
        },
    )
}

/// The ways to what a holder sets and keeps elsewhere.
fn own_pages(frame: &Frame) -> Markup {
    let entries = [
        ("/cards", Icon::Card, "cards-title", "settings-cards-note"),
        ("/vault", Icon::Shield, "vault", "settings-vault-note"),
        ("/limits", Icon::Limit, "limits", "settings-limits-note"),
        ("/notifications", Icon::Bell, "notifications", "settings-notifications-note"),
        ("/lost", Icon::Stop, "lost-title", "lost-entry"),
    ];
    html! {
        @for (href, shape, title, note) in entries {
            a.panel.entry href=(href) {
                (icon(shape))
                span { strong { (frame.t(title)) } span.muted { (frame.t(note)) } }
            }
        }
    }
}

fn profile(frame: &Frame, view: &Settings) -> Markup {
    let line = |name, label, hint, value, input, optional| {
        field(frame, &view.problems, &Field { name, label, hint, value, input, prefix: None, optional })
    };
    html! {
        p.muted { (frame.t("login")) ": " strong { (view.login) } }
        (form::form(frame, "/settings/profile", None, html! {
            (line("display_name", frame.t("display-name"), None, &view.display_name, Input::Name, false))
            (line("phone", frame.t("phone"), Some(frame.t("phone-why")), &view.phone, Input::Phone, true))
            button.button { (frame.t("save")) }
        }))
    }
}

fn wallets(frame: &Frame, view: &Settings) -> Markup {
    let choices: Vec<Choice<'_>> = view
        .offered
        .iter()
        .map(|currency| Choice {
            value: currency.code().to_owned(),
            label: format!("{} · {}", currency.code(), figures::currency_name(frame.locale, *currency))
                .into(),
        })
        .collect();
    html! {
        ul.chips {
            @for currency in &view.wallets {
                li { (icon(Icon::Wallet)) (currency.code()) " · " (figures::currency_name(frame.locale, *currency)) }
            }
        }
        @if !choices.is_empty() {
            (form::form(frame, "/settings/wallets", None, html! {
                (form::select(frame, &view.problems, ("currency", frame.t("wallet-open-in")), "", &choices))
                button.button { (frame.t("wallet-open")) }
            }))
        }
    }
}

fn languages(frame: &Frame) -> Markup {
    html! {
        form.segments method="post" action="/settings/language" {
            (form::hidden(frame))
            input type="hidden" name="return_to" value=(frame.path);
            @for locale in Locale::ALL {
                button.segment name="language" value=(locale.tag()) lang=(locale.tag())
                    aria-pressed=(if locale == frame.locale { "true" } else { "false" }) { (language_name(locale)) }
            }
        }
    }
}

fn themes(frame: &Frame) -> Markup {
    html! {
        form.segments method="post" action="/settings/theme" {
            (form::hidden(frame))
            input type="hidden" name="return_to" value=(frame.path);
            @for theme in Theme::ALL {
                @let key = match theme {
                    Theme::System => "theme-system",
                    Theme::Light => "theme-light",
                    Theme::Dark => "theme-dark",
                };
                button.segment name="theme" value=(theme.code())
                    aria-pressed=(if theme == frame.theme { "true" } else { "false" }) { (frame.t(key)) }
            }
        }
    }
}
