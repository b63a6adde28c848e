//! The ledger as the operations see it: the real engine on the simulated disk, behind a power switch.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::{Engine, EngineError, Reply, Request, Response, Submit};
use ledger_embedded::storage::{DiskFault, SimDisk};
use operations::Clock;

use crate::set_clock::SetClock;
use crate::simulation::books::Books;
use crate::simulation::faults::{FaultKind, Faults, Place};
use crate::simulation::trace::Trace;

/// The engine with its disk, and the books that watch what it accepts.
pub struct LedgerPort {
    inner: Mutex<Inner>,
    disk: SimDisk,
    clock: Arc<SetClock>,
    faults: Arc<Faults>,
    trace: Arc<Trace>,
}

struct Inner {
    engine: Box<dyn Engine + Send>,
    books: Books,
    disk_fault: Option<DiskFault>,
    uncertain: Option<Request>,
}

impl fmt::Debug for LedgerPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LedgerPort")
    }
}

impl LedgerPort {
    /// The port to `engine`, whose bytes are on `disk`, with the books as they stand.
    #[must_use]
    pub fn new(
        engine: Box<dyn Engine + Send>,
        disk: SimDisk,
        books: Books,
        clock: Arc<SetClock>,
        faults: Arc<Faults>,
        trace: Arc<Trace>,
    ) -> Self {
        let inner = Mutex::new(Inner { engine, books, disk_fault: None, uncertain: None });
        Self { inner, disk, clock, faults, trace }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the power fail within the next batch that changes anything: its bytes meet this fault on the way.
    pub fn crash_within_next_batch(&self, fault: DiskFault) {
        self.inner().disk_fault = Some(fault);
    }

    /// Reads the books.
    pub fn with_books<T>(&self, read: impl FnOnce(&Books) -> T) -> T {
        read(&self.inner().books)
    }

    /// Edits the books, where a check found out what the switch kept from them.
    pub fn enter<T>(&self, edit: impl FnOnce(&mut Books) -> T) -> T {
        edit(&mut self.inner().books)
    }

    /// Asks the engine past the switch, for the checks.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn ask(&self, request: &Request) -> Result<Response, EngineError> {
        request.perform(&mut *self.inner().engine, self.clock.now())
    }

    /// Takes the books and the batch whose fate a crash left open.
    #[must_use]
    pub fn take_books(&self) -> (Books, Option<Request>) {
        let mut inner = self.inner();
        (std::mem::take(&mut inner.books), inner.uncertain.take())
    }

    fn note(&self, request: &Request, response: &Response) {
        if let (Request::CreateTransfers(transfers), Response::CreateTransfers(results)) = (request, response)
        {
            for (transfer, result) in transfers.iter().zip(results) {
                let status = u128::from(result.status as u32);
                self.trace.note("ledger", &[transfer.id.0, status, u128::from(result.timestamp.0)]);
            }
        }
    }

    fn crash_within(&self, inner: &mut Inner, request: Request, fault: DiskFault) {
        self.disk.order_fault(fault);
        let now = self.clock.now();
        // Whatever the engine says: the power fails before anybody hears it.
        let _unheard = request.perform(&mut *inner.engine, now);
        inner.uncertain = Some(request);
        self.faults.cut_power(Place::WithinLedger);
    }
}

const fn changes_something(request: &Request) -> bool {
    matches!(request, Request::CreateAccounts(_) | Request::CreateTransfers(_))
}

impl Submit for LedgerPort {
    fn submit(&self, request: Request, reply: Reply) {
        if !self.faults.passes(Place::BeforeLedger) {
            return self.faults.bury(Box::new(reply));
        }
        let mut inner = self.inner();
        if let Some(fault) = inner.disk_fault.take_if(|_| changes_something(&request)) {
            self.crash_within(&mut inner, request, fault);
            return self.faults.bury(Box::new(reply));
        }
        let answer = request.perform(&mut *inner.engine, self.clock.now());
        match &answer {
            Ok(response) => {
                self.note(&request, response);
                if let Err(mismatch) = inner.books.enter(&request, response) {
                    self.faults.violate(mismatch.0);
                }
            }
            Err(error) => self.faults.violate(format!("the ledger failed without a fault: {error}")),
        }
        drop(inner);
        if !self.faults.passes(Place::AfterLedger) {
            return self.faults.bury(Box::new(reply));
        }
        if changes_something(&request) && self.faults.take_slow_ledger() {
            self.faults.count(FaultKind::SlowLedger);
            return self.faults.hold(Box::new(move || reply(answer)));
        }
        reply(answer);
    }
}
