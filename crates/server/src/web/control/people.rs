//! The operator's people and their duties.

use std::collections::HashMap;

use axum::response::Response;
use operations::duties::{self, OperatorRole, Permission};
use operations::staff::NewStaff;
use pages::control::people::{Colleague, People};
use pages::fault::Fault;
use pages::form::Problem;
use pages::frame::Notice;
use records::principals::{Language, PrincipalStatus};
use serde::Deserialize;
use wallet::ids::PrincipalId;

use super::{mendable, own_id, wrong_password};
use crate::auth::check_new;
use crate::fields::Secret;
use crate::request::PathId;
use crate::web::describe;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

#[derive(Deserialize)]
pub(super) struct NewColleague {
    #[serde(default)]
    login: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    role: String,
    password: Secret,
}

/// `GET /operator/people`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = view(&visit, Vec::new()).await?;
    Ok(page(pages::control::people::people(&visit.frame(), &view)))
}

async fn view(visit: &Visit, problems: Vec<Problem>) -> Result<People, Stop> {
    let own = own_id(visit)?;
    let colleagues = visit.need(duties::colleagues(visit.app.operations()).await)?;
    let colleague = |colleague: duties::Colleague| Colleague {
        id: colleague.principal.id.to_string(),
        name: describe::own_name(visit.locale, &colleague.principal),
        own: colleague.principal.id == own,
        suspended: colleague.principal.status != PrincipalStatus::Active,
        login: colleague.principal.login,
        role: colleague.role.code(),
        permissions: colleague.permissions.iter().map(|permission| permission.code()).collect(),
    };
    Ok(People {
        people: colleagues.into_iter().map(colleague).collect(),
        permissions: Permission::ALL.iter().map(|permission| permission.code()).collect(),
        problems,
        ..People::default()
    })
}

fn done() -> Response {
    see_other(&format!("/operator/people?notice={}", Notice::Saved.code()))
}

async fn again(visit: &Visit, problem: Problem, typed: (String, String, String)) -> Result<Response, Stop> {
    let (login, display_name, role) = typed;
    let view = People { login, display_name, role, ..view(visit, vec![problem]).await? };
    Ok(page_with_problems(pages::control::people::people(&visit.frame(), &view)))
}

/// `POST /operator/people`
pub(super) async fn hire(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<NewColleague>,
) -> Result<Response, Stop> {
    let role = OperatorRole::from_code(&form.role).ok_or_else(|| visit.stop(Fault::BadRequest))?;
    let (operations, who) = (visit.app.operations(), own_id(&visit)?);
    let typed = (form.login.clone(), form.display_name.clone(), form.role);
    if check_new(&form.password, &form.login).is_err() {
        return again(&visit, wrong_password(&form.password), typed).await;
    }
    let salt = visit.app.random_bits().to_be_bytes();
    let hashed = visit.app.passwords().hash(form.password, salt).await;
    let password_hash = hashed.map_err(|_| visit.stop(Fault::Internal))?;
    let new = NewStaff {
        login: form.login,
        name: form.display_name,
        latin_name: None,
        language: Language::Chinese,
        password_hash: Some(password_hash),
    };
    match duties::hire(operations, who, new, role).await {
        Ok(_) => Ok(done()),
        Err(error) => {
            let problem = mendable(&visit, error)?;
            again(&visit, problem, typed).await
        }
    }
}

/// `POST /operator/people/{id}`: the ticked boxes are what they may do.
pub(super) async fn assign(
    PathId(id): PathId<PrincipalId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<HashMap<String, String>>,
) -> Result<Response, Stop> {
    let role = form.get("role").and_then(|code| OperatorRole::from_code(code));
    let role = role.ok_or_else(|| visit.stop(Fault::BadRequest))?;
    let ticked = |permission: &Permission| form.contains_key(permission.code());
    let permissions: Vec<Permission> = Permission::ALL.iter().copied().filter(ticked).collect();
    let who = own_id(&visit)?;
    match duties::assign(visit.app.operations(), who, id, (role, &permissions)).await {
        Ok(()) => Ok(done()),
        Err(error) => {
            let problem = mendable(&visit, error)?;
            again(&visit, problem, Default::default()).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct SuspendForm {
    #[serde(default)]
    suspended: String,
}

/// `POST /operator/people/{id}/suspend`
pub(super) async fn suspend(
    PathId(id): PathId<PrincipalId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<SuspendForm>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    match duties::suspend(visit.app.operations(), who, id, form.suspended == "yes").await {
        Ok(()) => Ok(done()),
        Err(error) => {
            let problem = mendable(&visit, error)?;
            again(&visit, problem, Default::default()).await
        }
    }
}
