//! The operator admits merchants, and suspends them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use operations::audit_log;
use operations::duties::{self, Permission};
use operations::merchants::{self, NewMerchant};
use operations::{OperationError, Party};
use records::merchants::MerchantStatus;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use wallet::ids::MerchantId;

use super::merchants::MerchantView;
use super::refusals::Write;
use crate::App;
use crate::auth::{Operator, check_new};
use crate::fields::{AnyId, LoginName, Secret, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::PathId;

/// A merchant who is to be paid, and the login of its owner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Admission {
    #[schema(value_type = String, min_length = 1, max_length = 80, example = "柳茶")]
    name_zh: Text<1, 80>,
    #[schema(value_type = String, min_length = 1, max_length = 80, example = "Willow Tea")]
    name_en: Text<1, 80>,
    /// What it sells.
    #[schema(value_type = String, min_length = 1, max_length = 40, example = "tea")]
    category: Text<1, 40>,
    /// The name that the owner logs in with, and the merchant's short code: 3 to 32 of `a-z`, `0-9`, `.`, `_`, `-`, a
    /// letter first.
    #[schema(value_type = String, example = "willow-tea")]
    login: LoginName,
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 128)]
    password: Secret,
}

/// Whether a merchant is to be paid from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusChange {
    /// `active` or `suspended`.
    #[schema(value_type = String, example = "suspended")]
    status: SettableStatus,
}

/// The states between which the operator moves a merchant; closing one is for good and not among them.
#[derive(Clone, Copy, Debug)]
struct SettableStatus(MerchantStatus);

impl<'de> Deserialize<'de> for SettableStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "active" => Ok(Self(MerchantStatus::Active)),
            "suspended" => Ok(Self(MerchantStatus::Suspended)),
            _ => Err(serde::de::Error::custom("status is not active or suspended")),
        }
    }
}

/// Admit a merchant.
///
/// It can be paid at once, in every currency. Its owner logs in with `POST /api/v1/sessions`.
#[utoipa::path(
    post, path = "/api/v1/operator/merchants", tag = "Operator", request_body = Admission,
    responses((status = 201, description = "Admitted", body = MerchantView), Write)
)]
pub(super) async fn admit(
    State(app): State<App>,
    operator: Operator,
    Body(body): Body<Admission>,
) -> Result<Response, Problem> {
    duties::require(app.operations(), operator.id, Permission::Staff).await?;
    check_new(&body.password, body.login.as_str())?;
    let salt = app.random_bits().to_be_bytes();
    let password_hash = app.passwords().hash(body.password, salt).await?;
    let login = body.login.into_string();
    let new = NewMerchant {
        code: login.clone(),
        name_zh: body.name_zh.into_string(),
        name_en: body.name_en.into_string(),
        category: body.category.into_string(),
    };
    let owner = new.owner(login.clone(), password_hash);
    let admitted = merchants::admit_with_owner(app.operations(), new, owner).await;
    let id = admitted.map_err(|error| match error {
        // The code is the login.
        OperationError::Taken { .. } => Problem::from(OperationError::Taken { field: "login" }),
        other => other.into(),
    })?;
    let details = [("code", login)];
    audit_log::note(app.operations(), operator.id, "merchant.admitted", &id.to_string(), &details).await?;
    view(&app, id, StatusCode::CREATED).await
}

/// Suspend a merchant, or let it be paid again.
///
/// Refunds of a suspended merchant still work.
#[utoipa::path(
    post, path = "/api/v1/operator/merchants/{id}/status", tag = "Operator", request_body = StatusChange,
    params(("id" = AnyId, Path, description = "The merchant")),
    responses((status = 200, description = "The merchant as it is now", body = MerchantView), Write)
)]
pub(super) async fn change_status(
    State(app): State<App>,
    operator: Operator,
    PathId(id): PathId<MerchantId>,
    Body(body): Body<StatusChange>,
) -> Result<Response, Problem> {
    duties::require(app.operations(), operator.id, Permission::SuspendMerchants).await?;
    match merchants::set_status(app.operations(), id, body.status.0).await {
        Err(OperationError::NotFound(Party::Merchant)) => Err(Problem::not_found()),
        changed => {
            changed?;
            let details = [("status", body.status.0.code().to_owned())];
            let (actor, subject) = (operator.id, id.to_string());
            audit_log::note(app.operations(), actor, "merchant.status_changed", &subject, &details).await?;
            view(&app, id, StatusCode::OK).await
        }
    }
}

async fn view(app: &App, id: MerchantId, status: StatusCode) -> Result<Response, Problem> {
    let merchant = merchants::get(app.operations(), id).await?;
    Ok(json::with_status(status, &MerchantView::from(merchant)))
}
