//! Two purses pay each other through the shipping card application: face to face, over a carrier, under losses of power.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod desk;

mod frames;
mod meeting;
mod tearing;
mod two_devices;
