//! The front page of a town: its map, what just happened, and its one-click log-ins.
//!
//! Everything but the log-ins is read from the stores: the buildings are the banks and merchants, the events are the
//! newest operations, whoever asked for them. A server without a [`TownView`] answers 404 here.

use axum::extract::{Path, Query};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use operations::history::{self, Named};
use operations::{masked, merchants};
use pages::fault::Fault;
use pages::figures;
use pages::landing::{Landing, Outing, QuickLogin, Role, TICKER_LENGTH};
use pages::town::{Bilingual, Place, PlaceKind, TownEvent};
use records::operations::{Filter, OperationKind, OperationState};
use records::principals;
use serde::{Deserialize, Serialize};
use wallet::ids::PrincipalId;

use super::describe;
use super::operator::sums;
use super::settings::choice_cookie;
use super::sign_in::{entered, first_page};
use super::stop::Stop;
use super::visit::{LANGUAGE_COOKIE, Visit, page};
use crate::auth::{Device, open_session};
use crate::json;

/// What a server of a town shows besides what its stores hold.
#[derive(Clone, Debug)]
pub struct TownView {
    /// The one-click log-ins, in the order of the page.
    pub logins: Vec<TownLogin>,
    /// Where a visitor can go besides, in the order of the page.
    pub outings: Vec<Outing>,
    /// How many people live there.
    pub holders: u32,
}

/// A one-click log-in: whoever knows the town's address may act as this principal.
#[derive(Clone, Debug)]
pub struct TownLogin {
    /// The last part of `/town/login/{who}`: letters, digits and hyphens.
    pub who: String,
    /// What the page says it is for.
    pub role: Role,
    /// The person's or shop's name.
    pub name: Bilingual,
    /// Whom the visitor becomes.
    pub principal: PrincipalId,
}

/// How many operations are looked at for pulses of the map.
const PULSES_MAX: u32 = 40;
/// The most merchants of a town.
const SHOPS_MAX: u32 = 20;

/// `GET /` of a town
pub(super) async fn landing(visit: &Visit, town: &TownView) -> Result<Response, Stop> {
    let places = places(visit).await?;
    let happened = happened(visit).await?;
    let login =
        |login: &TownLogin| QuickLogin { who: login.who.clone(), role: login.role, name: login.name.clone() };
    let view = Landing {
        latest: latest(&happened, 0),
        events: events(visit, &happened),
        sums: sums(visit).await?,
        logins: town.logins.iter().map(login).collect(),
        outings: town.outings.clone(),
        holders: u64::from(town.holders),
        places,
    };
    Ok(page(pages::landing::landing(&visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

#[derive(Serialize)]
struct Live {
    latest: u64,
    pulses: Vec<Pulse>,
    ticker: String,
    sums: String,
}

#[derive(Serialize)]
struct Pulse {
    place: String,
    amount: String,
}

/// `GET /town/live.json`: what happened since the operation `after`, and the fragments of the page that it changed.
pub(super) async fn live(visit: Visit, Query(After { after }): Query<After>) -> Result<Response, Stop> {
    if visit.app.town().is_none() {
        return Err(visit.stop(Fault::NotFound));
    }
    let places = places(&visit).await?;
    let happened = happened(&visit).await?;
    let frame = visit.frame();
    let fresh = happened.iter().rev().filter(|row| sequence(row) > after && completed(row));
    let live = Live {
        latest: latest(&happened, after),
        pulses: fresh.filter_map(pulse).collect(),
        ticker: pages::landing::ticker(&frame, &places, &events(&visit, &happened)).into_string(),
        sums: pages::landing::sums(&frame, &sums(&visit).await?).into_string(),
    };
    Ok(json::ok(&live))
}

/// `GET` and `POST /town/login/{who}`
pub(super) async fn log_in(Path(who): Path<String>, visit: Visit, device: Device) -> Result<Response, Stop> {
    let found = visit.app.town().and_then(|town| town.logins.iter().find(|login| login.who == who)).cloned();
    let login = found.ok_or_else(|| visit.stop(Fault::NotFound))?;
    let id = login.principal;
    let principal =
        visit.need_records(visit.app.records().read(move |sql| principals::get(sql, id)).await)?;
    let principal = principal.ok_or_else(|| visit.stop(Fault::NotFound))?;
    let session = open_session(&visit.app, id, device).await;
    let session = session.map_err(|problem| Stop::from(problem.into_response()))?;
    let mut response = entered(&visit, &session, first_page(principal.role)).await;
    // The visitor goes on in the language of the front page, not in that of the person they play.
    response.headers_mut().append(SET_COOKIE, choice_cookie(LANGUAGE_COOKIE, visit.locale.tag()));
    Ok(response)
}

/// The buildings: banks first, then the merchants in order of their codes.
async fn places(visit: &Visit) -> Result<Vec<Place>, Stop> {
    let operations = visit.app.operations();
    let banks = visit.need(merchants::list_banks(operations).await)?;
    let shops = visit.need(merchants::list(operations, "", SHOPS_MAX).await)?;
    let banks = banks.into_iter().map(|bank| Place {
        key: bank.id.to_string(),
        kind: PlaceKind::Bank,
        name: Bilingual::new(bank.name_zh, bank.name_en),
    });
    let shops = shops.into_iter().map(|shop| Place {
        key: shop.id.to_string(),
        kind: PlaceKind::of_category(&shop.category),
        name: Bilingual::new(shop.name_zh, shop.name_en),
    });
    Ok(banks.chain(shops).collect())
}

/// The newest operations that have ended, newest first.
async fn happened(visit: &Visit) -> Result<Vec<Named>, Stop> {
    let operations = visit.app.operations();
    let found = visit.need(history::page(operations, Filter::default(), None, PULSES_MAX).await)?;
    let ended = found.operations.into_iter().filter(|operation| !operation.state.is_open()).collect();
    visit.need(history::named(operations, ended).await)
}

fn sequence(row: &Named) -> u64 {
    u64::try_from(row.operation.seq).unwrap_or(0)
}

fn completed(row: &Named) -> bool {
    row.operation.state == OperationState::Completed
}

fn latest(happened: &[Named], least: u64) -> u64 {
    happened.iter().map(sequence).fold(least, u64::max)
}

/// The holder's side and the side that stands on the map, if any.
fn sides(row: &Named) -> (Option<&history::PartyName>, Option<String>) {
    let operation = &row.operation;
    let place = |party: Option<records::operations::PartyId>| party.map(|party| party.to_string());
    let shop = || operation.merchant.map(|merchant| merchant.to_string());
    match operation.kind {
        OperationKind::TopUp | OperationKind::Refund => (row.payee.as_ref(), place(operation.payer)),
        OperationKind::Withdrawal | OperationKind::Payment => (row.payer.as_ref(), place(operation.payee)),
        OperationKind::EscrowPayment => (row.payer.as_ref(), shop()),
        OperationKind::EscrowRelease => (row.payee.as_ref(), place(operation.payee)),
        OperationKind::VoucherSale => (row.payer.as_ref(), place(operation.payer)),
        OperationKind::VoucherReturn => (row.payee.as_ref(), place(operation.payee)),
        OperationKind::EscrowRefund | OperationKind::VoucherRedemption => (row.payee.as_ref(), shop()),
        OperationKind::CardTakings => (row.payee.as_ref(), place(operation.payee)),
        OperationKind::CardReturns => (row.payer.as_ref(), place(operation.payer)),
        OperationKind::CardUnload | OperationKind::CardRest | OperationKind::TransferPurseUnload => {
            (row.payee.as_ref(), None)
        }
        OperationKind::Transfer
        | OperationKind::CardLoad
        | OperationKind::CardDue
        | OperationKind::TransferPurseLoad => (row.payer.as_ref(), None),
        OperationKind::Adjustment => (row.payee.as_ref().or(row.payer.as_ref()), None),
    }
}

fn events(visit: &Visit, happened: &[Named]) -> Vec<TownEvent> {
    let event = |row: &Named| {
        let (who, place) = sides(row);
        TownEvent {
            at: row.operation.created_at,
            kind: describe::kind(row.operation.kind),
            state: describe::state(row.operation.state),
            who: masked(&describe::party(visit.locale, who)),
            place,
            amount: row.operation.amount,
        }
    };
    happened.iter().take(TICKER_LENGTH).map(event).collect()
}

fn pulse(row: &Named) -> Option<Pulse> {
    let (_, place) = sides(row);
    Some(Pulse { place: place?, amount: figures::text(row.operation.amount) })
}
