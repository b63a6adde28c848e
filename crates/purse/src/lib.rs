//! The card purse: value that lives in a card and is spent without a network.
#![no_std]

#[cfg(test)]
extern crate std;

mod answer;
mod checksum;

pub mod amount;
pub mod bytes;
pub mod ep;
pub mod fake_card;
pub mod fields;
pub mod journal;
pub mod key_table;
pub mod nvm;
pub mod own;
pub mod pboc;
pub mod psam;
pub mod simulated;
