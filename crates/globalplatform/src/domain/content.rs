//! INSTALL and DELETE (GlobalPlatform 2.3.1, sections 11.5 and 11.2).

use super::{
    Applications, Card, Entropy, Installation, Outcome, load::Load, no_confirmation, personalisation,
    take_aid, take_value,
};
use crate::{
    aid::Aid,
    apdu::Command,
    life_cycle::{ApplicationState, Stage},
    registry::{DOMAIN_LOAD_FILE, DOMAIN_MODULE, Domain, Entry, EntryKind},
    status::StatusWord,
    tlv::{self, Tag},
};

/// P1 of INSTALL.
mod purpose {
    pub(super) const LOAD: u8 = 0x02;
    pub(super) const INSTALL: u8 = 0x04;
    pub(super) const MAKE_SELECTABLE: u8 = 0x08;
    pub(super) const INSTALL_AND_MAKE_SELECTABLE: u8 = 0x0C;
    pub(super) const PERSONALISATION: u8 = 0x20;
}

/// The only privilege that is given: to be a security domain.
const SECURITY_DOMAIN: u8 = 0x80;
const AID: Tag = Tag::known(0x4F);

impl<A: Applications, E: Entropy> Card<'_, A, E> {
    /// INSTALL: what for, P1 says.
    pub(super) fn install(&mut self, command: &Command<'_>) -> Outcome {
        if command.p2 != 0x00 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let mut data = command.data();
        match command.p1 {
            purpose::LOAD => self.install_for_load(&mut data),
            purpose::INSTALL => self.install_application(&mut data, Stage::Installed),
            purpose::INSTALL_AND_MAKE_SELECTABLE => self.install_application(&mut data, Stage::Selectable),
            purpose::MAKE_SELECTABLE => self.make_selectable(&mut data),
            purpose::PERSONALISATION => self.install_for_personalisation(&mut data),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    /// Name of the load file, security domain that it will belong to, hash, parameters, token.
    fn install_for_load(&mut self, data: &mut &[u8]) -> Outcome {
        self.only_issuer()?;
        let aid = take_aid(data)?;
        let domain = match take_value(data)? {
            [] => Domain::Issuer,
            name => self.domain_named(Aid::new(name).ok_or(StatusWord::WRONG_DATA)?)?,
        };
        // Without a hash that the issuer's channel has brought, nothing would say what was loaded.
        let digest = take_value(data)?.try_into().map_err(|_| StatusWord::WRONG_DATA)?;
        let _parameters = take_value(data)?;
        no_token(data)?;
        self.registry.free_place(&aid)?;
        self.session.load = Some(Load::begin(aid, domain, digest));
        no_confirmation()
    }

    fn domain_named(&self, aid: Aid) -> Result<Domain, StatusWord> {
        if *self.registry.issuer_domain() == aid {
            return Ok(Domain::Issuer);
        }
        let (place, entry) = self.registry.find(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        if entry.is_domain() {
            Ok(Domain::Supplementary(place))
        } else {
            Err(StatusWord::REFERENCED_DATA_NOT_FOUND)
        }
    }

    /// Load file, module, name of the instance, privileges, parameters, token.
    fn install_application(&mut self, data: &mut &[u8], stage: Stage) -> Outcome {
        self.only_issuer()?;
        let (load_file, module, aid) = (take_aid(data)?, take_aid(data)?, take_aid(data)?);
        let privileges = take_value(data)?;
        let parameters = take_value(data)?;
        no_token(data)?;
        let found = self.registry.find(&load_file).filter(|(_, entry)| entry.state().is_none());
        let (load_file_place, domain) =
            found.map(|(place, entry)| (place, entry.domain)).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let place = self.registry.free_place(&aid)?;
        let state = ApplicationState { stage, is_locked: false };
        let is_domain = match privileges {
            [] | [0x00] | [0x00, 0x00, 0x00] => false,
            [SECURITY_DOMAIN] | [SECURITY_DOMAIN, 0x00, 0x00] => true,
            _ => return Err(StatusWord::WRONG_DATA),
        };
        if is_domain != (load_file == DOMAIN_LOAD_FILE) || is_domain && module != DOMAIN_MODULE {
            return Err(StatusWord::WRONG_DATA);
        }
        let kind = if is_domain {
            EntryKind::SecurityDomain(state)
        } else {
            let installation = Installation { aid, load_file, module, parameters };
            self.applications.can_install(&installation)?;
            self.applications.install(&installation);
            EntryKind::Application(state)
        };
        self.registry.put(place, Some(Entry { aid, kind, domain, load_file: load_file_place }));
        no_confirmation()
    }

    /// Nothing, nothing, name of the instance, privileges, parameters, token.
    fn make_selectable(&mut self, data: &mut &[u8]) -> Outcome {
        self.only_issuer()?;
        let aid = named_alone(data)?;
        let (place, entry) = self.registry.find(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let state = entry.state().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        if state.stage != Stage::Installed {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        self.registry.set_application_state(place, ApplicationState { stage: Stage::Selectable, ..state });
        no_confirmation()
    }

    /// Nothing, nothing, name of the application, nothing, nothing, nothing. The application belongs to the domain.
    fn install_for_personalisation(&mut self, data: &mut &[u8]) -> Outcome {
        let aid = named_alone(data)?;
        let (place, entry) = self.registry.find(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let is_ready = match entry.kind {
            EntryKind::Application(state) => state.is_selectable(),
            EntryKind::SecurityDomain(_) | EntryKind::LoadFile { .. } => false,
        };
        if entry.domain != self.domain() || !is_ready {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        self.session.personalisation = Some(personalisation::Personalisation::begin(place));
        no_confirmation()
    }

    /// DELETE of one application, load file or security domain. What holds value or is still needed stays.
    pub(super) fn delete(&mut self, command: &Command<'_>) -> Outcome {
        self.only_issuer()?;
        if (command.p1, command.p2) != (0x00, 0x00) {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let name = tlv::find(command.data(), AID).map_err(|_| StatusWord::WRONG_DATA)?;
        let aid = name.and_then(Aid::new).ok_or(StatusWord::WRONG_DATA)?;
        let (place, entry) = self.registry.find(&aid).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let is_application = matches!(entry.kind, EntryKind::Application(_));
        let holds_value = is_application && self.applications.holds_value(&aid);
        if aid == DOMAIN_LOAD_FILE || holds_value || self.registry.is_needed(place) {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        if is_application {
            self.applications.delete(&aid);
        }
        self.registry.remove(place);
        no_confirmation()
    }
}

/// A token would delegate the management of content, which this card does not do.
fn no_token(data: &mut &[u8]) -> Result<(), StatusWord> {
    let token = take_value(data)?;
    if token.is_empty() && data.is_empty() { Ok(()) } else { Err(StatusWord::WRONG_DATA) }
}

/// The name of an instance, with nothing around it that would say more.
fn named_alone(data: &mut &[u8]) -> Result<Aid, StatusWord> {
    let (first, second) = (take_value(data)?, take_value(data)?);
    let aid = take_aid(data)?;
    let (_privileges, parameters) = (take_value(data)?, take_value(data)?);
    no_token(data)?;
    if first.is_empty() && second.is_empty() && parameters.is_empty() {
        Ok(aid)
    } else {
        Err(StatusWord::WRONG_DATA)
    }
}
