//! The interface for many callers without threads: each request is done when `submit` returns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::{EngineError, Reply, Request, Submit};

use crate::engine::EmbeddedEngine;
use crate::service::Clock;
use crate::storage::Storage;

/// An engine behind a lock that answers before `submit` returns: for simulation, and for filling a new ledger.
pub struct InlineLedger<S: Storage> {
    engine: Mutex<EmbeddedEngine<S>>,
    clock: Arc<Clock>,
}

impl<S: Storage> std::fmt::Debug for InlineLedger<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InlineLedger").finish_non_exhaustive()
    }
}

impl<S: Storage> InlineLedger<S> {
    /// Serves this engine by that clock.
    pub fn new(engine: EmbeddedEngine<S>, clock: Arc<Clock>) -> Self {
        Self { engine: Mutex::new(engine), clock }
    }

    /// The engine, while nobody else submits.
    pub fn engine(&self) -> MutexGuard<'_, EmbeddedEngine<S>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`EmbeddedEngine::set_deferred`].
    pub fn set_deferred(&self, deferred: bool) {
        self.engine().set_deferred(deferred);
    }

    /// See [`EmbeddedEngine::flush`].
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn flush(&self) -> Result<(), EngineError> {
        self.engine().flush()
    }

    /// The engine itself.
    pub fn into_engine(self) -> EmbeddedEngine<S> {
        self.engine.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Storage> Submit for InlineLedger<S> {
    fn submit(&self, request: Request, reply: Reply) {
        let result = request.perform(&mut *self.engine(), (self.clock)());
        reply(result);
    }
}
