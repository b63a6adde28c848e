//! The shadow balance of a purse: what was loaded less what was cleared.
//!
//! What a card spends beyond it is *excess*: the merchant is paid, and the next credit of the card pays it back first. Some
//! excess is honest for a while, as when a cancel is uploaded after the purchase that spent its value again. What is still there
//! after the clearing window proves a counterfeit.

use purse::amount::Amount;

/// Shadow balance of a purse; its excess is greater than zero only while its own value is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shadow {
    own: u64,
    excess: u64,
}

/// How an amount divides between a purse's account and the excess account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parts {
    /// Of the purse's account.
    pub own: Amount,
    /// Of the excess account.
    pub excess: Amount,
}

impl Shadow {
    /// Nothing loaded, nothing cleared.
    pub const NONE: Self = Self { own: 0, excess: 0 };

    /// The balance with this much own value, or this much excess. `None` where there would be both.
    #[must_use]
    pub const fn new(own: u64, excess: u64) -> Option<Self> {
        if own > 0 && excess > 0 { None } else { Some(Self { own, excess }) }
    }

    /// Units that the issuer owes the holder.
    #[must_use]
    pub const fn own(&self) -> u64 {
        self.own
    }

    /// Units that were spent beyond.
    #[must_use]
    pub const fn excess(&self) -> u64 {
        self.excess
    }

    /// Units, below zero where there is excess.
    #[must_use]
    pub fn signed(&self) -> i128 {
        i128::from(self.own) - i128::from(self.excess)
    }

    /// What a debit takes from where. Fewer than 2³² debits of less than 2³² units never fill the sums.
    #[must_use]
    pub fn debited(self, amount: Amount) -> (Self, Parts) {
        let (own, excess) = divided(amount, self.own);
        let next = Self {
            own: self.own.saturating_sub(u64::from(own.units())),
            excess: self.excess.saturating_add(u64::from(excess.units())),
        };
        (next, Parts { own, excess })
    }

    /// What a credit pays back where: excess first.
    #[must_use]
    pub fn credited(self, amount: Amount) -> (Self, Parts) {
        let (excess, own) = divided(amount, self.excess);
        let next = Self {
            own: self.own.saturating_add(u64::from(own.units())),
            excess: self.excess.saturating_sub(u64::from(excess.units())),
        };
        (next, Parts { own, excess })
    }
}

/// As much of the amount as there is, and the rest.
fn divided(amount: Amount, there_is: u64) -> (Amount, Amount) {
    let units = u64::from(amount.units()).min(there_is);
    let first = Amount::new(u32::try_from(units).unwrap_or(amount.units()));
    (first, amount.checked_sub(first).unwrap_or(Amount::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excess_is_paid_back_first() {
        let units = Amount::new;
        let (shadow, _) = Shadow::default().credited(units(70));
        let (shadow, parts) = shadow.debited(units(100));
        assert_eq!(parts, Parts { own: units(70), excess: units(30) });
        assert_eq!(shadow.signed(), -30);
        let (shadow, parts) = shadow.credited(units(50));
        assert_eq!(parts, Parts { own: units(20), excess: units(30) });
        assert_eq!((shadow.own(), shadow.excess()), (20, 0));
    }
}
