//! The engine for many callers: group commit in a pipeline of four threads.
//!
//! ```text
//! callers → executor: applies and seals frames → syncer: writes them, one sync for all that waits, then replies
//!                                                    ↘ reader: history, from what is durable
//!                                                    ↘ keeper: indexes of sealed segments, snapshots
//! ```
//! The executor runs ahead of the disk; no reply, and no read, leaves before the syncer has made durable everything
//! that it could have seen.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ledger::{
    Account, AccountFilter, AccountFlags, BATCH_MAX, EngineError, QueryFilter, Reply, Request, Response,
    Submit, Timestamp,
};

use crate::core::{Core, Sealed};
use crate::engine::{EmbeddedEngine, Memory, SnapshotPlan, write_snapshot};
use crate::query;
use crate::record::Position;
use crate::recovery::{self, OpenError, Options, Recovery};
use crate::sealed_index;
use crate::segments::{FrameWriter, ReadError, SealedFrame, Segments};
use crate::snapshot::Snapshot;
use crate::storage::{FileStorage, Storage};

/// Tells the time. Given by the edge that owns a real or simulated clock.
pub type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// Requests that may wait for the executor.
const QUEUE: usize = 4_096;
/// Rounds that may be decided ahead of the disk.
const ROUNDS_AHEAD: usize = 4;
/// From so many requests a millisecond on, the executor lets them gather for a moment: a sync costs the same for one
/// transfer as for twenty, and at that rate nobody is served sooner without.
const CROWD_PER_MILLISECOND: u64 = 6;
/// How long requests of a crowd gather.
const GATHER: Duration = Duration::from_micros(300);
/// How many requests of a crowd one frame takes. All in one would be answered at once, and would come back at once: the
/// processors would idle while the disk works, and the disk while they do.
const CROWD_FRAME: usize = 24;
/// How often the executor looks for expired transfers when nobody asks for anything.
const IDLE: Duration = Duration::from_millis(200);

enum Job {
    Perform(Request, Reply),
    Memory(Sender<Memory>),
}

/// What the executor hands to the syncer: frames to write, and answers that may leave once the journal is durable up to `end`.
struct Decided {
    end: u64,
    frames: Vec<SealedFrame>,
    answers: Vec<Answer>,
    sealed: Option<Sealed>,
    snapshot: Option<Snapshot>,
}

/// An answer on its way: ready, or to be read from the durable journal.
enum Answer {
    Ready(Reply, Result<Response, EngineError>),
    History(Reply, History),
}

enum History {
    AccountTransfers(AccountFilter, Position),
    AccountBalances(AccountFilter, Account, Position),
    Transfers(QueryFilter, u64),
}

enum Upkeep {
    Index(Sealed),
    Save(Box<Snapshot>),
}

/// Why the engine has stopped, once it has.
#[derive(Debug, Default)]
struct Stop(OnceLock<String>);

impl Stop {
    fn set(&self, error: &ReadError) -> EngineError {
        EngineError::Stopped(self.0.get_or_init(|| error.to_string()).clone())
    }

    fn check(&self) -> Result<(), EngineError> {
        self.0.get().map_or(Ok(()), |why| Err(EngineError::Stopped(why.clone())))
    }
}

/// The embedded ledger as a service inside the process. Dropping it finishes what waits and saves a snapshot.
pub struct EmbeddedLedger {
    jobs: Mutex<Option<SyncSender<Job>>>,
    executor: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<Stop>,
    recovery: Recovery,
}

impl std::fmt::Debug for EmbeddedLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedLedger").field("stop", &self.stop).field("recovery", &self.recovery).finish()
    }
}

impl EmbeddedLedger {
    /// Opens the ledger in a directory of the file system.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(directory: &Path, clock: Arc<Clock>) -> Result<Self, OpenError> {
        Self::start(FileStorage::open(directory)?, Options::default(), clock)
    }

    /// Opens the ledger in that storage.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn start<S: Storage>(storage: S, options: Options, clock: Arc<Clock>) -> Result<Self, OpenError> {
        let (core, recovery) = recovery::open(Arc::new(storage), options)?;
        let frames = FrameWriter::new(core.segments(), core.journal.end);
        Ok(Self::run((core, frames), recovery, clock))
    }

    /// Serves an engine that was open for one caller.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] where what it wrote cannot be made durable.
    pub fn serve<S: Storage>(mut engine: EmbeddedEngine<S>, clock: Arc<Clock>) -> Result<Self, EngineError> {
        engine.flush()?;
        let recovery = engine.recovery();
        Ok(Self::run((engine.core, engine.frames), recovery, clock))
    }

    fn run<S: Storage>(engine: (Core<S>, FrameWriter<S>), recovery: Recovery, clock: Arc<Clock>) -> Self {
        let stop = Arc::new(Stop::default());
        let (jobs, queue) = sync_channel(QUEUE);
        let executor = Executor::start(engine, clock, queue, Arc::clone(&stop));
        Self { jobs: Mutex::new(Some(jobs)), executor: Mutex::new(Some(executor)), stop, recovery }
    }

    /// What opening found and did.
    pub const fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// What the engine holds in memory, or `None` once it has stopped.
    pub fn memory(&self) -> Option<Memory> {
        let (answer, memory) = channel();
        self.send(Job::Memory(answer)).ok()?;
        memory.recv().ok()
    }

    fn send(&self, job: Job) -> Result<(), Job> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match jobs {
            Some(jobs) => jobs.send(job).map_err(|error| error.0),
            None => Err(job),
        }
    }

    /// Finishes what waits, saves a snapshot and lets go of the storage. Later requests are refused.
    pub fn close(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let executor = self.executor.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(executor) = executor {
            // A panic of the executor has already ended every reply; there is nothing to add to it here.
            drop(executor.join());
        }
    }
}

impl Drop for EmbeddedLedger {
    fn drop(&mut self) {
        self.close();
    }
}

impl Submit for EmbeddedLedger {
    fn submit(&self, request: Request, reply: Reply) {
        if events(&request) > BATCH_MAX {
            return reply(Err(EngineError::BatchTooLarge));
        }
        if let Err(error) = self.stop.check() {
            return reply(Err(error));
        }
        if let Err(Job::Perform(_, reply)) = self.send(Job::Perform(request, reply)) {
            let closed = || EngineError::Stopped("ledger is closed".into());
            reply(Err(self.stop.check().err().unwrap_or_else(closed)));
        }
    }
}

/// How many rows of a frame, or look-ups, a request may need.
fn events(request: &Request) -> usize {
    match request {
        Request::CreateAccounts(accounts) => accounts.len(),
        Request::CreateTransfers(transfers) => transfers.len(),
        Request::LookupAccounts(ids) => ids.len(),
        Request::LookupTransfers(ids) => ids.len(),
        Request::GetAccountTransfers(_)
        | Request::GetAccountBalances(_)
        | Request::QueryAccounts(_)
        | Request::QueryTransfers(_) => 0,
    }
}

/// Whether requests come in a crowd, judged by the last few milliseconds.
#[derive(Default)]
struct Crowd {
    since: Timestamp,
    requests: u64,
    is_crowd: bool,
}

impl Crowd {
    const JUDGED_OVER_NANOSECONDS: u64 = 4_000_000;

    fn note(&mut self, now: Timestamp, requests: usize) {
        self.requests += requests as u64;
        let elapsed = now.0.saturating_sub(self.since.0);
        if elapsed >= Self::JUDGED_OVER_NANOSECONDS {
            self.is_crowd = self.requests * 1_000_000 / elapsed >= CROWD_PER_MILLISECOND;
            self.since = now;
            self.requests = 0;
        }
    }
}

/// Decides: the only thread that touches the state.
struct Executor<S: Storage> {
    core: Core<S>,
    clock: Arc<Clock>,
    queue: Receiver<Job>,
    decided: SyncSender<Decided>,
    /// Sealed frames of this round.
    frames: Vec<SealedFrame>,
    durable: Arc<AtomicU64>,
    snapshots: SnapshotPlan,
    stop: Arc<Stop>,
    crowd: Crowd,
}

impl<S: Storage> Executor<S> {
    fn start(
        (core, writer): (Core<S>, FrameWriter<S>),
        clock: Arc<Clock>,
        queue: Receiver<Job>,
        stop: Arc<Stop>,
    ) -> JoinHandle<()> {
        let (decided, to_sync) = sync_channel(ROUNDS_AHEAD);
        let durable = Arc::new(AtomicU64::new(core.journal.end));
        let (segments, until) = (core.segments(), Arc::clone(&durable));
        let syncer = Syncer { segments, writer, decided: to_sync, durable: until, stop: Arc::clone(&stop) };
        let snapshots = SnapshotPlan::new(core.journal.end);
        let crowd = Crowd::default();
        let frames = Vec::new();
        let executor = Self { core, clock, queue, decided, frames, durable, snapshots, stop, crowd };
        spawn("ledger-executor", move || {
            let syncer = spawn("ledger-syncer", move || syncer.run());
            executor.run();
            drop(syncer.join());
        })
    }

    fn run(mut self) {
        loop {
            let first = match self.queue.recv_timeout(IDLE) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) if self.core.due((self.clock)()) > 0 => None,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut jobs = Vec::new();
            if self.gather(first, &mut jobs) && self.crowd.is_crowd {
                std::thread::sleep(GATHER);
                self.gather(self.queue.try_recv().ok(), &mut jobs);
            }
            self.crowd.note((self.clock)(), jobs.len());
            if !self.round(jobs) {
                break;
            }
        }
        self.finish();
    }

    /// Adds what waits, up to one full batch. Tells whether there is room for more.
    fn gather(&self, first: Option<Job>, jobs: &mut Vec<(Request, Reply)>) -> bool {
        let mut rows: usize = jobs.iter().map(|(request, _)| events(request)).sum();
        let most = if self.crowd.is_crowd { CROWD_FRAME } else { usize::MAX };
        let mut next = first;
        while let Some(job) = next {
            match job {
                Job::Perform(request, reply) => {
                    rows += events(&request);
                    jobs.push((request, reply));
                }
                Job::Memory(answer) => {
                    let (account_bytes, id_index_bytes) = self.core.state.memory_bytes();
                    let accounts = self.core.state.accounts.len();
                    // Whoever asked may have gone; then nobody misses the answer.
                    let _gone = answer.send(Memory { accounts, account_bytes, id_index_bytes });
                }
            }
            if rows >= BATCH_MAX || jobs.len() >= most {
                return false;
            }
            next = self.queue.try_recv().ok();
        }
        true
    }

    /// Performs what was gathered as one frame and hands it on. `false` once the engine has stopped.
    fn round(&mut self, jobs: Vec<(Request, Reply)>) -> bool {
        self.core.forget_written(self.durable.load(Ordering::Acquire));
        let now = (self.clock)();
        let rows = jobs.iter().map(|(request, _)| events(request)).sum();
        let sealed = match self.begin(now, rows) {
            Ok(sealed) => sealed,
            Err(error) => return self.refuse(&error, jobs),
        };
        let mut answers = Vec::with_capacity(jobs.len());
        let mut failed = None;
        for (request, reply) in jobs {
            match self.perform(now, request, reply) {
                Ok(answer) => answers.push(answer),
                Err((error, reply)) => {
                    answers.push(Answer::Ready(reply, Err(self.stop.set(&error))));
                    failed = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = failed {
            let error = self.stop.set(&error);
            answers.into_iter().for_each(|answer| answer.refuse(&error));
            return false;
        }
        self.seal_frame();
        let snapshot = self.snapshots.is_due(&self.core).then(|| self.snapshots.take(&self.core));
        self.hand_on(answers, sealed, snapshot)
    }

    fn seal_frame(&mut self) {
        self.frames.extend(self.core.seal_frame(self.durable.load(Ordering::Acquire)));
    }

    /// Hands the round to the syncer. `false` where that has gone: it has said why.
    fn hand_on(&mut self, answers: Vec<Answer>, sealed: Option<Sealed>, snapshot: Option<Snapshot>) -> bool {
        let (end, frames) = (self.core.journal.end, std::mem::take(&mut self.frames));
        self.decided.send(Decided { end, frames, answers, sealed, snapshot }).is_ok()
    }

    fn refuse(&self, error: &ReadError, jobs: Vec<(Request, Reply)>) -> bool {
        let error = self.stop.set(error);
        jobs.into_iter().for_each(|(_, reply)| reply(Err(error.clone())));
        false
    }

    /// Seals what expires as frames of their own, then makes room for the batch.
    fn begin(&mut self, now: Timestamp, rows: usize) -> Result<Option<Sealed>, ReadError> {
        let mut sealed = None;
        loop {
            let due = self.core.due(now);
            if due == 0 {
                break;
            }
            sealed = self.begin_frame(due, sealed)?;
            self.core.expire_due(now)?;
            self.seal_frame();
        }
        self.begin_frame(rows, sealed)
    }

    /// Begins a frame; a second segment sealed in one round is indexed when the journal is next opened.
    fn begin_frame(&mut self, rows: usize, sealed: Option<Sealed>) -> Result<Option<Sealed>, ReadError> {
        let now = self.core.begin_frame(rows)?;
        Ok(sealed.or(now))
    }

    fn perform(
        &mut self,
        now: Timestamp,
        request: Request,
        reply: Reply,
    ) -> Result<Answer, (ReadError, Reply)> {
        let response = match request {
            Request::CreateAccounts(accounts) => match self.core.create_accounts(now, &accounts) {
                Ok(results) => Response::CreateAccounts(results),
                Err(error) => return Err((error, reply)),
            },
            Request::CreateTransfers(transfers) => match self.core.create_transfers(now, &transfers) {
                Ok(results) => Response::CreateTransfers(results),
                Err(error) => return Err((error, reply)),
            },
            Request::LookupAccounts(ids) => {
                Response::Accounts(ids.iter().filter_map(|id| self.core.lookup_account(*id)).collect())
            }
            Request::LookupTransfers(ids) => {
                let found: Result<Vec<_>, _> =
                    ids.iter().filter_map(|id| self.core.lookup_transfer(*id).transpose()).collect();
                match found {
                    Ok(transfers) => Response::Transfers(transfers),
                    Err(error) => return Err((error, reply)),
                }
            }
            Request::GetAccountTransfers(filter) => return Ok(self.account_transfers(filter, reply)),
            Request::GetAccountBalances(filter) => return Ok(self.account_balances(filter, reply)),
            Request::QueryAccounts(filter) => Response::Accounts(if filter.is_valid() {
                query::accounts(self.core.state.accounts.iter().map(|entry| &entry.account), &filter)
            } else {
                Vec::new()
            }),
            Request::QueryTransfers(filter) if filter.is_valid() => {
                return Ok(Answer::History(reply, History::Transfers(filter, self.core.journal.end)));
            }
            Request::QueryTransfers(_) => Response::Transfers(Vec::new()),
        };
        Ok(Answer::Ready(reply, Ok(response)))
    }

    fn account_transfers(&self, filter: AccountFilter, reply: Reply) -> Answer {
        match self.core.state.slots.get(filter.account_id).filter(|_| filter.is_valid()) {
            Some(slot) => {
                let head = self.core.state.accounts.get(slot).last;
                Answer::History(reply, History::AccountTransfers(filter, head))
            }
            None => Answer::Ready(reply, Ok(Response::Transfers(Vec::new()))),
        }
    }

    fn account_balances(&self, filter: AccountFilter, reply: Reply) -> Answer {
        let slot = self.core.state.slots.get(filter.account_id).filter(|_| filter.is_valid());
        let entry = slot.map(|slot| *self.core.state.accounts.get(slot));
        match entry.filter(|entry| entry.account.flags.contains(AccountFlags::HISTORY)) {
            Some(entry) => {
                Answer::History(reply, History::AccountBalances(filter, entry.account, entry.last))
            }
            None => Answer::Ready(reply, Ok(Response::Balances(Vec::new()))),
        }
    }

    /// Saves a last snapshot, so that the next opening misses nothing and replays nothing.
    fn finish(mut self) {
        if self.stop.check().is_ok() {
            let snapshot = Some(self.snapshots.take(&self.core));
            self.hand_on(Vec::new(), None, snapshot);
        }
    }
}

impl Answer {
    fn refuse(self, error: &EngineError) {
        let (Self::Ready(reply, _) | Self::History(reply, _)) = self;
        reply(Err(error.clone()));
    }
}

/// Writes and makes durable, then lets the answers go.
struct Syncer<S: Storage> {
    segments: Arc<Segments<S>>,
    writer: FrameWriter<S>,
    decided: Receiver<Decided>,
    durable: Arc<AtomicU64>,
    stop: Arc<Stop>,
}

impl<S: Storage> Syncer<S> {
    fn run(mut self) {
        let (to_read, queries) = channel();
        let (to_keep, upkeep) = channel();
        let reader = Reader { segments: Arc::clone(&self.segments), queries, stop: Arc::clone(&self.stop) };
        let keeper = Keeper { segments: Arc::clone(&self.segments), upkeep, stop: Arc::clone(&self.stop) };
        let reader = spawn("ledger-reader", move || reader.run());
        let keeper = spawn("ledger-keeper", move || keeper.run());
        while let Ok(first) = self.decided.recv() {
            let mut round = vec![first];
            round.extend(self.decided.try_iter());
            self.sync_round(round, &to_read, &to_keep);
        }
        drop((to_read, to_keep));
        drop((reader.join(), keeper.join()));
    }

    /// Writes the frames of a round and makes them durable. They are let go of before anybody hears of it, so that their memory
    /// serves again.
    fn make_durable(&mut self, round: &mut [Decided], (from, end): (u64, u64)) -> Result<(), EngineError> {
        self.stop.check()?;
        let frames = round.iter_mut().flat_map(|decided| std::mem::take(&mut decided.frames));
        let written = frames.into_iter().try_for_each(|frame| self.writer.write(&frame));
        let synced = written.and_then(|()| self.segments.sync(from, end));
        synced.map_err(|error| self.stop.set(&error.into()))
    }

    fn sync_round(
        &mut self,
        mut round: Vec<Decided>,
        to_read: &Sender<(Reply, History)>,
        to_keep: &Sender<Upkeep>,
    ) {
        let from = self.durable.load(Ordering::Acquire);
        let end = round.iter().map(|decided| decided.end).max().unwrap_or(from);
        if let Err(error) = self.make_durable(&mut round, (from, end)) {
            round.into_iter().flat_map(|decided| decided.answers).for_each(|answer| answer.refuse(&error));
            return;
        }
        self.durable.fetch_max(end, Ordering::Release);
        for decided in round {
            for answer in decided.answers {
                match answer {
                    Answer::Ready(reply, result) => reply(result),
                    Answer::History(reply, history) => {
                        if let Err(unsent) = to_read.send((reply, history)) {
                            let (reply, _) = unsent.0;
                            reply(Err(EngineError::Stopped("ledger is closed".into())));
                        }
                    }
                }
            }
            let upkeep = decided.sealed.map(Upkeep::Index);
            let snapshot = decided.snapshot.map(|snapshot| Upkeep::Save(Box::new(snapshot)));
            for task in upkeep.into_iter().chain(snapshot) {
                // Both can be made again from the journal: a keeper that has gone loses nothing.
                drop(to_keep.send(task));
            }
        }
    }
}

/// Answers questions about the past without holding up anybody else.
struct Reader<S: Storage> {
    segments: Arc<Segments<S>>,
    queries: Receiver<(Reply, History)>,
    stop: Arc<Stop>,
}

impl<S: Storage> Reader<S> {
    fn run(self) {
        for (reply, history) in self.queries {
            let found = match history {
                History::AccountTransfers(filter, head) => {
                    query::account_transfers(&self.segments, head, &filter).map(Response::Transfers)
                }
                History::AccountBalances(filter, account, head) => {
                    query::account_balances(&self.segments, account, head, &filter).map(Response::Balances)
                }
                History::Transfers(filter, end) => {
                    query::transfers(&self.segments, end, &filter).map(Response::Transfers)
                }
            };
            reply(found.map_err(|error| self.stop.set(&error)));
        }
    }
}

/// Writes what makes the next opening fast.
struct Keeper<S: Storage> {
    segments: Arc<Segments<S>>,
    upkeep: Receiver<Upkeep>,
    stop: Arc<Stop>,
}

impl<S: Storage> Keeper<S> {
    fn run(self) {
        for task in self.upkeep {
            let done = match task {
                Upkeep::Index(sealed) => sealed_index::write(&self.segments, sealed.segment, sealed.entries),
                Upkeep::Save(snapshot) => {
                    write_snapshot(self.segments.storage(), &snapshot).map_err(ReadError::from)
                }
            };
            if let Err(error) = done {
                self.stop.set(&error);
                return;
            }
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.expect("a process that cannot start its few threads at start-up cannot serve")
}
