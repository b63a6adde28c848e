//! What terminals and the issuer of card purses send each other; byte layouts in `docs/spec/card-messages.md`.
//!
//! * [`PurseRecord`]: one debit, 104 bytes. [`batch`]: many of them, signed by a terminal and read as a stream.
//! * [`receipt`]: what the issuer says about each record of a batch.
//! * [`signed_list`]: what every list of the issuer begins with; its holder never goes back to an older one. [`StatusList`],
//!   [`WhiteList`], [`ParametersList`] are such lists.
//!
//! Invariants: a message has one encoding, and what is read is written as the same bytes; no bytes from outside cause a panic,
//! or more memory than a list's greatest length.

mod batch_header;
mod bytes;
mod fields;
mod record;
mod status_list;
mod terminal_parameters;
mod white_list;

pub mod batch;
pub mod receipt;
pub mod signed_list;

pub use fields::{
    AlgorithmId, Asn, BatchNumber, DateTime, IssuerId, KeyVersion, ListVersion, OrderId, Seconds, Sequence,
    Tac, TerminalId, TerminalTransaction, Units,
};
pub use record::{Cancel, DebitKind, MalformedRecord, Outcome, PurseRecord, RECORD_BYTES, SplitPart};
pub use status_list::{CardStatus, StatusEntry, StatusList};
pub use terminal_parameters::{GRADES, ParametersList, TerminalParameters};
pub use white_list::{Completion, WhiteList};
