//! The neighbours' board: what people offer and want, the form of a post, and one post.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::{OperationId, PostId};

use crate::card_move::currency_field;
use crate::components::{back, empty, key_values};
use crate::figures;
use crate::form::{self, Choice, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// How far a post came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostState {
    /// Anybody may agree.
    Open,
    /// Somebody has agreed.
    Agreed,
    /// Paid.
    Settled,
    /// Taken back.
    Withdrawn,
}

impl PostState {
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Open => ("post-open", Icon::Clock, "badge badge-info"),
            Self::Agreed => ("post-agreed", Icon::People, "badge badge-warn"),
            Self::Settled => ("post-settled", Icon::Check, "badge badge-ok"),
            Self::Withdrawn => ("post-withdrawn", Icon::Undo, "badge badge-muted"),
        }
    }
}

fn badge(frame: &Frame, state: PostState) -> Markup {
    let (key, shape, class) = state.face();
    html! { span class=(class) { (icon(shape)) (frame.t(key)) } }
}

/// One post.
#[derive(Clone, Debug)]
pub struct Post {
    /// The post.
    pub id: PostId,
    /// Whether it is an offer, not a want.
    pub offer: bool,
    /// In a few words.
    pub title: String,
    /// In more words; may be empty.
    pub words: String,
    /// The price.
    pub amount: Amount,
    /// Who wrote it.
    pub author: String,
    /// Who has agreed.
    pub partner: Option<String>,
    /// How far it came.
    pub state: PostState,
    /// When it was written.
    pub at: Timestamp,
    /// The transfer that settled it.
    pub operation: Option<OperationId>,
    /// Whether the reader wrote it.
    pub own: bool,
}

impl Post {
    const fn kind_key(&self) -> &'static str {
        if self.offer { "post-offer" } else { "post-want" }
    }
}

/// The board.
#[derive(Clone, Debug)]
pub struct Board {
    /// What everybody offers and wants, newest first.
    pub open: Vec<Post>,
    /// What the reader wrote or agreed to, newest first.
    pub own: Vec<Post>,
}

/// The form of a post.
#[derive(Clone, Debug, Default)]
pub struct PostForm {
    /// What the wallets hold, the main currency first.
    pub available: Vec<Amount>,
    /// `offer` or `want`.
    pub kind: String,
    /// As typed.
    pub title: String,
    /// As typed.
    pub words: String,
    /// As typed.
    pub amount: String,
    /// The chosen currency's code.
    pub currency: String,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
    /// What is wrong: fields `title`, `words`, `amount`, `currency`.
    pub problems: Vec<Problem>,
}

/// One post, with what the reader can do about it.
#[derive(Clone, Debug)]
pub struct PostPage {
    /// The post.
    pub post: Post,
    /// Whether the reader may agree.
    pub may_agree: bool,
    /// Whether the reader is the one who pays, now.
    pub may_settle: bool,
    /// Whether the reader may take the post or the agreement back.
    pub may_withdraw: bool,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
    /// What is wrong: field `amount`.
    pub problems: Vec<Problem>,
}

/// `GET /board`
#[must_use]
pub fn board(frame: &Frame, view: &Board) -> Markup {
    let head = Head { title: frame.t("board"), place: Place::Pay, class: "medium" };
    document(
        frame,
        &head,
        html! {
            (back("/pay", frame.t("pay-title")))
            div.title-row {
                h1 { (head.title) }
                a.button.button-primary href="/board/new" { (frame.t("post-new")) }
            }
            p.hint { (frame.t("board-note")) }
            @if view.open.is_empty() { section.panel { (empty(frame.t("board-empty"), None)) } }
            @else { (posts(frame, &view.open)) }
            @if !view.own.is_empty() {
                h2 { (frame.t("board-own")) }
                (posts(frame, &view.own))
            }
        },
    )
}

fn posts(frame: &Frame, posts: &[Post]) -> Markup {
    html! {
        ul.shops {
            @for post in posts {
                li {
                    a.panel.post href={ "/board/" (post.id) } {
                        span.badges {
                            span class={ "badge " (if post.offer { "badge-ok" } else { "badge-info" }) } {
                                (frame.t(post.kind_key()))
                            }
                            @if post.state != PostState::Open { (badge(frame, post.state)) }
                        }
                        strong { (post.title) }
                        span.muted { (post.author) " · " (when::short(frame, post.at)) }
                        span.post-price { (figures::amount(frame, post.amount)) }
                    }
                }
            }
        }
    }
}

/// `GET` and `POST /board/new`
#[must_use]
pub fn write(frame: &Frame, view: &PostForm) -> Markup {
    let head = Head { title: frame.t("post-new"), place: Place::Pay, class: "narrow" };
    let line = |name, label, hint, value, input, optional| {
        field(frame, &view.problems, &Field { name, label, hint, value, input, prefix: None, optional })
    };
    let kinds = [
        Choice { value: "offer".to_owned(), label: frame.t("post-offer-long").into() },
        Choice { value: "want".to_owned(), label: frame.t("post-want-long").into() },
    ];
    document(
        frame,
        &head,
        html! {
            (back("/board", frame.t("board")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (form::form(frame, "/board/new", Some(&view.attempt), html! {
                (form::select(frame, &view.problems, ("kind", frame.t("kind")), &view.kind, &kinds))
                (line("title", frame.t("post-title"), None, view.title.as_str(), Input::Text, false))
                (line("words", frame.t("post-words"), None, view.words.as_str(), Input::Text, true))
                div.amount-row {
                    (line("amount", frame.t("post-price"), None, view.amount.as_str(), Input::Money, false))
                    (currency_field(frame, &view.problems, &view.currency, &view.available))
                }
                (form::submit(frame.t("post-put")))
            }))
        },
    )
}

/// `GET /board/{id}`
#[must_use]
pub fn post(frame: &Frame, view: &PostPage) -> Markup {
    let post = &view.post;
    let head = Head { title: &post.title, place: Place::Pay, class: "narrow" };
    let mut rows = vec![
        (frame.t("kind"), html! { (frame.t(post.kind_key())) }),
        (frame.t("post-price"), html! { strong { (figures::amount(frame, post.amount)) } }),
        (frame.t("state"), badge(frame, post.state)),
        (frame.t("post-author"), html! { (post.author) }),
        (frame.t("time"), when::full(frame, post.at)),
    ];
    if let Some(partner) = &post.partner {
        rows.push((frame.t("post-partner"), html! { (partner) }));
    }
    if let Some(operation) = post.operation {
        rows.push((
            frame.t("receipt"),
            html! { a href={ "/transactions/" (operation) } { (frame.t("show-payment")) } },
        ));
    }
    document(
        frame,
        &head,
        html! {
            (back("/board", frame.t("board")))
            h1 { (post.title) }
            (error_summary(frame, &view.problems))
            section.panel.stack {
                @if !post.words.is_empty() { p { (post.words) } }
                (key_values(&rows))
            }
            (answers(frame, view))
        },
    )
}

fn answers(frame: &Frame, view: &PostPage) -> Markup {
    let post = &view.post;
    let path = format!("/board/{}", post.id);
    let agree = if post.offer { "post-agree-offer" } else { "post-agree-want" };
    html! {
        @if view.may_agree {
            p.hint { (frame.t("post-agree-note")) }
            (form::form(frame, &format!("{path}/agree"), None, form::submit(frame.t(agree))))
        }
        @if view.may_settle {
            (form::form(frame, &format!("{path}/settle"), Some(&view.attempt), html! {
                (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(post.amount))])))
            }))
        }
        @if view.may_withdraw {
            form method="post" action={ (path) "/withdraw" } {
                (form::hidden(frame))
                button.button.button-wide {
                    (icon(Icon::Undo))
                    (frame.t(if post.state == PostState::Agreed { "post-disagree" } else { "post-withdraw" }))
                }
            }
        }
    }
}
