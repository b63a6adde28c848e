//! What came in and went out of a holder's wallet, month by month.

use money::Currency;
use records::month_sums;
use wallet::ids::HolderId;

use crate::{OperationError, Operations, day};

pub use records::month_sums::MonthSum;

/// One month of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// What moved, by kind and direction.
    pub sums: Vec<MonthSum>,
}

impl Month {
    /// What came in, or went out, altogether, in minor units.
    #[must_use]
    pub fn total(&self, out: bool) -> u64 {
        let sums = self.sums.iter().filter(|sum| sum.out == out);
        sums.fold(0, |total: u64, sum| total.saturating_add(sum.sum.minor()))
    }
}

/// The last `count` months of a wallet, this one included, oldest first.
///
/// # Errors
/// What could not be reached.
pub async fn last(
    operations: &Operations,
    holder: HolderId,
    currency: Currency,
    count: u32,
) -> Result<Vec<Month>, OperationError> {
    let this = day::month_of(day::of(operations.now()));
    let names: Vec<(i32, u8)> = (0..count).rev().map(|back| day::months_before(this, back)).collect();
    let mut starts: Vec<_> = names.iter().map(|name| day::start(day::first_of(*name))).collect();
    starts.push(day::start(day::first_of(day::month_after(this))));
    let read = operations.records().read(move |sql| month_sums::sums(sql, holder, currency, &starts));
    let sums = read.await?;
    let of_month = |(index, (year, month)): (usize, &(i32, u8))| Month {
        year: *year,
        month: *month,
        sums: sums.iter().filter(|sum| sum.span == index).copied().collect(),
    };
    Ok(names.iter().enumerate().map(of_month).collect())
}
