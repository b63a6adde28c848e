//! The vault of the caller. Opened for a session and locked after five idle minutes.

use std::collections::BTreeMap;

use ::vault::item::{Field, Item, ItemError, Kind};
use ::vault::profile::{BadSet, ProfileSet};
use ::vault::{ecml, vcard};
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use operations::vaults::{self, Content, Kept, Order, Owner, VaultState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wallet::ids::VaultItemId;

use super::refusals::{Change, LockableRead, Read, Write};
use crate::App;
use crate::auth::{Holder, LoggedIn, vault_pin};
use crate::fields::{AnyId, Id, Secret, Text};
use crate::json::{self, Body};
use crate::problem::Problem;
use crate::request::{PathId, Query};
use crate::rfc3339;

/// A holder with a session: an API key opens no vault.
pub(super) struct VaultOwner(Owner);

impl FromRequestParts<App> for VaultOwner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let holder = Holder::from_request_parts(parts, app).await?;
        let logged_in = LoggedIn::from_request_parts(parts, app).await?;
        Ok(Self(Owner { holder: holder.id, session: logged_in.session }))
    }
}

/// Whether there is a vault, and whether it is open in this session.
#[derive(Serialize, ToSchema)]
pub(super) struct VaultView {
    /// `missing`, `locked` or `open`.
    #[schema(example = "locked")]
    state: &'static str,
}

/// The state of your vault.
#[utoipa::path(
    get, path = "/api/v1/vault", tag = "Vault", security(("session" = [])),
    responses((status = 200, description = "Its state", body = VaultView), Read)
)]
pub(super) async fn show(State(app): State<App>, VaultOwner(owner): VaultOwner) -> Result<Response, Problem> {
    let state = match vaults::state(app.operations(), owner).await? {
        VaultState::Missing => "missing",
        VaultState::Locked => "locked",
        VaultState::Open => "open",
    };
    Ok(json::ok(&VaultView { state }))
}

/// The PIN of a vault.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VaultPin {
    #[schema(value_type = String, min_length = 6, max_length = 64, format = Password)]
    pin: Secret,
}

/// A vault just made.
#[derive(Serialize, ToSchema)]
pub(super) struct CreatedVault {
    /// Wipes the vault; shown this once.
    reset_code: String,
}

/// Make your vault and open it.
#[utoipa::path(
    post, path = "/api/v1/vault", tag = "Vault", security(("session" = [])), request_body = VaultPin,
    responses((status = 201, description = "Made and open", body = CreatedVault), Write)
)]
pub(super) async fn create(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Body(body): Body<VaultPin>,
) -> Result<Response, Problem> {
    let reset_code = vault_pin::create(&app, owner, body.pin).await??;
    Ok(json::created(&CreatedVault { reset_code }))
}

/// Open your vault in this session.
#[utoipa::path(
    post, path = "/api/v1/vault/opening", tag = "Vault", security(("session" = [])), request_body = VaultPin,
    responses((status = 204, description = "Open"), Write)
)]
pub(super) async fn open(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Body(body): Body<VaultPin>,
) -> Result<StatusCode, Problem> {
    vault_pin::open(&app, owner, body.pin).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Lock your vault in this session.
#[utoipa::path(
    delete, path = "/api/v1/vault/opening", tag = "Vault", security(("session" = [])),
    responses((status = 204, description = "Locked"), Change)
)]
pub(super) async fn lock(State(app): State<App>, VaultOwner(owner): VaultOwner) -> StatusCode {
    vaults::lock(app.operations(), owner.session);
    StatusCode::NO_CONTENT
}

/// The old and the new PIN.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VaultPinChange {
    #[schema(value_type = String, min_length = 6, max_length = 64, format = Password)]
    pin: Secret,
    #[schema(value_type = String, min_length = 6, max_length = 64, format = Password)]
    new_pin: Secret,
}

/// Change the PIN of your vault.
#[utoipa::path(
    put, path = "/api/v1/vault/pin", tag = "Vault", security(("session" = [])), request_body = VaultPinChange,
    responses((status = 204, description = "Changed"), Write)
)]
pub(super) async fn change_pin(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Body(body): Body<VaultPinChange>,
) -> Result<StatusCode, Problem> {
    vault_pin::change(&app, owner, body.pin, body.new_pin).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// The code that was shown when the vault was made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VaultReset {
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    reset_code: Text<1, 64>,
}

/// Wipe your vault.
#[utoipa::path(
    post, path = "/api/v1/vault/reset", tag = "Vault", security(("session" = [])), request_body = VaultReset,
    responses((status = 204, description = "Wiped"), Write)
)]
pub(super) async fn reset(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Body(body): Body<VaultReset>,
) -> Result<StatusCode, Problem> {
    vaults::reset(app.operations(), owner, body.reset_code.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An item to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VaultItemOrder {
    /// `payment`, `loyalty`, `access`, `user_info`, `address`, `ticket`, `receipt` or `note`.
    #[schema(value_type = String, example = "note")]
    kind: Text<1, 20>,
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    name: Text<1, 80>,
    /// What its fields say, such as `{"city": "青柳镇"}`; each kind has its own.
    fields: Option<BTreeMap<String, String>>,
    /// Free words, up to 10,000 characters.
    words: Option<String>,
    /// The version that this changes; left out for a new item.
    version: Option<u32>,
}

impl VaultItemOrder {
    fn content(&self) -> Result<Content, Problem> {
        let kind = Kind::from_code(self.kind.as_str())
            .ok_or_else(|| Problem::invalid("kind", "there is no such kind"))?;
        let mut fields = Vec::new();
        for (name, value) in self.fields.iter().flatten() {
            let field = Field::from_code(name)
                .ok_or_else(|| Problem::invalid("fields", format!("there is no field {name}")))?;
            fields.push((field, value.clone()));
        }
        let words = self.words.as_deref().unwrap_or_default();
        let item = Item::new(kind, self.name.as_str(), &fields, words).map_err(|error| match error {
            ItemError::Name => Problem::invalid("name", "the name is empty, too long, or not one line"),
            ItemError::Field(field) => {
                let detail = format!("{} is no field of this kind, too long, or not one line", field.code());
                Problem::invalid("fields", detail)
            }
            ItemError::Words => {
                Problem::invalid("words", "the words are too long or have control characters")
            }
        })?;
        Ok(Content::Item(item))
    }
}

/// One item or profile set.
#[derive(Serialize, ToSchema)]
pub(super) struct VaultItemView {
    #[schema(value_type = AnyId)]
    id: Id<VaultItemId>,
    /// As for adding one; `set` for a profile set.
    kind: &'static str,
    name: String,
    fields: BTreeMap<&'static str, String>,
    words: String,
    /// The cards of a profile set.
    #[schema(value_type = Vec<AnyId>)]
    cards: Vec<Id<VaultItemId>>,
    version: u32,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Kept> for VaultItemView {
    fn from(kept: Kept) -> Self {
        let (kind, name, fields, words, cards) = match kept.content {
            Content::Item(item) => {
                let fields = item.fields.into_iter().map(|(field, value)| (field.code(), value)).collect();
                (item.kind.code(), item.name, fields, item.words, Vec::new())
            }
            Content::Set(set) => {
                let cards = set.cards.into_iter().map(|card| Id(VaultItemId::new(card))).collect();
                ("set", set.name, BTreeMap::new(), String::new(), cards)
            }
        };
        Self {
            id: Id(kept.id),
            kind,
            name,
            fields,
            words,
            cards,
            version: kept.version,
            created_at: rfc3339::format(kept.created_at),
            updated_at: rfc3339::format(kept.updated_at),
        }
    }
}

/// What is in the vault.
#[derive(Serialize, ToSchema)]
pub(super) struct VaultItems {
    items: Vec<VaultItemView>,
}

/// The order of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VaultListQuery {
    /// `name`, or `date` for what changed last first.
    sort: Option<String>,
}

/// List what is in your vault.
#[utoipa::path(
    get, path = "/api/v1/vault/items", tag = "Vault", security(("session" = [])), params(VaultListQuery),
    responses((status = 200, description = "Everything", body = VaultItems), LockableRead)
)]
pub(super) async fn list(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Query(query): Query<VaultListQuery>,
) -> Result<Response, Problem> {
    let order = match query.sort.as_deref() {
        None | Some("name") => Order::Name,
        Some("date") => Order::Date,
        Some(_) => return Err(Problem::invalid("sort", "sort by `name` or `date`")),
    };
    let kept = vaults::list(app.operations(), owner, order).await?;
    Ok(json::ok(&VaultItems { items: kept.into_iter().map(VaultItemView::from).collect() }))
}

/// The id of what was added.
#[derive(Serialize, ToSchema)]
pub(super) struct AddedItem {
    #[schema(value_type = AnyId)]
    id: Id<VaultItemId>,
}

/// Add an item.
#[utoipa::path(
    post, path = "/api/v1/vault/items", tag = "Vault", security(("session" = [])), request_body = VaultItemOrder,
    responses((status = 201, description = "Added", body = AddedItem), Write)
)]
pub(super) async fn add(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Body(body): Body<VaultItemOrder>,
) -> Result<Response, Problem> {
    let id = vaults::add(app.operations(), owner, &body.content()?).await?;
    Ok(json::created(&AddedItem { id: Id(id) }))
}

/// Show an item.
#[utoipa::path(
    get, path = "/api/v1/vault/items/{id}", tag = "Vault", security(("session" = [])),
    params(("id" = AnyId, Path, description = "The item")),
    responses((status = 200, description = "The item", body = VaultItemView), LockableRead)
)]
pub(super) async fn show_item(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    PathId(id): PathId<VaultItemId>,
) -> Result<Response, Problem> {
    Ok(json::ok(&VaultItemView::from(vaults::get(app.operations(), owner, id).await?)))
}

/// Change an item.
#[utoipa::path(
    put, path = "/api/v1/vault/items/{id}", tag = "Vault", security(("session" = [])), request_body = VaultItemOrder,
    params(("id" = AnyId, Path, description = "The item")),
    responses((status = 204, description = "Changed"), Write)
)]
pub(super) async fn change(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    PathId(id): PathId<VaultItemId>,
    Body(body): Body<VaultItemOrder>,
) -> Result<StatusCode, Problem> {
    let version = body.version.ok_or_else(|| Problem::invalid("version", "say which version you change"))?;
    vaults::change(app.operations(), owner, (id, version), &body.content()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete an item.
#[utoipa::path(
    delete, path = "/api/v1/vault/items/{id}", tag = "Vault", security(("session" = [])),
    params(("id" = AnyId, Path, description = "The item")),
    responses((status = 204, description = "Deleted"), Change)
)]
pub(super) async fn remove(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    PathId(id): PathId<VaultItemId>,
) -> Result<StatusCode, Problem> {
    vaults::remove(app.operations(), owner, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A profile set to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileSetOrder {
    #[schema(value_type = String, min_length = 1, max_length = 80)]
    name: Text<1, 80>,
    /// One to ten items of the kinds `payment`, `user_info` and `address`.
    #[schema(value_type = Vec<AnyId>, min_items = 1, max_items = 10)]
    cards: Vec<Id<VaultItemId>>,
}

/// Add a profile set.
#[utoipa::path(
    post, path = "/api/v1/vault/sets", tag = "Vault", security(("session" = [])), request_body = ProfileSetOrder,
    responses((status = 201, description = "Added", body = AddedItem), Write)
)]
pub(super) async fn add_set(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Body(body): Body<ProfileSetOrder>,
) -> Result<Response, Problem> {
    let cards: Vec<u128> = body.cards.iter().map(|card| card.0.bits()).collect();
    let set = ProfileSet::new(body.name.as_str(), &cards).map_err(|bad| match bad {
        BadSet::Name => Problem::invalid("name", "the name is empty, too long, or not one line"),
        BadSet::Cards => Problem::invalid("cards", "a set has one to ten cards"),
    })?;
    let id = vaults::add(app.operations(), owner, &Content::Set(set)).await?;
    Ok(json::created(&AddedItem { id: Id(id) }))
}

/// What to export, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VaultExportQuery {
    /// `ecml` (ECML v2, RFC 4112) or `vcard` (vCard 4.0, RFC 6350).
    format: String,
    /// The profile set; every card where left out.
    set: Option<String>,
}

/// Export a profile.
#[utoipa::path(
    get, path = "/api/v1/vault/export", tag = "Vault", security(("session" = [])), params(VaultExportQuery),
    responses(
        (status = 200, description = "The profile", content((String = "application/xml"), (String = "text/vcard"))),
        LockableRead
    )
)]
pub(super) async fn export(
    State(app): State<App>,
    VaultOwner(owner): VaultOwner,
    Query(query): Query<VaultExportQuery>,
) -> Result<Response, Problem> {
    let set = match query.set.as_deref() {
        None => None,
        Some(text) => {
            Some(crate::fields::parse_id(text).ok_or_else(|| Problem::invalid("set", "not an id"))?)
        }
    };
    let (content_type, written): (_, fn(&::vault::profile::Profile) -> String) = match query.format.as_str() {
        "ecml" => ("application/xml; charset=utf-8", ecml::export),
        "vcard" => ("text/vcard; charset=utf-8", vcard::export),
        _ => return Err(Problem::invalid("format", "export as `ecml` or `vcard`")),
    };
    let profile = vaults::profile(app.operations(), owner, set).await?;
    Ok(([(CONTENT_TYPE, content_type)], written(&profile)).into_response())
}
