//! The part of a card that pays other cards: its loads.

use axum::response::Response;
use money::Amount;
use operations::card_purses::issuing::{BALANCE_MAX, number_text};
use operations::card_purses::loads::OrderLoad;
use operations::card_purses::transfer_purse;
use operations::card_purses::transfer_purse_visit;
use operations::card_purses::view::CardPurse;
use operations::{IdempotencyKey, OperationError};
use pages::card_purse::{GivenUp, TransferLoad, TransferLoads};
use pages::fault::Fault;
use pages::form::{Problem, Trouble};
use pages::frame::Notice;
use records::operations::OperationState;

use super::amounts;
use super::card_purse_views as views;
use super::card_purses::{LoadAction, OrderForm, confirm_first, own};
use super::own_form::OwnForm;
use super::step_up;
use super::stop::Stop;
use super::trouble::{problem_of, settled};
use super::visit::{HolderVisit, page, page_with_problems, see_other};
use crate::auth::Site;
use crate::hex_digits::Hex;
use crate::request::PathParts;

const TOO_LITTLE: Problem = Problem { field: "amount", trouble: Trouble::InsufficientFunds(None) };

/// `GET /card-purses/{card}/transfer-loads`
pub(super) async fn show(PathParts(card): PathParts<Hex<10>>, visit: HolderVisit) -> Result<Response, Stop> {
    let card = own(&visit.visit, visit.holder, card).await?;
    let view = loads(&visit, &card).await?;
    Ok(page(pages::card_purse::transfer_loads(&visit.visit.frame(), &view)))
}

async fn loads(HolderVisit { visit, holder }: &HolderVisit, card: &CardPurse) -> Result<TransferLoads, Stop> {
    let available = amounts::available(visit, *holder).await?;
    let available = available.into_iter().find(|held| held.currency() == card.currency);
    let none = Amount::zero(card.currency);
    let operations = visit.app.operations();
    let brought = visit.need(transfer_purse_visit::brought(operations, card.asn, card.currency).await)?;
    let given_up =
        visit.need(transfer_purse_visit::paid_exceptions(operations, card.asn, card.currency).await)?;
    let unloads =
        visit.need(transfer_purse_visit::unloads_waiting(operations, card.asn, card.currency).await)?;
    let given_up = given_up.iter().rev().filter(|one| !one.is_given_back);
    Ok(TransferLoads {
        purse: views::purse(visit, card).await?,
        available: available.unwrap_or(none),
        most: Amount::from_minor(BALANCE_MAX.into(), card.currency).unwrap_or(none),
        loads: brought
            .iter()
            .map(|one| TransferLoad { at: one.at, amount: one.amount, is_given_back: one.is_given_back })
            .collect(),
        unloads,
        given_up: given_up.map(|one| GivenUp { at: one.at, amount: one.amount }).collect(),
        amount: String::new(),
        attempt: visit.attempt(),
        problems: Vec::new(),
    })
}

/// `POST /card-purses/{card}/transfer-loads`
pub(super) async fn load(
    PathParts(card): PathParts<Hex<10>>,
    holder: HolderVisit,
    site: Site,
    OwnForm(form): OwnForm<OrderForm>,
) -> Result<Response, Stop> {
    let visit = &holder.visit;
    let card = own(visit, holder.holder, card).await?;
    let key: IdempotencyKey = form.idempotency_key.parse().map_err(|_| visit.stop(Fault::BadRequest))?;
    let amount = match amounts::typed(&form.amount, card.currency.code()) {
        Ok(amount) => amount,
        Err(problem) => return again(&holder, &card, problem, form.amount).await,
    };
    let origin = match step_up::origin(&holder, &site, &form.step_up).await {
        Ok(origin) => origin,
        Err(problem) => {
            return confirm_first(
                &holder,
                &site,
                (&card, LoadAction::Transfer),
                (amount, form),
                Some(problem),
            )
            .await;
        }
    };
    let request = OrderLoad { holder: holder.holder, card: card.asn, amount, origin };
    match settled(|| transfer_purse::load(visit.app.operations(), &key, request)).await {
        Ok(receipt) if receipt.state == OperationState::Completed => {
            let (number, notice) = (number_text(card.asn), Notice::TransferPurseLoaded.code());
            Ok(see_other(&format!("/card-purses/{number}/transfer-loads?notice={notice}")))
        }
        Ok(_) => again(&holder, &card, TOO_LITTLE, form.amount).await,
        Err(OperationError::StepUpRequired) => {
            confirm_first(&holder, &site, (&card, LoadAction::Transfer), (amount, form), None).await
        }
        Err(error) => {
            let problem = problem_of(error).ok_or_else(|| visit.stop_for(error))?;
            again(&holder, &card, problem, form.amount).await
        }
    }
}

/// The page again, with what is wrong.
async fn again(
    visit: &HolderVisit,
    card: &CardPurse,
    problem: Problem,
    amount: String,
) -> Result<Response, Stop> {
    let view = TransferLoads { amount, problems: vec![problem], ..loads(visit, card).await? };
    Ok(page_with_problems(pages::card_purse::transfer_loads(&visit.visit.frame(), &view)))
}
