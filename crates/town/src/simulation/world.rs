//! The system under test: the real operations on the real engine, records and banks, with everything that survives a
//! crash, and the way back up after one.

use std::sync::Arc;

use ledger::{Engine, Request, Response, TransferFlags, TransferId};
use ledger_embedded::storage::{DiskFault, SimDisk};
use ledger_embedded::{EmbeddedEngine, Options};
use operations::{Operations, Policy, Services, start_up_check};
use records::simulated::SimulatedRecords;
use records::{Backend, Records};

use super::books::Books;
use super::defects::Defect;
use super::faults::{FaultKind, Faults, Place, Situation};
use super::ports::bank::BankPort;
use super::ports::entropy::SeededEntropy;
use super::ports::ledger::LedgerPort;
use super::ports::records::RecordsPort;
use super::trace::Trace;
use crate::economy::Random;
use crate::poll::poll_once;
use crate::set_clock::SetClock;

/// Everything that a run needs of the system.
pub struct World {
    /// The switchboard.
    pub faults: Arc<Faults>,
    /// What happened.
    pub trace: Arc<Trace>,
    /// The clock.
    pub clock: Arc<SetClock>,
    /// The banks.
    pub bank: Arc<BankPort>,
    /// The ledger of the process that runs now.
    pub ledger: Arc<LedgerPort>,
    /// The operations of the process that runs now.
    pub operations: Operations,
    disk: SimDisk,
    records: Arc<SimulatedRecords>,
    backup: Option<Vec<u8>>,
    random: Random,
    entropy: Arc<SeededEntropy>,
    options: Options,
    defect: Option<Defect>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("faults", &self.faults).finish_non_exhaustive()
    }
}

/// Why a world could not be made or brought up again. Always a violation.
pub type Trouble = String;

impl World {
    /// A new system with these banks, on an empty disk.
    ///
    /// # Errors
    /// What does not start.
    pub fn new(
        seed: u64,
        bank: Arc<BankPort>,
        clock: Arc<SetClock>,
        faults: Arc<Faults>,
        defect: Option<Defect>,
    ) -> Result<Self, Trouble> {
        let mut random = Random::stream(seed, "world", 0);
        let disk = SimDisk::new();
        if let Some(Defect::MissingSync(site)) = defect {
            disk.ignore_syncs(site);
        }
        let records = SimulatedRecords::new(Box::new(|_| false)).map_err(|error| error.to_string())?;
        let records = Arc::new(records);
        let entropy = Arc::new(SeededEntropy::new(Random::stream(seed, "entropy", 0)));
        let trace = Arc::new(Trace::default());
        // Small segments, so that sealing, indexes and snapshots are crossed by crashes too.
        let options = Options { segment_bytes: *random.pick(&[32 << 10, 128 << 10, 1 << 20]) };
        let engine = EmbeddedEngine::open_with(disk.clone(), options).map_err(|error| error.to_string())?;
        let ports = Ports { disk: &disk, clock: &clock, faults: &faults, trace: &trace, defect };
        let ledger = ports.ledger(engine, Books::default());
        let operations = ports.operations(&ledger, &records, &bank, &entropy);
        let backup = None;
        Ok(Self {
            faults,
            trace,
            clock,
            bank,
            ledger,
            operations,
            disk,
            records,
            backup,
            random,
            entropy,
            options,
            defect,
        })
    }

    /// Keeps a copy of the records, to which a later crash may throw them back.
    ///
    /// # Errors
    /// What the database says.
    pub fn back_up_records(&mut self) -> Result<(), Trouble> {
        self.backup = Some(self.records.image().map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Brings the system up after the power failed: the ledger from what its disk kept, the records from another point,
    /// and everything interrupted ended by the start-up check. The power may fail again on the way.
    ///
    /// # Errors
    /// What does not come up.
    pub fn recover(&mut self, may_crash_again: bool) -> Result<(), Trouble> {
        let (mut books, mut uncertain) = self.ledger.take_books();
        loop {
            self.faults.count(FaultKind::Crash);
            self.trace.note("crash", &[self.faults.darkness().map_or(0, |place| place as u128)]);
            let buried = self.faults.restore_power();
            self.disk.crash(self.random.bits());
            self.throw_records_back()?;
            let crashes_again = may_crash_again && self.random.chance(180);
            if crashes_again && self.random.chance(400) && !self.open_under_fault() {
                self.crashed_in_recovery(buried);
                continue;
            }
            let engine = self.open_engine()?;
            self.ledger = self.ports().ledger(engine, std::mem::take(&mut books));
            self.settle_uncertain(uncertain.take())?;
            self.operations = self.ports().operations(&self.ledger, &self.records, &self.bank, &self.entropy);
            drop(buried);
            self.note_undecided()?;
            if crashes_again {
                self.faults.arm_crash(u32::try_from(self.random.below(9)).unwrap_or(0));
            }
            match poll_once(start_up_check::run(&self.operations)) {
                Some(Ok(done)) if done.rebuilt > 0 => self.faults.saw(Situation::LedgerAheadOfRecords),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(format!("the start-up check failed: {error}")),
                None if self.faults.darkness().is_some() => {
                    (books, uncertain) = self.ledger.take_books();
                    self.crashed_in_recovery(Vec::new());
                    continue;
                }
                None => return Err("the start-up check waits for an answer that never comes".to_owned()),
            }
            return Ok(());
        }
    }

    fn crashed_in_recovery(&self, buried: Vec<Box<dyn Send>>) {
        drop(buried);
        self.faults.cut_power(Place::WithinLedger);
        self.faults.count(FaultKind::CrashInRecovery);
        self.faults.saw(Situation::CrashDuringRecovery);
    }

    fn ports(&self) -> Ports<'_> {
        Ports {
            disk: &self.disk,
            clock: &self.clock,
            faults: &self.faults,
            trace: &self.trace,
            defect: self.defect,
        }
    }

    fn open_engine(&self) -> Result<EmbeddedEngine<SimDisk>, Trouble> {
        let engine = EmbeddedEngine::open_with(self.disk.clone(), self.options)
            .map_err(|error| format!("the ledger does not open after a crash: {error}"))?;
        if engine.recovery().bytes_cut > 0 {
            self.faults.saw(Situation::TornFrameTruncated);
        }
        Ok(engine)
    }

    /// Opens the engine on a failing disk. True where it opened all the same.
    fn open_under_fault(&mut self) -> bool {
        let after = u32::try_from(self.random.between(1, 4)).unwrap_or(1);
        let fault = match self.random.below(3) {
            0 => DiskFault::ReadError(after),
            1 => DiskFault::WriteError(after),
            _ => DiskFault::SyncError(after),
        };
        self.disk.order_fault(fault);
        let opened = EmbeddedEngine::open_with(self.disk.clone(), self.options).is_ok();
        if opened {
            // The fault did not strike yet; it must not strike later, when nobody expects it.
            self.disk.crash(self.random.bits());
        }
        opened
    }

    /// The records lose some of what nobody waited for, or come back from the backup.
    fn throw_records_back(&mut self) -> Result<(), Trouble> {
        let (durable, all) = (self.records.durable_jobs(), self.records.jobs());
        let keep = durable + self.random.below(all - durable + 1);
        self.records.crash(keep).map_err(|error| error.to_string())?;
        if keep < all {
            self.faults.count(FaultKind::RecordsLost);
        }
        let Some(backup) = self.backup.as_ref().filter(|_| self.random.chance(250)) else { return Ok(()) };
        let restored = SimulatedRecords::from_image(backup, Box::new(|_| false));
        self.records = Arc::new(restored.map_err(|error| error.to_string())?);
        self.faults.count(FaultKind::RecordsLost);
        Ok(())
    }

    /// Finds out which part of the batch survived in which the power failed, and enters it into the books.
    fn settle_uncertain(&self, uncertain: Option<Request>) -> Result<(), Trouble> {
        match uncertain {
            Some(Request::CreateAccounts(accounts)) => {
                let ids = accounts.iter().map(|account| account.id).collect();
                if let Response::Accounts(found) = self.ask(&Request::LookupAccounts(ids))? {
                    self.ledger.enter(|books| found.iter().for_each(|account| books.open(account)));
                }
                Ok(())
            }
            Some(Request::CreateTransfers(transfers)) => {
                let wanted: Vec<TransferId> = transfers.iter().map(|transfer| transfer.id).collect();
                let Response::Transfers(found) = self.ask(&Request::LookupTransfers(wanted))? else {
                    return Ok(());
                };
                let is_chain =
                    transfers.iter().any(|transfer| transfer.flags.contains(TransferFlags::LINKED));
                if is_chain && !found.is_empty() && found.len() != transfers.len() {
                    return Err("a linked batch survived a crash in part".to_owned());
                }
                let entered = self.ledger.enter(|books| {
                    let new = found.iter().filter(|transfer| !books.has_transfer(transfer.id));
                    let new: Vec<_> = new.copied().collect();
                    new.iter().try_for_each(|transfer| books.post(transfer))
                });
                entered.map_err(|mismatch| mismatch.0)
            }
            _ => Ok(()),
        }
    }

    /// Notes whether the records have an open operation that the ledger never decided.
    fn note_undecided(&self) -> Result<(), Trouble> {
        let backend: Arc<dyn Backend> = Arc::<SimulatedRecords>::clone(&self.records);
        let records = Records::new(backend);
        let reading = records.read(|sql| records::operations::open_after(sql, 0, 100));
        let Some(Ok(open)) = poll_once(reading) else {
            return Err("the records do not answer after a crash".to_owned());
        };
        for operation in open {
            if !self.has_transfer(wallet::postings::decision_id(operation.id))? {
                self.faults.saw(Situation::RecordsAheadOfLedger);
            }
        }
        Ok(())
    }

    /// Asks the ledger past the switch.
    ///
    /// # Errors
    /// The engine's error in words.
    pub fn ask(&self, request: &Request) -> Result<Response, Trouble> {
        self.ledger.ask(request).map_err(|error| format!("the ledger failed without a fault: {error}"))
    }

    /// Whether the ledger has this transfer.
    ///
    /// # Errors
    /// The engine's error in words.
    pub fn has_transfer(&self, id: TransferId) -> Result<bool, Trouble> {
        let answer = self.ask(&Request::LookupTransfers(vec![id]))?;
        Ok(matches!(answer, Response::Transfers(found) if !found.is_empty()))
    }

    /// Reads the whole journal anew, as an auditor would.
    ///
    /// # Errors
    /// The first finding.
    pub fn verify_ledger(&self) -> Result<(), Trouble> {
        let copy = self.disk.deep_clone();
        let result = ledger_embedded::verify(copy).map_err(|error| error.to_string())?;
        result.findings.first().map_or(Ok(()), |finding| Err(format!("verify found: {finding}")))
    }
}

/// What the ports of a process are made of.
struct Ports<'a> {
    disk: &'a SimDisk,
    clock: &'a Arc<SetClock>,
    faults: &'a Arc<Faults>,
    trace: &'a Arc<Trace>,
    defect: Option<Defect>,
}

impl Ports<'_> {
    fn ledger(&self, engine: EmbeddedEngine<SimDisk>, books: Books) -> Arc<LedgerPort> {
        let engine: Box<dyn Engine + Send> = Box::new(engine);
        let engine = match self.defect {
            Some(defect) => defect.wrap(engine),
            None => engine,
        };
        Arc::new(LedgerPort::new(
            engine,
            self.disk.clone(),
            books,
            Arc::clone(self.clock),
            Arc::clone(self.faults),
            Arc::clone(self.trace),
        ))
    }

    fn operations(
        &self,
        ledger: &Arc<LedgerPort>,
        records: &Arc<SimulatedRecords>,
        bank: &Arc<BankPort>,
        entropy: &Arc<SeededEntropy>,
    ) -> Operations {
        let inner: Arc<dyn Backend> = Arc::<SimulatedRecords>::clone(records);
        let records = RecordsPort::new(inner, Arc::clone(self.faults));
        Operations::new(Services {
            ledger: Arc::<LedgerPort>::clone(ledger),
            records: Records::new(Arc::new(records)),
            bank: Arc::<BankPort>::clone(bank),
            clock: Arc::<SetClock>::clone(self.clock),
            entropy: Arc::<SeededEntropy>::clone(entropy),
            policy: Policy::default(),
        })
    }
}
