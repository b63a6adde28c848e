//! Vouchers: sold at the desk of a shop, put into a wallet by who has the code.

use axum::extract::Query;
use axum::response::Response;
use money::Amount;
use operations::vouchers::{self, SaleRequest, VoucherCode};
use operations::{IdempotencyKey, OperationError, balances, merchants};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::vouchers::{Desk, Redeem, Slip, Voucher, VoucherState};
use records::operations::OperationState;
use records::till::StaffRole;
use records::vouchers as recorded;
use serde::Deserialize;
use wallet::ids::VoucherId;

use super::merchant::main_currency;
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, StaffVisit, page, page_with_problems, see_other};
use super::{amounts, describe, staff_role};
use crate::auth::Site;
use crate::request::PathId;

/// How many vouchers the desk shows.
const LAST: u32 = 20;

/// The fields of a sale.
#[derive(Deserialize, Default)]
pub(super) struct SaleForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    amount: String,
}

/// `GET /till/vouchers`
pub(super) async fn desk(staff: StaffVisit) -> Result<Response, Stop> {
    let view = view(&staff, String::new(), Vec::new()).await?;
    Ok(page(pages::vouchers::desk(&staff.visit.frame(), &view)))
}

async fn again(staff: &StaffVisit, amount: String, problem: Problem) -> Result<Response, Stop> {
    let view = view(staff, amount, vec![problem]).await?;
    Ok(page_with_problems(pages::vouchers::desk(&staff.visit.frame(), &view)))
}

async fn view(staff: &StaffVisit, amount: String, problems: Vec<Problem>) -> Result<Desk, Stop> {
    let StaffVisit { visit, merchant } = staff;
    let operations = visit.app.operations();
    let (_, role) = staff_role::of(visit).await?;
    let currency = main_currency(visit);
    let available = available(staff).await?;
    let sold = visit.need(vouchers::of_merchant(operations, *merchant, LAST).await)?;
    let now = visit.app.now();
    let last = sold.into_iter().map(|row| {
        let manager = role >= StaffRole::Manager;
        Voucher {
            id: row.id,
            at: row.created_at,
            amount: row.amount,
            can_return: row.state == recorded::VoucherState::Sold
                && (manager || vouchers::may_take_back(&row, now)),
            state: match row.state {
                recorded::VoucherState::Redeemed => VoucherState::Redeemed,
                recorded::VoucherState::Returned => VoucherState::Returned,
                recorded::VoucherState::Offered
                | recorded::VoucherState::Sold
                | recorded::VoucherState::Void => VoucherState::Sold,
            },
            last_four: row.last_four,
        }
    });
    Ok(Desk { currency, available, amount, last: last.collect(), attempt: visit.attempt(), problems })
}

/// What the shop has in its main currency.
async fn available(StaffVisit { visit, merchant }: &StaffVisit) -> Result<Amount, Stop> {
    let currency = main_currency(visit);
    let balances = visit.need(balances::of_merchant(visit.app.operations(), *merchant).await)?;
    let own = balances.into_iter().find(|(of, _)| *of == currency);
    Ok(own.map_or(Amount::zero(currency), |(_, balance)| balance.available))
}

/// `POST /till/vouchers`
pub(super) async fn sell(
    staff: StaffVisit,
    site: Site,
    OwnForm(form): OwnForm<SaleForm>,
) -> Result<Response, Stop> {
    let seller = staff_role::require(&staff, StaffRole::Cashier).await?;
    let StaffVisit { visit, merchant } = &staff;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let amount = match amounts::typed(&form.amount, main_currency(visit).code()) {
        Ok(amount) => amount,
        Err(problem) => return again(&staff, form.amount, problem).await,
    };
    let operations = visit.app.operations();
    let request = SaleRequest { seller, merchant: *merchant, amount };
    match vouchers::sell(operations, &key, request).await {
        Ok((receipt, code)) if receipt.state == OperationState::Completed => {
            let shop = visit.need(merchants::get(operations, *merchant).await)?;
            let slip = Slip {
                shop: describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned(),
                amount: receipt.amount,
                address: format!("{}/redeem?code={code}", site.origin),
                code: code.to_string(),
                at: receipt.created_at,
            };
            Ok(page(pages::vouchers::slip(&visit.frame(), &slip)))
        }
        Ok(_) => {
            let trouble = Trouble::InsufficientFunds(Some(available(&staff).await?));
            again(&staff, form.amount, Problem { field: "amount", trouble }).await
        }
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            again(&staff, form.amount, problem).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct NoFields {}

/// `POST /till/vouchers/{voucher}/return`
pub(super) async fn take_back(
    PathId(voucher): PathId<VoucherId>,
    staff: StaffVisit,
    OwnForm(NoFields {}): OwnForm<NoFields>,
) -> Result<Response, Stop> {
    let StaffVisit { visit, merchant } = &staff;
    let who = staff_role::of(visit).await?;
    match vouchers::take_back(visit.app.operations(), who, *merchant, voucher).await {
        Ok(receipt) if receipt.state == OperationState::Completed => {
            Ok(see_other(&format!("/till/vouchers?notice={}", Notice::VoucherReturned.code())))
        }
        Ok(_) => again(&staff, String::new(), Problem { field: "code", trouble: Trouble::Refused }).await,
        Err(OperationError::NotPermitted) => Err(visit.stop(Fault::Forbidden)),
        Err(error @ OperationError::VoucherEnded) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            again(&staff, String::new(), problem).await
        }
        Err(error) => Err(visit.stop_for(error)),
    }
}

#[derive(Deserialize, Default)]
pub(super) struct CodeQuery {
    #[serde(default)]
    code: String,
}

/// `GET /redeem`
pub(super) async fn show_redeem(
    visit: HolderVisit,
    Query(query): Query<CodeQuery>,
) -> Result<Response, Stop> {
    let code = VoucherCode::read(&query.code).map(|code| code.to_string()).unwrap_or_default();
    let view = Redeem { code, attempt: visit.visit.attempt(), problems: Vec::new() };
    Ok(page(pages::vouchers::redeem(&visit.visit.frame(), &view)))
}

/// The fields of a redemption.
#[derive(Deserialize, Default)]
pub(super) struct RedeemForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    code: String,
}

/// `POST /redeem`
pub(super) async fn redeem(
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<RedeemForm>,
) -> Result<Response, Stop> {
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let problem = match VoucherCode::read(&form.code) {
        None => Problem { field: "code", trouble: Trouble::VoucherUnknown },
        Some(code) => match settled(|| vouchers::redeem(visit.app.operations(), &key, holder, &code)).await {
            Ok(receipt) => return Ok(see_other(&format!("/transactions/{}", receipt.id))),
            Err(error) => problem_of(error).ok_or_else(|| visit.stop_for(error))?,
        },
    };
    let view = Redeem { code: form.code, attempt: visit.attempt(), problems: vec![problem] };
    Ok(page_with_problems(pages::vouchers::redeem(&visit.frame(), &view)))
}
