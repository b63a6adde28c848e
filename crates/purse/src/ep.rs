//! The purse application: electronic deposit (ED) and electronic purse (EP) of PBOC 2.0 as FMCOS cards run them, and what
//! this system adds with keys of its own.
//!
//! # Specification
//!
//! * An [`Application`] is memory plus what is forgotten without power. [`Application::step`] takes one command and eight
//!   fresh random bytes, and answers. It depends on nothing else. [`Application::mirror`] follows when the answer has left.
//! * Every transaction has two commands: *initialise* checks and remembers, in what is forgotten; *process* checks a MAC over
//!   the terms and changes everything in one commit: balance, counter, log, proof, records. GET TRANSACTION PROVE
//!   *confirms* what was done, as often as it is asked.
//! * Any other command, SELECT and reset kill what was begun. UPDATE CAPP DATA CACHE is the one that may stand between.
//! * Checks come first, in the order length, parameters, life, PIN, lock, key, counter, amount, balance, limits; whatever
//!   is refused has changed nothing but a try counter.
//! * Tries are counted before the comparison, so that no loss of power makes a wrong guess free.
//!
//! # Invariants
//!
//! 1. Value on the card grows only by a MAC of the host under a load, cancel or conversion key over a session of this card
//!    that nobody can repeat: its random number is fresh, and its sequence is used once.
//! 2. A debit's TAC and MAC2 leave the card only after the debit is in memory; a debit without its answer is found by its
//!    proof.
//! 3. A counter never goes back and never wraps: at its end the card answers 9402 for ever.
//!
//! # What a power loss leaves
//!
//! The state before or after the commit (see [`crate::journal`]), and nothing begun.

mod application;
mod cancel;
mod contents;
mod conversion;
mod files;
mod grey_lock;
mod integrated_payment;
mod load;
mod log;
mod maintenance;
mod overdraft;
mod parameters;
mod pin;
mod profile;
mod purchase;
mod questions;
mod state;
mod unload;

#[cfg(test)]
mod tests;

pub use application::{Application, PutKeysError, Session};
pub use contents::{
    Aid, CURRENCY_POCKETS, Contents, KEYS_MAX, Life, MAC_TRIES, Personalisation, PersonalisationError, Which,
};
pub use files::{
    FILE_BYTES_MAX, FILES_MAX, FileKind, FileLayout, Files, HOLDER, LOG, PUBLIC_INFORMATION, Place,
    RECORD_BYTES_MAX,
};
pub use integrated_payment::SPLIT_FILE;
pub use log::{LOG_RECORD_BYTES, LOG_RECORDS, Log, Proof, Proofs};
pub use profile::{Counting, OverdraftCodeKey, Profile, Unit};
pub use state::{Grade, GreyLock, LastPurchase, Limits, Pin, Pocket, Spent, Split};
