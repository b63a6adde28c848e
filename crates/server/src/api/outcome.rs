//! What a request that moves value answers.

use axum::http::StatusCode;
use axum::response::Response;
use operations::Receipt;
use records::operations::OperationState;
use serde::Serialize;
use utoipa::ToSchema;
use wallet::ids::OperationId;

use crate::fields::{AnyId, CurrencyCode, Id};
use crate::json;
use crate::problem::Problem;
use crate::rfc3339;

/// The outcome of a request that moves value: the same each time the request is repeated with its key.
#[derive(Serialize, ToSchema)]
pub(super) struct Outcome {
    /// The operation; `GET /api/v1/operations/{id}` tells the whole of it.
    #[schema(value_type = AnyId)]
    id: Id<OperationId>,
    /// `payment`, `transfer`, `top_up` and so on: what it does.
    #[schema(example = "payment")]
    kind: &'static str,
    /// `completed`; `unknown` while the bank has not answered and the amount is held; `held` while a person decides.
    #[schema(example = "completed")]
    state: &'static str,
    /// Minor units.
    #[schema(example = 1250)]
    amount: u64,
    currency: CurrencyCode,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Receipt> for Outcome {
    fn from(receipt: &Receipt) -> Self {
        Self {
            id: Id(receipt.id),
            kind: receipt.kind.code(),
            state: receipt.state.code(),
            amount: receipt.amount.minor(),
            currency: CurrencyCode(receipt.amount.currency()),
            created_at: rfc3339::format(receipt.created_at),
        }
    }
}

/// 201 for what is done, 202 for what the bank has yet to answer, a problem for what was declined.
pub(super) fn answer(receipt: &Receipt) -> Result<Response, Problem> {
    Ok(json::with_status(status(receipt)?, &Outcome::from(receipt)))
}

/// The status of [`answer`].
pub(super) fn status(receipt: &Receipt) -> Result<StatusCode, Problem> {
    Ok(match receipt.state {
        OperationState::Completed => StatusCode::CREATED,
        OperationState::Started | OperationState::Unknown | OperationState::Held => StatusCode::ACCEPTED,
        OperationState::Declined | OperationState::Reversed => {
            return Err(Problem::declined(receipt.id, receipt.reason));
        }
    })
}
