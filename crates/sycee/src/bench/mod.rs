//! `sycee bench …`: how fast, beside what a plain solution and the bare disk do in the same run.
//!
//! Absolute figures move with the machine's load; the ratios are taken within one run, from rounds that interleave
//! everything measured.

mod day_end;
mod figures;
mod ledger;
mod payments;
mod scratch;
mod tap;

use clap::Subcommand;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The embedded ledger beside the bare disk, SQLite and PostgreSQL
    Ledger(ledger::LedgerOptions),
    /// Opens a ledger and says what that took; `bench ledger` runs this in a process of its own
    #[command(hide = true)]
    LedgerReopen(ledger::ReopenOptions),
    /// Merchant payments over HTTP beside an empty handler of the same server
    Payments(payments::PaymentsOptions),
    /// Purchases with a virtual card and a security module: commands, bytes, time
    Tap(tap::TapOptions),
    /// Batches of card purses' terminals, cleared on an embedded ledger and SQLite
    DayEnd(day_end::DayEndOptions),
    /// Sends requests as a plan on standard input says; `bench payments` runs this in a process of its own
    #[command(hide = true)]
    HttpLoad,
}

pub(crate) fn run(command: &BenchCommand) -> Result<(), Failure> {
    match command {
        BenchCommand::Ledger(options) => ledger::run(options),
        BenchCommand::LedgerReopen(options) => ledger::reopen(options),
        BenchCommand::Payments(options) => payments::run(options),
        BenchCommand::Tap(options) => tap::run(options),
        BenchCommand::DayEnd(options) => day_end::run(options),
        BenchCommand::HttpLoad => payments::run_child(),
    }
}
