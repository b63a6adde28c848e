//! The API from outside, over the real stores in a directory of its own for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod bad_input;
mod history;
mod http;
mod idempotency;
mod log_in;
mod money_moves;
mod openapi;
mod opening;
mod operator_merchants;
mod pages;
mod refunds;
mod world;
