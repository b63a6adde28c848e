//! `cargo xtask fuzz`: every parser of bytes from outside meets bytes nobody thought of.

use std::path::Path;

use crate::process::{find, output, run as run_program};

pub(crate) fn run(root: &Path, seconds: &str) -> Result<(), String> {
    if seconds.parse::<u32>().is_err() {
        return Err(format!("`{seconds}` is not a number of seconds"));
    }
    if find("cargo-fuzz").is_none() {
        return Err("cargo-fuzz is missing: run `cargo install cargo-fuzz` and \
                    `rustup toolchain install nightly`, then again"
            .to_owned());
    }
    let cargo = find("cargo").ok_or("cargo is not on the search path")?;
    let targets = output(root, &cargo, &["+nightly", "fuzz", "list"])?;
    let limit = format!("-max_total_time={seconds}");
    for target in String::from_utf8_lossy(&targets).lines() {
        run_program(root, "cargo", &["+nightly", "fuzz", "run", target, "--", &limit])?;
    }
    Ok(())
}
