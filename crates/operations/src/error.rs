//! Which rule a request broke, or what could not be reached.

use core::fmt;

/// What an operation needs from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// The ledger.
    Ledger,
    /// The records.
    Records,
    /// The bank.
    Bank,
}

/// Who a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The holder who asks.
    Holder,
    /// The holder who would receive.
    Payee,
    /// The merchant.
    Merchant,
    /// The card.
    Card,
    /// The wallet in that currency.
    Wallet,
    /// The bank.
    Bank,
    /// An earlier operation.
    Operation,
}

/// Why an operation was not started. Nothing was moved by this request; what the ledger or bank refuses *after* the
/// start is an outcome, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationError {
    /// The amount is 0.
    AmountZero,
    /// The amount is above the limit of one operation.
    AmountTooLarge {
        /// The limit, in minor units.
        most: u64,
    },
    /// No wallet can have this currency, or the merchant or card has another one.
    CurrencyNotSupported,
    /// There is no such party, or it is not the caller's to see.
    NotFound(Party),
    /// The party may not take part now: frozen, closed or deleted.
    NotActive(Party),
    /// The party has no wallet in this currency.
    NoWallet(Party),
    /// Payer and payee are the same.
    PayeeIsPayer,
    /// The name check does not belong to this payee: look the payee up again and confirm the name.
    NameCheckFailed,
    /// The operation is not one that can be refunded, or has not completed.
    NotRefundable,
    /// A text is longer than allowed, or empty where it may not be.
    TextLength {
        /// Which field.
        field: &'static str,
    },
    /// A value exists already under another owner.
    Taken {
        /// Which field.
        field: &'static str,
    },
    /// The bank refused: the card cannot be bound or asked.
    CardRefused(bank::Decline),
    /// The key was used before with another body.
    KeyReused,
    /// A request with this key is being carried out: ask again for its answer.
    KeyInProgress,
    /// Something could not be reached. Whether the request had an effect is unknown: repeat it with the same key.
    Unavailable(Port),
    /// Ledger, records and bank contradict each other in a way that no interruption explains: nothing more was done.
    Inconsistent(&'static str),
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AmountZero => f.write_str("amount is zero"),
            Self::AmountTooLarge { most } => write!(f, "amount is above {most} minor units"),
            Self::CurrencyNotSupported => f.write_str("currency is not supported here"),
            Self::NotFound(party) => write!(f, "{party} not found"),
            Self::NotActive(party) => write!(f, "{party} is not active"),
            Self::NoWallet(party) => write!(f, "{party} has no wallet in this currency"),
            Self::PayeeIsPayer => f.write_str("payer and payee are the same"),
            Self::NameCheckFailed => f.write_str("name check does not belong to this payee"),
            Self::NotRefundable => f.write_str("operation cannot be refunded"),
            Self::TextLength { field } => write!(f, "{field} is empty or too long"),
            Self::Taken { field } => write!(f, "{field} is taken"),
            Self::CardRefused(reason) => write!(f, "bank refused the card: {reason:?}"),
            Self::KeyReused => f.write_str("idempotency key was used with another body"),
            Self::KeyInProgress => f.write_str("a request with this idempotency key is in progress"),
            Self::Unavailable(port) => write!(f, "{port} is unavailable"),
            Self::Inconsistent(what) => write!(f, "stores contradict each other: {what}"),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ledger => "ledger",
            Self::Records => "records",
            Self::Bank => "bank",
        })
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holder => "holder",
            Self::Payee => "payee",
            Self::Merchant => "merchant",
            Self::Card => "card",
            Self::Wallet => "wallet",
            Self::Bank => "bank",
            Self::Operation => "operation",
        })
    }
}

impl core::error::Error for OperationError {}

impl From<records::RecordsError> for OperationError {
    fn from(error: records::RecordsError) -> Self {
        use records::RecordsError as R;
        match error {
            R::Statement(_) => Self::Inconsistent("records refused a statement"),
            R::Unreadable(_) => Self::Inconsistent("records hold an unreadable value"),
            R::Conflict(_) => Self::Inconsistent("records have this value already"),
            R::Contended
            | R::Crashed
            | R::Damaged(_)
            | R::InUse(_)
            | R::NewerVersion { .. }
            | R::Stopped(_)
            | R::Unavailable(_) => Self::Unavailable(Port::Records),
        }
    }
}
