//! `cargo xtask test`: every test there is, with what they need installed first.

use std::{path::Path, process::Command};

use crate::{
    api_calls, codegen, e2e, machine,
    process::{cargo_watched, run_watched, tested_program},
    sim,
};

/// Runs all tests and ends with one line that counts them.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    machine::prepare()?;
    let mut tally = Tally::default();
    cargo_watched(root, &["test", "--package", "xtask"], |line| tally.see(line))?;
    // Unit, property, conformance, interruption and kill -9 tests and the examples in the documentation,
    // in the release profile: they need its speed, and the program built for them serves the steps below.
    cargo_watched(root, &["test", "--release"], |line| tally.see(line))?;
    let program = tested_program(root)?;
    codegen::check(root, &program)?;
    let towns = sim::thousand_seeds(root, &program)?;
    let calls = api_calls::all(root, &program)?;
    let stories = e2e::all(root, &program)?;
    // Cards and terminals in real readers, behind a feature because only they need a library of the system. Last,
    // because the program is then built with it, where the steps before had the one that ships. Built with the
    // whole workspace, so that what they share with the steps before is not compiled again.
    let mut readers = Command::new(env!("CARGO"));
    readers.args(["test", "--release", "--features", "sycee/pcsc"]);
    readers.args(["--test", "pcsc", "--test", "terminal_program"]);
    readers.env("SYCEE_PROGRAM", &program);
    run_watched(root, readers, |line| tally.see(line))?;
    println!("simulation: {towns}");
    println!("API: {calls}");
    println!("browser: {stories}");
    println!("tests: {} passed, {} failed, {} ignored", tally.passed, tally.failed, tally.ignored);
    Ok(())
}

/// Sums of the lines with which each test program closes.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Tally {
    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    fn see(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else { return };
        for part in rest.split([';', '.']) {
            let Some((number, word)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u32>() else { continue };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut tally = Tally::default();
        tally.see("running 6 tests");
        tally.see(
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        tally.see("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        assert_eq!((tally.passed, tally.failed, tally.ignored), (7, 1, 1));
    }
}
