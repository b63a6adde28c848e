//! Step-up: proving that it is really the payer, for one payee and one amount.

use axum::extract::State;
use axum::response::Response;
use messages::card::Asn;
use operations::step_up::{self, Challenge};
use records::operations::PartyId;
use records::passkeys;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wallet::ids::{ChallengeId, HolderId, MerchantId, PrincipalId};

use super::refusals::Write;
use crate::App;
use crate::auth::{Assertion, Evidence, Holder, Site, prove_challenge};
use crate::fields::{AnyId, CurrencyCode, Id, Minor, Secret};
use crate::hex_digits::Hex;
use crate::json::{self, Body};
use crate::problem::{Problem, internal};
use crate::request::PathId;
use crate::rfc3339;
use crate::web::passkey::request_json;

/// What is about to be paid, sent or loaded. Exactly one of `merchant`, `payee` and `card` is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeOrder {
    /// Whom a payment would go to.
    #[schema(value_type = Option<AnyId>)]
    merchant: Option<Id<MerchantId>>,
    /// Whom a transfer would go to.
    #[schema(value_type = Option<AnyId>)]
    payee: Option<Id<HolderId>>,
    /// The card purse that a load order is for.
    card: Option<Hex<10>>,
    amount: Minor,
    currency: CurrencyCode,
}

/// A question that only the payer can answer.
#[derive(Serialize, ToSchema)]
pub(super) struct ChallengeView {
    /// Goes into the payment, transfer or load order as `challenge`, once it is proven.
    #[schema(value_type = AnyId)]
    id: Id<ChallengeId>,
    /// `pin` or `passkey`, once it is proven.
    proven_by: Option<&'static str>,
    /// `PublicKeyCredentialRequestOptionsJSON` of WebAuthn. Its challenge is a hash over payer, payee, amount and currency.
    #[schema(value_type = Object)]
    passkey: serde_json::Value,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The proof: exactly one of both.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// The payment PIN.
    #[schema(value_type = Option<String>, format = Password, min_length = 6, max_length = 6)]
    pin: Option<Secret>,
    /// What a passkey signed.
    passkey: Option<Assertion>,
}

async fn view(app: &App, site: &Site, challenge: &Challenge) -> Result<ChallengeView, Problem> {
    let payer = PrincipalId::from(challenge.payer);
    let known = app.records().read(move |sql| passkeys::list(sql, payer)).await.map_err(internal)?;
    Ok(ChallengeView {
        id: Id(challenge.id),
        proven_by: challenge.proven_by.map(step_up::Proof::code),
        passkey: request_json(site, &challenge.to_sign(), &known),
        expires_at: rfc3339::format(challenge.expires_at),
    })
}

/// Ask a challenge.
///
/// For a payment, transfer or load order that was answered with `step-up-required`: large amounts, and the first to a new
/// payee.
#[utoipa::path(
    post, path = "/api/v1/challenges", tag = "Money", request_body = ChallengeOrder,
    responses((status = 201, description = "Asked", body = ChallengeView), Write)
)]
pub(super) async fn ask(
    State(app): State<App>,
    holder: Holder,
    site: Site,
    Body(body): Body<ChallengeOrder>,
) -> Result<Response, Problem> {
    let payee: PartyId = match (body.merchant, body.payee, body.card) {
        (Some(merchant), None, None) => merchant.0.into(),
        (None, Some(payee), None) => payee.0.into(),
        (None, None, Some(card)) => step_up::loaded_card(Asn(card.0)),
        _ => return Err(Problem::invalid("payee", "name either a merchant, a payee or a card")),
    };
    let amount = body.amount.of(body.currency);
    let challenge = step_up::ask(app.operations(), holder.id, payee, amount).await?;
    Ok(json::created(&view(&app, &site, &challenge).await?))
}

/// Prove a challenge.
///
/// With the payment PIN, or with a passkey that signed it. Afterwards it lets one operation through.
#[utoipa::path(
    post, path = "/api/v1/challenges/{id}/proof", tag = "Money", request_body = Proof,
    params(("id" = AnyId, Path, description = "The challenge")),
    responses((status = 200, description = "Proven", body = ChallengeView), Write)
)]
pub(super) async fn prove(
    State(app): State<App>,
    holder: Holder,
    site: Site,
    PathId(id): PathId<ChallengeId>,
    Body(body): Body<Proof>,
) -> Result<Response, Problem> {
    let evidence = match (body.pin, body.passkey) {
        (Some(pin), None) => Evidence::Pin(pin),
        (None, Some(assertion)) => Evidence::Passkey(Box::new(assertion)),
        _ => return Err(Problem::invalid("pin", "send either a payment PIN or what a passkey signed")),
    };
    let challenge = prove_challenge(&app, holder.id, id, evidence, &site).await?;
    Ok(json::ok(&view(&app, &site, &challenge).await?))
}
