//! Registration.

use axum::extract::State;
use axum::response::Response;
use money::Currency;
use operations::holders::{self, NewHolder};
use records::principals::{self, Language, Theme};
use serde::Deserialize;
use utoipa::ToSchema;
use wallet::ids::PrincipalId;

use super::profile::{LanguageCode, ProfileView};
use super::refusals::Write;
use crate::App;
use crate::auth::check_new;
use crate::fields::{CurrencyCode, LoginName, Phone, Secret, Text};
use crate::json::{self, Body};
use crate::problem::{Problem, internal};

/// Someone who wants a wallet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    /// The name to log in with: 3 to 32 of `a-z`, `0-9`, `.`, `_`, `-`, a letter first.
    #[schema(value_type = String, example = "lilin")]
    login: LoginName,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: Secret,
    /// The name as people write it.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "李林")]
    name: Text<1, 64>,
    /// The name in Latin letters.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, example = "Li Lin")]
    latin_name: Option<Text<1, 64>>,
    #[schema(value_type = Option<String>, example = "+8613800138000")]
    phone: Option<Phone>,
    /// `zh` or `en`; `zh` where left out.
    #[schema(value_type = Option<String>, example = "zh")]
    language: Option<LanguageCode>,
    /// The currency of the first wallet; CNY where left out.
    currency: Option<CurrencyCode>,
}

/// Register.
///
/// Opens a wallet in one currency. Log in afterwards with `POST /api/v1/sessions`.
#[utoipa::path(
    post, path = "/api/v1/holders", tag = "Profile", security(()), request_body = Registration,
    responses((status = 201, description = "Registered", body = ProfileView), Write)
)]
pub(super) async fn register(
    State(app): State<App>,
    Body(body): Body<Registration>,
) -> Result<Response, Problem> {
    check_new(&body.password, body.login.as_str())?;
    let salt = app.random_bits().to_be_bytes();
    let password_hash = app.passwords().hash(body.password, salt).await?;
    let new = NewHolder {
        login: body.login.into_string(),
        phone: body.phone.map(Phone::into_string),
        name: body.name.into_string(),
        latin_name: body.latin_name.map(Text::into_string),
        language: body.language.map_or(Language::Chinese, |language| language.0),
        theme: Theme::System,
        password_hash: Some(password_hash),
        currency: body.currency.map_or(Currency::CNY, |currency| currency.0),
    };
    let id = PrincipalId::from(holders::register(app.operations(), new).await?);
    let found = app.records().read(move |sql| principals::get(sql, id)).await.map_err(internal)?;
    found.map(|principal| json::created(&ProfileView::from(principal))).ok_or_else(Problem::not_found)
}
