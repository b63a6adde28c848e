//! The security module of a terminal (PSAM): the other side of a purchase, on the same memory as the purse.
//!
//! It holds master keys and derives a card's keys for one transaction. It can authorise debits and check what a card
//! answers; it holds no load key, so a stolen one can take but never give. What it may authorise is bounded: each MAC1
//! counts against a ceiling that only the issuer resets, online, when it collects.
//!
//! # Invariants
//!
//! 1. A terminal transaction number is used once: it is counted in memory before its MAC1 leaves the module.
//! 2. The sum of what was authorised since the last collection is at most the ceiling.
//! 3. Wrong MAC2s are counted before the comparison; after so many in a row the module is locked until it is collected.

mod contents;
mod module;

pub use contents::{MODULE_KEYS_MAX, ModuleContents, ModulePersonalisation};
pub use module::{SecurityModule, Session, collection_mac};
