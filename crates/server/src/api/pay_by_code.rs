//! Codes to pay by: those that merchants present, and those that payers show.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ledger::Timestamp;
use operations::merchant_code::{self, GoodCode, NewCode};
use operations::payer_code::{self, ChargeRequest, Charged, LIMITS_UNITS};
use operations::payment::PaymentRequest;
use operations::{CodeRefusal, OperationError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{MerchantId, OperationId};

use super::outcome::{Outcome, answer};
use super::refusals::{Change, Read, Write};
use crate::App;
use crate::auth::{Holder, Staff};
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{Key, PathId};
use crate::rfc3339;

/// The longest life of a code for one order.
const CODE_SECONDS_MAX: u32 = 30 * 24 * 3_600;
/// The life of a code for one order that does not say.
const CODE_SECONDS: u32 = 900;

/// What a merchant's code shall say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantCodeOrder {
    currency: CurrencyCode,
    /// How much; left out where the payer says.
    amount: Option<Minor>,
    /// The order that it is for, which can be paid once; left out for a code that is printed and paid again and again.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 25)]
    reference: Option<Text<1, 25>>,
    /// How long a code for an order counts: up to 30 days, 900 seconds where left out.
    #[schema(minimum = 1, maximum = 2_592_000)]
    expires_in_seconds: Option<u32>,
}

/// A code to show as a QR code.
#[derive(Serialize, ToSchema)]
pub(super) struct MerchantCodeText {
    /// The text of the QR code: EMVCo, merchant-presented.
    code: String,
}

/// Make a code that customers scan.
#[utoipa::path(
    post, path = "/api/v1/merchant-codes", tag = "Codes", request_body = MerchantCodeOrder,
    responses((status = 201, description = "Made", body = MerchantCodeText), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    staff: Staff,
    Body(body): Body<MerchantCodeOrder>,
) -> Result<Response, Problem> {
    let seconds = body.expires_in_seconds.unwrap_or(CODE_SECONDS);
    if seconds == 0 || seconds > CODE_SECONDS_MAX {
        return Err(Problem::invalid("expires_in_seconds", "a code counts for 1 second to 30 days"));
    }
    let expires_at = app.now().checked_add_seconds(seconds).unwrap_or(Timestamp::LAST);
    let new = NewCode {
        merchant: staff.merchant,
        currency: body.currency.0,
        amount: body.amount.map(|amount| amount.of(body.currency)),
        once: body.reference.map(|reference| (reference.into_string(), expires_at)),
    };
    let code = merchant_code::create(app.operations(), &new).await?;
    Ok(json::created(&MerchantCodeText { code }))
}

/// The text of a code that was scanned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScannedCode {
    #[schema(value_type = String, min_length = 1, max_length = 2_048)]
    code: Text<1, 2_048>,
}

/// What a good code says.
#[derive(Serialize, ToSchema)]
pub(super) struct CodeView {
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    name_zh: String,
    name_en: String,
    currency: CurrencyCode,
    /// Minor units; nothing where the payer says.
    amount: Option<u64>,
    /// The order, which can be paid once.
    reference: Option<String>,
}

impl From<GoodCode> for CodeView {
    fn from(code: GoodCode) -> Self {
        Self {
            merchant: Id(code.merchant.id),
            name_zh: code.merchant.name_zh,
            name_en: code.merchant.name_en,
            currency: CurrencyCode(code.currency),
            amount: code.amount.map(money::Amount::minor),
            reference: code.reference,
        }
    }
}

/// Read a scanned code.
///
/// A damaged, foreign, forged or expired code is refused with the reason.
#[utoipa::path(
    post, path = "/api/v1/scanned-codes", tag = "Codes", request_body = ScannedCode,
    responses((status = 200, description = "A good code", body = CodeView), Write)
)]
pub(super) async fn read(
    State(app): State<App>,
    _holder: Holder,
    Body(body): Body<ScannedCode>,
) -> Result<Response, Problem> {
    let code = merchant_code::verify(app.operations(), body.code.as_str()).await?;
    Ok(json::ok(&CodeView::from(code)))
}

/// A code to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodePaymentOrder {
    #[schema(value_type = String, min_length = 1, max_length = 2_048)]
    code: Text<1, 2_048>,
    /// How much, where the code does not say.
    amount: Option<Minor>,
}

/// Pay a scanned code.
#[utoipa::path(
    post, path = "/api/v1/code-payments", tag = "Codes", request_body = CodePaymentOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 201, description = "Paid", body = Outcome), Write)
)]
pub(super) async fn pay(
    State(app): State<App>,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<CodePaymentOrder>,
) -> Result<Response, Problem> {
    let code = merchant_code::verify(app.operations(), body.code.as_str()).await?;
    let typed = body.amount.map(|amount| amount.of(CurrencyCode(code.currency)));
    let amount = match (code.amount, typed) {
        (Some(amount), None) | (None, Some(amount)) => amount,
        (Some(amount), Some(typed)) if amount == typed => amount,
        (Some(_), Some(_)) => return Err(Problem::invalid("amount", "the code says another amount")),
        (None, None) => return Err(Problem::invalid("amount", "the code leaves the amount to the payer")),
    };
    let memo = code.reference.clone().unwrap_or_default();
    let request =
        PaymentRequest { payer: holder.id, merchant: code.merchant.id, amount, memo, origin: holder.origin };
    answer(&merchant_code::pay(app.operations(), &key, &code, request).await?)
}

/// What a payer's code shall be worth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayerCodeOrder {
    currency: CurrencyCode,
    /// The most in whole units: 200, 1000 or 5000; 1000 where left out.
    most_units: Option<u64>,
}

/// A code to show to a cashier.
#[derive(Serialize, ToSchema)]
pub(super) struct PayerCodeView {
    /// Twenty digits.
    #[schema(example = "62123456789012345678")]
    digits: String,
    /// The most that may be charged, in minor units.
    most: u64,
    currency: CurrencyCode,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Make a code to show.
///
/// It counts for a minute and for one payment. A small sum needs nothing more; others wait for the payer's confirmation.
#[utoipa::path(
    post, path = "/api/v1/payer-codes", tag = "Codes", request_body = PayerCodeOrder,
    responses((status = 201, description = "Made", body = PayerCodeView), Write)
)]
pub(super) async fn show(
    State(app): State<App>,
    holder: Holder,
    Body(body): Body<PayerCodeOrder>,
) -> Result<Response, Problem> {
    let units = body.most_units.unwrap_or(LIMITS_UNITS[0]);
    if !LIMITS_UNITS.contains(&units) {
        return Err(Problem::invalid("most_units", "the limit of a code is 200, 1000 or 5000"));
    }
    let shown = payer_code::show(app.operations(), holder.id, body.currency.0, units).await?;
    Ok(json::created(&PayerCodeView {
        digits: shown.digits,
        most: shown.most.minor(),
        currency: CurrencyCode(shown.most.currency()),
        expires_at: rfc3339::format(shown.expires_at),
    }))
}

/// What to charge to a customer's code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChargeOrder {
    /// The twenty digits; spaces do not count.
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    code: Text<1, 64>,
    amount: Minor,
    currency: CurrencyCode,
    /// What for.
    #[schema(value_type = Option<String>, max_length = 140)]
    memo: Option<Text<0, 140>>,
}

/// A charge that the payer has yet to confirm.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitingCharge {
    /// The payment to be: send the same request again to see what became of it.
    #[schema(value_type = AnyId)]
    id: Id<OperationId>,
    /// `waiting`.
    #[schema(example = "waiting")]
    state: &'static str,
    #[schema(value_type = AnyId)]
    merchant: Id<MerchantId>,
    /// Minor units.
    amount: u64,
    currency: CurrencyCode,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Charge a customer's code.
///
/// The code itself makes the charge happen once; repeating the request is safe.
#[utoipa::path(
    post, path = "/api/v1/payer-codes/charge", tag = "Codes", request_body = ChargeOrder,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses(
        (status = 201, description = "Paid", body = Outcome),
        (status = 202, description = "The payer has yet to confirm", body = WaitingCharge),
        Write
    )
)]
pub(super) async fn charge(
    State(app): State<App>,
    staff: Staff,
    Key(_): Key,
    Body(body): Body<ChargeOrder>,
) -> Result<Response, Problem> {
    let amount = body.amount.of(body.currency);
    let request = ChargeRequest {
        merchant: staff.merchant,
        digits: body.code.into_string(),
        amount,
        memo: body.memo.map(Text::into_string).unwrap_or_default(),
    };
    match payer_code::charge(app.operations(), request).await? {
        Charged::Ended(receipt) => answer(&receipt),
        Charged::Waiting { id, expires_at } => {
            let waits = WaitingCharge {
                id: Id(id),
                state: "waiting",
                merchant: Id(staff.merchant),
                amount: amount.minor(),
                currency: CurrencyCode(amount.currency()),
                expires_at: rfc3339::format(expires_at),
            };
            Ok(json::with_status(StatusCode::ACCEPTED, &waits))
        }
    }
}

/// The charge that waits for the caller, where one does.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitingCharges {
    charges: Vec<WaitingCharge>,
}

/// List the charges that wait for your confirmation.
#[utoipa::path(
    get, path = "/api/v1/payer-codes/charges", tag = "Codes",
    responses((status = 200, description = "What waits", body = WaitingCharges), Read)
)]
pub(super) async fn waiting(State(app): State<App>, holder: Holder) -> Result<Response, Problem> {
    let news = payer_code::news(app.operations(), holder.id, app.now()).await?;
    let view = |charge: records::payer_codes::PayerCharge| WaitingCharge {
        id: Id(charge.id),
        state: "waiting",
        merchant: Id(charge.merchant),
        amount: charge.amount.minor(),
        currency: CurrencyCode(charge.amount.currency()),
        expires_at: rfc3339::format(charge.expires_at),
    };
    Ok(json::ok(&WaitingCharges { charges: news.waiting.into_iter().map(view).collect() }))
}

/// Confirm a charge.
///
/// The id is the idempotency key: a charge happens once.
#[utoipa::path(
    post, path = "/api/v1/payer-codes/charges/{id}/confirmation", tag = "Codes",
    params(("id" = AnyId, Path, description = "The charge")),
    responses(
        (status = 201, description = "Paid", body = Outcome),
        (
            status = 422, description = "Refused or declined",
            body = crate::problem::ProblemBody<'static>, content_type = "application/problem+json"
        ),
        Change
    )
)]
pub(super) async fn confirm(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<OperationId>,
) -> Result<Response, Problem> {
    answer(&payer_code::confirm(app.operations(), holder.id, id, holder.origin).await?)
}

/// Reject a charge.
#[utoipa::path(
    delete, path = "/api/v1/payer-codes/charges/{id}", tag = "Codes",
    params(("id" = AnyId, Path, description = "The charge")),
    responses((status = 204, description = "Rejected"), Change)
)]
pub(super) async fn reject(
    State(app): State<App>,
    holder: Holder,
    PathId(id): PathId<OperationId>,
) -> Result<StatusCode, Problem> {
    match payer_code::reject(app.operations(), holder.id, id).await {
        Ok(()) | Err(OperationError::CodeRefused(CodeRefusal::Rejected)) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}
