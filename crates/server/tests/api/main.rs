//! The API from outside, over the real stores in a directory of its own for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod access_lock;
mod access_log_in;
mod access_matrix;
mod access_person;
mod access_step_up;
mod authenticator;
mod bad_input;
mod card_purses;
mod card_terminals;
mod compression;
mod history;
mod holder;
mod http;
mod idempotency;
mod log_in;
mod money_moves;
mod openapi;
mod opening;
mod operator_control;
mod operator_merchants;
mod orders;
mod pages;
mod pay_by_code;
mod plastic;
mod purse_meetings;
mod refunds;
mod transfer_purses;
mod vault;
mod vouchers;
mod world;
