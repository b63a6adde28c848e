//! The gate: which way it lets people, and who came through last.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;

use super::{Line, Trouble, top};
use crate::figures;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// The way through a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateWay {
    /// In.
    In,
    /// Out.
    Out,
}

impl GateWay {
    /// The word of forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::In => "gate-in",
            Self::Out => "gate-out",
        }
    }
}

/// Who came to the gate last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// When.
    pub at: Timestamp,
    /// The fare and what the card holds now, or why the gate stays shut.
    pub outcome: Result<(Amount, Amount), Trouble>,
}

/// The gate.
#[derive(Clone, Debug)]
pub struct Gate {
    /// How the terminal stands.
    pub line: Line,
    /// What the gate is called.
    pub name: String,
    /// Its line and station.
    pub station: (u8, u8),
    /// The fare of any trip, and what each station further costs.
    pub fare: (Amount, Amount),
    /// Which way it lets people; `None`: it is shut.
    pub way: Option<GateWay>,
    /// Who came last.
    pub last: Option<Passage>,
    /// Changes when somebody comes.
    pub stamp: u64,
}

/// `GET /` of a gate
#[must_use]
pub fn gate(frame: &Frame, view: &Gate) -> Markup {
    let head = Head { title: frame.t("gate"), place: Place::Till, class: "narrow" };
    let (line, station) = (view.station.0.to_string(), view.station.1.to_string());
    let (base, step) = (figures::text(view.fare.0), figures::text(view.fare.1));
    document(
        frame,
        &head,
        html! {
            (top(frame, &view.line, Some(view.stamp)))
            h1 { (view.name) }
            p.muted { (frame.fill("gate-station", &[("line", &line), ("station", &station)])) }
            (sign(frame, view.way))
            @if let Some(passage) = &view.last { (last(frame, passage)) }
            form.row-actions method="post" action="/gate" {
                @for way in [GateWay::In, GateWay::Out] {
                    @let pressed = if view.way == Some(way) { "true" } else { "false" };
                    button.button name="way" value=(way.code()) aria-pressed=(pressed) {
                        (frame.t(way.key()))
                    }
                }
                button.button.button-danger name="way" value="shut" { (frame.t("gate-shut-it")) }
            }
            p.hint { (frame.fill("gate-fare", &[("base", &base), ("step", &step)])) }
        },
    )
}

fn sign(frame: &Frame, way: Option<GateWay>) -> Markup {
    match way {
        Some(way) => html! {
            div.till-word.till-waiting role="status" {
                (icon(Icon::Card)) span { (frame.t(way.key())) } p { (frame.t("tap-hold")) }
            }
        },
        None => html! { div.till-word role="status" { (icon(Icon::Lock)) span { (frame.t("gate-shut")) } } },
    }
}

fn last(frame: &Frame, passage: &Passage) -> Markup {
    html! {
        section.panel role="status" aria-labelledby="last" {
            h2 id="last" { (frame.t("gate-last")) " · " (when::clock(frame, passage.at)) }
            @match &passage.outcome {
                Ok((fare, balance)) => div.till-word.till-paid {
                    (icon(Icon::Check)) span { (frame.t("gate-passed")) }
                    p { (figures::amount(frame, *fare)) " · " (frame.t("tap-card-holds")) " " (figures::amount(frame, *balance)) }
                },
                Err(trouble) => div.till-word.till-failed {
                    (icon(Icon::Cross)) span { (frame.t("gate-stays-shut")) }
                    p { (trouble.words(frame)) }
                    p { (frame.t(trouble.advice())) }
                },
            }
        }
    }
}
