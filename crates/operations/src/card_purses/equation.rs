//! The issuer's side of the equation: what the ledger holds for cards, and what the issuer knows of each.

use std::collections::BTreeMap;

use money::Currency;
use records::card_places;
use records::card_purses::{self as rows, CardSums};

use super::card_store::StoredCard;
use super::view::in_doubt;
use super::{Direction, made};
use crate::{OperationError, Operations, totals};

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
    const fn none(currency: Currency) -> Self {
        Self {
            currency,
            cards: 0,
            purses: 0,
            loads: 0,
            excess: 0,
            shadows: 0,
            held: 0,
            loads_in_doubt: 0,
            unloads_in_doubt: 0,
        }
    }

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

/// How many held debits are added up.
const HELD_MAX: u32 = 100_000;

/// The figures of each currency that has cards. What was decided is made first.
///
/// # Errors
/// What could not be reached.
pub async fn figures(operations: &Operations) -> Result<Vec<PurseFigures>, OperationError> {
    made::rest(operations).await?;
    let (sums, online, open) = operations
        .records()
        .read(|sql| Ok((rows::sums(sql)?, rows::with_online(sql)?, card_places::open(sql, HELD_MAX)?)))
        .await?;
    let mut by_currency: BTreeMap<&'static str, PurseFigures> = BTreeMap::new();
    for CardSums { currency, bound, own, excess } in sums {
        let figures = by_currency.entry(currency.code()).or_insert(PurseFigures::none(currency));
        (figures.cards, figures.shadows) = (bound, own - excess);
    }
    for sums in totals::count(operations).await?.currencies {
        if let Some(figures) = by_currency.get_mut(sums.currency.code()) {
            (figures.purses, figures.loads, figures.excess) = (sums.purses, sums.loads, sums.excess);
        }
    }
    let currencies: BTreeMap<_, _> = online.iter().map(|row| (row.asn, row.currency)).collect();
    for place in open.iter().filter(|place| place.number.is_none()) {
        let currency = match currencies.get(&place.asn) {
            Some(currency) => *currency,
            None => super::view::get(operations, place.asn).await?.currency,
        };
        if let Some(figures) = by_currency.get_mut(currency.code()) {
            figures.held += i128::from(place.amount);
        }
    }
    for stored in online.into_iter().filter_map(|row| StoredCard::of_rows(row, Vec::new())) {
        let Some(figures) = by_currency.get_mut(stored.row.currency.code()) else { continue };
        for doubt in in_doubt(&stored) {
            let sum = match doubt.direction {
                Direction::Load => &mut figures.loads_in_doubt,
                Direction::Unload => &mut figures.unloads_in_doubt,
            };
            *sum += i128::from(doubt.amount.minor());
        }
    }
    Ok(by_currency.into_values().collect())
}
