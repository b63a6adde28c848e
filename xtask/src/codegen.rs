//! `cargo xtask codegen`: documents that are written by the program itself.

use std::{fs, path::Path};

use crate::process::{output, release_program};

/// Whether to write the documents or only to compare them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Writes what differs.
    Write,
    /// Fails when one differs.
    Check,
}

/// Each document and the arguments that make the program print it.
const DOCUMENTS: &[(&str, &[&str])] =
    &[("docs/openapi.json", &["docs", "openapi"]), ("docs/cli.md", &["docs", "cli"])];

/// Builds the program and lets it print its documents.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<(), String> {
    printed_by(root, &release_program(root)?, mode)
}

/// Compares with what a program prints that is built already.
pub(crate) fn check(root: &Path, program: &Path) -> Result<(), String> {
    printed_by(root, program, Mode::Check)
}

fn printed_by(root: &Path, program: &Path, mode: Mode) -> Result<(), String> {
    let mut stale = Vec::new();
    for (path, arguments) in DOCUMENTS {
        let wanted = output(root, program, arguments)?;
        if fs::read(root.join(path)).ok().as_ref() == Some(&wanted) {
            continue;
        }
        match mode {
            Mode::Check => stale.push(*path),
            Mode::Write => {
                fs::write(root.join(path), wanted)
                    .map_err(|error| format!("cannot write {path}: {error}"))?;
                println!("wrote {path}");
            }
        }
    }
    if stale.is_empty() {
        println!("codegen: {} documents are as the code has them", DOCUMENTS.len());
        return Ok(());
    }
    Err(format!("{} no longer match the code; run `cargo xtask codegen`", stale.join(", ")))
}
