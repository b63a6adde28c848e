//! The merchant's first page.

use axum::extract::Query;
use axum::response::Response;
use money::{Amount, Currency};
use operations::history::{self, Named};
use operations::{balances, masked, merchants, totals};
use pages::merchant::{MerchantDay, Sale};
use records::operations::{Cursor, Filter, OperationKind, refunded};
use serde::Deserialize;
use wallet::ids::MerchantId;

use super::stop::Stop;
use super::visit::{StaffVisit, Visit, page};
use super::{describe, spans};

/// How many sales one page shows.
const PAGE: u32 = 20;
const HOURS: u32 = 24;

#[derive(Deserialize)]
pub(super) struct Paging {
    before: Option<i64>,
}

/// `GET /merchant`
pub(super) async fn merchant(
    StaffVisit { visit, merchant }: StaffVisit,
    Query(paging): Query<Paging>,
) -> Result<Response, Stop> {
    let operations = visit.app.operations();
    let shop = visit.need(merchants::get(operations, merchant).await)?;
    let (now, currency) = (visit.app.now(), main_currency(&visit));
    let query = spans::hours_of_today(now);
    let volumes = visit.need(totals::merchant_volumes(operations, merchant, query).await)?;
    let (sold, sales) = spans::total(&volumes, OperationKind::Payment, currency);
    let (refunded, _) = spans::total(&volumes, OperationKind::Refund, currency);
    let (latest, older) = latest_sales(&visit, merchant, paging.before.map(Cursor)).await?;
    let view = MerchantDay {
        shop: describe::pick(visit.locale, &shop.name_zh, Some(&shop.name_en)).to_owned(),
        sold,
        sales,
        refunded,
        balance: balance(&visit, merchant, currency).await?,
        hours: spans::series(&query, &volumes, (OperationKind::Payment, currency), HOURS, spans::minor),
        latest,
        older,
        as_of: now,
    };
    Ok(page(pages::merchant::merchant(&visit.frame(), &view)))
}

/// The operator's main currency, in which sums of a day are shown.
pub(super) fn main_currency(visit: &Visit) -> Currency {
    let currencies = &visit.app.operations().services().policy.currencies;
    currencies.first().copied().unwrap_or(Currency::CNY)
}

async fn balance(visit: &Visit, merchant: MerchantId, currency: Currency) -> Result<Amount, Stop> {
    let balances = visit.need(balances::of_merchant(visit.app.operations(), merchant).await)?;
    let held = balances.iter().find(|(of, _)| *of == currency).map(|(_, balance)| balance.available);
    Ok(held.unwrap_or(Amount::zero(currency)))
}

async fn latest_sales(
    visit: &Visit,
    merchant: MerchantId,
    before: Option<Cursor>,
) -> Result<(Vec<Sale>, Option<String>), Stop> {
    let operations = visit.app.operations();
    let filter =
        Filter { party: Some(merchant.into()), kind: Some(OperationKind::Payment), ..Filter::default() };
    let found = visit.need(history::page(operations, filter, before, PAGE).await)?;
    let older = found.next.map(|next| format!("?before={}", next.0));
    let ids: Vec<_> = found.operations.iter().map(|operation| operation.id).collect();
    let read = visit
        .app
        .records()
        .read(move |sql| ids.iter().map(|id| refunded(sql, *id)).collect::<Result<Vec<_>, _>>());
    let given_back = visit.need_records(read.await)?;
    let named = visit.need(history::named(operations, found.operations).await)?;
    let sales = named.into_iter().zip(given_back).map(|(row, refunded)| sale(visit, row, refunded.0));
    Ok((sales.collect(), older))
}

fn sale(visit: &Visit, row: Named, refunded: u128) -> Sale {
    let currency = row.operation.amount.currency();
    Sale {
        id: row.operation.id,
        at: row.operation.created_at,
        payer: masked(&describe::party(visit.locale, row.payer.as_ref())),
        state: describe::state(row.operation.state),
        amount: row.operation.amount,
        refunded: minor_amount(refunded, currency),
        memo: row.operation.memo,
    }
}

/// A sum of the records as an amount. Refunds of a payment never sum to more than the payment, so it is in range.
pub(super) fn minor_amount(sum: u128, currency: Currency) -> Amount {
    let minor = u64::try_from(sum).unwrap_or(u64::MAX);
    Amount::from_minor(minor, currency).unwrap_or(Amount::zero(currency))
}
