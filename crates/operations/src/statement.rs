//! A holder's statement as CSV (RFC 4180, UTF-8).

use core::fmt::Write;

use ledger::{NANOSECONDS_PER_SECOND, Timestamp};
use money::{Amount, Currency};
use records::month_sums;
use records::operations::{OperationState, PartyId};
use wallet::ids::HolderId;

use crate::history::{self, Named, PartyName};
use crate::{OperationError, Operations};

/// The columns of [`csv`].
pub const HEADER: &str = "time,id,kind,counterparty,memo,currency,amount\r\n";

/// The completed operations of one currency in a span of time, oldest first, one row each with [`HEADER`] on top. The
/// amount is signed, as seen from the holder: the sum of all rows since the beginning is the balance.
///
/// # Errors
/// What could not be reached.
pub async fn csv(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
    (from, until): (Timestamp, Timestamp),
) -> Result<String, OperationError> {
    let mut text = String::from(HEADER);
    for row in rows(operations, holder, currency, (from, until)).await? {
        write_row(&mut text, &row, holder.into());
    }
    Ok(text)
}

/// The rows of a statement, for every form of it.
///
/// # Errors
/// What could not be reached.
pub async fn rows(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
    span: (Timestamp, Timestamp),
) -> Result<Vec<Named>, OperationError> {
    let mut rows = history::all(operations, holder, span).await?;
    rows.retain(|row| row.state == OperationState::Completed && row.amount.currency() == currency);
    history::named(operations, rows).await
}

/// What the wallet held before the first moment of a statement.
///
/// # Errors
/// What could not be reached.
pub async fn opening(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
    from: Timestamp,
) -> Result<Amount, OperationError> {
    let span = [Timestamp::ZERO, from];
    let read = operations.records().read(move |sql| month_sums::sums(sql, holder, currency, &span));
    let sums = read.await?;
    let total = |out| {
        let sums = sums.iter().filter(|sum| sum.out == out);
        sums.fold(0, |total: u64, sum| total.saturating_add(sum.sum.minor()))
    };
    let minor = total(false).saturating_sub(total(true));
    Amount::from_minor(minor, currency).map_err(|_| OperationError::Inconsistent("balance is out of range"))
}

fn write_row(text: &mut String, row: &Named, holder: PartyId) {
    let operation = &row.operation;
    let pays = operation.payer == Some(holder);
    let (sign, other) = if pays { ("-", &row.payee) } else { ("", &row.payer) };
    let other = other.as_ref().map_or("", |PartyName { name, .. }| name.as_str());
    // Writing to a string does not fail.
    let _infallible = write!(
        text,
        "{},{},{},{},{},{},{sign}{}\r\n",
        utc(operation.created_at),
        operation.id,
        operation.kind.code(),
        quoted(other),
        quoted(&operation.memo),
        operation.amount.currency(),
        operation.amount.decimal(),
    );
}

/// A field of text: quoted, and never a formula to a spreadsheet.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

/// A moment as RFC 3339 in UTC, to the second.
pub(crate) fn utc(moment: Timestamp) -> String {
    let seconds = moment.0 / NANOSECONDS_PER_SECOND;
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    // Eras of 400 years of 146,097 days, years from March, so that the leap day comes last.
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + days / 146_097 * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339() {
        let at = |seconds: u64| utc(Timestamp(seconds * NANOSECONDS_PER_SECOND));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_798_761_599), "2026-12-31T23:59:59Z");
    }

    #[test]
    fn a_memo_is_never_a_formula() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
