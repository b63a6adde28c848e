//! The holder's first page.

use axum::response::Response;
use money::Amount;
use operations::balances::Balance;
use operations::{bills, cards, day, history, requests, settings};
use pages::home::{Attention, Home};
use records::bills::BillState;
use records::operations::{Filter, PartyId};
use wallet::ids::HolderId;

use super::stop::Stop;
use super::visit::{HolderVisit, Visit, page};
use super::{amounts, describe};

/// How many operations the page shows.
const RECENT: u32 = 8;

/// `GET /home`
pub(super) async fn home(HolderVisit { visit, holder }: HolderVisit) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let wallets = amounts::wallets(&visit, holder).await?;
    let as_of = visit.app.now();
    let filter = Filter { party: Some(PartyId::from(holder)), ..Filter::default() };
    let recent = visit.need(history::page(operations, filter, None, RECENT).await)?;
    let bound = visit.need(cards::list(operations, holder).await)?;
    let view = Home {
        balances: wallets.iter().map(|wallet| shown(wallet.balance)).collect(),
        as_of,
        recent: describe::lines(&visit, recent.operations, holder.into()).await?,
        cards: bound.len(),
        attention: attention(&visit, holder, wallets.first().map(|wallet| wallet.balance.available)).await?,
    };
    Ok(page(pages::home::home(&visit.frame(), &view)))
}

fn shown(balance: Balance) -> pages::home::Balance {
    let zero = Amount::zero(balance.available.currency());
    let in_flight = balance.coming.checked_add(balance.leaving).unwrap_or(zero);
    pages::home::Balance { available: balance.available, in_flight }
}

/// What waits for the holder.
async fn attention(visit: &Visit, holder: HolderId, main: Option<Amount>) -> Result<Attention, Stop> {
    let operations = visit.app.operations();
    let today = day::of(visit.app.now());
    let bills = visit.need(bills::list(operations, holder).await)?;
    let due = bills.iter().filter(|shown| shown.bill.state == BillState::Due);
    let (bills, overdue) = due.fold((0, 0), |(bills, overdue), shown| {
        (bills + 1, overdue + usize::from(shown.bill.due_day < today))
    });
    let settings = visit.need(settings::get(operations, holder).await)?;
    let low_balance = match (settings.low_balance, main) {
        (Some(least), Some(held)) => held.minor() < least,
        _ => false,
    };
    Ok(Attention {
        bills,
        overdue,
        requests: visit.need(requests::open_for(operations, holder).await)?.len(),
        stopped: settings.stopped_at.is_some(),
        low_balance,
    })
}
