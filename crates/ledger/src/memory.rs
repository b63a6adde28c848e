//! The ledger in memory: a [`Store`](crate::Store) that knows what changed, and an engine over it.
//!
//! The store serves two ends. [`MemoryEngine`] is the state machine with nothing else around it, for tests. An engine
//! on a database loads into a [`MemoryStore`] the few accounts and transfers that a batch can touch, lets
//! [`apply`](crate::apply) decide, and writes back the difference.

mod engine;
mod store;

pub use engine::MemoryEngine;
pub use store::{Clock, Entry, MemoryStore};
