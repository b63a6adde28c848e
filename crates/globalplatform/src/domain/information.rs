//! GET DATA and GET STATUS (GlobalPlatform 2.3.1, sections 11.3 and 11.4).

use super::{Applications, Card, Channel, Entropy, Outcome, with_data};
use crate::{
    aid::Aid,
    apdu::Command,
    registry::{Domain, Entry, EntryKind, Registry},
    secure_channel::StaticKeys,
    status::StatusWord,
    tlv::{self, Tag, TlvError, Writer},
};

const CARD_DATA: Tag = Tag::known(0x66);
const CARD_RECOGNITION_DATA: Tag = Tag::known(0x73);
const OID: Tag = Tag::known(0x06);
const KEY_INFORMATION: Tag = Tag::known(0xE0);
const KEY: Tag = Tag::known(0xC0);
const PRODUCTION_DATA: Tag = Tag::known(0x9F7F);

const ENTRY: Tag = Tag::known(0xE3);
const AID: Tag = Tag::known(0x4F);
const STATE: Tag = Tag::known(0x9F70);
const PRIVILEGES: Tag = Tag::known(0xC5);
const DOMAIN: Tag = Tag::known(0xCC);

/// The object identifier of GlobalPlatform, 1.2.840.114283, and what hangs on it.
mod oid {
    pub(super) const RECOGNITION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 1];
    /// Version 2.3.1 of the card specification.
    pub(super) const VERSION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 2, 2, 3, 1];
    pub(super) const IDENTIFICATION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 3];
    pub(super) const SCP02_I55: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 4, 2, 0x55];
    pub(super) const fn scp03(i: u8) -> [u8; 9] {
        [0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 4, 3, i]
    }
}

/// Which entries GET STATUS lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    Issuer,
    Applications,
    LoadFiles,
}

/// A listing that did not fit one response.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    kinds: Kinds,
    /// What the names begin with.
    name: ([u8; 16], usize),
    /// How many entries of the registry have been looked at.
    seen: usize,
}

impl<A: Applications, E: Entropy> Card<'_, A, E> {
    /// GET DATA: what the card is (66), which keys a domain has (E0), how it was made (9F7F).
    pub(super) fn get_data(&self, command: &Command<'_>, domain: Domain) -> Outcome {
        let mut place = [0; 256];
        let mut writer = Writer::new(&mut place);
        let written = match (command.p1, command.p2) {
            (0x00, 0x66) => write_card_data(&mut writer, self.registry),
            (0x00, 0xE0) => write_keys(&mut writer, self.registry, domain),
            (0x9F, 0x7F) => writer.put(PRODUCTION_DATA, self.registry.production_data()),
            _ => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND),
        };
        written.map_err(|_| StatusWord::WRONG_LENGTH)?;
        with_data(writer.finish())
    }

    /// GET STATUS in the TLV format: the first entries, or those after the last ones that fitted.
    pub(super) fn get_status(&mut self, command: &Command<'_>) -> Outcome {
        let kinds = match command.p1 {
            0x80 => Kinds::Issuer,
            0x40 => Kinds::Applications,
            0x20 => Kinds::LoadFiles,
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        let asked = tlv::find(command.data(), AID).map_err(|_| StatusWord::WRONG_DATA)?;
        let asked = asked.ok_or(StatusWord::WRONG_DATA)?;
        let mut name = [0; 16];
        name.get_mut(..asked.len()).ok_or(StatusWord::WRONG_DATA)?.copy_from_slice(asked);
        let fresh = Listing { kinds, name: (name, asked.len()), seen: 0 };
        let listing = match (command.p2, self.session.listing.take()) {
            (0x02, _) => fresh,
            (0x03, Some(before)) if before.kinds == kinds && before.name == fresh.name => before,
            (0x03, _) => return Err(StatusWord::CONDITIONS_NOT_MET),
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        let Channel::Open(channel) = &self.session.channel else { return Err(StatusWord::SECURITY_STATUS) };
        let mut place = [0; 256];
        let place = place.get_mut(..channel.response_data_max()).unwrap_or_default();
        let (written, rest) = listing.write(self.registry, place).map_err(|_| StatusWord::WRONG_LENGTH)?;
        if written.is_empty() {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        self.session.listing = rest;
        let status = if rest.is_some() { StatusWord::MORE_DATA_AVAILABLE } else { StatusWord::SUCCESS };
        Ok(with_data(written)?.with_status(status))
    }
}

impl Listing {
    /// Writes as many entries as fit, and gives the listing of those that did not.
    fn write<'b>(
        self,
        registry: &Registry,
        place: &'b mut [u8],
    ) -> Result<(&'b [u8], Option<Self>), TlvError> {
        let (bytes, length) = self.name;
        let name = bytes.get(..length).unwrap_or_default();
        let is_asked = |aid: &Aid| aid.as_slice().starts_with(name);
        let mut writer = Writer::new(place);
        if self.kinds == Kinds::Issuer {
            if is_asked(registry.issuer_domain()) {
                // The issuer's domain has the privileges of a security domain, card lock, termination and reset.
                let card = (registry.issuer_domain(), registry.state().byte(), Some([0x9E, 0x00, 0x00]));
                write_entry(&mut writer, card, None)?;
            }
            return Ok((writer.finish(), None));
        }
        for (seen, (_, entry)) in registry.entries().enumerate().skip(self.seen) {
            let Some(described) = self.describe(entry).filter(|_| is_asked(&entry.aid)) else { continue };
            match write_entry(&mut writer, described, Some(registry.domain_aid(entry.domain))) {
                Ok(()) => {}
                Err(TlvError::NoRoom) => return Ok((writer.finish(), Some(Self { seen, ..self }))),
                Err(error) => return Err(error),
            }
        }
        Ok((writer.finish(), None))
    }

    /// Name, state and privileges of an entry that is asked for.
    fn describe(self, entry: &Entry) -> Option<(&Aid, u8, Option<[u8; 3]>)> {
        match (self.kinds, entry.kind) {
            (Kinds::Applications, EntryKind::Application(state)) => {
                Some((&entry.aid, state.byte(), Some([0x00, 0x00, 0x00])))
            }
            (Kinds::Applications, EntryKind::SecurityDomain(state)) => {
                Some((&entry.aid, state.byte(), Some([0x80, 0x00, 0x00])))
            }
            // 01 is LOADED, the only state of a load file.
            (Kinds::LoadFiles, EntryKind::LoadFile { .. }) => Some((&entry.aid, 0x01, None)),
            _ => None,
        }
    }
}

fn write_entry(
    writer: &mut Writer<'_>,
    (aid, state, privileges): (&Aid, u8, Option<[u8; 3]>),
    domain: Option<&Aid>,
) -> Result<(), TlvError> {
    writer.nested(ENTRY, |entry| {
        entry.put(AID, aid.as_slice())?;
        entry.put(STATE, &[state])?;
        if let Some(privileges) = privileges {
            entry.put(PRIVILEGES, &privileges)?;
        }
        if let Some(domain) = domain {
            entry.put(DOMAIN, domain.as_slice())?;
        }
        Ok(())
    })
}

/// Card recognition data (section H.2).
fn write_card_data(writer: &mut Writer<'_>, registry: &Registry) -> Result<(), TlvError> {
    const VERSION: Tag = Tag::known(0x60);
    const IDENTIFICATION: Tag = Tag::known(0x63);
    const PROTOCOL: Tag = Tag::known(0x64);
    let has_scp02 = registry.key_sets(Domain::Issuer).any(|keys| matches!(keys.keys, StaticKeys::Scp02(_)));
    writer.nested(CARD_DATA, |card| {
        card.nested(CARD_RECOGNITION_DATA, |data| {
            data.put(OID, oid::RECOGNITION)?;
            data.nested(VERSION, |version| version.put(OID, oid::VERSION))?;
            data.nested(IDENTIFICATION, |identification| identification.put(OID, oid::IDENTIFICATION))?;
            if has_scp02 {
                data.nested(PROTOCOL, |protocol| protocol.put(OID, oid::SCP02_I55))?;
            }
            data.nested(PROTOCOL, |protocol| protocol.put(OID, &oid::scp03(registry.options().0)))
        })
    })
}

/// Key information template: identifier, version, type and length of each key of the domain (table 11-30).
fn write_keys(writer: &mut Writer<'_>, registry: &Registry, domain: Domain) -> Result<(), TlvError> {
    writer.nested(KEY_INFORMATION, |template| {
        for keys in registry.key_sets(registry.key_owner(domain)) {
            let (kind, length) = keys.kind_and_length();
            for identifier in 1..=3 {
                template.put(KEY, &[identifier, keys.version().byte(), kind, length])?;
            }
        }
        Ok(())
    })
}
