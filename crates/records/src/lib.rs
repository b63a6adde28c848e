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

pub mod annotations;
pub mod api_keys;
pub mod approvals;
pub mod audit_log;
pub mod banks;
pub mod bills;
pub mod board;
pub mod card_dues;
pub mod card_grades;
pub mod card_lists;
pub mod card_operations;
pub mod card_payments;
pub mod card_places;
pub mod card_postings;
pub mod card_purses;
pub mod card_uploads;
pub mod cards;
pub mod conduct;
pub mod control;
pub mod direct;
pub mod disputes;
mod error;
pub mod favourites;
mod group_commit;
pub mod holder_settings;
pub mod identity_checks;
pub mod issue_batches;
pub mod known_devices;
pub mod load_orders;
pub mod login_throttle;
pub mod master_keys;
pub mod merchant_origins;
pub mod merchants;
pub mod meta;
pub mod migrations;
pub mod money_requests;
pub mod month_sums;
pub mod notifications;
pub mod operations;
pub mod orders;
pub mod passkeys;
pub mod payer_codes;
pub mod payment_pins;
pub mod person;
mod postgres;
pub mod principals;
pub mod risk;
pub mod second_factors;
pub mod sessions;
pub mod simulated;
pub mod spending_limits;
mod sql;
pub mod sqlite;
pub mod step_up_challenges;
mod store;
pub mod terminals;
pub mod till;
mod transaction;
pub mod vaults;
pub mod vouchers;
pub mod wallets;
pub mod webhooks;

pub use error::RecordsError;
pub use sql::{Code, Id, Row, Sql, Value};
pub use store::{Backend, ReadJob, Records, WriteJob};
