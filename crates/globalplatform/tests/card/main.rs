//! The security domains of a card, asked by a host over secure channels.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;
mod content;
mod keys;
mod life_cycle;
mod opening;
mod personalisation;
mod whatever_comes;
