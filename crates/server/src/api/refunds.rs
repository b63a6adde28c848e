//! Refunds by the staff of the merchant that was paid.

use axum::extract::State;
use axum::response::Response;
use money::Amount;
use operations::refund::{self, RefundRequest};
use records::till::StaffRole;
use serde::Deserialize;
use utoipa::ToSchema;
use wallet::ids::OperationId;

use super::outcome::{Outcome, answer};
use super::refusals::Write;
use crate::App;
use crate::auth::Staff;
use crate::fields::{AnyId, CurrencyCode, Minor, Text};
use crate::json::Body;
use crate::problem::Problem;
use crate::request::{Key, PathId};
use crate::web::staff_role::require_on_api;

/// How much to give back; without an amount, the whole payment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundOrder {
    amount: Option<Minor>,
    /// Goes with the amount.
    currency: Option<CurrencyCode>,
    /// Why.
    #[schema(value_type = Option<String>, max_length = 140)]
    memo: Option<Text<0, 140>>,
}

impl RefundOrder {
    fn amount(&self) -> Result<Option<Amount>, Problem> {
        match (self.amount, self.currency) {
            (None, None) => Ok(None),
            (Some(amount), Some(currency)) => Ok(Some(amount.of(currency))),
            (Some(_), None) => Err(Problem::invalid("currency", "an amount needs its currency")),
            (None, Some(_)) => Err(Problem::invalid("amount", "a currency needs an amount")),
        }
    }
}

/// Refund a payment, whole or in part.
///
/// All refunds of a payment together never exceed it.
#[utoipa::path(
    post, path = "/api/v1/payments/{id}/refunds", tag = "Merchant", request_body = RefundOrder,
    params(
        ("id" = AnyId, Path, description = "The payment"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect"),
    ),
    responses((status = 201, description = "Refunded", body = Outcome), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    staff: Staff,
    PathId(payment): PathId<OperationId>,
    Key(key): Key,
    Body(body): Body<RefundOrder>,
) -> Result<Response, Problem> {
    require_on_api(&app, staff.caller.principal, StaffRole::Manager).await?;
    let request = RefundRequest {
        principal: staff.caller.principal,
        merchant: staff.merchant,
        payment,
        amount: body.amount()?,
        memo: body.memo.map(Text::into_string).unwrap_or_default(),
    };
    answer(&refund::start(app.operations(), &key, request).await?)
}
