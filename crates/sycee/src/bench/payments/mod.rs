//! `sycee bench payments`: authenticated, idempotent, durable merchant payments over HTTP, beside an empty handler of
//! the same server under the same load generator.

mod load;
mod people;
mod report;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use clap::Args;
use ledger::{Request, Response, Submit, Timestamp};
use operations::totals;
use records::operations::OperationKind;
use server::{App, ServeOptions};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wallet::chart;

use super::figures::Slice;
use super::scratch::Scratch;
use crate::exit::Failure;
use load::{KEY_PLACE, Plan, run_plan};
use people::{AMOUNT, CURRENCY, People};
use report::Report;

pub(crate) use load::run_child;
pub(super) use people::ask;

/// Rounds of each side; their medians are compared.
const ROUNDS: u64 = 5;

#[derive(Debug, Args)]
pub(crate) struct PaymentsOptions {
    /// Keep-alive connections, each of another holder
    #[arg(long, value_name = "N", default_value_t = 64)]
    connections: usize,
    /// How long each round of each side lasts
    #[arg(long, value_name = "MS", default_value_t = 2_000)]
    milliseconds: u64,
    /// Directory for the server's data; default: the system's temporary directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &PaymentsOptions) -> Result<(), Failure> {
    let scratch = Scratch::new(options.data.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let app = runtime
        .block_on(server::open(ServeOptions::embedded(scratch.join("server"))))
        .map_err(|error| Failure::unavailable(error.to_string()))?;
    let payments = runtime.block_on(listen(server::router(app.clone())))?;
    let empty = runtime.block_on(listen(server::empty_router()))?;
    let people = runtime.block_on(people::found(&app, payments, options.connections))?;

    let mut report = Report::new(options.connections);
    let pay = |run, milliseconds| {
        let mut slice = run_plan(&plan(payments, run, milliseconds, people.payments()))?;
        slice.elapsed += runtime.block_on(records_caught_up(&app))?;
        Ok::<_, Failure>(slice)
    };
    let nothing = |run, milliseconds| run_plan(&plan(empty, run, milliseconds, people.empty_requests()));
    // Connections, caches and pages are warm before anything counts.
    let mut paid = pay(0, options.milliseconds / 4)?.done;
    nothing(0, options.milliseconds / 4)?;
    for round in 1..=ROUNDS {
        let (of_nothing, of_payments) =
            (nothing(round, options.milliseconds)?, pay(round, options.milliseconds)?);
        paid += of_payments.done;
        report.add(of_nothing, of_payments);
    }
    check_credited(&app, &people, paid)?;
    check_recorded(&app, &runtime, paid)?;
    let mut output = io::stdout().lock();
    if options.json {
        writeln!(output, "{}", report.to_json())?;
    } else {
        write!(output, "{report}")?;
    }
    Ok(())
}

fn plan(address: std::net::SocketAddr, run: u64, milliseconds: u64, requests: Vec<String>) -> Plan {
    Plan { address, milliseconds, run, requests }
}

/// Serves a router on a free port of the loopback interface until the process ends.
async fn listen(router: Router) -> Result<std::net::SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(server::serve_router(listener, router, std::future::pending()));
    Ok(address)
}

/// How long the records take to describe everything that was acknowledged: it belongs to the round.
async fn records_caught_up(app: &App) -> Result<Duration, Failure> {
    let started = Instant::now();
    app.operations().services().records.read(|_| Ok(())).await.map_err(failed)?;
    Ok(started.elapsed())
}

fn failed(error: impl ToString) -> Failure {
    Failure::software(error.to_string())
}

/// Every answered payment must have been recorded exactly once.
fn check_recorded(app: &App, runtime: &Runtime, paid: u64) -> Result<(), Failure> {
    let counts = totals::counts(app.operations(), (Timestamp(0), Timestamp::LAST));
    let counts = runtime.block_on(counts).map_err(failed)?;
    let payments = counts.iter().filter(|count| count.kind == OperationKind::Payment);
    let recorded: u64 = payments.map(|count| count.count).sum();
    if recorded == paid {
        return Ok(());
    }
    Err(Failure::software(format!("{recorded} payments are recorded, but {paid} were acknowledged")))
}

/// Every answered payment must have been credited exactly once.
fn check_credited(app: &App, people: &People, paid: u64) -> Result<(), Failure> {
    let accounts = people.merchants.iter().map(|merchant| chart::merchant_id(*merchant, CURRENCY)).collect();
    let ledger: Arc<dyn Submit> = Arc::clone(&app.operations().services().ledger);
    let Response::Accounts(accounts) = ask(&*ledger, Request::LookupAccounts(accounts))? else {
        return Err(Failure::software("the ledger answered another question"));
    };
    let credited: u128 = accounts.iter().map(|account| account.credits_posted.0).sum();
    let expected = u128::from(paid) * u128::from(AMOUNT);
    if credited == expected {
        return Ok(());
    }
    Err(Failure::software(format!("merchants were credited {credited}, but {expected} was acknowledged")))
}
