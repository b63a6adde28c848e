//! The merchant directory, and a merchant's own balances.

use axum::extract::State;
use axum::response::Response;
use operations::{balances, merchants};
use records::merchants::{Merchant, MerchantStatus};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wallet::ids::MerchantId;

use super::refusals::{PublicRead, Read};
use crate::App;
use crate::auth::Staff;
use crate::fields::{AnyId, CurrencyCode, Id};
use crate::json;
use crate::problem::Problem;
use crate::request::{PathId, Query};
use crate::rfc3339;

/// A merchant as everyone may see it.
#[derive(Serialize, ToSchema)]
pub(super) struct MerchantView {
    #[schema(value_type = AnyId)]
    id: Id<MerchantId>,
    /// Its short code.
    #[schema(example = "willow-tea")]
    code: String,
    name_zh: String,
    name_en: String,
    /// What it sells.
    category: String,
    /// `active` where it can be paid.
    status: &'static str,
}

impl From<Merchant> for MerchantView {
    fn from(merchant: Merchant) -> Self {
        Self {
            id: Id(merchant.id),
            code: merchant.code,
            name_zh: merchant.name_zh,
            name_en: merchant.name_en,
            category: merchant.category,
            status: merchant.status.code(),
        }
    }
}

/// Where a page of the directory begins, and how long it is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DirectoryQuery {
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 100; 50 where left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// A page of the directory, by code.
#[derive(Serialize, ToSchema)]
pub(super) struct Merchants {
    merchants: Vec<MerchantView>,
    /// `cursor` of the next page, where there is one.
    next: Option<String>,
}

/// What a merchant has, in minor units.
#[derive(Serialize, ToSchema)]
pub(super) struct MerchantBalance {
    currency: CurrencyCode,
    available: u64,
}

/// The balances of the caller's merchant.
#[derive(Serialize, ToSchema)]
pub(super) struct MerchantBalances {
    balances: Vec<MerchantBalance>,
    /// When the ledger was asked.
    #[schema(format = DateTime)]
    as_of: String,
}

/// List merchants.
#[utoipa::path(
    get, path = "/api/v1/merchants", tag = "Directory", security(()), params(DirectoryQuery),
    responses((status = 200, description = "A page of the directory", body = Merchants), PublicRead)
)]
pub(super) async fn list(
    State(app): State<App>,
    Query(query): Query<DirectoryQuery>,
) -> Result<Response, Problem> {
    let limit = super::history::page_limit(query.limit)?;
    let after = query.cursor.unwrap_or_default();
    let mut found = merchants::list(app.operations(), &after, limit).await?;
    let next = (found.len() == limit as usize).then(|| found.last().map(|last| last.code.clone())).flatten();
    found.retain(|merchant| merchant.status != MerchantStatus::Closed);
    Ok(json::ok(&Merchants { merchants: found.into_iter().map(MerchantView::from).collect(), next }))
}

/// See one merchant.
#[utoipa::path(
    get, path = "/api/v1/merchants/{id}", tag = "Directory", security(()),
    params(("id" = AnyId, Path, description = "The merchant")),
    responses((status = 200, description = "The merchant", body = MerchantView), PublicRead)
)]
pub(super) async fn show(
    State(app): State<App>,
    PathId(id): PathId<MerchantId>,
) -> Result<Response, Problem> {
    match merchants::get(app.operations(), id).await {
        Err(operations::OperationError::NotFound(_)) => Err(Problem::not_found()),
        merchant => Ok(json::ok(&MerchantView::from(merchant?))),
    }
}

/// See the balances of the own merchant.
#[utoipa::path(
    get, path = "/api/v1/merchant/balances", tag = "Merchant",
    responses((status = 200, description = "The balances, as the ledger says now", body = MerchantBalances), Read)
)]
pub(super) async fn own_balances(State(app): State<App>, staff: Staff) -> Result<Response, Problem> {
    let found = balances::of_merchant(app.operations(), staff.merchant).await?;
    let view = |(currency, balance): (money::Currency, balances::Balance)| MerchantBalance {
        currency: CurrencyCode(currency),
        available: balance.available.minor(),
    };
    let balances = found.into_iter().map(view).collect();
    Ok(json::ok(&MerchantBalances { balances, as_of: rfc3339::format(app.now()) }))
}
