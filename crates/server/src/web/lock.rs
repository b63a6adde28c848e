//! The lock of a session, and what tabs and server tell each other about it.

use axum::Form;
use axum::extract::Query;
use axum::http::header::SET_COOKIE;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::lock::Lock;
use records::passkeys::Purpose;
use serde::Deserialize;

use super::describe;
use super::own_form::OwnForm;
use super::passkey::{AssertionForm, assertion_request};
use super::sign_in::{first_page, log_in_trouble};
use super::stop::Stop;
use super::visit::{Member, MemberVisit, Visit, encoded, own_path, page, page_with_problems, see_other};
use crate::auth::{self, Device, Evidence, Place, Site, ended_cookie, lock_session, revoke_session};
use crate::fields::Secret;
use crate::form::{check_token, token_for};

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// `POST /lock`
pub(super) async fn lock(member: MemberVisit, OwnForm(form): OwnForm<Next>) -> Result<Response, Stop> {
    if let Some((owner, session)) = member.caller.session() {
        lock_session(&member.visit.app, owner, session).await?;
    }
    Ok(see_other(&format!("/lock?next={}", encoded(own_path(&form.next)))))
}

/// `GET /lock`
pub(super) async fn show(visit: Visit, site: Site, Query(query): Query<Next>) -> Result<Response, Stop> {
    let Some(locked) = &visit.locked else { return Ok(see_other(back_to(&visit, &query.next))) };
    let view = view(&visit, locked, &site, query.next.clone()).await?;
    Ok(page(pages::lock::lock(&visit.frame(), &view)))
}

/// Where somebody was; the first page of their role where nobody knows; the log-in where nobody is.
fn back_to<'a>(visit: &Visit, next: &'a str) -> &'a str {
    match visit.member.as_ref().or(visit.locked.as_ref()) {
        None => "/login",
        Some(member) if next.is_empty() || own_path(next) == "/" => first_page(member.principal.role),
        Some(_) => own_path(next),
    }
}

async fn view(visit: &Visit, locked: &Member, site: &Site, next: String) -> Result<Lock, Stop> {
    let app = &visit.app;
    let means = auth::means_of(app, &locked.principal).await?;
    let id = locked.principal.id;
    let passkey = match means.passkey {
        true => Some(assertion_request(app, site, Purpose::Confirm, Some(id)).await?),
        false => None,
    };
    Ok(Lock {
        name: describe::own_name(visit.locale, &locked.principal),
        next,
        form_token: token_for(&locked.caller, app.entropy()),
        pin: means.pin,
        password: means.password,
        passkey,
        problems: Vec::new(),
    })
}

/// What the lock sends: one of three proofs.
#[derive(Deserialize)]
pub(super) struct UnlockForm {
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    pin: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(flatten)]
    passkey: AssertionForm,
}

impl UnlockForm {
    fn evidence(&self) -> (Evidence, &'static str) {
        if self.passkey.is_filled() {
            return (Evidence::Passkey(Box::new(self.passkey.assertion())), "passkey");
        }
        match (&self.pin, &self.password) {
            (Some(pin), _) => (Evidence::Pin(Secret::from(pin.clone())), "pin"),
            (None, password) => {
                (Evidence::Password(Secret::from(password.clone().unwrap_or_default())), "password")
            }
        }
    }
}

/// `POST /unlock`
pub(super) async fn unlock(
    visit: Visit,
    site: Site,
    device: Device,
    Form(form): Form<UnlockForm>,
) -> Result<Response, Stop> {
    let next = form.passkey.next.clone();
    let Some(locked) = &visit.locked else { return Ok(see_other(back_to(&visit, &next))) };
    check_token(&locked.caller, &form.form_token).map_err(|_| visit.stop(Fault::ForgedForm))?;
    let Some(session) = locked.caller.any_session() else { return Ok(see_other("/login")) };
    let (evidence, field) = form.evidence();
    let at = Place { site: site.clone(), device };
    let Err(problem) = auth::unlock(&visit.app, session, evidence, &at).await else {
        return Ok(see_other(back_to(&visit, &next)));
    };
    let trouble = match (log_in_trouble(&problem), field) {
        (Trouble::WrongPassword, "pin") => Trouble::WrongPin,
        (Trouble::WrongPassword, "passkey") => Trouble::PasskeyFailed,
        (Trouble::WrongPassword, _) => Trouble::WrongOwnPassword,
        (other, _) => other,
    };
    let field = if field == "pin" { "pin" } else { "password" };
    let view =
        Lock { problems: vec![Problem { field, trouble }], ..view(&visit, locked, &site, next).await? };
    Ok(page_with_problems(pages::lock::lock(&visit.frame(), &view)))
}

/// `POST /lock/leave`
pub(super) async fn leave(visit: Visit, Form(form): Form<UnlockForm>) -> Result<Response, Stop> {
    let Some(locked) = &visit.locked else { return Ok(see_other("/login")) };
    check_token(&locked.caller, &form.form_token).map_err(|_| visit.stop(Fault::ForgedForm))?;
    if let Some((owner, session)) = locked.caller.any_session() {
        revoke_session(&visit.app, owner, session).await?;
    }
    Ok(([(SET_COOKIE, ended_cookie())], see_other("/login")).into_response())
}

/// `GET /session/state`: asked by tabs that come back; no sign of anybody.
pub(super) async fn state(visit: Visit) -> Response {
    let body = if visit.member.is_some() { r#"{"open":true}"# } else { r#"{"open":false}"# };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /session/active`: somebody types in a form.
pub(super) async fn active(_: MemberVisit, OwnForm(Nothing {}): OwnForm<Nothing>) -> StatusCode {
    StatusCode::NO_CONTENT
}
