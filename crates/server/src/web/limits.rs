//! The holder's own limits, and the stop of everything.

use axum::response::Response;
use money::{Amount, Currency};
use operations::limits::{self, Limits as Wanted};
use operations::{lost_device, settings};
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use pages::limits::{Limits, Lost, WalletLimits};
use serde::Deserialize;

use super::amounts;
use super::own_form::OwnForm;
use super::stop::Stop;
use super::trouble::problem_of;
use super::visit::{HolderVisit, page, page_with_problems, see_other};
use crate::auth::{self, Evidence, LoggedIn, Place};
use crate::fields::Secret;

/// `GET /limits`
pub(super) async fn show(visit: HolderVisit) -> Result<Response, Stop> {
    let view = Limits { wallets: wallets(&visit).await?, typed: None, problems: Vec::new() };
    Ok(page(pages::limits::limits(&visit.visit.frame(), &view)))
}

async fn wallets(visit: &HolderVisit) -> Result<Vec<WalletLimits>, Stop> {
    let wallets = amounts::wallets(&visit.visit, visit.holder).await?;
    let currencies: Vec<Currency> = wallets.iter().map(|wallet| wallet.currency).collect();
    let standing = limits::standing(visit.visit.app.operations(), visit.holder, &currencies).await;
    let shown = visit.visit.need(standing)?.into_iter().map(|standing| WalletLimits {
        currency: standing.currency,
        single: standing.limits.single,
        daily: standing.limits.daily,
        left_today: standing.left_today,
        raised: standing.raised.map(|(limits, from)| (limits.single, limits.daily, from)),
    });
    Ok(shown.collect())
}

#[derive(Deserialize)]
pub(super) struct LimitsForm {
    #[serde(default)]
    currency: String,
    #[serde(default)]
    single: String,
    #[serde(default)]
    daily: String,
}

/// The limit, none where the field is empty, or what is wrong with it.
fn limit(text: &str, currency: &str, field: &'static str) -> Result<Option<Amount>, Problem> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let typed = amounts::typed(text, currency);
    typed.map(Some).map_err(|problem| Problem { field, trouble: problem.trouble })
}

/// `POST /limits`
pub(super) async fn change(visit: HolderVisit, OwnForm(form): OwnForm<LimitsForm>) -> Result<Response, Stop> {
    let Ok(currency) = Currency::from_code(&form.currency) else { return Ok(see_other("/limits")) };
    let single = limit(&form.single, &form.currency, "single");
    let daily = limit(&form.daily, &form.currency, "daily");
    let problems = match (single, daily) {
        (Ok(single), Ok(daily)) => {
            let wanted = Wanted { single, daily };
            match limits::change(visit.visit.app.operations(), visit.holder, currency, wanted).await {
                Ok(later) => {
                    let notice = if later.is_some() { Notice::LimitsLater } else { Notice::LimitsSaved };
                    return Ok(see_other(&format!("/limits?notice={}", notice.code())));
                }
                Err(error) => vec![problem_of(error).ok_or_else(|| visit.visit.stop_for(error))?],
            }
        }
        (single, daily) => [single.err(), daily.err()].into_iter().flatten().collect(),
    };
    let typed = Some((currency, form.single, form.daily));
    let view = Limits { wallets: wallets(&visit).await?, typed, problems };
    Ok(page_with_problems(pages::limits::limits(&visit.visit.frame(), &view)))
}

/// `GET /lost`
pub(super) async fn show_lost(visit: HolderVisit) -> Result<Response, Stop> {
    let view = lost(&visit, Vec::new()).await?;
    Ok(page(pages::limits::lost(&visit.visit.frame(), &view)))
}

async fn lost(visit: &HolderVisit, problems: Vec<Problem>) -> Result<Lost, Stop> {
    let settings = settings::get(visit.visit.app.operations(), visit.holder).await;
    Ok(Lost { stopped_at: visit.visit.need(settings)?.stopped_at, problems })
}

/// What the button of the page sends: nothing else stops everything.
#[derive(Deserialize)]
pub(super) struct StopForm {
    #[serde(default)]
    confirm: String,
}

/// `POST /lost/stop`
pub(super) async fn stop(
    logged_in: LoggedIn,
    visit: HolderVisit,
    OwnForm(form): OwnForm<StopForm>,
) -> Result<Response, Stop> {
    if form.confirm != "yes" {
        return Ok(see_other("/lost"));
    }
    let app = &visit.visit.app;
    visit.visit.need(lost_device::stop(app.operations(), visit.holder).await)?;
    let ended = auth::revoke_other_sessions(app, visit.holder.into(), Some(logged_in.session)).await;
    ended.map_err(|_| visit.visit.stop(pages::fault::Fault::Internal))?;
    Ok(see_other(&format!("/lost?notice={}", Notice::Stopped.code())))
}

#[derive(Deserialize)]
pub(super) struct ReleaseForm {
    #[serde(default)]
    password: String,
    /// The one-time password, where the holder has set one up.
    #[serde(default)]
    code: String,
}

/// `POST /lost/release`
pub(super) async fn release(
    logged_in: LoggedIn,
    site: auth::Site,
    device: auth::Device,
    visit: HolderVisit,
    OwnForm(form): OwnForm<ReleaseForm>,
) -> Result<Response, Stop> {
    let app = &visit.visit.app;
    let at = Place { site, device };
    let evidence = Evidence::Password(Secret::from(form.password));
    let code = Some(form.code.trim().to_owned()).filter(|code| !code.is_empty()).map(Secret::from);
    let proven = auth::authenticate_again(app, &logged_in, evidence, code, &at).await;
    if proven.is_err() {
        let problem = Problem { field: "password", trouble: Trouble::WrongPassword };
        let view = lost(&visit, vec![problem]).await?;
        return Ok(page_with_problems(pages::limits::lost(&visit.visit.frame(), &view)));
    }
    visit.visit.need(lost_device::release(app.operations(), visit.holder).await)?;
    Ok(see_other(&format!("/home?notice={}", Notice::Released.code())))
}
