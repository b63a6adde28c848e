//! For whoever connects a shop by program: API keys, webhook endpoints, deliveries, where checkout may return.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use operations::{OperationError, audit_log, checkout_origins, webhooks};
use pages::developer::{
    AttemptRow, DeliveryDetail, DeliveryRow, DeliveryStatus, Developer, EndpointRow, KeyRow, Shown,
};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::api_keys::{self, ApiKey};
use records::till::StaffRole;
use records::webhooks::{Attempt, Delivery, DeliveryState, Endpoint, EndpointState};
use serde::Deserialize;
use wallet::ids::{ApiKeyId, EndpointId, MessageId, PrincipalId};

use super::own_form::OwnForm;
use super::staff_role;
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{StaffVisit, page, page_with_problems, see_other};
use crate::auth::{Scope, Scopes, create_api_key, revoke_api_key, rotate_api_key};
use crate::fields::parse_id;
use crate::request::PathId;

/// How many deliveries the page shows.
const DELIVERIES: u32 = 30;
/// The longest name of a key, in characters.
const LABEL_MAX: usize = 64;

/// `GET /merchant/developer`
pub(super) async fn show(staff: StaffVisit, headers: HeaderMap) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    let view = view(&staff, owner, &headers).await?;
    Ok(page(pages::developer::developer(&staff.visit.frame(), &view)))
}

async fn view(staff: &StaffVisit, owner: PrincipalId, headers: &HeaderMap) -> Result<Developer, Stop> {
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let read = visit.app.records().read(move |sql| api_keys::list_valid(sql, owner));
    let now = visit.app.now();
    let keys = visit.need_records(read.await)?;
    let keys = keys.into_iter().filter(|key| key.expires_at.is_none_or(|end| end > now)).map(key_row);
    let endpoints = visit.need(webhooks::endpoints(operations, staff.merchant).await)?;
    let deliveries = visit.need(webhooks::log(operations, staff.merchant, DELIVERIES).await)?;
    let rows = deliveries.iter().map(|delivery| delivery_row(delivery, &endpoints)).collect();
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if visit.app.settings().secure_cookies { "https" } else { "http" };
    Ok(Developer {
        keys: keys.collect(),
        deliveries: rows,
        endpoints: endpoints.into_iter().map(endpoint_row).collect(),
        origins: visit.need(checkout_origins::list(operations, staff.merchant).await)?,
        host: format!("{scheme}://{host}"),
        ..Developer::default()
    })
}

fn key_row(key: ApiKey) -> KeyRow {
    KeyRow {
        id: key.id,
        label: key.label,
        scopes: Scopes::from_text(&key.scopes).list().into_iter().map(Scope::code).collect(),
        created_at: key.created_at,
        used_at: key.used_at,
        expires_at: key.expires_at,
    }
}

fn endpoint_row(endpoint: Endpoint) -> EndpointRow {
    EndpointRow {
        id: endpoint.id,
        url: endpoint.url,
        active: endpoint.state == EndpointState::Active,
        failing_since: endpoint.failing_since,
    }
}

fn delivery_row(delivery: &Delivery, endpoints: &[Endpoint]) -> DeliveryRow {
    let url = endpoints.iter().find(|endpoint| endpoint.id == delivery.endpoint);
    DeliveryRow {
        message: delivery.message.id,
        endpoint: delivery.endpoint,
        kind: delivery.message.kind.clone(),
        url: url.map_or_else(|| "—".to_owned(), |endpoint| endpoint.url.clone()),
        status: match delivery.state {
            DeliveryState::Waiting => DeliveryStatus::Waiting,
            DeliveryState::Delivered => DeliveryStatus::Delivered,
            DeliveryState::Failed => DeliveryStatus::Failed,
        },
        attempts: delivery.attempts,
        at: delivery.message.created_at,
    }
}

fn saved() -> Response {
    see_other(&format!("/merchant/developer?notice={}", Notice::Saved.code()))
}

/// The page again, with what is wrong or what is shown this once.
async fn shown(
    (staff, owner, headers): (&StaffVisit, PrincipalId, &HeaderMap),
    change: impl FnOnce(&mut Developer),
) -> Result<Response, Stop> {
    let mut view = view(staff, owner, headers).await?;
    change(&mut view);
    let wrong = !view.problems.is_empty();
    let markup = pages::developer::developer(&staff.visit.frame(), &view);
    Ok(if wrong { page_with_problems(markup) } else { page(markup) })
}

/// The name, and a field for each scope that is ticked.
#[derive(Deserialize)]
pub(super) struct KeyForm {
    #[serde(flatten)]
    fields: BTreeMap<String, String>,
}

/// `POST /merchant/developer/keys`. The key is shown in this one answer, which no redirect could carry.
pub(super) async fn make_key(
    staff: StaffVisit,
    headers: HeaderMap,
    OwnForm(form): OwnForm<KeyForm>,
) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    let label = form.fields.get("label").map(|label| label.trim().to_owned()).unwrap_or_default();
    let who = (&staff, owner, &headers);
    if label.is_empty() || label.chars().count() > LABEL_MAX || label.chars().any(char::is_control) {
        let trouble = if label.is_empty() { Trouble::Missing } else { Trouble::TooLong(64) };
        return shown(who, |view| {
            view.typed = label;
            view.problems = vec![Problem { field: "label", trouble }];
        })
        .await;
    }
    let scopes: Vec<Scope> =
        Scope::ALL.into_iter().filter(|scope| form.fields.contains_key(scope.code())).collect();
    let made = create_api_key(&staff.visit.app, owner, label, Scopes::of(&scopes)).await?;
    shown(who, |view| view.shown = Some(Shown::Key(made.key))).await
}

#[derive(Deserialize)]
pub(super) struct NoFields {}

/// `POST /merchant/developer/keys/{key}/rotate`
pub(super) async fn rotate_key(
    PathId(key): PathId<ApiKeyId>,
    staff: StaffVisit,
    headers: HeaderMap,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    match rotate_api_key(&staff.visit.app, owner, key).await? {
        Some(made) => shown((&staff, owner, &headers), |view| view.shown = Some(Shown::Key(made.key))).await,
        None => Err(staff.visit.stop(Fault::NotFound)),
    }
}

/// `POST /merchant/developer/keys/{key}/revoke`
pub(super) async fn revoke_key(
    PathId(key): PathId<ApiKeyId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    if revoke_api_key(&staff.visit.app, owner, key).await? {
        Ok(saved())
    } else {
        Err(staff.visit.stop(Fault::NotFound))
    }
}

#[derive(Deserialize)]
pub(super) struct EndpointForm {
    #[serde(default)]
    url: String,
}

/// `POST /merchant/developer/endpoints`
pub(super) async fn add_endpoint(
    staff: StaffVisit,
    headers: HeaderMap,
    OwnForm(form): OwnForm<EndpointForm>,
) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    let url = form.url.trim().to_owned();
    let who = (&staff, owner, &headers);
    match webhooks::add_endpoint(staff.visit.app.operations(), staff.merchant, url.clone()).await {
        Ok(made) => {
            let secret = webhooks::secret_text(&made.secret);
            let details = [("url", url)];
            let operations = staff.visit.app.operations();
            let id = made.id.to_string();
            let noted = audit_log::note(operations, owner, "webhook.endpoint_added", &id, &details);
            staff.visit.need(noted.await)?;
            shown(who, |view| view.shown = Some(Shown::Secret(secret))).await
        }
        Err(OperationError::TextLength { .. } | OperationError::OutOfRange { .. }) => {
            shown(who, |view| {
                view.typed = url;
                view.problems = vec![Problem { field: "url", trouble: Trouble::OriginUnknown }];
            })
            .await
        }
        Err(error) => Err(staff.visit.stop_for(error)),
    }
}

/// `POST /merchant/developer/endpoints/{endpoint}/rotate`
pub(super) async fn rotate_secret(
    PathId(endpoint): PathId<EndpointId>,
    staff: StaffVisit,
    headers: HeaderMap,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    let rotated = webhooks::rotate(staff.visit.app.operations(), staff.merchant, endpoint).await;
    let secret = staff.visit.need(rotated)?;
    let (operations, id) = (staff.visit.app.operations(), endpoint.to_string());
    let noted = audit_log::note(operations, owner, "webhook.secret_rotated", &id, &[]);
    staff.visit.need(noted.await)?;
    shown((&staff, owner, &headers), |view| view.shown = Some(Shown::Secret(secret))).await
}

async fn set_state(staff: &StaffVisit, endpoint: EndpointId, state: EndpointState) -> Result<Response, Stop> {
    staff_role::require(staff, StaffRole::Owner).await?;
    let set = webhooks::set_state(staff.visit.app.operations(), staff.merchant, endpoint, state).await;
    staff.visit.need(set)?;
    Ok(saved())
}

/// `POST /merchant/developer/endpoints/{endpoint}/enable`
pub(super) async fn enable(
    PathId(endpoint): PathId<EndpointId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    set_state(&staff, endpoint, EndpointState::Active).await
}

/// `POST /merchant/developer/endpoints/{endpoint}/remove`
pub(super) async fn remove(
    PathId(endpoint): PathId<EndpointId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    set_state(&staff, endpoint, EndpointState::Removed).await
}

/// `POST /merchant/developer/test`
pub(super) async fn test(
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    let sent = webhooks::send_test(staff.visit.app.operations(), staff.merchant, owner).await;
    staff.visit.need(sent)?;
    Ok(saved())
}

#[derive(Deserialize)]
pub(super) struct OriginForm {
    #[serde(default)]
    return_url: String,
    #[serde(default)]
    origin: String,
}

/// `POST /merchant/developer/origins`
pub(super) async fn add_origin(
    staff: StaffVisit,
    headers: HeaderMap,
    OwnForm(form): OwnForm<OriginForm>,
) -> Result<Response, Stop> {
    let owner = staff_role::require(&staff, StaffRole::Owner).await?;
    let operations = staff.visit.app.operations();
    match checkout_origins::register(operations, staff.merchant, form.return_url.trim()).await {
        Ok(()) => Ok(saved()),
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| staff.visit.stop_for(error))?;
            shown((&staff, owner, &headers), |view| {
                view.typed = form.return_url;
                view.problems = vec![problem];
            })
            .await
        }
    }
}

/// `POST /merchant/developer/origins/remove`
pub(super) async fn remove_origin(
    staff: StaffVisit,
    OwnForm(form): OwnForm<OriginForm>,
) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Owner).await?;
    let operations = staff.visit.app.operations();
    staff.visit.need(checkout_origins::remove(operations, staff.merchant, form.origin).await)?;
    Ok(saved())
}

/// The message and the endpoint in the path.
fn delivery_id(staff: &StaffVisit, texts: &(String, String)) -> Result<(MessageId, EndpointId), Stop> {
    let ids = parse_id(&texts.0).zip(parse_id(&texts.1));
    ids.ok_or_else(|| staff.visit.stop(Fault::NotFound))
}

/// `GET /merchant/developer/deliveries/{message}/{endpoint}`
pub(super) async fn delivery(
    Path(texts): Path<(String, String)>,
    staff: StaffVisit,
) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Owner).await?;
    let id = delivery_id(&staff, &texts)?;
    let visit = &staff.visit;
    let operations = visit.app.operations();
    let (delivery, attempts) = visit.need(webhooks::delivery(operations, staff.merchant, id).await)?;
    let endpoints = visit.need(webhooks::endpoints(operations, staff.merchant).await)?;
    let attempt = |attempt: Attempt| AttemptRow {
        at: attempt.at,
        outcome: attempt.status.map_or(attempt.outcome, |status| status.to_string()),
        milliseconds: attempt.milliseconds,
    };
    let view = DeliveryDetail {
        row: delivery_row(&delivery, &endpoints),
        next_at: delivery.next_at,
        body: delivery.message.body,
        attempts: attempts.into_iter().map(attempt).collect(),
    };
    Ok(page(pages::developer::delivery(&visit.frame(), &view)))
}

/// `POST /merchant/developer/deliveries/{message}/{endpoint}/again`
pub(super) async fn send_again(
    Path(texts): Path<(String, String)>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Owner).await?;
    let id = delivery_id(&staff, &texts)?;
    let sent = webhooks::send_again(staff.visit.app.operations(), staff.merchant, id).await;
    staff.visit.need(sent)?;
    let notice = Notice::Saved.code();
    Ok(see_other(&format!("/merchant/developer/deliveries/{}/{}?notice={notice}", id.0, id.1)))
}
