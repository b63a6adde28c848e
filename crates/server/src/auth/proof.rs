//! Proving again who one is, within a session: to unlock it, to change a secret, to confirm a payment.

use ledger::NANOSECONDS_PER_SECOND;
use operations::step_up::{self, Challenge, Proof};
use records::passkeys;
use records::payment_pins;
use records::principals::{self, Principal};
use records::sessions;
use wallet::ids::{ChallengeId, HolderId, PrincipalId, SessionId};

use super::caller::LoggedIn;
use super::log_in::prove_own_password;
use super::passkey::{Assertion, prove_passkey, verify_spending};
use super::payment_pin::verify_pin;
use super::second_factor::{owes_second_factor, verify_second_factor};
use super::session::{Device, unlock_session};
use super::webauthn::Site;
use crate::App;
use crate::fields::Secret;
use crate::problem::{Kind, Problem, internal};

/// How long after proving everything that log-in asks for a secret may be changed.
const FRESH_SECONDS: u64 = 10 * 60;

/// By what somebody proves who they are.
#[derive(Clone, Debug)]
pub(crate) enum Evidence {
    /// The password.
    Password(Secret),
    /// The payment PIN.
    Pin(Secret),
    /// The signature of a passkey.
    Passkey(Box<Assertion>),
}

/// What a principal has to prove themselves with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Means {
    pub(crate) password: bool,
    pub(crate) pin: bool,
    pub(crate) passkey: bool,
    pub(crate) second_factor: bool,
}

/// Where a proof comes from.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) site: Site,
    pub(crate) device: Device,
}

/// What this principal can prove themselves with.
pub(crate) async fn means_of(app: &App, principal: &Principal) -> Result<Means, Problem> {
    let id = principal.id;
    let (pin, passkey) = app
        .records()
        .read(move |sql| Ok((payment_pins::get(sql, id)?.is_some(), !passkeys::list(sql, id)?.is_empty())))
        .await
        .map_err(internal)?;
    let second_factor = owes_second_factor(app, id).await?;
    Ok(Means { password: principal.password_hash.is_some(), pin, passkey, second_factor })
}

async fn principal_of(app: &App, id: PrincipalId) -> Result<Principal, Problem> {
    let found = app.records().read(move |sql| principals::get(sql, id)).await.map_err(internal)?;
    found.ok_or_else(Problem::not_found)
}

/// Unlocks a session with any one proof: that its owner was here before is known.
pub(crate) async fn unlock(
    app: &App,
    (owner, session): (PrincipalId, SessionId),
    evidence: Evidence,
    at: &Place,
) -> Result<(), Problem> {
    match evidence {
        Evidence::Password(password) => {
            let principal = principal_of(app, owner).await?;
            prove_own_password(app, &principal, password, &at.device).await?;
        }
        Evidence::Pin(pin) => verify_pin(app, owner, pin).await?,
        Evidence::Passkey(assertion) => drop(prove_passkey(app, owner, &at.site, &assertion).await?),
    }
    unlock_session(app, owner, session).await
}

/// Proves everything that log-in asks for: password and second factor, or a passkey. The payment PIN is not enough.
pub(crate) async fn authenticate_again(
    app: &App,
    logged_in: &LoggedIn,
    evidence: Evidence,
    code: Option<Secret>,
    at: &Place,
) -> Result<(), Problem> {
    let owner = logged_in.caller.principal;
    match evidence {
        Evidence::Password(password) => {
            let principal = principal_of(app, owner).await?;
            prove_own_password(app, &principal, password, &at.device).await?;
            if owes_second_factor(app, owner).await? {
                let missing =
                    || Problem::new(Kind::SECOND_FACTOR, "send a one-time password as well").at("code");
                verify_second_factor(app, owner, code.ok_or_else(missing)?, &at.device).await?;
            }
        }
        Evidence::Passkey(assertion) => drop(prove_passkey(app, owner, &at.site, &assertion).await?),
        Evidence::Pin(_) => return Err(Problem::invalid("pin", "the payment PIN is not enough for this")),
    }
    let (session, now) = (logged_in.session, app.now());
    app.records().write(move |sql| sessions::authenticated(sql, session, now)).await.map_err(internal)
}

/// Refuses unless the session has proven everything that log-in asks for within the last minutes.
///
/// # Errors
/// A 403 that says so.
pub(crate) async fn require_fresh(app: &App, logged_in: &LoggedIn) -> Result<(), Problem> {
    if is_fresh(app, logged_in.session).await? {
        return Ok(());
    }
    Err(Problem::new(Kind::REAUTHENTICATE, "prove again who you are, then repeat the request"))
}

/// Whether this session has proven everything that log-in asks for within the last minutes.
pub(crate) async fn is_fresh(app: &App, session: SessionId) -> Result<bool, Problem> {
    let found = app.records().read(move |sql| sessions::get(sql, session)).await.map_err(internal)?;
    let since = found.map_or(0, |row| row.authenticated_at.0);
    Ok(app.now().0.saturating_sub(since) < FRESH_SECONDS * NANOSECONDS_PER_SECOND)
}

/// Proves a challenge of step-up with payment PIN or passkey.
pub(crate) async fn prove_challenge(
    app: &App,
    payer: HolderId,
    id: ChallengeId,
    evidence: Evidence,
    site: &Site,
) -> Result<Challenge, Problem> {
    let challenge = step_up::find(app.operations(), payer, id).await?;
    let proof = match evidence {
        Evidence::Pin(pin) => {
            verify_pin(app, payer.into(), pin).await?;
            Proof::Pin
        }
        Evidence::Passkey(assertion) => {
            verify_spending(app, site, &challenge, &assertion).await?;
            Proof::Passkey
        }
        Evidence::Password(_) => {
            return Err(Problem::invalid("password", "prove this with payment PIN or passkey"));
        }
    };
    step_up::prove(app.operations(), payer, id, proof).await?;
    Ok(Challenge { proven_by: Some(proof), ..challenge })
}
