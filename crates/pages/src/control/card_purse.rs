//! One card purse, as the operator sees it: everything known, and what can be done about it.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::table;
use crate::card_purse::{
    CardPurse, CreditGrade, KnownBy, LogEntry, PurseState, grade, grouped, log, state_badge,
};
use crate::components::{back, empty, key_values};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field, select};
use crate::frame::Frame;
use crate::shell::{Head, Place, document};
use crate::when;

/// Why a card is listed, with the word of the form.
const LISTINGS: [(&str, &str); 3] =
    [("lost", "card-purse-lost"), ("cloned", "card-purse-cloned"), ("counterfeit", "card-purse-counterfeit")];

/// A load or unload that has no end yet.
#[derive(Clone, Debug)]
pub struct OpenLoad {
    /// The operation, in hexadecimal.
    pub operation: String,
    /// Whether value comes onto the card.
    pub is_load: bool,
    /// How much.
    pub amount: Amount,
    /// When it was begun.
    pub at: Timestamp,
}

/// When and whether the rest of a listed card can be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refund {
    /// The card is not listed, or closed.
    NotDue,
    /// From then on.
    From(Timestamp),
    /// Now.
    Now,
    /// Somebody asked for it: it waits for another person.
    Asked,
}

/// Everything that is known about a card.
#[derive(Clone, Debug)]
pub struct CardView {
    /// The purse.
    pub purse: CardPurse,
    /// The id of the issue batch, in hexadecimal.
    pub batch: String,
    /// The name of its holder; empty where it has none.
    pub holder: String,
    /// What it spent beyond its shadow balance.
    pub excess: Amount,
    /// Of debits that were uploaded without a proof.
    pub held: Amount,
    /// When it was listed.
    pub listed_at: Option<Timestamp>,
    /// When its rest can be given back.
    pub refund: Refund,
    /// Offline sequences that no terminal has uploaded: first and last of each gap.
    pub gaps: Vec<(u16, u16)>,
    /// Loads and unloads without an end.
    pub open: Vec<OpenLoad>,
    /// Its grade, where it has a holder.
    pub grade: Option<CreditGrade>,
    /// What it did, newest first.
    pub log: Vec<LogEntry>,
    /// The query string of the next, older page of the log.
    pub older: Option<String>,
    /// The login of a holder as typed.
    pub login: String,
    /// Why the rest is to go back, as typed.
    pub reason: String,
    /// What is wrong: fields `login`, `status`, `identity`, `reason`.
    pub problems: Vec<Problem>,
}

/// `GET /operator/card-purses/{card}`
#[must_use]
pub fn card(frame: &Frame, view: &CardView) -> Markup {
    let purse = &view.purse;
    let title = purse.title(frame);
    let head = Head { title: &title, place: Place::Control, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back("/operator/card-purses", frame.t("card-purses")))
            div.title-row { h1 { (title) } (state_badge(frame, purse.state)) }
            (error_summary(frame, &view.problems))
            section.panel { (key_values(&facts(frame, view))) }
            @if !view.open.is_empty() { section.panel { h2 { (frame.t("card-in-doubt")) } (open_loads(frame, &view.open)) } }
            (gaps(frame, &view.gaps))
            (graded(frame, view))
            (actions(frame, view))
            section.panel aria-labelledby="log" {
                h2 id="log" { (frame.t("purse-log")) }
                (log(frame, &view.log))
            }
            nav.pager aria-label=(frame.t("pager")) {
                @if let Some(older) = &view.older {
                    a.button rel="next" href={ "/operator/card-purses/" (purse.number) (older) } { (frame.t("older")) }
                }
            }
        },
    )
}

fn facts<'a>(frame: &'a Frame, view: &CardView) -> Vec<(&'a str, Markup)> {
    let purse = &view.purse;
    let holder = if view.holder.is_empty() { frame.t("card-nobody") } else { &view.holder };
    let mut rows = vec![
        (frame.t("card-purse-number"), html! { span.num { (grouped(&purse.number)) } }),
        (
            frame.t("card-batch"),
            html! { a href={ "/operator/card-batches/" (view.batch) } { (frame.t("card-batch-see")) } },
        ),
        (frame.t("card-holder"), html! { (holder) }),
        (frame.t("card-shadow"), figures::amount(frame, purse.balance)),
        (frame.t("card-excess-short"), figures::amount(frame, view.excess)),
        (frame.t("card-held"), figures::amount(frame, view.held)),
    ];
    if let Some(at) = purse.seen_at {
        rows.push((frame.t("card-seen"), when::full(frame, at)));
    }
    if let Some(at) = view.listed_at {
        rows.push((frame.t("card-listed"), when::full(frame, at)));
    }
    rows
}

fn open_loads(frame: &Frame, open: &[OpenLoad]) -> Markup {
    let columns = [(frame.t("time"), false), (frame.t("kind"), false), (frame.t("amount"), true)];
    let row = |load: &OpenLoad| {
        let kind = if load.is_load { "purse-load" } else { "purse-unload" };
        vec![
            html! { a href={ "/operator/explain/" (load.operation) } { (when::short(frame, load.at)) } },
            html! { (frame.t(kind)) },
            figures::amount(frame, load.amount),
        ]
    };
    table(frame.t("card-in-doubt"), &columns, open.iter().map(row).collect())
}

fn gaps(frame: &Frame, gaps: &[(u16, u16)]) -> Markup {
    html! {
        section.panel {
            h2 { (frame.t("card-gaps")) }
            @if gaps.is_empty() { (empty(frame.t("card-gaps-none"), None)) } @else {
                p.hint { (frame.t("card-gaps-note")) }
                ul.chips { @for gap in gaps { li.num { (gap_text(*gap)) } } }
            }
        }
    }
}

/// `17`, or `17–19`.
fn gap_text((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

fn actions(frame: &Frame, view: &CardView) -> Markup {
    let path = format!("/operator/card-purses/{}", view.purse.number);
    let state = view.purse.state;
    html! {
        @if state == PurseState::Made { (give(frame, view, &path)) }
        @if state.is_usable() || state.is_listed() { (listing(frame, view, &path)) }
        @match view.refund {
            Refund::NotDue => {},
            Refund::From(at) => section.panel {
                h2 { (frame.t("card-refund")) }
                p { (frame.t("card-purse-refund-from")) " " (when::full(frame, at)) }
            },
            Refund::Now => section.panel {
                h2 { (frame.t("card-refund")) }
                p.hint { (frame.t("card-refund-note")) }
                (form::form(frame, &format!("{path}/refund"), None, html! {
                    (field(frame, &view.problems, &Field {
                        name: "reason",
                        label: frame.t("approval-reason"),
                        hint: None,
                        value: &view.reason,
                        input: Input::Text,
                        prefix: None,
                        optional: false,
                    }))
                    (form::submit(frame.t("approval-ask")))
                }))
            },
            Refund::Asked => section.panel {
                h2 { (frame.t("card-refund")) }
                p { (frame.t("card-refund-asked")) }
                a.button href="/operator/approvals" { (frame.t("approvals")) }
            },
        }
    }
}

/// The grade, and what was checked of its holder.
fn graded(frame: &Frame, view: &CardView) -> Markup {
    let choice =
        |known: KnownBy| Choice { value: known.code().to_owned(), label: frame.t(known.key()).into() };
    let choices: Vec<Choice<'_>> = KnownBy::ALL.into_iter().map(choice).collect();
    html! {
        @if let Some(grade) = &view.grade {
            section.panel {
                h2 { (frame.t("credit-grade")) }
                (grade::facts(frame, grade))
                (grade::reasons(frame, grade))
            }
            section.panel {
                h2 { (frame.t("identity-check")) }
                p.hint { (frame.t("identity-check-note")) }
                (form::form(frame, &format!("/operator/card-purses/{}/identity", view.purse.number), None, html! {
                    (select(
                        frame,
                        &view.problems,
                        ("identity", frame.t("identity-checked")),
                        grade.counts.known_by.code(),
                        &choices,
                    ))
                    (form::submit(frame.t("save")))
                }))
            }
        }
    }
}

fn give(frame: &Frame, view: &CardView, path: &str) -> Markup {
    html! {
        section.panel {
            h2 { (frame.t("card-give")) }
            (form::form(frame, &format!("{path}/give"), None, html! {
                (field(frame, &view.problems, &Field {
                    name: "login",
                    label: frame.t("card-holder-login"),
                    hint: None,
                    value: &view.login,
                    input: Input::Text,
                    prefix: None,
                    optional: false,
                }))
                (form::submit(frame.t("card-give")))
            }))
        }
    }
}

fn listing(frame: &Frame, view: &CardView, path: &str) -> Markup {
    let choices: Vec<Choice<'_>> = LISTINGS
        .into_iter()
        .map(|(value, key)| Choice { value: value.to_owned(), label: frame.t(key).into() })
        .collect();
    html! {
        section.panel {
            h2 { (frame.t("card-list-as")) }
            p.hint { (frame.t("card-list-note")) }
            (form::form(frame, &format!("{path}/list"), None, html! {
                (select(frame, &view.problems, ("status", frame.t("state")), "lost", &choices))
                button.button.button-danger { (frame.t("card-list-now")) }
            }))
        }
    }
}
