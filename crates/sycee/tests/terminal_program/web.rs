//! What a browser or a script asks over HTTP: one connection for each request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody at a site.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    address: SocketAddr,
    cookie: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    head: String,
    pub(crate) text: String,
}

impl Visitor {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address, cookie: String::new() }
    }

    pub(crate) fn logged_in(address: SocketAddr, login: &Value, password: &Value) -> Self {
        let guest = Self::at(address);
        let body = json!({ "login": login, "password": password });
        let answer = guest.send("POST", "/api/v1/sessions", "application/json", &body.to_string()).unwrap();
        assert_eq!(answer.status, 201, "{answer:?}");
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { address, cookie }
    }

    /// The page at a path.
    pub(crate) fn page(&self, path: &str) -> String {
        let answer = self.send("GET", path, "text/plain", "").unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.text
    }

    /// Makes something through the API.
    pub(crate) fn create(&self, path: &str, body: &Value) -> Value {
        let answer = self.send("POST", path, "application/json", &body.to_string()).unwrap();
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        serde_json::from_str(&answer.text).unwrap()
    }

    /// Sends a form; where it leads.
    pub(crate) fn form(&self, path: &str, fields: &str) -> String {
        let answer = self.send("POST", path, "application/x-www-form-urlencoded", fields).unwrap();
        assert_eq!(answer.status, 303, "{path}: {answer:?}");
        answer.header("location").to_owned()
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> Option<Answer> {
        static SENT: AtomicU32 = AtomicU32::new(0);
        let key = SENT.fetch_add(1, Ordering::Relaxed);
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let (host, cookie, length) = (self.address, &self.cookie, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncookie: {cookie}\r\n\
             idempotency-key: \"request-{key}\"\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, text) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head: head.to_owned(), text: text.to_owned() })
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().unwrap_or_else(|| panic!("no {name}: {self:?}")).1
    }
}

/// What stands between two texts on a page, after a third one.
pub(crate) fn cut<'p>(page: &'p str, after: &str, begin: &str, end: &str) -> &'p str {
    let found = page.split_once(after).and_then(|(_, rest)| rest.split_once(begin));
    let found = found.and_then(|(_, rest)| rest.split_once(end));
    found.unwrap_or_else(|| panic!("no {after} … {begin} … {end} on the page: {page}")).0
}
