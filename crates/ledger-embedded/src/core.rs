//! State and journal together: what the state machine reads and writes, one frame at a time.

use std::sync::Arc;

use ledger::{
    Account, AccountId, BATCH_MAX, CreateAccountResult, CreateTransferResult, Existing, PendingStatus, Store,
    Timestamp, Transfer, TransferFlags, TransferId, apply,
};

use crate::accounts::{Entry, Slot};
use crate::frame::{FRAME_RECORDS_MAX, frame_records_that_fit};
use crate::id_index::Key;
use crate::record::{Position, Previous, Record};
use crate::sealed_index::Entries;
use crate::segments::{FrameMark, Journal, ReadError, SealedFrame, Segments};
use crate::state::{OpenPending, State, Times};
use crate::storage::{Storage, StorageError};

/// What a write did, so that a broken chain can undo it.
enum Undo {
    Account,
    Transfer(Box<Written>),
}

/// A transfer that was written, and what was there before it.
struct Written {
    transfer: Transfer,
    position: Position,
    resolved: Option<OpenPending>,
    accounts: [Before; 2],
}

type Before = (Slot, Entry);

struct Scope {
    mark: FrameMark,
    entries: usize,
    times: Times,
    undo: Vec<Undo>,
}

/// A segment that takes no more frames, with its index entries where they were gathered.
pub(crate) struct Sealed {
    pub(crate) segment: u64,
    pub(crate) entries: Option<Entries>,
}

/// The deciding heart of the engine. It fills frames; to write them and to
/// make them durable is its owner's business.
pub(crate) struct Core<S: Storage> {
    pub(crate) state: State,
    pub(crate) journal: Journal<S>,
    scope: Option<Scope>,
    /// The index entries of the growing segment, where this engine has seen it from its beginning.
    entries: Option<Entries>,
    /// The most records that expiries may take of a frame.
    expiry_room: usize,
}

impl<S: Storage> Core<S> {
    pub(crate) fn new(state: State, journal: Journal<S>) -> Self {
        let fit = frame_records_that_fit(journal.segments.segment_bytes());
        let entries = journal.end.is_multiple_of(journal.segments.segment_bytes()).then(Entries::default);
        Self { state, journal, scope: None, entries, expiry_room: fit.min(FRAME_RECORDS_MAX) / 2 }
    }

    pub(crate) fn segments(&self) -> Arc<Segments<S>> {
        Arc::clone(&self.journal.segments)
    }

    /// The most events that one batch may have: a batch is one frame, and a frame lies in one segment.
    pub(crate) fn batch_max(&self) -> usize {
        frame_records_that_fit(self.journal.segments.segment_bytes()).min(BATCH_MAX)
    }

    /// Begins a frame for at most so many records. Tells of the segment that this sealed.
    pub(crate) fn begin_frame(&mut self, records: usize) -> Result<Option<Sealed>, StorageError> {
        let sealed = self.journal.reserve(records)?;
        Ok(sealed.map(|segment| Sealed { segment, entries: self.entries.replace(Entries::default()) }))
    }

    fn index(&mut self, key: Key, position: Position) {
        self.state.ids.insert(key, position);
        if let Some(entries) = &mut self.entries {
            entries.push(key, position, self.journal.segments.segment_bytes());
        }
    }

    /// Ends the frame, where it has any record. Its owner writes it.
    #[must_use]
    pub(crate) fn seal_frame(&mut self, durable_offset: u64) -> Option<SealedFrame> {
        self.journal.seal(self.state.times.last, durable_offset)
    }

    /// Lets go of what was written before an offset.
    pub(crate) fn forget_written(&mut self, before: u64) {
        self.journal.forget_before(before);
    }

    /// The most records that a frame needs for the next round of expiries, 0 where nothing is due.
    pub(crate) fn due(&self, now: Timestamp) -> usize {
        let due = self.state.expiries.range(..=(now, Timestamp::MAX)).take(self.expiry_room);
        due.count()
    }

    pub(crate) fn expire_due(&mut self, now: Timestamp) -> Result<(), ReadError> {
        apply::expire_due(self, now)
    }

    pub(crate) fn create_accounts(
        &mut self,
        now: Timestamp,
        accounts: &[Account],
    ) -> Result<Vec<CreateAccountResult>, ReadError> {
        apply::create_accounts(self, now, accounts)
    }

    pub(crate) fn create_transfers(
        &mut self,
        now: Timestamp,
        transfers: &[Transfer],
    ) -> Result<Vec<CreateTransferResult>, ReadError> {
        apply::create_transfers(self, now, transfers)
    }

    pub(crate) fn lookup_account(&self, id: AccountId) -> Option<Account> {
        self.state.slots.get(id).map(|slot| self.state.accounts.get(slot).account)
    }

    pub(crate) fn lookup_transfer(&self, id: TransferId) -> Result<Option<Transfer>, ReadError> {
        match self.find_transfer(id)? {
            Existing::Found(transfer) => Ok(Some(transfer)),
            Existing::Failed | Existing::NotFound => Ok(None),
        }
    }

    /// Changes an account and moves its chain on; tells what was there before.
    fn update(&mut self, (slot, account): (Slot, &Account), position: Position) -> Before {
        let entry = self.state.accounts.get_mut(slot);
        let before = *entry;
        *entry = Entry { account: *account, last: position };
        (slot, before)
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Account => {
                if let Some(entry) = self.state.accounts.pop() {
                    self.state.slots.remove(entry.account.id);
                }
            }
            Undo::Transfer(written) => self.undo_transfer(&written),
        }
    }

    fn undo_transfer(&mut self, written: &Written) {
        let Written { transfer, position, resolved, accounts } = written;
        self.state.ids.remove(Key::of_transfer(transfer.id.0), *position);
        if transfer.flags.contains(TransferFlags::PENDING) {
            self.state.remove_pending(transfer);
        }
        if let Some(open) = resolved {
            self.state.ids.remove(Key::of_resolution(open.transfer.id.0), *position);
            self.state.add_pending(&open.transfer, open.position);
        }
        for (slot, entry) in accounts {
            *self.state.accounts.get_mut(*slot) = *entry;
        }
    }
}

impl<S: Storage> Store for Core<S> {
    type Error = ReadError;
    type Slot = Slot;

    fn find_account(&self, id: AccountId) -> Option<Slot> {
        self.state.slots.get(id)
    }

    fn account(&self, slot: Slot) -> &Account {
        &self.state.accounts.get(slot).account
    }

    fn insert_account(&mut self, account: &Account) {
        self.journal.append(&Record::Account(*account));
        self.state.add_account(Entry { account: *account, last: Position::NONE });
        if let Some(scope) = &mut self.scope {
            scope.undo.push(Undo::Account);
        }
    }

    fn expect_transfers(&self, transfers: &[Transfer]) {
        let own = transfers.iter().map(|transfer| Key::of_transfer(transfer.id.0));
        let resolving = transfers.iter().filter(|transfer| transfer.pending_id.0 != 0);
        let resolved = resolving.map(|transfer| Key::of_resolution(transfer.pending_id.0));
        self.state.ids.bring_near(own.chain(resolved));
        let accounts =
            transfers.iter().flat_map(|transfer| [transfer.debit_account_id, transfer.credit_account_id]);
        let slots = accounts.filter_map(|id| self.state.slots.get(id));
        let near = |all: u128, slot| all ^ self.state.accounts.get(slot).account.credits_posted.0;
        std::hint::black_box(slots.fold(0, near));
    }

    fn find_transfer(&self, id: TransferId) -> Result<Existing, ReadError> {
        for position in self.state.ids.find(Key::of_transfer(id.0)) {
            if let Some(open) = self.state.pendings.get(&id) {
                return Ok(Existing::Found(open.transfer));
            }
            match self.journal.record(position)? {
                Record::Transfer(transfer, _) if transfer.id == id => return Ok(Existing::Found(transfer)),
                Record::Failed(failed, _) if failed == id => return Ok(Existing::Failed),
                _ => {}
            }
        }
        Ok(Existing::NotFound)
    }

    fn pending_status(&self, pending: &Transfer) -> Result<PendingStatus, ReadError> {
        if self.state.pendings.contains_key(&pending.id) {
            return Ok(PendingStatus::Pending);
        }
        for position in self.state.ids.find(Key::of_resolution(pending.id.0)) {
            match self.journal.record(position)? {
                Record::Expired(released, _) if released.pending_id == pending.id => {
                    return Ok(PendingStatus::Expired);
                }
                Record::Transfer(t, _) if t.pending_id == pending.id => {
                    let void = t.flags.contains(TransferFlags::VOID_PENDING_TRANSFER);
                    return Ok(if void { PendingStatus::Voided } else { PendingStatus::Posted });
                }
                _ => {}
            }
        }
        Err(ReadError::Damaged(format!(
            "pending transfer {} has neither an open nor a closed state",
            pending.id
        )))
    }

    fn insert_transfer(
        &mut self,
        transfer: &Transfer,
        pending: Option<&Transfer>,
        debit: (Slot, &Account),
        credit: (Slot, &Account),
    ) {
        let resolved = pending.and_then(|pending| self.state.pendings.get(&pending.id).copied());
        let previous = Previous {
            pending: resolved.map_or(Position::NONE, |open| open.position),
            debit: self.state.accounts.get(debit.0).last,
            credit: self.state.accounts.get(credit.0).last,
        };
        let position = self.journal.append_transfer(transfer, previous);
        self.index(Key::of_transfer(transfer.id.0), position);
        if let Some(open) = &resolved {
            self.index(Key::of_resolution(open.transfer.id.0), position);
            self.state.remove_pending(&open.transfer);
        }
        if transfer.flags.contains(TransferFlags::PENDING) {
            self.state.add_pending(transfer, position);
        }
        self.state.note_transfer_time(transfer.timestamp);
        let debit = self.update(debit, position);
        let credit = self.update(credit, position);
        if let Some(scope) = &mut self.scope {
            let written = Written { transfer: *transfer, position, resolved, accounts: [debit, credit] };
            scope.undo.push(Undo::Transfer(Box::new(written)));
        }
    }

    fn insert_failed(&mut self, id: TransferId, timestamp: Timestamp) {
        let position = self.journal.append(&Record::Failed(id, timestamp));
        self.index(Key::of_transfer(id.0), position);
        self.state.times.last = self.state.times.last.max(timestamp);
    }

    fn next_expired(&self, now: Timestamp) -> Option<Transfer> {
        if self.journal.frame_records() >= self.expiry_room {
            return None;
        }
        let (&(at, _), id) = self.state.expiries.first_key_value()?;
        if at > now {
            return None;
        }
        self.state.pendings.get(id).map(|open| open.transfer)
    }

    fn expire(
        &mut self,
        pending: &Transfer,
        timestamp: Timestamp,
        debit: (Slot, &Account),
        credit: (Slot, &Account),
    ) {
        let released = Transfer {
            id: TransferId::ZERO,
            pending_id: pending.id,
            timeout: 0,
            user_data_128: 0,
            user_data_64: 0,
            user_data_32: 0,
            timestamp,
            ..*pending
        };
        let previous = Previous {
            pending: self.state.pendings.get(&pending.id).map_or(Position::NONE, |open| open.position),
            debit: self.state.accounts.get(debit.0).last,
            credit: self.state.accounts.get(credit.0).last,
        };
        let position = self.journal.append(&Record::Expired(released, previous));
        self.index(Key::of_resolution(pending.id.0), position);
        self.state.remove_pending(pending);
        self.state.times.last = self.state.times.last.max(timestamp);
        self.update(debit, position);
        self.update(credit, position);
    }

    fn last_timestamp(&self) -> Timestamp {
        self.state.times.last
    }

    fn last_account_timestamp(&self) -> Timestamp {
        self.state.times.last_account
    }

    fn last_transfer_timestamp(&self) -> Timestamp {
        self.state.times.last_transfer
    }

    fn account_exists_at(&self, timestamp: Timestamp) -> bool {
        self.state.accounts.exists_at(timestamp)
    }

    fn transfer_exists_at(&self, timestamp: Timestamp) -> Result<bool, ReadError> {
        let times = &self.state.times;
        if timestamp < times.first_transfer || timestamp > times.last_transfer {
            return Ok(false);
        }
        let is_it = |record: &Record| matches!(record, Record::Transfer(t, _) if t.timestamp == timestamp);
        if self.journal.unwritten_records().any(|record| is_it(&record)) {
            return Ok(true);
        }
        crate::query::any_record(&self.journal.segments, self.journal.written_end(), is_it)
    }

    fn scope_open(&mut self) {
        let entries = self.entries.as_ref().map_or(0, Entries::len);
        self.scope =
            Some(Scope { mark: self.journal.mark(), entries, times: self.state.times, undo: Vec::new() });
    }

    fn scope_persist(&mut self) {
        self.scope = None;
    }

    fn scope_discard(&mut self) {
        let Some(scope) = self.scope.take() else { return };
        for undo in scope.undo.into_iter().rev() {
            self.undo(undo);
        }
        self.journal.cut(scope.mark);
        if let Some(entries) = &mut self.entries {
            entries.truncate(scope.entries);
        }
        // Time is that of the facts in the journal, so that recovery comes to the same.
        self.state.times = scope.times;
    }
}
