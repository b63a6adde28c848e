//! Drives an engine through its public interface, several batches in flight, and checks every answer.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use ledger::{
    Account, BATCH_MAX, CreateTransferStatus, Engine, EngineError, Request, Response, Submit, Timestamp,
};

use super::super::figures::Slice;
use super::workload::Workload;
use crate::exit::Failure;

/// Batches submitted and not yet answered: enough that the engine never waits for the next one.
const IN_FLIGHT: usize = 4;

type Answer = (Duration, Result<Response, EngineError>);

/// Opens the accounts of the workload and funds them.
pub(super) fn found(ledger: &dyn Submit, workload: &mut Workload) -> Result<(), Failure> {
    let (answers, answered) = channel();
    for accounts in workload.accounts().chunks(BATCH_MAX) {
        submit(ledger, Request::CreateAccounts(accounts.to_vec()), &answers);
        check(receive(&answered)?)?;
    }
    for transfers in workload.funding().chunks(BATCH_MAX) {
        submit(ledger, Request::CreateTransfers(transfers.to_vec()), &answers);
        check(receive(&answered)?)?;
    }
    Ok(())
}

/// Opens these accounts and nothing else.
pub(super) fn open_accounts(ledger: &dyn Submit, accounts: &[Account]) -> Result<(), Failure> {
    let (answers, answered) = channel();
    for accounts in accounts.chunks(BATCH_MAX) {
        submit(ledger, Request::CreateAccounts(accounts.to_vec()), &answers);
        check(receive(&answered)?)?;
    }
    Ok(())
}

/// Submits so many batches, each answer checked: every transfer must be created.
pub(super) fn slice(
    ledger: &dyn Submit,
    workload: &mut Workload,
    batches: usize,
    len: usize,
) -> Result<Slice, Failure> {
    let (answers, answered) = channel();
    let mut slice = Slice::default();
    let started = Instant::now();
    for submitted in 0..batches + IN_FLIGHT {
        if submitted >= IN_FLIGHT.min(batches) && slice.latencies.len() < batches {
            let answer = receive(&answered)?;
            slice.latencies.push(answer.0);
            slice.done += check(answer)?;
        }
        if submitted < batches {
            submit(ledger, Request::CreateTransfers(workload.batch(len)), &answers);
        }
    }
    slice.elapsed = started.elapsed();
    Ok(slice)
}

/// One transfer alone, waited for.
pub(super) fn single(ledger: &dyn Submit, workload: &mut Workload) -> Result<Duration, Failure> {
    let (answers, answered) = channel();
    submit(ledger, Request::CreateTransfers(workload.batch(1)), &answers);
    let answer = receive(&answered)?;
    let elapsed = answer.0;
    check(answer)?;
    Ok(elapsed)
}

/// The same on an engine of one caller, a batch at a time.
pub(super) fn found_engine(engine: &mut dyn Engine, workload: &mut Workload) -> Result<(), Failure> {
    for accounts in workload.accounts().chunks(BATCH_MAX) {
        engine.create_accounts(Timestamp::FIRST, accounts)?;
    }
    for transfers in workload.funding().chunks(BATCH_MAX) {
        let results = engine.create_transfers(Timestamp::FIRST, transfers)?;
        check((Duration::ZERO, Ok(Response::CreateTransfers(results))))?;
    }
    Ok(())
}

/// So many batches on an engine of one caller.
pub(super) fn engine_slice(
    engine: &mut dyn Engine,
    workload: &mut Workload,
    batches: usize,
    len: usize,
) -> Result<Slice, Failure> {
    let mut slice = Slice::default();
    for _ in 0..batches {
        let batch = workload.batch(len);
        let started = Instant::now();
        let results = engine.create_transfers(Timestamp::FIRST, &batch)?;
        let elapsed = started.elapsed();
        slice.latencies.push(elapsed);
        slice.done += check((elapsed, Ok(Response::CreateTransfers(results))))?;
    }
    slice.elapsed = slice.latencies.iter().sum();
    Ok(slice)
}

fn submit(ledger: &dyn Submit, request: Request, answers: &Sender<Answer>) {
    let answers = answers.clone();
    let started = Instant::now();
    ledger.submit(
        request,
        Box::new(move |result| {
            // Nobody listens any more where another batch has failed already.
            let _ = answers.send((started.elapsed(), result));
        }),
    );
}

fn receive(answered: &Receiver<Answer>) -> Result<Answer, Failure> {
    answered.recv().map_err(|_| Failure::software("the ledger dropped a batch without an answer"))
}

/// How many events were created; a failure where any was not.
fn check((_, answer): Answer) -> Result<u64, Failure> {
    let refused = |index: usize, name: &str| {
        Failure::software(format!("event {index} of a benchmark batch was answered {name}"))
    };
    match answer? {
        Response::CreateTransfers(results) => {
            match results.iter().position(|result| result.status != CreateTransferStatus::Created) {
                Some(index) => Err(refused(index, results[index].status.name())),
                None => Ok(results.len() as u64),
            }
        }
        Response::CreateAccounts(results) => match results.iter().position(|result| !result.status.is_done())
        {
            Some(index) => Err(refused(index, results[index].status.name())),
            None => Ok(results.len() as u64),
        },
        Response::Accounts(_) | Response::Transfers(_) | Response::Balances(_) => {
            Err(Failure::software("the ledger answered another question"))
        }
    }
}
