//! Cards: limits, states, and whether one may be charged.

use ledger::Timestamp;
use money::Amount;
use serde::{Deserialize, Serialize};

use crate::expiry::day_of;
use crate::{AccountNumber, Decline, Expiry};

/// What a card may be charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLimits {
    /// The most in one charge.
    #[serde(with = "crate::event::amount")]
    pub per_charge: Amount,
    /// The most in one UTC day.
    #[serde(with = "crate::event::amount")]
    pub per_day: Amount,
}

/// Whether a card may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardState {
    /// May be used until it expires.
    Active,
    /// May not be used for now.
    Frozen,
    /// May never be used again.
    Blacklisted,
}

/// A card of the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The account behind it.
    pub account: AccountNumber,
    /// As printed.
    pub holder_name: String,
    /// Its last month.
    pub expiry: Expiry,
    /// What it may be charged.
    pub limits: CardLimits,
    /// Whether it may be used.
    pub state: CardState,
    /// The customer is asked before a charge above this; `None`: before none.
    pub ask_above: Option<Amount>,
    spent_day: u64,
    spent: Amount,
}

impl Card {
    pub(crate) fn new(
        account: AccountNumber,
        holder_name: String,
        expiry: Expiry,
        limits: CardLimits,
    ) -> Self {
        let spent = Amount::zero(limits.per_day.currency());
        let state = CardState::Active;
        Self { account, holder_name, expiry, limits, state, ask_above: None, spent_day: 0, spent }
    }

    /// Whether the customer is asked before this charge.
    #[must_use]
    pub fn asks(&self, amount: Amount) -> bool {
        self.ask_above.is_some_and(|above| amount > above)
    }

    /// Whether the card may be used at all.
    ///
    /// # Errors
    /// Why not.
    pub fn usable(&self, now: Timestamp) -> Result<(), Decline> {
        match self.state {
            CardState::Blacklisted => Err(Decline::CardBlacklisted),
            CardState::Frozen => Err(Decline::CardFrozen),
            CardState::Active if self.expiry.is_past(now) => Err(Decline::CardExpired),
            CardState::Active => Ok(()),
        }
    }

    /// Whether the limits allow this charge.
    ///
    /// # Errors
    /// Which limit it breaks.
    pub fn within_limits(&self, now: Timestamp, amount: Amount) -> Result<(), Decline> {
        if amount.currency() != self.limits.per_charge.currency() {
            return Err(Decline::OtherCurrency);
        }
        if amount > self.limits.per_charge {
            return Err(Decline::OverChargeLimit);
        }
        let spent = if self.spent_day == day_of(now) { self.spent } else { Amount::zero(amount.currency()) };
        let total = spent.checked_add(amount).map_err(|_| Decline::OverDailyLimit)?;
        if total > self.limits.per_day { Err(Decline::OverDailyLimit) } else { Ok(()) }
    }

    /// Counts a charge of that day against the daily limit.
    pub(crate) fn count(&mut self, day: u64, amount: Amount) {
        if self.spent_day != day {
            self.spent_day = day;
            self.spent = Amount::zero(amount.currency());
        }
        // Within the daily limit, so it fits.
        self.spent = self.spent.checked_add(amount).unwrap_or(self.limits.per_day);
    }

    /// Takes a charge of that day back out of the daily limit.
    pub(crate) fn uncount(&mut self, day: u64, amount: Amount) {
        if self.spent_day == day {
            self.spent = self.spent.checked_sub(amount).unwrap_or(Amount::zero(amount.currency()));
        }
    }
}
