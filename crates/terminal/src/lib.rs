//! A point of sale for card purses. It works for days without a network, and loses nothing at a power cut.
//!
//! * [`terminal::Terminal`]: what holds it together. [`sale`], [`split`], [`gate`], `cancel`: what it does with a card;
//!   [`debit`] is the part that all have in common.
//! * `card_reader`: what it speaks to cards and its security module through.
//! * [`journal`], [`entry`], [`book`]: what it writes down before and after a card pays, and what that adds up to.
//!   [`disk`]: where; [`simulated_disk`]: where tests cut the power.
//! * [`lists`], [`upload`], [`load`]: what it gets from the issuer's host, and what it sends. [`enquiry`]: what a card shows.
//!
//! Formats and states: docs/spec/terminal.md.
//!
//! Invariants: an intent is durable before its card is asked to pay, and its outcome before the card is released; no receipt
//! without a TAC that the security module confirmed; of one card and sequence, one record at most is done.

mod cancel;
mod recovery;
mod trip;

pub mod book;
pub mod card;
pub mod clock;
pub mod debit;
pub mod disk;
pub mod enquiry;
pub mod entry;
pub mod gate;
pub mod grade;
pub mod journal;
pub mod lists;
pub mod load;
pub mod refusal;
pub mod sale;
pub mod security_module;
pub mod simulated_disk;
pub mod split;
pub mod terminal;
pub mod upload;

pub use trip::{Entrance, Station};
