//! For whoever connects a shop by program: API keys, webhook endpoints, the log of deliveries, where checkout may return.

use ledger::Timestamp;
use maud::{Markup, html};
use wallet::ids::{ApiKeyId, EndpointId, MessageId};

use crate::assets;
use crate::components::{back, empty, key_values};
use crate::form::{self, Field, Input, Problem, error_summary, field};
use crate::frame::Frame;
use crate::icon::{Icon, icon};
use crate::shell::{Head, Place, document};
use crate::when;

/// What a key may do: code and words.
const SCOPES: [(&str, &str); 6] = [
    ("read", "scope-read"),
    ("payments", "scope-payments"),
    ("refunds", "scope-refunds"),
    ("orders", "scope-orders"),
    ("webhooks", "scope-webhooks"),
    ("terminals", "scope-terminals"),
];

/// One key.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// The key's id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub label: String,
    /// What it may do, as words; empty: everything.
    pub scopes: Vec<&'static str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// One webhook endpoint.
#[derive(Clone, Debug)]
pub struct EndpointRow {
    /// The endpoint's id.
    pub id: EndpointId,
    /// Where.
    pub url: String,
    /// Whether it is told.
    pub active: bool,
    /// Since when every delivery failed.
    pub failing_since: Option<Timestamp>,
}

/// How far a delivery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// To be tried.
    Waiting,
    /// Taken.
    Delivered,
    /// Given up.
    Failed,
}

/// One delivery of the log.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// The message.
    pub message: MessageId,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// What happened: `order.paid`.
    pub kind: String,
    /// Where.
    pub url: String,
    /// How far it came.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u32,
    /// When it happened.
    pub at: Timestamp,
}

/// Something that is shown once.
#[derive(Clone, Debug)]
pub enum Shown {
    /// An API key.
    Key(String),
    /// The secret of an endpoint.
    Secret(String),
}

/// The developer's page.
#[derive(Clone, Debug, Default)]
pub struct Developer {
    /// The keys.
    pub keys: Vec<KeyRow>,
    /// The endpoints.
    pub endpoints: Vec<EndpointRow>,
    /// The latest deliveries.
    pub deliveries: Vec<DeliveryRow>,
    /// The registered origins.
    pub origins: Vec<String>,
    /// What is shown this once.
    pub shown: Option<Shown>,
    /// The address of this server, for the example.
    pub host: String,
    /// What was typed into the form that failed.
    pub typed: String,
    /// What is wrong: fields `label`, `url`, `return_url`.
    pub problems: Vec<Problem>,
}

/// `GET /merchant/developer`
#[must_use]
pub fn developer(frame: &Frame, view: &Developer) -> Markup {
    let head = Head { title: frame.t("developer"), place: Place::Developer, class: "wide" };
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            h1 { (head.title) }
            p.muted { (frame.t("developer-lead")) " " a href="/api/v1/openapi.json" { "OpenAPI" } }
            (error_summary(frame, &view.problems))
            @if let Some(shown) = &view.shown { (shown_once(frame, view, shown)) }
            (keys(frame, view))
            (endpoints(frame, view))
            (deliveries(frame, view))
            (origins(frame, view))
        },
    )
}

fn shown_once(frame: &Frame, view: &Developer, shown: &Shown) -> Markup {
    let (title, text) = match shown {
        Shown::Key(key) => (frame.t("key-shown"), key),
        Shown::Secret(secret) => (frame.t("secret-shown"), secret),
    };
    html! {
        section.panel role="status" aria-labelledby="shown" {
            h2 id="shown" { (title) }
            p { (frame.t("shown-once")) }
            p.secret { code { (text) } }
            @if let Shown::Key(key) = shown {
                p { (frame.t("key-example")) }
                pre.code-block tabindex="0" { (example(&view.host, key)) }
            }
        }
    }
}

/// The example of the documentation, with the key in place.
fn example(host: &str, key: &str) -> String {
    format!(
        "curl -X POST {host}/api/v1/orders \\\n  -H 'Authorization: Bearer {key}' \\\n  -H 'Idempotency-Key: order-1' \\\n  \
         -H 'Content-Type: application/json' \\\n  -d '{{\"amount\": 1250, \"currency\": \"CNY\",
             \"description\": \"Test\"}}'"
    )
}

fn text_field(frame: &Frame, view: &Developer, names: (&'static str, &str, &str)) -> Markup {
    let (name, label, hint) = names;
    let wrong = view.problems.iter().any(|problem| problem.field == name);
    let value = if wrong { view.typed.as_str() } else { "" };
    field(
        frame,
        &view.problems,
        &Field { name, label, hint: Some(hint), value, input: Input::Text, prefix: None, optional: false },
    )
}

fn keys(frame: &Frame, view: &Developer) -> Markup {
    html! {
        section.panel aria-labelledby="keys" {
            h2 id="keys" { (frame.t("api-keys")) }
            @if view.keys.is_empty() { (empty(frame.t("api-keys-empty"), None)) }
            @else {
                table.table.table-cards {
                    thead { tr {
                        th scope="col" { (frame.t("key-label")) }
                        th scope="col" { (frame.t("key-scopes")) }
                        th scope="col" { (frame.t("key-used")) }
                        th scope="col" { span.visually-hidden { (frame.t("actions")) } }
                    } }
                    tbody { @for key in &view.keys { (key_row(frame, key)) } }
                }
            }
            (form::form(frame, "/merchant/developer/keys", None, html! {
                (text_field(frame, view, ("label", frame.t("key-label"), frame.t("key-label-hint"))))
                fieldset.instruments {
                    legend { (frame.t("key-scopes")) }
                    @for (code, words) in SCOPES {
                        label.check { input type="checkbox" name=(code) value="yes"; span { strong {
                            (code) } span.muted { (frame.t(words)) } } }
                    }
                }
                (form::submit(frame.t("key-make")))
            }))
        }
    }
}

fn key_row(frame: &Frame, key: &KeyRow) -> Markup {
    html! {
        tr {
            td { strong { (key.label) } @if let Some(end) = key.expires_at { span.cell-note {
                (frame.t("key-ends")) " " (when::short(frame, end)) } } }
            td { @if key.scopes.is_empty() { (frame.t("key-all")) } @else { (key.scopes.join(", ")) } }
            td { @if let Some(at) = key.used_at { (when::short(frame, at)) } @else { (frame.t("key-never")) } }
            td.cell-action {
                div.row-actions {
                    @if key.expires_at.is_none() {
                        (form::form(frame, &format!("/merchant/developer/keys/{}/rotate", key.id), None, html! {
                            button.button.button-small { (frame.t("key-rotate")) } }))
                    }
                    (form::form(frame, &format!("/merchant/developer/keys/{}/revoke", key.id), None, html! {
                        button.button.button-small.button-danger { (frame.t("key-revoke")) } }))
                }
            }
        }
    }
}

fn endpoints(frame: &Frame, view: &Developer) -> Markup {
    html! {
        section.panel aria-labelledby="endpoints" {
            h2 id="endpoints" { (frame.t("endpoints")) }
            p.muted { (frame.t("endpoints-lead")) }
            @if view.endpoints.is_empty() { (empty(frame.t("endpoints-empty"), None)) }
            @for endpoint in &view.endpoints {
                @let path = format!("/merchant/developer/endpoints/{}", endpoint.id);
                div.title-row {
                    p.link-address {
                        (endpoint.url) " "
                        @if !endpoint.active { span.badge.badge-danger { (icon(Icon::Cross))
                            (frame.t("endpoint-disabled")) } }
                        @else if endpoint.failing_since.is_some() { span.badge.badge-warn { (icon(Icon::Alert))
                            (frame.t("endpoint-failing")) } }
                        @else { span.badge.badge-ok { (icon(Icon::Check)) (frame.t("endpoint-active")) } }
                    }
                    div.row-actions {
                        @if endpoint.active { (form::form(frame, &format!("{path}/rotate"), None, html! {
                            button.button.button-small { (frame.t("endpoint-rotate")) } })) }
                        @else { (form::form(frame, &format!("{path}/enable"), None, html! {
                            button.button.button-small { (frame.t("endpoint-enable")) } })) }
                        (form::form(frame, &format!("{path}/remove"), None, html! {
                            button.button.button-small.button-danger { (frame.t("item-remove")) } }))
                    }
                }
            }
            @if !view.endpoints.is_empty() {
                (form::form(frame, "/merchant/developer/test", None, html! { button.button {
                    (frame.t("endpoint-test")) } }))
            }
            (form::form(frame, "/merchant/developer/endpoints", None, html! {
                (text_field(frame, view, ("url", frame.t("endpoint-url"), frame.t("endpoint-url-hint"))))
                (form::submit(frame.t("endpoint-add")))
            }))
        }
    }
}

fn delivery_badge(frame: &Frame, status: DeliveryStatus) -> Markup {
    let (class, shape, key) = match status {
        DeliveryStatus::Waiting => ("badge badge-warn", Icon::Clock, "delivery-waiting"),
        DeliveryStatus::Delivered => ("badge badge-ok", Icon::Check, "delivery-delivered"),
        DeliveryStatus::Failed => ("badge badge-danger", Icon::Cross, "delivery-failed"),
    };
    html! { span class=(class) { (icon(shape)) (frame.t(key)) } }
}

fn deliveries(frame: &Frame, view: &Developer) -> Markup {
    html! {
        section.panel aria-labelledby="deliveries" {
            h2 id="deliveries" { (frame.t("deliveries")) }
            @if view.deliveries.is_empty() { (empty(frame.t("deliveries-empty"), None)) }
            @else {
                table.table.table-cards {
                    thead { tr {
                        th scope="col" { (frame.t("delivery-kind")) }
                        th scope="col" { (frame.t("time")) }
                        th scope="col" { (frame.t("state")) }
                        th.num scope="col" { (frame.t("delivery-attempts")) }
                    } }
                    tbody { @for row in &view.deliveries {
                        tr {
                            td { a href={ "/merchant/developer/deliveries/" (row.message) "/" (row.endpoint) } {
                                (row.kind) } span.cell-note { (row.url) } }
                            td { (when::short(frame, row.at)) }
                            td { (delivery_badge(frame, row.status)) }
                            td.num { (row.attempts) }
                        }
                    } }
                }
            }
        }
    }
}

fn origins(frame: &Frame, view: &Developer) -> Markup {
    html! {
        section.panel aria-labelledby="origins" {
            h2 id="origins" { (frame.t("origins")) }
            p.muted { (frame.t("origins-lead")) }
            @for origin in &view.origins {
                div.title-row {
                    p.link-address { (origin) }
                    (form::form(frame, "/merchant/developer/origins/remove", None, html! {
                        input type="hidden" name="origin" value=(origin);
                        button.button.button-small { (frame.t("item-remove")) }
                    }))
                }
            }
            (form::form(frame, "/merchant/developer/origins", None, html! {
                (text_field(frame, view, ("return_url", frame.t("origin-new"), "https://shop.example")))
                button.button { (frame.t("origin-add")) }
            }))
        }
    }
}

/// One attempt of a delivery.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    /// When.
    pub at: Timestamp,
    /// What was answered, or a code of what went wrong.
    pub outcome: String,
    /// How long it took.
    pub milliseconds: u32,
}

/// One delivery with its attempts.
#[derive(Clone, Debug)]
pub struct DeliveryDetail {
    /// The delivery.
    pub row: DeliveryRow,
    /// What is sent.
    pub body: String,
    /// When it is tried next, where it waits.
    pub next_at: Timestamp,
    /// The attempts, oldest first.
    pub attempts: Vec<AttemptRow>,
}

/// `GET /merchant/developer/deliveries/{message}/{endpoint}`
#[must_use]
pub fn delivery(frame: &Frame, view: &DeliveryDetail) -> Markup {
    let row = &view.row;
    let head = Head { title: &row.kind, place: Place::Developer, class: "medium" };
    let mut facts = vec![
        ("webhook-id", html! { code { "msg_" (row.message) } }),
        (frame.t("endpoint-url"), html! { (row.url) }),
        (frame.t("time"), when::full(frame, row.at)),
    ];
    if row.status == DeliveryStatus::Waiting {
        facts.push((frame.t("delivery-next"), when::full(frame, view.next_at)));
    }
    document(
        frame,
        &head,
        html! {
            (assets::merchant_style())
            (back("/merchant/developer#deliveries", frame.t("developer")))
            div.title-row { h1 { (row.kind) } (delivery_badge(frame, row.status)) }
            section.panel { (key_values(&facts)) }
            section.panel aria-labelledby="attempts" {
                h2 id="attempts" { (frame.t("delivery-attempts")) }
                @if view.attempts.is_empty() { (empty(frame.t("delivery-none-yet"), None)) }
                @else {
                    table.table {
                        thead { tr {
                            th scope="col" { (frame.t("time")) }
                            th scope="col" { (frame.t("delivery-answer")) }
                            th.num scope="col" { "ms" }
                        } }
                        tbody { @for attempt in &view.attempts { tr {
                            td { (when::full(frame, attempt.at)) }
                            td { code { (attempt.outcome) } }
                            td.num { (attempt.milliseconds) }
                        } } }
                    }
                }
            }
            section.panel aria-labelledby="body" {
                h2 id="body" { (frame.t("delivery-body")) }
                pre.code-block tabindex="0" { (view.body) }
            }
            (form::form(frame, &format!("/merchant/developer/deliveries/{}/{}/again", row.message, row.endpoint), None,
                form::submit(frame.t("delivery-again"))))
        },
    )
}
