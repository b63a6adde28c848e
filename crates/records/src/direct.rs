//! A SQLite file written by one thread without waiting for the disk: for founding a town.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sqlite::{self, SqliteSession};
use crate::transaction::{self, Session, Step};
use crate::{Backend, ReadJob, RecordsError, WriteJob};

/// A backend that answers before anything is durable: only what [`DirectRecords::commit`] returned from is. Dropping it
/// loses the rest.
pub struct DirectRecords {
    session: Mutex<SqliteSession>,
    _lock: File,
}

impl fmt::Debug for DirectRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectRecords")
    }
}

impl DirectRecords {
    /// Opens the file as [`Records::open_sqlite`](crate::Records::open_sqlite) does.
    ///
    /// # Errors
    /// As there.
    pub fn open(path: &Path) -> Result<Self, RecordsError> {
        let (session, lock) = sqlite::open_for_writing(path)?;
        Ok(Self { session: Mutex::new(session), _lock: lock })
    }

    /// Makes everything so far durable.
    ///
    /// # Errors
    /// [`RecordsError::Stopped`] where storage fails.
    pub fn commit(&self) -> Result<(), RecordsError> {
        let mut session = self.session();
        if session.in_transaction() { session.step(Step::Commit) } else { Ok(()) }
    }

    fn session(&self) -> MutexGuard<'_, SqliteSession> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for DirectRecords {
    fn write(&self, mut job: Box<dyn WriteJob>) {
        let mut session = self.session();
        let begun = if session.in_transaction() { Ok(()) } else { session.step(Step::Begin) };
        let outcome = begun.and_then(|()| transaction::in_savepoint(&mut *session, job.as_mut()));
        drop(session);
        job.finish(outcome);
    }

    fn read(&self, job: Box<dyn ReadJob>) {
        self.session().read_only(job);
    }
}
