//! The three banks as the operations see them: the real state machines, behind lost requests, lost and slow answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bank::{Bank, Fault, Handled, OperationRef, Outcome, Request, Statement};
use money::Currency;
use operations::{BankConnector, BankReply, BankUnavailable, Clock};
use wallet::ids::BankId;

use crate::set_clock::SetClock;
use crate::simulation::faults::{FaultKind, Faults, Place};

/// The banks. They are other companies: what crashes here does not touch them.
pub struct BankPort {
    banks: Mutex<BTreeMap<BankId, Bank>>,
    clock: Arc<SetClock>,
    faults: Arc<Faults>,
    /// How many more calls find nobody at the other end.
    outage: AtomicU32,
}

impl fmt::Debug for BankPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BankPort")
    }
}

impl BankPort {
    /// The way to these banks.
    #[must_use]
    pub fn new(banks: BTreeMap<BankId, Bank>, clock: Arc<SetClock>, faults: Arc<Faults>) -> Self {
        Self { banks: Mutex::new(banks), clock, faults, outage: AtomicU32::new(0) }
    }

    fn banks(&self) -> MutexGuard<'_, BTreeMap<BankId, Bank>> {
        self.banks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the next charge or pay-out at this bank go wrong.
    pub fn inject(&self, bank: BankId, fault: Fault) {
        if let Some(bank) = self.banks().get_mut(&bank) {
            bank.inject(fault);
        }
    }

    /// Lets nobody answer so many calls.
    pub fn begin_outage(&self, calls: u32) {
        self.outage.store(calls, Ordering::Relaxed);
        self.faults.count(FaultKind::BankOutage);
    }

    /// Ends an outage.
    pub fn end_outage(&self) {
        self.outage.store(0, Ordering::Relaxed);
    }

    /// What the banks' own books say moved to the operator, less what moved back.
    #[must_use]
    pub fn issued(&self, currency: Currency) -> i128 {
        let net = |Statement { charged, paid_out }: Statement| {
            i128::from(charged.minor()) - i128::from(paid_out.minor())
        };
        self.banks().values().map(|bank| net(bank.statement(currency))).sum()
    }

    /// What became of an operation, at whichever bank knows it.
    #[must_use]
    pub fn outcome(&self, operation: OperationRef) -> Outcome {
        let known =
            |bank: &Bank| Some(bank.outcome(operation)).filter(|outcome| *outcome != Outcome::NotFound);
        self.banks().values().find_map(known).unwrap_or(Outcome::NotFound)
    }

    /// Runs `edit` on one bank.
    pub fn edit<T>(&self, bank: BankId, edit: impl FnOnce(&mut Bank) -> T) -> Option<T> {
        self.banks().get_mut(&bank).map(edit)
    }

    fn handle(&self, bank: BankId, request: &Request) -> Result<bank::Response, BankUnavailable> {
        let outage = self.outage.load(Ordering::Relaxed);
        if outage > 0 {
            self.outage.store(outage - 1, Ordering::Relaxed);
            return Err(BankUnavailable);
        }
        let mut banks = self.banks();
        let bank = banks.get_mut(&bank).ok_or(BankUnavailable)?;
        let faults_before = bank.faults_left();
        let Handled { event, response } = bank.handle(self.clock.now(), request);
        if bank.faults_left() < faults_before {
            self.faults.count(match (&event, &response) {
                (_, Some(_)) => FaultKind::BankDecline,
                (Some(_), None) => FaultKind::BankTimeOutAfter,
                (None, None) => FaultKind::BankTimeOutBefore,
            });
        }
        response.ok_or(BankUnavailable)
    }
}

impl BankConnector for BankPort {
    fn call(&self, bank: BankId, request: Request, reply: BankReply) {
        if !self.faults.passes(Place::BeforeBank) {
            return self.faults.bury(Box::new(reply));
        }
        let answer = self.handle(bank, &request);
        if !self.faults.passes(Place::AfterBank) {
            return self.faults.bury(Box::new(reply));
        }
        if self.faults.take_slow_bank() {
            self.faults.count(FaultKind::SlowBank);
            return self.faults.hold(Box::new(move || reply(answer)));
        }
        reply(answer);
    }
}
