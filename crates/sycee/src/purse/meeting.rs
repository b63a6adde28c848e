//! A meeting of two devices at a server, which carries their frames and understands nothing of them.

use std::io::{self, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use clap::Args;
use host_client::{Client, Request};
use purse::vtp::Side;
use purse_to_purse::{Carrier, CarrierError};
use serde_json::{Value, json};

use super::{hex, line_of, unhex};
use crate::exit::Failure;

const POLL: Duration = Duration::from_millis(300);
/// How often a request is sent again where no answer came.
const TRIES: usize = 4;

#[derive(Debug, Args)]
pub(super) struct MeetingOptions {
    /// The server that carries the frames: https, or http to this machine
    #[arg(long, value_name = "URL")]
    through: Option<String>,
    /// The code of the meeting that the other device has opened
    #[arg(long, value_name = "CODE", requires = "through")]
    code: Option<String>,
    /// File with an API key of a member, who opens a meeting
    #[arg(long, value_name = "FILE", requires = "through", conflicts_with = "code")]
    key_file: Option<PathBuf>,
    /// How long to wait for the other device
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
}

impl MeetingOptions {
    /// Opens a meeting, or comes to one that is open.
    pub(super) fn open(&self) -> Result<Meeting, Failure> {
        let url = self.through.as_deref().ok_or_else(|| {
            Failure::bad_data("say through which server, with --through, and --code or --key-file")
        })?;
        let key = self.key_file.as_ref().map(line_of).transpose()?;
        let client = Client::new(url, key.as_deref()).map_err(Failure::bad_data)?;
        let code = match &self.code {
            Some(code) => code.clone(),
            None if key.is_some() => opened(&client)?,
            None => return Err(Failure::bad_data("say --code, or --key-file to open a meeting")),
        };
        let wait = Duration::from_secs(self.wait);
        Ok(Meeting {
            client,
            code,
            side: Side::From,
            sent: 0,
            received: 0,
            wait,
            is_opener: self.code.is_none(),
        })
    }
}

fn opened(client: &Client) -> Result<String, Failure> {
    let request = Request {
        method: Method::POST,
        path: "/api/v1/purse-meetings",
        content_type: None,
        body: Vec::new(),
    };
    let answer = client.send(request).map_err(Failure::unavailable)?;
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match told["code"].as_str() {
        Some(code) if answer.status == StatusCode::CREATED => Ok(code.to_owned()),
        _ => {
            Err(Failure::unavailable(format!("the server opens no meeting: {}", said(&told, answer.status))))
        }
    }
}

/// What a problem says, in words where it has any.
pub(super) fn said(problem: &Value, status: StatusCode) -> String {
    problem["detail"].as_str().or(problem["title"].as_str()).map_or_else(|| status.to_string(), str::to_owned)
}

/// One side of a meeting.
#[derive(Debug)]
pub(super) struct Meeting {
    client: Client,
    code: String,
    side: Side,
    sent: u32,
    received: u32,
    wait: Duration,
    is_opener: bool,
}

impl Meeting {
    /// Comes to the meeting on a side; whoever opened it tells its code.
    pub(super) fn begin(&mut self, side: Side, json: bool) -> Result<(), Failure> {
        self.side = side;
        let mut out = io::stdout().lock();
        match (self.is_opener, json) {
            (false, _) => {}
            (true, false) => writeln!(out, "the other device comes with --code {}", self.code)?,
            (true, true) => writeln!(out, "{}", json!({ "code": self.code }))?,
        }
        Ok(out.flush()?)
    }

    fn path(&self, side: Side, number: u32) -> String {
        let side = if side == Side::From { "payer" } else { "payee" };
        format!("/api/v1/purse-meetings/{}/{side}/{number}", self.code)
    }

    /// Asks, again where no answer came.
    fn ask(&self, method: &Method, path: &str, body: &[u8]) -> Result<Value, CarrierError> {
        let mut last = String::new();
        for _ in 0..TRIES {
            let content_type = (!body.is_empty()).then_some("application/json");
            let request = Request { method: method.clone(), path, content_type, body: body.to_vec() };
            let answer = match self.client.send(request) {
                Ok(answer) => answer,
                Err(why) => {
                    last = why;
                    thread::sleep(POLL);
                    continue;
                }
            };
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            return match answer.status {
                status if status.is_success() => Ok(told),
                StatusCode::NOT_FOUND => Err(CarrierError::Broken(
                    "the server knows no such meeting any more: open another one".to_owned(),
                )),
                status => Err(CarrierError::Broken(format!("the server refuses: {}", said(&told, status)))),
            };
        }
        Err(CarrierError::Broken(last))
    }
}

impl Carrier for Meeting {
    fn send(&mut self, frame: &[u8]) -> Result<(), CarrierError> {
        let body = json!({ "frame": hex(frame) }).to_string();
        self.ask(&Method::PUT, &self.path(self.side, self.sent), body.as_bytes())?;
        self.sent += 1;
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, CarrierError> {
        let other = if self.side == Side::From { Side::To } else { Side::From };
        let path = self.path(other, self.received);
        let until = Instant::now() + self.wait;
        while Instant::now() < until {
            let told = self.ask(&Method::GET, &path, &[])?;
            if let Some(frame) = told["frame"].as_str() {
                self.received += 1;
                return unhex(frame).ok_or(CarrierError::NoFrame);
            }
            thread::sleep(POLL);
        }
        Err(CarrierError::Silent)
    }
}
