//! `sycee bench …`: how fast, beside what a plain solution and the bare disk do in the same run.
//!
//! Absolute figures move with the machine's load; the ratios are taken within one run, from rounds that interleave
//! everything measured.

mod figures;
mod ledger;
mod scratch;

use clap::Subcommand;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The embedded ledger beside the bare disk, SQLite and PostgreSQL
    Ledger(ledger::LedgerOptions),
    /// Opens a ledger and says what that took; `bench ledger` runs this in a process of its own
    #[command(hide = true)]
    LedgerReopen(ledger::ReopenOptions),
}

pub(crate) fn run(command: &BenchCommand) -> Result<(), Failure> {
    match command {
        BenchCommand::Ledger(options) => ledger::run(options),
        BenchCommand::LedgerReopen(options) => ledger::reopen(options),
    }
}
