//! The real server under watch: what it logs goes into a file, and every answer is kept.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running `sycee serve` and everything it said.
pub(crate) struct Site {
    process: Child,
    address: SocketAddr,
    log: PathBuf,
    /// What was asked, and the whole answer with its headers.
    pub(crate) answers: Vec<(String, Vec<u8>)>,
}

/// An answer, read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookie: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}

impl Site {
    /// Serves this directory; the log goes beside it.
    pub(crate) fn open(data: &Path, log: PathBuf) -> Self {
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_sycee"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.next().expect("the server says where it listens").unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.rsplit('/').next().unwrap().parse().unwrap();
        Self { process, address, log, answers: Vec::new() }
    }

    /// Everything the server logged.
    pub(crate) fn log(&self) -> Vec<u8> {
        std::fs::read(&self.log).unwrap()
    }

    pub(crate) fn get(&mut self, cookie: &str, path: &str) -> Answer {
        self.send("GET", cookie, path, "")
    }

    pub(crate) fn post(&mut self, cookie: &str, path: &str, body: &Value) -> Answer {
        self.send("POST", cookie, path, &body.to_string())
    }

    /// A POST that makes something.
    pub(crate) fn make(&mut self, cookie: &str, path: &str, body: &Value) -> Value {
        let answer = self.post(cookie, path, body);
        assert_eq!(answer.status, 201, "{path}: {}", answer.text);
        answer.json()
    }

    /// The cookie of a new session.
    pub(crate) fn log_in(&mut self, login: &Value, password: &Value) -> String {
        let body = serde_json::json!({ "login": login, "password": password });
        let answer = self.post("", "/api/v1/sessions", &body);
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.cookie.expect("a session has a cookie")
    }

    /// Any request; a body is JSON, and its key is new.
    pub(crate) fn send(&mut self, method: &str, cookie: &str, path: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let key = self.answers.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: canary.test\r\nconnection: close\r\ncookie: {cookie}\r\n\
             idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.answers.push((format!("{method} {path}"), bytes));
        let (head, text) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
        Answer { status, cookie: cookie.map(str::to_owned), text: text.to_owned() }
    }

    /// SIGKILL: what is in files then is what a thief finds.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // After `kill` the process is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
