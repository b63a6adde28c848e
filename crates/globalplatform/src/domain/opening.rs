use super::{Answer, Applications, Card, Channel, Entropy, Outcome};
use crate::{
    aid::Aid,
    apdu::{Command, Response},
    life_cycle::CardState,
    registry::Domain,
    secure_channel::{CardChannel, CardOpening, KeyIdentity, StaticKeys, scp02, scp03},
    status::StatusWord,
    tlv::{Tag, Writer},
};

const FCI_TEMPLATE: Tag = Tag::known(0x6F);
const AID: Tag = Tag::known(0x84);
const FCI_PROPRIETARY: Tag = Tag::known(0xA5);
const COMMAND_DATA_MAX: Tag = Tag::known(0x9F65);

impl<A: Applications, E: Entropy> Card<'_, A, E> {
    /// SELECT by name (section 11.9). Whether something is found or not, the channel has ended and the application that was
    /// selected is interrupted.
    pub(super) fn select(&mut self, command: &Command<'_>) -> Result<Answer, StatusWord> {
        self.session.end_channel();
        if let Some(aid) = self.selected_application() {
            self.applications.interrupt(&aid);
        }
        if command.p2 & 0xF3 != 0x00 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let name = command.data();
        let is_issuer = name.is_empty() || self.registry.issuer_domain().as_slice().starts_with(name);
        if self.registry.state() == CardState::CardLocked {
            if !is_issuer {
                return Err(StatusWord::FUNCTION_NOT_SUPPORTED);
            }
            self.session.selected = None;
            let locked = self.fci(Domain::Issuer)?.with_status(StatusWord::SELECTED_IS_LOCKED);
            return Ok(Answer::Response(locked));
        }
        if is_issuer {
            self.session.selected = None;
            return Ok(Answer::Response(self.fci(Domain::Issuer)?));
        }
        let found = self.registry.entries().find(|(_, entry)| {
            entry.state().is_some_and(|state| state.is_selectable()) && entry.aid.as_slice().starts_with(name)
        });
        // A shorter name than any AID would select by chance.
        let (place, entry) = found.filter(|_| Aid::new(name).is_some()).ok_or(StatusWord::FILE_NOT_FOUND)?;
        let (aid, is_domain) = (entry.aid, entry.is_domain());
        self.session.selected = Some(place);
        if is_domain {
            Ok(Answer::Response(self.fci(Domain::Supplementary(place))?))
        } else {
            Ok(Answer::Selected(aid))
        }
    }

    /// File control information of a security domain: name, and how much data a command may have.
    fn fci(&self, domain: Domain) -> Outcome {
        let mut place = [0; 64];
        let mut writer = Writer::new(&mut place);
        let written = writer.nested(FCI_TEMPLATE, |fci| {
            fci.put(AID, self.registry.domain_aid(domain).as_slice())?;
            fci.nested(FCI_PROPRIETARY, |proprietary| proprietary.put(COMMAND_DATA_MAX, &[0xFF]))
        });
        written.map_err(|_| StatusWord::WRONG_LENGTH)?;
        super::with_data(writer.finish())
    }

    /// INITIALIZE UPDATE. It ends what channel there was, and uses up a counter of SCP03.
    pub(super) fn initialize_update(&mut self, command: &Command<'_>) -> Outcome {
        self.session.end_channel();
        if command.p2 != 0x00 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let host = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        let owner = self.registry.key_owner(self.domain());
        let keys =
            self.registry.key_set(owner, command.p1).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?.clone();
        let identity = KeyIdentity {
            diversification: self.registry.diversification(),
            key_version: keys.version().byte(),
        };
        let aid = *self.registry.domain_aid(self.domain());
        let (opening, response) = match &keys.keys {
            StaticKeys::Scp02(keys) => {
                let counter = self.registry.scp02_counter()?;
                let card = scp02::pseudo_random_challenge(keys, counter, aid.as_slice());
                CardOpening::scp02(keys, identity, host, counter, card)
            }
            StaticKeys::Scp03(keys) => {
                let options = self.registry.options();
                let counter = self.registry.next_scp03_counter()?;
                let card = if options.has_pseudo_random_challenge() {
                    scp03::pseudo_random_challenge(keys, counter, aid.as_slice())
                } else {
                    let mut random = [0; 8];
                    self.entropy.fill(&mut random);
                    random
                };
                CardOpening::scp03(keys, identity, options, (host, card), counter)
            }
        };
        self.session.channel = Channel::Opening(opening);
        Ok(response)
    }

    /// EXTERNAL AUTHENTICATE, only straight after INITIALIZE UPDATE.
    pub(super) fn external_authenticate(&mut self, command: &Command<'_>) -> Outcome {
        let channel = core::mem::take(&mut self.session.channel);
        self.session.end_channel();
        let Channel::Opening(opening) = channel else { return Err(StatusWord::CONDITIONS_NOT_MET) };
        let channel = opening.authenticate(command).map_err(|error| error.status())?;
        if matches!(channel, CardChannel::Scp02(_)) {
            self.registry.use_scp02_counter();
        }
        self.session.channel = Channel::Open(channel);
        Ok(Response::new(StatusWord::SUCCESS))
    }
}
