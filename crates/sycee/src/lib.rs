//! The one program: a subcommand a module, each turning its options into calls of the crates below.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod exit;
mod ledger_command;
pub mod ledger_exec;

use exit::Failure;

/// Digital money for one town: a ledger, a wallet server, and a town to try them in.
#[derive(Debug, Parser)]
#[command(name = "sycee", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Work with a ledger's data directory
    #[command(subcommand)]
    Ledger(ledger_command::LedgerCommand),
}

/// `EX_USAGE`.
const USAGE: u8 = 64;

/// Runs the program with these arguments, the program's own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Where even the complaint cannot be written, the status still says it.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sycee: {}", failure.message());
            failure.status()
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Ledger(command) => ledger_command::run(command),
    }
}
