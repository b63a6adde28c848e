//! `sycee card …`: cards at hand.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use virtual_card::compute::compute;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Compute session keys, MACs, TACs and protected messages from keys and inputs alone
    Compute {
        /// JSON file of entries: purse transactions, diversified keys, SCP02 and SCP03 channels
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Print the result on one line
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(command: &CardCommand) -> Result<(), Failure> {
    match command {
        CardCommand::Compute { file, json } => compute_file(file, *json),
    }
}

fn compute_file(file: &Path, json: bool) -> Result<(), Failure> {
    let bytes =
        fs::read(file).map_err(|error| Failure::io(format!("failed to read {}: {error}", file.display())))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::bad_data(format!("failed to read {}: {error}", file.display())))?;
    let report = compute(&text).map_err(|error| Failure::bad_data(format!("failed to {error}")))?;
    let printed = if json { serde_json::to_string(&report) } else { serde_json::to_string_pretty(&report) };
    let printed = printed.expect("a report of texts, numbers and lists always serializes");
    writeln!(io::stdout().lock(), "{printed}")?;
    match report.refused() {
        0 => Ok(()),
        refused => {
            Err(Failure::bad_data(format!("{refused} of {} entries have a mistake", report.entries())))
        }
    }
}
