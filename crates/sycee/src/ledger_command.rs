//! `sycee ledger …`: the data directory of the embedded ledger at hand.

use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use ledger_embedded::storage::FileStorage;
use ledger_embedded::{EmbeddedEngine, OpenError};

use crate::exit::Failure;
use crate::ledger_exec::{Clock, ExecError, Summary, run as execute};

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Perform batches from standard input, one JSON object a line, and print their results
    Exec {
        /// Directory of the ledger; created where it does not exist
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Let the clock stand still but for `advance_seconds`, so that the output is reproducible
        #[arg(long)]
        simulated_time: bool,
    },
    /// Read everything in a ledger's directory again and say what is wrong, and where
    Verify {
        /// Directory of the ledger
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: &LedgerCommand) -> Result<(), Failure> {
    match command {
        LedgerCommand::Exec { data, simulated_time } => exec(data, *simulated_time),
        LedgerCommand::Verify { data, json } => crate::ledger_verify::run(data, *json),
    }
}

fn exec(directory: &Path, simulated_time: bool) -> Result<(), Failure> {
    // A new ledger is in the directory itself, one that a server or a town made is in it.
    let directory = crate::existing_ledger(directory).unwrap_or_else(|_| directory.to_owned());
    let storage = FileStorage::open(&directory).map_err(OpenError::from)?;
    let mut engine = EmbeddedEngine::open(storage)?;
    let clock = if simulated_time {
        Clock::Simulated(Clock::SIMULATED_START.max(engine.time()))
    } else {
        Clock::System
    };
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let summary = execute(&mut engine, clock, &mut input, &mut output).map_err(|error| match error {
        ExecError::Io(error) => Failure::from(error),
        ExecError::Engine(error) => Failure::from(error),
    })?;
    engine.close()?;
    match summary {
        Summary { refused: 0, .. } => Ok(()),
        Summary { refused, lines } => {
            Err(Failure::bad_data(format!("{refused} of {lines} lines were refused and did nothing")))
        }
    }
}
