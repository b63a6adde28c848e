//! STORE DATA (GlobalPlatform 2.3.1, section 11.11) in the DGI format: identifier (2), length (1, or FF and 2), value.

use super::{Applications, Card, Channel, Entropy, Item, Outcome, Value};
use crate::{
    apdu::{Command, Response},
    keys::{APPLICATION_KEY_BYTES_MAX, ApplicationKey},
    put_key::open_block,
    registry::Place,
    secure_channel::CardChannel,
    status::StatusWord,
};

/// P1: this is the last block.
const LAST: u8 = 0x80;
/// P1: what the values are.
const ENCRYPTION: u8 = 0x60;
const PLAIN: u8 = 0x00;
const ENCRYPTED: u8 = 0x60;
/// P1: the structure of the data, which is DGIs.
const STRUCTURE: u8 = 0x18;
const DGI: u8 = 0x08;

/// An application that is being personalised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Personalisation {
    application: Place,
    next_block: u8,
}

impl Personalisation {
    pub(super) const fn begin(application: Place) -> Self {
        Self { application, next_block: 0 }
    }
}

impl<A: Applications, E: Entropy> Card<'_, A, E> {
    /// One block of whole DGIs for the application of INSTALL [for personalization]: all of them are taken or none. After
    /// any refusal personalisation has to begin anew.
    pub(super) fn store_data(&mut self, command: &Command<'_>) -> Outcome {
        let personalisation = self.session.personalisation.take().ok_or(StatusWord::CONDITIONS_NOT_MET)?;
        let is_encrypted = match command.p1 & ENCRYPTION {
            PLAIN => false,
            ENCRYPTED => true,
            _ => return Err(StatusWord::WRONG_P1_P2),
        };
        if command.p1 & STRUCTURE != DGI || command.p2 != personalisation.next_block {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let Channel::Open(channel) = &self.session.channel else { return Err(StatusWord::SECURITY_STATUS) };
        let entry = self.registry.entry(personalisation.application);
        let aid = entry.ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?.aid;
        if command.data().is_empty() {
            return Err(StatusWord::WRONG_DATA);
        }
        let is_last = command.p1 & LAST != 0;
        let next_block = personalisation.next_block.checked_add(1);
        if !is_last && next_block.is_none() {
            return Err(StatusWord::WRONG_P1_P2);
        }

        let mut rest = command.data();
        while !rest.is_empty() {
            self.applications.accepts(&aid, &take_item(&mut rest, is_encrypted, channel)?)?;
        }
        let mut rest = command.data();
        while !rest.is_empty() {
            self.applications.store(&aid, &take_item(&mut rest, is_encrypted, channel)?);
        }
        if is_last {
            self.registry.mark_personalised(personalisation.application);
        } else if let Some(next_block) = next_block {
            self.session.personalisation = Some(Personalisation { next_block, ..personalisation });
        }
        Ok(Response::new(StatusWord::SUCCESS))
    }
}

/// Reads one DGI.
fn take_item<'a>(
    bytes: &mut &'a [u8],
    is_encrypted: bool,
    channel: &CardChannel,
) -> Result<Item<'a>, StatusWord> {
    let (dgi, length, rest) = match *bytes {
        [a, b, 0xFF, c, d, rest @ ..] => ([*a, *b], u16::from_be_bytes([*c, *d]), rest),
        [_, _, 0xFF, ..] => return Err(StatusWord::WRONG_DATA),
        [a, b, length, rest @ ..] => ([*a, *b], u16::from(*length), rest),
        _ => return Err(StatusWord::WRONG_DATA),
    };
    let (value, rest) = rest.split_at_checked(usize::from(length)).ok_or(StatusWord::WRONG_DATA)?;
    *bytes = rest;
    let value = if is_encrypted { Value::Key(open_key(value, channel)?) } else { Value::Data(value) };
    Ok(Item { dgi: u16::from_be_bytes(dgi), value })
}

fn open_key(value: &[u8], channel: &CardChannel) -> Result<ApplicationKey, StatusWord> {
    let mut bytes = [0; APPLICATION_KEY_BYTES_MAX];
    let key = open_block(value, channel, &mut bytes).and_then(ApplicationKey::new);
    zeroize::Zeroize::zeroize(&mut bytes);
    key.ok_or(StatusWord::WRONG_DATA)
}
