//! The SQL store of everything that describes: holders, cards, merchants, operations.
//!
//! Records never decide whether value may move; the ledger does. [`Records`] runs jobs, each one transaction, on SQLite,
//! on PostgreSQL, or on the simulation's database in memory, with the same queries. There is one module for each
//! entity, of functions over [`Sql`].
//!
//! Invariants:
//! * an answer to [`Records::write`] means durable, and an error means that nothing of that job persists;
//! * jobs share commits, never fates: one that fails leaves its neighbours alone;
//! * after a storage error nothing more is acknowledged.

pub mod api_keys;
pub mod banks;
pub mod cards;
pub mod direct;
mod error;
mod group_commit;
pub mod login_throttle;
pub mod merchants;
pub mod meta;
pub mod migrations;
pub mod operations;
mod postgres;
pub mod principals;
pub mod sessions;
pub mod simulated;
mod sql;
pub mod sqlite;
mod store;
mod transaction;
pub mod wallets;

pub use error::RecordsError;
pub use sql::{Code, Id, Row, Sql, Value};
pub use store::{Backend, ReadJob, Records, WriteJob};
