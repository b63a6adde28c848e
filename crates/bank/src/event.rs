//! What happened at the bank: the only way its state changes.

use money::Amount;
use serde::{Deserialize, Serialize};

use crate::{AccountNumber, CardLimits, CardState, Decline, Expiry, OperationRef, Pan, Token};

/// What an operation moves, as the operator asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// The card.
    pub token: Token,
    /// How much.
    #[serde(with = "amount")]
    pub amount: Amount,
    /// Whether it goes to the card's account rather than from it.
    pub pay_out: bool,
}

/// What happened at the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A customer opened an account.
    AccountOpened {
        /// Its number.
        account: AccountNumber,
        /// What was paid in at once.
        #[serde(with = "amount")]
        balance: Amount,
    },
    /// A card was issued.
    CardIssued {
        /// Its number.
        pan: Pan,
        /// As printed.
        holder_name: String,
        /// Its last month.
        expiry: Expiry,
        /// The account behind it.
        account: AccountNumber,
        /// What it may be charged.
        limits: CardLimits,
    },
    /// A card was frozen, unfrozen or blacklisted.
    CardStateChanged {
        /// Which card.
        pan: Pan,
        /// The state from now on.
        state: CardState,
    },
    /// From now on the customer is asked before the card is charged.
    AskingBegun {
        /// Which card.
        pan: Pan,
        /// Charges above this.
        #[serde(with = "amount")]
        above: Amount,
    },
    /// Money came from outside, such as a salary.
    Deposited {
        /// To which account.
        account: AccountNumber,
        /// How much.
        #[serde(with = "amount")]
        amount: Amount,
    },
    /// The amount is held.
    Authorised {
        /// The operation.
        operation: OperationRef,
        /// What it will move.
        movement: Movement,
        /// The day it counts for, since 1970-01-01.
        day: u64,
    },
    /// The bank waits for its customer's word.
    Asked {
        /// The operation.
        operation: OperationRef,
        /// What it will move.
        movement: Movement,
    },
    /// What was held has moved to the operator.
    Captured {
        /// The operation.
        operation: OperationRef,
    },
    /// Charged or paid out in one step.
    Moved {
        /// The operation.
        operation: OperationRef,
        /// What moved.
        movement: Movement,
        /// The day it counts for, since 1970-01-01.
        day: u64,
    },
    /// The bank said no.
    Declined {
        /// The operation.
        operation: OperationRef,
        /// What was asked.
        movement: Movement,
        /// Why not.
        reason: Decline,
    },
    /// An operation that had not happened never will.
    Reversed {
        /// The operation.
        operation: OperationRef,
    },
}

/// An amount as its minor units and currency code.
pub(crate) mod amount {
    use money::{Amount, Currency};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(amount: &Amount, serializer: S) -> Result<S::Ok, S::Error> {
        (amount.minor(), amount.currency().code()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        let (minor, code) = <(u64, String)>::deserialize(deserializer)?;
        let currency = Currency::from_code(&code).map_err(D::Error::custom)?;
        Amount::from_minor(minor, currency).map_err(D::Error::custom)
    }
}
