//! What a card holds: its life cycle, its keys, and the entries of load files, security domains and applications. A plain
//! value of a fixed size; [`Registry::to_image`] is what a memory stores.
//!
//! Invariants:
//! * a name stands for one thing;
//! * what another entry refers to is there: no load file, security domain or key goes before what depends on it;
//! * whatever is refused has changed nothing.

mod image;

use core::fmt;

pub use image::{DamagedImage, REGISTRY_BYTES};

use crate::{
    aid::Aid,
    block_cipher::AesKey,
    keys::{DomainKeySet, KeySet, KeyVersion, RootKeySet},
    life_cycle::{ApplicationState, CardState, Stage},
    secure_channel::{StaticKeys, scp03::Options},
    status::StatusWord,
};

/// How many load files, security domains and applications a card holds together, besides the issuer's domain.
pub const ENTRIES_MAX: usize = 12;
/// How many versions of root keys there are at a time.
pub const ROOT_KEY_SETS_MAX: usize = 3;
/// How many versions of keys all supplementary security domains have together.
pub const DOMAIN_KEY_SETS_MAX: usize = 6;
/// The load file that supplementary security domains are instances of; every card is made with it.
pub const DOMAIN_LOAD_FILE: Aid = Aid::known(&[0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50]);
/// Its one module.
pub const DOMAIN_MODULE: Aid = Aid::known(&[0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41]);

/// The place of an entry in its registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub(crate) u8);

/// Which security domain answers for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The issuer's.
    Issuer,
    /// The supplementary one at this place.
    Supplementary(Place),
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An opaque package, known by the SHA-256 of what was loaded. No code of it is run here: the applications of this card
    /// are part of the card.
    LoadFile {
        /// SHA-256 of its data block; zeros for the one that the card was made with.
        digest: [u8; 32],
    },
    /// A supplementary security domain.
    SecurityDomain(ApplicationState),
    /// An application.
    Application(ApplicationState),
}

/// A load file, security domain or application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub aid: Aid,
    /// What it is.
    pub kind: EntryKind,
    /// Which security domain it belongs to.
    pub domain: Domain,
    /// The load file that it is an instance of; its own place for load files.
    pub load_file: Place,
}

impl Entry {
    /// Life cycle of an application or security domain. `None` for load files.
    #[must_use]
    pub const fn state(&self) -> Option<ApplicationState> {
        match self.kind {
            EntryKind::SecurityDomain(state) | EntryKind::Application(state) => Some(state),
            EntryKind::LoadFile { .. } => None,
        }
    }

    /// Whether it is a supplementary security domain.
    #[must_use]
    pub const fn is_domain(&self) -> bool {
        matches!(self.kind, EntryKind::SecurityDomain(_))
    }
}

/// What a card is made with.
#[derive(Clone, Debug)]
pub struct Blank {
    /// The name of the issuer's security domain, by custom A000000151000000.
    pub issuer_domain: Aid,
    /// What the issuer's system derives this card's root keys from.
    pub diversification: [u8; 10],
    /// Card production life cycle data, tag 9F7F.
    pub production_data: [u8; 42],
    /// What SCP03 offers.
    pub options: Options,
    /// The first root keys.
    pub root_keys: RootKeySet,
}

/// How many channels were opened in each protocol, with whatever keys. The standard counts for each key version anew; one
/// count for the card's whole life keeps a recorded channel from being repeated after the same keys were put again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    scp02: u32,
    scp03: u32,
}

/// All that a card remembers about its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Registry {
    state: CardState,
    issuer_domain: Aid,
    diversification: [u8; 10],
    production_data: [u8; 42],
    options: Options,
    counters: Counters,
    root_keys: [Option<RootKeySet>; ROOT_KEY_SETS_MAX],
    domain_keys: [Option<(Place, DomainKeySet)>; DOMAIN_KEY_SETS_MAX],
    dap_key: Option<AesKey>,
    entries: [Option<Entry>; ENTRIES_MAX],
}

/// No keys are shown.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("state", &self.state)
            .field("issuer_domain", &self.issuer_domain)
            .field("entries", &self.entries)
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// A card as it is made: OP_READY, with the load file of security domains.
    #[must_use]
    pub fn new(blank: Blank) -> Self {
        let mut registry = Self {
            state: CardState::OpReady,
            issuer_domain: blank.issuer_domain,
            diversification: blank.diversification,
            production_data: blank.production_data,
            options: blank.options,
            counters: Counters::default(),
            root_keys: [Some(blank.root_keys), None, None],
            domain_keys: [const { None }; DOMAIN_KEY_SETS_MAX],
            dap_key: None,
            entries: [None; ENTRIES_MAX],
        };
        let place = Place(0);
        let kind = EntryKind::LoadFile { digest: [0; 32] };
        let entry = Entry { aid: DOMAIN_LOAD_FILE, kind, domain: Domain::Issuer, load_file: place };
        registry.put(place, Some(entry));
        registry
    }

    /// How far the card has come.
    #[must_use]
    pub const fn state(&self) -> CardState {
        self.state
    }

    /// The name of the issuer's security domain.
    #[must_use]
    pub const fn issuer_domain(&self) -> &Aid {
        &self.issuer_domain
    }

    /// What the issuer's system derives this card's root keys from.
    #[must_use]
    pub const fn diversification(&self) -> [u8; 10] {
        self.diversification
    }

    /// Card production life cycle data.
    #[must_use]
    pub const fn production_data(&self) -> &[u8; 42] {
        &self.production_data
    }

    /// What SCP03 offers.
    #[must_use]
    pub const fn options(&self) -> Options {
        self.options
    }

    /// The key that load files must be signed with, once it was put.
    #[must_use]
    pub const fn dap_key(&self) -> Option<&AesKey> {
        self.dap_key.as_ref()
    }

    /// Every entry, in order of places.
    pub fn entries(&self) -> impl Iterator<Item = (Place, &Entry)> {
        (0_u8..).zip(&self.entries).filter_map(|(place, entry)| Some((Place(place), entry.as_ref()?)))
    }

    /// The entry at a place.
    #[must_use]
    pub fn entry(&self, place: Place) -> Option<&Entry> {
        self.entries.get(usize::from(place.0))?.as_ref()
    }

    /// The entry of this name.
    #[must_use]
    pub fn find(&self, aid: &Aid) -> Option<(Place, &Entry)> {
        self.entries().find(|(_, entry)| entry.aid == *aid)
    }

    /// The name of a security domain.
    #[must_use]
    pub fn domain_aid(&self, domain: Domain) -> &Aid {
        match domain {
            Domain::Issuer => &self.issuer_domain,
            Domain::Supplementary(place) => self.entry(place).map_or(&self.issuer_domain, |entry| &entry.aid),
        }
    }

    /// Moves the card's life cycle.
    pub(crate) fn set_state(&mut self, next: CardState) -> Result<(), StatusWord> {
        if !self.state.may_become(next) {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        self.state = next;
        Ok(())
    }

    /// A free place for a name that nothing has yet.
    pub(crate) fn free_place(&self, aid: &Aid) -> Result<Place, StatusWord> {
        if self.find(aid).is_some() || self.issuer_domain == *aid {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        let free = (0_u8..).zip(&self.entries).find(|(_, entry)| entry.is_none());
        free.map(|(place, _)| Place(place)).ok_or(StatusWord::NOT_ENOUGH_SPACE)
    }

    /// Writes or empties a place.
    pub(crate) fn put(&mut self, place: Place, entry: Option<Entry>) {
        if let Some(at) = self.entries.get_mut(usize::from(place.0)) {
            *at = entry;
        }
    }

    /// Sets the life cycle of an application or security domain.
    pub(crate) fn set_application_state(&mut self, place: Place, next: ApplicationState) {
        let entry = self.entries.get_mut(usize::from(place.0)).and_then(Option::as_mut);
        if let Some(EntryKind::SecurityDomain(state) | EntryKind::Application(state)) =
            entry.map(|entry| &mut entry.kind)
        {
            *state = next;
        }
    }

    /// Whether another entry is an instance of it or belongs to it.
    pub(crate) fn is_needed(&self, place: Place) -> bool {
        self.entries().any(|(other, entry)| {
            other != place && (entry.load_file == place || entry.domain == Domain::Supplementary(place))
        })
    }

    /// Takes an entry away, with the keys of a security domain.
    pub(crate) fn remove(&mut self, place: Place) {
        self.put(place, None);
        for slot in &mut self.domain_keys {
            if slot.as_ref().is_some_and(|(owner, _)| *owner == place) {
                *slot = None;
            }
        }
    }

    /// The key sets of a security domain.
    pub fn key_sets(&self, domain: Domain) -> impl Iterator<Item = &KeySet> {
        let root = self.root_keys.iter().flatten().map(RootKeySet::key_set);
        let of_domains = self.domain_keys.iter().flatten();
        let supplementary = of_domains.map(|(owner, keys)| (Domain::Supplementary(*owner), keys.key_set()));
        root.map(|keys| (Domain::Issuer, keys))
            .chain(supplementary)
            .filter_map(move |(owner, keys)| (owner == domain).then_some(keys))
    }

    /// Whose keys open a channel with a security domain: its own, or the root keys as long as it has none.
    pub(crate) fn key_owner(&self, domain: Domain) -> Domain {
        if self.key_sets(domain).next().is_some() { domain } else { Domain::Issuer }
    }

    /// The counter of the next channel in SCP03, which is used up by this.
    pub(crate) fn next_scp03_counter(&mut self) -> Result<[u8; 3], StatusWord> {
        let next = self.counters.scp03.saturating_add(1);
        let [0, counter @ ..] = next.to_be_bytes() else { return Err(StatusWord::CONDITIONS_NOT_MET) };
        self.counters.scp03 = next;
        Ok(counter)
    }

    /// The counter of the next channel in SCP02.
    pub(crate) fn scp02_counter(&self) -> Result<[u8; 2], StatusWord> {
        let [0, 0, counter @ ..] = self.counters.scp02.to_be_bytes() else {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        };
        Ok(counter)
    }

    /// A host has proved itself in SCP02, which uses the counter up (section E.1.2.3).
    pub(crate) const fn use_scp02_counter(&mut self) {
        self.counters.scp02 = self.counters.scp02.saturating_add(1);
    }

    /// The keys of a version, or the first ones for version 00.
    pub(crate) fn key_set(&self, owner: Domain, version: u8) -> Option<&KeySet> {
        self.key_sets(owner).find(|keys| version == 0 || keys.version.byte() == version)
    }

    /// Adds the keys of a new version, or replaces those of a version. The keys that a card was made with go when the first
    /// other ones come.
    pub(crate) fn put_keys(
        &mut self,
        domain: Domain,
        replaces: Option<KeyVersion>,
        version: KeyVersion,
        keys: StaticKeys,
    ) -> Result<(), StatusWord> {
        let has = |version: KeyVersion| self.key_sets(domain).any(|keys| keys.version == version);
        if replaces.is_some_and(|old| !has(old)) {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        if replaces != Some(version) && has(version) {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        let initial = has(KeyVersion::INITIAL).then_some(KeyVersion::INITIAL);
        let goes = replaces.or(initial);
        let fresh = KeySet::new(version, keys);
        match domain {
            Domain::Issuer => {
                let slot = self.root_keys.iter_mut().find(|slot| match goes {
                    Some(old) => slot.as_ref().is_some_and(|keys| keys.0.version == old),
                    None => slot.is_none(),
                });
                *slot.ok_or(StatusWord::NOT_ENOUGH_SPACE)? = Some(RootKeySet(fresh));
            }
            Domain::Supplementary(place) => {
                let slot = self.domain_keys.iter_mut().find(|slot| match (slot, goes) {
                    (Some((owner, keys)), Some(old)) => *owner == place && keys.0.version == old,
                    (None, None) => true,
                    _ => false,
                });
                *slot.ok_or(StatusWord::NOT_ENOUGH_SPACE)? = Some((place, DomainKeySet(fresh)));
                self.mark_personalised(place);
            }
        }
        Ok(())
    }

    /// Sets or replaces the key that load files must be signed with.
    pub(crate) fn put_dap_key(&mut self, key: AesKey) {
        self.dap_key = Some(key);
    }

    /// An application or security domain has its data and keys.
    pub(crate) fn mark_personalised(&mut self, place: Place) {
        if let Some(state) = self.entry(place).and_then(Entry::state)
            && state.stage == Stage::Selectable
        {
            self.set_application_state(place, ApplicationState { stage: Stage::Personalised, ..state });
        }
    }
}
