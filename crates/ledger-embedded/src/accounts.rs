//! All accounts in memory, in chunks that a snapshot can hold on to while the engine goes on.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ledger::{Account, AccountId, Timestamp};

use crate::record::Position;

/// An account with the place of its last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    pub(crate) account: Account,
    pub(crate) last: Position,
}

const CHUNK: usize = 256;

/// Accounts in order of creation. Cloning shares the chunks; changing one afterwards copies only that chunk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    chunks: Vec<Arc<[Entry]>>,
    length: usize,
}

/// The place of an account in [`Accounts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u32);

impl Accounts {
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    pub(crate) fn get(&self, slot: Slot) -> &Entry {
        let index = slot.0 as usize;
        &self.chunks[index / CHUNK][index % CHUNK]
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut Entry {
        let index = slot.0 as usize;
        &mut Arc::make_mut(&mut self.chunks[index / CHUNK])[index % CHUNK]
    }

    pub(crate) fn push(&mut self, entry: Entry) -> Slot {
        if self.length == self.chunks.len() * CHUNK {
            self.chunks.push(Arc::from(vec![Entry::default(); CHUNK]));
        }
        let slot = Slot(u32::try_from(self.length).unwrap_or(u32::MAX));
        self.length += 1;
        *self.get_mut(slot) = entry;
        slot
    }

    pub(crate) fn pop(&mut self) -> Option<Entry> {
        self.length = self.length.checked_sub(1)?;
        let slot = Slot(u32::try_from(self.length).unwrap_or(u32::MAX));
        Some(std::mem::take(self.get_mut(slot)))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).take(self.length)
    }

    /// Whether an account has exactly this timestamp: they are in order of it.
    pub(crate) fn exists_at(&self, timestamp: Timestamp) -> bool {
        let at = |index: usize| self.chunks[index / CHUNK][index % CHUNK].account.timestamp;
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = usize::midpoint(low, high);
            if at(middle) < timestamp { low = middle + 1 } else { high = middle }
        }
        low < self.length && at(low) == timestamp
    }
}

/// Where each account id is.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountSlots(HashMap<AccountId, Slot, FixedState>);

impl AccountSlots {
    pub(crate) fn get(&self, id: AccountId) -> Option<Slot> {
        self.0.get(&id).copied()
    }

    pub(crate) fn insert(&mut self, id: AccountId, slot: Slot) {
        self.0.insert(id, slot);
    }

    pub(crate) fn remove(&mut self, id: AccountId) {
        self.0.remove(&id);
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.0.allocation_size()
    }
}
