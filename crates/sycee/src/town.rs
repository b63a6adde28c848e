//! `sycee town`: Qingliu Town, to look at, or headless as a simulation with faults.

use std::io::{self, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::thread::available_parallelism;

use ::town::{HeadlessOptions, LiveError, LiveOptions, run_headless, run_live};
use clap::Args;

use crate::exit::Failure;

/// The least that each seed of a set must see to count.
const OPERATIONS_MIN: u64 = 500;
const FAULTS_MIN: u64 = 10;

#[derive(Debug, Args)]
pub(crate) struct TownArguments {
    /// The number that everything is drawn from; an existing town keeps its own
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Port on this machine to serve the town on; 0: any free one
    #[arg(long, value_name = "P", conflicts_with = "headless")]
    port: Option<u16>,
    /// Directory of the town; founded where it does not exist
    #[arg(long, value_name = "DIR", conflicts_with = "headless")]
    data: Option<PathBuf>,
    /// Live as fast as possible with injected faults, check the books after every event, and report
    #[arg(long)]
    headless: bool,
    /// Days to live
    #[arg(long, value_name = "D", default_value_t = 30, requires = "headless")]
    days: u32,
    /// Last seed of a set that begins with --seed; each lives until it has seen enough operations and faults
    #[arg(long, value_name = "S", requires = "headless")]
    last_seed: Option<u64>,
    /// Print the report as JSON
    #[arg(long, requires = "headless")]
    json: bool,
}

pub(crate) fn run(arguments: &TownArguments) -> Result<(), Failure> {
    if arguments.headless { headless(arguments) } else { live(arguments) }
}

fn live(arguments: &TownArguments) -> Result<(), Failure> {
    let default = LiveOptions::default();
    let options = LiveOptions {
        port: arguments.port.unwrap_or(default.port),
        seed: arguments.seed.unwrap_or(default.seed),
        data: arguments.data.clone().unwrap_or(default.data),
    };
    Ok(run_live(&options)?)
}

fn headless(arguments: &TownArguments) -> Result<(), Failure> {
    let is_set = arguments.last_seed.is_some();
    let report = run_headless(HeadlessOptions {
        seed: arguments.seed.unwrap_or(1),
        last_seed: arguments.last_seed,
        days: arguments.days,
        min_operations: if is_set { OPERATIONS_MIN } else { 0 },
        min_faults: if is_set { FAULTS_MIN } else { 0 },
        threads: available_parallelism().map_or(1, NonZero::get),
    });
    let text = if arguments.json {
        report.json().map_err(|error| Failure::software(error.to_string()))?
    } else {
        report.summary()
    };
    writeln!(io::stdout(), "{text}")?;
    if report.is_good() {
        return Ok(());
    }
    let replay = report.replay().join("\n  ");
    Err(Failure::findings(format!(
        "the town's books or its life are not as they must be; replay with\n  {replay}"
    )))
}

impl From<LiveError> for Failure {
    fn from(error: LiveError) -> Self {
        match error {
            LiveError::Server(error) => error.into(),
            LiveError::Ledger(error) => error.into(),
            LiveError::Engine(error) => error.into(),
            LiveError::Directory(..) => Self::io(error.to_string()),
            other => Self::unavailable(other.to_string()),
        }
    }
}
