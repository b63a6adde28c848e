//! The ledger: accounts, transfers, and the one pure state machine that decides whether value moves.
//!
//! The model (fields, flags, results and their precedence) is the public one of TigerBeetle, so that an operator can
//! grow into a TigerBeetle cluster without learning new words. The engines are elsewhere: this crate has no I/O, no
//! clock and no randomness. [`apply`] takes what it reads and writes as a [`Store`], and time as an argument.
//!
//! Invariants:
//! * per ledger, the sum of all debits equals the sum of all credits, pending and posted alike;
//! * the same request under the same id happens at most once;
//! * a chain of linked events happens whole or not at all;
//! * the results depend on nothing but the store, the time and the batch.
#![deny(clippy::arithmetic_side_effects, clippy::as_conversions, clippy::float_arithmetic)]

mod account;
pub mod apply;
#[cfg(feature = "conformance")]
pub mod conformance;
mod engine;
mod filter;
mod flags;
mod ids;
pub mod memory;
#[cfg(feature = "conformance")]
pub mod reference;
mod request;
mod result;
mod store;
mod transfer;

pub use account::{Account, AccountBalance};
pub use engine::{Engine, EngineError};
pub use filter::{AccountFilter, BATCH_MAX, QueryFilter};
pub use flags::{AccountFilterFlags, AccountFlags, QueryFilterFlags, TransferFlags};
pub use ids::{AccountId, Amount, Code, LedgerId, NANOSECONDS_PER_SECOND, Timestamp, TransferId};
pub use request::{Reply, Request, Response, Submit};
pub use result::{CreateAccountResult, CreateAccountStatus, CreateTransferResult, CreateTransferStatus};
pub use store::{Existing, Store};
pub use transfer::{PendingStatus, Transfer};
