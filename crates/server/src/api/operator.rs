//! What the operator sees: does all money add up?

use axum::extract::State;
use axum::response::Response;
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use operations::totals::{self, CurrencyTotals};
use records::operations::KindCount;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::Read;
use crate::App;
use crate::auth::Operator;
use crate::fields::CurrencyCode;
use crate::json;
use crate::problem::Problem;
use crate::rfc3339;

const DAY: u64 = 24 * 3_600 * NANOSECONDS_PER_SECOND;

/// The sums of one currency, in minor units.
#[derive(Serialize, ToSchema)]
pub(super) struct CurrencySums {
    currency: CurrencyCode,
    /// The operator's money at banks.
    #[schema(value_type = i64)]
    float: i128,
    /// What holders own.
    #[schema(value_type = i64)]
    wallets: i128,
    /// What merchants own.
    #[schema(value_type = i64)]
    merchants: i128,
    /// What waits in the escrow of orders.
    #[schema(value_type = i64)]
    escrow: i128,
    /// What merchants sold as vouchers and nobody has redeemed yet.
    #[schema(value_type = i64)]
    vouchers: i128,
    /// What stands behind card purses.
    #[schema(value_type = i64)]
    card_purses: i128,
    /// Reserved for top-ups that a bank has not confirmed.
    #[schema(value_type = i64)]
    coming: i128,
    /// Reserved for withdrawals that a bank has not confirmed.
    #[schema(value_type = i64)]
    leaving: i128,
    /// What is owned less what there is: 0, or something is wrong.
    #[schema(value_type = i64)]
    difference: i128,
}

impl From<&CurrencyTotals> for CurrencySums {
    fn from(totals: &CurrencyTotals) -> Self {
        Self {
            currency: CurrencyCode(totals.currency),
            float: totals.float,
            wallets: totals.wallets,
            merchants: totals.merchants,
            escrow: totals.escrow,
            vouchers: totals.vouchers,
            card_purses: totals.card_purses(),
            coming: totals.coming,
            leaving: totals.leaving,
            difference: totals.difference(),
        }
    }
}

/// How many operations there are of one kind in one state.
#[derive(Serialize, ToSchema)]
pub(super) struct OperationCount {
    kind: &'static str,
    state: &'static str,
    count: u64,
}

impl From<&KindCount> for OperationCount {
    fn from(count: &KindCount) -> Self {
        Self { kind: count.kind.code(), state: count.state.code(), count: count.count }
    }
}

/// All money, counted.
#[derive(Serialize, ToSchema)]
pub(super) struct OperatorTotals {
    /// Whether debits equal credits in every ledger and what is owned equals what there is.
    adds_up: bool,
    currencies: Vec<CurrencySums>,
    /// Operations asked for in the last 24 hours.
    operations: Vec<OperationCount>,
    /// When the ledger was asked.
    #[schema(format = DateTime)]
    as_of: String,
}

/// Count all money.
#[utoipa::path(
    get, path = "/api/v1/operator/totals", tag = "Operator",
    responses((status = 200, description = "All money, as the ledger says now", body = OperatorTotals), Read)
)]
pub(super) async fn show(State(app): State<App>, _: Operator) -> Result<Response, Problem> {
    let now = app.now();
    let totals = totals::count(app.operations()).await?;
    let day_ago = Timestamp(now.0.saturating_sub(DAY));
    let counts = totals::counts(app.operations(), (day_ago, Timestamp::LAST)).await?;
    Ok(json::ok(&OperatorTotals {
        adds_up: totals.adds_up(),
        currencies: totals.currencies.iter().map(CurrencySums::from).collect(),
        operations: counts.iter().map(OperationCount::from).collect(),
        as_of: rfc3339::format(now),
    }))
}
