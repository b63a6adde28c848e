//! Webhook endpoints of a merchant, and how deliveries went.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use operations::webhooks;
use records::till::StaffRole;
use records::webhooks::{Delivery, Endpoint, EndpointState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{EndpointId, OrderId};

use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::Staff;
use crate::fields::{AnyId, Id, Text, parse_id};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::PathId;
use crate::rfc3339;
use crate::web::staff_role::require_on_api;

/// The most deliveries of one answer.
const DELIVERIES_MAX: u32 = 100;

/// Where the merchant wants to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointRequest {
    #[schema(value_type = String, min_length = 8, max_length = 512, example = "https://shop.example/webhooks")]
    url: Text<8, 512>,
}

/// An endpoint.
#[derive(Serialize, ToSchema)]
pub(super) struct EndpointView {
    #[schema(value_type = AnyId)]
    id: Id<EndpointId>,
    url: String,
    /// `active` or `disabled`.
    state: &'static str,
    /// Since when every delivery failed.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Endpoint> for EndpointView {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: Id(endpoint.id),
            url: endpoint.url,
            state: endpoint.state.code(),
            failing_since: endpoint.failing_since.map(rfc3339::format),
            created_at: rfc3339::format(endpoint.created_at),
        }
    }
}

/// An endpoint just made: the only time its secret is shown.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedEndpoint {
    #[schema(value_type = AnyId)]
    id: Id<EndpointId>,
    url: String,
    /// The key of `webhook-signature`, after Standard Webhooks.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// The endpoints of the merchant.
#[derive(Serialize, ToSchema)]
pub(super) struct Endpoints {
    endpoints: Vec<EndpointView>,
}

/// A new secret: the only time it is shown.
#[derive(Serialize, ToSchema)]
pub(super) struct NewSecret {
    secret: String,
}

/// A message on its way to an endpoint.
#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryView {
    /// The `webhook-id`.
    #[schema(example = "msg_018f4f3c5b7e7a0c9d2e4b6a81c3d5f7")]
    id: String,
    #[schema(value_type = AnyId)]
    endpoint: Id<EndpointId>,
    #[schema(example = "order.paid")]
    kind: String,
    #[schema(value_type = Option<AnyId>)]
    order: Option<Id<OrderId>>,
    /// `waiting`, `delivered` or `failed`.
    state: &'static str,
    attempts: u32,
    #[schema(format = DateTime)]
    created_at: String,
    /// When it is tried next, where it waits.
    #[schema(format = DateTime)]
    next_at: String,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: webhooks::message_id(delivery.message.id),
            endpoint: Id(delivery.endpoint),
            kind: delivery.message.kind,
            order: delivery.message.order.map(Id),
            state: delivery.state.code(),
            attempts: delivery.attempts,
            created_at: rfc3339::format(delivery.message.created_at),
            next_at: rfc3339::format(delivery.next_at),
        }
    }
}

/// The latest deliveries of the merchant.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries {
    deliveries: Vec<DeliveryView>,
}

/// Add a webhook endpoint.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints", tag = "Webhooks", request_body = EndpointRequest,
    responses((status = 201, description = "Added; the secret is shown this once", body = CreatedEndpoint), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    staff: Staff,
    Body(body): Body<EndpointRequest>,
) -> Result<Response, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Owner).await?;
    let made = webhooks::add_endpoint(app.operations(), staff.merchant, body.url.into_string()).await?;
    let secret = webhooks::secret_text(&made.secret);
    Ok(json::created(&CreatedEndpoint { id: Id(made.id), url: made.url, secret }))
}

/// List webhook endpoints.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints", tag = "Webhooks",
    responses((status = 200, description = "The endpoints of the merchant", body = Endpoints), Read)
)]
pub(super) async fn list(State(app): State<App>, staff: Staff) -> Result<Response, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Owner).await?;
    let found = webhooks::endpoints(app.operations(), staff.merchant).await?;
    Ok(json::ok(&Endpoints { endpoints: found.into_iter().map(EndpointView::from).collect() }))
}

/// Remove a webhook endpoint.
#[utoipa::path(
    delete, path = "/api/v1/webhook-endpoints/{id}", tag = "Webhooks",
    params(("id" = AnyId, Path, description = "The endpoint")),
    responses((status = 204, description = "Removed"), Change)
)]
pub(super) async fn remove(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<EndpointId>,
) -> Result<StatusCode, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Owner).await?;
    webhooks::set_state(app.operations(), staff.merchant, id, EndpointState::Removed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook endpoint a new secret; for a day, the old one signs as well.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/rotation", tag = "Webhooks",
    params(("id" = AnyId, Path, description = "The endpoint")),
    responses((status = 201, description = "Rotated; the secret is shown this once", body = NewSecret), Change)
)]
pub(super) async fn rotate(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<EndpointId>,
) -> Result<Response, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Owner).await?;
    let secret = webhooks::rotate(app.operations(), staff.merchant, id).await?;
    Ok(json::created(&NewSecret { secret }))
}

/// List the latest webhook deliveries.
#[utoipa::path(
    get, path = "/api/v1/webhook-deliveries", tag = "Webhooks",
    responses((status = 200, description = "The latest deliveries, newest first", body = Deliveries), Read)
)]
pub(super) async fn deliveries(State(app): State<App>, staff: Staff) -> Result<Response, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Owner).await?;
    let found = webhooks::log(app.operations(), staff.merchant, DELIVERIES_MAX).await?;
    Ok(json::ok(&Deliveries { deliveries: found.into_iter().map(DeliveryView::from).collect() }))
}

/// Send a webhook message again.
#[utoipa::path(
    post, path = "/api/v1/webhook-deliveries/{id}/{endpoint}/repetition", tag = "Webhooks",
    params(
        ("id" = String, Path, description = "The `webhook-id`", pattern = "^msg_[0-9a-f]{32}$"),
        ("endpoint" = AnyId, Path, description = "The endpoint"),
    ),
    responses((status = 202, description = "Will be sent"), Change)
)]
pub(super) async fn send_again(
    State(app): State<App>,
    staff: Staff,
    Path((id, endpoint)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Owner).await?;
    let message = id.strip_prefix("msg_").and_then(parse_id).ok_or_else(Problem::not_found)?;
    let endpoint = parse_id(&endpoint).ok_or_else(Problem::not_found)?;
    webhooks::send_again(app.operations(), staff.merchant, (message, endpoint)).await?;
    Ok(StatusCode::ACCEPTED)
}
