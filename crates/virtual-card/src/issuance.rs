//! How a card is made: a blank one, and then everything through secure channels, as an issuer does it with a real card
//! (GlobalPlatform 2.3.1; SCP03 with every message under MAC and encryption).
//!
//! 1. Issuer's domain, root keys: the supplementary domain, the package, one instance for each applet.
//! 2. Supplementary domain, still root keys: PUT KEY of its own keys.
//! 3. Supplementary domain, its own keys: INSTALL [for personalization] and STORE DATA for each applet.
//! 4. Issuer's domain: the card becomes INITIALIZED, then SECURED.

use std::fmt;

use card_reader::reader::{Reader, ReaderError};
use globalplatform::{
    aid::Aid,
    apdu::{COMMAND_DATA_MAX, Command, CommandBytes, Response},
    domain::Entropy,
    life_cycle::CardState,
    registry::{DOMAIN_LOAD_FILE, DOMAIN_MODULE},
    secure_channel::{HostChannel, HostOpening, SecurityLevel, StaticKeys},
    status::StatusWord,
};
use purse::{journal::OpenError, nvm::Nvm};
use sha2::{Digest, Sha256};

use crate::{
    card::Card,
    kind::{PACKAGE, PACKAGE_CODE},
    memory::REGIONS,
    personalisation::{AppletPlan, Grouping, Personalisation},
    reader::InProcess,
};

const SECURITY_DOMAIN: u8 = 0x80;
/// STORE DATA: values under the DEK, in DGIs.
const SECRET_DGI: u8 = 0x68;
/// STORE DATA: values as they are, in DGIs.
const PLAIN_DGI: u8 = 0x08;
const LAST: u8 = 0x80;

/// Why a card is not made.
#[derive(Debug)]
pub enum IssuanceError {
    /// The memory failed.
    Memory(OpenError),
    /// The card refused a step.
    Refused(&'static str, StatusWord),
    /// The card did not answer.
    Gone,
    /// The card's answer was not protected as it should be, or a message did not fit.
    Channel(&'static str),
}

impl fmt::Display for IssuanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => error.fmt(f),
            Self::Refused(step, status) => write!(f, "{step}: the card answers {status}"),
            Self::Gone => f.write_str("the card does not answer"),
            Self::Channel(step) => write!(f, "{step}: the secure channel broke"),
        }
    }
}

impl std::error::Error for IssuanceError {}

impl From<ReaderError> for IssuanceError {
    fn from(_: ReaderError) -> Self {
        Self::Gone
    }
}

/// Makes a card in erased memory.
///
/// # Errors
/// [`IssuanceError`]; what is in the memory then is no card that anybody should get.
pub fn issue<N: Nvm, E: Entropy, H: Entropy>(
    personalisation: &Personalisation,
    memory: [N; REGIONS],
    entropy: E,
    host_entropy: &mut H,
) -> Result<Card<N, E>, IssuanceError> {
    let card = Card::make(personalisation.kind(), memory, personalisation.blank(), entropy);
    let mut reader = InProcess(card.map_err(IssuanceError::Memory)?);
    personalise(personalisation, &mut reader, host_entropy)?;
    let InProcess(mut card) = reader;
    card.reset();
    Ok(card)
}

/// Personalises a blank card in a reader.
///
/// # Errors
/// [`IssuanceError`].
pub fn personalise<H: Entropy>(
    personalisation: &Personalisation,
    reader: &mut impl Reader,
    entropy: &mut H,
) -> Result<(), IssuanceError> {
    let (root_aid, root_keys) = personalisation.root();
    let (domain_aid, domain_keys) = personalisation.domain();
    let applets = personalisation.applets();

    let mut line = Line::open(reader, root_aid, &root_keys.channel(), entropy)?;
    let domain = installation(&DOMAIN_LOAD_FILE, &DOMAIN_MODULE, domain_aid, &[SECURITY_DOMAIN]);
    line.say("install the security domain", [0x80, 0xE6, 0x0C, 0x00], &domain)?;
    line.load_package(domain_aid)?;
    for applet in &applets {
        let installed = installation(&PACKAGE, &applet.module.aid(), &applet.aid, &[0]);
        line.say("install an applet", [0x80, 0xE6, 0x0C, 0x00], &installed)?;
    }

    let mut line = Line::open(reader, domain_aid, &root_keys.channel(), entropy)?;
    let put = line.channel.put_key(None, domain_keys.version(), &domain_keys.channel());
    let put = put.map_err(|_| IssuanceError::Channel("put keys"))?;
    line.send("put keys", &put.command().map_err(|_| IssuanceError::Channel("put keys"))?)?;

    let mut line = Line::open(reader, domain_aid, &domain_keys.channel(), entropy)?;
    applets.iter().try_for_each(|applet| line.personalise(applet))?;

    let mut line = Line::open(reader, root_aid, &root_keys.channel(), entropy)?;
    for state in [CardState::Initialized, CardState::Secured] {
        line.say("set the card's status", [0x80, 0xF0, 0x80, state.byte()], &[])?;
    }
    Ok(())
}

/// Data of INSTALL [for install]: load file, module, instance, privileges, no parameters, no token.
fn installation(load_file: &Aid, module: &Aid, instance: &Aid, privileges: &[u8]) -> Vec<u8> {
    let values: [&[u8]; 6] =
        [load_file.as_slice(), module.as_slice(), instance.as_slice(), privileges, &[], &[]];
    with_lengths(&values)
}

/// Each value with its length before it; all of them are short.
fn with_lengths(values: &[&[u8]]) -> Vec<u8> {
    let length = |value: &[u8]| u8::try_from(value.len()).unwrap_or(u8::MAX);
    values.iter().flat_map(|value| [&[length(value)], *value].concat()).collect()
}

/// A secure channel with a security domain.
struct Line<'a, R> {
    reader: &'a mut R,
    channel: HostChannel,
}

impl<'a, R: Reader> Line<'a, R> {
    fn open(
        reader: &'a mut R,
        aid: &Aid,
        keys: &StaticKeys,
        entropy: &mut impl Entropy,
    ) -> Result<Self, IssuanceError> {
        let broken = |_| IssuanceError::Channel("open a channel");
        let select = Command::new([0x00, 0xA4, 0x04, 0x00], aid.as_slice(), Some(256));
        let select = select.map_err(|_| IssuanceError::Channel("select"))?;
        success("select", reader.transmit(&select)?)?;
        let mut challenge = [0; 8];
        entropy.fill(&mut challenge);
        let (opening, update) = HostOpening::begin(0x00, challenge);
        let answer = success("open a channel", reader.transmit(&as_command(&update)?)?)?;
        let opened = opening.authenticate(keys, answer.data(), SecurityLevel::FULL).map_err(broken)?;
        let (channel, authenticate) = opened;
        success("open a channel", reader.transmit(&as_command(&authenticate)?)?)?;
        Ok(Self { reader, channel })
    }

    fn say(&mut self, step: &'static str, header: [u8; 4], data: &[u8]) -> Result<Response, IssuanceError> {
        let command = Command::new(header, data, Some(256)).map_err(|_| IssuanceError::Channel(step))?;
        self.send(step, &command)
    }

    fn send(&mut self, step: &'static str, command: &Command<'_>) -> Result<Response, IssuanceError> {
        let wrapped = self.channel.wrap(command).map_err(|_| IssuanceError::Channel(step))?;
        let answer = success(step, self.reader.transmit(&as_command(&wrapped)?)?)?;
        self.channel.unwrap(&answer).map_err(|_| IssuanceError::Channel(step))
    }

    /// INSTALL [for load] and LOAD of the package, which belongs to the supplementary domain.
    fn load_package(&mut self, domain: &Aid) -> Result<(), IssuanceError> {
        let hash: [u8; 32] = Sha256::digest(PACKAGE_CODE).into();
        let data = with_lengths(&[PACKAGE.as_slice(), domain.as_slice(), &hash, &[], &[]]);
        self.say("announce the package", [0x80, 0xE6, 0x02, 0x00], &data)?;
        let block = [&[0xC4], with_lengths(&[PACKAGE_CODE]).as_slice()].concat();
        self.say("load the package", [0x80, 0xE8, LAST, 0x00], &block)?;
        Ok(())
    }

    /// INSTALL [for personalization], then one STORE DATA for each grouping.
    fn personalise(&mut self, applet: &AppletPlan) -> Result<(), IssuanceError> {
        let named = with_lengths(&[&[], &[], applet.aid.as_slice(), &[], &[], &[]]);
        self.say("begin personalisation", [0x80, 0xE6, 0x20, 0x00], &named)?;
        let last = applet.groupings.len().saturating_sub(1);
        for (block, grouping) in applet.groupings.iter().enumerate() {
            let p1 = if grouping.is_secret() { SECRET_DGI } else { PLAIN_DGI };
            let p1 = if block == last { p1 | LAST } else { p1 };
            let number = u8::try_from(block).map_err(|_| IssuanceError::Channel("store data"))?;
            let data = self.dgi(grouping)?;
            self.say("store data", [0x80, 0xE2, p1, number], &data)?;
        }
        Ok(())
    }

    /// Identifier, length, value; a secret's value under the DEK.
    fn dgi(&self, grouping: &Grouping) -> Result<Vec<u8>, IssuanceError> {
        let too_long = IssuanceError::Channel("store data");
        let mut sealed = [0; COMMAND_DATA_MAX];
        let value = if grouping.is_secret() {
            let length = self.channel.wrap_secret(&grouping.value, &mut sealed);
            length.and_then(|length| sealed.get(..length))
        } else {
            Some(grouping.value.as_slice())
        };
        let Some(value) = value.filter(|value| value.len() < 0xFF) else { return Err(too_long) };
        Ok([&grouping.dgi.to_be_bytes()[..], &with_lengths(&[value])].concat())
    }
}

/// What a channel made, as a command again.
fn as_command(bytes: &CommandBytes) -> Result<Command<'_>, IssuanceError> {
    Command::parse(bytes.as_slice()).map_err(|_| IssuanceError::Channel("command"))
}

fn success(step: &'static str, response: Response) -> Result<Response, IssuanceError> {
    let status = response.status();
    if status.is_success() { Ok(response) } else { Err(IssuanceError::Refused(step, status)) }
}
