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
const UNSYNCED_MAX: usize = 32;

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
    /// How many jobs no crash can lose.
    durable: u64,
    /// The jobs after them that nobody waited for, all behind the savepoint `unsynced`: a crash that keeps some of them
    /// undoes them all and runs those again.
    unsynced: Vec<Box<dyn WriteJob>>,
}

impl fmt::Debug for SimulatedRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let disk = self.disk();
        write!(
            f,
            "SimulatedRecords({} jobs, {} durable, crashed: {})",
            disk.jobs(),
            disk.durable,
            disk.crashed
        )
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
        Ok(Self {
            disk: Mutex::new(Disk { session, crash_when, crashed: false, durable: 0, unsynced: Vec::new() }),
        })
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
        self.disk().jobs()
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
        if keep < disk.durable || keep > disk.jobs() {
            return Err(RecordsError::Statement(format!(
                "cannot keep {keep} jobs: {} of {} are durable",
                disk.durable,
                disk.jobs()
            )));
        }
        let kept = usize::try_from(keep - disk.durable).unwrap_or(usize::MAX);
        if kept < disk.unsynced.len() {
            disk.undo()?;
            disk.unsynced.truncate(kept);
            disk.run_again()?;
        }
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

    fn jobs(&self) -> u64 {
        self.durable + u64::try_from(self.unsynced.len()).unwrap_or(u64::MAX)
    }

    /// Makes every job durable.
    fn sync(&mut self) -> Result<(), RecordsError> {
        if self.unsynced.is_empty() {
            return Ok(());
        }
        self.session.execute("RELEASE unsynced", &[])?;
        self.durable = self.jobs();
        for job in self.unsynced.drain(..) {
            job.finish(Ok(()));
        }
        Ok(())
    }

    /// Takes everything back that is not durable.
    fn undo(&mut self) -> Result<(), RecordsError> {
        self.session.execute("ROLLBACK TO unsynced", &[])?;
        self.session.execute("RELEASE unsynced", &[])?;
        Ok(())
    }

    /// Runs the jobs that are not durable once more.
    fn run_again(&mut self) -> Result<(), RecordsError> {
        if self.unsynced.is_empty() {
            return Ok(());
        }
        self.session.execute("SAVEPOINT unsynced", &[])?;
        self.unsynced.iter_mut().try_for_each(|job| transaction::run_job(&mut self.session, job.as_mut()))
    }

    /// Runs a job behind those that are not durable. Where it fails, nothing of it is left.
    fn run(&mut self, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
        if self.unsynced.is_empty() {
            self.session.execute("SAVEPOINT unsynced", &[])?;
        }
        let outcome = transaction::run_job(&mut self.session, job);
        if outcome.is_err() {
            self.undo()?;
            self.run_again()?;
        }
        outcome
    }

    /// Runs a job that somebody waits for: with it, everything before it is durable.
    fn write(&mut self, job: &mut dyn WriteJob) -> Result<(), RecordsError> {
        self.maybe_crash(Moment::BeforeCommit)?;
        let outcome = self.run(job);
        if outcome.is_ok() && self.unsynced.is_empty() {
            self.session.execute("RELEASE unsynced", &[])?;
        }
        self.sync()?;
        outcome?;
        self.durable += 1;
        self.maybe_crash(Moment::AfterCommit)
    }

    /// Runs a job that nobody waits for, and gives it back where it ended in an error.
    fn write_later(&mut self, mut job: Box<dyn WriteJob>) -> Result<(), Failed> {
        let ran = self.maybe_crash(Moment::BeforeCommit).and_then(|()| self.run(job.as_mut()));
        if let Err(why) = ran {
            return Err((job, why));
        }
        self.unsynced.push(job);
        // Of a crash after the job nobody hears, as nobody waits.
        let _crashed = self.maybe_crash(Moment::AfterCommit);
        if self.unsynced.len() >= UNSYNCED_MAX && !self.crashed {
            // The database in memory has no cause to fail.
            let _synced = self.sync();
        }
        Ok(())
    }
}

/// A job that ended in an error.
type Failed = (Box<dyn WriteJob>, RecordsError);

impl Backend for SimulatedRecords {
    fn write(&self, mut job: Box<dyn WriteJob>) {
        let outcome = self.disk().write(job.as_mut());
        job.finish(outcome);
    }

    fn write_later(&self, job: Box<dyn WriteJob>) {
        let outcome = self.disk().write_later(job);
        if let Err((job, why)) = outcome {
            job.finish(Err(why));
        }
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
