//! Asking for money: the list, the form that asks one person or splits a bill, and one request.

use ledger::Timestamp;
use maud::{Markup, html};
use money::Amount;
use wallet::ids::{OperationId, RequestId};

use crate::card_move::currency_field;
use crate::components::{back, empty, key_values};
use crate::figures;
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Waits for the payer.
    Open,
    /// Paid.
    Paid,
    /// The payer said no.
    Declined,
    /// Taken back.
    Withdrawn,
    /// Its time is over.
    Expired,
}

impl RequestState {
    const fn face(self) -> (&'static str, Icon, &'static str) {
        match self {
            Self::Open => ("request-open", Icon::Clock, "badge badge-warn"),
            Self::Paid => ("request-paid", Icon::Check, "badge badge-ok"),
            Self::Declined => ("request-declined", Icon::Cross, "badge badge-danger"),
            Self::Withdrawn => ("request-withdrawn", Icon::Undo, "badge badge-muted"),
            Self::Expired => ("request-expired", Icon::Clock, "badge badge-muted"),
        }
    }
}

fn badge(frame: &Frame, state: RequestState) -> Markup {
    let (key, shape, class) = state.face();
    html! { span class=(class) { (icon(shape)) (frame.t(key)) } }
}

/// A request as one of its two sides sees it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request.
    pub id: RequestId,
    /// Whether the reader is the one who is asked.
    pub to_pay: bool,
    /// The other side's name.
    pub other: String,
    /// How much.
    pub amount: Amount,
    /// What for; may be empty.
    pub memo: String,
    /// How far it came.
    pub state: RequestState,
    /// When it was made.
    pub at: Timestamp,
    /// When it can no longer be paid.
    pub expires_at: Timestamp,
    /// The transfer that paid it.
    pub operation: Option<OperationId>,
    /// Whether it is a part of a split bill.
    pub part: bool,
}

/// The requests of a holder.
#[derive(Clone, Debug)]
pub struct Requests {
    /// Newest first.
    pub requests: Vec<Request>,
}

/// The form that asks.
#[derive(Clone, Debug, Default)]
pub struct AskForm {
    /// What the wallets hold, the main currency first.
    pub available: Vec<Amount>,
    /// User names or phone numbers as typed.
    pub people: String,
    /// The amount as typed.
    pub amount: String,
    /// The chosen currency's code.
    pub currency: String,
    /// The note as typed.
    pub memo: String,
    /// Whether the reader bears a part too.
    pub own_part: bool,
    /// What is wrong: fields `people`, `amount`, `currency`, `memo`.
    pub problems: Vec<Problem>,
}

/// The second step: whom, by masked name, and how much each.
#[derive(Clone, Debug)]
pub struct AskCheck {
    /// The people as typed.
    pub people: String,
    /// Masked name, check and part of each.
    pub parts: Vec<(String, String, Amount)>,
    /// The reader's own part.
    pub own: Option<Amount>,
    /// How much altogether.
    pub total: Amount,
    /// What for.
    pub memo: String,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
}

/// One request, with what can be done about it.
#[derive(Clone, Debug)]
pub struct RequestPage {
    /// The request.
    pub request: Request,
    /// What would be left of the wallet; nothing where it holds too little.
    pub left: Option<Amount>,
    /// The idempotency key of this rendering of the form.
    pub attempt: String,
    /// What is wrong: field `amount`.
    pub problems: Vec<Problem>,
}

/// `GET /requests`
#[must_use]
pub fn list(frame: &Frame, view: &Requests) -> Markup {
    let head = Head { title: frame.t("requests"), place: Place::Transfer, class: "medium" };
    let (to_pay, asked): (Vec<&Request>, Vec<&Request>) =
        view.requests.iter().partition(|request| request.to_pay);
    document(
        frame,
        &head,
        html! {
            (back("/transfer", frame.t("transfer")))
            div.title-row {
                h1 { (head.title) }
                a.button.button-primary href="/requests/new" { (frame.t("request-ask")) }
            }
            @if view.requests.is_empty() { (empty(frame.t("requests-empty"), None)) }
            @if !to_pay.is_empty() { (group(frame, frame.t("requests-to-pay"), &to_pay)) }
            @if !asked.is_empty() { (group(frame, frame.t("requests-asked"), &asked)) }
        },
    )
}

fn group(frame: &Frame, title: &str, requests: &[&Request]) -> Markup {
    html! {
        section.panel {
            h2 { (title) }
            ul.lines {
                @for request in requests {
                    li {
                        a.line href={ "/requests/" (request.id) } {
                            span.line-icon.kind-transfer { (icon(if request.part { Icon::People } else { Icon::Person })) }
                            span.line-text {
                                span.line-title { (request.other) }
                                span.line-note {
                                    (when::short(frame, request.at))
                                    @if !request.memo.is_empty() { " · " (request.memo) }
                                }
                                span { (badge(frame, request.state)) }
                            }
                            span.line-figure { (figures::amount(frame, request.amount)) }
                        }
                    }
                }
            }
        }
    }
}

/// `GET` and `POST /requests/new`
#[must_use]
pub fn ask(frame: &Frame, view: &AskForm) -> Markup {
    let head = Head { title: frame.t("request-ask"), place: Place::Transfer, class: "narrow" };
    let line = |name, label, hint, value, input, optional| {
        field(frame, &view.problems, &Field { name, label, hint, value, input, prefix: None, optional })
    };
    document(
        frame,
        &head,
        html! {
            (back("/requests", frame.t("requests")))
            h1 { (head.title) }
            (error_summary(frame, &view.problems))
            (form::form(frame, "/requests/new", None, html! {
                (line("people", frame.t("request-people"), Some(frame.t("request-people-hint")),
                    view.people.as_str(), Input::Text, false))
                div.amount-row {
                    (line("amount", frame.t("request-total"), Some(frame.t("request-total-hint")),
                        view.amount.as_str(), Input::Money, false))
                    (currency_field(frame, &view.problems, &view.currency, &view.available))
                }
                label.check {
                    input type="checkbox" name="own_part" value="yes" checked[view.own_part];
                    span { (frame.t("request-own-part")) }
                }
                (line("memo", frame.t("memo"), None, view.memo.as_str(), Input::Text, true))
                (form::submit(frame.t("continue")))
            }))
        },
    )
}

/// `POST /requests/new`
#[must_use]
pub fn check(frame: &Frame, view: &AskCheck) -> Markup {
    let head = Head { title: frame.t("request-check"), place: Place::Transfer, class: "narrow" };
    let checks: Vec<&str> = view.parts.iter().map(|(_, check, _)| check.as_str()).collect();
    document(
        frame,
        &head,
        html! {
            (back("/requests/new", frame.t("change-details")))
            h1 { (head.title) }
            section.panel {
                dl.key-values {
                    @for (name, _, part) in &view.parts { div { dt { (name) } dd { (figures::amount(frame, *part)) } } }
                    @if let Some(own) = view.own { div { dt { (frame.t("request-own")) } dd { (figures::amount(frame, own)) } } }
                    div { dt { (frame.t("sum")) } dd { strong { (figures::amount(frame, view.total)) } } }
                    @if !view.memo.is_empty() { div { dt { (frame.t("memo")) } dd { (view.memo) } } }
                }
            }
            p.hint { (frame.t("request-check-note")) }
            (form::form(frame, "/requests/new/confirm", Some(&view.attempt), html! {
                input type="hidden" name="people" value=(view.people);
                input type="hidden" name="checks" value=(checks.join(" "));
                input type="hidden" name="amount" value=(view.total.decimal());
                input type="hidden" name="currency" value=(view.total.currency().code());
                input type="hidden" name="memo" value=(view.memo);
                @if view.own.is_some() { input type="hidden" name="own_part" value="yes"; }
                (form::submit(frame.t("request-send")))
            }))
        },
    )
}

/// `GET /requests/{id}`
#[must_use]
pub fn request(frame: &Frame, view: &RequestPage) -> Markup {
    let request = &view.request;
    let title = if request.to_pay { "request-to-you" } else { "request-by-you" };
    let title = frame.fill(title, &[("name", &request.other)]);
    let head = Head { title: &title, place: Place::Transfer, class: "narrow" };
    let mut rows = vec![
        (frame.t("amount"), figures::amount(frame, request.amount)),
        (frame.t("state"), badge(frame, request.state)),
        (frame.t("time"), when::full(frame, request.at)),
        (frame.t("request-until"), when::full(frame, request.expires_at)),
    ];
    if !request.memo.is_empty() {
        rows.insert(1, (frame.t("memo"), html! { (request.memo) }));
    }
    if let Some(operation) = request.operation {
        rows.push((
            frame.t("receipt"),
            html! { a href={ "/transactions/" (operation) } { (frame.t("show-payment")) } },
        ));
    }
    if let Some(left) = view.left.filter(|_| request.to_pay && request.state == RequestState::Open) {
        rows.push((frame.t("balance-after"), figures::amount(frame, left)));
    }
    document(
        frame,
        &head,
        html! {
            (back("/requests", frame.t("requests")))
            h1 { (title) }
            (error_summary(frame, &view.problems))
            section.panel { (key_values(&rows)) }
            @if request.state == RequestState::Open { (answers(frame, view)) }
        },
    )
}

fn answers(frame: &Frame, view: &RequestPage) -> Markup {
    let request = &view.request;
    let path = format!("/requests/{}", request.id);
    html! {
        @if request.to_pay {
            @if view.left.is_some() {
                (form::form(frame, &format!("{path}/pay"), Some(&view.attempt), html! {
                    (form::submit(&frame.fill("pay-now", &[("amount", &figures::text(request.amount))])))
                }))
            } @else {
                p.hint { (frame.t("balance-short")) }
                a.button.button-primary.button-wide href="/top-up" { (frame.t("top-up")) }
            }
            form method="post" action={ (path) "/decline" } {
                (form::hidden(frame))
                button.button.button-wide { (icon(Icon::Cross)) (frame.t("request-decline")) }
            }
        } @else {
            form method="post" action={ (path) "/withdraw" } {
                (form::hidden(frame))
                button.button.button-wide { (icon(Icon::Undo)) (frame.t("request-withdraw")) }
            }
        }
    }
}
