//! Passkeys: added by somebody who is logged in, then enough to log in, to unlock and to confirm payments.
//!
//! Every challenge is used once, within five minutes, and for what it was asked: [`Purpose`]. The challenge of a payment is
//! not drawn but derived from payee and amount ([`step_up::Challenge::to_sign`]).

use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use operations::step_up;
use records::passkeys::{self, CREDENTIAL_TAKEN, Passkey, Purpose};
use records::principals::{self, Principal, PrincipalStatus};
use serde::Deserialize;
use utoipa::ToSchema;
use wallet::ids::{HolderId, PasskeyId, PrincipalId};

use super::base64url;
use super::log_in::later;
use super::secret_change::note_change;
use super::session::{Device, NewSession, open_session};
use super::webauthn::{self, Site, Unproven};
use crate::App;
use crate::problem::{Kind, Problem, internal};

/// How long an authenticator may take.
pub(crate) const CHALLENGE_SECONDS: u32 = 300;
/// The most passkeys that one principal may have.
const PASSKEYS_MAX: usize = 16;
/// The longest name of a passkey, in characters.
pub(crate) const PASSKEY_NAME_MAX: usize = 40;

impl FromRequestParts<App> for Site {
    type Rejection = std::convert::Infallible;

    /// The browser's own address of this server. A page of another site cannot choose it: the browser signs the origin of
    /// the page it shows, and gives a passkey away only to pages of its host.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let host = host.to_ascii_lowercase();
        let scheme = if app.settings().secure_cookies { "https" } else { "http" };
        let rp_id = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
            _ => host.clone(),
        };
        Ok(Self { rp_id, origin: format!("{scheme}://{host}") })
    }
}

/// What `navigator.credentials.create` gave, each part in base64url.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attestation {
    /// `response.clientDataJSON`.
    pub(crate) client_data: String,
    /// `response.attestationObject`.
    pub(crate) attestation_object: String,
}

/// What `navigator.credentials.get` gave, each part in base64url.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assertion {
    /// `id` of the credential.
    pub(crate) credential_id: String,
    /// `response.clientDataJSON`.
    pub(crate) client_data: String,
    /// `response.authenticatorData`.
    pub(crate) authenticator_data: String,
    /// `response.signature`.
    pub(crate) signature: String,
}

fn unproven(why: Unproven) -> Problem {
    let detail = match why {
        Unproven::Malformed => "the passkey's answer is not well formed",
        Unproven::Challenge => "the passkey's answer is to another question or too late; try again",
        Unproven::Origin | Unproven::Host => "the passkey's answer was made for another site",
        Unproven::User => "the device did not check who used it",
        Unproven::Algorithm => "the device offers no key of the kind ES256",
        Unproven::Signature => "the passkey did not sign this",
    };
    Problem::new(Kind::WRONG_CREDENTIALS, detail).at("passkey")
}

fn bytes(text: &str) -> Result<Vec<u8>, Problem> {
    base64url::decode(text).ok_or_else(|| unproven(Unproven::Malformed))
}

/// A fresh question to an authenticator, good once.
pub(crate) async fn ask(
    app: &App,
    purpose: Purpose,
    principal: Option<PrincipalId>,
) -> Result<[u8; 32], Problem> {
    let mut challenge = [0; 32];
    app.entropy().fill(&mut challenge);
    let expires_at = later(app, CHALLENGE_SECONDS);
    let written =
        app.records().write(move |sql| passkeys::ask(sql, &challenge, purpose, principal, expires_at)).await;
    written.map_err(internal)?;
    Ok(challenge)
}

/// Uses up the challenge that this client data answers, where it was asked for this.
async fn take(
    app: &App,
    client_data: &[u8],
    purpose: Purpose,
    principal: PrincipalId,
) -> Result<[u8; 32], Problem> {
    let answered = webauthn::challenge_of(client_data).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let challenge = answered.ok_or_else(|| unproven(Unproven::Challenge))?;
    let now = app.now();
    let taken =
        app.records().write(move |sql| passkeys::take(sql, &challenge, purpose, principal, now)).await;
    if taken.map_err(internal)? { Ok(challenge) } else { Err(unproven(Unproven::Challenge)) }
}

/// Adds the passkey that was just made to a principal who has proven who they are.
pub(crate) async fn add_passkey(
    app: &App,
    principal: PrincipalId,
    site: &Site,
    attestation: &Attestation,
    name: String,
) -> Result<PasskeyId, Problem> {
    let client_data = bytes(&attestation.client_data)?;
    let challenge = take(app, &client_data, Purpose::Register, principal).await?;
    let object = bytes(&attestation.attestation_object)?;
    let made = webauthn::registered(site, &challenge, &client_data, &object).map_err(unproven)?;
    let passkey = Passkey {
        id: PasskeyId::new(app.random_bits()),
        principal,
        credential_id: made.id,
        rp_id: site.rp_id.clone(),
        public_key: made.public_key,
        sign_count: made.sign_count,
        name,
        created_at: app.now(),
        used_at: None,
    };
    let id = passkey.id;
    let added = app.records().write(move |sql| {
        if passkeys::list(sql, principal)?.len() >= PASSKEYS_MAX {
            return Ok(false);
        }
        passkeys::insert(sql, &passkey).map(|()| true)
    });
    let added = added.await.map_err(|error| {
        if error.is_conflict(CREDENTIAL_TAKEN) {
            Problem::new(Kind::CONFLICT, "this passkey was added before").at("passkey")
        } else {
            internal(error)
        }
    })?;
    app.operations().forget_holder(HolderId::new(principal.bits()));
    if added {
        note_change(app, principal, "passkey.added").await?;
        Ok(id)
    } else {
        Err(Problem::new(Kind::REFUSED, "there are too many passkeys; remove one first"))
    }
}

/// Removes a passkey of the principal. Says whether there was one.
pub(crate) async fn remove_passkey(
    app: &App,
    principal: PrincipalId,
    passkey: PasskeyId,
) -> Result<bool, Problem> {
    let removed =
        app.records().write(move |sql| passkeys::delete(sql, principal, passkey)).await.map_err(internal)?;
    app.operations().forget_holder(HolderId::new(principal.bits()));
    if removed {
        note_change(app, principal, "passkey.removed").await?;
    }
    Ok(removed)
}

/// The passkey that an assertion names.
async fn named(app: &App, site: &Site, assertion: &Assertion) -> Result<Passkey, Problem> {
    let credential = bytes(&assertion.credential_id)?;
    let found = app.records().read(move |sql| passkeys::find(sql, &credential)).await.map_err(internal)?;
    let own = found.filter(|passkey| passkey.rp_id == site.rp_id);
    own.ok_or_else(|| Problem::new(Kind::WRONG_CREDENTIALS, "this passkey is not known here").at("passkey"))
}

/// Verifies that this passkey signed this challenge on a page of this site, and notes its use.
async fn verify(
    app: &App,
    site: &Site,
    passkey: &Passkey,
    challenge: &[u8; 32],
    assertion: &Assertion,
) -> Result<(), Problem> {
    let parts = [&assertion.client_data, &assertion.authenticator_data, &assertion.signature];
    let [client_data, data, signature] = parts.map(|part| base64url::decode(part).unwrap_or_default());
    let signed = (client_data.as_slice(), data.as_slice(), signature.as_slice());
    let count = webauthn::asserted(site, challenge, &passkey.public_key, signed).map_err(unproven)?;
    let (id, now) = (passkey.id, app.now());
    let noted = app.records().write(move |sql| passkeys::note_use(sql, id, count, now)).await;
    if noted.map_err(internal)? {
        return Ok(());
    }
    // An authenticator that counts backwards was copied.
    Err(Problem::new(Kind::WRONG_CREDENTIALS, "this passkey was used elsewhere in the meantime")
        .at("passkey"))
}

/// Logs in whoever this passkey belongs to. It proves two factors at once: the device, and what opens it.
pub(crate) async fn log_in_by_passkey(
    app: &App,
    site: &Site,
    assertion: &Assertion,
    device: Device,
) -> Result<(Principal, NewSession), Problem> {
    let passkey = named(app, site, assertion).await?;
    let challenge = take(app, &bytes(&assertion.client_data)?, Purpose::LogIn, passkey.principal).await?;
    verify(app, site, &passkey, &challenge, assertion).await?;
    let id = passkey.principal;
    let found = app.records().read(move |sql| principals::get(sql, id)).await.map_err(internal)?;
    let principal = found.filter(|principal| principal.status == PrincipalStatus::Active);
    let principal = principal.ok_or_else(|| unproven(Unproven::Challenge))?;
    let session = open_session(app, principal.id, device).await?;
    Ok((principal, session))
}

/// The passkey of this principal that signed a challenge which was asked to confirm who they are.
pub(crate) async fn prove_passkey(
    app: &App,
    principal: PrincipalId,
    site: &Site,
    assertion: &Assertion,
) -> Result<PasskeyId, Problem> {
    let passkey = named(app, site, assertion).await?;
    if passkey.principal != principal {
        return Err(unproven(Unproven::Signature));
    }
    let challenge = take(app, &bytes(&assertion.client_data)?, Purpose::Confirm, principal).await?;
    verify(app, site, &passkey, &challenge, assertion).await?;
    Ok(passkey.id)
}

/// Refuses unless a passkey of the payer signed exactly this payment or transfer.
pub(crate) async fn verify_spending(
    app: &App,
    site: &Site,
    challenge: &step_up::Challenge,
    assertion: &Assertion,
) -> Result<(), Problem> {
    let passkey = named(app, site, assertion).await?;
    if passkey.principal != PrincipalId::from(challenge.payer) {
        return Err(unproven(Unproven::Signature));
    }
    verify(app, site, &passkey, &challenge.to_sign(), assertion).await
}
