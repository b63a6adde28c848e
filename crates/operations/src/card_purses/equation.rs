//! The issuer's side of the equation: what the ledger holds for cards, and what the issuer knows of each.

use money::Currency;

use crate::{OperationError, Operations};

/// What card purses add up to in one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurseFigures {
    /// The currency.
    pub currency: Currency,
    /// How many cards have a holder.
    pub cards: u64,
    /// Purse accounts, in the ledger.
    pub purses: i128,
    /// Load accounts, in the ledger: begun and without an end.
    pub loads: i128,
    /// What was spent beyond, in the ledger.
    pub excess: i128,
    /// What the issuer's host knows: shadow balances of all cards, less excess.
    pub shadows: i128,
    /// Debits that may have been and are not paid.
    pub held: i128,
    /// Loads in doubt: on the card, or the holder's.
    pub loads_in_doubt: i128,
    /// Unloads in doubt: off the card, or on it still.
    pub unloads_in_doubt: i128,
}

impl PurseFigures {
    /// What the ledger holds for cards.
    #[must_use]
    pub const fn float(&self) -> i128 {
        self.purses + self.loads - self.excess
    }

    /// What the ledger has less what the issuer knows: 0 whenever no transfer is on its way.
    #[must_use]
    pub const fn difference(&self) -> i128 {
        self.purses - self.excess - self.shadows
    }
}

/// The figures of each currency that has cards.
///
/// # Errors
/// What could not be reached.
pub async fn figures(operations: &Operations) -> Result<Vec<PurseFigures>, OperationError> {
    let _ = operations;
    Err(super::NOT_YET)
}
