//! Everything about getting in, in one calm list; and one page for each thing to change.

use ledger::Timestamp;
use maud::{Markup, PreEscaped, html};
use money::Amount;
use wallet::ids::{CardId, PasskeyId, SessionId};

use crate::assets;
use crate::components::back;
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field};
use crate::frame::{Frame, Viewer};
use crate::icon::{Icon, icon};
use crate::passkey;
use crate::shell::{Head, Place, document};
use crate::when;

/// What somebody has to prove themselves with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Security {
    /// A password.
    pub password: bool,
    /// So many passkeys.
    pub passkeys: usize,
    /// One-time passwords.
    pub one_time_passwords: bool,
    /// Recovery codes that are left.
    pub recovery_codes: u64,
    /// A payment PIN.
    pub pin: bool,
    /// So many devices are logged in.
    pub devices: usize,
}

const OVERVIEW: &str = "/settings/security";

/// A page of this family.
fn sheet(
    frame: &Frame,
    title: &str,
    (up, up_label): (&str, &str),
    problems: &[Problem],
    body: Markup,
) -> Markup {
    let head = Head { title, place: Place::Me, class: "narrow" };
    document(
        frame,
        &head,
        html! {
            link rel="stylesheet" href=(assets::ACCESS_STYLE.path);
            (back(up, up_label))
            h1 { (title) }
            (error_summary(frame, problems))
            (body)
        },
    )
}

fn under_overview(frame: &Frame, title: &'static str, problems: &[Problem], body: Markup) -> Markup {
    sheet(frame, frame.t(title), (OVERVIEW, frame.t("security")), problems, body)
}

/// One line of the list: whether it is on is said by word and icon.
struct Way<'a> {
    href: &'a str,
    icon: Icon,
    title: &'a str,
    note: String,
    state: Option<bool>,
}

fn way(frame: &Frame, way: &Way<'_>) -> Markup {
    html! {
        li {
            a.way.way-on[way.state == Some(true)] href=(way.href) {
                span.way-icon { (icon(way.icon)) }
                span.way-words { strong { (way.title) } span { (way.note) } }
                @match way.state {
                    Some(true) => span.badge.badge-ok { (icon(Icon::Check)) (frame.t("security-on")) },
                    Some(false) => span.badge.badge-muted { (frame.t("security-off")) },
                    None => span {},
                }
            }
        }
    }
}

/// `GET /settings/security`
#[must_use]
pub fn overview(frame: &Frame, view: &Security) -> Markup {
    let holder = matches!(frame.viewer, Viewer::Holder { .. });
    let note = |key| frame.t(key).to_owned();
    let count = |key, number: String| frame.fill(key, &[("count", &number)]);
    let codes = if view.one_time_passwords {
        count("security-codes-left", view.recovery_codes.to_string())
    } else {
        note("security-authenticator-note")
    };
    let to =
        |href, icon, title, note, state| way(frame, &Way { href, icon, title: frame.t(title), note, state });
    let me = ("/settings", frame.t("nav-me"));
    sheet(
        frame,
        frame.t("security"),
        me,
        &[],
        html! {
            section.panel {
                h2 { (frame.t("security-enter")) }
                ul.ways {
                    (to("/settings/security/passkeys", Icon::Key, "security-passkeys",
                        if view.passkeys > 0 { count("security-passkeys-count", view.passkeys.to_string()) }
                        else { note("security-passkeys-note") }, Some(view.passkeys > 0)))
                    (to("/settings/security/password", Icon::Person, "password", note("security-password-note"),
                        Some(view.password)))
                    (to("/settings/security/authenticator", Icon::Phone, "security-authenticator", codes,
                        Some(view.one_time_passwords)))
                }
            }
            @if holder {
                section.panel {
                    h2 { (frame.t("security-pay")) }
                    ul.ways {
                        (to("/settings/security/pin", Icon::Lock, "pin", note("security-pin-note"), Some(view.pin)))
                    }
                }
            }
            section.panel {
                h2 { (frame.t("security-devices")) }
                ul.ways {
                    (to("/settings/security/devices", Icon::Gauge, "security-devices-list",
                        count("security-devices-count", view.devices.to_string()), None))
                }
            }
            section.panel {
                h2 { (frame.t("security-data")) }
                ul.ways {
                    (to("/settings/security/data", Icon::Download, "security-export", note("security-export-note"), None))
                    @if holder {
                        (to("/settings/security/close", Icon::Cross, "security-close", note("security-close-note"), None))
                    }
                }
            }
        },
    )
}

/// The form in which one proves again who one is.
#[derive(Clone, Debug, Default)]
pub struct Confirm {
    /// The local path to go on to.
    pub next: String,
    /// Whether there is a password.
    pub password: bool,
    /// Whether a one-time password is asked for besides.
    pub second_factor: bool,
    /// What a passkey is asked to sign, where there is one.
    pub passkey: Option<String>,
    /// What is wrong: fields `password`, `code`.
    pub problems: Vec<Problem>,
}

/// `GET` and `POST /settings/security/confirm`
#[must_use]
pub fn confirm(frame: &Frame, view: &Confirm) -> Markup {
    let next = || html! { input type="hidden" name="next" value=(view.next); };
    let line = |name, label, input| {
        let line = Field { name, label, hint: None, value: "", input, prefix: None, optional: false };
        field(frame, &view.problems, &line)
    };
    under_overview(
        frame,
        "confirm-title",
        &view.problems,
        html! {
            p { (frame.t("confirm-why")) }
            @if let Some(request) = &view.passkey {
                (passkey::sign(frame, &passkey::Ask {
                    action: "/settings/security/confirm",
                    request,
                    label: frame.t("confirm-passkey"),
                    also: next(),
                    suggested: false,
                }))
            }
            @if view.password {
                (form::form(frame, "/settings/security/confirm", None, html! {
                    (next())
                    (line("password", frame.t("password"), Input::Password))
                    @if view.second_factor { (line("code", frame.t("second-factor-code"), Input::OneTimeCode)) }
                    (form::submit(frame.t("continue")))
                }))
            }
            @if !view.password && view.passkey.is_none() { p { (frame.t("confirm-nothing")) } }
        },
    )
}

/// `GET` and `POST /settings/security/password`
#[must_use]
pub fn password(frame: &Frame, login: &str, problems: &[Problem]) -> Markup {
    let line = Field {
        name: "password",
        label: frame.t("new-password"),
        hint: Some(frame.t("password-hint")),
        value: "",
        input: Input::NewPassword,
        prefix: None,
        optional: false,
    };
    under_overview(
        frame,
        "security-password-title",
        problems,
        html! {
            (form::form(frame, "/settings/security/password", None, html! {
                // Password managers file the new password under this name.
                input.visually-hidden type="text" name="username" value=(login) autocomplete="username" readonly tabindex="-1"
                    aria-hidden="true";
                (field(frame, problems, &line))
                p.hint { (frame.t("security-password-ends")) }
                (form::submit(frame.t("save")))
            }))
        },
    )
}

/// `GET` and `POST /settings/security/pin`
#[must_use]
pub fn pin(frame: &Frame, is_set: bool, problems: &[Problem]) -> Markup {
    let line = Field {
        name: "pin",
        label: frame.t("new-pin"),
        hint: Some(frame.t("pin-hint")),
        value: "",
        input: Input::Pin,
        prefix: None,
        optional: false,
    };
    under_overview(
        frame,
        "pin",
        problems,
        html! {
            p { (frame.t("pin-what")) }
            (form::form(frame, "/settings/security/pin", None, html! {
                div.pin { (field(frame, problems, &line)) }
                (form::submit(frame.t(if is_set { "pin-change" } else { "pin-set" })))
            }))
            @if is_set {
                form method="post" action="/settings/security/pin/remove" {
                    (form::hidden(frame))
                    button.button.button-danger.button-wide { (frame.t("pin-remove")) }
                }
            }
        },
    )
}

/// What an authenticator app reads.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The QR code as SVG.
    pub qr_svg: String,
    /// The same secret to type.
    pub secret: String,
}

/// `GET /settings/security/authenticator`: switched on, or offered.
#[must_use]
pub fn authenticator(frame: &Frame, offer: Option<&Offer>, problems: &[Problem]) -> Markup {
    let line = Field {
        name: "code",
        label: frame.t("authenticator-code"),
        hint: Some(frame.t("authenticator-code-hint")),
        value: "",
        input: Input::OneTimeCode,
        prefix: None,
        optional: false,
    };
    under_overview(
        frame,
        "security-authenticator",
        problems,
        html! {
            @match offer {
                Some(offer) => {
                    p { (frame.t("authenticator-scan")) }
                    div.panel.scan-me {
                        div role="img" aria-label=(frame.t("authenticator-qr")) { (PreEscaped(&offer.qr_svg)) }
                        p.hint { (frame.t("authenticator-type")) }
                        code { (offer.secret) }
                    }
                    (form::form(frame, "/settings/security/authenticator", None, html! {
                        (field(frame, problems, &line))
                        (form::submit(frame.t("authenticator-switch-on")))
                    }))
                }
                None => {
                    p { (frame.t("authenticator-is-on")) }
                    div.stack {
                        form method="post" action="/settings/security/recovery-codes" {
                            (form::hidden(frame))
                            button.button.button-wide { (frame.t("recovery-renew")) }
                        }
                        form method="post" action="/settings/security/authenticator/remove" {
                            (form::hidden(frame))
                            button.button.button-danger.button-wide { (frame.t("authenticator-switch-off")) }
                        }
                    }
                }
            }
        },
    )
}

/// The recovery codes, this once.
#[must_use]
pub fn recovery_codes(frame: &Frame, codes: &[String]) -> Markup {
    under_overview(
        frame,
        "recovery-title",
        &[],
        html! {
            p { (frame.t("recovery-why")) }
            div.panel { ul.codes { @for code in codes { li { (code) } } } }
            div.title-row {
                button.button.needs-script type="button" data-print="" { (icon(Icon::Print)) (frame.t("recovery-print")) }
                a.button.button-primary href=(OVERVIEW) { (frame.t("recovery-done")) }
            }
        },
    )
}

/// One passkey.
#[derive(Clone, Debug)]
pub struct PasskeyLine {
    /// The passkey.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// `GET /settings/security/passkeys`
#[must_use]
pub fn passkeys(frame: &Frame, lines: &[PasskeyLine], request: &str, problems: &[Problem]) -> Markup {
    under_overview(
        frame,
        "security-passkeys",
        problems,
        html! {
            p { (frame.t("passkeys-what")) }
            @if !lines.is_empty() {
                section.panel { ul.ways { @for line in lines { (passkey_line(frame, line)) } } }
            }
            (passkey::create(frame, &passkey::Ask {
                action: "/settings/security/passkeys",
                request,
                label: frame.t("passkey-add"),
                also: html! {},
                suggested: false,
            }))
            noscript { p.hint { (frame.t("passkeys-need-script")) } }
        },
    )
}

fn passkey_line(frame: &Frame, line: &PasskeyLine) -> Markup {
    let own = format!("/settings/security/passkeys/{}", line.id);
    let field = format!("name-{}", line.id);
    html! {
        li {
            div.way.way-on {
                span.way-icon { (icon(Icon::Key)) }
                span.way-words {
                    strong { (line.name) }
                    span {
                        (frame.t("passkey-added")) " " (when::full(frame, line.created_at))
                        @if let Some(used) = line.used_at { " · " (frame.t("passkey-used")) " " (when::full(frame, used)) }
                    }
                }
                span {}
                div.way-forms {
                    form method="post" action=(own) {
                        (form::hidden(frame))
                        label.visually-hidden for=(field) { (frame.t("passkey-name")) }
                        input id=(field) name="name" value=(line.name) maxlength="40" autocomplete="off";
                        button.button.button-small { (frame.t("passkey-rename")) }
                    }
                    form method="post" action={ (own) "/remove" } {
                        (form::hidden(frame))
                        button.button.button-small.button-danger { (frame.t("passkey-remove")) }
                    }
                }
            }
        }
    }
}

/// One device that is logged in.
#[derive(Clone, Debug)]
pub struct DeviceLine {
    /// Its session.
    pub id: SessionId,
    /// What it says it is.
    pub agent: String,
    /// The network address it logged in from.
    pub address: String,
    /// When it logged in.
    pub created_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
    /// Whether it is locked.
    pub locked: bool,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// `GET /settings/security/devices`
#[must_use]
pub fn devices(frame: &Frame, lines: &[DeviceLine]) -> Markup {
    under_overview(
        frame,
        "security-devices-list",
        &[],
        html! {
            section.panel { ul.ways.devices { @for line in lines { (device_line(frame, line)) } } }
            @if lines.len() > 1 {
                form method="post" action="/settings/security/devices/end-others" {
                    (form::hidden(frame))
                    button.button.button-danger.button-wide { (frame.t("devices-end-others")) }
                }
            }
        },
    )
}

fn device_line(frame: &Frame, line: &DeviceLine) -> Markup {
    html! {
        li {
            div.way.way-on[line.current] {
                span.way-icon { (icon(Icon::Phone)) }
                span.way-words {
                    strong { (device_name(frame, &line.agent)) }
                    span {
                        @if !line.address.is_empty() { (line.address) " · " }
                        (frame.t("device-seen")) " " (when::full(frame, line.seen_at))
                    }
                    span { (frame.t("device-entered")) " " (when::full(frame, line.created_at)) }
                }
                @if line.current { span.badge.badge-ok { (icon(Icon::Check)) (frame.t("device-this")) } }
                @else if line.locked { span.badge.badge-muted { (icon(Icon::Lock)) (frame.t("device-locked")) } }
                @else { span {} }
                @if !line.current {
                    div.way-forms {
                        form method="post" action={ "/settings/security/devices/" (line.id) "/end" } {
                            (form::hidden(frame))
                            button.button.button-small { (frame.t("device-end")) }
                        }
                    }
                }
            }
        }
    }
}

/// Browser and system, as far as the device tells; names are the same in all languages.
fn device_name(frame: &Frame, agent: &str) -> String {
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    let browser = known(&[
        ("MicroMessenger", "WeChat"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
        ("curl", "curl"),
    ]);
    let system = known(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => frame.t("device-unknown").to_owned(),
    }
}

/// `GET /settings/security/data`
#[must_use]
pub fn data(frame: &Frame) -> Markup {
    under_overview(
        frame,
        "security-export",
        &[],
        html! {
            p { (frame.t("export-what")) }
            p.muted { (frame.t("export-secrets")) }
            a.button.button-primary.button-wide href="/settings/security/data.json" download="sycee.json" {
                (icon(Icon::Download)) (frame.t("export-now"))
            }
        },
    )
}

/// Why an account cannot be closed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillOpen {
    /// A bank has not answered yet.
    InFlight,
    /// This much of a sale is owed still.
    Owes(Amount),
    /// This much is on a card purse, or ordered for it.
    OnCard(Amount),
    /// This much waits in escrow.
    InEscrow(Amount),
    /// Money is left and no bound card takes its currency.
    NoCard(Amount),
    /// A bank did not take the money.
    PayOutFailed,
    /// Money came in while it was being closed.
    MoneyCame,
}

impl StillOpen {
    fn words(self, frame: &Frame) -> String {
        match self {
            Self::InFlight => frame.t("close-in-flight").to_owned(),
            Self::Owes(amount) => frame.fill("close-owes", &[("amount", &figures::text(amount))]),
            Self::OnCard(amount) => frame.fill("close-on-card", &[("amount", &figures::text(amount))]),
            Self::InEscrow(amount) => frame.fill("close-in-escrow", &[("amount", &figures::text(amount))]),
            Self::NoCard(amount) => frame.fill("close-no-card", &[("amount", &figures::text(amount))]),
            Self::PayOutFailed => frame.t("close-pay-out-failed").to_owned(),
            Self::MoneyCame => frame.t("close-money-came").to_owned(),
        }
    }
}

/// The closing of an account.
#[derive(Clone, Debug, Default)]
pub struct Close {
    /// What is paid out.
    pub rest: Vec<Amount>,
    /// The cards it may go to, with their words.
    pub cards: Vec<(CardId, String)>,
    /// Why it cannot be closed now.
    pub still_open: Option<StillOpen>,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
}

/// `GET` and `POST /settings/security/close`
#[must_use]
pub fn close(frame: &Frame, view: &Close) -> Markup {
    let choices: Vec<Choice<'_>> = view
        .cards
        .iter()
        .map(|(card, words)| Choice { value: card.to_string(), label: words.as_str().into() })
        .collect();
    under_overview(
        frame,
        "security-close",
        &[],
        html! {
            @if let Some(why) = view.still_open {
                div.error-summary role="alert" tabindex="-1" data-focus="" {
                    h2 { (icon(Icon::Alert)) (frame.t("close-not-now")) }
                    p { (why.words(frame)) }
                }
            }
            p { (frame.t("close-what")) }
            (form::form(frame, "/settings/security/close", Some(&view.attempt), html! {
                @if !view.rest.is_empty() {
                    div.panel {
                        p { (frame.t("close-rest")) }
                        @for amount in &view.rest { p.step-up-figure { (figures::amount(frame, *amount)) } }
                    }
                    @if !choices.is_empty() {
                        (form::select(frame, &[], ("card", frame.t("close-card")), "", &choices))
                    }
                }
                button.button.button-danger.button-wide type="submit" { (frame.t("close-now")) }
            }))
        },
    )
}
