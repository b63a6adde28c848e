//! The API from outside, over the real stores in a directory of its own for each test.

mod access;
mod bad_input;
mod history;
mod http;
mod idempotency;
mod log_in;
mod money_moves;
mod openapi;
mod refunds;
mod world;
