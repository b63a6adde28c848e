//! Scanning a merchant's code and paying it.

use axum::body::Bytes;
use axum::extract::{Multipart, Query};
use axum::response::{IntoResponse, Response};
use operations::merchant_code::{self, GoodCode};
use operations::payment::PaymentRequest;
use operations::{CodeRefusal, IdempotencyKey, OperationError, orders};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::scan::{Scan, ScanAmount, ScanCheck};
use serde::Deserialize;
use serde_json::json;

use super::amounts;
use super::describe::pick;
use super::own_form::OwnForm;
use super::own_parts::OwnParts;
use super::qr_picture::{self, Grey, NotRead};
use super::step_up::{self, StepUpForm};
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, MemberVisit, page, page_with_problems, see_other};
use crate::auth::Site;
use crate::problem::{Kind, Problem as Refusal};

/// `GET /scan`
pub(super) async fn show(visit: HolderVisit) -> Response {
    page(pages::scan::scan(&visit.visit.frame(), &Scan::default()))
}

/// The fields of all steps.
#[derive(Deserialize, Default)]
pub(super) struct ScanForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    idempotency_key: String,
    #[serde(flatten)]
    step_up: StepUpForm,
}

/// `POST /scan`
pub(super) async fn read(visit: HolderVisit, OwnForm(form): OwnForm<ScanForm>) -> Result<Response, Stop> {
    next(&visit, form).await
}

/// What follows from a code: amount, confirmation, or why it is refused.
async fn next(visit: &HolderVisit, form: ScanForm) -> Result<Response, Stop> {
    let code = match verified(visit, &form.code).await? {
        Ok(code) => code,
        Err(problem) => return Ok(again(visit, form.code, problem)),
    };
    // The code of a till names an order, which has its own page to pay at.
    if let Some(reference) = &code.reference {
        let operations = visit.visit.app.operations();
        let order = orders::of_code(operations, code.merchant.id, reference).await;
        if let Some(order) = visit.visit.need(order)? {
            return Ok(see_other(&format!("/checkout/{}", order.id)));
        }
    }
    if code.amount.is_some() {
        confirmation(visit, form, &code).await
    } else {
        ask_amount(visit, form, &code, None).await
    }
}

async fn verified(visit: &HolderVisit, text: &str) -> Result<Result<GoodCode, Problem>, Stop> {
    if text.trim().is_empty() {
        return Ok(Err(Problem { field: "code", trouble: Trouble::Missing }));
    }
    match merchant_code::verify(visit.visit.app.operations(), text).await {
        Ok(code) => Ok(Ok(code)),
        Err(error) => match problem_of(error) {
            Some(problem) => Ok(Err(Problem { field: "code", ..problem })),
            None => Err(visit.visit.stop_for(error)),
        },
    }
}

fn again(visit: &HolderVisit, code: String, problem: Problem) -> Response {
    let view = Scan { code, problems: vec![problem] };
    page_with_problems(pages::scan::scan(&visit.visit.frame(), &view))
}

fn name(visit: &HolderVisit, code: &GoodCode) -> String {
    pick(visit.visit.locale, &code.merchant.name_zh, Some(&code.merchant.name_en)).to_owned()
}

async fn ask_amount(
    visit: &HolderVisit,
    form: ScanForm,
    code: &GoodCode,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let held = available.into_iter().find(|held| held.currency() == code.currency);
    let problems: Vec<Problem> = problem.into_iter().collect();
    let wrong = !problems.is_empty();
    let view = ScanAmount {
        shop: name(visit, code),
        code: form.code,
        currency: code.currency,
        held,
        amount: form.amount,
        problems,
    };
    let markup = pages::scan::amount(&visit.visit.frame(), &view);
    Ok(if wrong { page_with_problems(markup) } else { page(markup) })
}

/// `POST /scan/check`
pub(super) async fn check(visit: HolderVisit, OwnForm(form): OwnForm<ScanForm>) -> Result<Response, Stop> {
    let code = match verified(&visit, &form.code).await? {
        Ok(code) => code,
        Err(problem) => return Ok(again(&visit, form.code, problem)),
    };
    confirmation(&visit, form, &code).await
}

async fn confirmation(visit: &HolderVisit, form: ScanForm, code: &GoodCode) -> Result<Response, Stop> {
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let amount = match code.amount {
        Some(amount) => Ok(amount),
        None => amounts::typed(&form.amount, code.currency.code()),
    };
    match amount.and_then(|amount| Ok((amount, amounts::left_after(&available, amount)?))) {
        Ok((amount, left)) => {
            let view = ScanCheck {
                shop: name(visit, code),
                code: form.code,
                amount,
                left,
                reference: code.reference.clone(),
                attempt: visit.visit.attempt(),
            };
            Ok(page(pages::scan::check(&visit.visit.frame(), &view)))
        }
        Err(problem) if code.amount.is_some() => {
            Ok(again(visit, form.code, Problem { field: "code", ..problem }))
        }
        Err(problem) => ask_amount(visit, form, code, Some(Problem { field: "amount", ..problem })).await,
    }
}

/// `POST /scan/pay`
pub(super) async fn pay(
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<ScanForm>,
) -> Result<Response, Stop> {
    let bad = || visit.visit.stop(Fault::BadRequest);
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| bad())?;
    let code = match verified(&visit, &form.code).await? {
        Ok(code) => code,
        Err(problem) => return Ok(again(&visit, form.code, problem)),
    };
    let amount = match code.amount {
        Some(amount) => amount,
        None => amounts::typed(&form.amount, code.currency.code()).map_err(|_| bad())?,
    };
    let origin = match step_up::origin(&visit, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => return confirm_first(&visit, &site, form, &code, Some(problem)).await,
    };
    let operations = visit.visit.app.operations();
    let memo = code.reference.clone().unwrap_or_default();
    let request = PaymentRequest { payer: visit.holder, merchant: code.merchant.id, amount, memo, origin };
    match settled(|| merchant_code::pay(operations, &key, &code, request.clone())).await {
        Ok(receipt) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Err(OperationError::StepUpRequired) => confirm_first(&visit, &site, form, &code, None).await,
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            Ok(again(&visit, form.code, Problem { field: "code", ..problem }))
        }
    }
}

/// The page that asks for payment PIN or passkey and then sends this form again.
async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    form: ScanForm,
    code: &GoodCode,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let bad = |_| visit.visit.stop(Fault::BadRequest);
    let amount = match code.amount {
        Some(amount) => amount,
        None => amounts::typed(&form.amount, code.currency.code()).map_err(bad)?,
    };
    let asked = step_up::Asked {
        action: "/scan/pay".to_owned(),
        back: "/scan".to_owned(),
        payee: code.merchant.id.into(),
        payee_name: name(visit, code),
        amount,
        fields: vec![("idempotency_key", form.idempotency_key), ("code", form.code), ("amount", form.amount)],
    };
    step_up::ask(visit, site, asked, problem).await
}

#[derive(Deserialize)]
pub(super) struct FrameSize {
    width: usize,
}

/// `POST /scan/frame`: what a camera sees, one grey byte for each pixel. The answer is the text of a code, or nothing.
pub(super) async fn frame(
    MemberVisit { caller, .. }: MemberVisit,
    Query(size): Query<FrameSize>,
    pixels: Bytes,
) -> Result<Response, Refusal> {
    let unfit =
        || Refusal::invalid("width", "the body is not a frame of that width, of at most 409600 pixels");
    let frame = Grey::frame(size.width, pixels.to_vec()).map_err(|_| unfit())?;
    match qr_picture::read_frame(caller.principal, frame).await {
        Ok(text) => Ok(axum::Json(json!({ "text": text })).into_response()),
        Err(NotRead::Unfit) => Err(unfit()),
        Err(NotRead::Busy) => Err(Refusal::new(Kind::THROTTLED, "too many pictures at once").retry_after(1)),
    }
}

/// `POST /scan/photo`
pub(super) async fn photo(visit: HolderVisit, parts: Multipart) -> Result<Response, Stop> {
    let bad = || visit.visit.stop(Fault::BadRequest);
    let parts = OwnParts::read(&visit.visit, parts).await?.ok_or_else(bad)?;
    let picture = parts.file("photo").map_or_else(Vec::new, |file| file.bytes.to_vec());
    let member = visit.visit.member.as_ref().ok_or_else(bad)?;
    let seen = qr_picture::read_photo(member.caller.principal, picture).await;
    match seen {
        Ok(Some(code)) => next(&visit, ScanForm { code, ..ScanForm::default() }).await,
        Ok(None) | Err(NotRead::Unfit) => Ok(unseen(&visit, CodeRefusal::NothingSeen)),
        Err(NotRead::Busy) => {
            let trouble = Trouble::Throttled(10);
            Ok(again(&visit, String::new(), Problem { field: "photo", trouble }))
        }
    }
}

fn unseen(visit: &HolderVisit, refusal: CodeRefusal) -> Response {
    let problem = problem_of(OperationError::CodeRefused(refusal));
    let trouble = problem.map_or(Trouble::Refused, |problem| problem.trouble);
    again(visit, String::new(), Problem { field: "photo", trouble })
}
