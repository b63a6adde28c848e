//! What goes wrong between two purses, in words that say what to do.

use std::fmt;

use card_reader::exchange::ExchangeError;
use globalplatform::status::StatusWord;
use purse::vtp::PayDetails;

use crate::{carrier::CarrierError, frame::Refusal, party::Terms};

/// At which command of its own purse a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// SELECT.
    Select,
    /// A question that changes nothing.
    Question,
    /// The counterpart's certificates.
    Counterpart,
    /// The start of a transfer.
    Start,
    /// One of its messages.
    Message,
    /// A message of the issuer.
    Issuer,
    /// Giving up what is under way.
    GiveUp,
    /// The PIN.
    Pin,
}

/// Why a transfer did not come to its end. Unless it says otherwise, no value has moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The own card said no, or did not answer.
    Card(Moment, ExchangeError),
    /// The other device said no.
    Counterpart(Refusal),
    /// The two devices do not mean the same payment.
    OtherTerms {
        /// Here.
        own: Terms,
        /// There.
        other: Terms,
    },
    /// Both want to pay, or both to receive.
    SameSide,
    /// A purse does not pay itself.
    SamePurse,
    /// These are not the two purses of a payment that is to be ended.
    OtherPurses,
    /// The purse has begun this with another one, and value may be under way.
    UnderWay(PayDetails),
    /// The other device said something that has no place here.
    OutOfOrder,
    /// The way to the other device broke.
    Carrier(CarrierError),
    /// A card went away when value may have moved. The details say which transfer it is; both purses together end it.
    Unfinished(PayDetails),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card(moment, ExchangeError::Refused(status)) => write!(f, "{}", refused(*moment, *status)),
            Self::Card(_, error) => error.fmt(f),
            Self::Counterpart(refusal) => refusal.fmt(f),
            Self::OtherTerms { own, other } => {
                write!(f, "the other device means {other}, this one {own}: agree on the payment first")
            }
            Self::SameSide => f.write_str("both purses want to pay, or both to receive: one of each"),
            Self::SamePurse => f.write_str("it is the same purse on both sides"),
            Self::OtherPurses => f.write_str("these are not the two purses of that payment: hold those together"),
            Self::UnderWay(details) => write!(
                f,
                "{} units are under way between this purse and another one: hold both together to end that, or give it up",
                details.amount.units()
            ),
            Self::OutOfOrder => f.write_str("the other device said something that has no place here"),
            Self::Carrier(error) => error.fmt(f),
            Self::Unfinished(_) => f.write_str(
                "a card went away in the middle: hold both cards again, and the payment ends as if nothing had happened",
            ),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<CarrierError> for Trouble {
    fn from(error: CarrierError) -> Self {
        Self::Carrier(error)
    }
}

/// What a purse means by a status word (`docs/spec/purse-to-purse.md`, Commands).
fn refused(moment: Moment, status: StatusWord) -> String {
    let words = match (moment, status) {
        (Moment::Select, StatusWord::FILE_NOT_FOUND) => "the card has no purse that pays other purses",
        (Moment::Counterpart, StatusWord::SECURITY_STATUS) => {
            "the other purse's certificates are not believed: another scheme, switched off, or ended; it gets new ones where it collects"
        }
        (Moment::Counterpart, StatusWord::CONDITIONS_NOT_MET) => {
            "today is before the purse's last synchronisation: set the clock"
        }
        (Moment::Start, StatusWord::SECURITY_STATUS) => "the purse is locked: give its PIN first",
        (Moment::Start | Moment::Message, StatusWord::BALANCE_NOT_ENOUGH) => "the purse holds too little",
        (Moment::Start, StatusWord::REFERENCED_DATA_NOT_FOUND) => {
            "the purse has no pocket for this currency and series"
        }
        (Moment::Start, StatusWord::NOT_ENOUGH_SPACE) => {
            "the purse's log of exceptions is full: its issuer has to settle them"
        }
        (Moment::Start, StatusWord::COUNTER_EXHAUSTED) => {
            "the purse has made all the transfers that it can: its issuer exchanges it"
        }
        (Moment::Start, StatusWord::CONDITIONS_NOT_MET) => {
            "the amount is over a limit of the purse, or the series is switched off"
        }
        (Moment::Start, StatusWord::WRONG_DATA) => "an amount of zero cannot be paid",
        (Moment::Message, StatusWord::MAC_WRONG) => "the other purse's signature is wrong",
        (Moment::Issuer, StatusWord::CONDITIONS_NOT_MET) => {
            "the purse is full, or a transfer is under way: spend or end that first, the load waits"
        }
        (Moment::Pin, StatusWord::BLOCKED) => "the PIN is blocked: its issuer gives the tries back",
        (Moment::Pin, StatusWord::WRONG_LENGTH) => "a PIN has four to sixteen digits, an even number of them",
        (Moment::Pin, status) => {
            if let Some(left) = status.left_tries() {
                return format!("wrong PIN; {left} tries are left");
            }
            return format!("the purse refuses the PIN with {status}");
        }
        (_, status) => return format!("the purse refuses with {status}"),
    };
    words.to_owned()
}
