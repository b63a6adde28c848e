//! The vault: create, open, lock, list, add, change, export.

use std::collections::HashMap;

use ::vault::item::{Field, Item, ItemError, Kind};
use ::vault::profile::{BadSet, ProfileSet};
use ::vault::{ecml, vcard};
use axum::extract::Query;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, REFRESH};
use axum::response::{IntoResponse, Response};
use operations::vaults::{self, Content, Kept, Order, Owner, VaultState};
use operations::{OperationError, VaultRefusal};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::vault::{Card, Contents, Entry, ItemForm, ItemView, OrderForm, SetForm, Shown};
use serde::Deserialize;
use wallet::ids::VaultItemId;

use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::problem_of;
use super::vault_passkey;
use super::visit::{HolderVisit, page, page_with_problems, see_other};
use crate::auth::{Site, vault_pin};
use crate::fields::{Secret, parse_id};
use crate::request::PathId;

/// A page of an open vault goes away by itself when the vault locks.
const LOCKS: HeaderValue = HeaderValue::from_static("301; url=/vault");
/// What a field says beyond this is not read: an item refuses it anyway.
const TOO_LONG: u16 = 200;

pub(super) fn owner(visit: &HolderVisit) -> Result<Owner, Stop> {
    let member = visit.visit.member.as_ref();
    let session = member.and_then(|member| member.caller.session());
    let (_, session) = session.ok_or_else(|| visit.visit.stop(Fault::Forbidden))?;
    Ok(Owner { holder: visit.holder, session })
}

/// A page that shows what is in the vault.
fn secret(response: Response) -> Response {
    ([(REFRESH, LOCKS)], response).into_response()
}

/// The result; or the page where the vault is opened, where it has locked in the meantime.
pub(super) fn need<T>(visit: &HolderVisit, result: Result<T, OperationError>) -> Result<T, Stop> {
    result.map_err(|error| match error {
        OperationError::Vault(VaultRefusal::Locked | VaultRefusal::Missing) => {
            Stop::from(see_other("/vault"))
        }
        OperationError::Vault(VaultRefusal::NoItem) => visit.visit.stop(Fault::NotFound),
        other => visit.visit.stop_for(other),
    })
}

#[derive(Deserialize, Default)]
pub(super) struct ListQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    sort: String,
}

/// `GET /vault`
pub(super) async fn show(
    visit: HolderVisit,
    site: Site,
    Query(query): Query<ListQuery>,
) -> Result<Response, Stop> {
    let (owner, operations) = (owner(&visit)?, visit.visit.app.operations());
    let frame = visit.visit.frame();
    match visit.visit.need(vaults::state(operations, owner).await)? {
        VaultState::Missing => return Ok(page(pages::vault::create(&frame, &[]))),
        VaultState::Locked => return vault_passkey::locked(&visit, &site, Vec::new()).await,
        VaultState::Open => {}
    }
    let (kind, by_date) = (Kind::from_code(&query.kind), query.sort == "date");
    let order = if by_date { Order::Date } else { Order::Name };
    let kept = need(&visit, vaults::list(operations, owner, order).await)?;
    let shown = kept.iter().filter(|kept| vaults::is_of(&kept.content, kind));
    let view = Contents { entries: shown.map(entry).collect(), kind, by_date };
    Ok(secret(page(pages::vault::contents(&frame, &view))))
}

fn entry(kept: &Kept) -> Entry {
    let kind = match &kept.content {
        Content::Item(item) => Some(item.kind),
        Content::Set(_) => None,
    };
    Entry { id: kept.id, kind, name: kept.content.name().to_owned(), at: kept.updated_at }
}

#[derive(Deserialize)]
pub(super) struct PinForm {
    #[serde(default = "nothing")]
    pin: Secret,
    #[serde(default = "nothing")]
    new_pin: Secret,
    #[serde(default = "nothing")]
    pin_again: Secret,
}

fn nothing() -> Secret {
    Secret::from(String::new())
}

/// Words for a refusal, or the page of a fault.
fn told(visit: &HolderVisit, error: OperationError) -> Result<Problem, Stop> {
    problem_of(error).ok_or_else(|| visit.visit.stop_for(error))
}

/// `POST /vault/create`
pub(super) async fn create(visit: HolderVisit, OwnForm(form): OwnForm<PinForm>) -> Result<Response, Stop> {
    let owner = owner(&visit)?;
    let frame = visit.visit.frame();
    if form.pin.expose() != form.pin_again.expose() {
        let problem = Problem { field: "pin_again", trouble: Trouble::VaultPinsDiffer };
        return Ok(page_with_problems(pages::vault::create(&frame, &[problem])));
    }
    match vault_pin::create(&visit.visit.app, owner, form.pin).await? {
        Ok(code) => Ok(page(pages::vault::created(&frame, &code))),
        Err(error) => {
            let problem = told(&visit, error)?;
            Ok(page_with_problems(pages::vault::create(&frame, &[problem])))
        }
    }
}

/// `POST /vault/open`
pub(super) async fn open(
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<PinForm>,
) -> Result<Response, Stop> {
    match vault_pin::open(&visit.visit.app, owner(&visit)?, form.pin).await? {
        Ok(()) | Err(OperationError::Vault(VaultRefusal::Missing)) => Ok(see_other("/vault")),
        Err(error) => {
            let problem = told(&visit, error)?;
            vault_passkey::locked(&visit, &site, vec![problem]).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST /vault/lock`
pub(super) async fn lock(
    visit: HolderVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    vaults::lock(visit.visit.app.operations(), owner(&visit)?.session);
    Ok(see_other("/vault"))
}

#[derive(Deserialize)]
pub(super) struct ResetForm {
    #[serde(default)]
    reset_code: String,
}

/// `POST /vault/reset`
pub(super) async fn reset(
    visit: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<ResetForm>,
) -> Result<Response, Stop> {
    let owner = owner(&visit)?;
    match vaults::reset(visit.visit.app.operations(), owner, &form.reset_code).await {
        Ok(()) | Err(OperationError::Vault(VaultRefusal::Missing)) => Ok(see_other("/vault")),
        Err(error) => {
            let problem = Problem { field: "reset_code", ..told(&visit, error)? };
            vault_passkey::locked(&visit, &site, vec![problem]).await
        }
    }
}

/// `GET /vault/pin`
pub(super) async fn show_pin(visit: HolderVisit) -> Response {
    page(pages::vault::change_pin(&visit.visit.frame(), &[]))
}

/// `POST /vault/pin`
pub(super) async fn change_pin(
    visit: HolderVisit,
    OwnForm(form): OwnForm<PinForm>,
) -> Result<Response, Stop> {
    let owner = owner(&visit)?;
    let frame = visit.visit.frame();
    if form.new_pin.expose() != form.pin_again.expose() {
        let problem = Problem { field: "pin_again", trouble: Trouble::VaultPinsDiffer };
        return Ok(page_with_problems(pages::vault::change_pin(&frame, &[problem])));
    }
    match vault_pin::change(&visit.visit.app, owner, form.pin, form.new_pin).await? {
        Ok(()) | Err(OperationError::Vault(VaultRefusal::Missing)) => Ok(see_other("/vault?notice=saved")),
        Err(error) => {
            let mut problem = told(&visit, error)?;
            if error == OperationError::Vault(VaultRefusal::WeakPin) {
                problem.field = "new_pin";
            }
            Ok(page_with_problems(pages::vault::change_pin(&frame, &[problem])))
        }
    }
}

/// `GET /vault/new?kind=`
pub(super) async fn show_new(visit: HolderVisit, Query(query): Query<ListQuery>) -> Result<Response, Stop> {
    opened(&visit).await?;
    let kind = Kind::from_code(&query.kind).ok_or_else(|| visit.visit.stop(Fault::NotFound))?;
    let view = ItemForm {
        edits: None,
        kind,
        name: String::new(),
        fields: Vec::new(),
        words: String::new(),
        problems: Vec::new(),
    };
    Ok(secret(page(pages::vault::item_form(&visit.visit.frame(), &view))))
}

/// Goes on only where the vault is open.
async fn opened(visit: &HolderVisit) -> Result<Owner, Stop> {
    let owner = owner(visit)?;
    match visit.visit.need(vaults::state(visit.visit.app.operations(), owner).await)? {
        VaultState::Open => Ok(owner),
        VaultState::Missing | VaultState::Locked => Err(Stop::from(see_other("/vault"))),
    }
}

/// The fields of an item's form, by name.
type Typed = HashMap<String, String>;

fn typed<'a>(form: &'a Typed, name: &str) -> &'a str {
    form.get(name).map_or("", String::as_str)
}

/// The item that a form describes, or the form with what is wrong.
fn read_item(form: &Typed, edits: Option<(VaultItemId, u32)>) -> Option<Result<Item, ItemForm>> {
    let kind = Kind::from_code(typed(form, "kind"))?;
    let fields: Vec<(Field, String)> =
        kind.fields().iter().map(|field| (*field, typed(form, field.code()).to_owned())).collect();
    let (name, words) = (typed(form, "name"), typed(form, "words"));
    let problem = match Item::new(kind, name, &fields, words) {
        Ok(item) => return Some(Ok(item)),
        Err(ItemError::Name) if name.trim().is_empty() => ("name", Trouble::Missing),
        Err(ItemError::Name) => ("name", Trouble::TooLong(80)),
        Err(ItemError::Field(field)) => (field.code(), Trouble::TooLong(TOO_LONG)),
        Err(ItemError::Words) => ("words", Trouble::VaultField),
    };
    let problems = vec![Problem { field: problem.0, trouble: problem.1 }];
    let (name, words) = (name.to_owned(), words.to_owned());
    Some(Err(ItemForm { edits, kind, name, fields, words, problems }))
}

/// `POST /vault/items`
pub(super) async fn add(visit: HolderVisit, OwnForm(form): OwnForm<Typed>) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    let item = read_item(&form, None).ok_or_else(|| visit.visit.stop(Fault::BadRequest))?;
    let item = match item {
        Ok(item) => item,
        Err(view) => return Ok(page_with_problems(pages::vault::item_form(&visit.visit.frame(), &view))),
    };
    let content = Content::Item(item);
    match vaults::add(visit.visit.app.operations(), owner, &content).await {
        Ok(id) => Ok(see_other(&format!("/vault/items/{id}?notice=saved"))),
        Err(error @ OperationError::Vault(VaultRefusal::Full)) => {
            let Content::Item(item) = content else { return Err(visit.visit.stop(Fault::Internal)) };
            let view = form_of(item, None, vec![told(&visit, error)?]);
            Ok(page_with_problems(pages::vault::item_form(&visit.visit.frame(), &view)))
        }
        Err(error) => need(&visit, Err(error)),
    }
}

fn form_of(item: Item, edits: Option<(VaultItemId, u32)>, problems: Vec<Problem>) -> ItemForm {
    ItemForm { edits, kind: item.kind, name: item.name, fields: item.fields, words: item.words, problems }
}

/// `GET /vault/items/{id}`
pub(super) async fn show_item(PathId(id): PathId<VaultItemId>, visit: HolderVisit) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    let all = need(&visit, vaults::list(visit.visit.app.operations(), owner, Order::Name).await)?;
    let kept = all.iter().find(|kept| kept.id == id).ok_or_else(|| visit.visit.stop(Fault::NotFound))?;
    let shown = match &kept.content {
        Content::Item(item) => Shown::Item(item.clone()),
        Content::Set(set) => {
            let cards = all.iter().filter(|kept| set.cards.contains(&kept.id.bits()));
            Shown::Set { name: set.name.clone(), cards: cards.map(entry).collect() }
        }
    };
    let view = ItemView { id, shown, created_at: kept.created_at, updated_at: kept.updated_at };
    Ok(secret(page(pages::vault::item(&visit.visit.frame(), &view))))
}

/// `GET /vault/items/{id}/edit`
pub(super) async fn show_edit(PathId(id): PathId<VaultItemId>, visit: HolderVisit) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    let kept = need(&visit, vaults::get(visit.visit.app.operations(), owner, id).await)?;
    let edits = Some((id, kept.version));
    match kept.content {
        Content::Item(item) => {
            let view = form_of(item, edits, Vec::new());
            Ok(secret(page(pages::vault::item_form(&visit.visit.frame(), &view))))
        }
        Content::Set(set) => {
            let view = set_view(&visit, owner, edits, (&set.name, &set.cards)).await?;
            Ok(secret(page(pages::vault::set_form(&visit.visit.frame(), &view))))
        }
    }
}

fn version(form: &Typed, visit: &HolderVisit) -> Result<u32, Stop> {
    typed(form, "version").parse().map_err(|_| visit.visit.stop(Fault::BadRequest))
}

/// `POST /vault/items/{id}`
pub(super) async fn change(
    PathId(id): PathId<VaultItemId>,
    visit: HolderVisit,
    OwnForm(form): OwnForm<Typed>,
) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    let edits = (id, version(&form, &visit)?);
    let item = read_item(&form, Some(edits)).ok_or_else(|| visit.visit.stop(Fault::BadRequest))?;
    let item = match item {
        Ok(item) => item,
        Err(view) => return Ok(page_with_problems(pages::vault::item_form(&visit.visit.frame(), &view))),
    };
    let content = Content::Item(item.clone());
    match vaults::change(visit.visit.app.operations(), owner, edits, &content).await {
        Ok(()) => Ok(see_other(&format!("/vault/items/{id}?notice=saved"))),
        Err(error @ OperationError::Vault(VaultRefusal::Changed)) => {
            let view = form_of(item, Some(edits), vec![told(&visit, error)?]);
            Ok(page_with_problems(pages::vault::item_form(&visit.visit.frame(), &view)))
        }
        Err(error) => need(&visit, Err(error)),
    }
}

/// `POST /vault/items/{id}/copy`
pub(super) async fn copy(
    PathId(id): PathId<VaultItemId>,
    visit: HolderVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    let operations = visit.visit.app.operations();
    let kept = need(&visit, vaults::get(operations, owner, id).await)?;
    let new = need(&visit, vaults::add(operations, owner, &kept.content).await)?;
    Ok(see_other(&format!("/vault/items/{new}/edit")))
}

/// `POST /vault/items/{id}/delete`
pub(super) async fn remove(
    PathId(id): PathId<VaultItemId>,
    visit: HolderVisit,
    OwnForm(Nothing {}): OwnForm<Nothing>,
) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    match vaults::remove(visit.visit.app.operations(), owner, id).await {
        Ok(()) | Err(OperationError::Vault(VaultRefusal::NoItem)) => Ok(see_other("/vault?notice=saved")),
        Err(error) => need(&visit, Err(error)),
    }
}

async fn set_view(
    visit: &HolderVisit,
    owner: Owner,
    edits: Option<(VaultItemId, u32)>,
    (name, chosen): (&str, &[u128]),
) -> Result<SetForm, Stop> {
    let all = need(visit, vaults::list(visit.visit.app.operations(), owner, Order::Name).await)?;
    let fits = |kept: &&Kept| matches!(&kept.content, Content::Item(item) if item.kind.is_card_of_profile());
    let cards = all.iter().filter(fits);
    let card = |kept: &Kept| Card { entry: entry(kept), chosen: chosen.contains(&kept.id.bits()) };
    Ok(SetForm { edits, name: name.to_owned(), cards: cards.map(card).collect(), problems: Vec::new() })
}

/// `GET /vault/new-set`
pub(super) async fn show_new_set(visit: HolderVisit) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    let view = set_view(&visit, owner, None, ("", &[])).await?;
    Ok(secret(page(pages::vault::set_form(&visit.visit.frame(), &view))))
}

/// `POST /vault/sets`
pub(super) async fn add_set(visit: HolderVisit, OwnForm(form): OwnForm<Typed>) -> Result<Response, Stop> {
    save_set(&visit, None, &form).await
}

/// `POST /vault/sets/{id}`
pub(super) async fn change_set(
    PathId(id): PathId<VaultItemId>,
    visit: HolderVisit,
    OwnForm(form): OwnForm<Typed>,
) -> Result<Response, Stop> {
    let edits = (id, version(&form, &visit)?);
    save_set(&visit, Some(edits), &form).await
}

async fn save_set(
    visit: &HolderVisit,
    edits: Option<(VaultItemId, u32)>,
    form: &Typed,
) -> Result<Response, Stop> {
    let owner = opened(visit).await?;
    let chosen = form.keys().filter_map(|key| parse_id::<VaultItemId>(key.strip_prefix("card-")?));
    let mut cards: Vec<u128> = chosen.map(VaultItemId::bits).collect();
    cards.sort_unstable();
    let operations = visit.visit.app.operations();
    let problem = match ProfileSet::new(typed(form, "name"), &cards) {
        Ok(set) => {
            let content = Content::Set(set);
            let saved = match edits {
                Some(edits) => vaults::change(operations, owner, edits, &content).await.map(|()| edits.0),
                None => vaults::add(operations, owner, &content).await,
            };
            match saved {
                Ok(id) => return Ok(see_other(&format!("/vault/items/{id}?notice=saved"))),
                Err(error @ OperationError::Vault(VaultRefusal::Full | VaultRefusal::Changed)) => {
                    told(visit, error)?
                }
                Err(error) => return need(visit, Err(error)),
            }
        }
        Err(BadSet::Name) => Problem { field: "name", trouble: Trouble::Missing },
        Err(BadSet::Cards) => Problem { field: "cards", trouble: Trouble::VaultNoCards },
    };
    let mut view = set_view(visit, owner, edits, (typed(form, "name"), &cards)).await?;
    view.problems.push(problem);
    Ok(page_with_problems(pages::vault::set_form(&visit.visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct SetQuery {
    #[serde(default)]
    set: String,
}

/// `GET /vault/order-form?set=`
pub(super) async fn order_form(visit: HolderVisit, Query(query): Query<SetQuery>) -> Result<Response, Stop> {
    let owner = opened(&visit).await?;
    let operations = visit.visit.app.operations();
    let chosen = parse_id::<VaultItemId>(&query.set);
    let all = need(&visit, vaults::list(operations, owner, Order::Name).await)?;
    let sets = all.iter().filter(|kept| matches!(kept.content, Content::Set(_))).map(entry).collect();
    let profile = need(&visit, vaults::profile(operations, owner, chosen).await)?;
    let view = OrderForm { sets, chosen, profile };
    Ok(secret(page(pages::vault::order_form(&visit.visit.frame(), &view))))
}

/// `POST /vault/order-form`: the example shop forgets what it was told.
pub(super) async fn try_order(_: HolderVisit, OwnForm(_): OwnForm<Typed>) -> Response {
    see_other("/vault/order-form?notice=saved")
}

/// `GET /vault/export.xml?set=`
pub(super) async fn export_ecml(visit: HolderVisit, query: Query<SetQuery>) -> Result<Response, Stop> {
    export(&visit, &query.set, ("application/xml; charset=utf-8", "profile.xml"), ecml::export).await
}

/// `GET /vault/export.vcf?set=`
pub(super) async fn export_vcard(visit: HolderVisit, query: Query<SetQuery>) -> Result<Response, Stop> {
    export(&visit, &query.set, ("text/vcard; charset=utf-8", "profile.vcf"), vcard::export).await
}

async fn export(
    visit: &HolderVisit,
    set: &str,
    (content_type, file): (&'static str, &str),
    written: impl Fn(&::vault::profile::Profile) -> String,
) -> Result<Response, Stop> {
    let owner = opened(visit).await?;
    let set = parse_id::<VaultItemId>(set);
    let profile = need(visit, vaults::profile(visit.visit.app.operations(), owner, set).await)?;
    let disposition = format!("attachment; filename=\"{file}\"");
    let headers = [(CONTENT_TYPE, content_type.to_owned()), (CONTENT_DISPOSITION, disposition)];
    Ok((headers, written(&profile)).into_response())
}
