//! A backend of threads: one writer that commits whatever is waiting together, and a few readers.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::transaction::{self, Session, Step};
use crate::{Backend, ReadJob, RecordsError, WriteJob};

/// Jobs that may wait for the writer; more are refused.
const WAITING_MAX: usize = 16_384;

/// Jobs of one commit.
const GROUP_MAX: usize = 8_192;

/// How long jobs that nobody waits for gather before they are committed: a commit writes each page that it touches, and
/// the more jobs it has, the more of them share a page.
const GATHER: Duration = Duration::from_millis(250);

/// A job in the queue.
struct Waiting {
    job: Box<dyn WriteJob>,
    awaited: bool,
}

/// What waits for the one writer.
#[derive(Default)]
struct Writes {
    waiting: VecDeque<Waiting>,
    /// Reads that must see a `write_later` from before them.
    reads: Vec<Box<dyn ReadJob>>,
    /// How many of `waiting` somebody waits for.
    awaited: usize,
    /// How many `write_later` jobs are not yet committed.
    unawaited: usize,
    closing: bool,
    stopped: Option<RecordsError>,
}

impl Writes {
    /// Whether nobody is kept waiting where the writer waits for more.
    fn may_gather(&self) -> bool {
        self.awaited == 0 && self.reads.is_empty() && self.waiting.len() < GROUP_MAX && !self.closing
    }
}

#[derive(Default)]
struct Reads {
    waiting: VecDeque<Box<dyn ReadJob>>,
    closing: bool,
}

#[derive(Default)]
struct Shared {
    writes: Mutex<Writes>,
    write_waits: Condvar,
    write_space: Condvar,
    reads: Mutex<Reads>,
    read_waits: Condvar,
    /// Held while a connection is closed: SQLite puts its log back into the file when the last one closes and meets no
    /// other, and two that close at once meet each other.
    closing_one: Mutex<()>,
}

/// What the writer takes at once.
struct Group {
    jobs: Vec<Box<dyn WriteJob>>,
    reads: Vec<Box<dyn ReadJob>>,
    unawaited: usize,
}

/// See the module.
pub(crate) struct GroupCommit {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    /// Whatever must outlive the connections, such as the lock on the data file.
    _guard: Option<std::fs::File>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GroupCommit {
    /// Starts a thread for each session; `guard` is dropped after all of them ended.
    pub(crate) fn start<S: Session + Send + 'static>(
        mut writer: S,
        readers: Vec<S>,
        guard: Option<std::fs::File>,
    ) -> Result<Self, RecordsError> {
        let shared = Arc::new(Shared::default());
        let mut threads = Vec::with_capacity(readers.len() + 1);
        for mut session in readers {
            let shared = Arc::clone(&shared);
            threads.push(spawn("records-read", move || {
                read_loop(&shared, &mut session);
                shared.close(session);
            })?);
        }
        let for_writer = Arc::clone(&shared);
        threads.push(spawn("records-write", move || {
            write_loop(&for_writer, &mut writer);
            for_writer.close(writer);
        })?);
        Ok(Self { shared, threads, _guard: guard })
    }

    fn submit(&self, job: Box<dyn WriteJob>, awaited: bool) {
        let mut writes = locked(&self.shared.writes);
        while !awaited && writes.waiting.len() >= WAITING_MAX && writes.stopped.is_none() {
            writes = self.shared.write_space.wait(writes).unwrap_or_else(PoisonError::into_inner);
        }
        let refusal = match &writes.stopped {
            Some(why) => Some(why.clone()),
            None if writes.waiting.len() >= WAITING_MAX => {
                Some(RecordsError::Unavailable("too many writes are waiting".to_owned()))
            }
            None => None,
        };
        if let Some(why) = refusal {
            drop(writes);
            return job.finish(Err(why));
        }
        writes.waiting.push_back(Waiting { job, awaited });
        writes.awaited += usize::from(awaited);
        writes.unawaited += usize::from(!awaited);
        // The writer that gathers need not hear of each job that may wait.
        let is_news = awaited || writes.waiting.len() == 1 || writes.waiting.len() == GROUP_MAX;
        drop(writes);
        if is_news {
            self.shared.write_waits.notify_one();
        }
    }
}

impl Backend for GroupCommit {
    fn write(&self, job: Box<dyn WriteJob>) {
        self.submit(job, true);
    }

    fn write_later(&self, job: Box<dyn WriteJob>) {
        self.submit(job, false);
    }

    fn read(&self, job: Box<dyn ReadJob>) {
        let mut writes = locked(&self.shared.writes);
        if let Some(why) = writes.stopped.clone() {
            drop(writes);
            return job.run(Err(why));
        }
        if writes.unawaited > 0 {
            writes.reads.push(job);
            drop(writes);
            return self.shared.write_waits.notify_one();
        }
        drop(writes);
        self.shared.read_now(job);
    }
}

impl Drop for GroupCommit {
    fn drop(&mut self) {
        locked(&self.shared.writes).closing = true;
        locked(&self.shared.reads).closing = true;
        self.shared.write_waits.notify_all();
        self.shared.read_waits.notify_all();
        let own = std::thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != own) {
            // A panic of the thread was already told to everyone who waited.
            let _panicked = thread.join();
        }
    }
}

impl Shared {
    fn read_now(&self, job: Box<dyn ReadJob>) {
        locked(&self.reads).waiting.push_back(job);
        self.read_waits.notify_one();
    }

    fn next_read(&self) -> Option<Box<dyn ReadJob>> {
        let mut reads = locked(&self.reads);
        loop {
            if let Some(job) = reads.waiting.pop_front() {
                return Some(job);
            }
            if reads.closing {
                return None;
            }
            reads = self.read_waits.wait(reads).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Everything that waits, or `None` when the store is closed and all is done.
    fn next_group(&self) -> Option<Group> {
        let mut writes = locked(&self.writes);
        while writes.waiting.is_empty() && writes.reads.is_empty() {
            if writes.closing {
                return None;
            }
            writes = self.write_waits.wait(writes).unwrap_or_else(PoisonError::into_inner);
        }
        if writes.may_gather() {
            let gathered = self.write_waits.wait_timeout_while(writes, GATHER, |writes| writes.may_gather());
            writes = gathered.unwrap_or_else(PoisonError::into_inner).0;
        }
        let count = writes.waiting.len().min(GROUP_MAX);
        let taken: Vec<Waiting> = writes.waiting.drain(..count).collect();
        writes.awaited -= taken.iter().filter(|waiting| waiting.awaited).count();
        // A read may go when no unawaited job from before it is left behind in the queue.
        let reads = if writes.waiting.is_empty() { std::mem::take(&mut writes.reads) } else { Vec::new() };
        drop(writes);
        self.write_space.notify_all();
        let unawaited = taken.iter().filter(|waiting| !waiting.awaited).count();
        Some(Group { jobs: taken.into_iter().map(|waiting| waiting.job).collect(), reads, unawaited })
    }

    fn close<S: Session>(&self, session: S) {
        let _turn = locked(&self.closing_one);
        drop(session);
    }

    /// Lets nothing more in, and refuses what waits.
    fn stop(&self, why: &RecordsError) {
        let mut writes = locked(&self.writes);
        writes.stopped = Some(why.clone());
        let waiting = std::mem::take(&mut writes.waiting);
        let reads = std::mem::take(&mut writes.reads);
        drop(writes);
        self.write_space.notify_all();
        for Waiting { job, .. } in waiting {
            job.finish(Err(why.clone()));
        }
        for job in reads {
            job.run(Err(why.clone()));
        }
    }
}

/// Stops the store when the writer ends by a panic of a job.
struct StopOnPanic<'a>(&'a Shared);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(&RecordsError::Stopped("a job panicked".to_owned()));
        }
    }
}

fn read_loop<S: Session>(shared: &Shared, session: &mut S) {
    while let Some(job) = shared.next_read() {
        let ended = catch_unwind(AssertUnwindSafe(|| transaction::read(session, job)));
        if ended.is_err() {
            // Only the caller of that job hears of the panic: reading leaves nothing half done but the snapshot.
            let _rolled_back = session.step(Step::Rollback);
        }
    }
}

fn write_loop<S: Session>(shared: &Shared, session: &mut S) {
    let _on_panic = StopOnPanic(shared);
    while let Some(group) = shared.next_group() {
        let begin = if group.jobs.len() > group.unawaited { Step::Begin } else { Step::BeginUnsynced };
        if !group.jobs.is_empty()
            && let Err(why) = transaction::commit_group(session, group.jobs, begin)
        {
            shared.stop(&stopped_by(&why));
            for job in group.reads {
                job.run(Err(why.clone()));
            }
            return;
        }
        locked(&shared.writes).unawaited -= group.unawaited;
        for job in group.reads {
            shared.read_now(job);
        }
    }
}

fn stopped_by(why: &RecordsError) -> RecordsError {
    match why {
        RecordsError::Stopped(_) => why.clone(),
        other => RecordsError::Stopped(other.to_string()),
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, RecordsError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|error| RecordsError::Unavailable(format!("no thread for the database: {error}")))
}
