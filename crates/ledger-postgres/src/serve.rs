//! Many callers on one connection: whatever waits is decided in one transaction.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use ledger::{EngineError, Reply, Request, Response, Submit, Timestamp};

use crate::PostgresEngine;
use crate::engine::{Outcome, within_batch};
use crate::working_set::Batch;

/// The most events that share a transaction: a few full batches, so that no caller waits long for the others.
const ROUND_EVENTS_MAX: usize = 4 * ledger::BATCH_MAX;

/// A caller that waits.
type Waiting = (Request, Reply);

/// The ledger in PostgreSQL for many callers. One thread holds one connection; while a transaction is on its way, new
/// requests gather and share the next one.
#[derive(Debug)]
pub struct PostgresLedger {
    queue: Sender<Waiting>,
}

impl PostgresLedger {
    /// Connects and starts the thread. `clock` tells the time at the start of each round. The thread ends when this
    /// is dropped and every waiting caller has its answer.
    ///
    /// # Errors
    /// Those of [`PostgresEngine::connect`]; [`EngineError::Stopped`] where no thread can be started.
    pub fn open(url: &str, clock: impl Fn() -> Timestamp + Send + 'static) -> Result<Self, EngineError> {
        let engine = PostgresEngine::connect(url)?;
        let (queue, waiting) = mpsc::channel();
        thread::Builder::new()
            .name("ledger-postgres".to_owned())
            .spawn(move || serve(engine, &waiting, &clock))
            .map_err(|error| EngineError::Stopped(format!("no thread for the ledger: {error}")))?;
        Ok(Self { queue })
    }
}

impl Submit for PostgresLedger {
    fn submit(&self, request: Request, reply: Reply) {
        if let Err(mpsc::SendError((_, reply))) = self.queue.send((request, reply)) {
            reply(Err(EngineError::Stopped("the ledger's thread has ended".to_owned())));
        }
    }
}

fn serve(mut engine: PostgresEngine, waiting: &Receiver<Waiting>, clock: &dyn Fn() -> Timestamp) {
    while let Ok(first) = waiting.recv() {
        let mut next = Some(first);
        while let Some(request) = next.take() {
            let mut round = vec![request];
            let mut events = round[0].0.events();
            while let Ok((request, reply)) = waiting.try_recv() {
                // Rounds are of one kind, so that requests keep the order in which they came.
                let fits = request.is_write() == round[0].0.is_write() && events < ROUND_EVENTS_MAX;
                if !fits {
                    next = Some((request, reply));
                    break;
                }
                events += request.events();
                round.push((request, reply));
            }
            answer(&mut engine, clock(), round);
        }
    }
}

/// What the thread needs to know of a request.
trait Kind {
    fn is_write(&self) -> bool;
    fn events(&self) -> usize;
}

impl Kind for Request {
    fn is_write(&self) -> bool {
        matches!(self, Self::CreateAccounts(_) | Self::CreateTransfers(_))
    }

    fn events(&self) -> usize {
        match self {
            Self::CreateAccounts(accounts) => accounts.len(),
            Self::CreateTransfers(transfers) => transfers.len(),
            _ => 0,
        }
    }
}

fn answer(engine: &mut PostgresEngine, now: Timestamp, round: Vec<Waiting>) {
    if round[0].0.is_write() {
        write(engine, now, round);
        return;
    }
    for (request, reply) in round {
        reply(request.perform(engine, now));
    }
}

fn write(engine: &mut PostgresEngine, now: Timestamp, round: Vec<Waiting>) {
    let mut accepted = Vec::with_capacity(round.len());
    for (request, reply) in round {
        let size = match &request {
            Request::CreateAccounts(accounts) => within_batch(accounts),
            Request::CreateTransfers(transfers) => within_batch(transfers),
            _ => unreachable!("a round of writes has only writes"),
        };
        match size {
            Ok(()) => accepted.push((request, reply)),
            Err(error) => reply(Err(error)),
        }
    }
    let batches: Vec<Batch<'_>> = accepted.iter().filter_map(|(request, _)| batch(request)).collect();
    let outcomes = engine.round(now, &batches);
    match outcomes {
        Ok(outcomes) => {
            for ((_, reply), outcome) in accepted.into_iter().zip(outcomes) {
                reply(Ok(match outcome {
                    Outcome::Accounts(results) => Response::CreateAccounts(results),
                    Outcome::Transfers(results) => Response::CreateTransfers(results),
                }));
            }
        }
        Err(error) => accepted.into_iter().for_each(|(_, reply)| reply(Err(error.clone()))),
    }
}

fn batch(request: &Request) -> Option<Batch<'_>> {
    match request {
        Request::CreateAccounts(accounts) => Some(Batch::Accounts(accounts)),
        Request::CreateTransfers(transfers) => Some(Batch::Transfers(transfers)),
        _ => None,
    }
}
