//! `sycee card …`: cards at hand.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use virtual_card::compute::compute;

use crate::exit::Failure;

mod run;

pub(crate) use run::unplugged;
use run::{PersonaliseOptions, RunOptions, Slot};

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
    /// Put a card into a reader of the system, through vsmartcard's vpcd
    Run(RunOptions),
    /// Make a card: write its memory as a personalisation file says
    Personalise(PersonaliseOptions),
    /// Print a personalisation file to try things with; everybody knows its keys
    Example {
        /// A holder's card, or a terminal's security module
        #[arg(long, value_enum, default_value = "card")]
        slot: Slot,
        /// Which card
        #[arg(long, default_value_t = 1)]
        number: u32,
    },
}

pub(crate) fn run(command: &CardCommand) -> Result<(), Failure> {
    match command {
        CardCommand::Compute { file, json } => compute_file(file, *json),
        CardCommand::Run(options) => run::run(options),
        CardCommand::Personalise(options) => run::personalise(options),
        CardCommand::Example { slot, number } => run::example(*slot, *number),
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
