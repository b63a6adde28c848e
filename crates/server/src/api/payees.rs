//! The name check before a transfer.

use axum::extract::State;
use axum::response::Response;
use operations::payees;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::HolderId;

use super::refusals::Write;
use crate::App;
use crate::auth::Holder;
use crate::fields::{AnyId, Id, Text};
use crate::json::{self, Body};
use crate::problem::Problem;

/// Whom the caller wants to send money to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayeeSearch {
    /// The payee's login or phone number.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "+8613800138000")]
    payee: Text<1, 64>,
}

/// A holder as a stranger may see them.
#[derive(Serialize, ToSchema)]
pub(super) struct PayeeView {
    /// Goes into the transfer.
    #[schema(value_type = AnyId)]
    payee: Id<HolderId>,
    /// The masked name, to be confirmed by the payer.
    #[schema(example = "韩*梅")]
    name: String,
    /// The masked name in Latin letters.
    #[schema(example = "H** M**")]
    latin_name: Option<String>,
    /// Goes into the transfer: proves that the name was shown.
    check: String,
}

/// Find a payee by login or phone number.
#[utoipa::path(
    post, path = "/api/v1/payees", tag = "Money", request_body = PayeeSearch,
    responses((status = 200, description = "The payee with masked name", body = PayeeView), Write)
)]
pub(super) async fn find(
    State(app): State<App>,
    holder: Holder,
    Body(body): Body<PayeeSearch>,
) -> Result<Response, Problem> {
    app.look_ups().spend(holder.id, app.now())?;
    let payee = payees::find(app.operations(), holder.id, body.payee.as_str()).await?;
    Ok(json::ok(&PayeeView {
        payee: Id(payee.holder),
        name: payee.name,
        latin_name: payee.latin_name,
        check: payee.name_check.to_string(),
    }))
}
