//! The code that a holder shows, and the merchant's form that charges it.

use axum::extract::Query;
use axum::http::HeaderValue;
use axum::http::header::REFRESH;
use axum::response::{IntoResponse, Response};
use ledger::Timestamp;
use money::Currency;
use operations::payer_code::{self, ChargeRequest, Charged, LIMITS_UNITS};
use operations::{OperationError, merchants};
use pages::fault::Fault;
use pages::form::Problem;
use pages::payer_code::{Charge, ChargeWaits, PayCode, PayCodeCharge};
use records::payer_codes::PayerCharge;
use serde::Deserialize;
use serde_json::json;
use wallet::ids::OperationId;

use super::amounts;
use super::describe::pick;
use super::merchant::main_currency;
use super::own_form::OwnForm;
use super::step_up::{self, StepUpForm};
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, StaffVisit, Visit, page, page_with_problems, see_other};
use crate::auth::Site;
use crate::fields::parse_id;
use crate::request::PathId;

/// A page with a code renews itself after this many seconds, this many times: then somebody has to be there.
const RENEW_SECONDS: u32 = 30;
const RENEWALS_MAX: u32 = 9;
/// A page that waits looks again after three seconds.
const LOOK_AGAIN: HeaderValue = HeaderValue::from_static("3");
/// How far back the page without script looks for a payment to tell of.
const NEWS_NANOSECONDS: u64 = 60 * ledger::NANOSECONDS_PER_SECOND;

#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    currency: String,
    #[serde(default)]
    limit: Option<u64>,
    /// How often the page has renewed itself.
    #[serde(default)]
    turn: u32,
}

fn renewed(after: HeaderValue, response: Response) -> Response {
    ([(REFRESH, after)], response).into_response()
}

/// `GET /pay-code`
pub(super) async fn show(visit: HolderVisit, Query(chosen): Query<Chosen>) -> Result<Response, Stop> {
    let since = Timestamp(visit.visit.app.now().0.saturating_sub(NEWS_NANOSECONDS));
    let news = payer_code::news(visit.visit.app.operations(), visit.holder, since).await;
    let news = visit.visit.need(news)?;
    if let Some(charge) = news.waiting {
        return confirmation(&visit, charge, Vec::new()).await;
    }
    with_code(&visit, &chosen, news.paid, Vec::new()).await
}

async fn with_code(
    visit: &HolderVisit,
    chosen: &Chosen,
    paid: Option<OperationId>,
    problems: Vec<Problem>,
) -> Result<Response, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let currencies: Vec<Currency> = available.iter().map(|held| held.currency()).collect();
    let wanted = currencies.iter().find(|currency| currency.code() == chosen.currency).or(currencies.first());
    let Some(currency) = wanted else { return Ok(page(pages::payer_code::no_wallet(&visit.visit.frame()))) };
    let units = chosen.limit.unwrap_or(LIMITS_UNITS[0]);
    let shown = payer_code::show(visit.visit.app.operations(), visit.holder, *currency, units).await;
    let shown = match shown {
        Ok(shown) => shown,
        Err(OperationError::NotActive(_) | OperationError::NoWallet(_)) => {
            return Ok(page(pages::payer_code::no_wallet(&visit.visit.frame())));
        }
        Err(error) => return Err(visit.visit.stop_for(error)),
    };
    let mut limits = LIMITS_UNITS.to_vec();
    limits.sort_by_key(|limit| *limit != units);
    let view = PayCode {
        digits: shown.digits,
        most: shown.most,
        expires_at: shown.expires_at,
        limits,
        currencies: currencies.iter().map(|currency| currency.code()).collect(),
        renews: chosen.turn < RENEWALS_MAX,
        paid,
        problems,
    };
    let wrong = !view.problems.is_empty();
    let markup = pages::payer_code::pay_code(&visit.visit.frame(), &view);
    let answer = if wrong { page_with_problems(markup) } else { page(markup) };
    let (code, turn) = (currency.code(), chosen.turn.saturating_add(1));
    let next = format!("{RENEW_SECONDS}; url=/pay-code?currency={code}&limit={units}&turn={turn}");
    match HeaderValue::try_from(next) {
        Ok(next) if view.renews => Ok(renewed(next, answer)),
        _ => Ok(answer),
    }
}

async fn shop_name(visit: &Visit, charge: &PayerCharge) -> Result<String, Stop> {
    let merchant = visit.need(merchants::get(visit.app.operations(), charge.merchant).await)?;
    Ok(pick(visit.locale, &merchant.name_zh, Some(&merchant.name_en)).to_owned())
}

async fn confirmation(
    visit: &HolderVisit,
    charge: PayerCharge,
    problems: Vec<Problem>,
) -> Result<Response, Stop> {
    let view = PayCodeCharge {
        id: charge.id,
        shop: shop_name(&visit.visit, &charge).await?,
        amount: charge.amount,
        memo: charge.memo,
        expires_at: charge.expires_at,
        problems,
    };
    Ok(page(pages::payer_code::confirm(&visit.visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct Since {
    /// Milliseconds since 1970.
    since: u64,
}

/// `GET /pay-code/state.json`: whether a charge waits, and where the receipt of a payment is.
pub(super) async fn state(visit: HolderVisit, Query(since): Query<Since>) -> Result<Response, Stop> {
    let since = Timestamp(since.since.saturating_mul(1_000_000));
    let news = payer_code::news(visit.visit.app.operations(), visit.holder, since).await;
    let news = visit.visit.need(news)?;
    let paid = news.paid.map(|id| format!("/transactions/{id}"));
    Ok(axum::Json(json!({ "waits": news.waiting.is_some(), "paid": paid })).into_response())
}

/// The form that confirms or rejects; the id of the payment to be stands in for its idempotency key.
#[derive(Deserialize)]
pub(super) struct AnswerForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    id: String,
    #[serde(flatten)]
    step_up: StepUpForm,
}

/// `POST /pay-code/confirm`
pub(super) async fn confirm(
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<AnswerForm>,
) -> Result<Response, Stop> {
    let operations = visit.visit.app.operations();
    let id = parse_id::<OperationId>(&form.idempotency_key);
    let id = id.ok_or_else(|| visit.visit.stop(Fault::BadRequest))?;
    let charge = visit.visit.need(payer_code::waiting(operations, id).await)?;
    if charge.holder != visit.holder {
        return Err(visit.visit.stop(Fault::NotFound));
    }
    let origin = match step_up::origin(&visit, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => return confirm_first(&visit, &site, &charge, Some(problem)).await,
    };
    match settled(|| payer_code::confirm(operations, visit.holder, id, origin)).await {
        Ok(receipt) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Err(OperationError::StepUpRequired) => confirm_first(&visit, &site, &charge, None).await,
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            let chosen =
                Chosen { currency: charge.amount.currency().code().to_owned(), limit: None, turn: 0 };
            with_code(&visit, &chosen, None, vec![problem]).await
        }
    }
}

async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    charge: &PayerCharge,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let asked = step_up::Asked {
        action: "/pay-code/confirm".to_owned(),
        back: "/pay-code".to_owned(),
        payee: charge.merchant.into(),
        payee_name: shop_name(&visit.visit, charge).await?,
        amount: charge.amount,
        fields: vec![("idempotency_key", charge.id.to_string())],
    };
    step_up::ask(visit, site, asked, problem).await
}

/// `POST /pay-code/reject`
pub(super) async fn reject(visit: HolderVisit, OwnForm(form): OwnForm<AnswerForm>) -> Result<Response, Stop> {
    let id = parse_id::<OperationId>(&form.id).ok_or_else(|| visit.visit.stop(Fault::BadRequest))?;
    match payer_code::reject(visit.visit.app.operations(), visit.holder, id).await {
        Ok(()) | Err(OperationError::NotFound(_)) => Ok(see_other("/pay-code")),
        Err(error) => Err(visit.visit.stop_for(error)),
    }
}

/// The merchant's form.
#[derive(Deserialize, Default)]
pub(super) struct ChargeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    memo: String,
}

/// `GET /merchant/charge`
pub(super) async fn show_charge(StaffVisit { visit, .. }: StaffVisit) -> Response {
    page(pages::payer_code::charge(&visit.frame(), &charge_view(&visit, ChargeForm::default(), Vec::new())))
}

fn charge_view(visit: &Visit, form: ChargeForm, problems: Vec<Problem>) -> Charge {
    let currencies = &visit.app.operations().services().policy.currencies;
    let currency =
        if form.currency.is_empty() { main_currency(visit).code().to_owned() } else { form.currency };
    Charge {
        code: form.code,
        amount: form.amount,
        currency,
        currencies: currencies.iter().map(|currency| currency.code()).collect(),
        memo: form.memo,
        problems,
    }
}

/// `POST /merchant/charge`
pub(super) async fn charge(
    StaffVisit { visit, merchant }: StaffVisit,
    OwnForm(form): OwnForm<ChargeForm>,
) -> Result<Response, Stop> {
    let refused = |form, problem| {
        let view = charge_view(&visit, form, vec![problem]);
        Ok(page_with_problems(pages::payer_code::charge(&visit.frame(), &view)))
    };
    let amount = match amounts::typed(&form.amount, &form.currency) {
        Ok(amount) => amount,
        Err(problem) => return refused(form, problem),
    };
    let request =
        ChargeRequest { merchant, digits: form.code.clone(), amount, memo: form.memo.trim().to_owned() };
    match payer_code::charge(visit.app.operations(), request).await {
        Ok(Charged::Ended(receipt)) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Ok(Charged::Waiting { id, .. }) => Ok(see_other(&format!("/merchant/charge/{id}"))),
        Err(error) => match problem_of(error) {
            Some(problem) => refused(form, problem),
            None => Err(visit.stop_for(error)),
        },
    }
}

/// `GET /merchant/charge/{id}`
pub(super) async fn show_waiting(
    PathId(id): PathId<OperationId>,
    StaffVisit { visit, merchant }: StaffVisit,
) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let (amount, expires_at, problems) = match payer_code::outcome(operations, merchant, id).await {
        Ok((_, Some(receipt))) => return Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Ok((charge, None)) => (charge.amount, charge.expires_at, Vec::new()),
        Err(error @ OperationError::CodeRefused(_)) => {
            let charge = visit.need(payer_code::waiting(operations, id).await)?;
            (charge.amount, charge.expires_at, problem_of(error).into_iter().collect())
        }
        Err(error) => return Err(visit.stop_for(error)),
    };
    let waits = problems.is_empty();
    let markup =
        pages::payer_code::charge_waits(&visit.frame(), &ChargeWaits { amount, expires_at, problems });
    Ok(if waits { renewed(LOOK_AGAIN, page(markup)) } else { page(markup) })
}
