//! Day close: the figures of one business day, kept as they were; a day can be opened again and closed anew.

use std::fmt::Write;

use ledger::Timestamp;
use records::RecordsError;
use records::control::{self as rows, DayClose};
use records::operations::{self, Held, KindCount, OperationState, VolumeQuery};
use wallet::ids::PrincipalId;

use crate::duties::{self, Permission};
use crate::totals::{self, Totals};
use crate::{OperationError, Operations, Party, audit_log, day};

const DAY_SECONDS: u32 = 86_400;

/// A business day, as its calendar date and as days since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessDay {
    /// `YYYY-MM-DD`.
    pub date: String,
    /// Days since 1970-01-01.
    pub number: u32,
}

impl BusinessDay {
    /// The day with this number.
    #[must_use]
    pub fn of(number: u32) -> Self {
        Self { date: date(number), number }
    }

    /// The day of a moment, by the clock on the wall.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self::of(day::of(moment))
    }

    /// The day with this date. `None` where it is no date of 1970 to 2199.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let year: u32 = text.get(..4)?.parse().ok()?;
        if !(1970..2200).contains(&year) {
            return None;
        }
        let first = (year - 1970) * 365 + (year - 1969) / 4;
        // Within 366 days of the first of January, which leap centuries move by a few days.
        (first.saturating_sub(4)..first + 370).map(Self::of).find(|day| day.date == text)
    }

    fn span(&self) -> (Timestamp, Timestamp) {
        (day::start(self.number), day::start(self.number.saturating_add(1)))
    }
}

/// The calendar date of a number of days since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
fn date(number: u32) -> String {
    let shifted = u64::from(number) + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The figures of a day as CSV: one line for each kind and currency, each state, and each sum of the whole ledger. What is
/// held at the end of the day is there with its sum, whenever it was asked for: it moves nothing, is still its payers', and
/// so stays within the sum of wallets.
///
/// # Errors
/// What could not be reached.
pub async fn report(operations: &Operations, day: &BusinessDay) -> Result<String, OperationError> {
    let (from, until) = day.span();
    let query = VolumeQuery {
        from,
        until,
        span_seconds: DAY_SECONDS,
        ahead_of_utc_seconds: day::AHEAD_OF_UTC_SECONDS,
    };
    let read = operations.records().read(move |sql| {
        let counts = operations::counts(sql, from, until)?;
        Ok((operations::volumes(sql, &query)?, operations::held(sql, until)?, counts))
    });
    let (volumes, held, counts) = read.await?;
    let totals = totals::count(operations).await?;
    let mut csv = "section,name,currency,count,minor\n".to_owned();
    for volume in volumes {
        let (kind, currency) = (volume.kind.code(), volume.currency.code());
        line(
            &mut csv,
            ("completed", kind, currency),
            (volume.count, i128::try_from(volume.sum.0).unwrap_or(i128::MAX)),
        );
    }
    for Held { kind, currency, count, sum } in held {
        let minor = i128::try_from(sum.0).unwrap_or(i128::MAX);
        line(&mut csv, ("held", kind.code(), currency.code()), (count, minor));
    }
    for KindCount { kind, state, count } in counts {
        if !matches!(state, OperationState::Completed | OperationState::Held) {
            line(&mut csv, (state.code(), kind.code(), ""), (count, 0));
        }
    }
    balances(&mut csv, &totals);
    Ok(csv)
}

fn line(csv: &mut String, (section, name, currency): (&str, &str, &str), (count, minor): (u64, i128)) {
    writeln!(csv, "{section},{name},{currency},{count},{minor}").expect("writing to a string succeeds");
}

fn balances(csv: &mut String, totals: &Totals) {
    for sums in &totals.currencies {
        let currency = sums.currency.code();
        for (name, minor) in [
            ("float", sums.float),
            ("wallets", sums.wallets),
            ("merchants", sums.merchants),
            ("escrow", sums.escrow),
            ("vouchers", sums.vouchers),
            ("card_purses", sums.purses),
            ("card_loads", sums.loads),
            ("card_excess", sums.excess),
            ("card_advances", sums.advances),
            ("transfer_purses", sums.transfer_purses),
            ("card_fees", sums.fees),
            ("suspense", sums.suspense),
            ("difference", sums.difference()),
        ] {
            if minor != 0 || name == "difference" {
                line(csv, ("balance", name, currency), (0, minor));
            }
        }
    }
}

/// Closes a day: keeps its report. A day that is closed already stays as it is.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::DecidedBefore`], or what could not be reached.
pub async fn close(
    operations: &Operations,
    who: PrincipalId,
    day: &BusinessDay,
) -> Result<DayClose, OperationError> {
    duties::require(operations, who, Permission::CloseDay).await?;
    let now = operations.now();
    if day.number > day::of(now) {
        return Err(OperationError::NotFound(Party::Operation));
    }
    let report = report(operations, day).await?;
    let date = day.date.clone();
    let written = operations.records().write(move |sql| {
        let newest = rows::newest_day(sql, &date)?;
        if newest.as_ref().is_some_and(|newest| newest.reopened_at.is_none()) {
            return Ok(None);
        }
        let revision = newest.map_or(0, |newest| newest.revision).saturating_add(1);
        let close = DayClose {
            day: date.clone(),
            revision,
            report: report.clone(),
            closed_by: who,
            closed_at: now,
            reopened_at: None,
        };
        rows::insert_day(sql, &close)?;
        Ok(Some(close))
    });
    let close = match written.await {
        Ok(Some(close)) => close,
        Ok(None) | Err(RecordsError::Conflict(_)) => return Err(OperationError::DecidedBefore),
        Err(error) => return Err(error.into()),
    };
    let details = [("revision", close.revision.to_string())];
    audit_log::note(operations, who, "day.closed", &close.day, &details).await?;
    Ok(close)
}

/// Opens a closed day again, with a reason.
///
/// # Errors
/// [`OperationError::NotPermitted`], [`OperationError::DecidedBefore`] where it is not closed, or what could not be
/// reached.
pub async fn reopen(
    operations: &Operations,
    who: PrincipalId,
    day: &BusinessDay,
    reason: &str,
) -> Result<(), OperationError> {
    duties::require(operations, who, Permission::CloseDay).await?;
    crate::memo::check_name("reason", reason, 140)?;
    let (date, now) = (day.date.clone(), operations.now());
    let reopened = operations.records().write(move |sql| match rows::newest_day(sql, &date)? {
        Some(newest) => rows::reopen_day(sql, (&date, newest.revision), now),
        None => Ok(false),
    });
    if !reopened.await? {
        return Err(OperationError::DecidedBefore);
    }
    audit_log::note(operations, who, "day.reopened", &day.date, &[("reason", reason.to_owned())]).await
}

/// The newest reports, newest day first, at most `limit`.
///
/// # Errors
/// What could not be reached.
pub async fn list(operations: &Operations, limit: u32) -> Result<Vec<DayClose>, OperationError> {
    Ok(operations.records().read(move |sql| rows::days(sql, limit)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_its_date_are_the_same_in_both_directions() {
        for (number, text) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22"), (47_541, "2100-03-01")]
        {
            assert_eq!(BusinessDay::of(number).date, text);
            assert_eq!(BusinessDay::parse(text), Some(BusinessDay::of(number)));
        }
        for text in ["2026-02-30", "2026-13-01", "tomorrow", "", "1969-12-31"] {
            assert_eq!(BusinessDay::parse(text), None, "{text}");
        }
    }
}
