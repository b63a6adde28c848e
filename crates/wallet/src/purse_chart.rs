//! The accounts of card purses. What their events do in the ledger, the issuer's host says.
//!
//! A purse has an account, its shadow balance: what was loaded less what was cleared. It gives out no more than was paid in.
//! What a card spends beyond it comes out of the excess account, and is paid back first when the card is credited again; what
//! stays there after the clearing window is the loss by a counterfeit.

use ledger::{Account, AccountFlags, AccountId};
use money::Currency;

use crate::{
    chart::{self, memo_ledger, money_ledger},
    ids::{OperationId, derive, derive_account},
};

/// Which purse: its issuer (8 bytes) and the serial number of its card (10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurseName(pub [u8; 18]);

impl PurseName {
    /// The purse in 128 bits, as `user_data_128` of accounts and transfers names it.
    #[must_use]
    pub fn bits(&self) -> u128 {
        derive("sycee purse v1", &[&self.0])
    }

    /// The part of the card that pays other purses, as `user_data_128` of its account and loads names it.
    #[must_use]
    pub fn transfer_bits(&self) -> u128 {
        derive("sycee transfer purse v1", &[&self.0])
    }
}

/// The id of a purse's account.
#[must_use]
pub fn purse_id(purse: &PurseName, currency: Currency) -> AccountId {
    derive_account("sycee account purse v1", &[&purse.0, &currency.numeric().to_be_bytes()])
}

/// The id of the account of a load.
#[must_use]
pub fn load_id(load: OperationId) -> AccountId {
    derive_account("sycee account purse load v1", &[&load.to_bytes()])
}

/// The id of the account of what purses spent beyond their shadow balance.
#[must_use]
pub fn excess_id(currency: Currency) -> AccountId {
    derive_account("sycee account purse excess v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of the account of what merchants pay for card purchases.
#[must_use]
pub fn fees_id(currency: Currency) -> AccountId {
    derive_account("sycee account purse fees v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of the account where the debits of a currency are noted.
#[must_use]
pub fn register_id(currency: Currency) -> AccountId {
    derive_account("sycee account purse register v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of the account of what sellers were advanced for split sales.
#[must_use]
pub fn advances_id(currency: Currency) -> AccountId {
    derive_account("sycee account purse advances v1", &[&currency.numeric().to_be_bytes()])
}

/// The id of the account of what a purse was loaded with that pays other purses.
#[must_use]
pub fn transfer_purse_id(purse: &PurseName, currency: Currency) -> AccountId {
    derive_account("sycee account transfer purse v1", &[&purse.0, &currency.numeric().to_be_bytes()])
}

/// The id of the account of what purses that pay each other have been told of.
#[must_use]
pub fn transfer_float_id(currency: Currency) -> AccountId {
    derive_account("sycee account transfer float v1", &[&currency.numeric().to_be_bytes()])
}

/// The account of a purse. Its `user_data_128` is the purse.
#[must_use]
pub fn purse(purse: &PurseName, currency: Currency) -> Account {
    Account {
        id: purse_id(purse, currency),
        user_data_128: purse.bits(),
        ledger: money_ledger(currency),
        code: chart::PURSE,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    }
}

/// The account of a load. Its `user_data_128` is the purse.
#[must_use]
pub fn load(load: OperationId, purse: &PurseName, currency: Currency) -> Account {
    Account {
        id: load_id(load),
        user_data_128: purse.bits(),
        ledger: money_ledger(currency),
        code: chart::PURSE_LOAD,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    }
}

/// What purses spent beyond their shadow balance.
#[must_use]
pub fn excess(currency: Currency) -> Account {
    Account {
        id: excess_id(currency),
        ledger: money_ledger(currency),
        code: chart::PURSE_EXCESS,
        flags: AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS,
        ..Account::default()
    }
}

/// What sellers of split sales were advanced, and holders owe. No more is collected than was advanced.
#[must_use]
pub fn advances(currency: Currency) -> Account {
    Account {
        id: advances_id(currency),
        ledger: money_ledger(currency),
        code: chart::PURSE_ADVANCES,
        flags: AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS,
        ..Account::default()
    }
}

/// What a purse was loaded with that pays other purses and has not been told of. Its transfers are the issuer's messages.
#[must_use]
pub fn transfer_purse(purse: &PurseName, currency: Currency) -> Account {
    Account {
        id: transfer_purse_id(purse, currency),
        user_data_128: purse.transfer_bits(),
        ledger: money_ledger(currency),
        code: chart::TRANSFER_PURSE,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    }
}

/// What purses that pay each other have been told of: what they hold, and what was lost between them. Value moves between them
/// without a posting, so only all of them together can be told.
#[must_use]
pub fn transfer_float(currency: Currency) -> Account {
    Account {
        id: transfer_float_id(currency),
        ledger: money_ledger(currency),
        code: chart::TRANSFER_PURSE,
        flags: AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        ..Account::default()
    }
}

/// What merchants pay for card purchases.
#[must_use]
pub fn fees(currency: Currency) -> Account {
    Account {
        id: fees_id(currency),
        ledger: money_ledger(currency),
        code: chart::PURSE_FEES,
        ..Account::default()
    }
}

/// Where the debits of a currency are noted.
#[must_use]
pub fn register(currency: Currency) -> Account {
    Account {
        id: register_id(currency),
        ledger: memo_ledger(currency),
        code: chart::PURSE_REGISTER,
        ..Account::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purses_and_loads_give_out_no_more_than_was_paid_in() {
        let limit = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
        let name = PurseName([7; 18]);
        assert!(purse(&name, Currency::CNY).flags.contains(limit));
        assert!(load(OperationId::new(7), &name, Currency::CNY).flags.contains(limit));
    }

    #[test]
    fn a_purse_in_another_currency_is_another_account() {
        let name = PurseName([7; 18]);
        assert_ne!(purse_id(&name, Currency::CNY), purse_id(&name, Currency::EUR));
        assert_ne!(purse_id(&name, Currency::CNY), purse_id(&PurseName([8; 18]), Currency::CNY));
    }
}
