//! Tests of the embedded engine through its public face.

mod crash;
mod damage;
mod service;
mod workload;
