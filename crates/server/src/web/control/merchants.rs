//! Merchants as the operator sees them.

use axum::response::Response;
use operations::approvals::{self, Action, Admission};
use operations::audit_log;
use operations::duties::{self, Permission};
use operations::merchants::{self, NewMerchant};
use pages::control::merchants::{MerchantLine, Merchants};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::merchants::MerchantStatus;
use serde::Deserialize;
use wallet::ids::MerchantId;

use super::{mendable, own_id, wrong_password};
use crate::auth::check_new;
use crate::fields::Secret;
use crate::request::PathId;
use crate::web::describe;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

/// How many merchants the page shows.
const ROWS: u32 = 500;

#[derive(Deserialize)]
pub(super) struct AdmissionForm {
    #[serde(default)]
    name_zh: String,
    #[serde(default)]
    name_en: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    reason: String,
    password: Secret,
}

/// `GET /operator/merchants`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, Vec::new()).await?;
    Ok(page(pages::control::merchants::merchants(&visit.frame(), &view)))
}

async fn view(visit: &Visit, problems: Vec<Problem>) -> Result<Merchants, Stop> {
    let rows = visit.need(merchants::list(visit.app.operations(), "", ROWS).await)?;
    let line = |merchant: records::merchants::Merchant| MerchantLine {
        id: merchant.id.to_string(),
        name: describe::pick(visit.locale, &merchant.name_zh, Some(&merchant.name_en)).to_owned(),
        code: merchant.code,
        category: merchant.category,
        status: merchant.status.code(),
    };
    Ok(Merchants { merchants: rows.into_iter().map(line).collect(), problems, ..Merchants::default() })
}

fn asked() -> Response {
    see_other(&format!("/operator/approvals?notice={}", Notice::AskedForApproval.code()))
}

/// `POST /operator/merchants`: ask to admit one.
pub(super) async fn admit(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<AdmissionForm>,
) -> Result<Response, Stop> {
    let typed = Merchants {
        name_zh: form.name_zh.clone(),
        name_en: form.name_en.clone(),
        category: form.category.clone(),
        login: form.login.clone(),
        reason: form.reason.clone(),
        ..Merchants::default()
    };
    let problem = match check_new(&form.password, &form.login) {
        Err(_) => wrong_password(&form.password),
        Ok(()) => match ask(&visit, form).await? {
            Ok(()) => return Ok(asked()),
            Err(problem) => problem,
        },
    };
    let rows = view(&visit, vec![problem]).await?;
    let view = Merchants { merchants: rows.merchants, problems: rows.problems, ..typed };
    Ok(page_with_problems(pages::control::merchants::merchants(&visit.frame(), &view)))
}

async fn ask(visit: &Visit, form: AdmissionForm) -> Result<Result<(), Problem>, Stop> {
    let salt = visit.app.random_bits().to_be_bytes();
    let hashed = visit.app.passwords().hash(form.password, salt).await;
    let password_hash = hashed.map_err(|_| visit.stop(Fault::Internal))?;
    let merchant = NewMerchant {
        code: form.login.clone(),
        name_zh: form.name_zh,
        name_en: form.name_en,
        category: form.category,
    };
    let action = Action::Admit(Admission { merchant, login: form.login, password_hash });
    match approvals::ask(visit.app.operations(), own_id(visit)?, action, &form.reason).await {
        Ok(_) => Ok(Ok(())),
        Err(operations::OperationError::TextLength { field }) => {
            let field = match field {
                "code" | "login" => "login",
                "name" | "latin_name" => "name_zh",
                other => other,
            };
            Ok(Err(Problem { field, trouble: Trouble::Unreadable }))
        }
        Err(error) => Ok(Err(mendable(visit, error)?)),
    }
}

#[derive(Deserialize)]
pub(super) struct StatusForm {
    #[serde(default)]
    status: String,
}

/// `POST /operator/merchants/{id}/status`
pub(super) async fn change_status(
    PathId(id): PathId<MerchantId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<StatusForm>,
) -> Result<Response, Stop> {
    let status = match form.status.as_str() {
        "active" => MerchantStatus::Active,
        "suspended" => MerchantStatus::Suspended,
        _ => return Err(visit.stop(Fault::BadRequest)),
    };
    let (operations, who) = (visit.app.operations(), own_id(&visit)?);
    if duties::require(operations, who, Permission::SuspendMerchants).await.is_err() {
        return Err(visit.stop(Fault::Forbidden));
    }
    visit.need(merchants::set_status(operations, id, status).await)?;
    let (subject, details) = (id.to_string(), [("status", form.status)]);
    let noted = audit_log::note(operations, who, "merchant.status_changed", &subject, &details).await;
    visit.need(noted)?;
    Ok(see_other(&format!("/operator/merchants?notice={}", Notice::Saved.code())))
}

#[derive(Deserialize)]
pub(super) struct ReasonForm {
    #[serde(default)]
    reason: String,
}

/// `POST /operator/merchants/{id}/close`: ask to close one.
pub(super) async fn close(
    PathId(id): PathId<MerchantId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ReasonForm>,
) -> Result<Response, Stop> {
    match approvals::ask(visit.app.operations(), own_id(&visit)?, Action::Close(id), &form.reason).await {
        Ok(_) => Ok(asked()),
        Err(error) => {
            let problem = Problem { field: "reason", ..mendable(&visit, error)? };
            let view = view(&visit, vec![problem]).await?;
            Ok(page_with_problems(pages::control::merchants::merchants(&visit.frame(), &view)))
        }
    }
}
