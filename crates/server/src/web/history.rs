//! The transaction list, and the statement as CSV.

use axum::extract::Query;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::Currency;
use operations::{annotations, statement};
use pages::activity::Kind;
use pages::history::{Filter, History};
use records::operations::{Cursor, Filter as Narrowed, PartyId};
use serde::Deserialize;

use super::stop::Stop;
use super::visit::{HolderVisit, UTC_OFFSET_MINUTES, page};
use super::{amounts, describe};
use crate::fields::parse_id;
use crate::rfc3339::{next_day, parse_day};

/// How many operations one page shows.
const PAGE: u32 = 25;

/// The filter as its form sends it, and the place to go on at.
#[derive(Deserialize, Default)]
pub(super) struct HistoryQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    search: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    card: String,
    #[serde(default)]
    shop: String,
    before: Option<i64>,
}

impl HistoryQuery {
    pub(super) fn currency(&self) -> Option<Currency> {
        Currency::from_code(&self.currency).ok()
    }

    /// The first moment of the first day and the moment after the last, by the clock on the wall.
    pub(super) fn span(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (parse_day(&self.from).map(local), parse_day(&self.until).map(next_day).map(local))
    }

    /// The days as typed.
    pub(super) fn days(&self) -> (String, String) {
        (self.from.clone(), self.until.clone())
    }

    /// The query string of the same filter, going on at `before`.
    fn string(&self, currency: &str, before: Option<i64>) -> String {
        let before = before.map(|seq| seq.to_string()).unwrap_or_default();
        let pairs = [
            ("kind", self.kind.as_str()),
            ("currency", currency),
            ("from", &self.from),
            ("until", &self.until),
            ("search", &self.search),
            ("tag", &self.tag),
            ("card", &self.card),
            ("shop", &self.shop),
            ("before", &before),
        ];
        let given: Vec<(&str, &str)> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        format!("?{}", serde_urlencoded::to_string(given).unwrap_or_default())
    }
}

/// The moment at which the clock on the wall shows what a clock in UTC shows at `utc`.
fn local(utc: Timestamp) -> Timestamp {
    let ahead = u64::from(UTC_OFFSET_MINUTES.unsigned_abs()) * 60 * NANOSECONDS_PER_SECOND;
    Timestamp(utc.0.saturating_sub(ahead))
}

/// `GET /history`
pub(super) async fn history(
    HolderVisit { visit, holder }: HolderVisit,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Stop> {
    let (from, until) = query.span();
    let kind = Kind::from_code(&query.kind);
    let filter = Narrowed {
        party: Some(PartyId::from(holder)),
        kind: kind.map(describe::recorded_kind),
        currency: query.currency(),
        merchant: parse_id(&query.shop),
        card: parse_id(&query.card),
        from,
        until,
        search: (!query.search.trim().is_empty()).then(|| (holder, query.search.trim().to_owned())),
        tag: (!query.tag.is_empty()).then(|| (holder, query.tag.clone())),
        ..Narrowed::default()
    };
    let cursor = query.before.map(Cursor);
    let found = visit.need(operations::history::page(visit.app.operations(), filter, cursor, PAGE).await)?;
    let currencies: Vec<Currency> =
        amounts::wallets(&visit, holder).await?.iter().map(|wallet| wallet.currency).collect();
    let statement_currency =
        query.currency().or_else(|| currencies.first().copied()).map_or("", Currency::code);
    let view = History {
        filter: Filter {
            kind,
            currency: query.currency(),
            from: query.from.clone(),
            until: query.until.clone(),
            search: query.search.clone(),
            tag: query.tag.clone(),
            card: query.card.clone(),
            shop: query.shop.clone(),
        },
        tags: visit.need(annotations::tags(visit.app.operations(), holder).await)?,
        lines: describe::lines(&visit, found.operations, holder.into()).await?,
        older: found.next.map(|next| query.string(&query.currency, Some(next.0))),
        paged: query.before.is_some(),
        csv_query: query.string(statement_currency, None),
        currencies,
    };
    Ok(page(pages::history::history(&visit.frame(), &view)))
}

/// `GET /history.csv`: the statement of one currency; the kind does not narrow it, so that it always adds up.
pub(super) async fn csv(
    HolderVisit { visit, holder }: HolderVisit,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Stop> {
    let available = amounts::available(&visit, holder).await?;
    let currency = query.currency().or_else(|| available.first().map(|held| held.currency()));
    let currency = currency.unwrap_or(Currency::CNY);
    let (from, until) = query.span();
    let span = (from.unwrap_or(Timestamp::FIRST), until.unwrap_or(Timestamp::LAST));
    let text = visit.need(statement::csv(visit.app.operations(), holder, currency, span).await)?;
    let name = format!("attachment; filename=\"statement-{}.csv\"", currency.code());
    let headers = [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_of_the_wall_clock() {
        let query = HistoryQuery {
            from: "2026-11-22".to_owned(),
            until: "2026-11-22".to_owned(),
            ..HistoryQuery::default()
        };
        let (from, until) = query.span();
        let seconds = |moment: Option<Timestamp>| moment.map(|moment| moment.0 / NANOSECONDS_PER_SECOND);
        assert_eq!((seconds(from), seconds(until)), (Some(1_795_276_800), Some(1_795_363_200)));
    }

    #[test]
    fn the_filter_survives_paging() {
        let query = HistoryQuery { kind: "payment".to_owned(), ..HistoryQuery::default() };
        assert_eq!(query.string("", Some(7)), "?kind=payment&before=7");
    }
}
