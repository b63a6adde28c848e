//! Where in the journal an id is: an in-memory table of eight-byte slots.
//!
//! A key is the 36-bit hash of an id. Its top 12 bits choose one of 4,096 partitions, each an open-addressing table of
//! its own, so that growing rehashes a few thousand slots at a time and never stops the engine. A slot holds the other
//! 24 bits and the 40-bit position. Two ids may share a key: the caller reads the record and compares.

use crate::record::Position;

const PARTITION_BITS: u32 = 12;
const PARTITIONS: usize = 1 << PARTITION_BITS;
const TAG_BITS: u32 = 24;
const POSITION_BITS: u32 = 40;

/// The 36-bit hash of an id in one of the index's domains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(u64);

/// Bits of a [`Key`].
pub(crate) const KEY_BITS: u32 = PARTITION_BITS + TAG_BITS;

const fn fold(left: u64, right: u64) -> u64 {
    let product = (left as u128).wrapping_mul(right as u128);
    (product >> 64) as u64 ^ product as u64
}

const fn hash(id: u128, domain: u64) -> Key {
    let low = id as u64 ^ 0x9E37_79B9_7F4A_7C15 ^ domain;
    let high = (id >> 64) as u64 ^ 0xD6E8_FEB8_6659_FD93;
    let mixed = fold(fold(low, 0xA076_1D64_78BD_642F) ^ high, 0xE703_7ED1_A0B4_28DB);
    Key(mixed >> (64 - KEY_BITS))
}

impl Key {
    /// The key of a transfer's own record, or of the record that says its id failed.
    pub(crate) const fn of_transfer(id: u128) -> Self {
        hash(id, 0)
    }

    /// The key of the record that posted, voided or expired this pending transfer.
    pub(crate) const fn of_resolution(pending_id: u128) -> Self {
        hash(pending_id, 0x5851_F42D_4C95_7F2D)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits & ((1 << KEY_BITS) - 1))
    }

    const fn partition(self) -> usize {
        (self.0 >> TAG_BITS) as usize
    }

    const fn tag(self) -> u64 {
        self.0 & ((1 << TAG_BITS) - 1)
    }
}

/// One open-addressing table with linear probing, at most five eighths full: an id that is not there, as most that are asked for
/// are not, is known by three slots in a row on average. An empty slot is zero, which no position is.
#[derive(Clone, Debug, Default)]
struct Partition {
    slots: Vec<u64>,
    used: usize,
}

const fn slot_of(tag: u64, position: Position) -> u64 {
    tag << POSITION_BITS | position.bits()
}

impl Partition {
    /// Where a tag belongs: tags are spread over the slots in order, so that growing needs nothing but the tag.
    fn home(&self, tag: u64) -> usize {
        ((tag * self.slots.len() as u64) >> TAG_BITS) as usize
    }

    fn next(&self, slot: usize) -> usize {
        if slot + 1 == self.slots.len() { 0 } else { slot + 1 }
    }

    fn insert(&mut self, slot: u64) {
        if self.used * 8 >= self.slots.len() * 5 {
            self.grow();
        }
        self.place(slot);
        self.used += 1;
    }

    fn place(&mut self, slot: u64) {
        let mut at = self.home(slot >> POSITION_BITS);
        while self.slots[at] != 0 {
            at = self.next(at);
        }
        self.slots[at] = slot;
    }

    fn grow(&mut self) {
        let capacity = (self.slots.len() + self.slots.len() / 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![0; capacity]);
        old.into_iter().filter(|&slot| slot != 0).for_each(|slot| self.place(slot));
    }

    fn find(&self, tag: u64) -> impl Iterator<Item = Position> + '_ {
        let mut at = if self.slots.is_empty() { 0 } else { self.home(tag) };
        std::iter::from_fn(move || {
            loop {
                let slot = *self.slots.get(at)?;
                if slot == 0 {
                    return None;
                }
                at = self.next(at);
                if slot >> POSITION_BITS == tag {
                    return Some(Position::from_bits(slot));
                }
            }
        })
    }

    /// Takes the slot out and moves later ones of its run back, so that no probe meets a false end.
    fn remove(&mut self, slot: u64) {
        let mut hole = self.home(slot >> POSITION_BITS);
        while self.slots[hole] != slot {
            if self.slots[hole] == 0 {
                return;
            }
            hole = self.next(hole);
        }
        self.used -= 1;
        let mut at = hole;
        loop {
            at = self.next(at);
            if self.slots[at] == 0 {
                break;
            }
            let home = self.home(self.slots[at] >> POSITION_BITS);
            let stays = if hole <= at { hole < home && home <= at } else { hole < home || home <= at };
            if !stays {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
        }
        self.slots[hole] = 0;
    }
}

/// The table of all ids.
#[derive(Clone, Debug)]
pub(crate) struct IdIndex {
    partitions: Vec<Partition>,
}

impl IdIndex {
    pub(crate) fn new() -> Self {
        // Different first capacities make the partitions grow at different times.
        let partition = |number: usize| Partition { slots: vec![0; 16 + number % 16], used: 0 };
        Self { partitions: (0..PARTITIONS).map(partition).collect() }
    }

    pub(crate) fn insert(&mut self, key: Key, position: Position) {
        self.partitions[key.partition()].insert(slot_of(key.tag(), position));
    }

    pub(crate) fn remove(&mut self, key: Key, position: Position) {
        self.partitions[key.partition()].remove(slot_of(key.tag(), position));
    }

    /// Positions whose records may have the key's id.
    pub(crate) fn find(&self, key: Key) -> impl Iterator<Item = Position> + '_ {
        self.partitions[key.partition()].find(key.tag())
    }

    /// Reads a slot of each key, so that the processor has them near when they are asked for one by one. The table is larger
    /// than its caches, and loads that depend on nothing wait for memory together.
    pub(crate) fn bring_near(&self, keys: impl Iterator<Item = Key>) {
        let slot = |key: Key| {
            let partition = &self.partitions[key.partition()];
            partition.slots.get(partition.home(key.tag())).copied().unwrap_or_default()
        };
        std::hint::black_box(keys.map(slot).fold(0, |all, slot| all ^ slot));
    }

    /// Bytes of memory that the slots take.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.partitions.iter().map(|partition| partition.slots.capacity() * size_of::<u64>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn position(number: u64) -> Position {
        Position::from_bits(number)
    }

    #[test]
    fn what_was_inserted_is_found_and_what_was_removed_is_not() {
        let mut index = IdIndex::new();
        let mut present = BTreeSet::new();
        let mut random = 7_u64;
        for number in 1..200_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let id = u128::from(random >> 48); // few ids, so keys repeat and runs grow long
            index.insert(Key::of_transfer(id), position(number));
            present.insert((id, number));
            if !random.is_multiple_of(3)
                && let Some(&(id, number)) = present.range((u128::from(random >> 49), 0)..).next()
            {
                index.remove(Key::of_transfer(id), position(number));
                present.remove(&(id, number));
            }
        }
        for &(id, number) in &present {
            assert!(index.find(Key::of_transfer(id)).any(|found| found == position(number)));
        }
        let found: usize = present
            .iter()
            .map(|&(id, _)| id)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|id| index.find(Key::of_transfer(id)).count())
            .sum();
        assert_eq!(found, present.len());
    }

    #[test]
    fn sequential_and_shifted_ids_spread_over_the_partitions() {
        for shift in [0, 32, 64, 100] {
            let mut counts = vec![0_u32; PARTITIONS];
            for id in 1..=400_000_u128 {
                counts[Key::of_transfer(id << shift).partition()] += 1;
            }
            assert!(counts.iter().all(|&count| (40..200).contains(&count)), "shift {shift}");
        }
    }
}
