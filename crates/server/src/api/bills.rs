//! Bills: issued by merchants, paid by holders.

use axum::extract::State;
use axum::response::Response;
use operations::bills::{self, NewBill};
use operations::day;
use records::Code;
use records::bills::{Bill, BillKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{BillId, HolderId, MerchantId, OperationId};

use super::outcome::{Outcome, answer};
use super::refusals::{Read, Write};
use crate::App;
use crate::auth::{Holder, Staff};
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathId};
use crate::rfc3339;

/// A bill as its biller makes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BillOrder {
    /// Who is asked.
    #[schema(value_type = AnyId)]
    holder: Id<HolderId>,
    /// `property_fee`, `electricity`, `water`, `gas` or `other`.
    kind: String,
    /// The holder's number at the biller.
    #[schema(value_type = String, min_length = 1, max_length = 32)]
    account_number: Text<1, 32>,
    /// The time it is for.
    #[schema(value_type = String, min_length = 1, max_length = 32, example = "2026-11")]
    period: Text<1, 32>,
    amount: Minor,
    currency: CurrencyCode,
    /// The last day to pay, `YYYY-MM-DD`.
    #[schema(example = "2026-11-30")]
    due: String,
}

/// A bill.
#[derive(Serialize, ToSchema)]
pub(super) struct BillView {
    #[schema(value_type = AnyId)]
    id: Id<BillId>,
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    kind: &'static str,
    account_number: String,
    period: String,
    amount: u64,
    currency: CurrencyCode,
    /// The last day to pay, `YYYY-MM-DD`.
    due: String,
    /// `due`, `paid` or `withdrawn`.
    state: &'static str,
    /// The payment.
    #[schema(value_type = Option<AnyId>)]
    operation: Option<Id<OperationId>>,
}

/// Bills, the most urgent first.
#[derive(Serialize, ToSchema)]
pub(super) struct BillList {
    bills: Vec<BillView>,
}

/// A bill that was made.
#[derive(Serialize, ToSchema)]
pub(super) struct Issued {
    #[schema(value_type = AnyId)]
    id: Id<BillId>,
}

impl From<Bill> for BillView {
    fn from(bill: Bill) -> Self {
        let (year, month, of_month) = day::civil(bill.due_day);
        Self {
            id: Id(bill.id),
            merchant: Id(bill.merchant),
            kind: bill.kind.code(),
            account_number: bill.account_number,
            period: bill.period,
            amount: bill.amount.minor(),
            currency: CurrencyCode(bill.amount.currency()),
            due: format!("{year:04}-{month:02}-{of_month:02}"),
            state: bill.state.code(),
            operation: bill.operation.map(Id),
        }
    }
}

/// List the caller's bills.
#[utoipa::path(
    get, path = "/api/v1/bills", tag = "Bills",
    responses((status = 200, description = "The bills of the caller", body = BillList), Read)
)]
pub(super) async fn list(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let found = bills::list(app.operations(), holder.id).await?;
    Ok(json::ok(&BillList { bills: found.into_iter().map(|shown| shown.bill.into()).collect() }))
}

/// Pay a bill from the wallet, once.
#[utoipa::path(
    post, path = "/api/v1/bills/{id}/payments", tag = "Bills",
    params(
        ("id" = AnyId, Path, description = "The bill"),
        ("Idempotency-Key" = String, Header, description = "A new one for each intended effect"),
    ),
    responses((status = 201, description = "Paid", body = Outcome), Write)
)]
pub(super) async fn pay(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<BillId>,
    Key(key): Key,
) -> Result<Response, Problem> {
    answer(&bills::pay(app.operations(), &key, (holder.id, id), holder.origin).await?)
}

/// Make a bill.
///
/// The same account number and period give the same bill.
#[utoipa::path(
    post, path = "/api/v1/merchant/bills", tag = "Merchant", request_body = BillOrder,
    responses((status = 201, description = "Made", body = Issued), Write)
)]
pub(super) async fn issue(
    State(app): State<App>,
    staff: Staff,
    Body(body): Body<BillOrder>,
) -> Result<Response, Problem> {
    let kind = BillKind::from_code(&body.kind)
        .ok_or_else(|| Problem::invalid("kind", "kind is not one of those that are known"))?;
    let due = rfc3339::parse_day(&body.due)
        .ok_or_else(|| Problem::invalid("due", "due must be like 2026-11-30"))?;
    let new = NewBill {
        merchant: staff.merchant,
        holder: body.holder.0,
        kind,
        account_number: body.account_number.into_string(),
        period: body.period.into_string(),
        amount: body.amount.of(body.currency),
        due_day: day::of(due),
    };
    let id = bills::issue(app.operations(), new).await?;
    Ok(json::created(&Issued { id: Id(id) }))
}

/// List the bills that the merchant has made, newest first.
#[utoipa::path(
    get, path = "/api/v1/merchant/bills", tag = "Merchant",
    responses((status = 200, description = "The bills of the merchant", body = BillList), Read)
)]
pub(super) async fn issued(State(app): State<App>, staff: Staff) -> Result<Response, Problem> {
    let found = bills::of_merchant(app.operations(), staff.merchant).await?;
    Ok(json::ok(&BillList { bills: found.into_iter().map(BillView::from).collect() }))
}
