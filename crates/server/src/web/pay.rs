//! Paying a merchant.

use axum::extract::Query;
use axum::response::Response;
use money::Amount;
use operations::card_payment::{self, Instrument, OneClick, Outcome};
use operations::payment::PaymentRequest;
use operations::{IdempotencyKey, OperationError, Party, Reason, favourites, limits, merchants, settings};
use pages::bank_card::CardState;
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::pay::{Directory, Instrument as Choice, PayAmount, PayCheck, Shop};
use records::merchants::{Merchant, MerchantStatus};
use serde::Deserialize;
use wallet::ids::MerchantId;

use super::describe::pick;
use super::own_form::OwnForm;
use super::step_up::{self, StepUpForm};
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use super::{amounts, cards};
use crate::auth::Site;
use crate::fields::parse_id;
use crate::request::PathId;

/// The most merchants that one page of the directory shows.
const SHOPS_MAX: u32 = 200;
/// The word of forms for the wallet among the instruments.
const WALLET: &str = "wallet";

#[derive(Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    search: String,
}

/// `GET /pay`
pub(super) async fn directory(
    HolderVisit { visit, holder }: HolderVisit,
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
    let kept = visit.need(favourites::list(visit.app.operations(), holder).await)?;
    let mut shops: Vec<Shop> = open.map(|merchant| shop(&visit, merchant, &kept)).collect();
    shops.sort_by_key(|shop| !shop.favourite);
    Ok(page(pages::pay::directory(&visit.frame(), &Directory { search: query.search, shops })))
}

fn shop(visit: &Visit, merchant: &Merchant, kept: &[MerchantId]) -> Shop {
    let name = pick(visit.locale, &merchant.name_zh, Some(&merchant.name_en));
    let other = pick(visit.locale.other(), &merchant.name_zh, Some(&merchant.name_en));
    let favourite = kept.contains(&merchant.id);
    Shop { id: merchant.id, name: name.to_owned(), note: other.to_owned(), favourite }
}

async fn find(visit: &HolderVisit, id: MerchantId) -> Result<Shop, Stop> {
    let HolderVisit { visit, holder } = visit;
    let operations = visit.app.operations();
    let merchant = visit.need(merchants::get(operations, id).await)?;
    let kept = visit.need(favourites::list(operations, *holder).await)?;
    Ok(shop(visit, &merchant, &kept))
}

#[derive(Deserialize)]
pub(super) struct FavouriteForm {
    #[serde(default)]
    keep: String,
}

/// `POST /pay/{merchant}/favourite`
pub(super) async fn favourite(
    PathId(merchant): PathId<MerchantId>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<FavouriteForm>,
) -> Result<Response, Stop> {
    let wanted = form.keep == "yes";
    visit.need(favourites::keep(visit.app.operations(), holder, merchant, wanted).await)?;
    Ok(see_other(&format!("/pay/{merchant}")))
}

/// The fields of both steps; the first sends no instrument.
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
    /// `wallet`, or the id of a card.
    #[serde(default)]
    instrument: String,
    #[serde(flatten)]
    step_up: StepUpForm,
}

/// `GET /pay/{merchant}`
pub(super) async fn show(PathId(merchant): PathId<MerchantId>, visit: HolderVisit) -> Result<Response, Stop> {
    let shop = find(&visit, merchant).await?;
    let view = form_view(&visit, shop, PayForm::default(), Vec::new()).await?;
    Ok(page(pages::pay::amount(&visit.visit.frame(), &view)))
}

/// `POST /pay/{merchant}`
pub(super) async fn check(
    PathId(merchant): PathId<MerchantId>,
    visit: HolderVisit,
    OwnForm(form): OwnForm<PayForm>,
) -> Result<Response, Stop> {
    let shop = find(&visit, merchant).await?;
    let amount = match amounts::typed(&form.amount, &form.currency) {
        Ok(amount) => amount,
        Err(problem) => return again(&visit, shop, form, problem).await,
    };
    let view = check_view(&visit, shop, amount, &form, None).await?;
    if view.chosen.is_empty() {
        let available = amounts::available(&visit.visit, visit.holder).await?;
        if let Err(problem) = amounts::left_after(&available, amount) {
            return again(&visit, view.shop, form, problem).await;
        }
    }
    Ok(page(pages::pay::check(&visit.visit.frame(), &view)))
}

/// The confirmation, with what can be charged. After a decline, `problem` says why, and what was declined is not offered
/// again.
async fn check_view(
    visit: &HolderVisit,
    shop: Shop,
    amount: Amount,
    form: &PayForm,
    problem: Option<Problem>,
) -> Result<PayCheck, Stop> {
    let operations = visit.visit.app.operations();
    let left = amounts::left_after(&amounts::available(&visit.visit, visit.holder).await?, amount).ok();
    let mut instruments = instruments(visit, left.is_some()).await?;
    if problem.is_some() {
        for instrument in instruments.iter_mut().filter(|instrument| instrument.value == form.instrument) {
            instrument.usable = false;
        }
    }
    let preferred = visit.visit.need(settings::get(operations, visit.holder).await)?.default_card;
    let preferred = preferred.map(|card| card.to_string());
    instruments.sort_by_key(|instrument| Some(&instrument.value) != preferred.as_ref());
    let chosen = instruments.iter().find(|instrument| instrument.usable);
    let chosen = chosen.map(|instrument| instrument.value.clone()).unwrap_or_default();
    let standing = limits::standing(operations, visit.holder, &[amount.currency()]).await;
    Ok(PayCheck {
        shop,
        amount,
        left: left.filter(|_| chosen == WALLET),
        memo: form.memo.trim().to_owned(),
        instruments,
        chosen,
        most: visit.visit.need(standing)?.first().and_then(limits::Standing::most_now),
        attempt: visit.visit.attempt(),
        problems: problem.into_iter().collect(),
    })
}

/// The wallet, and every card.
async fn instruments(visit: &HolderVisit, wallet_holds_enough: bool) -> Result<Vec<Choice>, Stop> {
    let wallet = Choice { value: WALLET.to_owned(), card: None, usable: wallet_holds_enough };
    let cards = cards::bound(&visit.visit, visit.holder).await?;
    let cards = cards.into_iter().map(|card| Choice {
        value: card.id.to_string(),
        usable: card.state == CardState::Valid,
        card: Some(card),
    });
    Ok(std::iter::once(wallet).chain(cards).collect())
}

/// `POST /pay/{merchant}/confirm`
pub(super) async fn confirm(
    PathId(merchant): PathId<MerchantId>,
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<PayForm>,
) -> Result<Response, Stop> {
    let bad = || visit.visit.stop(Fault::BadRequest);
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| bad())?;
    let shop = find(&visit, merchant).await?;
    let amount = match amounts::typed(&form.amount, &form.currency) {
        Ok(amount) => amount,
        Err(problem) => return again(&visit, shop, form, problem).await,
    };
    let instrument = parse_id(&form.instrument).map_or(Instrument::Wallet, Instrument::Card);
    let origin = match step_up::origin(&visit, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => return confirm_first(&visit, &site, shop, amount, form, Some(problem)).await,
    };
    let payment = PaymentRequest { payer: visit.holder, merchant, amount, memo: form.memo.clone(), origin };
    let request = OneClick { payment, instrument };
    let operations = visit.visit.app.operations();
    match settled(|| card_payment::start(operations, &key, request.clone())).await {
        Ok(Outcome::CardDeclined(_)) => {
            let problem = Problem { field: "instrument", trouble: Trouble::CardDeclined };
            declined(&visit, shop, amount, form, problem).await
        }
        Ok(Outcome::Payment(receipt)) if receipt.reason == Some(Reason::InsufficientFunds) => {
            let problem = Problem { field: "instrument", trouble: Trouble::InsufficientFunds(None) };
            declined(&visit, shop, amount, form, problem).await
        }
        Ok(Outcome::Payment(receipt) | Outcome::Waiting(receipt)) => {
            Ok(see_other(&format!("/transactions/{}", receipt.id)))
        }
        Err(OperationError::StepUpRequired) => confirm_first(&visit, &site, shop, amount, form, None).await,
        Err(error @ OperationError::NotActive(Party::Card)) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            declined(&visit, shop, amount, form, Problem { field: "instrument", ..problem }).await
        }
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            again(&visit, shop, form, problem).await
        }
    }
}

/// The page that asks for payment PIN or passkey and then sends this form again.
async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    shop: Shop,
    amount: Amount,
    form: PayForm,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let asked = step_up::Asked {
        action: format!("/pay/{}/confirm", shop.id),
        back: format!("/pay/{}", shop.id),
        payee: shop.id.into(),
        payee_name: shop.name,
        amount,
        fields: vec![
            ("idempotency_key", form.idempotency_key),
            ("amount", form.amount),
            ("currency", form.currency),
            ("memo", form.memo),
            ("instrument", form.instrument),
        ],
    };
    step_up::ask(visit, site, asked, problem).await
}

/// The confirmation again, to choose something else and pay again.
async fn declined(
    visit: &HolderVisit,
    shop: Shop,
    amount: Amount,
    form: PayForm,
    problem: Problem,
) -> Result<Response, Stop> {
    let instrument = if form.instrument.is_empty() { WALLET.to_owned() } else { form.instrument };
    let form = PayForm { instrument, ..form };
    let view = check_view(visit, shop, amount, &form, Some(problem)).await?;
    Ok(page_with_problems(pages::pay::check(&visit.visit.frame(), &view)))
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
    let settings = settings::get(visit.visit.app.operations(), visit.holder).await;
    let preferred = visit.visit.need(settings)?.default_card.map(|card| card.to_string());
    let preferred = preferred.unwrap_or_else(|| WALLET.to_owned());
    let choices = instruments(visit, true).await?;
    Ok(PayAmount {
        shop,
        available,
        amount: form.amount,
        currency,
        memo: form.memo,
        one_click: choices.into_iter().find(|choice| choice.value == preferred && choice.usable),
        attempt: visit.visit.attempt(),
        problems,
    })
}
