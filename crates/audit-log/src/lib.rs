//! The audit log: who did what to which thing and when, so that a later change of what was written is found.
//!
//! * [`Entry`]: one fact, with one canonical form in bytes.
//! * [`tree`]: the Merkle tree over those bytes, after RFC 6962, with inclusion and consistency proofs.
//! * [`SignedHead`]: what the log's key says about size and root of the tree.
//! * [`check`]: everything that was stored, compared with everything that follows from it.
//!
//! Invariants:
//! * a stored entry has one form in bytes: whatever differs by one bit has another leaf hash;
//! * nothing here knows a clock, a store or a source of randomness.

mod check;
mod entry;
mod head;
pub mod tree;

pub use check::{Finding, Report, Stored, Witness, check};
pub use entry::{Entry, FIELD_MAX_BYTES, Malformed};
pub use head::{BadSignature, HEAD_BYTES, Head, LogKey, LogPublicKey, SignedHead};
