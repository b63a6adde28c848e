//! The HTTP edge: the JSON API under `/api/v1`, who may call it, and the listener.
//!
//! * [`open`] builds an [`App`] from a data directory, and finishes what a crash left, before anything is served.
//! * [`serve`] serves it; [`router`] is the same without a listener, for tests.
//! * `api` has one file per capability. A handler authenticates, parses, calls one operation and answers.
//! * Every refusal is a [`Problem`].

mod api;
mod app;
mod audit_key;
mod auth;
mod card_words;
mod compression;
mod fields;
mod form;
mod guard;
mod health;
mod hex_digits;
mod json;
mod key_files;
mod octets;
mod open;
mod openapi;
mod person_export;
mod problem;
mod purse_meetings;
mod request;
mod rfc3339;
mod route_table;
mod routes;
mod serve;
mod system;
mod upkeep;
mod web;
mod webhook;

pub use app::{App, Settings};
pub use audit_key::{audit_log_keeper, read_log_head, read_log_key};
pub use auth::{NewSession, SESSION_COOKIE, hash_password};
pub use json::BODY_MAX_BYTES;
pub use open::{LedgerChoice, OpenError, RecordsChoice, ServeOptions, open};
pub use openapi::openapi_json;
pub use problem::{Kind, Problem};
pub use routes::{empty_router, paths, router};
pub use serve::{NeighbourSite, serve, serve_beside, serve_router};
pub use system::{OsEntropy, SystemClock};
pub use web::{TownLogin, TownView};
pub use webhook::run as deliver_webhooks;
