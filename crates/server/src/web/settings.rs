//! The visitor's own page; language and theme, which everybody may choose.

use axum::Form;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use money::Currency;
use operations::holders;
use pages::form::{Problem, Trouble};
use pages::frame::{Notice, Theme};
use pages::locale::Locale;
use pages::settings::Settings;
use records::principals::{self, Principal, Profile, Role};
use serde::Deserialize;
use wallet::ids::HolderId;

use super::own_form::OwnForm;
use super::sign_in::{self, mend};
use super::stop::Stop;
use super::visit::{
    HolderVisit, LANGUAGE_COOKIE, MemberVisit, THEME_COOKIE, Visit, own_path, page, page_with_problems,
    see_other,
};
use super::{amounts, describe};

/// How long a browser keeps the choice: one year.
const CHOICE_SECONDS: u32 = 365 * 86_400;

#[derive(Deserialize)]
pub(super) struct LanguageForm {
    language: String,
    #[serde(default)]
    return_to: String,
}

/// `POST /settings/language`
pub(super) async fn language(visit: Visit, Form(form): Form<LanguageForm>) -> Result<Response, Stop> {
    let locale = Locale::from_tag(&form.language).unwrap_or(visit.locale);
    if let Some(member) = &visit.member {
        let (id, language, now) = (member.principal.id, sign_in::language(locale), visit.app.now());
        let written =
            visit.app.records().write(move |sql| principals::set_language(sql, id, language, now)).await;
        visit.need_records(written)?;
        visit.app.operations().forget_holder(HolderId::new(id.bits()));
    }
    Ok(kept(LANGUAGE_COOKIE, locale.tag(), &form.return_to))
}

#[derive(Deserialize)]
pub(super) struct ThemeForm {
    theme: String,
    #[serde(default)]
    return_to: String,
}

/// `POST /settings/theme`
pub(super) async fn theme(visit: Visit, Form(form): Form<ThemeForm>) -> Result<Response, Stop> {
    let theme = Theme::from_code(&form.theme).unwrap_or(visit.theme);
    if let Some(member) = &visit.member {
        let (id, theme, now) = (member.principal.id, sign_in::theme(theme), visit.app.now());
        let written = visit.app.records().write(move |sql| principals::set_theme(sql, id, theme, now)).await;
        visit.need_records(written)?;
        visit.app.operations().forget_holder(HolderId::new(id.bits()));
    }
    Ok(kept(THEME_COOKIE, theme.code(), &form.return_to))
}

fn kept(name: &str, value: &str, return_to: &str) -> Response {
    ([(SET_COOKIE, choice_cookie(name, value))], see_other(own_path(return_to))).into_response()
}

/// A cookie that keeps a choice. `value` is one of our own words.
pub(super) fn choice_cookie(name: &str, value: &str) -> HeaderValue {
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={CHOICE_SECONDS}");
    HeaderValue::try_from(text).expect("names and values are our own words, all visible ASCII")
}

/// `GET /settings`
pub(super) async fn show(member: MemberVisit) -> Result<Response, Stop> {
    let MemberVisit { visit, .. } = member;
    let Some(principal) = visit.member.as_ref().map(|member| member.principal.clone()) else {
        return Ok(see_other("/login"));
    };
    let view = view(&visit, &principal).await?;
    Ok(page(pages::settings::settings(&visit.frame(), &view)))
}

async fn view(visit: &Visit, principal: &Principal) -> Result<Settings, Stop> {
    let mut view = Settings {
        login: principal.login.clone(),
        display_name: describe::own_name(visit.locale, principal),
        phone: principal.phone.clone().unwrap_or_default(),
        ..Settings::default()
    };
    if principal.role == Role::Holder {
        let wallets = amounts::wallets(visit, HolderId::new(principal.id.bits())).await?;
        view.wallets = wallets.iter().map(|wallet| wallet.currency).collect();
        let offered = visit.app.operations().services().policy.currencies.iter().copied();
        view.offered = offered.filter(|currency| !view.wallets.contains(currency)).collect();
    }
    Ok(view)
}

#[derive(Deserialize)]
pub(super) struct ProfileForm {
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    phone: String,
}

/// `POST /settings/profile`
pub(super) async fn profile(
    holder: HolderVisit,
    OwnForm(form): OwnForm<ProfileForm>,
) -> Result<Response, Stop> {
    let HolderVisit { visit, holder } = holder;
    let Some(before) = visit.member.as_ref().map(|member| member.principal.clone()) else {
        return Ok(see_other("/login"));
    };
    let change = changed(&visit, &before, &form);
    match holders::change_profile(visit.app.operations(), holder, change).await {
        Ok(()) => Ok(see_other(&format!("/settings?notice={}", Notice::Saved.code()))),
        Err(error) => {
            let problems = vec![mend(&visit, error)?];
            let view = Settings {
                display_name: form.display_name,
                phone: form.phone,
                problems,
                ..view(&visit, &before).await?
            };
            Ok(page_with_problems(pages::settings::settings(&visit.frame(), &view)))
        }
    }
}

/// The profile after the form. The name that was shown is the one that changes: the Latin one on English pages, where
/// there is one.
fn changed(visit: &Visit, before: &Principal, form: &ProfileForm) -> Profile {
    let typed = form.display_name.trim().to_owned();
    let latin_shown = visit.locale == Locale::En && before.latin_name.is_some();
    let (name, latin_name) =
        if latin_shown { (before.name.clone(), Some(typed)) } else { (typed, before.latin_name.clone()) };
    let phone = form.phone.trim();
    Profile {
        phone: (!phone.is_empty()).then(|| phone.to_owned()),
        name,
        latin_name,
        language: before.language,
        theme: before.theme,
    }
}

#[derive(Deserialize)]
pub(super) struct WalletForm {
    #[serde(default)]
    currency: String,
}

/// `POST /settings/wallets`
pub(super) async fn open_wallet(
    holder: HolderVisit,
    OwnForm(form): OwnForm<WalletForm>,
) -> Result<Response, Stop> {
    let HolderVisit { visit, holder } = holder;
    let refused = Problem { field: "currency", trouble: Trouble::Refused };
    let problem = match Currency::from_code(&form.currency) {
        Err(_) => refused,
        Ok(currency) => match holders::open_wallet(visit.app.operations(), holder, currency).await {
            Ok(()) => return Ok(see_other(&format!("/home?notice={}", Notice::WalletOpened.code()))),
            Err(error) => mend(&visit, error).map(|problem| Problem { field: "currency", ..problem })?,
        },
    };
    let Some(principal) = visit.member.as_ref().map(|member| &member.principal) else {
        return Ok(see_other("/login"));
    };
    let view = Settings { problems: vec![problem], ..view(&visit, principal).await? };
    Ok(page_with_problems(pages::settings::settings(&visit.frame(), &view)))
}
