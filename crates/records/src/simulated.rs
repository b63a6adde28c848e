//! The records of the deterministic simulation: the real queries on a database in memory, and crashes on demand.
//!
//! Every job runs before the call returns, so futures are ready when first polled. What a crash may lose is what it may
//! lose in reality: the jobs that nobody waited for, from some point on.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sqlite::SqliteSession;
use crate::transaction::{self, Session, Step};
use crate::{Backend, ReadJob, RecordsError, WriteJob};

/// When a crash may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Before the job: nothing of it persists.
    BeforeCommit,
    /// After the job, before its caller hears of it: it persists, if it was awaited.
    AfterCommit,
}

/// Decides, at each moment, whether to crash.
pub type CrashWhen = Box<dyn FnMut(Moment) -> bool + Send>;

/// A backend in memory.
pub struct SimulatedRecords {
    disk: Mutex<Disk>,
}

struct Disk {
    session: SqliteSession,
    crash_when: CrashWhen,
    crashed: bool,
    /// Jobs that succeeded.
    jobs: u64,
    /// Jobs that no crash can lose. Each of the others has a savepoint before it, in one open transaction.
    durable: u64,
}

impl fmt::Debug for SimulatedRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let disk = self.disk();
        write!(f, "SimulatedRecords({} jobs, {} durable, crashed: {})", disk.jobs, disk.durable, disk.crashed)
    }
}

impl SimulatedRecords {
    /// Empty records that crash when `crash_when` says so.
    ///
    /// # Errors
    /// What SQLite says; there is no cause in the simulation.
    pub fn new(crash_when: CrashWhen) -> Result<Self, RecordsError> {
        Ok(Self::on(SqliteSession::in_memory()?, crash_when))
    }

    /// Records as they were when [`SimulatedRecords::image`] was taken.
    ///
    /// # Errors
    /// [`RecordsError::Damaged`] where `image` is not one.
    pub fn from_image(image: &[u8], crash_when: CrashWhen) -> Result<Self, RecordsError> {
        Ok(Self::on(SqliteSession::from_image(image)?, crash_when))
    }

    fn on(session: SqliteSession, crash_when: CrashWhen) -> Self {
        Self { disk: Mutex::new(Disk { session, crash_when, crashed: false, jobs: 0, durable: 0 }) }
    }

    /// A copy of the whole database, with every job durable.
    ///
    /// # Errors
    /// [`RecordsError::Crashed`] between a crash and the restart.
    pub fn image(&self) -> Result<Vec<u8>, RecordsError> {
        let mut disk = self.disk();
        disk.check_running()?;
        disk.sync()?;
        disk.session.image()
    }

    /// How many jobs succeeded since these records began.
    #[must_use]
    pub fn jobs(&self) -> u64 {
        self.disk().jobs
    }

    /// How many of [`SimulatedRecords::jobs`] no crash can lose.
    #[must_use]
    pub fn durable_jobs(&self) -> u64 {
        self.disk().durable
    }

    /// Whether a crash happened that [`SimulatedRecords::crash`] has not yet followed.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.disk().crashed
    }

    /// Decides anew when to crash.
    pub fn set_crash_when(&self, crash_when: CrashWhen) {
        self.disk().crash_when = crash_when;
    }

    /// Pulls the plug where that has not happened, and starts again with the first `keep` jobs, the others lost.
    ///
    /// # Errors
    /// [`RecordsError::Statement`] where `keep` is not between [`SimulatedRecords::durable_jobs`] and
    /// [`SimulatedRecords::jobs`].
    pub fn crash(&self, keep: u64) -> Result<(), RecordsError> {
        let mut disk = self.disk();
        if keep < disk.durable || keep > disk.jobs {
            return Err(RecordsError::Statement(format!(
                "cannot keep {keep} jobs: {} of {} are durable",
                disk.durable, disk.jobs
            )));
        }
        for _ in keep..disk.jobs {
            disk.session.step(Step::RollbackToSavepoint)?;
            disk.session.step(Step::Release)?;
        }
        disk.jobs = keep;
        disk.sync()?;
        disk.crashed = false;
        Ok(())
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    fn check_running(&self) -> Result<(), RecordsError> {
        if self.crashed { Err(RecordsError::Crashed) } else { Ok(()) }
    }

    fn maybe_crash(&mut self, moment: Moment) -> Result<(), RecordsError> {
        self.check_running()?;
        self.crashed = (self.crash_when)(moment);
        self.check_running()
    }

    /// Makes every job durable.
    fn sync(&mut self) -> Result<(), RecordsError> {
        if self.session.in_transaction() {
            self.session.step(Step::Commit)?;
        }
        self.durable = self.jobs;
        Ok(())
    }

    fn write(&mut self, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
        self.maybe_crash(Moment::BeforeCommit)?;
        let outcome = if self.session.in_transaction() {
            transaction::in_savepoint(&mut self.session, job)
        } else {
            self.alone(job)
        };
        self.jobs += u64::from(outcome.is_ok());
        self.sync()?;
        outcome?;
        self.maybe_crash(Moment::AfterCommit)
    }

    /// Runs the job in a transaction of its own, which is still open when it succeeded.
    fn alone(&mut self, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
        self.session.step(Step::Begin)?;
        let outcome = transaction::run_job(&mut self.session, job);
        if outcome.is_err() {
            self.session.step(Step::Rollback)?;
        }
        outcome
    }

    fn write_later(&mut self, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
        self.maybe_crash(Moment::BeforeCommit)?;
        if !self.session.in_transaction() {
            self.session.step(Step::Begin)?;
        }
        self.session.step(Step::Savepoint)?;
        if let Err(why) = transaction::run_job(&mut self.session, job) {
            self.session.step(Step::RollbackToSavepoint)?;
            self.session.step(Step::Release)?;
            return Err(why);
        }
        self.jobs += 1;
        self.maybe_crash(Moment::AfterCommit)
    }
}

impl Backend for SimulatedRecords {
    fn write(&self, mut job: Box<dyn WriteJob>) {
        let outcome = self.disk().write(job.as_mut());
        job.finish(outcome);
    }

    fn write_later(&self, mut job: Box<dyn WriteJob>) {
        let outcome = self.disk().write_later(job.as_mut());
        job.finish(outcome);
    }

    fn read(&self, job: Box<dyn ReadJob>) {
        let mut disk = self.disk();
        match disk.check_running() {
            Ok(()) => disk.session.read_only(job),
            Err(why) => {
                drop(disk);
                job.run(Err(why));
            }
        }
    }
}
