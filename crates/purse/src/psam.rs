//! The security module of a terminal (PSAM): the other side of a purchase, on the same memory as the purse.
//!
//! It holds master keys and derives a card's keys for one transaction. It can authorise debits and compare what a card
//! answers; it holds no load key, so a stolen one can take but never give, and it takes from cards that are there: no TAC
//! ever leaves it. What it may authorise is bounded: each MAC1 counts against a ceiling that only the issuer resets, online,
//! when it collects.
//!
//! # Invariants
//!
//! 1. A terminal transaction number is used once: it is counted in memory before its MAC1 leaves the module.
//! 2. The sum of what was authorised since the last collection is at most the ceiling.
//! 3. Wrong proofs are counted before the comparison; after so many in a row the module is locked until it is collected.
//! 4. TACs are compared, never made: at once for what was authorised last, later for any own number, [`CODE_TRIES`] wrong
//!    ones between two collections.

mod code_check;
mod contents;
mod factors;
mod module;

pub use contents::{CODE_TRIES, MODULE_KEYS_MAX, ModuleContents, ModulePersonalisation};
pub use module::{SecurityModule, Session, collection_mac};
