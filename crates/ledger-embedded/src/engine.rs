//! The engine for one caller at a time: each call is durable when it returns.

use std::sync::Arc;

use ledger::{
    Account, AccountBalance, AccountFilter, AccountFlags, AccountId, BATCH_MAX, CreateAccountResult,
    CreateTransferResult, Engine, EngineError, QueryFilter, Timestamp, Transfer, TransferId,
};

use crate::core::{Core, Sealed};
use crate::query;
use crate::recovery::{self, OpenError, Options, Recovery};
use crate::sealed_index;
use crate::segments::{FrameWriter, ReadError};
use crate::snapshot::{self, Snapshot};
use crate::storage::{ASIDE, Storage, StorageError};

/// The embedded engine over a [`Storage`].
pub struct EmbeddedEngine<S: Storage> {
    pub(crate) core: Core<S>,
    pub(crate) frames: FrameWriter<S>,
    pub(crate) snapshots: SnapshotPlan,
    /// Everything before this offset of the journal is durable.
    durable: u64,
    /// Sealed segments whose index is not written yet.
    sealed: Vec<Sealed>,
    deferred: bool,
    stopped: Option<String>,
    recovery: Recovery,
}

impl<S: Storage> std::fmt::Debug for EmbeddedEngine<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedEngine")
            .field("durable", &self.durable)
            .field("stopped", &self.stopped)
            .finish()
    }
}

/// When the next snapshot is worth its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotPlan {
    last: u64,
}

impl SnapshotPlan {
    pub(crate) const fn new(last: u64) -> Self {
        Self { last }
    }

    /// Whether so much was written since the last snapshot that another costs less than it saves.
    pub(crate) fn is_due<S: Storage>(self, core: &Core<S>) -> bool {
        let written = core.journal.end - self.last;
        written >= core.journal.segments.segment_bytes() && written >= Snapshot::size_of(&core.state)
    }

    pub(crate) fn take<S: Storage>(&mut self, core: &Core<S>) -> Snapshot {
        self.last = core.journal.end;
        Snapshot::take(&core.state, core.journal.end, core.journal.sequence, core.journal.previous)
    }
}

/// Writes a snapshot whose frames are durable, and removes all but the one before it.
pub(crate) fn write_snapshot<S: Storage>(storage: &S, snapshot: &Snapshot) -> Result<(), StorageError> {
    snapshot.write(storage)?;
    let is_snapshot = |name: &String| name.starts_with(snapshot::PREFIX) && !name.ends_with(ASIDE);
    let names: Vec<String> = storage.list()?.into_iter().filter(is_snapshot).collect();
    for name in names.iter().rev().skip(2) {
        storage.remove(name)?;
    }
    Ok(())
}

/// What the engine holds in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// How many accounts there are.
    pub accounts: usize,
    /// Bytes for the accounts and their ids.
    pub account_bytes: usize,
    /// Bytes of the id index of transfers.
    pub id_index_bytes: usize,
}

impl<S: Storage> EmbeddedEngine<S> {
    /// Opens the journal in the storage, beginning a new one where there is none.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(storage: S) -> Result<Self, OpenError> {
        Self::open_with(storage, Options::default())
    }

    /// Opens the journal with these options.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_with(storage: S, options: Options) -> Result<Self, OpenError> {
        let (core, recovery) = recovery::open(Arc::new(storage), options)?;
        let durable = core.journal.end;
        Ok(Self {
            snapshots: SnapshotPlan::new(durable),
            frames: FrameWriter::new(core.segments(), durable),
            core,
            durable,
            sealed: Vec::new(),
            deferred: false,
            stopped: None,
            recovery,
        })
    }

    /// What opening found and did.
    pub const fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// What the engine holds in memory.
    pub fn memory(&self) -> Memory {
        let (account_bytes, id_index_bytes) = self.core.state.memory_bytes();
        Memory { accounts: self.core.state.accounts.len(), account_bytes, id_index_bytes }
    }

    /// The engine's time: the greatest timestamp given out.
    pub fn time(&self) -> Timestamp {
        self.core.state.times.last
    }

    /// Whether calls return before they are durable, until [`EmbeddedEngine::flush`]. For filling a new ledger that nobody
    /// relies on yet.
    pub const fn set_deferred(&mut self, deferred: bool) {
        self.deferred = deferred;
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn flush(&mut self) -> Result<(), EngineError> {
        self.alive()?;
        let result = self.sync();
        self.stop_on(result)
    }

    /// Saves a snapshot, so that the next opening replays nothing and misses nothing.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn close(mut self) -> Result<(), EngineError> {
        self.flush()?;
        let snapshot = self.snapshots.take(&self.core);
        let result = write_snapshot(self.core.journal.segments.storage(), &snapshot);
        self.stop_on(result.map_err(ReadError::from))
    }

    fn alive(&self) -> Result<(), EngineError> {
        match &self.stopped {
            Some(why) => Err(EngineError::Stopped(why.clone())),
            None => Ok(()),
        }
    }

    /// After the first failure nothing is acknowledged any more: what is durable is unknown.
    fn stop_on<T>(&mut self, result: Result<T, ReadError>) -> Result<T, EngineError> {
        result.map_err(|error| {
            let why = error.to_string();
            self.stopped = Some(why.clone());
            EngineError::Stopped(why)
        })
    }

    fn sync(&mut self) -> Result<(), ReadError> {
        self.core.journal.segments.sync(self.durable, self.core.journal.end)?;
        self.durable = self.core.journal.end;
        for sealed in std::mem::take(&mut self.sealed) {
            sealed_index::write(&self.core.journal.segments, sealed.segment, sealed.entries)?;
        }
        if self.snapshots.is_due(&self.core) {
            let snapshot = self.snapshots.take(&self.core);
            write_snapshot(self.core.journal.segments.storage(), &snapshot)?;
        }
        Ok(())
    }

    fn write_frame(&mut self) -> Result<(), StorageError> {
        if let Some(frame) = self.core.seal_frame(self.durable) {
            self.frames.write(&frame)?;
            drop(frame);
            self.core.forget_written(self.core.journal.end);
        }
        Ok(())
    }

    fn begin(&mut self, records: usize) -> Result<(), ReadError> {
        let sealed = self.core.begin_frame(records)?;
        self.sealed.extend(sealed);
        Ok(())
    }

    fn expire(&mut self, now: Timestamp) -> Result<(), ReadError> {
        loop {
            let due = self.core.due(now);
            if due == 0 {
                return Ok(());
            }
            self.begin(due)?;
            self.core.expire_due(now)?;
            self.write_frame()?;
        }
    }

    /// Runs one batch as one frame.
    fn batch<T>(
        &mut self,
        now: Timestamp,
        events: usize,
        run: impl FnOnce(&mut Core<S>) -> Result<T, ReadError>,
    ) -> Result<T, EngineError> {
        self.alive()?;
        if events > self.core.batch_max() {
            return Err(EngineError::BatchTooLarge);
        }
        let result = self.durable_frame(now, events, run);
        self.stop_on(result)
    }

    fn durable_frame<T>(
        &mut self,
        now: Timestamp,
        events: usize,
        run: impl FnOnce(&mut Core<S>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        self.expire(now)?;
        self.begin(events)?;
        let results = run(&mut self.core)?;
        self.write_frame()?;
        if !self.deferred {
            self.sync()?;
        }
        Ok(results)
    }

    fn read<T>(&mut self, result: Result<T, ReadError>) -> Result<T, EngineError> {
        self.alive()?;
        self.stop_on(result)
    }
}

impl<S: Storage> Engine for EmbeddedEngine<S> {
    fn create_accounts(
        &mut self,
        now: Timestamp,
        accounts: &[Account],
    ) -> Result<Vec<CreateAccountResult>, EngineError> {
        self.batch(now, accounts.len(), |core| core.create_accounts(now, accounts))
    }

    fn create_transfers(
        &mut self,
        now: Timestamp,
        transfers: &[Transfer],
    ) -> Result<Vec<CreateTransferResult>, EngineError> {
        self.batch(now, transfers.len(), |core| core.create_transfers(now, transfers))
    }

    fn lookup_accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Account>, EngineError> {
        self.alive()?;
        if ids.len() > BATCH_MAX {
            return Err(EngineError::BatchTooLarge);
        }
        Ok(ids.iter().filter_map(|id| self.core.lookup_account(*id)).collect())
    }

    fn lookup_transfers(&mut self, ids: &[TransferId]) -> Result<Vec<Transfer>, EngineError> {
        self.alive()?;
        if ids.len() > BATCH_MAX {
            return Err(EngineError::BatchTooLarge);
        }
        let found = ids.iter().filter_map(|id| self.core.lookup_transfer(*id).transpose()).collect();
        self.read(found)
    }

    fn get_account_transfers(&mut self, filter: &AccountFilter) -> Result<Vec<Transfer>, EngineError> {
        let slot = if filter.is_valid() { self.core.state.slots.get(filter.account_id) } else { None };
        let Some(slot) = slot else { return self.read(Ok(Vec::new())) };
        let head = self.core.state.accounts.get(slot).last;
        let found = query::account_transfers(&self.core.segments(), head, filter);
        self.read(found)
    }

    fn get_account_balances(&mut self, filter: &AccountFilter) -> Result<Vec<AccountBalance>, EngineError> {
        let slot = if filter.is_valid() { self.core.state.slots.get(filter.account_id) } else { None };
        let Some(slot) = slot else { return self.read(Ok(Vec::new())) };
        let entry = *self.core.state.accounts.get(slot);
        if !entry.account.flags.contains(AccountFlags::HISTORY) {
            return self.read(Ok(Vec::new()));
        }
        let found = query::account_balances(&self.core.segments(), entry.account, entry.last, filter);
        self.read(found)
    }

    fn query_accounts(&mut self, filter: &QueryFilter) -> Result<Vec<Account>, EngineError> {
        self.alive()?;
        if !filter.is_valid() {
            return Ok(Vec::new());
        }
        Ok(query::accounts(self.core.state.accounts.iter().map(|entry| &entry.account), filter))
    }

    fn query_transfers(&mut self, filter: &QueryFilter) -> Result<Vec<Transfer>, EngineError> {
        if !filter.is_valid() {
            return self.read(Ok(Vec::new()));
        }
        let found = query::transfers(&self.core.segments(), self.core.journal.end, filter);
        self.read(found)
    }

    fn advance(&mut self, now: Timestamp) -> Result<(), EngineError> {
        self.batch(now, 0, |_| Ok(()))
    }
}
