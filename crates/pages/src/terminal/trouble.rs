//! What went wrong with a card, in words, and what to do about it.

use money::Amount;

use crate::figures;
use crate::frame::Frame;

/// Why there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The clock shows no time, was set back, or is far ahead of all that happened here.
    Clock,
    /// There are no parameters, or they have expired.
    Parameters,
    /// There is no status list, or it is too old.
    StatusList,
    /// The amount is none.
    NoAmount,
    /// No sale is above this.
    SaleLimit(Amount),
    /// Without a network no sale is above this.
    FloorLimit(Amount),
    /// The sale may be paid by this record; clearing decides.
    SaleUnknown(u32),
    /// The card of this record has to come first.
    OtherCard(u32),
    /// The sale was made with another amount.
    OtherAmount,
    /// The card's first day has not come.
    NotYetValid,
    /// The card's last day is over.
    Expired,
    /// The card is on the status list.
    Listed,
    /// The card could not prove what it said.
    Suspect,
    /// The card holds only this.
    Balance(Amount),
    /// An earlier part is still owed.
    SplitOpen,
    /// Nothing may be owed with this card.
    SplitGrade,
    /// No more than this may be owed.
    SplitLimit(Amount),
    /// The card's key is too old.
    KeyVersion,
    /// The card's counter went back.
    CounterWentBack,
    /// The card said no; its status word.
    CardRefused(String),
    /// The security module said no; its status word.
    ModuleRefused(String),
    /// Another security module sits in the terminal.
    OtherModule,
    /// There is nothing to cancel with this card.
    NothingToCancel,
    /// The card's trip does not fit this gate.
    Trip,
    /// The card went away before it was asked to pay.
    CardGone,
    /// It is not a card purse, or it answers what no purse answers.
    CardStrange,
    /// The reader does not work.
    Reader,
    /// The security module does not answer.
    ModuleGone,
    /// The disk is full.
    DiskFull,
    /// The journal cannot be written.
    Journal,
    /// The card may have paid, this record.
    MayHavePaid(u32),
    /// The card says that it paid and does not prove it, this record.
    NotProved(u32),
    /// The card paid, and that could not be written down, this record.
    NotRecorded(u32),
    /// There is no network.
    NoNetwork,
    /// Nothing was ordered for this card.
    NothingOrdered,
    /// The card is empty.
    NothingToUnload,
    /// The server does not serve this card: it is lost, closed or of somebody else.
    NotServed,
    /// The wallet holds less.
    InsufficientFunds,
    /// The order was withdrawn or done.
    OrderGone,
    /// The card's codes or counters are not those that its issuer knows.
    CardUnlikeRecords,
    /// Too many attempts were broken off: the card is exchanged.
    Attempts,
    /// The server said no; its code.
    ServerRefused(String),
    /// The card may have been loaded or unloaded.
    MayHaveMoved,
    /// The terminal does not run; why.
    Stopped(String),
}

impl Trouble {
    /// What is wrong.
    #[must_use]
    pub fn words(&self, frame: &Frame) -> String {
        match self {
            Self::SaleLimit(most) => frame.fill("tap-sale-limit", &[("amount", &figures::text(*most))]),
            Self::FloorLimit(most) => frame.fill("tap-floor-limit", &[("amount", &figures::text(*most))]),
            Self::Balance(held) => frame.fill("tap-balance", &[("amount", &figures::text(*held))]),
            Self::SplitLimit(most) => frame.fill("tap-split-limit", &[("amount", &figures::text(*most))]),
            Self::SaleUnknown(record) => frame.fill("tap-sale-unknown", &[("record", &record.to_string())]),
            Self::OtherCard(record) => frame.fill("tap-other-card", &[("record", &record.to_string())]),
            Self::MayHavePaid(record) => frame.fill("tap-may-have-paid", &[("record", &record.to_string())]),
            Self::NotProved(record) => frame.fill("tap-not-proved", &[("record", &record.to_string())]),
            Self::NotRecorded(record) => frame.fill("tap-not-recorded", &[("record", &record.to_string())]),
            Self::CardRefused(status) => frame.fill("tap-card-refused", &[("status", status)]),
            Self::ModuleRefused(status) => frame.fill("tap-module-refused", &[("status", status)]),
            Self::ServerRefused(code) => frame.fill("tap-server-refused", &[("code", code)]),
            Self::Stopped(why) => frame.fill("tap-stopped", &[("why", why)]),
            plain => frame.t(plain.key()).to_owned(),
        }
    }

    /// The key of the messages without values.
    const fn key(&self) -> &'static str {
        match self {
            Self::Clock => "tap-clock",
            Self::Parameters => "tap-parameters",
            Self::StatusList => "tap-status-list",
            Self::NoAmount => "tap-no-amount",
            Self::OtherAmount => "tap-other-amount",
            Self::NotYetValid => "tap-not-yet-valid",
            Self::Expired => "tap-expired",
            Self::Listed => "tap-listed",
            Self::Suspect => "tap-suspect",
            Self::SplitOpen => "tap-split-open",
            Self::SplitGrade => "tap-split-grade",
            Self::KeyVersion => "tap-key-version",
            Self::CounterWentBack => "tap-counter-went-back",
            Self::OtherModule => "tap-other-module",
            Self::NothingToCancel => "tap-nothing-to-cancel",
            Self::Trip => "tap-trip",
            Self::CardGone => "tap-card-gone",
            Self::CardStrange => "tap-card-strange",
            Self::Reader => "tap-reader",
            Self::ModuleGone => "tap-module-gone",
            Self::DiskFull => "tap-disk-full",
            Self::NoNetwork => "tap-no-network",
            Self::NothingOrdered => "tap-nothing-ordered",
            Self::NothingToUnload => "tap-nothing-to-unload",
            Self::NotServed => "tap-not-served",
            Self::InsufficientFunds => "tap-insufficient-funds",
            Self::OrderGone => "tap-order-gone",
            Self::CardUnlikeRecords => "tap-card-unlike-records",
            Self::Attempts => "tap-attempts",
            Self::MayHaveMoved => "tap-may-have-moved",
            _ => "tap-journal",
        }
    }

    /// The key of what to do about it.
    pub(crate) const fn advice(&self) -> &'static str {
        match self {
            Self::MayHavePaid(_) | Self::NotRecorded(_) | Self::MayHaveMoved => "advice-same-card",
            Self::OtherCard(_) => "advice-first-card",
            Self::CardGone | Self::CardStrange => "advice-hold-again",
            Self::SaleUnknown(_) => "advice-clearing",
            Self::SaleLimit(_) | Self::NoAmount | Self::OtherAmount => "advice-amount",
            Self::FloorLimit(_) | Self::NoNetwork => "advice-network",
            Self::Balance(_) | Self::SplitOpen | Self::SplitGrade | Self::SplitLimit(_) => "advice-load",
            Self::Parameters | Self::StatusList => "advice-lists",
            Self::Clock => "advice-clock",
            Self::Listed | Self::Suspect | Self::CounterWentBack | Self::NotProved(_) => "advice-keep-goods",
            Self::NotYetValid
            | Self::Expired
            | Self::KeyVersion
            | Self::CardRefused(_)
            | Self::NotServed
            | Self::CardUnlikeRecords
            | Self::Attempts => "advice-other-card",
            Self::DiskFull => "advice-disk",
            Self::ModuleRefused(_)
            | Self::OtherModule
            | Self::ModuleGone
            | Self::Reader
            | Self::Journal
            | Self::Stopped(_)
            | Self::ServerRefused(_) => "advice-operator",
            Self::NothingToCancel => "advice-refund",
            Self::Trip => "advice-trip",
            Self::NothingOrdered | Self::OrderGone | Self::InsufficientFunds => "advice-order",
            Self::NothingToUnload => "advice-nothing",
        }
    }

    /// Whether value may have moved: the same card has to come back.
    #[must_use]
    pub const fn may_have_moved(&self) -> bool {
        matches!(self, Self::MayHavePaid(_) | Self::NotProved(_) | Self::NotRecorded(_) | Self::MayHaveMoved)
    }
}
