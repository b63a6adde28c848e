//! What limits a holder's spending, as accounts and transfers of the memo ledger.
//!
//! | account | whose | the ledger holds |
//! |---|---|---|
//! | spending limit | a holder, per currency and day | never more spent than was granted for the day |
//! | limit control | the other side of all spending limits of a currency | |
//! | claim register | where each fact of a currency that may be paid once is noted | |
//!
//! A day is a count of days since 1970-01-01 by the clock on the operator's wall.

use ledger::{Account, AccountFlags, AccountId, Amount as Minor, Code, Transfer, TransferFlags, TransferId};
use money::{Amount, Currency};

use crate::chart;
use crate::ids::{BillId, HolderId, OperationId, PostId, RequestId, derive_account, derive_transfer};

/// Account code: what a holder may still spend on one day (memo ledger).
pub const SPENDING_LIMIT: Code = Code(60);
/// Account code: the other side of all spending limits (memo ledger).
pub const LIMIT_CONTROL: Code = Code(61);
/// Account code: where facts are noted that may be paid once (memo ledger).
pub const CLAIM_REGISTER: Code = Code(62);

/// Transfer code: a day begins, and its limit is granted.
pub const LIMIT_GRANTED: Code = Code(60);
/// Transfer code: an operation uses up part of the day's limit.
pub const LIMIT_USED: Code = Code(61);
/// Transfer code: the holder lowered the limit in the middle of a day.
pub const LIMIT_LOWERED: Code = Code(62);
/// Transfer code: a fact that may be paid once has been paid, by this one operation.
pub const CLAIMED: Code = Code(63);
/// Transfer code: what an operation used up comes back, because the operation came to nothing.
pub const LIMIT_GIVEN_BACK: Code = Code(64);

/// One day of a holder's spending in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendingDay {
    /// Whose.
    pub holder: HolderId,
    /// In which currency.
    pub currency: Currency,
    /// Days since 1970-01-01.
    pub day: u32,
}

impl SpendingDay {
    fn parts(&self) -> [[u8; 16]; 2] {
        let mut rest = [0; 16];
        rest[..2].copy_from_slice(&self.currency.numeric().to_be_bytes());
        rest[2..6].copy_from_slice(&self.day.to_be_bytes());
        [self.holder.to_bytes(), rest]
    }

    /// The id of the account that holds what may still be spent.
    #[must_use]
    pub fn account_id(&self) -> AccountId {
        let [holder, rest] = self.parts();
        derive_account("sycee account spending limit v1", &[&holder, &rest])
    }

    /// The account that holds what may still be spent. Its `user_data_128` is the holder.
    #[must_use]
    pub fn account(&self) -> Account {
        Account {
            id: self.account_id(),
            user_data_128: self.holder.bits(),
            user_data_32: self.day,
            ledger: chart::memo_ledger(self.currency),
            code: SPENDING_LIMIT,
            flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
            ..Account::default()
        }
    }
}

/// The id of the other side of all spending limits of a currency.
#[must_use]
pub fn limit_control_id(currency: Currency) -> AccountId {
    derive_account("sycee account limit control v1", &[&currency.numeric().to_be_bytes()])
}

/// The other side of all spending limits of a currency.
#[must_use]
pub fn limit_control(currency: Currency) -> Account {
    Account {
        id: limit_control_id(currency),
        ledger: chart::memo_ledger(currency),
        code: LIMIT_CONTROL,
        ..Account::default()
    }
}

/// The id of the account where facts of a currency are noted that may be paid once.
#[must_use]
pub fn claim_register_id(currency: Currency) -> AccountId {
    derive_account("sycee account claim register v1", &[&currency.numeric().to_be_bytes()])
}

/// Where facts of a currency are noted that may be paid once.
#[must_use]
pub fn claim_register(currency: Currency) -> Account {
    Account {
        id: claim_register_id(currency),
        ledger: chart::memo_ledger(currency),
        code: CLAIM_REGISTER,
        ..Account::default()
    }
}

/// The day's limit is granted, once.
#[must_use]
pub fn limit_granted(day: &SpendingDay, limit: Amount) -> Transfer {
    let [holder, rest] = day.parts();
    Transfer {
        id: derive_transfer("sycee transfer limit granted v1", &[&holder, &rest]),
        debit_account_id: limit_control_id(day.currency),
        credit_account_id: day.account_id(),
        amount: Minor(u128::from(limit.minor())),
        user_data_128: day.holder.bits(),
        ledger: chart::memo_ledger(day.currency),
        code: LIMIT_GRANTED,
        ..Transfer::default()
    }
}

/// The transfer that takes an operation's amount from the day's limit.
#[must_use]
pub fn limit_used_id(operation: OperationId) -> TransferId {
    derive_transfer("sycee transfer limit used v1", &[&operation.to_bytes()])
}

/// An operation uses up part of the day's limit: a leg of its chain.
#[must_use]
pub fn limit_used(day: &SpendingDay, operation: OperationId, amount: Amount) -> Transfer {
    Transfer {
        id: limit_used_id(operation),
        debit_account_id: day.account_id(),
        credit_account_id: limit_control_id(day.currency),
        amount: Minor(u128::from(amount.minor())),
        user_data_128: operation.bits(),
        ledger: chart::memo_ledger(day.currency),
        code: LIMIT_USED,
        ..Transfer::default()
    }
}

/// What an operation used up comes back, once, because the operation came to nothing.
#[must_use]
pub fn limit_given_back(day: &SpendingDay, operation: OperationId, amount: Amount) -> Transfer {
    Transfer {
        id: derive_transfer("sycee transfer limit given back v1", &[&operation.to_bytes()]),
        debit_account_id: limit_control_id(day.currency),
        credit_account_id: day.account_id(),
        amount: Minor(u128::from(amount.minor())),
        user_data_128: operation.bits(),
        ledger: chart::memo_ledger(day.currency),
        code: LIMIT_GIVEN_BACK,
        ..Transfer::default()
    }
}

/// The limit fell from one amount to another: the difference is taken from what is left of the day, as far as it is
/// there. Once for each pair of amounts, because a limit rises again no sooner than another day.
#[must_use]
pub fn limit_lowered(day: &SpendingDay, from: Amount, to: Amount) -> Transfer {
    let [holder, rest] = day.parts();
    let (from, to) = (from.minor(), to.minor());
    Transfer {
        id: derive_transfer(
            "sycee transfer limit lowered v1",
            &[&holder, &rest, &from.to_be_bytes(), &to.to_be_bytes()],
        ),
        debit_account_id: day.account_id(),
        credit_account_id: limit_control_id(day.currency),
        amount: Minor(u128::from(from.saturating_sub(to))),
        user_data_128: day.holder.bits(),
        ledger: chart::memo_ledger(day.currency),
        code: LIMIT_LOWERED,
        flags: TransferFlags::BALANCING_DEBIT,
        ..Transfer::default()
    }
}

/// A fact that may be paid once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A request for money.
    Request(RequestId),
    /// A bill.
    Bill(BillId),
    /// A post on the neighbours' board.
    Post(PostId),
}

impl Claim {
    /// The transfer that notes that the fact has been paid.
    #[must_use]
    pub fn id(self) -> TransferId {
        match self {
            Self::Request(id) => derive_transfer("sycee transfer request paid v1", &[&id.to_bytes()]),
            Self::Bill(id) => derive_transfer("sycee transfer bill paid v1", &[&id.to_bytes()]),
            Self::Post(id) => derive_transfer("sycee transfer post settled v1", &[&id.to_bytes()]),
        }
    }
}

/// The fact has been paid, by this operation and no other: a leg of the operation's chain.
#[must_use]
pub fn claimed(claim: Claim, operation: OperationId, currency: Currency) -> Transfer {
    Transfer {
        id: claim.id(),
        debit_account_id: limit_control_id(currency),
        credit_account_id: claim_register_id(currency),
        amount: Minor(1),
        user_data_128: operation.bits(),
        ledger: chart::memo_ledger(currency),
        code: CLAIMED,
        ..Transfer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> SpendingDay {
        SpendingDay { holder: HolderId::new(7), currency: Currency::CNY, day }
    }

    #[test]
    fn each_day_of_each_holder_has_an_account_of_its_own() {
        let other = SpendingDay { holder: HolderId::new(8), ..day(1) };
        let euros = SpendingDay { currency: Currency::EUR, ..day(1) };
        let ids = [day(1).account_id(), day(2).account_id(), other.account_id(), euros.account_id()];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id));
        }
    }

    #[test]
    fn two_operations_that_pay_the_same_fact_meet_in_one_transfer() {
        let claim =
            |operation| claimed(Claim::Bill(BillId::new(3)), OperationId::new(operation), Currency::CNY);
        assert_eq!(claim(1).id, claim(2).id);
        assert_ne!(claim(1), claim(2));
        let request = claimed(Claim::Request(RequestId::new(3)), OperationId::new(1), Currency::CNY);
        assert_ne!(request.id, claim(1).id);
    }

    #[test]
    fn what_is_used_and_what_is_lowered_come_from_the_days_account() {
        let cny = |minor| Amount::from_minor(minor, Currency::CNY).unwrap();
        let used = limit_used(&day(1), OperationId::new(1), cny(5));
        let lowered = limit_lowered(&day(1), cny(500), cny(300));
        assert_eq!(used.debit_account_id, limit_granted(&day(1), cny(500)).credit_account_id);
        assert_eq!(lowered.debit_account_id, used.debit_account_id);
        assert_eq!(lowered.amount, Minor(200));
        assert_eq!(lowered.flags, TransferFlags::BALANCING_DEBIT);
    }
}
