//! The world as the operations see it: ledger, records, bank and entropy, each with what may go wrong between two steps.

pub mod bank;
pub mod entropy;
pub mod ledger;
pub mod records;
