//! The holder's first page.

use axum::response::Response;
use money::Amount;
use operations::balances::Balance;
use operations::{cards, history};
use pages::home::Home;
use records::operations::{Filter, PartyId};

use super::stop::Stop;
use super::visit::{HolderVisit, page};
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
    };
    Ok(page(pages::home::home(&visit.frame(), &view)))
}

fn shown(balance: Balance) -> pages::home::Balance {
    let zero = Amount::zero(balance.available.currency());
    let in_flight = balance.coming.checked_add(balance.leaving).unwrap_or(zero);
    pages::home::Balance { available: balance.available, in_flight }
}
