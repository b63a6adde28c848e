//! The document around every page: head, top bar, navigation, flash, main.

use maud::{DOCTYPE, Markup, html};

use crate::assets;
use crate::components::{back, flash};
use crate::form;
use crate::frame::{Frame, Theme, Viewer};
use crate::icon::{Icon, icon, mark};
use crate::locale::Locale;

/// The entries of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Wallet,
    Pay,
    Transfer,
    History,
    Me,
    Sales,
    Till,
    Orders,
    Developer,
    Overview,
    Risk,
    Approvals,
    Control,
    Elsewhere,
}

struct Entry {
    place: Place,
    href: &'static str,
    icon: Icon,
    label: &'static str,
}

const HOLDER: [Entry; 5] = [
    Entry { place: Place::Wallet, href: "/home", icon: Icon::Wallet, label: "nav-wallet" },
    Entry { place: Place::Pay, href: "/pay", icon: Icon::Shop, label: "nav-pay" },
    Entry { place: Place::Transfer, href: "/transfer", icon: Icon::Swap, label: "nav-transfer" },
    Entry { place: Place::History, href: "/history", icon: Icon::Book, label: "nav-history" },
    Entry { place: Place::Me, href: "/settings", icon: Icon::Person, label: "nav-me" },
];
const MERCHANT: [Entry; 5] = [
    Entry { place: Place::Sales, href: "/merchant", icon: Icon::Shop, label: "nav-sales" },
    Entry { place: Place::Till, href: "/till", icon: Icon::Till, label: "nav-till" },
    Entry { place: Place::Orders, href: "/merchant/orders", icon: Icon::Book, label: "nav-orders" },
    Entry { place: Place::Developer, href: "/merchant/developer", icon: Icon::Swap, label: "nav-developer" },
    Entry { place: Place::Me, href: "/settings", icon: Icon::Person, label: "nav-me" },
];
const OPERATOR: [Entry; 5] = [
    Entry { place: Place::Overview, href: "/operator", icon: Icon::Gauge, label: "nav-overview" },
    Entry { place: Place::Risk, href: "/operator/risk", icon: Icon::Shield, label: "nav-risk" },
    Entry {
        place: Place::Approvals,
        href: "/operator/approvals",
        icon: Icon::People,
        label: "nav-approvals",
    },
    Entry { place: Place::Control, href: "/operator/control", icon: Icon::List, label: "nav-control" },
    Entry { place: Place::Me, href: "/settings", icon: Icon::Person, label: "nav-me" },
];
const TERMINAL: [Entry; 4] = [
    Entry { place: Place::Till, href: "/", icon: Icon::Till, label: "nav-till" },
    Entry { place: Place::Wallet, href: "/card", icon: Icon::Card, label: "desk-card" },
    Entry { place: Place::Sales, href: "/report", icon: Icon::Book, label: "desk-shift" },
    Entry { place: Place::Control, href: "/state", icon: Icon::Gauge, label: "desk-state" },
];

fn entries(viewer: &Viewer) -> &'static [Entry] {
    match viewer {
        Viewer::Guest => &[],
        Viewer::Holder { .. } => &HOLDER,
        Viewer::Merchant { .. } => &MERCHANT,
        Viewer::Operator { .. } => &OPERATOR,
        Viewer::Terminal => &TERMINAL,
    }
}

/// What a page says about itself.
pub(crate) struct Head<'a> {
    /// The title, which is also the heading's text on most pages.
    pub(crate) title: &'a str,
    /// The entry of the navigation that is current.
    pub(crate) place: Place,
    /// The class of `main`: its width and layout.
    pub(crate) class: &'static str,
}

/// A whole page.
pub(crate) fn document(frame: &Frame, head: &Head<'_>, body: Markup) -> Markup {
    let entries = entries(&frame.viewer);
    html! {
        (DOCTYPE)
        html lang=(frame.locale.tag()) data-theme=(frame.theme.code()) {
            (head_of(frame, head))
            body.with-nav[!entries.is_empty()] {
                a.skip href="#main" { (frame.t("skip-to-content")) }
                (top_bar(frame))
                @if !entries.is_empty() { (navigation(frame, entries, head.place)) }
                main id="main" class=(head.class) tabindex="-1" {
                    @if let Some(notice) = frame.notice { (flash(frame, notice)) }
                    (body)
                }
            }
        }
    }
}

/// A page that is nothing but a sheet to print, with the way back to where it belongs.
pub(crate) fn sheet_page(frame: &Frame, title: &str, origin: &str, sheet: &Markup) -> Markup {
    let head = Head { title, place: Place::Elsewhere, class: "receipt-page" };
    html! {
        (DOCTYPE)
        html lang=(frame.locale.tag()) data-theme="light" {
            (head_of(frame, &head))
            body.receipt-page {
                main {
                    div.no-print.receipt-tools {
                        (back(origin, frame.t("back")))
                        button.button.button-primary.needs-script type="button" data-print="" {
                            (icon(Icon::Print)) (frame.t("print"))
                        }
                    }
                    (sheet)
                }
            }
        }
    }
}

/// The head of a document: everything it loads comes from this host.
pub(crate) fn head_of(frame: &Frame, head: &Head<'_>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
            meta name="color-scheme" content=(color_scheme(frame.theme));
            title { (head.title) " · " (frame.t("brand")) }
            link rel="icon" href=(assets::ICON.path) type="image/svg+xml";
            link rel="stylesheet" href=(assets::STYLE.path);
            @if head.class == "town" { link rel="stylesheet" href=(assets::TOWN_STYLE.path); }
            @else { link rel="stylesheet" href=(assets::PAGE_STYLE.path); }
            script type="module" src=(assets::SCRIPT.path) {}
            @if frame.form_token.is_some() {
                script type="module" src=(assets::LOCK_SCRIPT.path) {}
                // Without scripts the page asks the server by itself, which has locked the session by then.
                noscript { meta http-equiv="refresh" content=(lock_refresh(frame)); }
            }
            @if head.class == "town" { script type="module" src=(assets::LIVE_SCRIPT.path) {} }
        }
    }
}

const fn color_scheme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "light dark",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn top_bar(frame: &Frame) -> Markup {
    let home = match frame.viewer {
        Viewer::Guest | Viewer::Terminal => "/",
        Viewer::Holder { .. } => "/home",
        Viewer::Merchant { .. } => "/merchant",
        Viewer::Operator { .. } => "/operator",
    };
    html! {
        header.top-bar {
            a.brand href=(home) { (mark()) span { (frame.t("brand")) } }
            div.top-tools {
                (language_switch(frame))
                (theme_switch(frame))
                (lock_button(frame))
                (bell(frame))
                (who(frame))
            }
        }
    }
}

/// The way to the notifications, with how many are new.
fn bell(frame: &Frame) -> Markup {
    let label = match frame.unread {
        0 => frame.t("notifications").to_owned(),
        unread => frame.fill("notifications-unread", &[("count", &unread.to_string())]),
    };
    html! {
        @if !matches!(frame.viewer, Viewer::Guest | Viewer::Terminal) {
            a.tool.tool-square.bell href="/notifications" aria-label=(label) {
                (icon(Icon::Bell))
                @if frame.unread > 0 { span.bell-count aria-hidden="true" { (frame.unread.min(99)) } }
            }
        }
    }
}

fn who(frame: &Frame) -> Markup {
    match &frame.viewer {
        Viewer::Terminal => html! {},
        Viewer::Guest => html! { a.button.button-quiet href="/login" { (frame.t("log-in")) } },
        Viewer::Holder { name } | Viewer::Merchant { name } | Viewer::Operator { name } => html! {
            a.who href="/settings" aria-label=(name) { (icon(Icon::Person)) span { (name) } }
        },
    }
}

fn lock_refresh(frame: &Frame) -> String {
    format!("{};url=/lock", frame.lock_seconds.saturating_add(1))
}

/// Locks at once; the script that locks by itself finds here after how long.
fn lock_button(frame: &Frame) -> Markup {
    html! {
        @if frame.form_token.is_some() {
            form method="post" action="/lock" data-lock-seconds=(frame.lock_seconds) {
                (form::hidden(frame))
                input type="hidden" name="next" value=(frame.path);
                button.tool.tool-square title=(frame.t("lock-now")) {
                    (icon(Icon::Lock)) span.visually-hidden { (frame.t("lock-now")) }
                }
            }
        }
    }
}

fn language_switch(frame: &Frame) -> Markup {
    let other = frame.locale.other();
    let name = language_name(other);
    html! {
        form method="post" action="/settings/language" {
            (form::hidden(frame))
            input type="hidden" name="return_to" value=(frame.path);
            button.tool name="language" value=(other.tag()) lang=(other.tag()) {
                (icon(Icon::Globe)) span { (name) }
            }
        }
    }
}

/// A language's own name for itself.
pub(crate) const fn language_name(locale: Locale) -> &'static str {
    match locale {
        Locale::ZhCn => "中文",
        Locale::En => "English",
    }
}

fn theme_switch(frame: &Frame) -> Markup {
    let (to, label, shape) = match frame.theme {
        Theme::Dark => (Theme::Light, "theme-to-light", Icon::Sun),
        Theme::System | Theme::Light => (Theme::Dark, "theme-to-dark", Icon::Moon),
    };
    html! {
        form method="post" action="/settings/theme" {
            (form::hidden(frame))
            input type="hidden" name="return_to" value=(frame.path);
            button.tool.tool-square name="theme" value=(to.code()) title=(frame.t(label)) {
                (icon(shape)) span.visually-hidden { (frame.t(label)) }
            }
        }
    }
}

fn navigation(frame: &Frame, entries: &[Entry], current: Place) -> Markup {
    html! {
        nav.nav aria-label=(frame.t("nav-main")) {
            ul {
                @for entry in entries {
                    li {
                        a href=(entry.href) aria-current=[(entry.place == current).then_some("page")] {
                            (icon(entry.icon)) span { (frame.t(entry.label)) }
                        }
                    }
                }
            }
        }
    }
}
