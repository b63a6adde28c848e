//! Bills: what is due, and paying one.

use axum::response::Response;
use operations::bills::{self, Shown};
use operations::{IdempotencyKey, OperationError, day};
use pages::bills::{Bill, BillKind, BillPage, BillState, Bills};
use pages::fault::Fault;
use pages::form::Problem;
use records::bills as recorded;
use wallet::ids::BillId;

use super::amounts;
use super::describe::pick;
use super::own_form::OwnForm;
use super::requests::Attempt;
use super::step_up;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, Visit, page, page_with_problems, see_other};
use crate::auth::Site;
use crate::request::PathId;

/// `GET /bills`
pub(super) async fn list(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let found = visit.need(bills::list(visit.app.operations(), holder).await)?;
    let view = Bills { bills: found.into_iter().map(|shown| bill(&visit, shown)).collect() };
    Ok(page(pages::bills::list(&visit.frame(), &view)))
}

fn bill(visit: &Visit, shown: Shown) -> Bill {
    let row = shown.bill;
    let biller = shown
        .merchant
        .map(|merchant| pick(visit.locale, &merchant.name_zh, Some(&merchant.name_en)).to_owned());
    let kind = match row.kind {
        recorded::BillKind::Electricity => BillKind::Electricity,
        recorded::BillKind::Gas => BillKind::Gas,
        recorded::BillKind::Other => BillKind::Other,
        recorded::BillKind::PropertyFee => BillKind::PropertyFee,
        recorded::BillKind::Water => BillKind::Water,
    };
    let state = match row.state {
        recorded::BillState::Due if row.due_day < day::of(visit.app.now()) => BillState::Overdue,
        recorded::BillState::Due => BillState::Due,
        recorded::BillState::Paid => BillState::Paid,
        recorded::BillState::Withdrawn => BillState::Withdrawn,
    };
    let (year, month, of_month) = day::civil(row.due_day);
    Bill {
        id: row.id,
        kind,
        merchant: row.merchant,
        biller: biller.unwrap_or_default(),
        account_number: row.account_number,
        period: row.period,
        amount: row.amount,
        due: format!("{year:04}-{month:02}-{of_month:02}"),
        state,
        operation: row.operation,
    }
}

/// `GET /bills/{id}`
pub(super) async fn show(PathId(id): PathId<BillId>, visit: HolderVisit) -> Result<Response, Stop> {
    let view = bill_page(&visit, id, Vec::new()).await?;
    Ok(page(pages::bills::bill(&visit.visit.frame(), &view)))
}

async fn bill_page(visit: &HolderVisit, id: BillId, problems: Vec<Problem>) -> Result<BillPage, Stop> {
    let found = bills::get(visit.visit.app.operations(), visit.holder, id).await;
    let bill = bill(&visit.visit, visit.visit.need(found)?);
    let available = amounts::available(&visit.visit, visit.holder).await?;
    let left = amounts::left_after(&available, bill.amount).ok();
    Ok(BillPage { bill, left, attempt: visit.visit.attempt(), problems })
}

/// `POST /bills/{id}/pay`
pub(super) async fn pay(
    PathId(id): PathId<BillId>,
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
    let holder = visit.holder;
    match settled(|| bills::pay(operations, &key, (holder, id), origin)).await {
        Ok(receipt) => Ok(see_other(&format!("/transactions/{}", receipt.id))),
        Err(OperationError::StepUpRequired) => confirm_first(&visit, &site, id, form, None).await,
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?;
            let view = bill_page(&visit, id, vec![problem]).await?;
            Ok(page_with_problems(pages::bills::bill(&visit.visit.frame(), &view)))
        }
    }
}

/// The page that asks for payment PIN or passkey and then sends this form again.
async fn confirm_first(
    visit: &HolderVisit,
    site: &Site,
    id: BillId,
    form: Attempt,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let found = bills::get(visit.visit.app.operations(), visit.holder, id).await;
    let bill = bill(&visit.visit, visit.visit.need(found)?);
    let asked = step_up::Asked {
        action: format!("/bills/{id}/pay"),
        back: format!("/bills/{id}"),
        payee: bill.merchant.into(),
        payee_name: bill.biller,
        amount: bill.amount,
        fields: vec![("idempotency_key", form.idempotency_key)],
    };
    step_up::ask(visit, site, asked, problem).await
}
