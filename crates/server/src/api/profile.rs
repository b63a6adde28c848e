//! The caller's own profile and password.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use records::Code;
use records::principals::{self, Language, PHONE_TAKEN, Principal, Profile, Role, Theme};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use wallet::ids::{HolderId, MerchantId, PrincipalId};

use super::refusals::{Read, Write};
use crate::App;
use crate::auth::{Caller, Device, LoggedIn, change_password};
use crate::fields::{AnyId, Id, Phone, Secret, Text};
use crate::json::{self, Body};
use crate::problem::{Kind, Problem, internal};
use crate::rfc3339;

/// A person or role that can log in.
#[derive(Serialize, ToSchema)]
pub(super) struct ProfileView {
    #[schema(value_type = AnyId)]
    id: Id<PrincipalId>,
    /// `holder`, `merchant_staff` or `operator`.
    role: &'static str,
    /// The name to log in with.
    login: String,
    /// The name as people write it.
    name: String,
    /// The name in Latin letters.
    latin_name: Option<String>,
    /// The phone number.
    phone: Option<String>,
    /// `zh` or `en`.
    language: &'static str,
    /// `system`, `light` or `dark`.
    theme: &'static str,
    /// The merchant that staff works for.
    #[schema(value_type = Option<AnyId>)]
    merchant: Option<Id<MerchantId>>,
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Principal> for ProfileView {
    fn from(principal: Principal) -> Self {
        Self {
            id: Id(principal.id),
            role: principal.role.code(),
            login: principal.login,
            name: principal.name,
            latin_name: principal.latin_name,
            phone: principal.phone,
            language: principal.language.code(),
            theme: principal.theme.code(),
            merchant: principal.merchant.map(Id),
            created_at: rfc3339::format(principal.created_at),
        }
    }
}

/// What to change; fields left out stay, `null` removes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileChange {
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    name: Option<Text<1, 64>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    latin_name: Option<Option<Text<1, 64>>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "+8613800138000")]
    phone: Option<Option<Phone>>,
    /// `zh` or `en`.
    #[schema(value_type = Option<String>, example = "zh")]
    language: Option<LanguageCode>,
    /// `system`, `light` or `dark`.
    #[schema(value_type = Option<String>, example = "dark")]
    theme: Option<ThemeCode>,
}

/// Tells `null` from a field that was left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LanguageCode(pub(super) Language);

impl<'de> Deserialize<'de> for LanguageCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Language::from_code(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("language is not zh or en"))
    }
}

#[derive(Clone, Copy, Debug)]
struct ThemeCode(Theme);

impl<'de> Deserialize<'de> for ThemeCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let theme = Theme::from_code(&text).map(Self);
        theme.ok_or_else(|| serde::de::Error::custom("theme is not system, light or dark"))
    }
}

/// A change of password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    #[schema(value_type = String, format = Password)]
    current_password: Secret,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    new_password: Secret,
}

/// See the own profile.
#[utoipa::path(
    get, path = "/api/v1/profile", tag = "Profile",
    responses((status = 200, description = "The profile", body = ProfileView), Read)
)]
pub(super) async fn show(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let id = caller.principal;
    let found = app.records().read(move |sql| principals::get(sql, id)).await.map_err(internal)?;
    found.map(|principal| json::ok(&ProfileView::from(principal))).ok_or_else(Problem::not_found)
}

/// Change the own profile.
#[utoipa::path(
    patch, path = "/api/v1/profile", tag = "Profile", request_body = ProfileChange,
    responses((status = 200, description = "The profile as it is now", body = ProfileView), Write)
)]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller,
    Body(change): Body<ProfileChange>,
) -> Result<Response, Problem> {
    let (id, now) = (caller.principal, app.now());
    let change = std::sync::Arc::new(change);
    let changed = app
        .records()
        .write(move |sql| {
            let Some(before) = principals::get(sql, id)? else { return Ok(None) };
            let profile = changed_profile(before, &change);
            principals::update_profile(sql, id, &profile, now)?;
            principals::get(sql, id)
        })
        .await;
    let changed = changed.map_err(|error| {
        if error.is_conflict(PHONE_TAKEN) {
            Problem::new(Kind::CONFLICT, "this phone number belongs to another account").at("phone")
        } else {
            internal(error)
        }
    })?;
    if caller.role == Role::Holder {
        app.operations().forget_holder(HolderId::new(id.bits()));
    }
    changed.map(|principal| json::ok(&ProfileView::from(principal))).ok_or_else(Problem::not_found)
}

fn changed_profile(before: Principal, change: &ProfileChange) -> Profile {
    let text = |text: &Text<1, 64>| text.as_str().to_owned();
    Profile {
        phone: change
            .phone
            .as_ref()
            .map_or(before.phone, |phone| phone.as_ref().map(|phone| phone.as_str().to_owned())),
        name: change.name.as_ref().map_or(before.name, text),
        latin_name: change.latin_name.as_ref().map_or(before.latin_name, |name| name.as_ref().map(text)),
        language: change.language.map_or(before.language, |language| language.0),
        theme: change.theme.map_or(before.theme, |theme| theme.0),
    }
}

/// Change the password.
///
/// Ends all other sessions of the caller.
#[utoipa::path(
    post, path = "/api/v1/profile/password", tag = "Profile", request_body = PasswordChange,
    responses((status = 204, description = "Changed; all other sessions have ended"), Write)
)]
pub(super) async fn change_own_password(
    State(app): State<App>,
    logged_in: LoggedIn,
    device: Device,
    Body(body): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    change_password(&app, &logged_in, body.current_password, body.new_password, &device).await?;
    Ok(StatusCode::NO_CONTENT)
}
