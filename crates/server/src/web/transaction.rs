//! One operation, its receipt, and its refund by the merchant.

use axum::extract::Query;
use axum::response::Response;
use money::Delta;
use operations::history::{self, Named};
use operations::refund::{self, RefundRequest};
use operations::{IdempotencyKey, OperationError, annotations, masked};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::transaction::{Annotation, Paper, Refund, Transaction};
use pages::{Moment, MomentKind};
use records::operations::{Operation, OperationKind, OperationState, PartyId, refunded};
use records::principals::Role;
use records::till::StaffRole;
use serde::Deserialize;
use wallet::ids::{HolderId, OperationId};

use super::merchant::minor_amount;
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{
    HolderVisit, Member, MemberVisit, StaffVisit, Visit, page, page_with_problems, see_other,
};
use super::{amounts, describe, staff_role};
use crate::request::PathId;

/// `GET /transactions/{id}`
pub(super) async fn show(
    PathId(id): PathId<OperationId>,
    MemberVisit { visit, .. }: MemberVisit,
) -> Result<Response, Stop> {
    let view = view(&visit, id).await?;
    Ok(page(pages::transaction::transaction(&visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct PaperQuery {
    #[serde(default)]
    paper: String,
}

/// `GET /transactions/{id}/receipt`
pub(super) async fn receipt(
    PathId(id): PathId<OperationId>,
    MemberVisit { visit, .. }: MemberVisit,
    Query(query): Query<PaperQuery>,
) -> Result<Response, Stop> {
    let view = view(&visit, id).await?;
    Ok(page(pages::transaction::receipt(&visit.frame(), &view, Paper::from_code(&query.paper))))
}

#[derive(Deserialize)]
pub(super) struct NoteForm {
    #[serde(default)]
    note: String,
    #[serde(default)]
    tags: String,
}

/// `POST /transactions/{id}/note`
pub(super) async fn annotate(
    PathId(id): PathId<OperationId>,
    HolderVisit { visit, holder }: HolderVisit,
    OwnForm(form): OwnForm<NoteForm>,
) -> Result<Response, Stop> {
    match annotations::write(visit.app.operations(), holder, id, (&form.note, &form.tags)).await {
        Ok(()) => Ok(see_other(&format!("/transactions/{id}?notice={}", Notice::NoteSaved.code()))),
        Err(OperationError::TextLength { field }) => {
            let most = if field == "tags" { 20 } else { 140 };
            let problems = vec![Problem { field, trouble: Trouble::TooLong(most) }];
            let mut view = view(&visit, id).await?;
            view.annotation = Some(Annotation { note: form.note, tags: form.tags, problems });
            Ok(page_with_problems(pages::transaction::transaction(&visit.frame(), &view)))
        }
        Err(error) => Err(visit.stop_for(error)),
    }
}

/// What the holder who looks wrote on the operation.
async fn annotation(visit: &Visit, id: OperationId) -> Result<Option<Annotation>, Stop> {
    let holder = visit.member.as_ref().filter(|member| member.principal.role == Role::Holder);
    let Some(member) = holder else { return Ok(None) };
    let holder = HolderId::new(member.principal.id.bits());
    let found = visit.need(annotations::read(visit.app.operations(), holder, id).await)?;
    Ok(Some(Annotation { note: found.note, tags: found.tags.join(" "), problems: Vec::new() }))
}

#[derive(Deserialize)]
pub(super) struct RefundForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    memo: String,
}

/// `POST /transactions/{id}/refund`
pub(super) async fn refund(
    PathId(payment): PathId<OperationId>,
    staff: StaffVisit,
    OwnForm(form): OwnForm<RefundForm>,
) -> Result<Response, Stop> {
    staff_role::require(&staff, StaffRole::Manager).await?;
    let StaffVisit { visit, merchant } = staff;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let Some(principal) = visit.member.as_ref().map(|member| member.principal.id) else {
        return Ok(see_other("/login"));
    };
    let view = view(&visit, payment).await?;
    let problem = match amounts::typed(&form.amount, view.delta.currency().code()) {
        Err(problem) => problem,
        Ok(amount) => {
            let request =
                RefundRequest { principal, merchant, payment, amount: Some(amount), memo: form.memo.clone() };
            let operations = visit.app.operations();
            match settled(|| refund::start(operations, &key, request.clone())).await {
                Ok(receipt) if receipt.state == OperationState::Completed => {
                    return Ok(see_other(&format!(
                        "/transactions/{payment}?notice={}",
                        Notice::Refunded.code()
                    )));
                }
                Ok(receipt) => over_refund(receipt.reason),
                Err(error) => problem_of(error).ok_or_else(|| visit.stop_for(error))?,
            }
        }
    };
    Ok(refund_again(&visit, view, form, problem))
}

fn over_refund(reason: Option<operations::Reason>) -> Problem {
    let trouble = match reason {
        Some(operations::Reason::MerchantBalanceShort) => Trouble::InsufficientFunds(None),
        _ => Trouble::OverRefund,
    };
    Problem { field: "amount", trouble }
}

fn refund_again(visit: &Visit, mut view: Transaction, form: RefundForm, problem: Problem) -> Response {
    if let Some(refund) = &mut view.refund {
        refund.amount = form.amount;
        refund.memo = form.memo;
        refund.problems = vec![problem];
    }
    page_with_problems(pages::transaction::transaction(&visit.frame(), &view))
}

/// Whose operations the visitor may see; `None` is the operator, who sees all.
pub(super) fn viewer(member: &Member) -> Option<PartyId> {
    match (member.principal.role, member.principal.merchant) {
        (Role::Operator, _) => None,
        (Role::MerchantStaff, Some(merchant)) => Some(merchant.into()),
        (Role::Holder | Role::MerchantStaff, _) => Some(HolderId::new(member.principal.id.bits()).into()),
    }
}

/// One operation as the visitor may see it.
pub(super) async fn view(visit: &Visit, id: OperationId) -> Result<Transaction, Stop> {
    let operations = visit.app.operations();
    let Some(member) = &visit.member else { return Err(visit.stop(Fault::NotFound)) };
    let viewer = viewer(member);
    let operation = visit.need(history::get(operations, viewer, id).await)?;
    let refunds = visit.need(history::refunds(operations, id).await)?;
    let party = viewer.or(operation.payer);
    let delta = party.map_or(operation.amount.to_delta(), |party| describe::delta(&operation, party));
    let moments = moments(&operation, &refunds);
    let own = viewer.is_some() && viewer == operation.payee;
    let bank_page = operations::customer_page(operations, &operation).filter(|_| own);
    let lines = match party {
        Some(party) => describe::lines(visit, refunds, party).await?,
        None => Vec::new(),
    };
    let refund = refund_form(visit, &operation).await?;
    let annotation = annotation(visit, id).await?;
    let named = visit.need(history::named(operations, vec![operation]).await)?;
    let Some(named) = named.into_iter().next() else { return Err(visit.stop(Fault::NotFound)) };
    Ok(Transaction { bank_page, refunds: lines, refund, moments, annotation, ..facts(visit, named, delta) })
}

fn facts(visit: &Visit, named: Named, delta: Delta) -> Transaction {
    let operation = named.operation;
    let staff = visit.member.as_ref().is_some_and(|member| member.principal.role == Role::MerchantStaff);
    let name = |party: Option<&history::PartyName>, side: Option<PartyId>| {
        let name = describe::party(visit.locale, party);
        // A shop learns of its customers what a stranger may.
        let customer = staff && side != operation.merchant.map(PartyId::from);
        if customer { masked(&name) } else { name }
    };
    let refund_of = operation.refunded_payment();
    Transaction {
        id: operation.id,
        kind: describe::kind(operation.kind),
        state: describe::state(operation.state),
        reason: operation.reason.as_deref().map(describe::reason),
        delta,
        payer: name(named.payer.as_ref(), operation.payer),
        payee: name(named.payee.as_ref(), operation.payee),
        memo: operation.memo,
        at: operation.created_at,
        bank_page: None,
        refund_of,
        refunds: Vec::new(),
        moments: Vec::new(),
        refund: None,
        annotation: None,
    }
}

/// The story of an operation, as far as its record tells it.
fn moments(operation: &Operation, refunds: &[Operation]) -> Vec<Moment> {
    let recorded = Moment { kind: MomentKind::Recorded, at: operation.created_at };
    let latest = match operation.state {
        OperationState::Started | OperationState::Unknown => MomentKind::WaitingForBank,
        OperationState::Completed => MomentKind::Completed,
        OperationState::Declined => MomentKind::Declined,
        OperationState::Reversed => MomentKind::Reversed,
        OperationState::Held => MomentKind::UnderReview,
    };
    let mut moments = vec![recorded, Moment { kind: latest, at: operation.updated_at }];
    let given_back = refunds.iter().filter(|refund| refund.state == OperationState::Completed);
    moments.extend(given_back.map(|refund| Moment { kind: MomentKind::Refunded, at: refund.created_at }));
    moments
}

/// The refund form of a completed sale, for the merchant's staff, while something is left.
async fn refund_form(visit: &Visit, operation: &Operation) -> Result<Option<Refund>, Stop> {
    let merchant = visit.member.as_ref().and_then(|member| member.principal.merchant);
    let refundable = operation.kind == OperationKind::Payment
        && operation.state == OperationState::Completed
        && merchant.is_some()
        && operation.merchant == merchant;
    if !refundable {
        return Ok(None);
    }
    let id = operation.id;
    let given_back = visit.need_records(visit.app.records().read(move |sql| refunded(sql, id)).await)?;
    let left = operation
        .amount
        .checked_sub(minor_amount(given_back.0, operation.amount.currency()))
        .ok()
        .filter(|left| !left.is_zero());
    Ok(left.map(|left| Refund {
        left,
        amount: left.decimal().to_string(),
        memo: String::new(),
        attempt: visit.attempt(),
        problems: Vec::new(),
    }))
}
