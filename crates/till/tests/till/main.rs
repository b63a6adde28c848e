//! The till: sales with and without the server, loads, and every page in both languages.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod desk;
#[allow(dead_code, reason = "the terminal's own tests use the rest of the shop")]
#[path = "../../../terminal/tests/terminal/shop/mod.rs"]
mod shop;

mod grades;
mod loading;
mod pages;
mod selling;
