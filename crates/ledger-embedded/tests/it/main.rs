//! Tests of the embedded engine through its public face.

mod conformance;
mod crash;
mod damage;
mod held_disk;
mod service;
mod workload;
