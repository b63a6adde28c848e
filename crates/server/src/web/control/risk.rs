//! The queue of held payments and the black list.

use axum::response::Response;
use operations::history;
use operations::review::{self, Choice, Queued};
use operations::{black_list, duties, merchants, payees};
use pages::control::risk::{BlackList, Cause, Ending, Held, ListLine, Queue, ReviewEnd};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::Code;
use records::risk::{ListChange, ListKind, ReviewState};
use serde::Deserialize;
use wallet::ids::{HolderId, OperationId};

use super::{mendable, name_of, own_id};
use crate::request::PathId;
use crate::web::describe;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

/// Rows of the queue and of what was decided.
const ROWS: u32 = 100;

/// `GET /operator/risk`
pub(super) async fn queue(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, None, Vec::new()).await?;
    Ok(page(pages::control::risk::queue(&visit.frame(), &view)))
}

async fn view(
    visit: &Visit,
    typed: Option<(OperationId, String)>,
    problems: Vec<Problem>,
) -> Result<Queue, Stop> {
    let operations = visit.app.operations();
    let waiting = visit.need(review::queue(operations, true, ROWS).await)?;
    let decided = visit.need(review::queue(operations, false, ROWS).await)?;
    Ok(Queue { waiting: held(visit, waiting).await?, decided: held(visit, decided).await?, typed, problems })
}

async fn held(visit: &Visit, queued: Vec<Queued>) -> Result<Vec<Held>, Stop> {
    let rows = queued.iter().map(|one| one.operation.clone()).collect();
    let named = visit.need(history::named(visit.app.operations(), rows).await)?;
    let mut held = Vec::with_capacity(queued.len());
    for (one, named) in queued.into_iter().zip(named) {
        let Queued { operation, review, decision } = one;
        let how = match review.state {
            ReviewState::Waiting => None,
            ReviewState::Released => Some(ReviewEnd::Released),
            ReviewState::Declined => Some(ReviewEnd::Declined),
            ReviewState::Expired => Some(ReviewEnd::Expired),
        };
        let by = match review.decided_by {
            Some(id) => name_of(visit, id).await?,
            None => String::new(),
        };
        held.push(Held {
            id: operation.id,
            payer: describe::party(visit.locale, named.payer.as_ref()),
            payee: describe::party(visit.locale, named.payee.as_ref()),
            amount: operation.amount,
            at: review.created_at,
            deadline: review.deadline,
            causes: decision.map(|decision| causes(&decision.reasons)).unwrap_or_default(),
            ending: how.map(|how| Ending { how, by, reason: review.reason }),
        });
    }
    Ok(held)
}

/// The causes that a decision's text stands for: one on each line, name, tab, conditions.
pub(super) fn causes(reasons: &str) -> Vec<Cause> {
    let cause = |line: &str| {
        let (rule, conditions) = line.split_once('\t').unwrap_or((line, ""));
        Cause {
            rule: rule.to_owned(),
            conditions: risk::conditions_from_text(conditions).unwrap_or_default(),
        }
    };
    reasons.lines().map(cause).collect()
}

#[derive(Deserialize)]
pub(super) struct DecisionForm {
    #[serde(default)]
    choice: String,
    #[serde(default)]
    reason: String,
}

/// `POST /operator/risk/{id}`
pub(super) async fn decide(
    PathId(id): PathId<OperationId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<DecisionForm>,
) -> Result<Response, Stop> {
    let choice = match form.choice.as_str() {
        "release" => Choice::Release,
        "decline" => Choice::Decline,
        _ => return Err(visit.stop(Fault::BadRequest)),
    };
    let (operations, who) = (visit.app.operations(), own_id(&visit)?);
    let decided = match duties::require(operations, who, duties::Permission::Review).await {
        Ok(()) => review::decide(operations, who, id, choice, &form.reason).await,
        Err(error) => Err(error),
    };
    match decided {
        Ok(()) => Ok(see_other(&format!("/operator/risk?notice={}", Notice::Decided.code()))),
        Err(error) => {
            let problem = Problem { field: "reason", ..mendable(&visit, error)? };
            let view = view(&visit, Some((id, form.reason)), vec![problem]).await?;
            Ok(page_with_problems(pages::control::risk::queue(&visit.frame(), &view)))
        }
    }
}

#[derive(Deserialize, Default)]
pub(super) struct ListForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    reason: String,
}

/// `GET /operator/black-list`
pub(super) async fn black_list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = list_view(&visit, ListForm::default(), Vec::new()).await?;
    Ok(page(pages::control::risk::black_list(&visit.frame(), &view)))
}

async fn list_view(visit: &Visit, form: ListForm, problems: Vec<Problem>) -> Result<BlackList, Stop> {
    let list = visit.need(black_list::show(visit.app.operations()).await)?;
    let mut listed = Vec::new();
    for change in list.listed {
        listed.push(list_line(visit, change).await?);
    }
    let mut changes = Vec::new();
    for change in list.changes.into_iter().take(50) {
        changes.push(list_line(visit, change).await?);
    }
    let ListForm { kind, subject, reason } = form;
    Ok(BlackList { version: list.version, listed, changes, kind, subject, reason, problems })
}

async fn list_line(visit: &Visit, change: ListChange) -> Result<ListLine, Stop> {
    let name = match (change.kind, change.subject.parse::<u128>()) {
        (ListKind::Holder, _) => match change.subject.parse() {
            Ok(id) => name_of(visit, id).await?,
            Err(_) => String::new(),
        },
        (ListKind::Merchant, _) => match change.subject.parse() {
            Ok(id) => merchants::get(visit.app.operations(), id)
                .await
                .map(|shop| describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned())
                .unwrap_or_default(),
            Err(_) => String::new(),
        },
        _ => String::new(),
    };
    Ok(ListLine {
        version: change.version,
        kind: change.kind.code(),
        name,
        listed: change.listed,
        reason: change.reason,
        by: name_of(visit, change.author).await?,
        at: change.at,
        subject: change.subject,
    })
}

/// `POST /operator/black-list`
pub(super) async fn put_on_list(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ListForm>,
) -> Result<Response, Stop> {
    let kind = ListKind::from_code(&form.kind).ok_or_else(|| visit.stop(Fault::BadRequest))?;
    let problem = match subject(&visit, kind, form.subject.trim()).await {
        None => Problem { field: "subject", trouble: Trouble::SubjectUnknown },
        Some(subject) => match change_list(&visit, (kind, &subject), true, &form.reason).await {
            Ok(()) => {
                return Ok(see_other(&format!("/operator/black-list?notice={}", Notice::Saved.code())));
            }
            Err(error) => mendable(&visit, error)?,
        },
    };
    let view = list_view(&visit, form, vec![problem]).await?;
    Ok(page_with_problems(pages::control::risk::black_list(&visit.frame(), &view)))
}

async fn change_list(
    visit: &Visit,
    line: (ListKind, &str),
    listed: bool,
    reason: &str,
) -> Result<(), operations::OperationError> {
    let operations = visit.app.operations();
    let Ok(who) = own_id(visit) else { return Err(operations::OperationError::NotPermitted) };
    duties::require(operations, who, duties::Permission::ChangeList).await?;
    black_list::change(operations, who, line, listed, reason).await.map(drop)
}

/// What the typed words stand for, as the list keeps it.
async fn subject(visit: &Visit, kind: ListKind, typed: &str) -> Option<String> {
    let operations = visit.app.operations();
    match kind {
        ListKind::Holder => {
            let found = payees::find(operations, HolderId::new(0), typed).await.ok()?;
            Some(found.holder.to_string())
        }
        ListKind::Merchant => Some(merchants::find(operations, typed).await.ok()?.id.to_string()),
        ListKind::Card => typed.parse::<wallet::ids::CardId>().ok().map(|card| card.to_string()),
        ListKind::Device => (!typed.is_empty()).then(|| typed.to_owned()),
    }
}

/// `POST /operator/black-list/remove`
pub(super) async fn take_off_list(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ListForm>,
) -> Result<Response, Stop> {
    let kind = ListKind::from_code(&form.kind).ok_or_else(|| visit.stop(Fault::BadRequest))?;
    match change_list(&visit, (kind, &form.subject), false, "taken off").await {
        Ok(()) => Ok(see_other(&format!("/operator/black-list?notice={}", Notice::Saved.code()))),
        Err(error) => {
            let problem = mendable(&visit, error)?;
            let view = list_view(&visit, ListForm::default(), vec![problem]).await?;
            Ok(page_with_problems(pages::control::risk::black_list(&visit.frame(), &view)))
        }
    }
}
