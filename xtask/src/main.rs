//! Project automation: one door for everything that a developer or the continuous integration runs.

mod api_calls;
mod bench;
mod ci;
mod codegen;
mod e2e;
mod fuzz;
mod machine;
mod process;
mod running_town;
mod sim;
mod size;
mod test;
mod tidy;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  ci                 what continuous integration runs: fmt, clippy, tidy, codegen --check, test
  test               installs what the tests need, then every test: unit, property, conformance on both
                     engines, kill -9 cycles, 1,000 simulated towns, made-up API calls, browser stories
  tidy               the project's own rules: layers, purity, function length, names, documents
  codegen [--check]  writes docs/openapi.json and docs/cli.md from the code; --check only compares
  e2e [STORY…]       browser stories in headless Chromium against a founded town; pictures in e2e/output
  api                thousands of made-up calls by every kind of caller (schemathesis): no failure inside, no answer
                     that the description lacks
  sim [ARGS…]        simulated towns with faults; ARGS go to `sycee town --headless`
  bench [ledger|payments]  measurements as JSON, both when none is named
  size               what the purse takes of a card's processor: builds it without an operating system; installs the target
  fuzz [SECONDS [TARGET…]]  fuzz targets, all when none is named, for so many seconds each, 30 when not given;
                     installs cargo-fuzz and a nightly toolchain
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let root = root();
    let outcome = match words.as_slice() {
        ["ci"] => ci::run(&root),
        ["test"] => test::run(&root),
        ["tidy"] => tidy::run(&root),
        ["codegen"] => codegen::run(&root, codegen::Mode::Write),
        ["codegen", "--check"] => codegen::run(&root, codegen::Mode::Check),
        ["e2e", stories @ ..] => e2e::run(&root, stories),
        ["api"] => api_calls::run(&root),
        ["sim", arguments @ ..] => sim::run(&root, arguments),
        ["bench", benches @ ..] => bench::run(&root, benches),
        ["size"] => size::run(&root),
        ["fuzz"] => fuzz::run(&root, "30", &[]),
        ["fuzz", seconds, targets @ ..] => fuzz::run(&root, seconds, targets),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("xtask lies in the project's root").to_owned()
}
