//! Month sums of a wallet.

use axum::extract::Query;
use axum::response::Response;
use money::{Amount, Currency};
use operations::{day, month_sums};
use pages::months::{KindSum, Month, Months};
use serde::Deserialize;

use super::amounts;
use super::describe;
use super::stop::Stop;
use super::visit::{HolderVisit, page};

/// How many months the page shows.
const MONTHS: u32 = 6;

#[derive(Deserialize)]
pub(super) struct MonthsQuery {
    #[serde(default)]
    currency: String,
}

/// `GET /history/months`
pub(super) async fn show(
    HolderVisit { visit, holder }: HolderVisit,
    Query(query): Query<MonthsQuery>,
) -> Result<Response, Stop> {
    let wallets = amounts::wallets(&visit, holder).await?;
    let currencies: Vec<Currency> = wallets.iter().map(|wallet| wallet.currency).collect();
    let wanted = Currency::from_code(&query.currency).ok();
    let chosen = wanted.or_else(|| currencies.first().copied()).unwrap_or(Currency::CNY);
    let found = month_sums::last(visit.app.operations(), holder, chosen, MONTHS).await;
    let months = visit.need(found)?.iter().map(|month| shown(month, chosen)).collect();
    let view = Months { currencies, currency: chosen, months };
    Ok(page(pages::months::months(&visit.frame(), &view)))
}

fn shown(month: &month_sums::Month, currency: Currency) -> Month {
    let total = |out| Amount::from_minor(month.total(out), currency).unwrap_or(Amount::zero(currency));
    let name = (month.year, month.month);
    let text = |of_day: u32| {
        let (year, month, of_month) = day::civil(of_day);
        format!("{year:04}-{month:02}-{of_month:02}")
    };
    let sums = month.sums.iter().map(|sum| KindSum {
        kind: describe::kind(sum.kind),
        out: sum.out,
        count: sum.count,
        sum: sum.sum,
    });
    Month {
        name: format!("{:04}-{:02}", month.year, month.month),
        days: (text(day::first_of(name)), text(day::first_of(day::month_after(name)).saturating_sub(1))),
        money_in: total(false),
        money_out: total(true),
        sums: sums.collect(),
    }
}
