//! Closing one's account: the rest is paid out, then the session ends.

use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use operations::{IdempotencyKey, cards, closing};
use pages::fault::Fault;
use pages::frame::Notice;
use pages::security::{Close, StillOpen};
use serde::Deserialize;

use super::own_form::OwnForm;
use super::security::fresh;
use super::stop::Stop;
use super::visit::{HolderVisit, MemberVisit, page, page_with_problems, see_other};
use crate::auth::ended_cookie;
use crate::fields::parse_id;

const HERE: &str = "/settings/security/close";

async fn view(visit: &HolderVisit, still_open: Option<StillOpen>) -> Result<Close, Stop> {
    let HolderVisit { visit, holder } = visit;
    let operations = visit.app.operations();
    let rest = visit.need(closing::rest(operations, *holder).await)?;
    let bound = visit.need(cards::list(operations, *holder).await)?;
    let words = |card: records::cards::Card| (card.id, format!("{} {}", card.label, card.masked_number));
    let cards = bound.into_iter().map(words).collect();
    Ok(Close { rest, cards, still_open, attempt: visit.attempt() })
}

/// `GET /settings/security/close`
pub(super) async fn show(member: MemberVisit, visit: HolderVisit) -> Result<Response, Stop> {
    fresh(&member, HERE).await?;
    let view = view(&visit, None).await?;
    Ok(page(pages::security::close(&visit.visit.frame(), &view)))
}

#[derive(Deserialize)]
pub(super) struct CloseForm {
    #[serde(default)]
    idempotency_key: String,
    #[serde(default)]
    card: String,
}

/// `POST /settings/security/close`
pub(super) async fn close(
    member: MemberVisit,
    visit: HolderVisit,
    OwnForm(form): OwnForm<CloseForm>,
) -> Result<Response, Stop> {
    fresh(&member, HERE).await?;
    let app = &visit.visit.app;
    let bad = |_| visit.visit.stop(Fault::BadRequest);
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(bad)?;
    let closed = closing::close(app.operations(), &key, visit.holder, parse_id(&form.card)).await;
    let Err(why) = visit.visit.need(closed)? else {
        app.callers().forget(member.caller.principal);
        let path = format!("/login?notice={}", Notice::Closed.code());
        return Ok(([(SET_COOKIE, ended_cookie())], see_other(&path)).into_response());
    };
    let why = match why {
        closing::StillOpen::InFlight => StillOpen::InFlight,
        closing::StillOpen::Owes(amount) => StillOpen::Owes(amount),
        closing::StillOpen::OnCard(amount) => StillOpen::OnCard(amount),
        closing::StillOpen::InEscrow(amount) => StillOpen::InEscrow(amount),
        closing::StillOpen::Rest(amount) => StillOpen::NoCard(amount),
        closing::StillOpen::PayOutFailed => StillOpen::PayOutFailed,
        closing::StillOpen::MoneyCame => StillOpen::MoneyCame,
    };
    let view = view(&visit, Some(why)).await?;
    Ok(page_with_problems(pages::security::close(&visit.visit.frame(), &view)))
}
