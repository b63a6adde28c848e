//! Log-in by login name or phone number and password, with a second factor where there is one; and changing the password.

use ledger::Timestamp;
use records::known_devices;
use records::principals::{self, Principal, PrincipalStatus};
use records::second_factors;
use wallet::ids::PrincipalId;

use super::caller::LoggedIn;
use super::password::check_new;
use super::second_factor::{owes_second_factor, verify_second_factor};
use super::secret_change::note_change;
use super::session::{Device, NewSession, open_session, revoke_other_sessions};
use super::throttle::{Account, Attempt};
use super::token::{TokenHash, new_token};
use crate::App;
use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};

/// The cookie of somebody who gave the right password and owes the second factor.
pub(crate) const HALF_COOKIE: &str = "sycee_log_in";
/// How long the second factor may take.
pub(crate) const HALF_SECONDS: u32 = 300;

/// How far log-in came.
pub(crate) enum LogIn {
    /// All the way.
    Done(Box<Principal>, NewSession),
    /// The password was right; the second factor is owed. The token is known only here and to the client.
    Half(String),
}

/// Logs in with password and, where it is asked for, a second factor in one step.
pub(crate) async fn log_in(
    app: &App,
    login: &str,
    password: Secret,
    code: Option<Secret>,
    device: Device,
) -> Result<(Principal, NewSession), Problem> {
    let principal = prove_password(app, login, password, &device).await?;
    if owes_second_factor(app, principal.id).await? {
        let code = code.ok_or_else(|| {
            Problem::new(Kind::SECOND_FACTOR, "send a one-time password or recovery code as well").at("code")
        })?;
        verify_second_factor(app, principal.id, code, &device).await?;
    }
    let session = open_session(app, principal.id, device).await?;
    Ok((principal, session))
}

/// Logs in with password; the second factor may follow by [`finish_log_in`].
pub(crate) async fn begin_log_in(
    app: &App,
    login: &str,
    password: Secret,
    device: Device,
) -> Result<LogIn, Problem> {
    let principal = prove_password(app, login, password, &device).await?;
    if !owes_second_factor(app, principal.id).await? {
        let session = open_session(app, principal.id, device).await?;
        return Ok(LogIn::Done(Box::new(principal), session));
    }
    let token = new_token("", app.entropy());
    let (hash, expires_at) = (TokenHash::of(&token), later(app, HALF_SECONDS));
    app.records()
        .write(move |sql| second_factors::begin_half_log_in(sql, &hash.0, principal.id, expires_at))
        .await
        .map_err(internal)?;
    Ok(LogIn::Half(token))
}

/// Ends a log-in that owed its second factor.
pub(crate) async fn finish_log_in(
    app: &App,
    token: &str,
    code: Secret,
    device: Device,
) -> Result<(Principal, NewSession), Problem> {
    let (hash, now) = (TokenHash::of(token), app.now());
    let found = app
        .records()
        .read(move |sql| {
            let Some(id) = second_factors::find_half_log_in(sql, &hash.0, now)? else { return Ok(None) };
            principals::get(sql, id)
        })
        .await
        .map_err(internal)?;
    let found = found.filter(|principal| principal.status == PrincipalStatus::Active);
    let principal =
        found.ok_or_else(|| Problem::new(Kind::UNAUTHENTICATED, "log in again from the start"))?;
    verify_second_factor(app, principal.id, code, &device).await?;
    let ended = app.records().write(move |sql| second_factors::end_half_log_in(sql, &hash.0)).await;
    if !ended.map_err(internal)? {
        return Err(Problem::new(Kind::UNAUTHENTICATED, "log in again from the start"));
    }
    let session = open_session(app, principal.id, device).await?;
    Ok((principal, session))
}

/// So many seconds from now.
pub(super) fn later(app: &App, seconds: u32) -> Timestamp {
    app.now().checked_add_seconds(seconds).unwrap_or(Timestamp::LAST)
}

/// Who has this login or phone number and this password. Unknown logins cost the same work and get the same answer as wrong
/// passwords.
async fn prove_password(
    app: &App,
    typed: &str,
    password: Secret,
    device: &Device,
) -> Result<Principal, Problem> {
    let login = typed.trim().to_lowercase();
    let (wanted, token) = (login.clone(), device.token);
    let found = app
        .records()
        .read(move |sql| {
            let by_login = principals::find_by_login(sql, &wanted)?;
            let by_phone = principals::find_by_phone(sql, &wanted)?;
            let Some(principal) = by_login.or(by_phone) else { return Ok(None) };
            let known = match token {
                Some(token) => known_devices::is_known(sql, &token.0, principal.id)?,
                None => false,
            };
            Ok(Some((principal, known)))
        })
        .await
        .map_err(internal)?;
    let account = match (&found, token) {
        (Some((principal, true)), Some(token)) => Account::PasswordFrom(principal.id, token),
        (Some((principal, _)), _) => Account::Password(principal.id),
        (None, _) => Account::Nobody(&login),
    };
    let attempt = Attempt::begin(app, account, device).await?;
    let active = found.filter(|(who, _)| who.status == PrincipalStatus::Active).map(|(who, _)| who);
    let stored = active.as_ref().and_then(|principal| principal.password_hash.clone());
    let matches = app.passwords().verify(password, stored).await?;
    let Some(principal) = active.filter(|_| matches) else {
        return Err(Problem::new(Kind::WRONG_CREDENTIALS, "login or password is wrong").at("password"));
    };
    attempt.succeeded(app).await?;
    Ok(principal)
}

/// Refuses unless this is the password of a principal who is logged in already.
pub(super) async fn prove_own_password(
    app: &App,
    principal: &Principal,
    password: Secret,
    device: &Device,
) -> Result<(), Problem> {
    let (id, token) = (principal.id, device.token);
    let known = match token {
        Some(token) => app.records().read(move |sql| known_devices::is_known(sql, &token.0, id)).await,
        None => Ok(false),
    };
    let account = match token.filter(|_| matches!(known, Ok(true))) {
        Some(token) => Account::PasswordFrom(id, token),
        None => Account::Password(id),
    };
    let attempt = Attempt::begin(app, account, device).await?;
    if !app.passwords().verify(password, principal.password_hash.clone()).await? {
        return Err(Problem::new(Kind::WRONG_CREDENTIALS, "the password is wrong").at("password"));
    }
    attempt.succeeded(app).await
}

/// Changes the password of the caller, who proves the current one, and ends all their other sessions.
pub(crate) async fn change_password(
    app: &App,
    logged_in: &LoggedIn,
    current: Secret,
    new: Secret,
    device: &Device,
) -> Result<(), Problem> {
    let id = logged_in.caller.principal;
    let found = app.records().read(move |sql| principals::get(sql, id)).await.map_err(internal)?;
    let principal = found.ok_or_else(Problem::not_found)?;
    check_new(&new, &principal.login).map_err(|problem| problem.at("new_password"))?;
    let proven = prove_own_password(app, &principal, current, device).await;
    proven.map_err(|problem| problem.at("current_password"))?;
    set_password(app, id, new).await?;
    revoke_other_sessions(app, id, Some(logged_in.session)).await
}

/// Sets a password that was checked, of somebody who has proven who they are.
pub(crate) async fn set_password(app: &App, id: PrincipalId, new: Secret) -> Result<(), Problem> {
    let salt = app.random_bits().to_be_bytes();
    let (hash, now) = (app.passwords().hash(new, salt).await?, app.now());
    app.records()
        .write(move |sql| principals::set_password_hash(sql, id, &hash, now))
        .await
        .map_err(internal)?;
    note_change(app, id, "password.changed").await
}
