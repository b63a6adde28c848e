//! The HTTP edge: the JSON API under `/api/v1`, who may call it, and the listener.
//!
//! * [`open`] builds an [`App`] from a data directory, and finishes what a crash left, before anything is served.
//! * [`serve`] serves it; [`router`] is the same without a listener, for tests.
//! * `api` has one file per capability. A handler authenticates, parses, calls one operation and answers.
//! * Every refusal is a [`Problem`].

mod api;
mod app;
mod auth;
mod fields;
mod form;
mod guard;
mod health;
mod json;
mod open;
mod openapi;
mod problem;
mod request;
mod rfc3339;
mod routes;
mod serve;
mod system;
mod upkeep;
mod web;

pub use app::{App, Settings};
pub use auth::{NewSession, SESSION_COOKIE, hash_password};
pub use json::BODY_MAX_BYTES;
pub use open::{LedgerChoice, OpenError, RecordsChoice, ServeOptions, open};
pub use openapi::openapi_json;
pub use problem::{Kind, Problem};
pub use routes::{empty_router, router};
pub use serve::{serve, serve_router};
pub use system::{OsEntropy, SystemClock};
pub use web::{TownLogin, TownView};
