//! Asking for money, and answering.

use axum::response::Response;
use money::Amount;
use operations::payees::{self, NameCheck, Payee};
use operations::requests::{self, Ask, Shown};
use operations::{IdempotencyKey, OperationError};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::requests::{AskCheck, AskForm, Request, RequestPage, RequestState, Requests};
use records::money_requests;
use serde::Deserialize;
use wallet::ids::{HolderId, RequestId};

use super::amounts;
use super::cards::Bare;
use super::describe::{party, pick};
use super::own_form::OwnForm;
use super::step_up::{self, StepUpForm};
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use crate::auth::Site;
use crate::request::PathId;

/// `GET /requests`
pub(super) async fn list(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let found = visit.need(requests::list(visit.app.operations(), holder).await)?;
    let view = Requests { requests: found.iter().map(|shown| request(&visit, holder, shown)).collect() };
    Ok(page(pages::requests::list(&visit.frame(), &view)))
}

fn request(visit: &Visit, viewer: HolderId, shown: &Shown) -> Request {
    let row = &shown.request;
    let state = match row.state {
        money_requests::RequestState::Open if shown.expired => RequestState::Expired,
        money_requests::RequestState::Open => RequestState::Open,
        money_requests::RequestState::Paid => RequestState::Paid,
        money_requests::RequestState::Declined => RequestState::Declined,
        money_requests::RequestState::Withdrawn => RequestState::Withdrawn,
    };
    Request {
        id: row.id,
        to_pay: row.payer == viewer,
        other: party(visit.locale, Some(&shown.other)),
        amount: row.amount,
        memo: row.memo.clone(),
        state,
        at: row.created_at,
        expires_at: row.expires_at,
        operation: row.operation,
        part: row.split.is_some(),
    }
}

/// The fields of both steps; the first sends no checks and no key.
#[derive(Deserialize, Default, Clone)]
pub(super) struct AskFields {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    people: String,
    #[serde(default)]
    checks: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    own_part: String,
    #[serde(default)]
    memo: String,
}

/// `GET /requests/new`
pub(super) async fn show_ask(visit: HolderVisit) -> Result<Response, Stop> {
    let view = ask_form(&visit, AskFields::default(), Vec::new()).await?;
    Ok(page(pages::requests::ask(&visit.visit.frame(), &view)))
}

async fn ask_form(visit: &HolderVisit, form: AskFields, problems: Vec<Problem>) -> Result<AskForm, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let currency = if form.currency.is_empty() { amounts::first_currency(&available) } else { form.currency };
    Ok(AskForm {
        available,
        people: form.people,
        amount: form.amount,
        currency,
        memo: form.memo,
        own_part: form.own_part == "yes",
        problems,
    })
}

async fn again(visit: &HolderVisit, form: AskFields, problems: Vec<Problem>) -> Result<Response, Stop> {
    let view = ask_form(visit, form, problems).await?;
    Ok(page_with_problems(pages::requests::ask(&visit.visit.frame(), &view)))
}

/// The people whom these words name, or what is wrong with the field.
async fn find(visit: &HolderVisit, people: &str) -> Result<Result<Vec<Payee>, Problem>, Stop> {
    let wrong = |trouble| Problem { field: "people", trouble };
    let separators =
        |character: char| character.is_whitespace() || matches!(character, ',' | '，' | '、' | ';');
    let words: Vec<&str> = people.split(separators).filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words.len() > 20 {
        return Ok(Err(wrong(Trouble::People)));
    }
    let mut found: Vec<Payee> = Vec::with_capacity(words.len());
    for word in words {
        match payees::find(visit.visit.app.operations(), visit.holder, word).await {
            Ok(payee) if found.iter().any(|other| other.holder == payee.holder) => {
                return Ok(Err(wrong(Trouble::People)));
            }
            Ok(payee) => found.push(payee),
            Err(OperationError::PayeeIsPayer) => return Ok(Err(wrong(Trouble::People))),
            Err(error) => {
                let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
                return Ok(Err(wrong(problem.trouble)));
            }
        }
    }
    Ok(Ok(found))
}

/// `POST /requests/new`
pub(super) async fn check_ask(
    visit: HolderVisit,
    OwnForm(form): OwnForm<AskFields>,
) -> Result<Response, Stop> {
    let found = find(&visit, &form.people).await?;
    let amount = amounts::typed(&form.amount, &form.currency);
    let (people, total) = match (found, amount) {
        (Ok(people), Ok(total)) => (people, total),
        (people, total) => {
            let problems = people.err().into_iter().chain(total.err()).collect();
            return again(&visit, form, problems).await;
        }
    };
    let own = form.own_part == "yes";
    let count = u32::try_from(people.len() + usize::from(own)).unwrap_or(u32::MAX);
    let Ok(mut shares) = total.split(count) else {
        return again(&visit, form, vec![Problem { field: "people", trouble: Trouble::People }]).await;
    };
    let locale = visit.visit.locale;
    let part = |payee: Payee, share: Amount| {
        let name = pick(locale, &payee.name, payee.latin_name.as_deref()).to_owned();
        (name, payee.name_check.to_string(), share)
    };
    let parts = people.into_iter().zip(shares.by_ref()).map(|(payee, share)| part(payee, share)).collect();
    let view = AskCheck {
        people: form.people,
        parts,
        own: shares.next().filter(|_| own),
        total,
        memo: form.memo.trim().to_owned(),
        attempt: visit.visit.attempt(),
    };
    Ok(page(pages::requests::check(&visit.visit.frame(), &view)))
}

/// `POST /requests/new/confirm`
pub(super) async fn confirm_ask(
    visit: HolderVisit,
    OwnForm(form): OwnForm<AskFields>,
) -> Result<Response, Stop> {
    let bad = || visit.visit.stop(Fault::BadRequest);
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| bad())?;
    let total = amounts::typed(&form.amount, &form.currency).map_err(|_| bad())?;
    let people = match find(&visit, &form.people).await? {
        Ok(people) => people,
        Err(problem) => return again(&visit, form, vec![problem]).await,
    };
    let checks: Result<Vec<NameCheck>, _> = form.checks.split(' ').map(str::parse).collect();
    let checks = checks.map_err(|_| bad())?;
    if checks.len() != people.len() {
        return Err(bad());
    }
    let request = Ask {
        payee: visit.holder,
        payers: people.iter().map(|payee| payee.holder).zip(checks).collect(),
        total,
        with_own_part: form.own_part == "yes",
        memo: form.memo.clone(),
    };
    match requests::ask(visit.visit.app.operations(), &key, request).await {
        Ok(_) => Ok(see_other(&format!("/requests?notice={}", Notice::Asked.code()))),
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            let field = if problem.field == "payee" { "people" } else { problem.field };
            again(&visit, form, vec![Problem { field, ..problem }]).await
        }
    }
}

/// `GET /requests/{id}`
pub(super) async fn show(PathId(id): PathId<RequestId>, visit: HolderVisit) -> Result<Response, Stop> {
    let view = request_page(&visit, id, Vec::new()).await?;
    Ok(page(pages::requests::request(&visit.visit.frame(), &view)))
}

async fn request_page(
    visit: &HolderVisit,
    id: RequestId,
    problems: Vec<Problem>,
) -> Result<RequestPage, Stop> {
    let shown = requests::get(visit.visit.app.operations(), visit.holder, id).await;
    let shown = visit.visit.need(shown)?;
    let available = amounts::available(&visit.visit, visit.holder).await?;
    Ok(RequestPage {
        left: amounts::left_after(&available, shown.request.amount).ok(),
        request: request(&visit.visit, visit.holder, &shown),
        attempt: visit.visit.attempt(),
        problems,
    })
}

/// The idempotency key, and the proof of step-up where one was asked for.
#[derive(Deserialize)]
pub(super) struct Attempt {
    #[serde(default)]
    pub(super) idempotency_key: String,
    #[serde(flatten)]
    pub(super) step_up: StepUpForm,
}

/// `POST /requests/{id}/pay`
pub(super) async fn pay(
    PathId(id): PathId<RequestId>,
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<Attempt>,
) -> Result<Response, Stop> {
    let key: IdempotencyKey =
        form.idempotency_key.parse().map_err(|_| visit.visit.stop(Fault::BadRequest))?;
    let operations = visit.visit.app.operations();
    let origin = match step_up::origin(&visit, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => return confirm_first(&visit, &site, id, form, Some(problem)).await,
    };
    let payer = visit.holder;
    match settled(|| requests::pay(operations, &key, (payer, id), origin)).await {
        Ok(receipt) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Err(OperationError::StepUpRequired) => confirm_first(&visit, &site, id, form, None).await,
        Err(error) => refused(&visit, id, error).await,
    }
}

/// The page that asks for payment PIN or passkey and then sends this form again.
async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    id: RequestId,
    form: Attempt,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let found = requests::get(visit.visit.app.operations(), visit.holder, id).await;
    let shown = visit.visit.need(found)?;
    let asked = step_up::Asked {
        action: format!("/requests/{id}/pay"),
        back: format!("/requests/{id}"),
        payee: shown.request.payee.into(),
        payee_name: party(visit.visit.locale, Some(&shown.other)),
        amount: shown.request.amount,
        fields: vec![("idempotency_key", form.idempotency_key)],
    };
    step_up::ask(visit, site, asked, problem).await
}

async fn refused(visit: &HolderVisit, id: RequestId, error: OperationError) -> Result<Response, Stop> {
    let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
    let view = request_page(visit, id, vec![problem]).await?;
    Ok(page_with_problems(pages::requests::request(&visit.visit.frame(), &view)))
}

/// `POST /requests/{id}/decline`
pub(super) async fn decline(
    PathId(id): PathId<RequestId>,
    visit: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    match requests::decline(visit.visit.app.operations(), visit.holder, id).await {
        Ok(()) => Ok(see_other(&format!("/requests?notice={}", Notice::Told.code()))),
        Err(error) => refused(&visit, id, error).await,
    }
}

/// `POST /requests/{id}/withdraw`
pub(super) async fn withdraw(
    PathId(id): PathId<RequestId>,
    visit: HolderVisit,
    OwnForm(Bare {}): OwnForm<Bare>,
) -> Result<Response, Stop> {
    match requests::withdraw(visit.visit.app.operations(), visit.holder, id).await {
        Ok(()) => Ok(see_other(&format!("/requests?notice={}", Notice::Saved.code()))),
        Err(error) => refused(&visit, id, error).await,
    }
}
