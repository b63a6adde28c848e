//! [`Records`]: the handle that every part of the server shares, and the port behind it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::{RecordsError, Sql};

/// A unit of writing: one transaction, seen from the database's side.
pub trait WriteJob: Send {
    /// Does the work. May be called again, where the first transaction did not commit: only the last call counts.
    ///
    /// # Errors
    /// Any error means that nothing of this job shall persist.
    fn run(&mut self, sql: &mut dyn Sql) -> Result<(), RecordsError>;

    /// Says how it ended: with `Ok`, the last [`WriteJob::run`] is durable.
    fn finish(self: Box<Self>, outcome: Result<(), RecordsError>);
}

/// A unit of reading.
pub trait ReadJob: Send {
    /// Reads in one snapshot and answers, or passes on why there is no connection.
    fn run(self: Box<Self>, sql: Result<&mut dyn Sql, RecordsError>);
}

/// A database that runs jobs.
pub trait Backend: Send + Sync {
    /// Runs the job in a transaction and makes it durable, then finishes it.
    fn write(&self, job: Box<dyn WriteJob>);

    /// As [`Backend::write`], but nobody waits: the job takes part in the next commit.
    fn write_later(&self, job: Box<dyn WriteJob>) {
        self.write(job);
    }

    /// Runs the job on a snapshot that has everything committed, and everything handed to [`Backend::write_later`].
    fn read(&self, job: Box<dyn ReadJob>);
}

/// The records. Cloning is cheap; the last clone closes the database.
#[derive(Clone)]
pub struct Records {
    backend: Arc<dyn Backend>,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Records")
    }
}

impl Records {
    /// The records in this SQLite file, which is created where it does not exist, and migrated.
    ///
    /// # Errors
    /// [`RecordsError::InUse`], [`RecordsError::NewerVersion`], [`RecordsError::Damaged`], or storage errors.
    pub fn open_sqlite(path: &Path) -> Result<Self, RecordsError> {
        crate::sqlite::open(path)
    }

    /// The records in this PostgreSQL database, which is migrated. `url` is `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// [`RecordsError::Unavailable`], [`RecordsError::NewerVersion`], or what the database says.
    pub fn open_postgres(url: &str) -> Result<Self, RecordsError> {
        crate::postgres::open(url)
    }

    /// The records behind `backend`.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend }
    }

    /// Runs `job` as one transaction, together with whatever else is waiting, and answers when it is durable.
    ///
    /// `job` may run more than once; only the last run counts. Dropping the future does not stop it.
    ///
    /// # Errors
    /// What `job` returns, in which case nothing of it persists, or why it could not be committed.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnMut(&mut dyn Sql) -> Result<T, RecordsError> + Send + 'static,
    ) -> Result<T, RecordsError> {
        let (reply, answer) = oneshot::channel();
        self.backend.write(Box::new(Awaited { job, value: None, reply }));
        answer.await.unwrap_or_else(|_| Err(abandoned()))
    }

    /// Runs `job` in the next group commit without waiting for it. What it writes may be lost in a crash, and its
    /// errors are: for outcomes that the start-up check can find again.
    pub fn write_later(&self, job: impl FnMut(&mut dyn Sql) -> Result<(), RecordsError> + Send + 'static) {
        self.write_later_or(job, drop);
    }

    /// As [`Records::write_later`], and calls `failed` where the job could not be committed: for what must be tried
    /// again.
    pub fn write_later_or(
        &self,
        job: impl FnMut(&mut dyn Sql) -> Result<(), RecordsError> + Send + 'static,
        failed: impl FnOnce(RecordsError) + Send + 'static,
    ) {
        self.backend.write_later(Box::new(Unawaited { job, failed }));
    }

    /// Runs `job` on one snapshot, which has everything that was committed or handed to [`Records::write_later`]
    /// before.
    ///
    /// # Errors
    /// What `job` returns, or why the database could not be reached.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Sql) -> Result<T, RecordsError> + Send + 'static,
    ) -> Result<T, RecordsError> {
        let (reply, answer) = oneshot::channel();
        self.backend.read(Box::new(Reading { job, reply }));
        answer.await.unwrap_or_else(|_| Err(abandoned()))
    }
}

fn abandoned() -> RecordsError {
    RecordsError::Stopped("a job panicked".to_owned())
}

struct Awaited<F, T> {
    job: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, RecordsError>>,
}

impl<F, T> WriteJob for Awaited<F, T>
where
    F: FnMut(&mut dyn Sql) -> Result<T, RecordsError> + Send,
    T: Send,
{
    fn run(&mut self, sql: &mut dyn Sql) -> Result<(), RecordsError> {
        self.value = Some((self.job)(sql)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), RecordsError>) {
        let Self { value, reply, .. } = *self;
        let answer = outcome.and_then(|()| value.ok_or_else(abandoned));
        // The caller may have stopped waiting: the job is done all the same.
        let _gone = reply.send(answer);
    }
}

struct Unawaited<F, G> {
    job: F,
    failed: G,
}

impl<F, G> WriteJob for Unawaited<F, G>
where
    F: FnMut(&mut dyn Sql) -> Result<(), RecordsError> + Send,
    G: FnOnce(RecordsError) + Send,
{
    fn run(&mut self, sql: &mut dyn Sql) -> Result<(), RecordsError> {
        (self.job)(sql)
    }

    fn finish(self: Box<Self>, outcome: Result<(), RecordsError>) {
        if let Err(why) = outcome {
            (self.failed)(why);
        }
    }
}

struct Reading<F, T> {
    job: F,
    reply: oneshot::Sender<Result<T, RecordsError>>,
}

impl<F, T> ReadJob for Reading<F, T>
where
    F: FnOnce(&mut dyn Sql) -> Result<T, RecordsError> + Send,
    T: Send,
{
    fn run(self: Box<Self>, sql: Result<&mut dyn Sql, RecordsError>) {
        let Self { job, reply } = *self;
        let _gone = reply.send(sql.and_then(job));
    }
}
