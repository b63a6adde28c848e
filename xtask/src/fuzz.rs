//! `cargo xtask fuzz`: every parser of bytes from outside meets bytes nobody thought of.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::{find, run as run_program, run_command};

/// Fuzzing instruments the code with flags that only this toolchain has.
const TOOLCHAIN: &str = "nightly";

/// Runs each target whose name contains one of `names`, or all of them, for so many seconds.
pub(crate) fn run(root: &Path, seconds: &str, names: &[&str]) -> Result<(), String> {
    if seconds.parse::<u32>().is_err() {
        return Err(format!("`{seconds}` is not a number of seconds"));
    }
    let targets: Vec<String> = targets(root)?
        .into_iter()
        .filter(|target| names.is_empty() || names.iter().any(|name| target.contains(name)))
        .collect();
    if targets.is_empty() {
        return Err(format!("no fuzz target is called {}", names.join(" or ")));
    }
    prepare(root)?;
    let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml"))
        .map_err(|error| format!("cannot read fuzz/Cargo.toml: {error}"))?;
    for target in &targets {
        // libFuzzer wants it to be there, even when it is empty.
        let corpus = corpus(root, target);
        fs::create_dir_all(&corpus)
            .map_err(|error| format!("cannot create {}: {error}", corpus.display()))?;
        run_command(root, fuzzer(root, target, features(&manifest, target), seconds))?;
    }
    println!("fuzz: {} targets for {seconds} s each, nothing found", targets.len());
    Ok(())
}

/// The names of the files in `fuzz/fuzz_targets`, which are the names of the targets.
fn targets(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join("fuzz/fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut targets: Vec<String> =
        files.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect();
    targets.sort();
    Ok(targets)
}

/// Installs what is missing: the toolchain by rustup, cargo-fuzz under `target/tools`. Then gives the fuzz crate, which
/// is a workspace of its own, the very versions that the product is built with.
fn prepare(root: &Path) -> Result<(), String> {
    if find("rustup").is_none() {
        return Err(
            "fuzzing needs a nightly toolchain, and rustup to get it: see https://rustup.rs".to_owned()
        );
    }
    let is_installed = Command::new("rustup").args(["run", TOOLCHAIN, "rustc", "--version"]).output();
    if !is_installed.is_ok_and(|output| output.status.success()) {
        run_program(root, "rustup", &["toolchain", "install", TOOLCHAIN, "--profile", "minimal"])?;
    }
    let tools = tools(root);
    if find("cargo-fuzz").is_none() && !tools.join("bin/cargo-fuzz").is_file() {
        run_program(
            root,
            env!("CARGO"),
            &["install", "--locked", "--root", &tools.to_string_lossy(), "cargo-fuzz"],
        )?;
    }
    fs::copy(root.join("Cargo.lock"), root.join("fuzz/Cargo.lock"))
        .map(drop)
        .map_err(|error| format!("cannot copy Cargo.lock for the fuzz crate: {error}"))
}

fn tools(root: &Path) -> PathBuf {
    root.join("target/tools")
}

/// Where what a target has found worth keeping is kept.
fn corpus(root: &Path, target: &str) -> PathBuf {
    root.join("fuzz/corpus").join(target)
}

/// Which features a target is built with: those that `fuzz/Cargo.toml` requires for it. Without the server a target is built
/// in a minute or two.
fn features<'a>(manifest: &'a str, target: &str) -> Option<&'a str> {
    let name = format!("name = \"{target}\"");
    let mut targets = manifest.split("[[bin]]").filter(|target| target.lines().any(|line| line == name));
    let required = targets.next()?.lines().find_map(|line| line.strip_prefix("required-features = [\""))?;
    required.strip_suffix("\"]")
}

/// The command that fuzzes one target, with its seeds if it has any, at the lowest priority.
fn fuzzer(root: &Path, target: &str, features: Option<&str>, seconds: &str) -> Command {
    let mut path = vec![tools(root).join("bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let seeds = root.join("fuzz/seeds").join(target);
    let dictionary = root.join("fuzz/dictionaries").join(format!("{target}.dict"));

    let mut command = Command::new("nice");
    command.args(["-n", "19", "rustup", "run", TOOLCHAIN, "cargo", "fuzz", "run"]);
    // The product forbids `unsafe`, so there is nothing that the address sanitizer could find in it.
    command.args(["--sanitizer", "none"]);
    if let Some(features) = features {
        command.args(["--features", features]);
    }
    command.arg(target);
    command.arg(corpus(root, target));
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command.args(["--", "-timeout=60", "-max_len=4096"]).arg(format!("-max_total_time={seconds}"));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    if let Ok(path) = env::join_paths(path) {
        command.env("PATH", path);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_built_with_what_it_requires() {
        let manifest = "[[bin]]\nname = \"one\"\n[[bin]]\nname = \"two\"\nrequired-features = [\"server\"]\n";
        assert_eq!(
            ["one", "two", "three"].map(|target| features(manifest, target)),
            [None, Some("server"), None]
        );
    }
}
