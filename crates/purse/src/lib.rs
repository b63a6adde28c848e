//! The card purse: value that lives in a card and is spent without a network.
#![no_std]

#[cfg(test)]
extern crate std;

mod checksum;

pub mod bytes;
pub mod journal;
pub mod nvm;
pub mod simulated;
