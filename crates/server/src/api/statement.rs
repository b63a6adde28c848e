//! Statements as CSV.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use operations::statement;
use serde::Deserialize;
use utoipa::IntoParams;

use super::history::parameter;
use super::refusals::Read;
use crate::App;
use crate::auth::Holder;
use crate::problem::Problem;
use crate::request::Query;
use crate::rfc3339;

/// The longest span of a statement.
const DAYS_MAX: u64 = 366;

/// Which days, in which currency.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StatementQuery {
    /// The first day, `YYYY-MM-DD` in UTC.
    from: String,
    /// The last day, `YYYY-MM-DD` in UTC; at most 366 days in all.
    to: String,
    #[param(example = "CNY")]
    currency: String,
}

/// Download a statement.
///
/// The completed operations of one currency, oldest first; amounts are signed as seen from the holder.
#[utoipa::path(
    get, path = "/api/v1/statement.csv", tag = "History", params(StatementQuery),
    responses((status = 200, description = "RFC 4180, UTF-8", body = String, content_type = "text/csv"), Read)
)]
pub(super) async fn download(
    State(app): State<App>,
    holder: Holder,
    Query(query): Query<StatementQuery>,
) -> Result<Response, Problem> {
    let from = parameter("from", Some(&query.from), rfc3339::parse_day)?.unwrap_or_default();
    let to = parameter("to", Some(&query.to), rfc3339::parse_day)?.unwrap_or_default();
    let currency = money::Currency::from_code(&query.currency)
        .map_err(|error| Problem::invalid("currency", error.to_string()))?;
    let until = rfc3339::next_day(to);
    if to < from || until.0 - from.0 > DAYS_MAX * 86_400 * ledger::NANOSECONDS_PER_SECOND {
        return Err(Problem::invalid("to", format!("to must be from `from` to {DAYS_MAX} days later")));
    }
    let csv = statement::csv(app.operations(), holder.id, currency, (from, until)).await?;
    let name = format!("attachment; filename=\"statement-{}-{}-{currency}.csv\"", query.from, query.to);
    Ok(([(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], csv)
        .into_response())
}
