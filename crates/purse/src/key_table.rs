//! The keys in a card: records of usage, index, version, algorithm and sixteen bytes.

use core::fmt;

use zeroize::Zeroize;

use crate::{
    bytes::{Reader, Writer},
    pboc::key::{Key, Purpose},
};

/// One key in a card. Wiped from memory when it goes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyRecord {
    /// What it is for; 0 where the place is free.
    usage: u8,
    /// Under which index commands ask for it.
    pub index: u8,
    /// Its version, which cards show to terminals.
    pub version: u8,
    /// Its algorithm identifier, an opaque tag that the profile maps.
    pub algorithm: u8,
    bytes: [u8; 16],
}

impl Drop for KeyRecord {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { usage, index, version, algorithm, .. } = self;
        write!(f, "KeyRecord({usage:02X}, index {index}, version {version}, algorithm {algorithm})")
    }
}

impl KeyRecord {
    /// A key for its purpose under an index.
    #[must_use]
    pub const fn new<P: Purpose>(key: &Key<P>, index: u8, version: u8, algorithm: u8) -> Self {
        Self { usage: P::USAGE, index, version, algorithm, bytes: *key.expose() }
    }

    /// The key, where it is for this purpose.
    #[must_use]
    pub fn key<P: Purpose>(&self) -> Option<Key<P>> {
        (self.usage == P::USAGE).then(|| Key::new(self.bytes))
    }

    /// What it is for.
    pub(crate) const fn usage(&self) -> u8 {
        self.usage
    }

    const fn free() -> Self {
        Self { usage: 0, index: 0, version: 0, algorithm: 0, bytes: [0; 16] }
    }

    const BYTES: usize = 20;
}

/// A fixed number of places for keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyTable<const PLACES: usize> {
    records: [KeyRecord; PLACES],
}

impl<const PLACES: usize> KeyTable<PLACES> {
    pub(crate) const BYTES: usize = PLACES * KeyRecord::BYTES;

    /// A table of these keys; `None` where they are too many or two have the same purpose and index.
    #[must_use]
    pub fn by_index(records: &[KeyRecord]) -> Option<Self> {
        Self::new(records, |record| (record.usage, record.index))
    }

    /// A table of these keys; `None` where they are too many or two have the same purpose and version.
    #[must_use]
    pub fn by_version(records: &[KeyRecord]) -> Option<Self> {
        Self::new(records, |record| (record.usage, record.version))
    }

    fn new(records: &[KeyRecord], name: impl Fn(&KeyRecord) -> (u8, u8)) -> Option<Self> {
        let mut table = Self { records: [const { KeyRecord::free() }; PLACES] };
        for (count, record) in records.iter().enumerate() {
            let before = records.get(..count)?;
            if before.iter().any(|other| name(other) == name(record)) {
                return None;
            }
            *table.records.get_mut(count)? = record.clone();
        }
        Some(table)
    }

    /// The record of a purpose under an index.
    #[must_use]
    pub fn find<P: Purpose>(&self, index: u8) -> Option<&KeyRecord> {
        self.records.iter().find(|record| record.usage == P::USAGE && record.index == index)
    }

    /// The first record of a purpose.
    #[must_use]
    pub fn first<P: Purpose>(&self) -> Option<&KeyRecord> {
        self.records.iter().find(|record| record.usage == P::USAGE)
    }

    /// The record of a purpose with a version.
    #[must_use]
    pub fn with_version<P: Purpose>(&self, version: u8) -> Option<&KeyRecord> {
        self.records.iter().find(|record| record.usage == P::USAGE && record.version == version)
    }

    /// The records of a purpose.
    pub fn all_records<P: Purpose>(&self) -> impl Iterator<Item = &KeyRecord> {
        self.records.iter().filter(|record| record.usage == P::USAGE)
    }

    /// All keys of a purpose.
    pub fn all<P: Purpose>(&self) -> impl Iterator<Item = Key<P>> {
        self.records.iter().filter_map(KeyRecord::key)
    }

    pub(crate) fn write(&self, body: &mut Writer<'_>) {
        for record in &self.records {
            body.put(&[record.usage, record.index, record.version, record.algorithm]);
            body.put(&record.bytes);
        }
    }

    pub(crate) fn read(body: &mut Reader<'_>) -> Option<Self> {
        let mut records = [const { KeyRecord::free() }; PLACES];
        for record in &mut records {
            let [usage, index, version, algorithm] = body.take()?;
            *record = KeyRecord { usage, index, version, algorithm, bytes: body.take()? };
        }
        Some(Self { records })
    }
}
