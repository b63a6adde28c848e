//! t
#![allow(dead_code, unused)]
mod fields; mod guard; mod json; mod problem; mod request; mod rfc3339;
#[path="auth/password.rs"] mod password;
#[path="auth/throttle.rs"] mod throttle;
