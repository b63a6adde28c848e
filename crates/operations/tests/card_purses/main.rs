//! Card purses on the server, with real purses and real security modules: what is on cards, in wallets and at merchants adds
//! up, whatever is repeated, lost or torn.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unused_crate_dependencies, reason = "each test program uses its own part")]

#[path = "../world/mod.rs"]
mod world;

mod clearing;
mod crashes;
mod issuing;
mod lists;
mod loads;
mod lost;
mod plastic;
mod rebuilt;
mod stage;
mod till;
