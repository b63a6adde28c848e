//! `cargo xtask bench`: the program measures itself.

use std::path::Path;

use crate::process::{release_program, run as run_program};

pub(crate) fn run(root: &Path, benches: &[&str]) -> Result<(), String> {
    let program = release_program(root)?;
    let benches = if benches.is_empty() { &["ledger", "payments"][..] } else { benches };
    for bench in benches {
        run_program(root, &program.to_string_lossy(), &["bench", bench, "--json"])?;
    }
    Ok(())
}
