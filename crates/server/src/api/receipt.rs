//! Receipts, as JSON and as plain text to print.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use operations::history::{self, Named};
use records::operations::{Operation, OperationState};
use serde::Serialize;
use utoipa::ToSchema;
use wallet::ids::OperationId;

use super::history::{OperationView, view, viewer};
use super::refusals::Read;
use crate::App;
use crate::auth::Caller;
use crate::fields::{AnyId, CurrencyCode};
use crate::json;
use crate::problem::{Problem, internal};
use crate::request::PathId;

/// A receipt.
#[derive(Serialize, ToSchema)]
pub(super) struct Receipt {
    /// The number of the receipt is the id of the operation.
    operation: OperationView,
    /// The amount in units of the currency.
    #[schema(example = "12.50")]
    amount: String,
    currency: CurrencyCode,
    /// What of a payment was given back, in units of the currency.
    #[schema(example = "0.00")]
    refunded: String,
}

/// See the receipt of an operation.
///
/// JSON, or plain text with `Accept: text/plain`.
#[utoipa::path(
    get, path = "/api/v1/operations/{id}/receipt", tag = "History",
    params(("id" = AnyId, Path, description = "The operation")),
    responses(
        (status = 200, description = "The receipt", content((Receipt = "application/json"), (String = "text/plain"))),
        Read,
    )
)]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<OperationId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let viewer = viewer(&caller);
    let row = history::get(app.operations(), viewer, id).await?;
    let refunds = history::refunds(app.operations(), row.id).await?;
    let refunded = refunded(&row, &refunds)?;
    let amount = row.amount;
    let named: Option<Named> = history::named(app.operations(), vec![row]).await?.pop();
    let operation = view(named.ok_or_else(Problem::not_found)?, viewer);
    let receipt = Receipt {
        operation,
        amount: amount.decimal().to_string(),
        currency: CurrencyCode(amount.currency()),
        refunded: refunded.decimal().to_string(),
    };
    let plain = headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/plain"));
    if plain {
        return Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text(&receipt)).into_response());
    }
    Ok(json::ok(&receipt))
}

fn refunded(row: &Operation, refunds: &[Operation]) -> Result<money::Amount, Problem> {
    let completed = refunds.iter().filter(|refund| refund.state == OperationState::Completed);
    let sum = completed
        .map(|refund| refund.amount)
        .try_fold(money::Amount::zero(row.amount.currency()), |sum, amount| sum.checked_add(amount));
    sum.map_err(internal)
}

fn text(receipt: &Receipt) -> String {
    let Receipt { operation, amount, currency, refunded } = receipt;
    let name = |party: &Option<super::history::PartyView>| {
        party.as_ref().map_or_else(
            || "-".to_owned(),
            |party| match &party.latin_name {
                Some(latin) => format!("{} ({latin})", party.name),
                None => party.name.clone(),
            },
        )
    };
    let mut lines = vec![
        "RECEIPT".to_owned(),
        format!("No.      {}", operation.id.0),
        format!("Time     {}", operation.created_at),
        format!("Kind     {}", operation.kind.replace('_', "-")),
        format!("State    {}", operation.state),
        format!("From     {}", name(&operation.payer)),
        format!("To       {}", name(&operation.payee)),
        format!("Amount   {amount} {}", currency.0),
    ];
    if refunded.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        lines.push(format!("Refunded {refunded} {}", currency.0));
    }
    if !operation.memo.is_empty() {
        lines.push(format!("Memo     {}", operation.memo));
    }
    lines.push(String::new());
    lines.join("\n")
}
