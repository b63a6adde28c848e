//! `cargo xtask sim`: whole simulated towns with faults, each from one seed.

use std::path::Path;

use crate::process::{output, release_program, run as run_program};

/// Passes its arguments on to the headless town.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let program = release_program(root)?;
    let mut all = vec!["town", "--headless"];
    all.extend(arguments);
    run_program(root, &program.to_string_lossy(), &all)
}

/// The thousand seeds of the continuous integration; returns the report's closing line.
pub(crate) fn thousand_seeds(root: &Path, program: &Path) -> Result<String, String> {
    let report =
        output(root, program, &["town", "--headless", "--seed", "1", "--last-seed", "1000", "--days", "2"])?;
    let report = String::from_utf8_lossy(&report);
    print!("{report}");
    report.lines().last().map(str::to_owned).ok_or_else(|| "the simulation printed nothing".to_owned())
}
