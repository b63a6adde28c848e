//! A point of sale for card purses, which works for days without a network.
pub mod book;
pub mod card;
pub mod disk;
pub mod entry;
pub mod in_process;
pub mod journal;
pub mod reader;
pub mod security_module;
pub mod simulated_disk;
