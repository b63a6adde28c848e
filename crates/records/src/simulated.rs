//! The records of the deterministic simulation: the real queries on a database in memory, and crashes on demand.
//!
//! Every job runs before the call returns, so futures are ready when first polled. What a crash may lose is what it may
//! lose in reality: the jobs that nobody waited for, from some point on.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sqlite::SqliteSession;
use crate::transaction::{self, Session, Step};
use crate::{Backend, ReadJob, RecordsError, Sql, WriteJob};

/// How many jobs a crash may lose at most: in reality, too, the next commit is never far.
const UNSYNCED_MAX: u64 = 8;

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
    /// Jobs that no crash can lose. Each of the others has a savepoint before it: the first `unsynced`, the rest `job`.
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
        Self::on(SqliteSession::in_memory()?, crash_when)
    }

    /// Records as they were when [`SimulatedRecords::image`] was taken.
    ///
    /// # Errors
    /// [`RecordsError::Damaged`] where `image` is not one.
    pub fn from_image(image: &[u8], crash_when: CrashWhen) -> Result<Self, RecordsError> {
        Self::on(SqliteSession::from_image(image)?, crash_when)
    }

    fn on(mut session: SqliteSession, crash_when: CrashWhen) -> Result<Self, RecordsError> {
        // One transaction that never ends: a commit costs SQLite time in proportion to the whole database in memory.
        session.step(Step::Begin)?;
        Ok(Self { disk: Mutex::new(Disk { session, crash_when, crashed: false, jobs: 0, durable: 0 }) })
    }

    /// A copy of the whole database, with every job durable.
    ///
    /// # Errors
    /// [`RecordsError::Crashed`] between a crash and the restart.
    pub fn image(&self) -> Result<Vec<u8>, RecordsError> {
        let mut disk = self.disk();
        disk.check_running()?;
        disk.sync()?;
        disk.session.step(Step::Commit)?;
        let image = disk.session.image();
        disk.session.step(Step::Begin)?;
        image
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
        if keep == disk.durable {
            disk.undo_unsynced()?;
        } else {
            for _ in keep..disk.jobs {
                disk.session.step(Step::RollbackToSavepoint)?;
                disk.session.step(Step::Release)?;
            }
            disk.jobs = keep;
            disk.sync()?;
        }
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

    const fn has_unsynced(&self) -> bool {
        self.jobs > self.durable
    }

    /// Makes every job durable.
    fn sync(&mut self) -> Result<(), RecordsError> {
        if self.has_unsynced() {
            self.session.execute("RELEASE unsynced", &[])?;
        }
        self.durable = self.jobs;
        Ok(())
    }

    /// Loses every job that is not durable.
    fn undo_unsynced(&mut self) -> Result<(), RecordsError> {
        if self.has_unsynced() {
            self.undo_to_unsynced()?;
        }
        self.jobs = self.durable;
        Ok(())
    }

    fn undo_to_unsynced(&mut self) -> Result<(), RecordsError> {
        self.session.execute("ROLLBACK TO unsynced", &[])?;
        self.session.execute("RELEASE unsynced", &[])?;
        Ok(())
    }

    fn write(&mut self, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
        self.maybe_crash(Moment::BeforeCommit)?;
        let outcome = transaction::in_savepoint(&mut self.session, job);
        self.sync()?;
        outcome?;
        self.jobs += 1;
        self.durable += 1;
        self.maybe_crash(Moment::AfterCommit)
    }

    fn write_later(&mut self, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
        self.maybe_crash(Moment::BeforeCommit)?;
        if self.has_unsynced() {
            self.session.step(Step::Savepoint)?;
        } else {
            self.session.execute("SAVEPOINT unsynced", &[])?;
        }
        if let Err(why) = transaction::run_job(&mut self.session, job) {
            if self.has_unsynced() {
                self.session.step(Step::RollbackToSavepoint)?;
                self.session.step(Step::Release)?;
            } else {
                self.undo_to_unsynced()?;
            }
            return Err(why);
        }
        self.jobs += 1;
        if self.jobs - self.durable >= UNSYNCED_MAX {
            self.sync()?;
        }
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
