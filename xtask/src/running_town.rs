//! A town in a process of its own, for tests from outside.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The town that every test from outside is made in.
const SEED: &str = "7";

/// A running town that ends with its owner.
pub(crate) struct RunningTown {
    process: Child,
    folder: PathBuf,
    /// `http://HOST:PORT`
    pub(crate) address: String,
}

impl RunningTown {
    /// Founds a town with this program in a temporary folder and waits until it says where it is.
    pub(crate) fn found(program: &Path, purpose: &str) -> Result<Self, String> {
        let folder = env::temp_dir().join(format!("sycee-{purpose}-{}", std::process::id()));
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
        eprintln!("── the town of seed {SEED} is open at {}", town.address);
        Ok(town)
    }
}

impl Drop for RunningTown {
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
