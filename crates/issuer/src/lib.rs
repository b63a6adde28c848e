//! The issuer's host of card purses. No clock, no randomness, no input or output: time, keys and stores come in as arguments.
//!
//! * [`key_store`]: what the issuer's keys do, without leaving their store; [`master_keys`]: a store of master keys.
//! * [`purse_card`]: what the issuer knows about a card; [`online`]: load and unload of it, as steps that can be repeated.
//! * [`card_rows`]: how a card is stored.
//! * [`clearing`]: what one record of a terminal means; [`batch_clearing`]: a batch of them, and its receipt.
//! * [`split_due`]: the part of a split sale that a wallet owes.
//! * [`lists`]: versions of status and white list; [`lost_card`]: what is left of a card goes back to its holder.
//! * [`transfer_purse`]: loads of purses that pay each other, and their reports.
//! * [`sample`]: records to measure clearing with.
//! * [`postings`]: which transfers each event causes; [`shadow`], [`equation`]: that they add up.
//!
//! Invariants: a load has one end, for the card or for its holder; a TAC is paid once; what a card spends beyond what it was
//! given is counted, and never as anybody's money.

pub mod batch_clearing;
pub mod card_rows;
pub mod clearing;
pub mod equation;
pub mod key_store;
pub mod lists;
pub mod lost_card;
pub mod master_keys;
pub mod online;
pub mod postings;
pub mod purse_card;
pub mod sample;
pub mod shadow;
pub mod split_due;
pub mod transfer_purse;
