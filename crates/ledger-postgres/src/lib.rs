//! The ledger engine on PostgreSQL: the same state machine as every engine, over tables that several servers share.
//!
//! A batch is one transaction. It locks the single row of `ledger_clock`, so that all batches of all servers stand in
//! one order; loads the accounts and transfers that the batch can touch, with one statement for each table; lets
//! [`ledger::apply`] decide in memory; and writes the difference back, again with one statement for each table. The
//! number of statements does not depend on the size of the batch.
//!
//! When the connection is lost, whether the batch happened is unknown: [`ledger::EngineError::Unavailable`]. The next
//! call connects again, and the ids of the batch make it safe to send again.

mod copy;
mod engine;
mod questions;
mod recent;
mod rows;
mod schema;
mod serve;
mod session;
mod words;
mod working_set;
mod write_back;

pub use engine::PostgresEngine;
pub use serve::PostgresLedger;
