//! `cargo xtask api`: thousands of calls that schemathesis makes up from the description of the API, in a founded town.
//!
//! No answer may be a failure inside, one that the description lacks, or one that breaks its schema; and no request that
//! breaks the description may be accepted.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    machine,
    process::{release_program, run as run_program, run_watched},
    running_town::RunningTown,
};

/// Who calls, as the last part of the town's one-click log-in (a guest has none), and the most made-up calls of each
/// operation besides those that the description itself gives rise to.
const CALLERS: &[(&str, &str)] = &[("", "5"), ("lilei", "12"), ("canteen", "8"), ("operator", "8")];

/// Fewer calls than this prove too little.
const CALLS_MIN: u64 = 5_000;

/// What is asked of each answer that is not: that good data is always accepted (rules of money refuse it), and that a
/// call without a session is refused (the access matrix of the server's tests asks that of every route).
const NOT_ASKED: &str = "positive_data_acceptance,ignored_auth";

/// Calls everything as everyone.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    machine::prepare()?;
    let program = release_program(root)?;
    all(root, &program).map(|closing| println!("{closing}"))
}

/// Calls everything as everyone; returns how many calls that were.
pub(crate) fn all(root: &Path, program: &Path) -> Result<String, String> {
    let schemathesis = prepare(root)?;
    let description = root.join("docs/openapi.json");
    // What it remembers of its runs stays out of the sources.
    let memory = tools(root);
    let mut calls = 0;
    for (who, examples) in CALLERS {
        // Each caller gets a town of its own, because calls may close accounts and block cards.
        let town = RunningTown::found(program, "api")?;
        let mut command = Command::new(&schemathesis);
        command.arg("run").arg(&description);
        command.args(["--url", &town.address, "--max-examples", examples]);
        // One worker: Python 3.11 fails where two threads parse at once ("AST constructor recursion depth mismatch").
        command.args(["--phases", "examples,coverage,fuzzing", "--workers", "1", "--seed", "7"]);
        command.args(["--exclude-checks", NOT_ASKED, "--continue-on-failure", "--warnings", "off"]);
        command.env("SCHEMATHESIS_HOOKS", root.join("fuzz/api_hooks.py")).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("SYCEE_URL", &town.address).env("SYCEE_WHO", who);
        eprintln!("── calls of {}", if who.is_empty() { "a guest" } else { who });
        run_watched(&memory, command, |line| calls += calls_in(line))?;
    }
    if calls < CALLS_MIN {
        return Err(format!("only {calls} calls were made, fewer than {CALLS_MIN}"));
    }
    Ok(format!("{calls} made-up calls, each answered as described"))
}

fn tools(root: &Path) -> PathBuf {
    root.join("target/tools")
}

/// The number in `  1431 generated, 1431 passed`.
fn calls_in(line: &str) -> u64 {
    let number = line.split_once(" generated").and_then(|(before, _)| before.trim().parse().ok());
    number.unwrap_or(0)
}

/// Installs what `fuzz/requirements.txt` asks for under `target/tools`, unless it is there.
fn prepare(root: &Path) -> Result<PathBuf, String> {
    let requirements = root.join("fuzz/requirements.txt");
    let folder = tools(root).join("python");
    let installed = folder.join("installed.txt");
    let wanted = fs::read(&requirements)
        .map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
    let schemathesis = folder.join("bin/schemathesis");
    if fs::read(&installed).ok().as_ref() == Some(&wanted) && schemathesis.is_file() {
        return Ok(schemathesis);
    }
    run_program(root, "python3", &["-m", "venv", &folder.to_string_lossy()])?;
    let pip = folder.join("bin/pip");
    run_program(
        root,
        &pip.to_string_lossy(),
        &["install", "--quiet", "--requirement", &requirements.to_string_lossy()],
    )?;
    fs::write(&installed, wanted)
        .map_err(|error| format!("cannot write {}: {error}", installed.display()))?;
    Ok(schemathesis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_calls_is_read_from_the_closing_lines() {
        assert_eq!(calls_in("  1431 generated, 1431 passed"), 1_431);
        assert_eq!(calls_in("  1883 generated, 1 found 1 unique failure, 47 skipped"), 1_883);
        assert_eq!(calls_in("Test cases:"), 0);
    }
}
