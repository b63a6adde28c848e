//! Card purses on the server, with real purses and real security modules: what is on cards, in wallets and at merchants adds
//! up, whatever is repeated, lost or torn.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod clearing;
mod crashes;
mod dues;
mod grades;
mod issuing;
mod limits;
mod lists;
mod loads;
mod lost;
mod plastic;
mod rebuilt;
mod stage;
mod till;
mod transfer_purses;
