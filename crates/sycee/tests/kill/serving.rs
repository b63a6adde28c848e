//! The real program, serving, until it is killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Connection;

/// A running `sycee serve`. It is killed with SIGKILL, never asked to stop.
pub(crate) struct Serving {
    process: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first answer.
    pub(crate) ready_after: Duration,
}

impl Serving {
    /// Serves what is in this directory.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// Serves with these options besides.
    pub(crate) fn start_with(data: &Path, options: &[&str]) -> Self {
        let started = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_sycee"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = process.stdout.take().expect("asked for a pipe above");
        let mut lines = BufReader::new(output).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
        let address = address.expect("the program says where it listens before it ends");
        std::thread::spawn(move || lines.for_each(drop));
        let mut serving = Self { process, address, ready_after: Duration::ZERO };
        while serving.status("/readyz") != Some(200) {
            assert!(started.elapsed() < Duration::from_secs(30), "the server does not become ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        serving.ready_after = started.elapsed();
        serving
    }

    /// SIGKILL: no destructor runs, no buffer is flushed.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("the process is ours");
        self.process.wait().expect("the process is ours");
    }

    fn status(&self, path: &str) -> Option<u16> {
        let mut connection = Connection::open(self.address, "accept: */*").ok()?;
        connection.get(path).ok().map(|answer| answer.status)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // After `kill` the process is gone already; a test that fails takes its server with it.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let rest = &line[line.find("127.0.0.1:")?..];
    let end =
        rest.find(|letter: char| !(letter.is_ascii_digit() || ".:".contains(letter))).unwrap_or(rest.len());
    rest[..end].parse().ok()
}
