use core::fmt;

use zeroize::Zeroize;

use super::{
    Counters, DOMAIN_KEY_SETS_MAX, Domain, ENTRIES_MAX, Entry, EntryKind, Place, ROOT_KEY_SETS_MAX, Registry,
};
use crate::{
    aid::Aid,
    block_cipher::{AesKey, DesKey},
    keys::{DomainKeySet, KeySet, KeyVersion, RootKeySet},
    life_cycle::{ApplicationState, CardState},
    secure_channel::{StaticKeys, scp02, scp03, scp03::Options},
};

/// The length of every image.
pub const REGISTRY_BYTES: usize = 2
    + AID_BYTES
    + 10
    + 42
    + 1
    + 8
    + ROOT_KEY_SETS_MAX * KEY_SET_BYTES
    + DOMAIN_KEY_SETS_MAX * (1 + KEY_SET_BYTES)
    + AES_KEY_BYTES
    + ENTRIES_MAX * ENTRY_BYTES;
/// The first byte: the version of the encoding.
const VERSION: u8 = 1;
/// Length (0 for none), then 16 bytes.
const AID_BYTES: usize = 17;
/// Length (0 for none), then 32 bytes.
const AES_KEY_BYTES: usize = 33;
/// Protocol (0 for none), version, three keys.
const KEY_SET_BYTES: usize = 2 + 3 * AES_KEY_BYTES;
/// Kind (0 for none), name, state, domain, load file, digest.
const ENTRY_BYTES: usize = 4 + AID_BYTES + 32;
/// The place of the issuer's security domain.
const ISSUER: u8 = 0xFF;

/// The bytes are no image of a registry: a card that finds such a thing in its memory says nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamagedImage;

impl fmt::Display for DamagedImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("image of the registry is damaged")
    }
}

impl core::error::Error for DamagedImage {}

impl Registry {
    /// The one encoding, which holds the card's keys: a secret. Numbers are big-endian, what is absent is zeros. Whether
    /// the bytes come back as they were is for the memory to know, by a checksum of its own.
    #[must_use]
    pub fn to_image(&self) -> [u8; REGISTRY_BYTES] {
        let mut image = [0; REGISTRY_BYTES];
        let mut writer = Writer { rest: &mut image };
        writer.put([VERSION, self.state.byte()]);
        writer.aid(&self.issuer_domain);
        writer.put(self.diversification);
        writer.put(self.production_data);
        writer.put([self.options.0]);
        writer.put(self.counters.scp02.to_be_bytes());
        writer.put(self.counters.scp03.to_be_bytes());
        for keys in &self.root_keys {
            writer.key_set(keys.as_ref().map(|keys| &keys.0));
        }
        for keys in &self.domain_keys {
            writer.put([keys.as_ref().map_or(0, |(owner, _)| owner.0)]);
            writer.key_set(keys.as_ref().map(|(_, keys)| &keys.0));
        }
        writer.secret(self.dap_key.as_ref().map_or(&[], AesKey::expose));
        for entry in &self.entries {
            writer.entry(entry.as_ref());
        }
        image
    }

    /// The registry of an image.
    ///
    /// # Errors
    /// [`DamagedImage`], for anything that [`Registry::to_image`] does not write.
    pub fn from_image(image: &[u8; REGISTRY_BYTES]) -> Result<Self, DamagedImage> {
        let mut reader = Reader { rest: image };
        let [version, state] = reader.take()?;
        if version != VERSION {
            return Err(DamagedImage);
        }
        let registry = Self {
            state: CardState::from_byte(state).ok_or(DamagedImage)?,
            issuer_domain: reader.aid()?.ok_or(DamagedImage)?,
            diversification: reader.take()?,
            production_data: reader.take()?,
            options: Options(reader.take::<1>()?[0]),
            counters: Counters {
                scp02: u32::from_be_bytes(reader.take()?),
                scp03: u32::from_be_bytes(reader.take()?),
            },
            root_keys: reader.all(|reader| Ok(reader.key_set()?.map(RootKeySet)))?,
            domain_keys: reader.all(|reader| {
                let [owner] = reader.take()?;
                Ok(reader.key_set()?.map(|keys| (Place(owner), DomainKeySet(keys))))
            })?,
            dap_key: reader.aes_key()?,
            entries: reader.all(Reader::entry)?,
        };
        let mut again = registry.to_image();
        let is_same = again == *image;
        again.zeroize();
        if is_same && registry.is_sound() { Ok(registry) } else { Err(DamagedImage) }
    }

    /// What every registry keeps: names stand for one thing, and what is referred to is there.
    fn is_sound(&self) -> bool {
        let domain_is_there = |domain: Domain| match domain {
            Domain::Issuer => true,
            Domain::Supplementary(place) => self.entry(place).is_some_and(Entry::is_domain),
        };
        let entries_are_sound = self.entries().all(|(place, entry)| {
            let is_load_file = |place| {
                self.entry(place).is_some_and(|entry| matches!(entry.kind, EntryKind::LoadFile { .. }))
            };
            let names_its_load_file = match entry.kind {
                EntryKind::LoadFile { .. } => entry.load_file == place,
                _ => is_load_file(entry.load_file),
            };
            let is_alone = entry.aid != self.issuer_domain
                && self.find(&entry.aid).is_some_and(|(first, _)| first == place);
            names_its_load_file && is_alone && domain_is_there(entry.domain)
        });
        let mut owners = self.domain_keys.iter().flatten().map(|(owner, _)| Domain::Supplementary(*owner));
        entries_are_sound && owners.all(domain_is_there) && self.key_sets(Domain::Issuer).next().is_some()
    }
}

struct Writer<'a> {
    rest: &'a mut [u8],
}

impl Writer<'_> {
    /// The sum of all that is written is [`REGISTRY_BYTES`], so there is always room.
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let rest = core::mem::take(&mut self.rest);
        if let Some((place, rest)) = rest.split_first_chunk_mut() {
            *place = bytes;
            self.rest = rest;
        }
    }

    fn padded<const N: usize>(&mut self, bytes: &[u8]) {
        let mut place = [0; N];
        place.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        self.put([u8::try_from(bytes.len()).unwrap_or(0)]);
        self.put(place);
        place.zeroize();
    }

    fn aid(&mut self, aid: &Aid) {
        self.padded::<16>(aid.as_slice());
    }

    fn secret(&mut self, key: &[u8]) {
        self.padded::<32>(key);
    }

    fn key_set(&mut self, keys: Option<&KeySet>) {
        let Some(keys) = keys else { return self.put([0; KEY_SET_BYTES]) };
        let (protocol, [enc, mac, dek]) = match &keys.keys {
            StaticKeys::Scp02(keys) => (2, [&keys.enc, &keys.mac, &keys.dek].map(|key| &key.expose()[..])),
            StaticKeys::Scp03(keys) => (3, [&keys.enc, &keys.mac, &keys.dek].map(|key| key.expose())),
        };
        self.put([protocol, keys.version.byte()]);
        [enc, mac, dek].into_iter().for_each(|key| self.secret(key));
    }

    fn entry(&mut self, entry: Option<&Entry>) {
        let Some(entry) = entry else { return self.put([0; ENTRY_BYTES]) };
        let (kind, state, digest) = match entry.kind {
            EntryKind::LoadFile { digest } => (1, 0, digest),
            EntryKind::SecurityDomain(state) => (2, state.byte(), [0; 32]),
            EntryKind::Application(state) => (3, state.byte(), [0; 32]),
        };
        let domain = match entry.domain {
            Domain::Issuer => ISSUER,
            Domain::Supplementary(place) => place.0,
        };
        self.put([kind]);
        self.aid(&entry.aid);
        self.put([state, domain, entry.load_file.0]);
        self.put(digest);
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DamagedImage> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DamagedImage)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// So many values one after the other.
    fn all<T, const N: usize>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<Option<T>, DamagedImage>,
    ) -> Result<[Option<T>; N], DamagedImage> {
        let mut values = [const { None }; N];
        for value in &mut values {
            *value = read(self)?;
        }
        Ok(values)
    }

    fn aid(&mut self) -> Result<Option<Aid>, DamagedImage> {
        let [length] = self.take()?;
        let bytes: [u8; 16] = self.take()?;
        if length == 0 {
            return Ok(None);
        }
        let name = bytes.get(..usize::from(length)).ok_or(DamagedImage)?;
        Aid::new(name).map(Some).ok_or(DamagedImage)
    }

    fn aes_key(&mut self) -> Result<Option<AesKey>, DamagedImage> {
        let [length] = self.take()?;
        let mut bytes: [u8; 32] = self.take()?;
        let key = bytes.get(..usize::from(length)).and_then(AesKey::new);
        bytes.zeroize();
        if length == 0 { Ok(None) } else { key.map(Some).ok_or(DamagedImage) }
    }

    fn des_key(&mut self) -> Result<DesKey, DamagedImage> {
        let key = self.aes_key()?.ok_or(DamagedImage)?;
        DesKey::new(key.expose()).ok_or(DamagedImage)
    }

    fn key_set(&mut self) -> Result<Option<KeySet>, DamagedImage> {
        let [protocol, version] = self.take()?;
        let keys = match protocol {
            0 => {
                let _zeros: [u8; 3 * AES_KEY_BYTES] = self.take()?;
                return Ok(None);
            }
            2 => {
                let (enc, mac, dek) = (self.des_key()?, self.des_key()?, self.des_key()?);
                StaticKeys::Scp02(scp02::StaticKeys { enc, mac, dek })
            }
            3 => {
                let mut key = || self.aes_key()?.ok_or(DamagedImage);
                StaticKeys::Scp03(scp03::StaticKeys { enc: key()?, mac: key()?, dek: key()? })
            }
            _ => return Err(DamagedImage),
        };
        let version = KeyVersion::new(version).ok_or(DamagedImage)?;
        Ok(Some(KeySet::new(version, keys)))
    }

    fn entry(&mut self) -> Result<Option<Entry>, DamagedImage> {
        let [kind] = self.take()?;
        let aid = self.aid()?;
        let [state, domain, load_file] = self.take()?;
        let digest = self.take()?;
        let state = || ApplicationState::from_byte(state).ok_or(DamagedImage);
        let kind = match kind {
            0 => return Ok(None),
            1 => EntryKind::LoadFile { digest },
            2 => EntryKind::SecurityDomain(state()?),
            3 => EntryKind::Application(state()?),
            _ => return Err(DamagedImage),
        };
        let domain = if domain == ISSUER { Domain::Issuer } else { Domain::Supplementary(Place(domain)) };
        Ok(Some(Entry { aid: aid.ok_or(DamagedImage)?, kind, domain, load_file: Place(load_file) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        life_cycle::Stage,
        registry::{Blank, DOMAIN_LOAD_FILE},
    };

    const ISSUER_DOMAIN: Aid = Aid::known(&[0xA0, 0, 0, 1, 0x51, 0, 0, 0]);
    const STATE: ApplicationState = ApplicationState { stage: Stage::Selectable, is_locked: false };

    fn keys() -> KeySet {
        let key = AesKey::new(&[1; 16]).unwrap();
        let keys = StaticKeys::Scp03(scp03::StaticKeys { enc: key.clone(), mac: key.clone(), dek: key });
        KeySet::new(KeyVersion::INITIAL, keys)
    }

    fn blank() -> Registry {
        Registry::new(Blank {
            issuer_domain: ISSUER_DOMAIN,
            diversification: [0; 10],
            production_data: [0; 42],
            options: Options::ALL,
            root_keys: RootKeySet(keys()),
        })
    }

    fn entry(name: u8, kind: EntryKind, domain: Domain, load_file: Place) -> Option<Entry> {
        Some(Entry { aid: Aid::new(&[name; 5]).unwrap(), kind, domain, load_file })
    }

    /// Whether a registry that was changed so is read again.
    fn is_read(change: impl FnOnce(&mut Registry)) -> bool {
        let mut registry = blank();
        change(&mut registry);
        Registry::from_image(&registry.to_image()).is_ok_and(|read| read == registry)
    }

    #[test]
    fn a_registry_whose_parts_do_not_fit_is_refused() {
        let domain = EntryKind::SecurityDomain(STATE);
        let application = EntryKind::Application(STATE);
        let of_first = Domain::Supplementary(Place(1));
        assert!(is_read(|_| {}));
        assert!(is_read(|registry| {
            registry.put(Place(1), entry(1, domain, Domain::Issuer, Place(0)));
            registry.put(Place(2), entry(2, application, of_first, Place(0)));
            registry.domain_keys[0] = Some((Place(1), DomainKeySet(keys())));
        }));
        assert!(
            !is_read(|registry| registry.root_keys = [const { None }; ROOT_KEY_SETS_MAX]),
            "no root keys"
        );
        let load_file = EntryKind::LoadFile { digest: [3; 32] };
        let wrong = [
            (entry(1, application, Domain::Issuer, Place(5)), "no load file"),
            (entry(1, application, Domain::Issuer, Place(1)), "its own load file"),
            (entry(1, application, Domain::Supplementary(Place(7)), Place(0)), "no domain"),
            (entry(1, application, Domain::Supplementary(Place(0)), Place(0)), "a load file as domain"),
            (entry(1, load_file, Domain::Issuer, Place(0)), "a load file of another"),
            (Some(Entry { aid: DOMAIN_LOAD_FILE, ..blank().entries[0].unwrap() }), "a name twice"),
            (
                entry(1, application, Domain::Issuer, Place(0))
                    .map(|entry| Entry { aid: ISSUER_DOMAIN, ..entry }),
                "issuer",
            ),
        ];
        for (entry, what) in wrong {
            assert!(!is_read(|registry| registry.put(Place(1), entry)), "{what}");
        }
        let of_nobody = |registry: &mut Registry| {
            registry.domain_keys[0] = Some((Place(4), DomainKeySet(keys())));
        };
        assert!(!is_read(of_nobody), "keys of nobody");
    }

    #[test]
    fn an_image_is_as_long_as_its_description_says() {
        assert_eq!(REGISTRY_BYTES, 1664);
    }

    #[test]
    fn counters_end_and_do_not_begin_again() {
        let mut registry = blank();
        registry.counters = Counters { scp02: 0xFFFF, scp03: 0xFF_FFFE };
        assert_eq!(registry.scp02_counter(), Ok([0xFF, 0xFF]));
        registry.use_scp02_counter();
        assert_eq!(registry.next_scp03_counter(), Ok([0xFF, 0xFF, 0xFF]));
        for _ in 0..3 {
            assert!(registry.scp02_counter().is_err() && registry.next_scp03_counter().is_err());
            registry = Registry::from_image(&registry.to_image()).unwrap();
        }
    }

    #[test]
    fn what_is_absent_is_zeros() {
        let mut image = blank().to_image();
        assert!(Registry::from_image(&image).is_ok());
        // The last byte belongs to an entry that is not there.
        image[REGISTRY_BYTES - 1] = 1;
        assert_eq!(Registry::from_image(&image), Err(DamagedImage));
    }
}
