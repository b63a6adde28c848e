//! `sycee ledger exec`: JSON Lines in, one batch a line; one line of results each out.

mod answer;
pub mod batch;

use std::io::{self, BufRead, Read, Write};
use std::time::SystemTime;

use ledger::{Engine, EngineError, Response, Timestamp};

use batch::{Batch, BatchError};

/// The longest line that is read: a full batch of transfers with every field written out is a third of it.
const LINE_MAX: u64 = 16 << 20;

/// What tells the engine the time.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Stands still but for `advance_seconds`; never behind the engine's own time.
    Simulated(Timestamp),
}

impl Clock {
    /// Where simulated time starts: one second after 1970-01-01 UTC.
    pub const SIMULATED_START: Timestamp = Timestamp(ledger::NANOSECONDS_PER_SECOND);

    fn now(self) -> Timestamp {
        match self {
            Self::Simulated(now) => now,
            Self::System => {
                let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                Timestamp(u64::try_from(since.as_nanos()).unwrap_or(Timestamp::LAST.0))
            }
        }
    }

    /// Follows the engine, whose time moves by a nanosecond an event.
    fn follow(&mut self, response: &Response) {
        let Self::Simulated(now) = self else { return };
        let latest = match response {
            Response::CreateAccounts(results) => results.iter().map(|result| result.timestamp).max(),
            Response::CreateTransfers(results) => results.iter().map(|result| result.timestamp).max(),
            Response::Accounts(_) | Response::Transfers(_) | Response::Balances(_) => None,
        };
        *now = latest.unwrap_or_default().max(*now);
    }

    fn advance(&mut self, seconds: u32) -> Result<Timestamp, BatchError> {
        let refused = |message: &str| BatchError {
            event: None,
            field: Some("advance_seconds".to_owned()),
            message: message.to_owned(),
        };
        let Self::Simulated(now) = self else {
            return Err(refused("only possible with --simulated-time"));
        };
        *now = now.checked_add_seconds(seconds).ok_or_else(|| refused("goes beyond the end of time"))?;
        Ok(*now)
    }
}

/// How many lines were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All lines, blank ones included.
    pub lines: u64,
    /// Those that were refused and did nothing.
    pub refused: u64,
}

/// Why a run ended before its input.
#[derive(Debug)]
pub enum ExecError {
    /// Reading the input or writing the results.
    Io(io::Error),
    /// The engine has stopped or cannot be reached.
    Engine(EngineError),
}

impl From<io::Error> for ExecError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Performs every line of `input` on `engine`. A refused line is answered with an error and the run goes on.
///
/// # Errors
/// [`ExecError`]: what was answered before has happened.
pub fn run(
    engine: &mut dyn Engine,
    mut clock: Clock,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> Result<Summary, ExecError> {
    let mut summary = Summary::default();
    let mut line = Vec::new();
    while read_line(input, &mut line)? {
        summary.lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match perform(engine, &mut clock, &line) {
            Ok(answer) => answer,
            Err(LineError::Refused(error)) => {
                summary.refused += 1;
                answer::refusal(summary.lines, &error)
            }
            Err(LineError::Engine(error)) => return Err(ExecError::Engine(error)),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(summary)
}

enum LineError {
    Refused(BatchError),
    Engine(EngineError),
}

impl From<BatchError> for LineError {
    fn from(error: BatchError) -> Self {
        Self::Refused(error)
    }
}

impl From<EngineError> for LineError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

fn perform(engine: &mut dyn Engine, clock: &mut Clock, line: &[u8]) -> Result<String, LineError> {
    let refused = |message: &str| BatchError { event: None, field: None, message: message.to_owned() };
    if line.len() as u64 > LINE_MAX {
        return Err(refused("the line is longer than 16 MiB").into());
    }
    let text = core::str::from_utf8(line).map_err(|_| refused("the line is not UTF-8"))?;
    match batch::parse(text)? {
        Batch::Request(request) => {
            let response = request.perform(engine, clock.now())?;
            clock.follow(&response);
            Ok(answer::answer(&request, &response))
        }
        Batch::AdvanceSeconds(seconds) => {
            let now = clock.advance(seconds)?;
            engine.advance(now)?;
            Ok(answer::advanced(now))
        }
    }
}

/// Reads the next line without its end. Of a line that is too long only enough is kept to see that it is.
fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    if input.take(LINE_MAX + 1).read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        return Ok(true);
    }
    if line.len() as u64 > LINE_MAX {
        input.skip_until(b'\n')?;
    }
    Ok(true)
}
