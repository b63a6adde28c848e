//! Money to another holder.

use axum::extract::State;
use axum::response::Response;
use operations::Origin;
use operations::payees::NameCheck;
use operations::transfer::{self, TransferRequest};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use wallet::ids::{ChallengeId, HolderId};

use super::outcome::{Outcome, answer};
use super::refusals::Write;
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::json::Body;
use crate::problem::Problem;
use crate::request::Key;

/// How much to send to whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferOrder {
    /// `payee` of the name check.
    #[schema(value_type = AnyId)]
    payee: Id<HolderId>,
    /// `check` of the name check.
    #[schema(value_type = String)]
    check: Check,
    amount: Minor,
    currency: CurrencyCode,
    /// What for.
    #[schema(value_type = Option<String>, max_length = 140)]
    memo: Option<Text<0, 140>>,
    /// A proven challenge for this payee and amount, where one was asked for.
    #[schema(value_type = Option<AnyId>)]
    challenge: Option<Id<ChallengeId>>,
}

#[derive(Debug)]
struct Check(NameCheck);

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let check = text.parse().map(Self);
        check.map_err(|_| serde::de::Error::custom("check is not what the name check answered"))
    }
}

/// Send money to another holder.
#[utoipa::path(
    post, path = "/api/v1/transfers", tag = "Money", request_body = TransferOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Sent", body = Outcome), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<TransferOrder>,
) -> Result<Response, Problem> {
    let request = TransferRequest {
        payer: holder.id,
        payee: body.payee.0,
        name_check: body.check.0,
        amount: body.amount.of(body.currency),
        memo: body.memo.map(Text::into_string).unwrap_or_default(),
        origin: Origin { step_up: body.challenge.map(|challenge| challenge.0), ..holder.origin },
    };
    answer(&transfer::start(app.operations(), &key, request).await?)
}
