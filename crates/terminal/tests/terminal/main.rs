//! The terminal, with its security module, cards and the issuer's real host. One program: linking many takes longer than
//! running them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod shop;

mod clearing;
mod grades;
mod relay;
mod sales;
mod splits;
mod tearing;
mod uploads;
