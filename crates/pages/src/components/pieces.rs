use ledger::Timestamp;
use maud::{Markup, html};

use crate::activity::State;
use crate::frame::{Frame, Notice};
use crate::icon::{Icon, icon};
use crate::when;

/// The state of an operation: colour, icon and word.
pub(crate) fn badge(frame: &Frame, state: State) -> Markup {
    let shape = match state {
        State::Started => Icon::Clock,
        State::Completed => Icon::Check,
        State::Declined => Icon::Cross,
        State::Reversed => Icon::Undo,
        State::Unknown => Icon::Alert,
        State::Held => Icon::Clock,
    };
    html! { span class=(state.class()) { (icon(shape)) (frame.t(state.key())) } }
}

/// Good news, announced politely.
pub(crate) fn flash(frame: &Frame, notice: Notice) -> Markup {
    html! { div.flash role="status" { (icon(Icon::Check)) p { (frame.t(notice.key())) } } }
}

/// What to say where a list has nothing, and what to do about it.
pub(crate) fn empty(text: &str, action: Option<(&str, &str)>) -> Markup {
    html! {
        div.empty {
            (icon(Icon::Empty))
            p { (text) }
            @if let Some((href, label)) = action { a.button href=(href) { (label) } }
        }
    }
}

/// The way back, above the heading of pages that serve one task.
pub(crate) fn back(href: &str, label: &str) -> Markup {
    html! { a.back href=(href) { (icon(Icon::ArrowLeft)) (label) } }
}

/// Names and values.
pub(crate) fn key_values(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl.key-values {
            @for (key, value) in rows { div { dt { (key) } dd { (value) } } }
        }
    }
}

/// One figure with its name and an explanation.
pub(crate) fn stat(name: &str, figure: Markup, note: Option<Markup>) -> Markup {
    html! {
        div.stat {
            p.stat-name { (name) }
            p.stat-figure { (figure) }
            @if let Some(note) = note { p.stat-note { (note) } }
        }
    }
}

/// Where one stands in a task of several steps; `current` counts from 0.
pub(crate) fn stepper(frame: &Frame, current: usize, steps: &[&str]) -> Markup {
    html! {
        ol.stepper aria-label=(frame.t("steps")) {
            @for (index, step) in steps.iter().enumerate() {
                li.done[index < current] aria-current=[(index == current).then_some("step")] {
                    span.step-number { @if index < current { (icon(Icon::Check)) } @else { (index + 1) } }
                    span { (step) }
                }
            }
        }
    }
}

/// What happened at one moment of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentKind {
    /// The intent was recorded.
    Recorded,
    /// The bank has not answered yet.
    WaitingForBank,
    /// The ledger moved the money.
    Completed,
    /// It was refused.
    Declined,
    /// It was undone.
    Reversed,
    /// Some or all of it was given back.
    Refunded,
    /// It is reserved; a person decides.
    UnderReview,
}

/// One moment of an operation's story.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What happened.
    pub kind: MomentKind,
    /// When.
    pub at: Timestamp,
}

/// The story of an operation.
pub(crate) fn timeline(frame: &Frame, moments: &[Moment]) -> Markup {
    html! {
        ol.timeline {
            @for moment in moments {
                @let (shape, class, key) = face(moment.kind);
                li class=(class) {
                    span.timeline-dot { (icon(shape)) }
                    span { (frame.t(key)) }
                    span.muted { (when::full(frame, moment.at)) }
                }
            }
        }
    }
}

const fn face(kind: MomentKind) -> (Icon, &'static str, &'static str) {
    match kind {
        MomentKind::Recorded => (Icon::Book, "tone-muted", "moment-recorded"),
        MomentKind::WaitingForBank => (Icon::Clock, "tone-warn", "moment-waiting"),
        MomentKind::Completed => (Icon::Check, "tone-ok", "moment-completed"),
        MomentKind::Declined => (Icon::Cross, "tone-danger", "moment-declined"),
        MomentKind::Reversed => (Icon::Undo, "tone-muted", "moment-reversed"),
        MomentKind::UnderReview => (Icon::Clock, "tone-warn", "moment-under-review"),
        MomentKind::Refunded => (Icon::Refund, "tone-info", "moment-refunded"),
    }
}
