//! The banks whose cards can be bound.

use axum::extract::State;
use axum::response::Response;
use records::banks;
use serde::Serialize;
use utoipa::ToSchema;
use wallet::ids::BankId;

use super::refusals::PublicRead;
use crate::App;
use crate::fields::{AnyId, Id};
use crate::json;
use crate::problem::{Problem, internal};

/// A bank.
#[derive(Serialize, ToSchema)]
pub(super) struct BankView {
    #[schema(value_type = AnyId)]
    id: Id<BankId>,
    /// Its short code.
    code: String,
    name_zh: String,
    name_en: String,
}

/// The banks, by code.
#[derive(Serialize, ToSchema)]
pub(super) struct Banks {
    banks: Vec<BankView>,
}

/// List banks.
#[utoipa::path(
    get, path = "/api/v1/banks", tag = "Directory", security(()),
    responses((status = 200, description = "The banks whose cards can be bound", body = Banks), PublicRead)
)]
pub(super) async fn list(State(app): State<App>) -> Result<Response, Problem> {
    let rows = app.records().read(banks::list).await.map_err(internal)?;
    let view = |bank: banks::Bank| BankView {
        id: Id(bank.id),
        code: bank.code,
        name_zh: bank.name_zh,
        name_en: bank.name_en,
    };
    Ok(json::ok(&Banks { banks: rows.into_iter().map(view).collect() }))
}
