//! The embedded ledger engine: one machine, nothing to install.
//!
//! * The **journal** is the truth: facts of 144 bytes ([`record`]) in frames that chain by hash ([`frame`]), in segments of
//!   one size. A commit is one frame, one write and one sync; nothing is acknowledged, and nothing read, before that.
//! * Everything else can be rebuilt from it: balances in memory, snapshots, the index of ids. History needs no index: each
//!   record points back to the previous record of its two accounts.
//! * After the first storage error the engine stops and acknowledges nothing more.
//!
//! [`EmbeddedEngine`] serves one caller at a time, [`EmbeddedLedger`] many callers with group commit, and [`InlineLedger`]
//! is the same interface without threads, for simulation.

mod accounts;
mod core;
mod engine;
pub mod frame;
mod id_index;
mod inline;
mod query;
pub mod record;
mod recovery;
mod sealed_index;
mod segments;
mod service;
mod snapshot;
mod state;
pub mod storage;
mod verify;

pub use engine::{EmbeddedEngine, Memory};
pub use inline::InlineLedger;
pub use recovery::{OpenError, Options, Recovery};
pub use segments::{ReadError, segment_name};
pub use service::{Clock, EmbeddedLedger};
pub use verify::{Finding, Verification, verify};
