//! `cargo xtask e2e`: stories played in a real browser against a founded town.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::{
    machine,
    process::{find, release_program, run_command, run_watched},
};

/// The town that every story and every picture is made in.
const SEED: &str = "7";

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
    let town = Town::found(program)?;
    eprintln!("── the town of seed {SEED} is open at {}", town.address);
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

/// A running town that ends with its owner.
struct Town {
    process: Child,
    folder: PathBuf,
    address: String,
}

impl Town {
    fn found(program: &Path) -> Result<Self, String> {
        let folder = env::temp_dir().join(format!("sycee-e2e-{}", std::process::id()));
        let process = Command::new(program)
            .args(["town", "--port", "0", "--seed", SEED, "--data"])
            .arg(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the town: {error}"))?;
        let mut town = Self { process, folder, address: String::new() };
        let output = town.process.stdout.take().expect("asked for a pipe above");
        let mut lines = BufReader::new(output).lines();
        town.address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| address_in(&line))
            .ok_or("the town ended before it said where it is")?;
        // What the town goes on to say must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(town)
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        // The process may have ended by itself, and a folder left behind in the temporary place harms nobody.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The first `http://HOST:PORT` of a line, without what follows it.
fn address_in(line: &str) -> Option<String> {
    let start = line.find("http://")?;
    let (scheme, rest) = line[start..].split_at("http://".len());
    let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || ".:-[]".contains(letter)));
    let host = &rest[..end.unwrap_or(rest.len())];
    host.contains(':').then(|| format!("{scheme}{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_first_line_that_has_one() {
        assert_eq!(
            address_in("  Open  http://127.0.0.1:43117/login  李雷").as_deref(),
            Some("http://127.0.0.1:43117")
        );
        assert_eq!(address_in("see http://example.org"), None);
        assert_eq!(address_in("founding the town"), None);
    }
}
