//! What came in and went out of a holder's wallet, month by month.

use ledger::Timestamp;
use money::{Amount, Currency};
use wallet::ids::HolderId;

use crate::operations::OperationKind;
use crate::sql::each;
use crate::{RecordsError, Row, Sql};

/// What of one kind moved one way in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthSum {
    /// Which of the spans that were asked for, from 0.
    pub span: usize,
    /// Of what kind.
    pub kind: OperationKind,
    /// Whether it went out of the holder's wallet.
    pub out: bool,
    /// How many operations.
    pub count: u64,
    /// The sum of their amounts.
    pub sum: Amount,
}

/// The completed operations of a holder in one currency, added up per span, kind and direction. `starts` are the first
/// moments of the spans, oldest first, and at last the moment after them all.
///
/// # Errors
/// What the database says.
pub fn sums(
    sql: &mut dyn Sql,
    holder: HolderId,
    currency: Currency,
    starts: &[Timestamp],
) -> Result<Vec<MonthSum>, RecordsError> {
    let mut found = Vec::new();
    for (span, edges) in starts.windows(2).enumerate() {
        let &[from, until] = edges else { continue };
        let rows = sql.query(
            "SELECT kind, CAST(1 AS BIGINT), COUNT(*), CAST(SUM(amount) AS BIGINT) FROM operations \
             WHERE payer_id = $1 AND currency = $2 AND state = 'completed' AND created_at >= $3 AND created_at < $4 \
             GROUP BY kind \
             UNION ALL SELECT kind, CAST(0 AS BIGINT), COUNT(*), CAST(SUM(amount) AS BIGINT) FROM operations \
             WHERE payee_id = $1 AND currency = $2 AND state = 'completed' AND created_at >= $3 AND created_at < $4 \
             GROUP BY kind ORDER BY 2, 1",
            &[holder.into(), currency.into(), from.into(), until.into()],
        )?;
        found.extend(each(&rows, |row: &Row| {
            Ok(MonthSum {
                span,
                kind: row.code(0)?,
                out: row.int(1)? == 1,
                count: row.count(2)?,
                sum: row.amount(3, currency)?,
            })
        })?);
    }
    Ok(found)
}
