//! The second factor of log-in: a one-time password, or a recovery code where the phone is lost.

use ledger::Timestamp;
use operations::sealed_secrets::{self, SecretOf};
use records::second_factors::{self, OneTimePassword};
use wallet::ids::PrincipalId;
use zeroize::Zeroizing;

use super::one_time_password::{SECRET_BYTES, matching_step};
use super::recovery_code;
use super::secret_change::note_change;
use super::session::Device;
use super::throttle::{Account, Attempt};
use crate::App;
use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};

/// Whether log-in asks this principal for a second factor.
pub(crate) async fn owes_second_factor(app: &App, principal: PrincipalId) -> Result<bool, Problem> {
    let found = app.records().read(move |sql| second_factors::get(sql, principal)).await.map_err(internal)?;
    Ok(found.is_some_and(|password| password.confirmed_at.is_some()))
}

/// The one-time passwords of a principal with their secret opened.
async fn one_time_passwords(app: &App, principal: PrincipalId) -> Result<Option<Opened>, Problem> {
    let found = app.records().read(move |sql| second_factors::get(sql, principal)).await.map_err(internal)?;
    let Some(password) = found else { return Ok(None) };
    let of = SecretOf::OneTimePasswords(principal);
    let secret = sealed_secrets::open(app.operations(), of, &password.secret).await.map_err(internal)?;
    Ok(Some(Opened { password, secret }))
}

struct Opened {
    password: OneTimePassword,
    secret: Zeroizing<Vec<u8>>,
}

impl Opened {
    /// The time step that a code is of, with the sealed secret that says so.
    fn step(self, code: &Secret, now: Timestamp) -> Option<(Vec<u8>, u64)> {
        let step = matching_step(&self.secret, code.expose(), now)?;
        Some((self.password.secret, step))
    }
}

/// The time step that a code is of, where one-time passwords are on.
async fn confirmed_step(
    app: &App,
    principal: PrincipalId,
    code: &Secret,
) -> Result<Option<(Vec<u8>, u64)>, Problem> {
    let found = one_time_passwords(app, principal).await?;
    let confirmed = found.filter(|opened| opened.password.confirmed_at.is_some());
    Ok(confirmed.and_then(|opened| opened.step(code, app.now())))
}

fn wrong() -> Problem {
    Problem::new(Kind::WRONG_CREDENTIALS, "the code is wrong or was used before").at("code")
}

/// Refuses unless this is a one-time password or recovery code of the principal that was not used before. Uses it up.
pub(crate) async fn verify_second_factor(
    app: &App,
    principal: PrincipalId,
    code: Secret,
    device: &Device,
) -> Result<(), Problem> {
    let attempt = Attempt::begin(app, Account::SecondFactor(principal), device).await?;
    let now = app.now();
    let recovery = recovery_code::hash(principal, code.expose());
    let step = match recovery {
        Some(_) => None,
        None => confirmed_step(app, principal, &code).await?,
    };
    let used = app
        .records()
        .write(move |sql| {
            if let Some(hash) = recovery {
                return second_factors::use_recovery_code(sql, principal, &hash, now);
            }
            let Some((secret, step)) = &step else { return Ok(false) };
            let is_of_it = second_factors::get(sql, principal)?.is_some_and(|now| now.secret == *secret);
            Ok(is_of_it && second_factors::use_step(sql, principal, *step)?)
        })
        .await
        .map_err(internal)?;
    if used { attempt.succeeded(app).await } else { Err(wrong()) }
}

/// A new secret for an authenticator app. It counts from the first code on.
///
/// # Errors
/// A 409 where there is one already.
pub(crate) async fn offer_one_time_passwords(app: &App, principal: PrincipalId) -> Result<Vec<u8>, Problem> {
    let mut secret = vec![0; SECRET_BYTES];
    app.entropy().fill(&mut secret);
    let of = SecretOf::OneTimePasswords(principal);
    let kept = sealed_secrets::seal(app.operations(), of, &secret).await.map_err(internal)?;
    let now = app.now();
    let offered = app.records().write(move |sql| second_factors::offer(sql, principal, &kept, now)).await;
    if offered.map_err(internal)? {
        return Ok(secret);
    }
    Err(Problem::new(Kind::CONFLICT, "one-time passwords are switched on already"))
}

/// The secret that was offered and not confirmed yet.
pub(crate) async fn offered_secret(app: &App, principal: PrincipalId) -> Result<Option<Vec<u8>>, Problem> {
    let found = one_time_passwords(app, principal).await?;
    Ok(found.filter(|opened| opened.password.confirmed_at.is_none()).map(|opened| opened.secret.to_vec()))
}

/// Switches one-time passwords on with the first code, and makes the recovery codes.
pub(crate) async fn confirm_one_time_passwords(
    app: &App,
    principal: PrincipalId,
    code: Secret,
    device: &Device,
) -> Result<Vec<String>, Problem> {
    let attempt = Attempt::begin(app, Account::SecondFactor(principal), device).await?;
    let (codes, now) = (recovery_code::new_codes(app.entropy()), app.now());
    let hashes = hashes(principal, &codes);
    let step = one_time_passwords(app, principal).await?.and_then(|opened| opened.step(&code, now));
    let confirmed = app
        .records()
        .write(move |sql| {
            let offered = second_factors::get(sql, principal)?.filter(|now| now.confirmed_at.is_none());
            let (Some((secret, step)), Some(offered)) = (&step, offered) else { return Ok(false) };
            if offered.secret != *secret {
                return Ok(false);
            }
            second_factors::use_step(sql, principal, *step)?;
            second_factors::confirm(sql, principal, now)?;
            second_factors::replace_recovery_codes(sql, principal, &hashes, now)?;
            Ok(true)
        })
        .await
        .map_err(internal)?;
    if !confirmed {
        return Err(wrong());
    }
    attempt.succeeded(app).await?;
    note_change(app, principal, "one_time_passwords.on").await?;
    Ok(codes)
}

/// Replaces all recovery codes.
///
/// # Errors
/// A 409 where one-time passwords are off.
pub(crate) async fn renew_recovery_codes(app: &App, principal: PrincipalId) -> Result<Vec<String>, Problem> {
    if !owes_second_factor(app, principal).await? {
        return Err(Problem::new(Kind::CONFLICT, "switch one-time passwords on first"));
    }
    let (codes, now) = (recovery_code::new_codes(app.entropy()), app.now());
    let hashes = hashes(principal, &codes);
    let written = app
        .records()
        .write(move |sql| second_factors::replace_recovery_codes(sql, principal, &hashes, now))
        .await;
    written.map_err(internal)?;
    note_change(app, principal, "recovery_codes.renewed").await?;
    Ok(codes)
}

/// Switches one-time passwords off, recovery codes with them.
pub(crate) async fn remove_second_factor(app: &App, principal: PrincipalId) -> Result<(), Problem> {
    app.records().write(move |sql| second_factors::delete(sql, principal)).await.map_err(internal)?;
    note_change(app, principal, "one_time_passwords.off").await
}

fn hashes(principal: PrincipalId, codes: &[String]) -> Vec<[u8; 32]> {
    codes.iter().filter_map(|code| recovery_code::hash(principal, code)).collect()
}
