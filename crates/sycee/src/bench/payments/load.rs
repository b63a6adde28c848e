//! The load generator: keep-alive connections that send one request after the other, as light as a client can be.
//!
//! It runs in a process of its own. The plan comes on standard input, what was measured goes to standard output.

use std::io;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::figures::Slice;
use crate::exit::Failure;

/// Stands in a request for its idempotency key; every key is as long as this.
pub(super) const KEY_PLACE: &str = "KEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKE";
/// More than any answer of the server to a payment.
const ANSWER_MAX: usize = 16 * 1024;

/// What to send.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) address: SocketAddr,
    pub(super) milliseconds: u64,
    /// Makes the idempotency keys of this run differ from those of any other.
    pub(super) run: u64,
    /// One connection each, sending this request again and again under ever new keys.
    pub(super) requests: Vec<String>,
}

/// What came back.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Outcome {
    elapsed_us: u64,
    latencies_us: Vec<u32>,
    /// The first answer that was not 2xx.
    refusal: Option<String>,
}

/// Runs the plan in a child process.
pub(super) fn run_plan(plan: &Plan) -> Result<Slice, Failure> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["bench", "http-load"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let input = child.stdin.take().ok_or_else(|| Failure::software("the load generator has no input"))?;
    serde_json::to_writer(input, plan).map_err(|error| Failure::software(error.to_string()))?;
    let output = child.wait_with_output()?;
    let outcome: Outcome = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::software(format!("the load generator answered nonsense: {error}")))?;
    if let Some(refusal) = outcome.refusal {
        return Err(Failure::software(format!("the server refused a request of the benchmark: {refusal}")));
    }
    let latencies: Vec<Duration> =
        outcome.latencies_us.into_iter().map(|us| Duration::from_micros(us.into())).collect();
    Ok(Slice { done: latencies.len() as u64, elapsed: Duration::from_micros(outcome.elapsed_us), latencies })
}

/// The child process: plan in, outcome out.
pub(crate) fn run_child() -> Result<(), Failure> {
    let plan: Plan =
        serde_json::from_reader(io::stdin().lock()).map_err(|error| Failure::bad_data(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(drive(plan))?;
    serde_json::to_writer(io::stdout().lock(), &outcome).map_err(|error| Failure::io(error.to_string()))
}

async fn drive(plan: Plan) -> Result<Outcome, Failure> {
    let mut connections = Vec::with_capacity(plan.requests.len());
    for (number, request) in plan.requests.iter().enumerate() {
        connections.push(Connection::open(plan.address, request, plan.run, number as u64).await?);
    }
    let started = Instant::now();
    let until = started + Duration::from_millis(plan.milliseconds);
    let tasks: Vec<_> =
        connections.into_iter().map(|connection| tokio::spawn(connection.send_until(until))).collect();
    let mut outcome = Outcome::default();
    for task in tasks {
        let (latencies, refusal) =
            task.await.map_err(|error| Failure::software(error.to_string()))?.map_err(Failure::from)?;
        outcome.latencies_us.extend(latencies);
        outcome.refusal = outcome.refusal.or(refusal);
    }
    outcome.elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(outcome)
}

/// One keep-alive connection.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    key_at: Option<usize>,
    /// The upper half of every key; the lower half counts.
    key_prefix: u64,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr, request: &str, run: u64, number: u64) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: request.as_bytes().to_vec(),
            key_at: request.find(KEY_PLACE),
            key_prefix: run << 16 | number,
            answer: vec![0; ANSWER_MAX],
        })
    }

    async fn send_until(mut self, until: Instant) -> io::Result<(Vec<u32>, Option<String>)> {
        let mut latencies = Vec::with_capacity(1 << 14);
        let mut count = 0_u64;
        let mut now = Instant::now();
        while now < until {
            count += 1;
            self.set_key(count);
            self.stream.write_all(&self.request).await?;
            let (head, length) = self.receive().await?;
            let answered = Instant::now();
            if self.answer[9] != b'2' {
                let text = String::from_utf8_lossy(&self.answer[..head + length]).into_owned();
                return Ok((latencies, Some(text)));
            }
            latencies.push(u32::try_from((answered - now).as_micros()).unwrap_or(u32::MAX));
            now = answered;
        }
        Ok((latencies, None))
    }

    fn set_key(&mut self, count: u64) {
        if let Some(at) = self.key_at {
            let key = format!("{:016x}{count:016x}", self.key_prefix);
            self.request[at..at + KEY_PLACE.len()].copy_from_slice(key.as_bytes());
        }
    }

    /// Reads one answer whole; tells the lengths of its head and its body.
    async fn receive(&mut self) -> io::Result<(usize, usize)> {
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.answer[filled..]).await?;
            if read == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server hung up, or answered too much",
                ));
            }
            filled += read;
            let Some(head) = head_length(&self.answer[..filled]) else { continue };
            let body = content_length(&self.answer[..head]);
            if filled >= head + body {
                return Ok((head, body));
            }
        }
    }
}

/// The length of the head of an answer with its empty line, once it is all there.
fn head_length(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// What the head says of the body's length; an answer without says nothing because it has no body.
fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let at = head.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME));
    let digits = at.map_or(&[][..], |at| &head[at + NAME.len()..]);
    digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_where_its_head_says() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 12\r\nx: y\r\n\r\n{\"state\":1}";
        let head = head_length(answer).expect("the head is all there");
        assert_eq!(&answer[head - 4..head], b"\r\n\r\n");
        assert_eq!(content_length(&answer[..head]), 12);
        assert_eq!(content_length(b"HTTP/1.1 204 No Content\r\n\r\n"), 0);
        assert_eq!(head_length(b"HTTP/1.1 204 No Con"), None);
    }
}
