//! The one program: a subcommand a module, each turning its options into calls of the crates below.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod audit;
mod bench;
mod card;
mod docs_command;
mod exit;
mod held_card;
mod init;
mod ledger_command;
pub mod ledger_exec;
mod ledger_verify;
mod policy;
mod purse;
mod serve;
mod terminal;
mod town;

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
    /// Prepare a new data directory: an operator, a merchant, and a bank with test cards
    Init(init::InitArguments),
    /// Run the wallet server
    Serve(serve::ServeArguments),
    /// Print what a server allows, as a file to change for `serve --policy`; or check such a file
    Policy(policy::PolicyArguments),
    /// Run Qingliu Town: people with wallets who pay shops
    Town(town::TownArguments),
    /// Work with a ledger's data directory
    #[command(subcommand)]
    Ledger(ledger_command::LedgerCommand),
    /// Recompute every balance without the ledger's posting code, and compare
    Audit(audit::AuditOptions),
    /// Work with cards: purses and their secure channels
    #[command(subcommand)]
    Card(card::CardCommand),
    /// Pay from card to card, at one device or over a network, without an issuer
    #[command(subcommand)]
    Purse(purse::PurseCommand),
    /// Run a terminal for card purses: a till or gate that works without the server
    Terminal(terminal::TerminalArguments),
    /// Measure, beside plain solutions and the bare disk
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Print a reference document that the program writes itself
    #[command(subcommand, hide = true)]
    Docs(docs_command::DocsCommand),
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
    match dispatch(&cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sycee: {}", failure.message());
            failure.status()
        }
    }
}

fn dispatch(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Policy(arguments) => policy::run(arguments),
        Command::Town(arguments) => town::run(arguments),
        Command::Ledger(command) => ledger_command::run(command),
        Command::Audit(options) => audit::run(options),
        Command::Card(command) => card::run(command),
        Command::Purse(command) => purse::run(command),
        Command::Terminal(arguments) => terminal::run(arguments),
        Command::Bench(command) => bench::run(command),
        Command::Docs(document) => docs_command::run(*document, <Cli as clap::CommandFactory>::command()),
    }
}

/// The ledger's directory in a data directory: `ledger` where a server or a town made it, else the directory itself.
fn existing_ledger(data: &Path) -> Result<PathBuf, Failure> {
    let directory =
        [data.join("ledger"), data.to_owned()].into_iter().find(|path| path.join("format").is_file());
    directory.ok_or_else(|| Failure::unavailable(format!("{} has no ledger", data.display())))
}
