//! What the operator asks the bank, and what the bank answers.

use money::Amount;
use serde::{Deserialize, Serialize};

use crate::{Brand, Expiry};

/// The operator's id of an operation: the bank carries it out at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationRef(pub u128);

/// What stands for a card at the operator after it was bound; useless anywhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token(pub u128);

/// A customer's account at the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountNumber(pub u64);

/// A question or an order of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Checks a card and gives a token for it: always the same one for the same card.
    Bind {
        /// The number as typed.
        pan: String,
        /// As printed on the card.
        expiry: Expiry,
        /// As printed on the card; case and outer spaces do not matter.
        holder_name: String,
    },
    /// Holds the amount on the card's account until it is captured or reversed.
    Authorise {
        /// The operator's id.
        operation: OperationRef,
        /// The card.
        token: Token,
        /// How much.
        amount: Amount,
    },
    /// Moves what was authorised to the operator.
    Capture {
        /// The operation that was authorised.
        operation: OperationRef,
    },
    /// Authorises and captures in one.
    Charge {
        /// The operator's id.
        operation: OperationRef,
        /// The card.
        token: Token,
        /// How much.
        amount: Amount,
    },
    /// Moves the amount from the operator to the card's account.
    PayOut {
        /// The operator's id.
        operation: OperationRef,
        /// The card.
        token: Token,
        /// How much.
        amount: Amount,
    },
    /// Makes sure that an operation that has not happened never will: releases a hold, and blocks an id never seen.
    /// What has happened stays, and the answer says so.
    Reverse {
        /// The operation.
        operation: OperationRef,
    },
    /// What became of an operation.
    Inquire {
        /// The operation.
        operation: OperationRef,
    },
    /// The balance of the card's account.
    Balance {
        /// The card.
        token: Token,
    },
}

/// The bank's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To [`Request::Bind`].
    Bound {
        /// What stands for the card from now on.
        token: Token,
        /// The scheme.
        brand: Brand,
        /// The last four digits.
        last_four: String,
    },
    /// To [`Request::Balance`].
    Balance(Amount),
    /// To everything about an operation: what became of it, now and for ever except [`Outcome::Authorised`],
    /// [`Outcome::Asked`] and [`Outcome::NotFound`].
    Operation(Outcome),
    /// The request itself was not accepted and nothing changed.
    Refused(Decline),
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The money is held, not moved.
    Authorised,
    /// The bank waits for its customer's word. Nothing is held.
    Asked,
    /// The money has moved.
    Done,
    /// It did not happen and never will.
    Declined(Decline),
    /// It was reversed before it happened and never will.
    Reversed,
    /// The bank never heard of it.
    NotFound,
}

/// Why the bank says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decline {
    /// No such card, or number, expiry or name do not belong together.
    UnknownCard,
    /// Frozen by its owner or the bank.
    CardFrozen,
    /// Its last month has passed.
    CardExpired,
    /// On the black list.
    CardBlacklisted,
    /// The account has less than the amount.
    InsufficientFunds,
    /// More than the card's limit for one charge.
    OverChargeLimit,
    /// More than the card's limit for one day.
    OverDailyLimit,
    /// The account is in another currency.
    OtherCurrency,
    /// The same operation id came with other contents.
    OperationDiffers,
    /// The operator's account at the bank has less than the amount.
    OperatorShort,
    /// The customer was asked, and said no.
    RefusedByCustomer,
    /// The bank gives no reason.
    Unspecified,
}
