//! The card purse and the security module, from outside. One program: linking many takes longer than running them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod desk;

mod codes_are_compared;
mod conversations;
mod hard_cases;
mod own_transactions;
mod public_vectors;
mod random_tears;
mod security_module;
mod tearing;
mod tries_and_keys;
