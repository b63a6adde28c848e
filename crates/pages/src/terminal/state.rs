//! How the terminal stands: network, queue, lists, clock, security module.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::{Line, Network, top};
use crate::components::key_values;
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListName {
    /// Cards that are not taken.
    Status,
    /// Splits that may be closed.
    White,
    /// What the terminal may do.
    Parameters,
}

impl ListName {
    const fn key(self) -> &'static str {
        match self {
            Self::Status => "list-name-status",
            Self::White => "list-name-white",
            Self::Parameters => "list-name-parameters",
        }
    }
}

/// A list that the terminal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListState {
    /// Which.
    pub name: ListName,
    /// Its version; 0 before the first.
    pub version: u32,
    /// When it was issued, until when it is good, and how many entries it has.
    pub held: Option<(Timestamp, Timestamp, u64)>,
}

/// What is known about the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// It agrees with the server's.
    Agrees,
    /// So many seconds between it and the server's.
    Differs(u64),
    /// The server has not told its time yet.
    Untold,
}

/// What the security module says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleState {
    /// Its next number.
    pub transaction: u32,
    /// What it authorised since it was collected.
    pub authorised: Amount,
    /// The most that it may.
    pub ceiling: Amount,
}

/// How a terminal stands.
#[derive(Clone, Debug)]
pub struct TerminalState {
    /// The line of every page.
    pub line: Line,
    /// What it is called.
    pub name: String,
    /// Its number.
    pub terminal: String,
    /// The time by its clock.
    pub now: Timestamp,
    /// What is known about that clock.
    pub clock: ClockState,
    /// Its lists.
    pub lists: [ListState; 3],
    /// Its security module, where it answers.
    pub module: Option<ModuleState>,
    /// Number of the last batch; 0 before the first.
    pub batch: u32,
    /// When the server answered last.
    pub last_contact: Option<Timestamp>,
    /// Why it did not.
    pub last_error: Option<String>,
    /// Loads and unloads of which the server has yet to hear.
    pub codes_waiting: usize,
}

/// `GET /state`
#[must_use]
pub fn state(frame: &Frame, view: &TerminalState) -> Markup {
    let head = Head { title: frame.t("desk-state"), place: Place::Control, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (top(frame, &view.line, None))
            h1 { (view.name) }
            section.panel aria-labelledby="network" {
                h2 id="network" { (frame.t("state-network")) }
                (key_values(&network(frame, view)))
                div.row-actions {
                    form method="post" action="/sync" {
                        button.button type="submit" { (icon(Icon::Up)) (frame.t("state-sync")) }
                    }
                    (switch(frame, view.line.network))
                }
            }
            (lists(frame, view))
            section.panel aria-labelledby="device" {
                h2 id="device" { (frame.t("desk-terminal")) }
                (key_values(&device(frame, view)))
            }
        },
    )
}

fn network<'a>(frame: &'a Frame, view: &TerminalState) -> Vec<(&'a str, Markup)> {
    let mut rows = vec![
        (frame.t("state"), html! { (frame.t(view.line.network.key())) }),
        (frame.t("state-waiting"), html! { (figures::count(view.line.waiting)) }),
    ];
    if let Some(since) = view.line.waiting_since {
        rows.push((frame.t("state-oldest"), when::full(frame, since)));
    }
    if view.codes_waiting > 0 {
        rows.push((frame.t("state-codes"), html! { (view.codes_waiting) }));
    }
    if let Some(at) = view.last_contact {
        rows.push((frame.t("state-contact"), when::full(frame, at)));
    }
    if let Some(error) = &view.last_error {
        rows.push((frame.t("state-error"), html! { (error) }));
    }
    rows.push((frame.t("state-batch"), html! { (view.batch) }));
    rows
}

/// The button that has the till work without the network, or with it again.
fn switch(frame: &Frame, network: Network) -> Markup {
    let (to, label) =
        if network == Network::Off { ("on", "state-network-on") } else { ("off", "state-network-off") };
    html! {
        form method="post" action="/network" {
            button.button type="submit" name="network" value=(to) { (frame.t(label)) }
        }
    }
}

fn lists(frame: &Frame, view: &TerminalState) -> Markup {
    html! {
        section.panel aria-labelledby="lists" {
            h2 id="lists" { (frame.t("state-lists")) }
            div.table-scroll tabindex="0" role="region" aria-label=(frame.t("state-lists")) {
                table.table {
                    thead { tr {
                        th scope="col" { (frame.t("state-list")) }
                        th.num scope="col" { (frame.t("state-version")) }
                        th scope="col" { (frame.t("state-issued")) }
                        th scope="col" { (frame.t("state-expires")) }
                        th.num scope="col" { (frame.t("state-entries")) }
                    } }
                    tbody { @for list in &view.lists {
                        tr {
                            th scope="row" { (frame.t(list.name.key())) }
                            td.num { (list.version) }
                            @match list.held {
                                Some((issued, expires, entries)) => {
                                    td { (when::full(frame, issued)) }
                                    td { (when::full(frame, expires)) }
                                    td.num { (figures::count(entries)) }
                                },
                                None => td colspan="3" { (frame.t("state-no-list")) },
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn device<'a>(frame: &'a Frame, view: &TerminalState) -> Vec<(&'a str, Markup)> {
    let clock = match view.clock {
        ClockState::Agrees => frame.t("state-clock-agrees").to_owned(),
        ClockState::Differs(seconds) => {
            frame.fill("state-clock-differs", &[("seconds", &figures::count(seconds))])
        }
        ClockState::Untold => frame.t("state-clock-untold").to_owned(),
    };
    let mut rows = vec![
        (frame.t("state-number"), html! { span.id { (view.terminal) } }),
        (frame.t("state-clock"), html! { (when::full(frame, view.now)) br; (clock) }),
    ];
    match view.module {
        Some(module) => {
            let limits =
                [("used", figures::text(module.authorised)), ("most", figures::text(module.ceiling))];
            let limits = limits.each_ref().map(|(name, text)| (*name, text.as_str()));
            rows.push((frame.t("state-module"), html! { (frame.fill("state-module-limits", &limits)) }));
            rows.push((frame.t("state-module-next"), html! { (module.transaction) }));
        }
        None => rows.push((frame.t("state-module"), html! { (frame.t("tap-module-gone")) })),
    }
    rows
}
