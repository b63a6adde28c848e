//! Why something at a terminal did not happen, or is not known to have happened.

use std::fmt;

use globalplatform::status::StatusWord;
use messages::card::CardStatus;
use purse::amount::Amount;

use crate::{
    card::ExchangeError, clock::ClockError, entry::RecordNumber, journal::JournalError, split::SplitRefusal,
};

/// A rule that says no. No card was debited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The clock.
    Clock(ClockError),
    /// There are no parameters, or they have expired.
    Parameters,
    /// There is no status list, or it is too old or has expired.
    StatusList,
    /// The sale is of nothing.
    NoAmount,
    /// No sale is above this.
    SaleLimit(Amount),
    /// Without a network no sale is above this.
    FloorLimit(Amount),
    /// The sale may be paid already, and its card cannot tell any more: clearing decides.
    SaleUnknown(RecordNumber),
    /// The sale may be paid already, by another card: that one has to come first.
    OtherCard(RecordNumber),
    /// The sale was made with another amount.
    OtherAmount,
    /// The first day of the card has not come.
    NotYetValid,
    /// The last day of the card is over.
    Expired,
    /// The card is on the status list.
    Listed(CardStatus),
    /// The card could not prove what it said it did.
    Suspect,
    /// The card holds less.
    Balance(Amount),
    /// The card holds less, and the rest may not be owed.
    Split(SplitRefusal),
    /// The card's key is older than those that are taken.
    KeyVersion,
    /// The card's counter stands before what it already proved.
    CounterWentBack,
    /// The card said no.
    Card(StatusWord),
    /// The security module said no: it is locked, its ceiling is reached, or it has no such key.
    Module(StatusWord),
    /// Another security module sits in the terminal.
    OtherModule,
    /// There is nothing to cancel, or another card has to come.
    NothingToCancel,
    /// The card's trip record is damaged, or says that the card is on the other side.
    Trip,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock(ClockError::Impossible) => f.write_str("clock shows no time"),
            Self::Clock(ClockError::SetBack) => f.write_str("clock was set back"),
            Self::Clock(ClockError::FarAhead) => f.write_str("clock has to be confirmed"),
            Self::Parameters => f.write_str("parameters are missing or have expired"),
            Self::StatusList => f.write_str("status list is missing or too old"),
            Self::NoAmount => f.write_str("sale is of nothing"),
            Self::SaleLimit(limit) => write!(f, "sale is above {limit}"),
            Self::FloorLimit(limit) => write!(f, "sale is above {limit} and needs a network"),
            Self::SaleUnknown(number) => write!(f, "sale may be paid by record {number}"),
            Self::OtherCard(number) => write!(f, "the card of record {number} has to come first"),
            Self::OtherAmount => f.write_str("sale was made with another amount"),
            Self::NotYetValid => f.write_str("card is not valid yet"),
            Self::Expired => f.write_str("card has expired"),
            Self::Listed(status) => write!(f, "card is on the status list: {status:?}"),
            Self::Suspect => f.write_str("card did not prove what it said"),
            Self::Balance(balance) => write!(f, "card holds only {balance}"),
            Self::Split(refusal) => refusal.fmt(f),
            Self::KeyVersion => f.write_str("key of the card is too old"),
            Self::CounterWentBack => f.write_str("counter of the card went back"),
            Self::Card(status) => write!(f, "card refused with {status}"),
            Self::Module(status) => write!(f, "security module refused with {status}"),
            Self::OtherModule => f.write_str("another security module sits in the terminal"),
            Self::NothingToCancel => f.write_str("there is nothing to cancel with this card"),
            Self::Trip => f.write_str("trip of the card does not fit this gate"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Why there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A rule said no. Nothing was taken.
    Refused(Refusal),
    /// The card did not answer before it was asked to pay. Nothing was taken.
    Card(ExchangeError),
    /// The security module did not answer. Nothing was taken.
    Module(ExchangeError),
    /// The journal cannot be written. Nothing was taken.
    Journal(JournalError),
    /// The card may have paid: it has to come back.
    Unknown(RecordNumber),
    /// The card says that it paid and does not prove it: no goods for it.
    NotProved(RecordNumber),
    /// The card paid, and that could not be written down: the terminal has to start again, and the card has to come back.
    NotRecorded(RecordNumber, JournalError),
}

impl Failure {
    /// Whether the card may have paid.
    #[must_use]
    pub const fn may_have_paid(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::NotProved(_) | Self::NotRecorded(..))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Card(error) => write!(f, "card: {error}"),
            Self::Module(error) => write!(f, "security module: {error}"),
            Self::Journal(error) => error.fmt(f),
            Self::Unknown(number) => {
                write!(f, "card may have paid, record {number}: hold it to the reader again")
            }
            Self::NotProved(number) => write!(f, "card did not prove that it paid, record {number}"),
            Self::NotRecorded(number, error) => write!(f, "payment {number} could not be recorded: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// A card that says no is a refusal; one that does not answer is a failure. Both before it was asked to pay.
pub(crate) fn from_card(error: ExchangeError) -> Failure {
    match error {
        ExchangeError::Refused(status) => Refusal::Card(status).into(),
        other => Failure::Card(other),
    }
}

/// The same of the security module.
pub(crate) fn from_module(failure: Failure) -> Failure {
    match failure {
        Failure::Module(ExchangeError::Refused(status)) => Refusal::Module(status).into(),
        other => other,
    }
}
