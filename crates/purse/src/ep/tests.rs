//! A card, two tills with their security modules and the issuer, in every order of messages and losses of power.

mod card;
mod consequences;
mod faults;
mod issuer;
mod model;
mod properties;
mod reach;
mod till;

use std::{vec, vec::Vec};

use globalplatform::apdu::Command;

use crate::{
    amount::Amount,
    fields::{Asn, DateTime, Kind, OrderId, TerminalId},
    nvm::Fault as NvmFault,
    pboc::key::{Algorithm, Key, Purpose},
};

pub(super) const ASN: Asn = Asn([0, 0, 0x20, 0x16, 0x12, 0x21, 0, 0, 0x10, 0x03]);
pub(super) const WHEN: DateTime = DateTime([0x20, 0x26, 0x11, 0x22, 0x13, 0x30, 0x00]);
/// How many tills there are.
pub(super) const TILLS: usize = 2;

/// A key of the issuer, another for each purpose.
pub(super) fn master<P: Purpose>() -> Key<P> {
    let mut bytes = [0x10; 16];
    bytes[0] = P::USAGE;
    bytes[15] = 0x77;
    Key::new(bytes)
}

/// The key that the card has of it.
pub(super) fn key<P: Purpose>() -> Key<P> {
    master::<P>().diversified(Algorithm::TripleDes, ASN.factor())
}

pub(super) fn terminal(till: usize) -> TerminalId {
    TerminalId([0x36, 0x04, 0x86, 0x60, 0, u8::try_from(till).unwrap()])
}

/// What a till wants of a card, or a holder of the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Wish {
    pub(super) kind: Kind,
    pub(super) amount: u32,
    /// What the holder's online account shall pay of a split sale.
    pub(super) due: u32,
    pub(super) till: usize,
}

/// Everything that is said, and can be said again to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Text {
    /// A card has begun a load.
    LoadBegun(Wish, [u8; 16]),
    /// A card has begun a debit or cancel; the number of the order.
    Begun(Wish, u8, [u8; 15]),
    /// The issuer signs a load: date ‖ time ‖ MAC2.
    Credit([u8; 11]),
    /// A security module signs a debit or cancel: P1, transaction ‖ date ‖ time ‖ MAC1.
    Debit(u8, [u8; 15]),
    /// A card proves a load: its TAC.
    Code([u8; 4]),
    /// A card proves a debit or cancel: TAC ‖ MAC2.
    Receipt([u8; 8]),
    /// The issuer closes a split.
    Token([u8; 26]),
}

/// What anybody can say who knows no key.
pub(super) fn nonsense() -> Vec<Text> {
    vec![
        Text::Credit([0; 11]),
        Text::Debit(0x01, [0; 15]),
        Text::Debit(0x0A, [0; 15]),
        Text::Code([0; 4]),
        Text::Receipt([0; 8]),
        Text::Token([0; 26]),
    ]
}

pub(super) fn order(number: u8) -> OrderId {
    OrderId([number; 16])
}

pub(super) fn units(amount: u32) -> Amount {
    Amount::new(amount)
}

/// The four bytes of a header and the data, as a command.
pub(super) fn command(header: [u8; 4], data: &[u8]) -> Command<'_> {
    Command::new(header, data, Some(256)).unwrap()
}

/// What can be wrong, one at a time, about the parts around the shipping code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fault {
    /// The card's memory has no journal: a commit is written over the state, word by word.
    InPlace,
    /// The card answers before its memory has what it answers.
    AnswersFirst,
    /// The card's counters stand still.
    CounterStands,
    /// The card believes every host.
    CreditUnchecked,
    /// The card believes every security module.
    DebitUnchecked,
    /// The card believes every cancel.
    CancelUnchecked,
    /// The card believes every token.
    TokenUnchecked,
    /// The card says that a split is closed, and does not keep it.
    ClosingForgotten,
    /// The card does not look whether a split is open.
    SecondSplit,
    /// Debit and split are two commits.
    SplitApart,
    /// The till sends MAC1 before it has recorded the sale.
    SendsFirst,
    /// The till books a sale that the card has not answered.
    BooksUnanswered,
    /// The till takes any proof for that of its sale.
    AnyProof,
    /// The till looks at MAC2 alone, which names no terminal, with a module that knows no TACs.
    CodeUnchecked,
    /// The till books a receipt each time it comes.
    BooksAgain,
    /// The till goes on claiming a sale while it cancels it.
    CancelUnrecorded,
    /// The module answers before its memory has counted.
    NumberRepeats,
    /// The till takes whatever its module says to a receipt for a yes.
    ReceiptUnchecked,
    /// The issuer signs a load and reserves nothing.
    SignsFirst,
    /// The issuer reserves for each answer of the card to the same load.
    ReservesAgain,
    /// The issuer takes the same sequence in another MAC1 for a sign that the load before was not done: but nothing says which
    /// MAC1 came first.
    SameSequence,
    /// The issuer gives back what it has not heard of for long.
    ReversesInDoubt,
    /// The issuer takes any code for that of its load.
    AnyCode,
    /// The issuer collects the owed part each time that the sale comes.
    CollectsAgain,
    /// The token goes out before the owed part is collected.
    ClosesFirst,
}

impl Fault {
    /// All of them.
    pub(super) const ALL: [Self; 25] = [
        Self::InPlace,
        Self::AnswersFirst,
        Self::CounterStands,
        Self::CreditUnchecked,
        Self::DebitUnchecked,
        Self::CancelUnchecked,
        Self::TokenUnchecked,
        Self::ClosingForgotten,
        Self::SecondSplit,
        Self::SplitApart,
        Self::SendsFirst,
        Self::BooksUnanswered,
        Self::AnyProof,
        Self::CodeUnchecked,
        Self::BooksAgain,
        Self::CancelUnrecorded,
        Self::NumberRepeats,
        Self::ReceiptUnchecked,
        Self::SignsFirst,
        Self::ReservesAgain,
        Self::SameSequence,
        Self::ReversesInDoubt,
        Self::AnyCode,
        Self::CollectsAgain,
        Self::ClosesFirst,
    ];
}
