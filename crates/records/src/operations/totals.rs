//! Sums and counts over operations, for charts and for the operator's first page.

use ledger::{Amount, Timestamp};
use money::Currency;
use wallet::ids::{MerchantId, OperationId};

use super::{OperationKind, OperationState};
use crate::sql::{each, nanoseconds};
use crate::{RecordsError, Row, Sql, Value};

/// Which completed operations to add up, and in what spans of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeQuery {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last.
    pub until: Timestamp,
    /// The length of each span: 3,600 for hours, 86,400 for days.
    pub span_seconds: u32,
    /// How far local time is ahead of UTC, so that days begin at local midnight; may be negative.
    pub ahead_of_utc_seconds: i32,
}

/// What moved within one span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    /// When the span begins.
    pub start: Timestamp,
    /// Of what kind.
    pub kind: OperationKind,
    /// In what currency.
    pub currency: Currency,
    /// How many operations.
    pub count: u64,
    /// The sum of their amounts.
    pub sum: Amount,
}

/// How many operations there are of one kind in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindCount {
    /// What they do.
    pub kind: OperationKind,
    /// How far they came.
    pub state: OperationState,
    /// How many.
    pub count: u64,
}

/// What waits for a person: reserved in the ledger, and still its payers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Of what kind.
    pub kind: OperationKind,
    /// In what currency.
    pub currency: Currency,
    /// How many operations.
    pub count: u64,
    /// The sum of their amounts.
    pub sum: Amount,
}

/// The sum of amounts as two columns that cannot overflow: billions, and the rest.
const SUM: &str = "CAST(COALESCE(SUM(amount / 1000000000), 0) AS BIGINT), \
                   CAST(COALESCE(SUM(amount % 1000000000), 0) AS BIGINT)";

/// What [`SUM`] stands for.
fn sum(row: &Row, column: usize) -> Result<Amount, RecordsError> {
    let billions = u128::from(row.count(column)?);
    let rest = u128::from(row.count(column.saturating_add(1))?);
    // Two factors below 2^64 and 2^30 cannot leave 128 bits.
    Ok(Amount(billions.saturating_mul(1_000_000_000).saturating_add(rest)))
}

/// What moved in all, per span, kind and currency, in that order. Spans without operations are absent.
///
/// # Errors
/// What the database says.
pub fn volumes(sql: &mut dyn Sql, query: &VolumeQuery) -> Result<Vec<Volume>, RecordsError> {
    volumes_where(sql, query, "", None)
}

/// What moved at one merchant: its sales (payments) and refunds.
///
/// # Errors
/// What the database says.
pub fn merchant_volumes(
    sql: &mut dyn Sql,
    merchant: MerchantId,
    query: &VolumeQuery,
) -> Result<Vec<Volume>, RecordsError> {
    volumes_where(sql, query, "AND merchant_id = $5", Some(merchant))
}

fn volumes_where(
    sql: &mut dyn Sql,
    query: &VolumeQuery,
    condition: &str,
    merchant: Option<MerchantId>,
) -> Result<Vec<Volume>, RecordsError> {
    let span = i64::from(query.span_seconds.max(1)).saturating_mul(1_000_000_000);
    let ahead = i64::from(query.ahead_of_utc_seconds).saturating_mul(1_000_000_000);
    let mut params: Vec<Value> =
        vec![ahead.into(), nanoseconds(query.span_seconds.max(1)), query.from.into(), query.until.into()];
    params.extend(merchant.map(Value::from));
    let rows = sql.query(
        &format!(
            "SELECT (created_at + $1) / $2 AS span, kind, currency, COUNT(*), {SUM} FROM operations \
             WHERE state = 'completed' AND created_at >= $3 AND created_at < $4 {condition} \
             GROUP BY span, kind, currency ORDER BY span, kind, currency"
        ),
        &params,
    )?;
    each(&rows, |row| {
        let start = row.int(0)?.saturating_mul(span).saturating_sub(ahead);
        Ok(Volume {
            start: Timestamp(u64::try_from(start).unwrap_or(0)),
            kind: row.code(1)?,
            currency: row.currency(2)?,
            count: row.count(3)?,
            sum: sum(row, 4)?,
        })
    })
}

/// How many operations asked for from `from` on and before `until` there are of each kind in each state.
///
/// # Errors
/// What the database says.
pub fn counts(sql: &mut dyn Sql, from: Timestamp, until: Timestamp) -> Result<Vec<KindCount>, RecordsError> {
    let rows = sql.query(
        "SELECT kind, state, COUNT(*) FROM operations WHERE created_at >= $1 AND created_at < $2 \
         GROUP BY kind, state ORDER BY kind, state",
        &[from.into(), until.into()],
    )?;
    each(&rows, |row| Ok(KindCount { kind: row.code(0)?, state: row.code(1)?, count: row.count(2)? }))
}

/// What is held of each kind and currency: operations asked for before `until` that still wait for a person.
///
/// # Errors
/// What the database says.
pub fn held(sql: &mut dyn Sql, until: Timestamp) -> Result<Vec<Held>, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT kind, currency, COUNT(*), {SUM} FROM operations WHERE state = 'held' AND created_at < $1 \
             GROUP BY kind, currency ORDER BY kind, currency"
        ),
        &[until.into()],
    )?;
    each(&rows, |row| {
        Ok(Held { kind: row.code(0)?, currency: row.currency(1)?, count: row.count(2)?, sum: sum(row, 3)? })
    })
}

/// How much of a payment was given back: the sum of its completed refunds.
///
/// # Errors
/// What the database says.
pub fn refunded(sql: &mut dyn Sql, payment: OperationId) -> Result<Amount, RecordsError> {
    let rows = sql.query(
        &format!(
            "SELECT {SUM} FROM operations WHERE parent_id = $1 AND state = 'completed' \
             AND kind IN ('refund', 'escrow_refund')"
        ),
        &[payment.into()],
    )?;
    rows.first().map_or(Ok(Amount(0)), |row| sum(row, 0))
}
