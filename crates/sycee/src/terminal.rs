//! `sycee terminal`: a till or gate for card purses, with readers of the system, that works without the server.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::terminal::Station;
use clap::{Args, Subcommand, ValueEnum};
use money::Currency;
use till::setup::{self, Setup, SetupError};
use till::{Fare, Gate, HostAddress, Mode, OpenError, Options, ReaderSlot, Site, system_clock};
use tokio::net::TcpListener;

use crate::exit::Failure;
use crate::held_card::system_reader;
use crate::serve::stop_signal;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct TerminalArguments {
    #[command(subcommand)]
    command: Option<TerminalCommand>,
    #[command(flatten)]
    run: Option<RunArguments>,
}

#[derive(Debug, Subcommand)]
enum TerminalCommand {
    /// Make a terminal's key, and print what to register it with
    Init(InitArguments),
}

#[derive(Debug, Args)]
struct InitArguments {
    /// Directory of the terminal; created where it does not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Whose lists it takes: 32 hexadecimal digits, as the operator's page of terminals says
    #[arg(long, value_name = "HEX")]
    issuer: String,
    /// The issuer's key for lists and receipts: 64 hexadecimal digits
    #[arg(long, value_name = "HEX")]
    issuer_key: String,
    /// Application identifier of the purses that it takes
    #[arg(long, value_name = "HEX", default_value = "a000000632010105")]
    aid: String,
    /// File identifier of the security module's application
    #[arg(long, value_name = "HEX", default_value = "df01")]
    module_file: String,
    /// Levels of diversification of the cards' keys
    #[arg(long, value_name = "N", default_value_t = 1)]
    levels: u8,
    /// The reader with the security module, which knows the terminal's number
    #[arg(long, value_name = "NAME")]
    module_reader: Option<String>,
}

#[derive(Debug, Args)]
struct RunArguments {
    /// The server: https, or http to this machine
    #[arg(long, value_name = "URL")]
    server: String,
    /// File with an API key of the merchant's staff that has the scope `terminals`
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Directory that `sycee terminal init` made
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The reader that cards are held to
    #[arg(long, value_name = "NAME")]
    reader: String,
    /// The reader with the security module
    #[arg(long, value_name = "NAME")]
    module_reader: String,
    /// Address and port of its page
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8181")]
    listen: SocketAddr,
    /// What it is called on its page and receipts
    #[arg(long, value_name = "NAME", default_value = "Sycee")]
    name: String,
    /// The currency of the cards
    #[arg(long, value_name = "CODE", default_value = "CNY", value_parser = currency)]
    currency: Currency,
    /// What it is for
    #[arg(long, value_enum, default_value = "till")]
    mode: ModeName,
    /// Of a gate: its line and station
    #[arg(long, value_name = "LINE/STATION", default_value = "1/1", value_parser = station)]
    station: Station,
    /// Of a gate: what any trip costs, and what each station further, in minor units
    #[arg(long, value_name = "BASE/STEP", default_value = "200/50", value_parser = fare)]
    fare: Fare,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeName {
    /// It sells
    Till,
    /// It lets people through
    Gate,
}

/// How often it looks for the server.
const SYNC_EVERY: Duration = Duration::from_secs(10);

fn currency(text: &str) -> Result<Currency, String> {
    Currency::from_code(text).map_err(|_| "not a currency of ISO 4217".to_owned())
}

fn two<T: std::str::FromStr>(text: &str) -> Option<(T, T)> {
    let (first, second) = text.split_once('/')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

fn station(text: &str) -> Result<Station, String> {
    let (line, station) = two(text).ok_or("say LINE/STATION, each a number up to 255")?;
    Ok(Station { line, station })
}

fn fare(text: &str) -> Result<Fare, String> {
    let (base, step) = two(text).ok_or("say BASE/STEP, each a number of minor units")?;
    Ok(Fare { base: purse::amount::Amount::new(base), step: purse::amount::Amount::new(step) })
}

pub(crate) fn run(arguments: &TerminalArguments) -> Result<(), Failure> {
    match (&arguments.command, &arguments.run) {
        (Some(TerminalCommand::Init(arguments)), _) => init(arguments),
        (None, Some(arguments)) => serve(arguments),
        (None, None) => Err(Failure::bad_data("say which server, directory and readers; see --help")),
    }
}

fn init(arguments: &InitArguments) -> Result<(), Failure> {
    let setup = Setup {
        aid: arguments.aid.clone(),
        module_file: arguments.module_file.clone(),
        levels: arguments.levels,
        issuer: arguments.issuer.clone(),
        issuer_key: arguments.issuer_key.clone(),
    };
    // The reader first: where it does not work, no key is made.
    let reader = arguments.module_reader.as_deref().map(system_reader).transpose()?;
    let public = setup::make(&arguments.data, &setup)?;
    let mut out = io::stdout().lock();
    writeln!(out, "public key       {}", setup::in_hex(&public.to_bytes()))?;
    match reader {
        Some(reader) => {
            let number = setup::number_of(reader, setup::read(&arguments.data)?);
            let number = number.map_err(|error| Failure::unavailable(error.to_string()))?;
            writeln!(out, "terminal number  {}", setup::in_hex(&number.0))?;
        }
        None => writeln!(
            out,
            "terminal number  as its security module says; name its reader with --module-reader"
        )?,
    }
    Ok(())
}

fn serve(arguments: &RunArguments) -> Result<(), Failure> {
    let options = options(arguments)?;
    let site = Site::open(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(listen(&site, arguments.listen));
    site.close();
    served
}

async fn listen(site: &Site, address: SocketAddr) -> Result<(), Failure> {
    let bound = TcpListener::bind(address).await;
    let listener =
        bound.map_err(|error| Failure::unavailable(format!("cannot listen on {address}: {error}")))?;
    // Scripts wait for this line, and learn the port where they asked for port 0.
    writeln!(io::stdout(), "terminal on http://{}", listener.local_addr()?)?;
    Ok(axum::serve(listener, site.router()).with_graceful_shutdown(stop_signal()?).await?)
}

fn options(arguments: &RunArguments) -> Result<Options, Failure> {
    let settings = setup::read(&arguments.data)?;
    let key = key_of(&arguments.key_file)?;
    let mode = match arguments.mode {
        ModeName::Till => Mode::Counter,
        ModeName::Gate => Mode::Gate(Gate { station: arguments.station, fare: arguments.fare }),
    };
    Ok(Options {
        data: arguments.data.clone(),
        name: arguments.name.clone(),
        mode,
        currency: arguments.currency,
        settings,
        module: system_reader(&arguments.module_reader)?,
        slot: Arc::new(ReaderSlot::new(system_reader(&arguments.reader)?)),
        host: HostAddress { url: arguments.server.clone(), key },
        clock: system_clock(),
        sync_every: SYNC_EVERY,
        items: Vec::new(),
    })
}

fn key_of(file: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::io(format!("failed to read {}: {error}", file.display())))?;
    Ok(text.trim().to_owned())
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::NotMade => Self::unavailable(error.to_string()),
            SetupError::Made | SetupError::Content(..) => Self::bad_data(error.to_string()),
            SetupError::File(..) | SetupError::Randomness => Self::io(error.to_string()),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Host(_) => Self::bad_data(error.to_string()),
            OpenError::Directory(..) | OpenError::Start(_) | OpenError::Thread(_) => {
                Self::unavailable(error.to_string())
            }
        }
    }
}
