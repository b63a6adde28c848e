//! How terminals and cardholders' devices ask the server.
//!
//! * [`Client`]: one request after the other to one server; each thread has one of its own.
//!
//! Invariants: nothing goes out in the clear but to this machine; no answer is read beyond its bound, and none is waited for
//! beyond its time.

mod client;

pub use client::{Answer, Client, Request, is_this_machine};
