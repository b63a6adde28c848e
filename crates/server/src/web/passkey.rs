//! What pages and authenticators tell each other: the questions in a form's attribute, the answers in its hidden fields.

use records::passkeys::{self, Passkey, Purpose};
use records::principals::Principal;
use serde::Deserialize;
use serde_json::{Value, json};
use wallet::ids::PrincipalId;

use axum::response::IntoResponse;

use super::stop::Stop;
use crate::App;
use crate::auth::{Assertion, Attestation, CHALLENGE_SECONDS, Site, ask, base64url_of};
use crate::problem::internal;

/// The hidden fields with the answer of a passkey.
#[derive(Deserialize, Default)]
pub(super) struct AssertionForm {
    #[serde(default)]
    pub(super) next: String,
    #[serde(default)]
    credential_id: String,
    #[serde(default)]
    client_data: String,
    #[serde(default)]
    authenticator_data: String,
    #[serde(default)]
    signature: String,
}

impl AssertionForm {
    /// The answer.
    pub(super) fn assertion(&self) -> Assertion {
        Assertion {
            credential_id: self.credential_id.clone(),
            client_data: self.client_data.clone(),
            authenticator_data: self.authenticator_data.clone(),
            signature: self.signature.clone(),
        }
    }

    /// Whether there is an answer at all.
    pub(super) fn is_filled(&self) -> bool {
        !self.signature.is_empty()
    }
}

/// The hidden fields with a new passkey.
#[derive(Deserialize, Default)]
pub(super) struct AttestationForm {
    #[serde(default)]
    client_data: String,
    #[serde(default)]
    attestation_object: String,
    #[serde(default)]
    pub(super) name: String,
}

impl AttestationForm {
    /// The new passkey.
    pub(super) fn attestation(&self) -> Attestation {
        Attestation {
            client_data: self.client_data.clone(),
            attestation_object: self.attestation_object.clone(),
        }
    }
}

fn milliseconds() -> u64 {
    u64::from(CHALLENGE_SECONDS) * 1_000
}

/// Asks for a signature: of any passkey of this site, or of one of a principal's.
pub(super) async fn assertion_request(
    app: &App,
    site: &Site,
    purpose: Purpose,
    of: Option<PrincipalId>,
) -> Result<String, Stop> {
    let challenge = ask(app, purpose, of).await.map_err(|problem| Stop::from(problem.into_response()))?;
    request_to_sign(app, site, &challenge, of).await
}

/// Asks for a signature over this challenge.
pub(super) async fn request_to_sign(
    app: &App,
    site: &Site,
    challenge: &[u8; 32],
    of: Option<PrincipalId>,
) -> Result<String, Stop> {
    let allowed = match of {
        Some(principal) => passkeys_of(app, principal).await?,
        None => Vec::new(),
    };
    Ok(request_json(site, challenge, &allowed).to_string())
}

/// Asks one of these passkeys of a principal to confirm who they are, and to compute something from `question` that no other
/// passkey computes (WebAuthn, extension prf).
pub(super) async fn computing_request(
    app: &App,
    site: &Site,
    of: PrincipalId,
    question: &[u8; 32],
    chosen: impl Fn(&Passkey) -> bool,
) -> Result<Option<String>, Stop> {
    let allowed: Vec<Passkey> = passkeys_of(app, of).await?.into_iter().filter(|one| chosen(one)).collect();
    if allowed.is_empty() {
        return Ok(None);
    }
    let asked = ask(app, Purpose::Confirm, Some(of)).await;
    let challenge = asked.map_err(|problem| Stop::from(problem.into_response()))?;
    let mut request = request_json(site, &challenge, &allowed);
    request["extensions"] = json!({"prf": {"eval": {"first": base64url_of(question)}}});
    Ok(Some(request.to_string()))
}

/// `PublicKeyCredentialRequestOptionsJSON` of WebAuthn.
pub(crate) fn request_json(site: &Site, challenge: &[u8; 32], allowed: &[Passkey]) -> Value {
    json!({
        "challenge": base64url_of(challenge),
        "rpId": site.rp_id,
        "allowCredentials": descriptors(allowed),
        "userVerification": "required",
        "timeout": milliseconds(),
    })
}

/// `PublicKeyCredentialCreationOptionsJSON` of WebAuthn.
pub(crate) fn creation_json(site: &Site, challenge: &[u8; 32], who: &Principal, known: &[Passkey]) -> Value {
    json!({
        "challenge": base64url_of(challenge),
        "rp": {"id": site.rp_id, "name": "Sycee"},
        "user": {"id": base64url_of(&who.id.to_bytes()), "name": who.login, "displayName": who.name},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "excludeCredentials": descriptors(known),
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
        },
        "attestation": "none",
        // So that the passkey may open the vault later, where its device can.
        "extensions": {"prf": {}},
        "timeout": milliseconds(),
    })
}

fn descriptors(passkeys: &[Passkey]) -> Vec<Value> {
    let one = |passkey: &Passkey| json!({"type": "public-key", "id": base64url_of(&passkey.credential_id)});
    passkeys.iter().map(one).collect()
}

/// Asks a device to make a passkey for this principal.
pub(super) async fn creation_request(app: &App, site: &Site, who: &Principal) -> Result<String, Stop> {
    let asked = ask(app, Purpose::Register, Some(who.id)).await;
    let challenge = asked.map_err(|problem| Stop::from(problem.into_response()))?;
    let known = passkeys_of(app, who.id).await?;
    Ok(creation_json(site, &challenge, who, &known).to_string())
}

async fn passkeys_of(app: &App, principal: PrincipalId) -> Result<Vec<Passkey>, Stop> {
    let found = app.records().read(move |sql| passkeys::list(sql, principal)).await;
    found.map_err(|error| Stop::from(internal(error).into_response()))
}
