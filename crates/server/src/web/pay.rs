//! Paying a merchant.

use axum::extract::Query;
use axum::response::Response;
use operations::payment::PaymentRequest;
use operations::{IdempotencyKey, merchants, payment};
use pages::fault::Fault;
use pages::form::Problem;
use pages::pay::{Directory, PayAmount, PayCheck, Shop};
use records::merchants::{Merchant, MerchantStatus};
use serde::Deserialize;
use wallet::ids::MerchantId;

use super::amounts;
use super::describe::pick;
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use crate::request::PathId;

/// The most merchants that one page of the directory shows.
const SHOPS_MAX: u32 = 200;

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    search: String,
}

/// `GET /pay`
pub(super) async fn directory(
    HolderVisit { visit, .. }: HolderVisit,
    Query(query): Query<Search>,
) -> Result<Response, Stop> {
    let found = visit.need(merchants::list(visit.app.operations(), "", SHOPS_MAX).await)?;
    let wanted = query.search.trim().to_lowercase();
    let matches = |merchant: &Merchant| {
        [&merchant.name_zh, &merchant.name_en, &merchant.category]
            .iter()
            .any(|text| text.to_lowercase().contains(&wanted))
    };
    let open = found.iter().filter(|merchant| merchant.status == MerchantStatus::Active && matches(merchant));
    let shops = open.map(|merchant| shop(&visit, merchant)).collect();
    Ok(page(pages::pay::directory(&visit.frame(), &Directory { search: query.search, shops })))
}

fn shop(visit: &Visit, merchant: &Merchant) -> Shop {
    let name = pick(visit.locale, &merchant.name_zh, Some(&merchant.name_en));
    let other = pick(visit.locale.other(), &merchant.name_zh, Some(&merchant.name_en));
    Shop { id: merchant.id, name: name.to_owned(), note: other.to_owned() }
}

async fn find(visit: &Visit, id: MerchantId) -> Result<Shop, Stop> {
    let merchant = visit.need(merchants::get(visit.app.operations(), id).await)?;
    Ok(shop(visit, &merchant))
}

/// The fields of both steps; the first sends no key.
#[derive(Deserialize, Default)]
pub(super) struct PayForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    memo: String,
}

/// `GET /pay/{merchant}`
pub(super) async fn show(PathId(merchant): PathId<MerchantId>, visit: HolderVisit) -> Result<Response, Stop> {
    let shop = find(&visit.visit, merchant).await?;
    let view = form_view(&visit, shop, PayForm::default(), Vec::new()).await?;
    Ok(page(pages::pay::amount(&visit.visit.frame(), &view)))
}

/// `POST /pay/{merchant}`
pub(super) async fn check(
    PathId(merchant): PathId<MerchantId>,
    visit: HolderVisit,
    OwnForm(form): OwnForm<PayForm>,
) -> Result<Response, Stop> {
    let shop = find(&visit.visit, merchant).await?;
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let amount = amounts::typed(&form.amount, &form.currency);
    match amount.and_then(|amount| Ok((amount, amounts::left_after(&available, amount)?))) {
        Ok((amount, left)) => {
            let view = PayCheck {
                shop,
                amount,
                left,
                memo: form.memo.trim().to_owned(),
                attempt: visit.visit.attempt(),
            };
            Ok(page(pages::pay::check(&visit.visit.frame(), &view)))
        }
        Err(problem) => again(&visit, shop, form, problem).await,
    }
}

/// `POST /pay/{merchant}/confirm`
pub(super) async fn confirm(
    PathId(merchant): PathId<MerchantId>,
    visit: HolderVisit,
    OwnForm(form): OwnForm<PayForm>,
) -> Result<Response, Stop> {
    let bad = || visit.visit.stop(Fault::BadRequest);
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| bad())?;
    let amount = amounts::typed(&form.amount, &form.currency).map_err(|_| bad())?;
    let request = PaymentRequest { payer: visit.holder, merchant, amount, memo: form.memo.clone() };
    let operations = visit.visit.app.operations();
    match settled(|| payment::start(operations, &key, request.clone())).await {
        Ok(receipt) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            let shop = find(&visit.visit, merchant).await?;
            again(&visit, shop, form, problem).await
        }
    }
}

async fn again(visit: &HolderVisit, shop: Shop, form: PayForm, problem: Problem) -> Result<Response, Stop> {
    let view = form_view(visit, shop, form, vec![problem]).await?;
    Ok(page_with_problems(pages::pay::amount(&visit.visit.frame(), &view)))
}

async fn form_view(
    visit: &HolderVisit,
    shop: Shop,
    form: PayForm,
    problems: Vec<Problem>,
) -> Result<PayAmount, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let currency = if form.currency.is_empty() { amounts::first_currency(&available) } else { form.currency };
    Ok(PayAmount { shop, available, amount: form.amount, currency, memo: form.memo, problems })
}
