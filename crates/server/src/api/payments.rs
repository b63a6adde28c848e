//! Payments to merchants.

use axum::extract::State;
use axum::response::Response;
use operations::Origin;
use operations::payment::{self, PaymentRequest};
use serde::Deserialize;
use utoipa::ToSchema;
use wallet::ids::{ChallengeId, MerchantId};

use super::outcome::{Outcome, answer};
use super::refusals::Write;
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::json::Body;
use crate::problem::Problem;
use crate::request::Key;

/// How much to pay to which merchant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentOrder {
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    amount: Minor,
    currency: CurrencyCode,
    /// What for.
    #[schema(value_type = Option<String>, max_length = 140)]
    memo: Option<Text<0, 140>>,
    /// A proven challenge for this merchant and amount, where one was asked for.
    #[schema(value_type = Option<AnyId>)]
    challenge: Option<Id<ChallengeId>>,
}

/// Pay a merchant.
#[utoipa::path(
    post, path = "/api/v1/payments", tag = "Money", request_body = PaymentOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Paid", body = Outcome), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<PaymentOrder>,
) -> Result<Response, Problem> {
    let request = PaymentRequest {
        payer: holder.id,
        merchant: body.merchant.0,
        amount: body.amount.of(body.currency),
        memo: body.memo.map(Text::into_string).unwrap_or_default(),
        origin: Origin { step_up: body.challenge.map(|challenge| challenge.0), ..holder.origin },
    };
    answer(&payment::start(app.operations(), &key, request).await?)
}
