//! The records as the operations see them: the real queries, behind a power switch.

use std::fmt;
use std::sync::Arc;

use records::{Backend, ReadJob, RecordsError, Sql, WriteJob};

use crate::simulation::faults::{Faults, Place};

/// A backend whose power may fail before a job runs, or after its commit and before anybody hears of it.
pub struct RecordsPort {
    inner: Arc<dyn Backend>,
    faults: Arc<Faults>,
}

impl fmt::Debug for RecordsPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordsPort")
    }
}

impl RecordsPort {
    /// Puts the switch before `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Backend>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

impl Backend for RecordsPort {
    fn write(&self, job: Box<dyn WriteJob>) {
        if self.faults.passes(Place::BeforeRecords) {
            self.inner.write(Box::new(Switched { job, faults: Arc::clone(&self.faults) }));
        } else {
            self.faults.bury(Box::new(job));
        }
    }

    fn write_later(&self, job: Box<dyn WriteJob>) {
        if self.faults.passes(Place::BeforeRecords) {
            self.inner.write_later(Box::new(Switched { job, faults: Arc::clone(&self.faults) }));
        } else {
            self.faults.bury(Box::new(job));
        }
    }

    fn read(&self, job: Box<dyn ReadJob>) {
        if self.faults.passes(Place::BeforeRecords) {
            self.inner.read(job);
        } else {
            self.faults.bury(Box::new(job));
        }
    }
}

/// A job whose end nobody hears of when the power fails after the commit.
struct Switched {
    job: Box<dyn WriteJob>,
    faults: Arc<Faults>,
}

impl WriteJob for Switched {
    fn run(&mut self, sql: &mut dyn Sql) -> Result<(), RecordsError> {
        self.job.run(sql)
    }

    fn finish(self: Box<Self>, outcome: Result<(), RecordsError>) {
        if self.faults.passes(Place::AfterRecords) {
            self.job.finish(outcome);
        } else {
            self.faults.bury(Box::new(self.job));
        }
    }
}
