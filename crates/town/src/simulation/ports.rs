//! The world as the operations see it: ledger, records, bank and clock, each with what may go wrong between two steps.

pub mod bank;
pub mod clock;
pub mod ledger;
pub mod records;
