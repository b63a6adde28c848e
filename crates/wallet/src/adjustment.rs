//! Corrections by hand: between a party's account and the operator's suspense account.

use ledger::{AccountId, Amount as Minor, Transfer};
use money::Amount;

use crate::chart;
use crate::ids::OperationId;
use crate::postings::decision_id;

/// Which way a correction goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The party gets value, out of suspense.
    ToParty,
    /// The party gives value, into suspense.
    FromParty,
}

/// A correction by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The operation.
    pub operation: OperationId,
    /// The account of the party: a wallet, a merchant's, or the operator's at a bank.
    pub account: AccountId,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub amount: Amount,
}

/// The operator corrected a balance, as two people decided.
#[must_use]
pub fn corrected(correction: &Correction) -> Transfer {
    let currency = correction.amount.currency();
    let suspense = chart::suspense_id(currency);
    let (debit_account_id, credit_account_id) = match correction.direction {
        Direction::ToParty => (suspense, correction.account),
        Direction::FromParty => (correction.account, suspense),
    };
    Transfer {
        id: decision_id(correction.operation),
        debit_account_id,
        credit_account_id,
        amount: Minor(u128::from(correction.amount.minor())),
        ledger: chart::money_ledger(currency),
        code: chart::ADJUSTMENT,
        ..Transfer::default()
    }
}

#[cfg(test)]
mod tests {
    use money::Currency;

    use super::*;
    use crate::ids::HolderId;

    #[test]
    fn a_correction_has_suspense_on_its_other_side() {
        let account = chart::wallet_id(HolderId::new(1), Currency::CNY);
        let amount = Amount::from_minor(1_250, Currency::CNY).unwrap();
        let of =
            |direction| corrected(&Correction { operation: OperationId::new(9), account, direction, amount });
        let (given, taken) = (of(Direction::ToParty), of(Direction::FromParty));
        assert_eq!((given.credit_account_id, given.id), (account, decision_id(OperationId::new(9))));
        assert_eq!((taken.debit_account_id, taken.credit_account_id), (account, given.debit_account_id));
    }
}
