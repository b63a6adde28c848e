//! The state that decides, in memory: accounts, open pending transfers, the id index, and the engine's time.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ledger::{AccountFlags, AccountId, Timestamp, Transfer, TransferFlags, TransferId};

use crate::accounts::{AccountSlots, Accounts, Entry, Slot};
use crate::id_index::{IdIndex, Key};
use crate::record::{Position, Previous, Record};

/// A pending transfer that is neither posted, voided nor expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenPending {
    pub(crate) transfer: Transfer,
    pub(crate) position: Position,
}

/// The times that the rules of timestamps need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Times {
    /// The engine's own time: the greatest timestamp given out.
    pub(crate) last: Timestamp,
    pub(crate) last_account: Timestamp,
    pub(crate) first_transfer: Timestamp,
    pub(crate) last_transfer: Timestamp,
}

/// Everything that the rules need, rebuilt from snapshot and journal.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) accounts: Accounts,
    pub(crate) slots: AccountSlots,
    pub(crate) pendings: HashMap<TransferId, OpenPending, FixedState>,
    pub(crate) expiries: BTreeMap<(Timestamp, Timestamp), TransferId>,
    pub(crate) ids: IdIndex,
    pub(crate) times: Times,
}

/// Why a record does not fit the state before it.
pub(crate) type Misfit = &'static str;

impl State {
    pub(crate) fn new() -> Self {
        Self {
            accounts: Accounts::default(),
            slots: AccountSlots::default(),
            pendings: HashMap::default(),
            expiries: BTreeMap::new(),
            ids: IdIndex::new(),
            times: Times::default(),
        }
    }

    pub(crate) fn add_account(&mut self, entry: Entry) {
        let slot = self.accounts.push(entry);
        self.slots.insert(entry.account.id, slot);
        self.times.last_account = entry.account.timestamp;
        self.times.last = self.times.last.max(entry.account.timestamp);
    }

    pub(crate) fn add_pending(&mut self, transfer: &Transfer, position: Position) {
        self.pendings.insert(transfer.id, OpenPending { transfer: *transfer, position });
        if let Some(at) = transfer.expires_at() {
            self.expiries.insert((at, transfer.timestamp), transfer.id);
        }
    }

    pub(crate) fn remove_pending(&mut self, pending: &Transfer) {
        self.pendings.remove(&pending.id);
        if let Some(at) = pending.expires_at() {
            self.expiries.remove(&(at, pending.timestamp));
        }
    }

    pub(crate) fn note_transfer_time(&mut self, timestamp: Timestamp) {
        if self.times.first_transfer.is_zero() {
            self.times.first_transfer = timestamp;
        }
        self.times.last_transfer = timestamp;
        self.times.last = self.times.last.max(timestamp);
    }

    /// The keys under which a record is found.
    pub(crate) fn keys_of(record: &Record) -> impl Iterator<Item = Key> + use<> {
        let (own, resolved) = match record {
            Record::Account(_) => (None, None),
            Record::Failed(id, _) => (Some(Key::of_transfer(id.0)), None),
            Record::Expired(released, _) => (None, Some(Key::of_resolution(released.pending_id.0))),
            Record::Transfer(transfer, _) => (
                Some(Key::of_transfer(transfer.id.0)),
                transfer.resolves_pending().then(|| Key::of_resolution(transfer.pending_id.0)),
            ),
        };
        own.into_iter().chain(resolved)
    }

    /// Takes a record of the journal over into the state, the id index apart.
    pub(crate) fn replay(&mut self, record: &Record, position: Position) -> Result<(), Misfit> {
        match record {
            Record::Account(account) => {
                if self.slots.get(account.id).is_some() {
                    return Err("account exists already");
                }
                self.add_account(Entry { account: *account, last: Position::NONE });
            }
            Record::Failed(_, timestamp) => self.times.last = self.times.last.max(*timestamp),
            Record::Transfer(transfer, previous) => {
                self.replay_transfer(transfer, *previous, position)?;
                self.note_transfer_time(transfer.timestamp);
            }
            Record::Expired(released, previous) => {
                let pending = self.pendings.get(&released.pending_id).copied();
                let pending = pending.ok_or("what expires is not pending")?;
                self.replay_release(&pending.transfer, *previous, position, released.flags)?;
                self.times.last = self.times.last.max(released.timestamp);
            }
        }
        Ok(())
    }

    fn replay_transfer(
        &mut self,
        t: &Transfer,
        previous: Previous,
        position: Position,
    ) -> Result<(), Misfit> {
        if t.resolves_pending() {
            let pending =
                self.pendings.get(&t.pending_id).copied().ok_or("what is resolved is not pending")?;
            let void = t.flags.contains(TransferFlags::VOID_PENDING_TRANSFER);
            let reopened = if void { pending.transfer.flags } else { TransferFlags::NONE };
            let (debit, credit) = self.replay_release(&pending.transfer, previous, position, reopened)?;
            if !void {
                self.accounts.get_mut(debit).account.debits_posted.0 += t.amount.0;
                self.accounts.get_mut(credit).account.credits_posted.0 += t.amount.0;
            }
            return Ok(());
        }
        let debit = self.replay_link(t.debit_account_id, previous.debit, position)?;
        let credit = self.replay_link(t.credit_account_id, previous.credit, position)?;
        let pending = t.flags.contains(TransferFlags::PENDING);
        let account = &mut self.accounts.get_mut(debit).account;
        let sum = if pending { &mut account.debits_pending } else { &mut account.debits_posted };
        *sum = sum.checked_add(t.amount).ok_or("debits overflow")?;
        if t.flags.contains(TransferFlags::CLOSING_DEBIT) {
            account.flags |= AccountFlags::CLOSED;
        }
        let account = &mut self.accounts.get_mut(credit).account;
        let sum = if pending { &mut account.credits_pending } else { &mut account.credits_posted };
        *sum = sum.checked_add(t.amount).ok_or("credits overflow")?;
        if t.flags.contains(TransferFlags::CLOSING_CREDIT) {
            account.flags |= AccountFlags::CLOSED;
        }
        if pending {
            self.add_pending(t, position);
        }
        Ok(())
    }

    /// Gives back what a pending transfer reserved, and reopens what `reopened` says that it closed.
    fn replay_release(
        &mut self,
        pending: &Transfer,
        previous: Previous,
        position: Position,
        reopened: TransferFlags,
    ) -> Result<(Slot, Slot), Misfit> {
        let debit = self.replay_link(pending.debit_account_id, previous.debit, position)?;
        let credit = self.replay_link(pending.credit_account_id, previous.credit, position)?;
        let account = &mut self.accounts.get_mut(debit).account;
        account.debits_pending =
            account.debits_pending.checked_sub(pending.amount).ok_or("debits underflow")?;
        if reopened.contains(TransferFlags::CLOSING_DEBIT) {
            account.flags = account.flags.without(AccountFlags::CLOSED);
        }
        let account = &mut self.accounts.get_mut(credit).account;
        account.credits_pending =
            account.credits_pending.checked_sub(pending.amount).ok_or("credits underflow")?;
        if reopened.contains(TransferFlags::CLOSING_CREDIT) {
            account.flags = account.flags.without(AccountFlags::CLOSED);
        }
        self.remove_pending(pending);
        Ok((debit, credit))
    }

    /// Moves an account's chain on to this record, checking that the record points back to the right place.
    fn replay_link(&mut self, id: AccountId, previous: Position, position: Position) -> Result<Slot, Misfit> {
        let slot = self.slots.get(id).ok_or("account does not exist")?;
        let entry = self.accounts.get_mut(slot);
        if entry.last != previous {
            return Err("record does not point back to the account's previous record");
        }
        entry.last = position;
        Ok(slot)
    }

    /// Bytes of memory: accounts with their ids, and the id index.
    pub(crate) fn memory_bytes(&self) -> (usize, usize) {
        (self.accounts.len() * size_of::<Entry>() + self.slots.memory_bytes(), self.ids.memory_bytes())
    }
}
