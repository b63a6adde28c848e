//! Passkeys that open a vault.

use axum::response::Response;
use operations::vaults::{self, Owner};
use operations::{OperationError, VaultRefusal};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::vault::Passkeys;
use serde::Deserialize;
use vault::seal::Key;
use wallet::ids::{PasskeyId, PrincipalId};

use super::own_form::OwnForm;
use super::passkey::{AssertionForm, computing_request};
use super::stop::Stop;
use super::vault::{need, owner};
use super::visit::{HolderVisit, page, page_with_problems, see_other};
use crate::auth::{Site, base64url_decoded, prove_passkey};
use crate::fields::Secret;

/// The page of a locked vault, with the question to a passkey where one opens it.
pub(super) async fn locked(
    visit: &HolderVisit,
    site: &Site,
    problems: Vec<Problem>,
) -> Result<Response, Stop> {
    let app = &visit.visit.app;
    let opening = visit.visit.need(vaults::passkeys(app.operations(), visit.holder).await)?;
    let question = vaults::passkey_question(visit.holder);
    let chosen = |passkey: &records::passkeys::Passkey| opening.contains(&passkey.id);
    let request = computing_request(app, site, visit.holder.into(), &question, chosen).await?;
    let markup = pages::vault::locked(&visit.visit.frame(), request.as_deref(), &problems);
    Ok(if problems.is_empty() { page(markup) } else { page_with_problems(markup) })
}

/// `GET /vault/passkeys`
pub(super) async fn show(visit: HolderVisit, site: Site) -> Result<Response, Stop> {
    let view = view(&visit, &site, Vec::new()).await?;
    Ok(page(pages::vault::passkeys(&visit.visit.frame(), &view)))
}

async fn view(visit: &HolderVisit, site: &Site, problems: Vec<Problem>) -> Result<Passkeys, Stop> {
    let app = &visit.visit.app;
    need(visit, vaults::require_open(app.operations(), owner(visit)?))?;
    let opening = visit.visit.need(vaults::passkeys(app.operations(), visit.holder).await)?;
    let question = vaults::passkey_question(visit.holder);
    let request = computing_request(app, site, visit.holder.into(), &question, |_| true).await?;
    Ok(Passkeys { count: opening.len(), request, problems })
}

/// The answer of a passkey, with what it computed.
#[derive(Deserialize)]
pub(super) struct ComputedForm {
    #[serde(flatten)]
    assertion: AssertionForm,
    computed: Secret,
}

/// The passkey that has proven itself, and the key of what it computed.
async fn proven(visit: &HolderVisit, site: &Site, form: &ComputedForm) -> Option<(PasskeyId, Key)> {
    let principal = PrincipalId::from(visit.holder);
    let passkey = prove_passkey(&visit.visit.app, principal, site, &form.assertion.assertion()).await.ok()?;
    let computed = <[u8; 32]>::try_from(base64url_decoded(form.computed.expose())?).ok()?;
    Some((passkey, vaults::passkey_key(&computed)))
}

const REFUSED: Problem = Problem { field: "passkey", trouble: Trouble::VaultPasskey };

/// `POST /vault/passkeys`: lets a passkey open the vault, which is open now.
pub(super) async fn add(
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<ComputedForm>,
) -> Result<Response, Stop> {
    let owner: Owner = owner(&visit)?;
    let Some((passkey, key)) = proven(&visit, &site, &form).await else {
        let view = view(&visit, &site, vec![REFUSED]).await?;
        return Ok(page_with_problems(pages::vault::passkeys(&visit.visit.frame(), &view)));
    };
    let added = vaults::add_passkey(visit.visit.app.operations(), owner, passkey, &key).await;
    need(&visit, added)?;
    Ok(see_other(&format!("/vault/passkeys?notice={}", Notice::VaultPasskey.code())))
}

/// `POST /vault/open/passkey`
pub(super) async fn open(
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<ComputedForm>,
) -> Result<Response, Stop> {
    let owner = owner(&visit)?;
    let Some((passkey, key)) = proven(&visit, &site, &form).await else {
        return locked(&visit, &site, vec![REFUSED]).await;
    };
    match vaults::open_with_passkey(visit.visit.app.operations(), owner, passkey, &key).await {
        Ok(()) => Ok(see_other("/vault")),
        Err(OperationError::Vault(VaultRefusal::WrongPin | VaultRefusal::Missing)) => {
            locked(&visit, &site, vec![REFUSED]).await
        }
        Err(error) => Err(visit.visit.stop_for(error)),
    }
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /vault/passkeys/forget`
pub(super) async fn forget(
    visit: HolderVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let owner = owner(&visit)?;
    need(&visit, vaults::forget_passkeys(visit.visit.app.operations(), owner).await)?;
    Ok(see_other(&format!("/vault/passkeys?notice={}", Notice::Saved.code())))
}
