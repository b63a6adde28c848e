//! What gets the caller in: passkeys, second factor, payment PIN; the lock; and everything that is kept about them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use operations::closing::{self, StillOpen};
use records::passkeys::{self, Passkey, Purpose};
use records::principals::{self, Principal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{CardId, PasskeyId, PrincipalId, SessionId};

use super::refusals::{Change, Read, Write};
use super::sessions::{OpenedSession, opened};
use crate::App;
use crate::auth::{
    self, Assertion, Attestation, Caller, Device, Evidence, Holder, LoggedIn, Place, Site, add_passkey, ask,
    authenticate_again, check_new_pin, confirm_one_time_passwords, lock_session, log_in_by_passkey,
    offer_one_time_passwords, remove_passkey, remove_pin, remove_second_factor, renew_recovery_codes,
    require_fresh, set_pin, shown_secret,
};
use crate::fields::{AnyId, Id, Secret, Text};
use crate::json::{self, Body};
use crate::person_export::person_export;
use crate::problem::{Kind, Problem, internal};
use crate::request::{Key, PathId};
use crate::rfc3339;
use crate::web::passkey::{creation_json, request_json};

/// What gets the caller in and confirms payments.
#[derive(Serialize, ToSchema)]
pub(super) struct SecurityView {
    password: bool,
    one_time_passwords: bool,
    payment_pin: bool,
    passkeys: Vec<PasskeyView>,
}

/// One passkey.
#[derive(Serialize, ToSchema)]
pub(super) struct PasskeyView {
    #[schema(value_type = AnyId)]
    id: Id<PasskeyId>,
    /// What its owner calls it.
    name: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    used_at: Option<String>,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: Id(passkey.id),
            name: passkey.name,
            created_at: rfc3339::format(passkey.created_at),
            used_at: passkey.used_at.map(rfc3339::format),
        }
    }
}

/// Options for the browser's passkey interface.
#[derive(Serialize, ToSchema)]
pub(super) struct PasskeyOptions {
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` of WebAuthn.
    #[schema(value_type = Object)]
    public_key: serde_json::Value,
}

/// A passkey that was just made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasskey {
    #[schema(value_type = String, min_length = 1, max_length = 40, example = "my phone")]
    name: Text<1, 40>,
    credential: Attestation,
}

/// A new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyName {
    #[schema(value_type = String, min_length = 1, max_length = 40, example = "my phone")]
    name: Text<1, 40>,
}

/// A proof of who one is: exactly one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WhoIAm {
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
    /// The payment PIN; it unlocks, and is enough for nothing else.
    #[schema(value_type = Option<String>, format = Password, min_length = 6, max_length = 6)]
    pin: Option<Secret>,
    passkey: Option<Assertion>,
    /// A one-time password or recovery code, beside the password where the account has a second factor.
    #[schema(value_type = Option<String>, example = "492039")]
    code: Option<Secret>,
}

impl WhoIAm {
    fn parts(self) -> Result<(Evidence, Option<Secret>), Problem> {
        let evidence = match (self.password, self.pin, self.passkey) {
            (Some(password), None, None) => Evidence::Password(password),
            (None, Some(pin), None) => Evidence::Pin(pin),
            (None, None, Some(assertion)) => Evidence::Passkey(Box::new(assertion)),
            _ => return Err(Problem::invalid("password", "send exactly one of password, pin and passkey")),
        };
        Ok((evidence, self.code))
    }
}

async fn principal_of(app: &App, id: PrincipalId) -> Result<Principal, Problem> {
    let found = app.records().read(move |sql| principals::get(sql, id)).await.map_err(internal)?;
    found.ok_or_else(Problem::not_found)
}

async fn passkeys_of(app: &App, id: PrincipalId) -> Result<Vec<Passkey>, Problem> {
    app.records().read(move |sql| passkeys::list(sql, id)).await.map_err(internal)
}

/// The session of the caller, locked or not.
fn session_of(caller: Option<&Caller>) -> Result<(PrincipalId, SessionId), Problem> {
    let caller = caller.ok_or_else(|| Problem::new(Kind::UNAUTHENTICATED, "send the cookie of a session"))?;
    caller.any_session().ok_or_else(|| Problem::new(Kind::FORBIDDEN, "an API key has no session to unlock"))
}

/// See what gets one in.
#[utoipa::path(
    get, path = "/api/v1/security", tag = "Security",
    responses((status = 200, description = "What gets the caller in", body = SecurityView), Read)
)]
pub(super) async fn show(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let principal = principal_of(&app, caller.principal).await?;
    let means = auth::means_of(&app, &principal).await?;
    let known = passkeys_of(&app, caller.principal).await?;
    Ok(json::ok(&SecurityView {
        password: means.password,
        one_time_passwords: means.second_factor,
        payment_pin: means.pin,
        passkeys: known.into_iter().map(PasskeyView::from).collect(),
    }))
}

/// Lock the session.
///
/// The server does so by itself after five minutes without a request.
#[utoipa::path(
    post, path = "/api/v1/sessions/current/lock", tag = "Sessions", security(("session" = [])),
    responses((status = 204, description = "Locked"), Change)
)]
pub(super) async fn lock(State(app): State<App>, logged_in: LoggedIn) -> Result<StatusCode, Problem> {
    lock_session(&app, logged_in.caller.principal, logged_in.session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Unlock the session.
#[utoipa::path(
    post, path = "/api/v1/sessions/current/unlock", tag = "Sessions", security(("session" = [])), request_body = WhoIAm,
    responses((status = 204, description = "Unlocked"), Write)
)]
pub(super) async fn unlock(
    State(app): State<App>,
    caller: Option<Caller>,
    site: Site,
    device: Device,
    body: Result<Body<WhoIAm>, Problem>,
) -> Result<StatusCode, Problem> {
    let session = session_of(caller.as_ref())?;
    let (evidence, _) = body?.0.parts()?;
    auth::unlock(&app, session, evidence, &Place { site, device }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Prove again who one is.
///
/// Opens the way to change secrets for ten minutes.
#[utoipa::path(
    post, path = "/api/v1/sessions/current/authentication", tag = "Sessions", security(("session" = [])),
    request_body = WhoIAm, responses((status = 204, description = "Proven"), Write)
)]
pub(super) async fn authenticate(
    State(app): State<App>,
    logged_in: LoggedIn,
    site: Site,
    device: Device,
    Body(body): Body<WhoIAm>,
) -> Result<StatusCode, Problem> {
    let (evidence, code) = body.parts()?;
    authenticate_again(&app, &logged_in, evidence, code, &Place { site, device }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to ask a passkey for to unlock or to prove again who one is.
#[utoipa::path(
    post, path = "/api/v1/sessions/current/passkey-options", tag = "Sessions", security(("session" = [])),
    responses((status = 200, description = "Options", body = PasskeyOptions), Change)
)]
pub(super) async fn confirm_options(
    State(app): State<App>,
    caller: Option<Caller>,
    site: Site,
) -> Result<Response, Problem> {
    let (owner, _) = session_of(caller.as_ref())?;
    let challenge = ask(&app, Purpose::Confirm, Some(owner)).await?;
    let known = passkeys_of(&app, owner).await?;
    Ok(json::ok(&PasskeyOptions { public_key: request_json(&site, &challenge, &known) }))
}

/// What to ask a passkey for to log in.
#[utoipa::path(
    post, path = "/api/v1/sessions/passkey-options", tag = "Sessions", security(()),
    responses((status = 200, description = "Options", body = PasskeyOptions), Change)
)]
pub(super) async fn log_in_options(State(app): State<App>, site: Site) -> Result<Response, Problem> {
    let challenge = ask(&app, Purpose::LogIn, None).await?;
    Ok(json::ok(&PasskeyOptions { public_key: request_json(&site, &challenge, &[]) }))
}

/// Log in with a passkey.
#[utoipa::path(
    post, path = "/api/v1/sessions/passkey", tag = "Sessions", security(()), request_body = Assertion,
    responses((status = 201, description = "Logged in; the cookie `sycee_session` is set", body = OpenedSession), Write)
)]
pub(super) async fn log_in(
    State(app): State<App>,
    before: Option<Caller>,
    site: Site,
    device: Device,
    Body(assertion): Body<Assertion>,
) -> Result<Response, Problem> {
    let (principal, session) = log_in_by_passkey(&app, &site, &assertion, device).await?;
    opened(&app, before.as_ref(), principal, &session).await
}

/// What to ask a device for to make a passkey.
#[utoipa::path(
    post, path = "/api/v1/passkeys/options", tag = "Security", security(("session" = [])),
    responses((status = 200, description = "Options", body = PasskeyOptions), Change)
)]
pub(super) async fn passkey_options(
    State(app): State<App>,
    logged_in: LoggedIn,
    site: Site,
) -> Result<Response, Problem> {
    require_fresh(&app, &logged_in).await?;
    let principal = principal_of(&app, logged_in.caller.principal).await?;
    let challenge = ask(&app, Purpose::Register, Some(principal.id)).await?;
    let known = passkeys_of(&app, principal.id).await?;
    Ok(json::ok(&PasskeyOptions { public_key: creation_json(&site, &challenge, &principal, &known) }))
}

/// The id of what was made.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedPasskey {
    #[schema(value_type = AnyId)]
    id: Id<PasskeyId>,
}

/// Add a passkey.
#[utoipa::path(
    post, path = "/api/v1/passkeys", tag = "Security", security(("session" = [])), request_body = NewPasskey,
    responses((status = 201, description = "Added", body = AddedPasskey), Write)
)]
pub(super) async fn new_passkey(
    State(app): State<App>,
    logged_in: LoggedIn,
    site: Site,
    Body(body): Body<NewPasskey>,
) -> Result<Response, Problem> {
    require_fresh(&app, &logged_in).await?;
    let owner = logged_in.caller.principal;
    let id = add_passkey(&app, owner, &site, &body.credential, body.name.into_string()).await?;
    Ok(json::created(&AddedPasskey { id: Id(id) }))
}

/// Rename a passkey.
#[utoipa::path(
    patch, path = "/api/v1/passkeys/{id}", tag = "Security", security(("session" = [])), request_body = PasskeyName,
    params(("id" = AnyId, Path, description = "The passkey")),
    responses((status = 204, description = "Renamed"), Write)
)]
pub(super) async fn rename_passkey(
    State(app): State<App>,
    logged_in: LoggedIn,
    PathId(id): PathId<PasskeyId>,
    Body(body): Body<PasskeyName>,
) -> Result<StatusCode, Problem> {
    let (owner, name) = (logged_in.caller.principal, body.name.into_string());
    let renamed = app.records().write(move |sql| passkeys::rename(sql, owner, id, &name)).await;
    if renamed.map_err(internal)? { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Remove a passkey.
#[utoipa::path(
    delete, path = "/api/v1/passkeys/{id}", tag = "Security", security(("session" = [])),
    params(("id" = AnyId, Path, description = "The passkey")),
    responses((status = 204, description = "Removed"), Change)
)]
pub(super) async fn delete_passkey(
    State(app): State<App>,
    logged_in: LoggedIn,
    PathId(id): PathId<PasskeyId>,
) -> Result<StatusCode, Problem> {
    require_fresh(&app, &logged_in).await?;
    let removed = remove_passkey(&app, logged_in.caller.principal, id).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// A new payment PIN.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPin {
    #[schema(value_type = String, format = Password, min_length = 6, max_length = 6)]
    pin: Secret,
}

/// Set or change the payment PIN.
#[utoipa::path(
    put, path = "/api/v1/payment-pin", tag = "Security", security(("session" = [])), request_body = NewPin,
    responses((status = 204, description = "Set"), Write)
)]
pub(super) async fn put_pin(
    State(app): State<App>,
    logged_in: LoggedIn,
    Body(body): Body<NewPin>,
) -> Result<StatusCode, Problem> {
    require_fresh(&app, &logged_in).await?;
    let principal = principal_of(&app, logged_in.caller.principal).await?;
    check_new_pin(&body.pin, principal.phone.as_deref())?;
    set_pin(&app, principal.id, body.pin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove the payment PIN.
#[utoipa::path(
    delete, path = "/api/v1/payment-pin", tag = "Security", security(("session" = [])),
    responses((status = 204, description = "Removed"), Change)
)]
pub(super) async fn delete_pin(State(app): State<App>, logged_in: LoggedIn) -> Result<StatusCode, Problem> {
    require_fresh(&app, &logged_in).await?;
    remove_pin(&app, logged_in.caller.principal).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The secret behind one-time passwords.
#[derive(Serialize, ToSchema)]
pub(super) struct OneTimePasswords {
    /// In Base32, for an authenticator app.
    secret: String,
    /// The same as an `otpauth` URI, for a QR code.
    uri: String,
}

/// Begin to use one-time passwords.
///
/// They count from the first code on: `POST /api/v1/one-time-passwords/confirmation`.
#[utoipa::path(
    post, path = "/api/v1/one-time-passwords", tag = "Security", security(("session" = [])),
    responses((status = 201, description = "Offered", body = OneTimePasswords), Change)
)]
pub(super) async fn offer_codes(State(app): State<App>, logged_in: LoggedIn) -> Result<Response, Problem> {
    require_fresh(&app, &logged_in).await?;
    let principal = principal_of(&app, logged_in.caller.principal).await?;
    let secret = offer_one_time_passwords(&app, principal.id).await?;
    let uri = auth::key_uri(&secret, &principal.login);
    Ok(json::created(&OneTimePasswords { secret: shown_secret(&secret), uri }))
}

/// One code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    #[schema(value_type = String, example = "492039")]
    code: Secret,
}

/// Codes that are shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Switch one-time passwords on with the first code.
#[utoipa::path(
    post, path = "/api/v1/one-time-passwords/confirmation", tag = "Security", security(("session" = [])),
    request_body = Code, responses((status = 201, description = "On; the recovery codes", body = RecoveryCodes), Write)
)]
pub(super) async fn confirm_codes(
    State(app): State<App>,
    logged_in: LoggedIn,
    device: Device,
    Body(body): Body<Code>,
) -> Result<Response, Problem> {
    require_fresh(&app, &logged_in).await?;
    let owner = logged_in.caller.principal;
    let recovery_codes = confirm_one_time_passwords(&app, owner, body.code, &device).await?;
    Ok(json::created(&RecoveryCodes { recovery_codes }))
}

/// Switch one-time passwords off.
#[utoipa::path(
    delete, path = "/api/v1/one-time-passwords", tag = "Security", security(("session" = [])),
    responses((status = 204, description = "Off"), Change)
)]
pub(super) async fn delete_codes(State(app): State<App>, logged_in: LoggedIn) -> Result<StatusCode, Problem> {
    require_fresh(&app, &logged_in).await?;
    remove_second_factor(&app, logged_in.caller.principal).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make new recovery codes.
#[utoipa::path(
    post, path = "/api/v1/recovery-codes", tag = "Security", security(("session" = [])),
    responses((status = 201, description = "Made; those from before count no longer", body = RecoveryCodes), Change)
)]
pub(super) async fn new_recovery_codes(
    State(app): State<App>,
    logged_in: LoggedIn,
) -> Result<Response, Problem> {
    require_fresh(&app, &logged_in).await?;
    let recovery_codes = renew_recovery_codes(&app, logged_in.caller.principal).await?;
    Ok(json::created(&RecoveryCodes { recovery_codes }))
}

/// Download everything that is kept about the caller.
///
/// Secrets are left out.
#[utoipa::path(
    get, path = "/api/v1/profile/export", tag = "Profile", security(("session" = [])),
    responses((status = 200, description = "Everything", body = Object), Read)
)]
pub(super) async fn export(State(app): State<App>, logged_in: LoggedIn) -> Result<Response, Problem> {
    require_fresh(&app, &logged_in).await?;
    let principal = principal_of(&app, logged_in.caller.principal).await?;
    Ok(json::ok(&person_export(&app, principal).await?))
}

/// Where the rest of the money goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    /// The login of the account, so that nobody closes one by accident.
    #[schema(example = "lilin")]
    login: String,
    /// The bank card that the rest is paid out to, where there is a rest.
    #[schema(value_type = Option<AnyId>)]
    card: Option<Id<CardId>>,
}

/// Close the account.
///
/// Pays the rest out to a bank card first. Refused while a transaction is open or money is left.
#[utoipa::path(
    post, path = "/api/v1/profile/closing", tag = "Profile", security(("session" = [])), request_body = Closing,
    params(("Idempotency-Key" = String, Header, description = "A new one for each intended effect")),
    responses((status = 204, description = "Closed; the session has ended"), Write)
)]
pub(super) async fn close(
    State(app): State<App>,
    logged_in: LoggedIn,
    holder: Holder,
    Key(key): Key,
    Body(body): Body<Closing>,
) -> Result<StatusCode, Problem> {
    require_fresh(&app, &logged_in).await?;
    if principal_of(&app, logged_in.caller.principal).await?.login != body.login {
        return Err(Problem::invalid("login", "this is not the login of the account that you are in"));
    }
    let card = body.card.map(|card| card.0);
    let why = match closing::close(app.operations(), &key, holder.id, card).await? {
        Ok(()) => {
            app.callers().forget(logged_in.caller.principal);
            return Ok(StatusCode::NO_CONTENT);
        }
        Err(why) => why,
    };
    Err(match why {
        StillOpen::InFlight => Problem::new(Kind::CONFLICT, "a transaction is still open"),
        StillOpen::Owes(_) => {
            Problem::new(Kind::REFUSED, "a part of a sale is still owed: top up, and it is collected")
        }
        StillOpen::OnCard(_) => Problem::new(
            Kind::REFUSED,
            "a card purse holds money, or waits for some: unload it at a terminal and withdraw its load orders",
        ),
        StillOpen::InEscrow(_) => {
            Problem::new(Kind::REFUSED, "a payment waits in escrow: confirm the order, or wait for its end")
        }
        StillOpen::Rest(_) => {
            Problem::new(Kind::REFUSED, "money is left: name a card that it can be paid out to").at("card")
        }
        StillOpen::PayOutFailed => Problem::new(Kind::REFUSED, "the bank did not take the money").at("card"),
        StillOpen::MoneyCame => {
            Problem::new(Kind::CONFLICT, "money came in while the account was being closed")
        }
    })
}
