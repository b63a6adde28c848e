//! Vouchers: sold by merchants, put into a wallet by who has the code.

use axum::extract::State;
use axum::response::Response;
use operations::vouchers::{self, SaleRequest, VoucherCode};
use operations::{OperationError, Party, till};
use records::till::StaffRole;
use records::vouchers::Voucher;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::VoucherId;

use super::outcome::{Outcome, answer, status};
use super::refusals::{Read, Write};
use crate::App;
use crate::auth::{Holder, Staff};
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Secret};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathId};
use crate::rfc3339;
use crate::web::staff_role::require_on_api;

/// How many vouchers a list has.
const LIST: u32 = 100;

/// What a voucher is to be worth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VoucherOrder {
    amount: Minor,
    currency: CurrencyCode,
}

/// A voucher that was sold.
#[derive(Serialize, ToSchema)]
pub(super) struct SoldVoucher {
    #[serde(flatten)]
    outcome: Outcome,
    /// Who has it has the money: give it to the customer and keep no copy.
    #[schema(example = "7K3M-0V9Q-XDTR-2H8B")]
    code: String,
}

/// A voucher, without its code.
#[derive(Serialize, ToSchema)]
pub(super) struct VoucherView {
    #[schema(value_type = AnyId)]
    id: Id<VoucherId>,
    amount: u64,
    currency: CurrencyCode,
    /// The last four characters of the code.
    last_four: String,
    /// `sold`, `redeemed` or `returned`.
    state: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Vouchers, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct VoucherList {
    vouchers: Vec<VoucherView>,
}

/// A voucher's code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Redemption {
    /// As printed; spaces, dashes and case do not matter.
    #[schema(value_type = String, example = "7K3M-0V9Q-XDTR-2H8B")]
    code: Secret,
}

impl From<Voucher> for VoucherView {
    fn from(voucher: Voucher) -> Self {
        Self {
            id: Id(voucher.id),
            amount: voucher.amount.minor(),
            currency: CurrencyCode(voucher.amount.currency()),
            last_four: voucher.last_four,
            state: voucher.state.code(),
            created_at: rfc3339::format(voucher.created_at),
        }
    }
}

/// Sell a voucher: the merchant's own money waits for whoever has the code.
#[utoipa::path(
    post, path = "/api/v1/merchant/vouchers", tag = "Merchant", request_body = VoucherOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Sold", body = SoldVoucher), Write)
)]
pub(super) async fn sell(
    State(app): State<App>,
    staff: Staff,
    Key(key): Key,
    Body(body): Body<VoucherOrder>,
) -> Result<Response, Problem> {
    let request = SaleRequest {
        seller: staff.caller.principal,
        merchant: staff.merchant,
        amount: body.amount.of(body.currency),
    };
    let (receipt, code) = vouchers::sell(app.operations(), &key, request).await?;
    let sold = SoldVoucher { outcome: Outcome::from(&receipt), code: code.to_string() };
    Ok(json::with_status(status(&receipt)?, &sold))
}

/// List the vouchers that the merchant sold, newest first.
#[utoipa::path(
    get, path = "/api/v1/merchant/vouchers", tag = "Merchant",
    responses((status = 200, description = "The vouchers of the merchant", body = VoucherList), Read)
)]
pub(super) async fn list(State(app): State<App>, staff: Staff) -> Result<Response, Problem> {
    let found = vouchers::of_merchant(app.operations(), staff.merchant, LIST).await?;
    Ok(json::ok(&VoucherList { vouchers: found.into_iter().map(VoucherView::from).collect() }))
}

/// Take a voucher back that nobody has redeemed.
///
/// A cashier within ten minutes of the sale, a manager at any time. Doing it again has the same answer.
#[utoipa::path(
    post, path = "/api/v1/merchant/vouchers/{id}/return", tag = "Merchant",
    params(("id" = AnyId, Path, description = "The voucher")),
    responses((status = 201, description = "Taken back", body = Outcome), Write)
)]
pub(super) async fn take_back(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<VoucherId>,
) -> Result<Response, Problem> {
    let principal = staff.caller.principal;
    require_on_api(&app, principal, StaffRole::Cashier).await?;
    let role = till::staff_entry(app.operations(), principal).await?.role;
    answer(&vouchers::take_back(app.operations(), (principal, role), staff.merchant, id).await?)
}

/// Put a voucher's money into the caller's wallet, once.
#[utoipa::path(
    post, path = "/api/v1/voucher-redemptions", tag = "Wallet", request_body = Redemption,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Redeemed", body = Outcome), Write)
)]
pub(super) async fn redeem(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<Redemption>,
) -> Result<Response, Problem> {
    let code = VoucherCode::read(body.code.expose()).ok_or(OperationError::NotFound(Party::Voucher))?;
    answer(&vouchers::redeem(app.operations(), &key, holder.id, &code).await?)
}
