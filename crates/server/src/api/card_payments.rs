//! Payment straight from a bank card.

use axum::extract::State;
use axum::response::Response;
use operations::Origin;
use operations::card_payment::{self, Instrument, OneClick, Outcome as Ended};
use operations::payment::PaymentRequest;
use serde::Deserialize;
use utoipa::ToSchema;
use wallet::ids::{CardId, ChallengeId, MerchantId};

use super::outcome::{Outcome, answer};
use super::refusals::Write;
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::json::Body;
use crate::problem::Problem;
use crate::request::Key;

/// How much to pay to which merchant from which card.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CardPaymentOrder {
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    #[schema(value_type = AnyId)]
    card: Id<CardId>,
    amount: Minor,
    currency: CurrencyCode,
    /// What for.
    #[schema(value_type = Option<String>, max_length = 140)]
    memo: Option<Text<0, 140>>,
    /// A proven challenge for this merchant and amount, where one was asked for.
    #[schema(value_type = Option<AnyId>)]
    challenge: Option<Id<ChallengeId>>,
}

/// Pay a merchant from a bank card: a top-up of the amount, then the payment, as one.
///
/// Where the bank has not answered, the answer is the top-up in state `unknown`; the payment follows within ten minutes.
#[utoipa::path(
    post, path = "/api/v1/card-payments", tag = "Money", request_body = CardPaymentOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Paid", body = Outcome), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<CardPaymentOrder>,
) -> Result<Response, Problem> {
    let payment = PaymentRequest {
        payer: holder.id,
        merchant: body.merchant.0,
        amount: body.amount.of(body.currency),
        memo: body.memo.map(Text::into_string).unwrap_or_default(),
        origin: Origin { step_up: body.challenge.map(|challenge| challenge.0), ..holder.origin },
    };
    let request = OneClick { payment, instrument: Instrument::Card(body.card.0) };
    match card_payment::start(app.operations(), &key, request).await? {
        Ended::Payment(receipt) | Ended::CardDeclined(receipt) | Ended::Waiting(receipt) => answer(&receipt),
    }
}
