//! What the till sells, one item on each line.

use maud::{Markup, html};

use super::{Line, top};
use crate::components::back;
use crate::form;
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};

/// The items as they are edited.
#[derive(Clone, Debug)]
pub struct ItemList {
    /// How the terminal stands.
    pub line: Line,
    /// `中文名 | English name | 8.50`, one on each line.
    pub text: String,
    /// Which line is not of that form, from 1.
    pub wrong_line: Option<usize>,
}

/// `GET /items`
#[must_use]
pub fn items(frame: &Frame, view: &ItemList) -> Markup {
    let head = Head { title: frame.t("till-items"), place: Place::Till, class: "narrow" };
    let is_wrong = view.wrong_line.is_some();
    document(
        frame,
        &head,
        html! {
            (top(frame, &view.line, None))
            (back("/", frame.t("till")))
            h1 { (frame.t("till-items")) }
            form.form method="post" action="/items" novalidate {
                div.field.field-wrong[is_wrong] {
                    label for="items" { (frame.t("desk-items-label")) }
                    p.hint id="items-hint" { (frame.t("desk-items-hint")) }
                    @if let Some(line) = view.wrong_line {
                        p.field-error id="items-error" role="alert" {
                            (icon(Icon::Alert)) (frame.fill("desk-items-wrong", &[("line", &line.to_string())]))
                        }
                    }
                    textarea id="items" name="items" rows="12" spellcheck="false" aria-describedby="items-hint"
                        aria-invalid=[is_wrong.then_some("true")] { (view.text) }
                }
                (form::submit(frame.t("desk-items-save")))
            }
        },
    )
}
