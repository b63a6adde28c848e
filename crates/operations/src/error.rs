//! Which rule a request broke, or what could not be reached.

use core::fmt;

use crate::card_purses::CardPurseRefusal;
use crate::code_refusal::CodeRefusal;
use crate::ports::KeysUnavailable;
use crate::reconciliation::BadFile;
use crate::vaults::VaultRefusal;

/// What an operation needs from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Port {
    /// The ledger.
    Ledger,
    /// The records.
    Records,
    /// The bank.
    Bank,
    /// The place of secret keys.
    Keys,
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
    /// An order.
    Order,
    /// An endpoint for webhooks.
    Endpoint,
    /// The bank.
    Bank,
    /// An earlier operation.
    Operation,
    /// A voucher.
    Voucher,
    /// A master key.
    MasterKey,
    /// A card purse.
    CardPurse,
    /// A batch of card purses.
    IssueBatch,
    /// A terminal.
    Terminal,
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
    /// The statement file of a bank cannot be imported.
    StatementRefused(BadFile),
    /// A value exists already under another owner.
    Taken {
        /// Which field.
        field: &'static str,
    },
    /// The payer must first prove that it is really them: ask a challenge, prove it, and ask again with it.
    StepUpRequired,
    /// The payer has neither a payment PIN nor a passkey, without which no more than this may be spent at once.
    NotSecured {
        /// The limit, in minor units.
        most: u64,
    },
    /// A rule of risk, or the black list, does not allow it.
    DeclinedByRule,
    /// A person has to look at it first, which this way of paying cannot wait for.
    HeldForReview,
    /// The caller's duties do not cover this.
    NotPermitted,
    /// Who asked for it may not approve it.
    SamePerson,
    /// It was decided before, or its time is over.
    DecidedBefore,
    /// The amount is above the holder's own limit for one operation.
    OverSingleLimit {
        /// The limit, in minor units.
        most: u64,
    },
    /// The amount is above what is left of the holder's own limit for the day.
    OverDailyLimit {
        /// What is left, in minor units.
        left: u64,
    },
    /// The holder has stopped all spending, as after the loss of a device.
    SpendingStopped,
    /// The request, bill or post has been paid, declined or withdrawn, or its time is over.
    NotOpen,
    /// The bank refused: the card cannot be bound or asked.
    CardRefused(bank::Decline),
    /// The code to pay by is refused.
    CodeRefused(CodeRefusal),
    /// The order was paid before.
    AlreadyPaid,
    /// The vault refuses.
    Vault(VaultRefusal),
    /// A card purse, its terminal or its issuer refuses.
    CardPurse(CardPurseRefusal),
    /// The order was paid, has expired, or was cancelled.
    OrderEnded,
    /// Nothing of the order waits in escrow, or a dispute holds it.
    NotInEscrow,
    /// The voucher is in a wallet already, or was taken back by who sold it.
    VoucherEnded,
    /// What was typed is not the share that this custodian was given.
    ShareRefused,
    /// Less than the operator's people who are to hold a share, or one of them twice.
    CustodiansWanted,
    /// The URL is not on an origin that the merchant has registered.
    ReturnUrlNotRegistered,
    /// A number is below or above what is allowed, or numbers contradict each other.
    OutOfRange {
        /// Which field.
        field: &'static str,
    },
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
            Self::StatementRefused(why) => why.fmt(f),
            Self::Taken { field } => write!(f, "{field} is taken"),
            Self::StepUpRequired => f.write_str("payer must prove that it is really them"),
            Self::NotSecured { most } => {
                write!(f, "amount is above {most} minor units, for which a payment PIN or passkey is needed")
            }
            Self::DeclinedByRule => f.write_str("a rule of risk does not allow it"),
            Self::HeldForReview => f.write_str("a person has to look at it first"),
            Self::NotPermitted => f.write_str("your duties do not cover this"),
            Self::SamePerson => f.write_str("who asked for it may not approve it"),
            Self::DecidedBefore => f.write_str("it was decided before, or its time is over"),
            Self::OverSingleLimit { most } => {
                write!(f, "amount is above your own limit of {most} minor units")
            }
            Self::OverDailyLimit { left } => {
                write!(f, "your own limit leaves {left} minor units for today")
            }
            Self::SpendingStopped => f.write_str("all spending of this wallet is stopped"),
            Self::NotOpen => f.write_str("it is not open any more"),
            Self::CardRefused(reason) => write!(f, "bank refused the card: {reason:?}"),
            Self::CodeRefused(reason) => reason.fmt(f),
            Self::Vault(reason) => reason.fmt(f),
            Self::CardPurse(reason) => reason.fmt(f),
            Self::AlreadyPaid => f.write_str("order was paid before"),
            Self::OrderEnded => f.write_str("order was paid, has expired, or was cancelled"),
            Self::NotInEscrow => f.write_str("nothing of the order waits in escrow, or a dispute holds it"),
            Self::VoucherEnded => f.write_str("voucher was redeemed or taken back"),
            Self::ShareRefused => {
                f.write_str("this is not the share that you were given: compare each group")
            }
            Self::CustodiansWanted => f.write_str("three different people hold the shares"),
            Self::ReturnUrlNotRegistered => f.write_str("return URL is not on a registered origin"),
            Self::OutOfRange { field } => write!(f, "{field} is out of range"),
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
            Self::Keys => "place of secret keys",
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
            Self::Order => "order",
            Self::Endpoint => "endpoint",
            Self::Bank => "bank",
            Self::Operation => "operation",
            Self::Voucher => "voucher",
            Self::MasterKey => "master key",
            Self::CardPurse => "card purse",
            Self::IssueBatch => "batch of cards",
            Self::Terminal => "terminal",
        })
    }
}

impl core::error::Error for OperationError {}

impl From<KeysUnavailable> for OperationError {
    fn from(_: KeysUnavailable) -> Self {
        Self::Unavailable(Port::Keys)
    }
}

impl From<CardPurseRefusal> for OperationError {
    fn from(refusal: CardPurseRefusal) -> Self {
        Self::CardPurse(refusal)
    }
}

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
