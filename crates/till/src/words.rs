//! What the terminal says went wrong, as pages say it.

use card_reader::reader::ReaderError;
use money::Currency;
use pages::terminal::Trouble;
use purse::amount::Amount;
use terminal::{
    card::ExchangeError,
    journal::JournalError,
    refusal::{Failure, Refusal},
    split::SplitRefusal,
};

use crate::host::{HostError, HostRefusal};

/// An amount of a card in the currency that it counts. Four bytes always fit.
pub(crate) fn money_of(currency: Currency, amount: Amount) -> money::Amount {
    minor(currency, u64::from(amount.units()))
}

/// A sum in minor units; the greatest amount for one that there cannot be.
pub(crate) fn minor(currency: Currency, minor: u64) -> money::Amount {
    let most = minor.min(money::MAX_MINOR);
    money::Amount::from_minor(most, currency).unwrap_or_else(|_| money::Amount::zero(currency))
}

/// Why a card was not taken, or what is not known.
pub(crate) fn trouble_of(failure: &Failure, currency: Currency) -> Trouble {
    match failure {
        Failure::Refused(refusal) => refused(refusal, currency),
        Failure::Card(error) => of_card(error),
        Failure::Module(_) => Trouble::ModuleGone,
        Failure::Journal(JournalError::Full) => Trouble::DiskFull,
        Failure::Journal(_) => Trouble::Journal,
        Failure::Unknown(record) => Trouble::MayHavePaid(record.0),
        Failure::NotProved(record) => Trouble::NotProved(record.0),
        Failure::NotRecorded(record, _) => Trouble::NotRecorded(record.0),
    }
}

fn of_card(error: &ExchangeError) -> Trouble {
    match error {
        ExchangeError::Unanswered(ReaderError::Broken(_)) => Trouble::Reader,
        ExchangeError::Unanswered(_) => Trouble::CardGone,
        ExchangeError::Refused(status) => Trouble::CardRefused(status.to_string()),
        ExchangeError::Malformed => Trouble::CardStrange,
    }
}

/// A rule that says no.
pub(crate) fn refused(refusal: &Refusal, currency: Currency) -> Trouble {
    let money = |amount: &Amount| money_of(currency, *amount);
    match refusal {
        Refusal::Clock(_) => Trouble::Clock,
        Refusal::Parameters => Trouble::Parameters,
        Refusal::StatusList => Trouble::StatusList,
        Refusal::NoAmount => Trouble::NoAmount,
        Refusal::SaleLimit(most) => Trouble::SaleLimit(money(most)),
        Refusal::FloorLimit(most) => Trouble::FloorLimit(money(most)),
        Refusal::SaleUnknown(record) => Trouble::SaleUnknown(record.0),
        Refusal::OtherCard(record) => Trouble::OtherCard(record.0),
        Refusal::OtherAmount => Trouble::OtherAmount,
        Refusal::NotYetValid => Trouble::NotYetValid,
        Refusal::Expired => Trouble::Expired,
        Refusal::Listed(_) => Trouble::Listed,
        Refusal::Suspect => Trouble::Suspect,
        Refusal::Balance(held) => Trouble::Balance(money(held)),
        Refusal::Split(SplitRefusal::Open) => Trouble::SplitOpen,
        Refusal::Split(SplitRefusal::Grade) => Trouble::SplitGrade,
        Refusal::Split(SplitRefusal::GradeLimit(most) | SplitRefusal::ParameterLimit(most)) => {
            Trouble::SplitLimit(money(most))
        }
        Refusal::KeyVersion => Trouble::KeyVersion,
        Refusal::CounterWentBack => Trouble::CounterWentBack,
        // No such file: a card of another kind.
        Refusal::Card(status) if status.to_bytes() == [0x6A, 0x82] => Trouble::CardStrange,
        Refusal::Card(status) => Trouble::CardRefused(status.to_string()),
        Refusal::Module(status) => Trouble::ModuleRefused(status.to_string()),
        Refusal::OtherModule => Trouble::OtherModule,
        Refusal::NothingToCancel => Trouble::NothingToCancel,
        Refusal::Trip => Trouble::Trip,
    }
}

/// Why the server did not go on with a load or unload.
pub(crate) fn of_host(error: &HostError) -> Trouble {
    match error {
        HostError::Unreachable(_) => Trouble::NoNetwork,
        HostError::Refused(HostRefusal { status, code, .. }) => match code.as_str() {
            "card_not_served" => Trouble::NotServed,
            "insufficient_funds" => Trouble::InsufficientFunds,
            "order_gone" => Trouble::OrderGone,
            "mac_wrong" | "no_key" | "card_behind" | "card_ahead" => Trouble::CardUnlikeRecords,
            "attempts" => Trouble::Attempts,
            "" => Trouble::ServerRefused(status.to_string()),
            code => Trouble::ServerRefused(code.to_owned()),
        },
    }
}
