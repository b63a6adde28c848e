//! Pages for when something went wrong.

use maud::{Markup, html};

use crate::form::Trouble;
use crate::frame::{Frame, Viewer};
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// What went wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such page, or it is somebody else's.
    NotFound,
    /// The viewer's role may not do this.
    Forbidden,
    /// The form came from another site or another session.
    ForgedForm,
    /// The request cannot be understood.
    BadRequest,
    /// Too many requests.
    TooMany,
    /// A rule forbids it now: a suspended shop, spending that is stopped.
    Refused(Trouble),
    /// The server failed; whatever was begun will be finished or undone.
    Internal,
}

impl Fault {
    /// Title and explanation.
    fn words(self, frame: &Frame) -> (&str, String) {
        let (title, note) = match self {
            Self::NotFound => ("fault-not-found", "fault-not-found-note"),
            Self::Forbidden => ("fault-forbidden", "fault-forbidden-note"),
            Self::ForgedForm => ("fault-forged", "fault-forged-note"),
            Self::BadRequest => ("fault-bad-request", "fault-bad-request-note"),
            Self::TooMany => ("fault-too-many", "fault-too-many-note"),
            Self::Refused(trouble) => return (frame.t("fault-refused"), trouble.words(frame)),
            Self::Internal => ("fault-internal", "fault-internal-note"),
        };
        (frame.t(title), frame.t(note).to_owned())
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Forbidden | Self::ForgedForm => 403,
            Self::BadRequest => 400,
            Self::Refused(_) => 409,
            Self::TooMany => 429,
            Self::Internal => 500,
        }
    }
}

/// The page of a fault.
#[must_use]
pub fn fault(frame: &Frame, fault: Fault) -> Markup {
    let (title, note) = fault.words(frame);
    let head = Head { title, place: Place::Elsewhere, class: "narrow" };
    let home = match frame.viewer {
        Viewer::Guest | Viewer::Terminal => "/",
        Viewer::Holder { .. } => "/home",
        Viewer::Merchant { .. } => "/merchant",
        Viewer::Operator { .. } => "/operator",
    };
    document(
        frame,
        &head,
        html! {
            div.panel.fault {
                (icon(Icon::Info))
                p.muted { (fault.status()) }
                h1 { (head.title) }
                p { (note) }
                a.button.button-primary href=(home) { (frame.t("to-start")) }
            }
        },
    )
}
