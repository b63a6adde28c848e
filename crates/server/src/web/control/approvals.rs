//! Approvals by two people.

use axum::response::Response;
use operations::approvals::{self, Action, Corrected};
use operations::card_purses::issuing::number_text;
use operations::card_purses::view as card_view;
use operations::{merchants, payees, risk_rules};
use pages::control::approvals::{ApprovalLine, Approvals, Stage, What};
use pages::fault::Fault;
use pages::figures;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::approvals::{Approval, ApprovalState};
use serde::Deserialize;
use wallet::adjustment::Direction;
use wallet::ids::{ApprovalId, HolderId, PrincipalId};

use super::{mendable, name_of, own_id};
use crate::request::PathId;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};
use crate::web::{amounts, describe};

/// How many approvals the page shows.
const ROWS: u32 = 100;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CorrectionForm {
    kind: String,
    party: String,
    direction: String,
    amount: String,
    currency: String,
    reason: String,
}

/// The codes of the operator's currencies.
pub(super) fn currencies(visit: &Visit) -> Vec<String> {
    let policy = &visit.app.operations().services().policy;
    policy.currencies.iter().map(|currency| currency.code().to_owned()).collect()
}

/// `GET /operator/approvals`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, CorrectionForm::default(), Vec::new()).await?;
    Ok(page(pages::control::approvals::approvals(&visit.frame(), &view)))
}

async fn view(visit: &Visit, form: CorrectionForm, problems: Vec<Problem>) -> Result<Approvals, Stop> {
    let own = own_id(visit)?;
    let (mut waiting, mut decided) = (Vec::new(), Vec::new());
    for approval in visit.need(approvals::list(visit.app.operations(), ROWS).await)? {
        let Some(line) = line(visit, own, &approval).await? else { continue };
        if line.stage == Stage::Waiting { waiting.push(line) } else { decided.push(line) }
    }
    Ok(Approvals {
        waiting,
        decided,
        party: form.party,
        kind: form.kind,
        direction: form.direction,
        amount: form.amount,
        currency: form.currency,
        currencies: currencies(visit),
        reason: form.reason,
        problems,
    })
}

/// How far an approval came, as pages name it.
pub(super) const fn stage(state: ApprovalState) -> Stage {
    match state {
        ApprovalState::Waiting => Stage::Waiting,
        ApprovalState::Executed => Stage::Executed,
        ApprovalState::Rejected => Stage::Rejected,
        ApprovalState::Expired => Stage::Expired,
        ApprovalState::Failed => Stage::Failed,
    }
}

async fn line(visit: &Visit, own: PrincipalId, approval: &Approval) -> Result<Option<ApprovalLine>, Stop> {
    let Some(action) = Action::of(approval) else { return Ok(None) };
    let checker = match approval.checker {
        Some(checker) => name_of(visit, checker).await?,
        None => String::new(),
    };
    Ok(Some(ApprovalLine {
        id: approval.id.to_string(),
        what: what(visit, action).await?,
        stage: stage(approval.state),
        maker: name_of(visit, approval.maker).await?,
        maker_reason: approval.maker_reason.clone(),
        checker,
        checker_reason: approval.checker_reason.clone(),
        at: approval.created_at,
        expires_at: approval.expires_at,
        own: approval.maker == own,
    }))
}

async fn what(visit: &Visit, action: Action) -> Result<What, Stop> {
    let operations = visit.app.operations();
    Ok(match action {
        Action::Correct { party, direction, amount } => What::Correct {
            party: party_name(visit, party).await?,
            amount: figures::text(amount),
            to_party: direction == Direction::ToParty,
        },
        Action::Admit(admission) => {
            let merchant = admission.merchant;
            What::Admit(describe::pick(visit.locale, &merchant.name_zh, Some(&merchant.name_en)).to_owned())
        }
        Action::Close(id) => What::Close(party_name(visit, Corrected::Merchant(id)).await?),
        Action::SwitchOn { rule, version } => {
            let versions = visit.need(risk_rules::versions(operations, rule).await)?;
            let of = versions.iter().find(|row| row.version == version);
            What::SwitchOn(of.map_or_else(String::new, |row| row.name.clone()), version)
        }
        Action::RefundCard(card) => {
            let holder = visit.need(card_view::get(operations, card).await)?.holder;
            let name = match holder {
                Some(holder) => name_of(visit, holder.into()).await?,
                None => String::new(),
            };
            What::RefundCard(number_text(card), name)
        }
    })
}

async fn party_name(visit: &Visit, party: Corrected) -> Result<String, Stop> {
    let operations = visit.app.operations();
    Ok(match party {
        Corrected::Holder(id) => name_of(visit, id.into()).await?,
        Corrected::Merchant(id) => {
            let shop = visit.need(merchants::get(operations, id).await)?;
            describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned()
        }
        Corrected::Bank(id) => {
            let banks = visit.need(merchants::list_banks(operations).await)?;
            let bank = banks.into_iter().find(|bank| bank.id == id);
            bank.map_or_else(
                || id.to_string(),
                |bank| describe::pick(visit.locale, &bank.name_zh, Some(&bank.name_en)).to_owned(),
            )
        }
    })
}

/// `POST /operator/approvals`: ask for a correction.
pub(super) async fn ask(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<CorrectionForm>,
) -> Result<Response, Stop> {
    let problem = match correction(&visit, &form).await? {
        Err(problem) => problem,
        Ok(action) => {
            match approvals::ask(visit.app.operations(), own_id(&visit)?, action, &form.reason).await {
                Ok(_) => {
                    let notice = Notice::AskedForApproval.code();
                    return Ok(see_other(&format!("/operator/approvals?notice={notice}")));
                }
                Err(operations::OperationError::TextLength { .. }) => {
                    Problem { field: "reason", trouble: Trouble::Missing }
                }
                Err(error) => mendable(&visit, error)?,
            }
        }
    };
    let view = view(&visit, form, vec![problem]).await?;
    Ok(page_with_problems(pages::control::approvals::approvals(&visit.frame(), &view)))
}

async fn correction(visit: &Visit, form: &CorrectionForm) -> Result<Result<Action, Problem>, Stop> {
    let operations = visit.app.operations();
    let typed = form.party.trim();
    let party = match form.kind.as_str() {
        "holder" => payees::find(operations, HolderId::new(0), typed)
            .await
            .ok()
            .map(|payee| Corrected::Holder(payee.holder)),
        "merchant" => merchants::find(operations, typed).await.ok().map(|shop| Corrected::Merchant(shop.id)),
        "bank" => {
            let banks = visit.need(merchants::list_banks(operations).await)?;
            banks.into_iter().find(|bank| bank.code == typed).map(|bank| Corrected::Bank(bank.id))
        }
        _ => return Err(visit.stop(Fault::BadRequest)),
    };
    let direction = match form.direction.as_str() {
        "to" => Direction::ToParty,
        "from" => Direction::FromParty,
        _ => return Err(visit.stop(Fault::BadRequest)),
    };
    let Some(party) = party else {
        return Ok(Err(Problem { field: "party", trouble: Trouble::SubjectUnknown }));
    };
    Ok(amounts::typed(&form.amount, &form.currency).map(|amount| Action::Correct {
        party,
        direction,
        amount,
    }))
}

#[derive(Deserialize)]
pub(super) struct DecisionForm {
    #[serde(default)]
    choice: String,
    #[serde(default)]
    reason: String,
}

/// `POST /operator/approvals/{id}`
pub(super) async fn decide(
    PathId(id): PathId<ApprovalId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<DecisionForm>,
) -> Result<Response, Stop> {
    let approved = match form.choice.as_str() {
        "approve" => true,
        "reject" => false,
        _ => return Err(visit.stop(Fault::BadRequest)),
    };
    let who = own_id(&visit)?;
    match approvals::decide(visit.app.operations(), who, id, approved, &form.reason).await {
        Ok(_) => Ok(see_other(&format!("/operator/approvals?notice={}", Notice::Decided.code()))),
        Err(error) => {
            let problem = Problem { field: "reason", ..mendable(&visit, error)? };
            let view = view(&visit, CorrectionForm::default(), vec![problem]).await?;
            Ok(page_with_problems(pages::control::approvals::approvals(&visit.frame(), &view)))
        }
    }
}
