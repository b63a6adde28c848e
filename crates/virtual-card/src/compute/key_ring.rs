//! Where the purse keys of an entry come from.

use std::collections::HashMap;

use super::{
    computed::Computed,
    entry::{Entry, EntryError, array_of},
    ordered_json::Json,
};

/// The keys that later entries of the same source may use.
const SHARED: [&str; 5] = ["DLK", "DPK", "DULK", "DUK", "DTK"];

/// A key, as it was given, and the entry that has it.
#[derive(Debug)]
struct Owned {
    id: Json,
    key: Json,
}

/// The keys of the entries so far, by source and name: the last of each.
#[derive(Debug, Default)]
pub(super) struct KeyRing {
    keys: HashMap<String, HashMap<&'static str, Owned>>,
    source: Option<String>,
}

impl KeyRing {
    /// Takes the source of the next entry: its own, or with "same" that of the entry before.
    pub(super) fn advance(&mut self, entry: &Entry) {
        match entry.text("src") {
            Some("same") => {}
            source => self.source = source.map(str::to_owned),
        }
    }

    /// Keeps the keys of an entry for those after it.
    pub(super) fn remember(&mut self, entry: &Entry) {
        let Some(source) = &self.source else { return };
        let keys = self.keys.entry(source.clone()).or_default();
        for name in SHARED {
            if let Some(key) = entry.field(name) {
                keys.insert(name, Owned { id: entry.id(), key: key.clone() });
            }
        }
    }

    /// The keys of this entry, which is the next one.
    pub(super) fn of<'a>(&'a self, entry: &'a Entry, diversified: Option<[u8; 16]>) -> Keys<'a> {
        Keys { ring: self, entry, diversified }
    }

    fn before(&self, name: &str) -> Option<&Owned> {
        self.keys.get(self.source.as_ref()?)?.get(name)
    }
}

/// The purse keys of one entry.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    ring: &'a KeyRing,
    entry: &'a Entry,
    diversified: Option<[u8; 16]>,
}

impl Keys<'_> {
    /// The key that transactions are signed with: the entry's own, its diversified one, or that of an entry before.
    pub(super) fn of_session(
        &self,
        name: &str,
        computed: &mut Computed,
    ) -> Result<Option<[u8; 16]>, EntryError> {
        match (self.entry.array(name)?, self.diversified) {
            (Some(key), _) | (None, Some(key)) => Ok(Some(key)),
            (None, None) => self.of_entries_before(name, computed),
        }
    }

    /// DTK: the entry's own, or that of an entry before.
    pub(super) fn of_codes(&self, computed: &mut Computed) -> Result<Option<[u8; 16]>, EntryError> {
        match self.own_of_codes()? {
            Some(key) => Ok(Some(key)),
            None => self.of_entries_before("DTK", computed),
        }
    }

    /// DTK where the entry itself has it.
    pub(super) fn own_of_codes(&self) -> Result<Option<[u8; 16]>, EntryError> {
        self.entry.array("DTK")
    }

    fn of_entries_before(&self, name: &str, computed: &mut Computed) -> Result<Option<[u8; 16]>, EntryError> {
        let Some(Owned { id, key }) = self.ring.before(name) else { return Ok(None) };
        computed.key_from(name, id.clone());
        array_of(name, key).map(Some)
    }
}
