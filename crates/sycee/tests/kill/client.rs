//! A small HTTP client over one kept connection, so that a broken one is seen as such and never retried silently.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer takes; a server that is gone closes the connection at once.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    /// A line of the header that says who is asking, such as `cookie: …`.
    credential: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookie: Option<String>,
    pub(crate) body: Value,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr, credential: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), credential: credential.to_owned() })
    }

    pub(crate) fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: kill.test\r\n{}\r\n\r\n", self.credential))
    }

    /// A POST of JSON; `key` is the `Idempotency-Key`, for what moves value.
    pub(crate) fn post(&mut self, path: &str, key: Option<&str>, body: &Value) -> io::Result<Answer> {
        let body = body.to_string();
        let key = key.map_or_else(String::new, |key| format!("idempotency-key: \"{key}\"\r\n"));
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: kill.test\r\n{}\r\n{key}content-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.credential,
            body.len()
        ))
    }

    fn send(&mut self, request: &str) -> io::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status =
            status.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| bad(&status))?;
        let mut length = 0;
        let mut cookie = None;
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().map_err(|_| bad(&line))?,
                // The session's cookie comes first; others are of no use here.
                "set-cookie" if cookie.is_none() => {
                    cookie = value.trim().split(';').next().map(str::to_owned)
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, cookie, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

fn bad(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP: {line:?}"))
}
