//! That every unit of card purses is accounted for.
//!
//! In one currency, at any moment:
//!
//! ```text
//! float = Σ purse balances + loads in flight + unloads in flight + debits not cleared
//!         − cancels not cleared − inferred wrongly − copied
//! ```
//!
//! *float* is what the ledger holds for purses: purse and load accounts, less excess. *Debits not cleared* are those whose
//! records are at terminals, are held, or were refused: the exception log. *Copied* is what copies of cards had when they were
//! made and nobody paid for. In production the balances in cards are not seen; in simulations and the town they are.

use crate::purse_card::PurseCard;

/// Units on either side of the equation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Equation {
    /// Purse accounts less excess.
    pub shadows: i128,
    /// Load accounts: begun and without an end.
    pub waiting_loads: i128,
    /// In cards, copies too.
    pub purses: i128,
    /// Waiting on load accounts, and not on the card.
    pub loads_in_flight: i128,
    /// Gone from the card, and not paid to the wallet.
    pub unloads_in_flight: i128,
    /// Gone from the card, and not paid to the seller.
    pub debits_not_cleared: i128,
    /// Back on the card, and not taken from the seller.
    pub cancels_not_cleared: i128,
    /// Paid to a seller for a debit that was inferred and had not been; its TAC, or another's, will tell.
    pub inferred_wrongly: i128,
    /// In copies when they were made.
    pub copied: i128,
}

impl Equation {
    /// Adds the issuer's side of a card.
    #[must_use]
    pub fn with_shadow(mut self, card: &PurseCard) -> Self {
        self.shadows = self.shadows.saturating_add(card.shadow().signed());
        self
    }

    /// Zero when every unit is accounted for.
    #[must_use]
    pub const fn difference(&self) -> i128 {
        let float = self.shadows.saturating_add(self.waiting_loads);
        let cards = self
            .purses
            .saturating_add(self.loads_in_flight)
            .saturating_add(self.unloads_in_flight)
            .saturating_add(self.debits_not_cleared)
            .saturating_sub(self.cancels_not_cleared)
            .saturating_sub(self.inferred_wrongly)
            .saturating_sub(self.copied);
        float.saturating_sub(cards)
    }
}
