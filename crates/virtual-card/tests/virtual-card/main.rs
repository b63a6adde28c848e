//! Virtual cards in this process. One program: linking many takes longer than running them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../made/mod.rs"]
mod made;

mod independent;

mod compute_vectors;
mod computed_anew;
mod losses_of_power;
mod mistakes_of_entries;
mod personalisation_file;
mod selection;
mod tap_figures;
mod whatever_comes;
