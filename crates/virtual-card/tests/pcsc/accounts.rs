//! What a terminal books, and whether it adds up.

use std::collections::BTreeMap;

use purse::{
    amount::Amount,
    fields::{Asn, Sequence},
};
use virtual_card::tap::Receipt;

/// Loads and debits of one card.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    loaded: u64,
    /// Each debit once: what decides is card and sequence.
    debits: BTreeMap<(Asn, Sequence), Amount>,
    /// How many debits were found out only by a proof.
    pub(crate) proved: usize,
    /// How many attempts turned out not to have paid.
    pub(crate) unpaid: usize,
}

impl Accounts {
    pub(crate) fn load(&mut self, amount: Amount) {
        self.loaded += u64::from(amount.units());
    }

    pub(crate) fn book(&mut self, receipt: &Receipt) {
        let attempt = &receipt.attempt;
        let before = self.debits.insert((attempt.asn, attempt.sequence), attempt.amount);
        assert_eq!(before, None, "one debit was booked twice");
    }

    pub(crate) fn debits(&self) -> usize {
        self.debits.len()
    }

    pub(crate) fn spent(&self) -> u64 {
        self.debits.values().map(|amount| u64::from(amount.units())).sum()
    }

    /// Loads = what is in the purse + debits; and no sequence of the card is missing.
    #[track_caller]
    pub(crate) fn assert_add_up(&self, balance: Amount) {
        assert_eq!(self.loaded, u64::from(balance.units()) + self.spent(), "{self:?}");
        let sequences: Vec<u16> = self.debits.keys().map(|(_, sequence)| sequence.0).collect();
        let expected: Vec<u16> = (0..).take(sequences.len()).collect();
        assert_eq!(sequences, expected);
    }
}
