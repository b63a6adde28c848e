//! Log-in, registration and log-out.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use money::Currency;
use operations::OperationError;
use operations::holders::{self, NewHolder};
use pages::form::{Problem, Trouble};
use pages::frame::{Notice, Theme};
use pages::locale::Locale;
use pages::sign_in::{LogIn, Register, SecondFactor};
use records::passkeys::Purpose;
use records::principals::{self, Language, Principal, Role};
use serde::Deserialize;

use super::passkey::{AssertionForm, assertion_request};
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{MemberVisit, Visit, cookie, encoded, own_path, page, page_with_problems, see_other};
use crate::App;
use crate::auth::{
    self, Device, HALF_COOKIE, HALF_SECONDS, NewSession, PASSWORD_MAX, PASSWORD_MIN, Site, begin_log_in,
    check_new, ended_cookie, finish_log_in, kept_cookie, length_of, log_in_by_passkey, open_session,
    revoke_session, session_cookies,
};
use crate::fields::Secret;
use crate::problem::{self, Kind};

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /login`
pub(super) async fn show_log_in(
    visit: Visit,
    site: Site,
    Query(query): Query<Next>,
) -> Result<Response, Stop> {
    let view = log_in_view(&visit, &site, query.next).await?;
    Ok(page(pages::sign_in::log_in(&visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct LogInForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /login`
pub(super) async fn log_in(
    visit: Visit,
    device: Device,
    site: Site,
    Form(form): Form<LogInForm>,
) -> Result<Response, Stop> {
    let app = &visit.app;
    match begin_log_in(app, &form.login, Secret::from(form.password), device).await {
        Ok(auth::LogIn::Done(principal, session)) => {
            Ok(went_in(&visit, &principal, &session, &form.next).await)
        }
        Ok(auth::LogIn::Half(token)) => {
            let cookie = kept_cookie(app, HALF_COOKIE, &token, HALF_SECONDS);
            let path = format!("/login/code?next={}", encoded(&form.next));
            Ok(([(SET_COOKIE, cookie)], see_other(&path)).into_response())
        }
        Err(problem) => {
            let problems = vec![Problem { field: "password", trouble: log_in_trouble(&problem) }];
            let view = LogIn { login: form.login, problems, ..log_in_view(&visit, &site, form.next).await? };
            Ok(page_with_problems(pages::sign_in::log_in(&visit.frame(), &view)))
        }
    }
}

/// On to where somebody wanted to go, or to the first page of their role.
async fn went_in(visit: &Visit, principal: &Principal, session: &NewSession, next: &str) -> Response {
    let path = if next.is_empty() { first_page(principal.role) } else { own_path(next) };
    entered(visit, session, path).await
}

async fn log_in_view(visit: &Visit, site: &Site, next: String) -> Result<LogIn, Stop> {
    let passkey = assertion_request(&visit.app, site, Purpose::LogIn, None).await?;
    let town = visit.app.town().is_some();
    Ok(LogIn { next, town, passkey: Some(passkey), ..LogIn::default() })
}

/// `GET /login/code`
pub(super) async fn show_code(visit: Visit, Query(query): Query<Next>) -> Response {
    let view = SecondFactor { next: query.next, problems: Vec::new() };
    page(pages::sign_in::second_factor(&visit.frame(), &view))
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/code`
pub(super) async fn send_code(
    visit: Visit,
    device: Device,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Stop> {
    let Some(token) = cookie(&headers, HALF_COOKIE) else { return Ok(see_other("/login")) };
    match finish_log_in(&visit.app, token, Secret::from(form.code), device).await {
        Ok((principal, session)) => Ok(went_in(&visit, &principal, &session, &form.next).await),
        Err(problem) if problem.kind() == Kind::UNAUTHENTICATED => Ok(see_other("/login")),
        Err(problem) => {
            let trouble = match log_in_trouble(&problem) {
                Trouble::WrongPassword => Trouble::WrongCode,
                other => other,
            };
            let problems = vec![Problem { field: "code", trouble }];
            let view = SecondFactor { next: form.next, problems };
            Ok(page_with_problems(pages::sign_in::second_factor(&visit.frame(), &view)))
        }
    }
}

/// `POST /login/passkey`
pub(super) async fn log_in_with_passkey(
    visit: Visit,
    device: Device,
    site: Site,
    Form(form): Form<AssertionForm>,
) -> Result<Response, Stop> {
    match log_in_by_passkey(&visit.app, &site, &form.assertion(), device).await {
        Ok((principal, session)) => Ok(went_in(&visit, &principal, &session, &form.next).await),
        Err(_) => {
            let problems = vec![Problem { field: "login", trouble: Trouble::PasskeyFailed }];
            let view = LogIn { problems, ..log_in_view(&visit, &site, form.next).await? };
            Ok(page_with_problems(pages::sign_in::log_in(&visit.frame(), &view)))
        }
    }
}

/// What was wrong with a secret that somebody typed: the password, unless they must wait.
pub(super) fn log_in_trouble(problem: &problem::Problem) -> Trouble {
    match (problem.kind(), problem.retry_after_seconds()) {
        (Kind::THROTTLED | Kind::UNAVAILABLE, seconds) => {
            Trouble::Throttled(u32::try_from(seconds.unwrap_or(1)).unwrap_or(u32::MAX))
        }
        _ => Trouble::WrongPassword,
    }
}

/// The page of a role to begin with.
pub(super) const fn first_page(role: Role) -> &'static str {
    match role {
        Role::Holder => "/home",
        Role::MerchantStaff => "/merchant",
        Role::Operator => "/operator",
    }
}

/// On to `path` with a new session. The one from before never lives on: whoever planted it would be logged in too.
pub(super) async fn entered(visit: &Visit, session: &NewSession, path: &str) -> Response {
    let members = visit.member.iter().chain(&visit.locked);
    if let Some((owner, old)) = members.filter_map(|member| member.caller.any_session()).next() {
        // It ends by itself where the store cannot be written now.
        drop(revoke_session(&visit.app, owner, old).await);
    }
    (session_cookies(&visit.app, session), see_other(path)).into_response()
}

/// `GET /register`
pub(super) async fn show_register(visit: Visit) -> Response {
    page(pages::sign_in::register(&visit.frame(), &Register::default()))
}

#[derive(Deserialize)]
pub(super) struct RegisterForm {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    password: String,
}

/// `POST /register`
pub(super) async fn register(
    visit: Visit,
    device: Device,
    Form(form): Form<RegisterForm>,
) -> Result<Response, Stop> {
    let mut problems = missing(&form);
    let password = Secret::from(form.password.clone());
    if check_new(&password, &form.login).is_err() {
        problems.push(Problem { field: "password", trouble: password_trouble(&form.password) });
    }
    if !problems.is_empty() {
        return Ok(register_again(&visit, form, problems));
    }
    let salt = visit.app.random_bits().to_be_bytes();
    let hashed = visit.app.passwords().hash(password, salt).await;
    let hash = hashed.map_err(|problem| Stop::from(problem.into_response()))?;
    match holders::register(visit.app.operations(), new_holder(&visit, &form, hash)).await {
        Ok(holder) => {
            let session = open_session(&visit.app, holder.into(), device).await;
            let session = session.map_err(|problem| Stop::from(problem.into_response()))?;
            let path = format!("/home?notice={}", Notice::Registered.code());
            Ok(entered(&visit, &session, &path).await)
        }
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            Ok(register_again(&visit, form, vec![problem]))
        }
    }
}

fn missing(form: &RegisterForm) -> Vec<Problem> {
    let fields = [("display_name", &form.display_name), ("login", &form.login), ("phone", &form.phone)];
    let empty = fields.into_iter().filter(|(_, text)| text.trim().is_empty());
    empty.map(|(field, _)| Problem { field, trouble: Trouble::Missing }).collect()
}

/// Why a new password was refused.
pub(super) fn password_trouble(password: &str) -> Trouble {
    match length_of(password) {
        0..PASSWORD_MIN => Trouble::PasswordTooShort(u8::try_from(PASSWORD_MIN).unwrap_or(u8::MAX)),
        PASSWORD_MIN..=PASSWORD_MAX => Trouble::PasswordKnown,
        _ => Trouble::TooLong(u16::try_from(PASSWORD_MAX).unwrap_or(u16::MAX)),
    }
}

fn new_holder(visit: &Visit, form: &RegisterForm, hash: String) -> NewHolder {
    NewHolder {
        login: form.login.trim().to_owned(),
        phone: Some(form.phone.trim().to_owned()),
        name: form.display_name.trim().to_owned(),
        latin_name: None,
        language: language(visit.locale),
        theme: theme(visit.theme),
        password_hash: Some(hash),
        currency: first_currency(visit),
    }
}

fn first_currency(visit: &Visit) -> Currency {
    let offered = &visit.app.operations().services().policy.currencies;
    offered.first().copied().unwrap_or(Currency::CNY)
}

fn register_again(visit: &Visit, form: RegisterForm, problems: Vec<Problem>) -> Response {
    let view = Register { display_name: form.display_name, login: form.login, phone: form.phone, problems };
    page_with_problems(pages::sign_in::register(&visit.frame(), &view))
}

/// `POST /logout`
pub(super) async fn log_out(State(app): State<App>, member: MemberVisit) -> Result<Response, Stop> {
    if let Some((owner, session)) = member.caller.session() {
        let revoked = revoke_session(&app, owner, session).await;
        revoked.map_err(|problem| Stop::from(problem.into_response()))?;
    }
    let path = format!("/login?notice={}", Notice::LoggedOut.code());
    Ok(([(SET_COOKIE, ended_cookie())], see_other(&path)).into_response())
}

/// The language as records keep it.
pub(super) const fn language(locale: Locale) -> Language {
    match locale {
        Locale::ZhCn => Language::Chinese,
        Locale::En => Language::English,
    }
}

/// The theme as records keep it.
pub(super) const fn theme(theme: Theme) -> principals::Theme {
    match theme {
        Theme::System => principals::Theme::System,
        Theme::Light => principals::Theme::Light,
        Theme::Dark => principals::Theme::Dark,
    }
}

/// A name, phone number or wallet that cannot be changed, as a problem of the form, or the page for what went wrong.
pub(super) fn mend(visit: &Visit, error: OperationError) -> Result<Problem, Stop> {
    problem_of(error).ok_or_else(|| visit.stop_for(error))
}
