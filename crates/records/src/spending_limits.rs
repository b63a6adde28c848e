//! The limits that holders set on their own spending. The daily one is counted by the ledger.

use ledger::Timestamp;
use money::{Amount, Currency};
use wallet::ids::HolderId;

use crate::sql::{each, minor};
use crate::{RecordsError, Row, Sql, Value};

/// The most that may be spent. `None`: no limit of the holder's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// With one operation.
    pub single: Option<Amount>,
    /// In one day.
    pub daily: Option<Amount>,
}

/// The limits of one wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendingLimits {
    /// In which currency.
    pub currency: Currency,
    /// What holds now.
    pub now: Limits,
    /// What will hold from that moment on.
    pub raised: Option<(Limits, Timestamp)>,
}

impl SpendingLimits {
    /// What holds at `moment`.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> Limits {
        match self.raised {
            Some((raised, from)) if from <= moment => raised,
            _ => self.now,
        }
    }
}

/// The limits of a holder, by currency.
///
/// # Errors
/// What the database says.
pub fn list(sql: &mut dyn Sql, holder: HolderId) -> Result<Vec<SpendingLimits>, RecordsError> {
    let rows = sql.query(
        "SELECT currency, single, daily, raised_single, raised_daily, raised_at FROM spending_limits \
         WHERE holder_id = $1 ORDER BY currency",
        &[holder.into()],
    )?;
    each(&rows, read)
}

/// Keeps the limits of one wallet in place of `before`. Says whether it did: not where others stand there by now.
///
/// # Errors
/// What the database says.
pub fn replace(
    sql: &mut dyn Sql,
    holder: HolderId,
    before: Option<&SpendingLimits>,
    limits: &SpendingLimits,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let stored = |amount: Option<Amount>| amount.map_or(Value::Null, minor);
    let raised = limits.raised.map(|(raised, _)| raised).unwrap_or_default();
    let expected = before.map(|before| before.now).unwrap_or_default();
    let changed = sql.execute(
        "INSERT INTO spending_limits (holder_id, currency, single, daily, raised_single, raised_daily, raised_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (holder_id, currency) DO UPDATE SET \
         single = excluded.single, daily = excluded.daily, raised_single = excluded.raised_single, \
         raised_daily = excluded.raised_daily, raised_at = excluded.raised_at, updated_at = excluded.updated_at \
         WHERE spending_limits.single IS NOT DISTINCT FROM $9 AND spending_limits.daily IS NOT DISTINCT FROM $10 \
         AND spending_limits.raised_at IS NOT DISTINCT FROM $11",
        &[
            holder.into(),
            limits.currency.into(),
            stored(limits.now.single),
            stored(limits.now.daily),
            stored(raised.single),
            stored(raised.daily),
            limits.raised.map(|(_, from)| from).into(),
            now.into(),
            stored(expected.single),
            stored(expected.daily),
            before.and_then(|before| before.raised).map(|(_, from)| from).into(),
        ],
    )?;
    Ok(changed == 1)
}

fn read(row: &Row) -> Result<SpendingLimits, RecordsError> {
    let currency = row.currency(0)?;
    let amount = |column| row.optional(column, |row, column| row.amount(column, currency));
    let raised = Limits { single: amount(3)?, daily: amount(4)? };
    Ok(SpendingLimits {
        currency,
        now: Limits { single: amount(1)?, daily: amount(2)? },
        raised: row.optional_timestamp(5)?.map(|from| (raised, from)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_limit_holds_from_its_moment_on() {
        let cny = |minor| Amount::from_minor(minor, Currency::CNY).ok();
        let (low, high) = (Limits { single: cny(1), daily: cny(2) }, Limits { single: cny(3), daily: None });
        let limits =
            SpendingLimits { currency: Currency::CNY, now: low, raised: Some((high, Timestamp(10))) };
        assert_eq!(limits.at(Timestamp(9)), low);
        assert_eq!(limits.at(Timestamp(10)), high);
    }
}
