//! `sycee serve`: the wallet server.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use server::{LedgerChoice, OpenError, RecordsChoice, ServeOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Failure;
use crate::policy;

/// Where a server's stores are.
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// Directory of everything embedded; created where it does not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The ledger: `embedded`, or the URL of a PostgreSQL database
    #[arg(long, value_name = "WHERE", default_value = "embedded", value_parser = ledger_choice)]
    ledger: LedgerChoice,
    /// The records: the URL of a PostgreSQL database instead of a file in the directory
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    stores: StoreArguments,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Send cookies over HTTPS only; for a server behind TLS
    #[arg(long)]
    secure_cookies: bool,
    /// What is allowed: a file as `sycee policy` prints it
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

fn ledger_choice(text: &str) -> Result<LedgerChoice, String> {
    if text == "embedded" {
        return Ok(LedgerChoice::Embedded);
    }
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(LedgerChoice::Postgres(text.to_owned()));
    }
    Err("say `embedded` or `postgres://…`".to_owned())
}

impl From<&StoreArguments> for ServeOptions {
    fn from(arguments: &StoreArguments) -> Self {
        let mut options = Self::embedded(&arguments.data);
        options.ledger = arguments.ledger.clone();
        if let Some(url) = &arguments.database {
            options.records = RecordsChoice::Postgres(url.clone());
        }
        options
    }
}

fn options(arguments: &ServeArguments) -> Result<ServeOptions, Failure> {
    let mut options = ServeOptions::from(&arguments.stores);
    options.settings.secure_cookies = arguments.secure_cookies;
    if let Some(path) = &arguments.policy {
        options.policy = policy::read(path)?;
    }
    Ok(options)
}

pub(crate) fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let app = server::open(options(arguments)?).await?;
    let listen = arguments.listen;
    let bound = TcpListener::bind(listen).await;
    let listener =
        bound.map_err(|error| Failure::unavailable(format!("cannot listen on {listen}: {error}")))?;
    // Scripts wait for this line, and learn the port where they asked for port 0.
    writeln!(io::stdout(), "serving on http://{}", listener.local_addr()?)?;
    Ok(server::serve(listener, app, stop_signal()?).await?)
}

/// Resolves at the first Ctrl-C or `SIGTERM`.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Ledger(error) => error.into(),
            OpenError::Directory(..) => Self::io(error.to_string()),
            OpenError::PostgresLedger(_)
            | OpenError::Records(_)
            | OpenError::AuditKey(_)
            | OpenError::Bank(_)
            | OpenError::StartUpCheck(_) => Self::unavailable(error.to_string()),
        }
    }
}
