//! `cargo xtask e2e`: stories played in a real browser against a founded town.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    machine,
    process::{find, release_program, run_command, run_watched},
    running_town::RunningTown,
};

/// Plays the named stories, or all of them.
pub(crate) fn run(root: &Path, stories: &[&str]) -> Result<(), String> {
    machine::prepare()?;
    let program = release_program(root)?;
    play(root, &program, stories).map(|closing| println!("{closing}"))
}

/// Plays all stories; returns how many passed.
pub(crate) fn all(root: &Path, program: &Path) -> Result<String, String> {
    play(root, program, &[])
}

fn play(root: &Path, program: &Path, stories: &[&str]) -> Result<String, String> {
    let folder = root.join("e2e");
    install_packages(&folder)?;
    let town = RunningTown::found(program, "e2e")?;
    let chromium = machine::chromium().ok_or("Chromium is gone")?;
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    node.args(story_files(&folder, stories)?);
    node.env("SYCEE_URL", &town.address).env("CHROMIUM", chromium);
    let mut passed = String::new();
    let mut failed = String::new();
    run_watched(&folder, node, |line| {
        // The reporter closes with `ℹ pass 5` and `ℹ fail 0`.
        if let Some((_, count)) = line.split_once(" pass ") {
            count.clone_into(&mut passed);
        }
        if let Some((_, count)) = line.split_once(" fail ") {
            count.clone_into(&mut failed);
        }
    })?;
    Ok(format!("{passed} stories passed, {failed} failed; pictures in e2e/output"))
}

fn story_files(folder: &Path, stories: &[&str]) -> Result<Vec<PathBuf>, String> {
    let entries =
        fs::read_dir(folder.join("stories")).map_err(|error| format!("cannot list e2e/stories: {error}"))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .filter(|path| {
            stories.is_empty() || stories.iter().any(|story| path.to_string_lossy().contains(story))
        })
        .collect();
    files.sort();
    if files.is_empty() { Err(format!("no story is called {}", stories.join(" or "))) } else { Ok(files) }
}

/// `npm ci` unless what the lock file asks for is already there.
fn install_packages(folder: &Path) -> Result<(), String> {
    let lock = folder.join("package-lock.json");
    let installed = folder.join("node_modules/.package-lock.json");
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    if changed(&installed) >= changed(&lock) && changed(&installed).is_some() {
        return Ok(());
    }
    if find("npm").is_none() {
        return Err("npm is missing: install it (on Debian: `apt-get install npm`), then again".to_owned());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]);
    run_command(folder, npm)
}
