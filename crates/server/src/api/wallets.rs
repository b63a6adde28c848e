//! The caller's wallets: one account for each currency.

use axum::extract::State;
use axum::response::Response;
use operations::balances::{self, WalletBalance};
use operations::holders;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refusals::{Read, Write};
use crate::App;
use crate::auth::Holder;
use crate::fields::CurrencyCode;
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::rfc3339;

/// One wallet. Amounts are in minor units.
#[derive(Serialize, ToSchema)]
pub(super) struct WalletView {
    currency: CurrencyCode,
    /// `open`, `frozen` or `closed`.
    status: &'static str,
    /// What may be spent now.
    #[schema(example = 12550)]
    available: u64,
    /// Reserved for withdrawals that the bank has not confirmed.
    leaving: u64,
    /// Reserved for top-ups that the bank has not confirmed.
    coming: u64,
}

impl From<&WalletBalance> for WalletView {
    fn from(wallet: &WalletBalance) -> Self {
        Self {
            currency: CurrencyCode(wallet.currency),
            status: wallet.status.code(),
            available: wallet.balance.available.minor(),
            leaving: wallet.balance.leaving.minor(),
            coming: wallet.balance.coming.minor(),
        }
    }
}

/// The wallets of the caller, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct Wallets {
    wallets: Vec<WalletView>,
    /// When the ledger was asked.
    #[schema(format = DateTime)]
    as_of: String,
}

/// The currency of a new wallet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWallet {
    currency: CurrencyCode,
}

/// List wallets with their balances.
#[utoipa::path(
    get, path = "/api/v1/wallets", tag = "Money",
    responses((status = 200, description = "The wallets, as the ledger says now", body = Wallets), Read)
)]
pub(super) async fn list(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    Ok(json::ok(&wallets(&app, &holder).await?))
}

/// Open a wallet in one more currency.
///
/// Opening one that is open changes nothing.
#[utoipa::path(
    post, path = "/api/v1/wallets", tag = "Money", request_body = NewWallet,
    responses((status = 201, description = "Open; the wallets as they are now", body = Wallets), Write)
)]
pub(super) async fn open(
    State(app): State<App>,
    holder: Holder,
    Body(body): Body<NewWallet>,
) -> Result<Response, Problem> {
    holders::open_wallet(app.operations(), holder.id, body.currency.0).await?;
    Ok(json::created(&wallets(&app, &holder).await?))
}

async fn wallets(app: &App, holder: &Holder) -> Result<Wallets, Problem> {
    let balances = balances::of_holder(app.operations(), holder.id).await?;
    let wallets = balances.iter().map(WalletView::from).collect();
    Ok(Wallets { wallets, as_of: rfc3339::format(app.now()) })
}
