//! Why something is not done with a card purse.

use core::fmt;

use issuer::{key_store::KeyError, lost_card::LostCardRefusal, online::OnlineRefusal};
use wallet::ids::OperationId;

/// Why something is not done with a card purse, a terminal or a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardPurseRefusal {
    /// No master key of card purses is open: two custodians have to come.
    NoKeyOpen,
    /// The card has no holder, or stands on the status list, or its rest was paid out.
    CardNotServed,
    /// No amount, or a balance that cannot be.
    Amount,
    /// There is no key of the version that the card used.
    NoKey,
    /// A code is not the card's.
    MacWrong,
    /// The card's sequence is behind: a copy of the card from before.
    CardBehind,
    /// The card's sequence is ahead of everything that was signed for it.
    CardAhead,
    /// Another operation has reserved this amount at this sequence: go on under it.
    Reserved(OperationId),
    /// The card has to prove what it did: ask it for its proof of this sequence.
    Unproven {
        /// The sequence after the one that is in doubt.
        sequence: u16,
    },
    /// Too many attempts at one sequence: the card has to be exchanged.
    Attempts,
    /// The wallet has less than was ordered.
    InsufficientFunds,
    /// The load order was carried out or withdrawn, or is another card's.
    OrderGone,
    /// The operation is none of the card's last ones, or not at this step.
    OtherOperation,
    /// The bytes are no batch, or not the one that the terminal signed.
    NotABatch,
    /// The terminal has uploaded another batch under this number.
    OtherBatch,
    /// The batch is not signed by the terminal.
    BadSignature,
    /// Nothing is taken from this terminal any more.
    TerminalBlocked,
    /// The activation code is not that of the card, or was typed wrong too often.
    CodeWrong,
    /// The card has a holder.
    BoundBefore,
    /// The card stands on no status list.
    NotListed,
    /// Terminals may still upload what the card spent before it was listed.
    WindowOpen,
    /// The rest was paid out before.
    RefundedBefore,
    /// The card spent more than it was given.
    Excess,
    /// Nothing is left on the card.
    NothingLeft,
    /// The card has messages to take, or an unload, before this one.
    CollectFirst,
    /// The card holds less than it shall give back, or pays somebody just now.
    CardHoldsLess,
}

impl CardPurseRefusal {
    /// The word of the HTTP interface.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoKeyOpen => "no_key_open",
            Self::CardNotServed => "card_not_served",
            Self::Amount => "amount",
            Self::NoKey => "no_key",
            Self::MacWrong => "mac_wrong",
            Self::CardBehind => "card_behind",
            Self::CardAhead => "card_ahead",
            Self::Reserved(_) => "reserved",
            Self::Unproven { .. } => "unproven",
            Self::Attempts => "attempts",
            Self::InsufficientFunds => "insufficient_funds",
            Self::OrderGone => "order_gone",
            Self::OtherOperation => "other_operation",
            Self::NotABatch => "not_a_batch",
            Self::OtherBatch => "other_batch",
            Self::BadSignature => "bad_signature",
            Self::TerminalBlocked => "terminal_blocked",
            Self::CodeWrong => "code_wrong",
            Self::BoundBefore => "bound_before",
            Self::NotListed => "not_listed",
            Self::WindowOpen => "window_open",
            Self::RefundedBefore => "refunded_before",
            Self::Excess => "excess",
            Self::NothingLeft => "nothing_left",
            Self::CollectFirst => "collect_first",
            Self::CardHoldsLess => "card_holds_less",
        }
    }
}

impl fmt::Display for CardPurseRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKeyOpen => "no master key of card purses is open",
            Self::CardNotServed => "card is not served",
            Self::Amount => "amount is none, or more than a balance can be",
            Self::NoKey => "there is no key of this version",
            Self::MacWrong => "code is not the card's",
            Self::CardBehind => "card is behind its own transactions",
            Self::CardAhead => "card is ahead of what its issuer signed",
            Self::Reserved(_) => "another operation has reserved this amount",
            Self::Unproven { .. } => "card has to prove which operation it did",
            Self::Attempts => "there were too many attempts",
            Self::InsufficientFunds => "wallet has too little",
            Self::OrderGone => "load order was carried out or withdrawn",
            Self::OtherOperation => "operation is none of the card's last ones",
            Self::NotABatch => "bytes are not the batch that the terminal signed",
            Self::OtherBatch => "another batch has this number",
            Self::BadSignature => "batch is not signed by the terminal",
            Self::TerminalBlocked => "terminal is blocked",
            Self::CodeWrong => "activation code is wrong",
            Self::BoundBefore => "card has a holder",
            Self::NotListed => "card is not on the status list",
            Self::WindowOpen => "clearing window is not over",
            Self::RefundedBefore => "card was refunded before",
            Self::Excess => "card spent more than it was given",
            Self::NothingLeft => "nothing is left",
            Self::CollectFirst => "messages wait for the card: let it collect them first",
            Self::CardHoldsLess => "the card holds less than that, or has a payment that is not over",
        })
    }
}

impl From<OnlineRefusal> for CardPurseRefusal {
    fn from(refusal: OnlineRefusal) -> Self {
        match refusal {
            OnlineRefusal::Card => Self::CardNotServed,
            OnlineRefusal::Amount => Self::Amount,
            OnlineRefusal::Key(KeyError::NoKey | KeyError::Unavailable) => Self::NoKey,
            OnlineRefusal::Mac => Self::MacWrong,
            OnlineRefusal::Behind => Self::CardBehind,
            OnlineRefusal::Ahead => Self::CardAhead,
            OnlineRefusal::Reserved(operation) => Self::Reserved(operation),
            // Whoever asked the host knows the sequence.
            OnlineRefusal::Unproven => Self::Unproven { sequence: 0 },
            OnlineRefusal::Attempts => Self::Attempts,
            OnlineRefusal::OtherOperation | OnlineRefusal::Stage => Self::OtherOperation,
        }
    }
}

impl From<LostCardRefusal> for CardPurseRefusal {
    fn from(refusal: LostCardRefusal) -> Self {
        match refusal {
            LostCardRefusal::NotListed => Self::NotListed,
            LostCardRefusal::WindowOpen => Self::WindowOpen,
            LostCardRefusal::Closed => Self::RefundedBefore,
            LostCardRefusal::Unfinished => Self::OtherOperation,
            LostCardRefusal::Excess => Self::Excess,
            LostCardRefusal::Nothing => Self::NothingLeft,
        }
    }
}
