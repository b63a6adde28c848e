//! The real programs, each in a process of its own that is killed when it is dropped.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running `sycee …`.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, and waits for the line on which it says that it is ready.
    pub(crate) fn start(arguments: &[&OsStr], ready: &str) -> (Self, String) {
        let mut process = program(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(ready));
        let line = line.unwrap_or_else(|| panic!("{arguments:?} ended before it said {ready:?}"));
        thread::spawn(move || lines.for_each(drop));
        (Self(process), line)
    }

    /// The server of a directory, and where it is.
    pub(crate) fn server(data: &Path, listen: &str) -> (Self, SocketAddr) {
        let words = ["serve", "--listen", listen, "--data"].map(OsStr::new);
        let (running, line) = Self::start(&[&words, [data.as_os_str()].as_slice()].concat(), "serving on ");
        (running, address(&line))
    }

    /// A card that is made from its file, or was.
    pub(crate) fn card(file: &Path, port: u16) -> Self {
        let vpcd = format!("127.0.0.1:{port}");
        let words = ["card", "run", "--vpcd", &vpcd, "--personalisation"].map(OsStr::new);
        Self::start(&[&words, [file.as_os_str()].as_slice()].concat(), "card in the reader").0
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sycee"));
    command.args(arguments);
    command
}

/// Runs a command to its end; what it printed.
pub(crate) fn said(arguments: &[&str]) -> String {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let output = program(&arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What `sycee init` made.
pub(crate) fn init(data: &Path) -> Value {
    serde_json::from_str(&said(&["init", "--json", "--data", data.to_str().unwrap()])).unwrap()
}

pub(crate) fn address(line: &str) -> SocketAddr {
    line.rsplit('/').next().unwrap().parse().unwrap()
}

/// Waits for something to become true.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
