//! The security pages: what gets one in, which devices are in, and what is kept about one.

use axum::extract::Query;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::security::{Confirm, DeviceLine, Offer, PasskeyLine, Security};
use qrcode::QrCode;
use qrcode::render::svg;
use records::passkeys::{self, Purpose};
use records::principals::Principal;
use records::{second_factors, sessions};
use serde::Deserialize;
use wallet::ids::{PasskeyId, SessionId};

use super::own_form::OwnForm;
use super::passkey::{AssertionForm, AttestationForm, assertion_request, creation_request};
use super::sign_in::{log_in_trouble, password_trouble};
use super::stop::Stop;
use super::visit::{MemberVisit, Visit, encoded, own_path, page, page_with_problems, see_other};
use crate::App;
use crate::auth::{
    self, Device, Evidence, LoggedIn, PASSKEY_NAME_MAX, Place, Site, add_passkey, authenticate_again,
    check_new, check_new_pin, confirm_one_time_passwords, forget_devices, is_fresh, key_uri,
    offer_one_time_passwords, offered_secret, remove_passkey, remove_pin, remove_second_factor,
    renew_recovery_codes, revoke_other_sessions, revoke_session, set_password, set_pin, shown_secret,
};
use crate::fields::Secret;
use crate::person_export::person_export;
use crate::problem::{self, Kind};
use crate::request::PathId;

const OVERVIEW: &str = "/settings/security";

fn done() -> Response {
    see_other(&format!("{OVERVIEW}?notice={}", Notice::SecuritySaved.code()))
}

/// The visitor with their session and the record of who they are.
fn who(member: &MemberVisit) -> Result<(LoggedIn, Principal), Stop> {
    let principal = member.visit.member.as_ref().map(|member| member.principal.clone());
    match (member.caller.session(), principal) {
        (Some((_, session)), Some(principal)) => {
            Ok((LoggedIn { session, caller: member.caller.clone() }, principal))
        }
        _ => Err(Stop::from(see_other("/login"))),
    }
}

/// The visitor, who has proven within the last minutes who they are; else on to where they can.
pub(super) async fn fresh(member: &MemberVisit, page: &str) -> Result<(LoggedIn, Principal), Stop> {
    let (logged_in, principal) = who(member)?;
    if is_fresh(&member.visit.app, logged_in.session).await? {
        return Ok((logged_in, principal));
    }
    Err(Stop::from(see_other(&format!("{OVERVIEW}/confirm?next={}", encoded(page)))))
}

/// `GET /settings/security`
pub(super) async fn overview(member: MemberVisit) -> Result<Response, Stop> {
    let (logged_in, principal) = who(&member)?;
    let (visit, now) = (&member.visit, member.visit.app.now());
    let id = logged_in.caller.principal;
    let read = visit.app.records().read(move |sql| {
        let passkeys = passkeys::list(sql, id)?.len();
        let codes = second_factors::recovery_codes_left(sql, id)?;
        Ok((passkeys, codes, sessions::list_valid(sql, id, now)?.len()))
    });
    let (passkeys, recovery_codes, devices) = visit.need_records(read.await)?;
    let means = auth::means_of(&visit.app, &principal).await?;
    let view = Security {
        password: means.password,
        passkeys,
        one_time_passwords: means.second_factor,
        recovery_codes,
        pin: means.pin,
        devices,
    };
    Ok(page(pages::security::overview(&visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

async fn confirm_view(member: &MemberVisit, site: &Site, next: String) -> Result<Confirm, Stop> {
    let (_, principal) = who(member)?;
    let app = &member.visit.app;
    let means = auth::means_of(app, &principal).await?;
    let passkey = match means.passkey {
        true => Some(assertion_request(app, site, Purpose::Confirm, Some(principal.id)).await?),
        false => None,
    };
    let (password, second_factor) = (means.password, means.second_factor);
    Ok(Confirm { next, password, second_factor, passkey, problems: Vec::new() })
}

/// `GET /settings/security/confirm`
pub(super) async fn show_confirm(
    member: MemberVisit,
    site: Site,
    Query(query): Query<Next>,
) -> Result<Response, Stop> {
    let view = confirm_view(&member, &site, query.next).await?;
    Ok(page(pages::security::confirm(&member.visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct ConfirmForm {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(flatten)]
    passkey: AssertionForm,
}

/// `POST /settings/security/confirm`
pub(super) async fn confirm(
    member: MemberVisit,
    site: Site,
    device: Device,
    OwnForm(form): OwnForm<ConfirmForm>,
) -> Result<Response, Stop> {
    let (logged_in, _) = who(&member)?;
    let by_passkey = form.passkey.is_filled();
    let evidence = match by_passkey {
        true => Evidence::Passkey(Box::new(form.passkey.assertion())),
        false => Evidence::Password(Secret::from(form.password)),
    };
    let at = Place { site: site.clone(), device };
    let code = Some(Secret::from(form.code));
    let proven = authenticate_again(&member.visit.app, &logged_in, evidence, code, &at).await;
    let Err(problem) = proven else {
        let next = own_path(&form.passkey.next);
        return Ok(see_other(if next == "/" { OVERVIEW } else { next }));
    };
    let (field, trouble) = match (log_in_trouble(&problem), problem.field()) {
        (Trouble::WrongPassword, Some("code")) => ("code", Trouble::WrongCode),
        (Trouble::WrongPassword, _) if by_passkey => ("password", Trouble::PasskeyFailed),
        (Trouble::WrongPassword, _) => ("password", Trouble::WrongOwnPassword),
        (other, _) => ("password", other),
    };
    let view = confirm_view(&member, &site, form.passkey.next).await?;
    let view = Confirm { problems: vec![Problem { field, trouble }], ..view };
    Ok(page_with_problems(pages::security::confirm(&member.visit.frame(), &view)))
}

/// `GET /settings/security/password`
pub(super) async fn show_password(member: MemberVisit) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/password").await?;
    Ok(page(pages::security::password(&member.visit.frame(), &principal.login, &[])))
}

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    password: String,
}

/// `POST /settings/security/password`
pub(super) async fn change_password(
    member: MemberVisit,
    OwnForm(form): OwnForm<PasswordForm>,
) -> Result<Response, Stop> {
    let (logged_in, principal) = fresh(&member, "/settings/security/password").await?;
    let new = Secret::from(form.password.clone());
    if check_new(&new, &principal.login).is_err() {
        let problems = [Problem { field: "password", trouble: password_trouble(&form.password) }];
        let markup = pages::security::password(&member.visit.frame(), &principal.login, &problems);
        return Ok(page_with_problems(markup));
    }
    let app = &member.visit.app;
    set_password(app, principal.id, new).await?;
    // Whoever knew the old password is a stranger from now on.
    forget_devices(app, principal.id).await?;
    revoke_other_sessions(app, principal.id, Some(logged_in.session)).await?;
    Ok(done())
}

/// `GET /settings/security/pin`
pub(super) async fn show_pin(member: MemberVisit) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/pin").await?;
    let means = auth::means_of(&member.visit.app, &principal).await?;
    Ok(page(pages::security::pin(&member.visit.frame(), means.pin, &[])))
}

#[derive(Deserialize)]
pub(super) struct PinForm {
    #[serde(default)]
    pin: String,
}

/// `POST /settings/security/pin`
pub(super) async fn change_pin(
    member: MemberVisit,
    OwnForm(form): OwnForm<PinForm>,
) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/pin").await?;
    let app = &member.visit.app;
    let pin = Secret::from(form.pin);
    if let Err(problem) = check_new_pin(&pin, principal.phone.as_deref()) {
        let trouble = if problem.kind() == Kind::REFUSED { Trouble::PinKnown } else { Trouble::PinForm };
        let means = auth::means_of(app, &principal).await?;
        let problems = [Problem { field: "pin", trouble }];
        return Ok(page_with_problems(pages::security::pin(&member.visit.frame(), means.pin, &problems)));
    }
    set_pin(app, principal.id, pin).await?;
    Ok(done())
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /settings/security/pin/remove`
pub(super) async fn forget_pin(
    member: MemberVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/pin").await?;
    remove_pin(&member.visit.app, principal.id).await?;
    Ok(done())
}

/// The offer that somebody has yet to take, a new one where there is none; nothing where it is on.
async fn offer(app: &App, principal: &Principal) -> Result<Option<Offer>, Stop> {
    let secret = match offered_secret(app, principal.id).await? {
        Some(secret) => secret,
        None => match offer_one_time_passwords(app, principal.id).await {
            Ok(secret) => secret,
            Err(problem) if problem.kind() == Kind::CONFLICT => return Ok(None),
            Err(problem) => return Err(problem.into()),
        },
    };
    let code = QrCode::new(key_uri(&secret, &principal.login)).map_err(problem::internal)?;
    let drawn = code.render::<svg::Color<'_>>().quiet_zone(true).min_dimensions(200, 200).build();
    // What stands before the element is for files of their own.
    let start = drawn.find("<svg").unwrap_or_default();
    Ok(Some(Offer { qr_svg: drawn[start..].to_owned(), secret: shown_secret(&secret) }))
}

/// `GET /settings/security/authenticator`
pub(super) async fn show_authenticator(member: MemberVisit) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/authenticator").await?;
    let offer = offer(&member.visit.app, &principal).await?;
    Ok(page(pages::security::authenticator(&member.visit.frame(), offer.as_ref(), &[])))
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
}

/// `POST /settings/security/authenticator`: switches one-time passwords on and shows the recovery codes.
pub(super) async fn confirm_authenticator(
    member: MemberVisit,
    device: Device,
    OwnForm(form): OwnForm<CodeForm>,
) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/authenticator").await?;
    let (app, frame) = (&member.visit.app, member.visit.frame());
    match confirm_one_time_passwords(app, principal.id, Secret::from(form.code), &device).await {
        Ok(codes) => Ok(page(pages::security::recovery_codes(&frame, &codes))),
        Err(problem) => {
            let trouble = match log_in_trouble(&problem) {
                Trouble::WrongPassword => Trouble::WrongCode,
                other => other,
            };
            let offer = offer(app, &principal).await?;
            let problems = [Problem { field: "code", trouble }];
            Ok(page_with_problems(pages::security::authenticator(&frame, offer.as_ref(), &problems)))
        }
    }
}

/// `POST /settings/security/authenticator/remove`
pub(super) async fn remove_authenticator(
    member: MemberVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/authenticator").await?;
    remove_second_factor(&member.visit.app, principal.id).await?;
    Ok(done())
}

/// `POST /settings/security/recovery-codes`
pub(super) async fn new_recovery_codes(
    member: MemberVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/authenticator").await?;
    let codes = renew_recovery_codes(&member.visit.app, principal.id).await?;
    Ok(page(pages::security::recovery_codes(&member.visit.frame(), &codes)))
}

async fn passkeys_page(
    visit: &Visit,
    principal: &Principal,
    site: &Site,
    problems: &[Problem],
) -> Result<pages::Markup, Stop> {
    let id = principal.id;
    let rows = visit.need_records(visit.app.records().read(move |sql| passkeys::list(sql, id)).await)?;
    let lines: Vec<PasskeyLine> = rows
        .into_iter()
        .map(|row| PasskeyLine {
            id: row.id,
            name: row.name,
            created_at: row.created_at,
            used_at: row.used_at,
        })
        .collect();
    let request = creation_request(&visit.app, site, principal).await?;
    Ok(pages::security::passkeys(&visit.frame(), &lines, &request, problems))
}

/// `GET /settings/security/passkeys`
pub(super) async fn show_passkeys(member: MemberVisit, site: Site) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/passkeys").await?;
    Ok(page(passkeys_page(&member.visit, &principal, &site, &[]).await?))
}

/// A name for a passkey that its owner has not named: the device it was made on, or made from.
fn name_of(device: &Device, typed: &str) -> String {
    let typed = typed.trim();
    if !typed.is_empty() {
        return typed.chars().filter(|sign| !sign.is_control()).take(PASSKEY_NAME_MAX).collect();
    }
    let systems = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"];
    let system = systems.into_iter().find(|system| device.agent.contains(system));
    system.unwrap_or("Passkey").to_owned()
}

/// `POST /settings/security/passkeys`
pub(super) async fn new_passkey(
    member: MemberVisit,
    site: Site,
    device: Device,
    OwnForm(form): OwnForm<AttestationForm>,
) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/passkeys").await?;
    let name = name_of(&device, &form.name);
    match add_passkey(&member.visit.app, principal.id, &site, &form.attestation(), name).await {
        Ok(_) => {
            Ok(see_other(&format!("/settings/security/passkeys?notice={}", Notice::SecuritySaved.code())))
        }
        Err(_) => {
            let problems = [Problem { field: "passkey", trouble: Trouble::PasskeyFailed }];
            Ok(page_with_problems(passkeys_page(&member.visit, &principal, &site, &problems).await?))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct NameForm {
    #[serde(default)]
    name: String,
}

/// `POST /settings/security/passkeys/{id}`
pub(super) async fn rename_passkey(
    PathId(passkey): PathId<PasskeyId>,
    member: MemberVisit,
    device: Device,
    OwnForm(form): OwnForm<NameForm>,
) -> Result<Response, Stop> {
    let (_, principal) = who(&member)?;
    let (id, name) = (principal.id, name_of(&device, &form.name));
    let renamed =
        member.visit.app.records().write(move |sql| passkeys::rename(sql, id, passkey, &name)).await;
    member.visit.need_records(renamed)?;
    Ok(see_other("/settings/security/passkeys"))
}

/// `POST /settings/security/passkeys/{id}/remove`
pub(super) async fn delete_passkey(
    PathId(passkey): PathId<PasskeyId>,
    member: MemberVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/passkeys").await?;
    remove_passkey(&member.visit.app, principal.id, passkey).await?;
    Ok(see_other("/settings/security/passkeys"))
}

/// `GET /settings/security/devices`
pub(super) async fn show_devices(member: MemberVisit) -> Result<Response, Stop> {
    let (logged_in, principal) = who(&member)?;
    let (id, now) = (principal.id, member.visit.app.now());
    let read = member.visit.app.records().read(move |sql| sessions::list_valid(sql, id, now)).await;
    let rows = member.visit.need_records(read)?;
    let lines: Vec<DeviceLine> = rows
        .into_iter()
        .map(|row| DeviceLine {
            id: row.id,
            agent: row.device,
            address: row.address,
            created_at: row.created_at,
            seen_at: row.seen_at,
            locked: row.locked_at.is_some(),
            current: row.id == logged_in.session,
        })
        .collect();
    Ok(page(pages::security::devices(&member.visit.frame(), &lines)))
}

/// `POST /settings/security/devices/{id}/end`
pub(super) async fn end_device(
    PathId(session): PathId<SessionId>,
    member: MemberVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let (_, principal) = who(&member)?;
    revoke_session(&member.visit.app, principal.id, session).await?;
    Ok(see_other("/settings/security/devices"))
}

/// `POST /settings/security/devices/end-others`
pub(super) async fn end_other_devices(
    member: MemberVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let (logged_in, principal) = who(&member)?;
    revoke_other_sessions(&member.visit.app, principal.id, Some(logged_in.session)).await?;
    Ok(see_other("/settings/security/devices"))
}

/// `GET /settings/security/data`
pub(super) async fn show_data(member: MemberVisit) -> Result<Response, Stop> {
    fresh(&member, "/settings/security/data").await?;
    Ok(page(pages::security::data(&member.visit.frame())))
}

/// `GET /settings/security/data.json`
pub(super) async fn download_data(member: MemberVisit) -> Result<Response, Stop> {
    let (_, principal) = fresh(&member, "/settings/security/data").await?;
    let export = person_export(&member.visit.app, principal).await?;
    let headers =
        [(CONTENT_TYPE, "application/json"), (CONTENT_DISPOSITION, "attachment; filename=\"sycee.json\"")];
    Ok((headers, export.to_string()).into_response())
}
