//! Master keys and their ceremonies.

use axum::response::Response;
use operations::OperationError;
use operations::audit_log;
use operations::duties::{self, Permission};
use operations::key_ceremony::{self, Ceremony, Opening, Purpose};
use pages::control::keys::{Custodian, Key, KeyStage, KeyView, Keys, OwnPart};
use pages::form::Problem;
use pages::frame::Notice;
use records::audit_log::AuditFilter;
use records::master_keys::MasterKeyState;
use records::principals::PrincipalStatus;
use serde::Deserialize;
use wallet::ids::{MasterKeyId, PrincipalId};

use super::audit_log::lines;
use super::{hex, mendable, name_of, own_id};
use crate::fields::{Secret, parse_id};
use crate::request::PathId;
use crate::web::describe;
use crate::web::own_form::OwnForm;
use crate::web::stop::Stop;
use crate::web::visit::{OperatorVisit, Visit, page, page_with_problems, see_other};

/// How many steps a protocol has at most.
const STEPS: u32 = 200;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CeremonyForm {
    first: String,
    second: String,
    third: String,
}

#[derive(Deserialize)]
pub(super) struct ShareForm {
    share: Secret,
}

/// `GET /operator/keys`
pub(super) async fn list(OperatorVisit { visit }: OperatorVisit) -> Result<Response, Stop> {
    let view = keys(&visit, CeremonyForm::default(), Vec::new()).await?;
    Ok(page(pages::control::keys::keys(&visit.frame(), &view)))
}

async fn keys(visit: &Visit, form: CeremonyForm, problems: Vec<Problem>) -> Result<Keys, Stop> {
    let operations = visit.app.operations();
    let mut keys = Vec::new();
    for ceremony in visit.need(key_ceremony::list(operations).await)? {
        keys.push(key(visit, &ceremony).await?);
    }
    let colleagues = visit.need(duties::colleagues(operations).await)?;
    let active = |colleague: &duties::Colleague| colleague.principal.status == PrincipalStatus::Active;
    let named = |colleague: duties::Colleague| {
        (colleague.principal.id.to_string(), describe::own_name(visit.locale, &colleague.principal))
    };
    let people = colleagues.into_iter().filter(active).map(named).collect();
    Ok(Keys { keys, people, chosen: [form.first, form.second, form.third], problems })
}

async fn key(visit: &Visit, ceremony: &Ceremony) -> Result<Key, Stop> {
    let Ceremony { key, shares, brought } = ceremony;
    let mut custodians = Vec::with_capacity(shares.len());
    for share in shares {
        custodians.push(Custodian {
            number: share.number,
            name: name_of(visit, share.custodian).await?,
            fingerprint: share.fingerprint.clone(),
            kept_at: share.kept_at,
            brought: brought.contains(&share.number),
        });
    }
    Ok(Key {
        id: key.id.to_string(),
        purpose: key.purpose.clone(),
        version: key.version,
        stage: match key.state {
            MasterKeyState::Sharing => KeyStage::Sharing,
            MasterKeyState::Shared => KeyStage::Shared,
            MasterKeyState::Open => KeyStage::Open,
            MasterKeyState::Abandoned => KeyStage::Abandoned,
        },
        check_value: key.check_value.clone(),
        begun_by: name_of(visit, key.begun_by).await?,
        begun_at: key.begun_at,
        changed_at: key.changed_at,
        custodians,
    })
}

/// `POST /operator/keys`
pub(super) async fn begin(
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<CeremonyForm>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let chosen = [&form.first, &form.second, &form.third];
    let custodians: Vec<PrincipalId> = chosen.into_iter().filter_map(|id| parse_id(id)).collect();
    match key_ceremony::begin(visit.app.operations(), who, Purpose::CardPurses, &custodians).await {
        Ok(id) => Ok(see_other(&format!("/operator/keys/{id}"))),
        Err(error) => {
            let problem = mendable(&visit, error)?;
            let view = keys(&visit, form, vec![problem]).await?;
            Ok(page_with_problems(pages::control::keys::keys(&visit.frame(), &view)))
        }
    }
}

/// `GET /operator/keys/{id}`
pub(super) async fn show(
    PathId(id): PathId<MasterKeyId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let view = view(&visit, id, Vec::new()).await?;
    Ok(page(pages::control::keys::key(&visit.frame(), &view)))
}

async fn view(visit: &Visit, id: MasterKeyId, problems: Vec<Problem>) -> Result<KeyView, Stop> {
    let operations = visit.app.operations();
    let ceremony = visit.need(key_ceremony::get(operations, id).await)?;
    let who = own_id(visit)?;
    let may_end = visit.need(duties::of(operations, who).await)?.contains(&Permission::Keys);
    let own = own_part(visit, &ceremony, who).await?;
    Ok(KeyView { key: key(visit, &ceremony).await?, own, may_end, problems })
}

async fn own_part(visit: &Visit, ceremony: &Ceremony, who: PrincipalId) -> Result<OwnPart, Stop> {
    let Some(share) = ceremony.shares.iter().find(|share| share.custodian == who) else {
        return Ok(OwnPart::None);
    };
    Ok(match ceremony.key.state {
        MasterKeyState::Sharing if share.kept_at.is_none() => {
            match key_ceremony::own_share(visit.app.operations(), who, ceremony.key.id).await {
                Ok(text) => OwnPart::Keep(text.to_string()),
                Err(OperationError::DecidedBefore) => OwnPart::None,
                Err(error) => return Err(visit.stop_for(error)),
            }
        }
        MasterKeyState::Shared if ceremony.brought.contains(&share.number) => OwnPart::Brought,
        MasterKeyState::Shared => OwnPart::Bring,
        MasterKeyState::Sharing | MasterKeyState::Open | MasterKeyState::Abandoned => OwnPart::None,
    })
}

/// `POST /operator/keys/{id}/share`: the share that was written down, typed back.
pub(super) async fn keep_share(
    PathId(id): PathId<MasterKeyId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ShareForm>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let kept = key_ceremony::keep_share(visit.app.operations(), who, id, form.share.expose()).await;
    after(&visit, id, kept.map(|()| Notice::ShareKept)).await
}

/// `POST /operator/keys/{id}/open`: a share that was brought.
pub(super) async fn bring_share(
    PathId(id): PathId<MasterKeyId>,
    OperatorVisit { visit }: OperatorVisit,
    OwnForm(form): OwnForm<ShareForm>,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let brought = key_ceremony::bring_share(visit.app.operations(), who, id, form.share.expose()).await;
    let notice = |opening| match opening {
        Opening::Waiting => Notice::ShareBrought,
        Opening::Open => Notice::KeyOpened,
    };
    after(&visit, id, brought.map(notice)).await
}

/// `POST /operator/keys/{id}/close`
pub(super) async fn close(
    PathId(id): PathId<MasterKeyId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let closed = key_ceremony::close(visit.app.operations(), who, id).await;
    after(&visit, id, closed.map(|()| Notice::Decided)).await
}

/// `POST /operator/keys/{id}/abandon`
pub(super) async fn abandon(
    PathId(id): PathId<MasterKeyId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let who = own_id(&visit)?;
    let abandoned = key_ceremony::abandon(visit.app.operations(), who, id).await;
    after(&visit, id, abandoned.map(|()| Notice::Decided)).await
}

/// The page of the key again, with good news or with what is wrong.
async fn after(
    visit: &Visit,
    id: MasterKeyId,
    outcome: Result<Notice, OperationError>,
) -> Result<Response, Stop> {
    match outcome {
        Ok(notice) => Ok(see_other(&format!("/operator/keys/{id}?notice={}", notice.code()))),
        Err(error) => {
            let view = view(visit, id, vec![mendable(visit, error)?]).await?;
            Ok(page_with_problems(pages::control::keys::key(&visit.frame(), &view)))
        }
    }
}

/// `GET /operator/keys/{id}/protocol`
pub(super) async fn protocol(
    PathId(id): PathId<MasterKeyId>,
    OperatorVisit { visit }: OperatorVisit,
) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let ceremony = visit.need(key_ceremony::get(operations, id).await)?;
    let filter = AuditFilter { action: "key.".to_owned(), subject: id.to_string(), ..AuditFilter::default() };
    let mut entries = visit.need(audit_log::search(operations, filter, STEPS).await)?;
    entries.reverse();
    let steps = lines(&visit, entries).await?;
    let report = visit.need(audit_log::check(operations).await)?;
    let key = key(&visit, &ceremony).await?;
    let sheet = pages::control::keys::protocol(&visit.frame(), &key, &steps, &hex(&report.root));
    Ok(page(sheet))
}
