//! The page that asks for payment PIN or passkey before a payment or transfer, and what it sends.

use axum::response::{IntoResponse, Response};
use money::Amount;
use operations::{Origin, step_up};
use pages::form::{Problem, Trouble};
use pages::step_up::StepUp;
use records::operations::PartyId;
use serde::Deserialize;
use wallet::ids::{ChallengeId, PrincipalId};

use super::passkey::{AssertionForm, request_to_sign};
use super::sign_in::log_in_trouble;
use super::stop::Stop;
use super::visit::{HolderVisit, page, page_with_problems};
use crate::auth::{self, Evidence, Site, prove_challenge};
use crate::fields::{Secret, parse_id};

/// The fields that the page adds to the form which asked for the operation.
#[derive(Deserialize, Default)]
pub(super) struct StepUpForm {
    #[serde(default)]
    challenge: String,
    #[serde(default)]
    pin: Option<String>,
    #[serde(flatten)]
    passkey: AssertionForm,
}

/// What is to be confirmed, and the form to send again.
pub(super) struct Asked {
    pub(super) action: String,
    pub(super) back: String,
    pub(super) payee: PartyId,
    pub(super) payee_name: String,
    pub(super) amount: Amount,
    pub(super) fields: Vec<(&'static str, String)>,
}

/// Where the request comes from, with the proof that its form brings; or what is wrong with that proof.
pub(super) async fn origin(visit: &HolderVisit, site: &Site, form: &StepUpForm) -> Result<Origin, Problem> {
    let Some(challenge) = parse_id::<ChallengeId>(&form.challenge) else { return Ok(visit.origin()) };
    let by_passkey = form.passkey.is_filled();
    let evidence = if by_passkey {
        Evidence::Passkey(Box::new(form.passkey.assertion()))
    } else {
        Evidence::Pin(Secret::from(form.pin.clone().unwrap_or_default()))
    };
    match prove_challenge(&visit.visit.app, visit.holder, challenge, evidence, site).await {
        Ok(_) => Ok(Origin { step_up: Some(challenge), ..visit.origin() }),
        // A form that is sent twice brings a proof that counted already.
        Err(problem) if problem.kind() == crate::problem::Kind::NOT_FOUND => {
            Ok(Origin { step_up: Some(challenge), ..visit.origin() })
        }
        Err(problem) => {
            let trouble = match log_in_trouble(&problem) {
                Trouble::WrongPassword if by_passkey => Trouble::PasskeyFailed,
                Trouble::WrongPassword => Trouble::WrongPin,
                other => other,
            };
            Err(Problem { field: "pin", trouble })
        }
    }
}

/// The page that asks for the proof.
pub(super) async fn ask(
    visit: &HolderVisit,
    site: &Site,
    asked: Asked,
    problem: Option<Problem>,
) -> Result<Response, Stop> {
    let app = &visit.visit.app;
    let challenge = step_up::ask(app.operations(), visit.holder, asked.payee, asked.amount).await;
    let challenge = visit.visit.need(challenge)?;
    let member = visit.visit.member.as_ref().map(|member| &member.principal);
    let means = match member {
        Some(principal) => auth::means_of(app, principal).await?,
        None => auth::Means::default(),
    };
    let payer = PrincipalId::from(visit.holder);
    let passkey = match means.passkey {
        true => Some(request_to_sign(app, site, &challenge.to_sign(), Some(payer)).await?),
        false => None,
    };
    let mut fields = asked.fields;
    fields.push(("challenge", challenge.id.to_string()));
    let problems: Vec<Problem> = problem.into_iter().collect();
    let refused = !problems.is_empty();
    let view = StepUp {
        action: asked.action,
        back: asked.back,
        payee: asked.payee_name,
        amount: asked.amount,
        fields,
        pin: means.pin,
        passkey,
        problems,
    };
    let markup = pages::step_up::step_up(&visit.visit.frame(), &view);
    Ok(if refused { page_with_problems(markup) } else { page(markup).into_response() })
}
