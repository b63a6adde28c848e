//! A transfer to another holder.

use axum::response::Response;
use operations::payees::{self, Payee};
use operations::transfer::TransferRequest;
use operations::{IdempotencyKey, OperationError, transfer};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::transfer::{TransferCheck, TransferStart};
use serde::Deserialize;

use super::amounts;
use super::describe::pick;
use super::own_form::OwnForm;
use super::sign_in::log_in_trouble;
use super::step_up::{self, StepUpForm};
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, page, page_with_problems, see_other};
use crate::auth::Site;

/// The fields of both steps; the first sends no check and no key.
#[derive(Deserialize, Default)]
pub(super) struct TransferForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    payee: String,
    #[serde(default)]
    check: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    memo: String,
    #[serde(flatten)]
    step_up: StepUpForm,
}

/// `GET /transfer`
pub(super) async fn show(visit: HolderVisit) -> Result<Response, Stop> {
    let view = start(&visit, TransferForm::default(), Vec::new()).await?;
    Ok(page(pages::transfer::start(&visit.visit.frame(), &view)))
}

/// `POST /transfer`
pub(super) async fn check(
    visit: HolderVisit,
    OwnForm(form): OwnForm<TransferForm>,
) -> Result<Response, Stop> {
    if let Err(too_many) = visit.visit.app.look_ups().spend(visit.holder, visit.visit.app.now()) {
        let problems = vec![Problem { field: "payee", trouble: log_in_trouble(&too_many) }];
        return again(&visit, form, problems).await;
    }
    let found = find(&visit, &form.payee).await?;
    let amount = amounts::typed(&form.amount, &form.currency);
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let left = amount.and_then(|amount| Ok((amount, amounts::left_after(&available, amount)?)));
    let (payee, (amount, left)) = match (found, left) {
        (Ok(payee), Ok(amounts)) => (payee, amounts),
        (payee, amounts) => {
            let problems = payee.err().into_iter().chain(amounts.err()).collect();
            return again(&visit, form, problems).await;
        }
    };
    let view = TransferCheck {
        payee: form.payee,
        masked_name: pick(visit.visit.locale, &payee.name, payee.latin_name.as_deref()).to_owned(),
        name_check: payee.name_check.to_string(),
        amount,
        left,
        memo: form.memo.trim().to_owned(),
        attempt: visit.visit.attempt(),
    };
    Ok(page(pages::transfer::check(&visit.visit.frame(), &view)))
}

async fn find(visit: &HolderVisit, payee: &str) -> Result<Result<Payee, Problem>, Stop> {
    if payee.trim().is_empty() {
        return Ok(Err(Problem { field: "payee", trouble: Trouble::Missing }));
    }
    match payees::find(visit.visit.app.operations(), visit.holder, payee).await {
        Ok(payee) => Ok(Ok(payee)),
        Err(error) => problem_of(error).map(Err).ok_or_else(|| visit.visit.stop_for(error)),
    }
}

/// `POST /transfer/confirm`
pub(super) async fn confirm(
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<TransferForm>,
) -> Result<Response, Stop> {
    let bad = || visit.visit.stop(Fault::BadRequest);
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| bad())?;
    let name_check = form.check.parse().map_err(|_| bad())?;
    let amount = amounts::typed(&form.amount, &form.currency).map_err(|_| bad())?;
    let payee = match find(&visit, &form.payee).await? {
        Ok(payee) => payee,
        Err(problem) => return again(&visit, form, vec![problem]).await,
    };
    let origin = match step_up::origin(&visit, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => return confirm_first(&visit, &site, &payee, form, Some(problem)).await,
    };
    let request = TransferRequest {
        payer: visit.holder,
        payee: payee.holder,
        name_check,
        amount,
        memo: form.memo.clone(),
        origin,
    };
    let operations = visit.visit.app.operations();
    match settled(|| transfer::start(operations, &key, request.clone())).await {
        Ok(receipt) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Err(OperationError::StepUpRequired) => confirm_first(&visit, &site, &payee, form, None).await,
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            again(&visit, form, vec![problem]).await
        }
    }
}

/// The page that asks for payment PIN or passkey and then sends this form again.
async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    payee: &Payee,
    form: TransferForm,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let bad = |_| visit.visit.stop(Fault::BadRequest);
    let asked = step_up::Asked {
        action: "/transfer/confirm".to_owned(),
        back: "/transfer".to_owned(),
        payee: payee.holder.into(),
        payee_name: pick(visit.visit.locale, &payee.name, payee.latin_name.as_deref()).to_owned(),
        amount: amounts::typed(&form.amount, &form.currency).map_err(bad)?,
        fields: vec![
            ("idempotency_key", form.idempotency_key),
            ("payee", form.payee),
            ("check", form.check),
            ("amount", form.amount),
            ("currency", form.currency),
            ("memo", form.memo),
        ],
    };
    step_up::ask(visit, site, asked, problem).await
}

async fn again(visit: &HolderVisit, form: TransferForm, problems: Vec<Problem>) -> Result<Response, Stop> {
    let view = start(visit, form, problems).await?;
    Ok(page_with_problems(pages::transfer::start(&visit.visit.frame(), &view)))
}

async fn start(
    visit: &HolderVisit,
    form: TransferForm,
    problems: Vec<Problem>,
) -> Result<TransferStart, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let currency = if form.currency.is_empty() { amounts::first_currency(&available) } else { form.currency };
    Ok(TransferStart {
        available,
        payee: form.payee,
        amount: form.amount,
        currency,
        memo: form.memo,
        problems,
    })
}
