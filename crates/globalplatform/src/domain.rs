//! The security domains of a card: one step from a command to an answer.
//!
//! Specification. [`Card::step`] decides about one command, in this order: its form; what the card's life cycle still lets
//! happen; whether it is for the selected application; protection by the secure channel; whether the security domain may do
//! it; what the command itself asks. All checks come first, then writes that cannot fail. Whoever calls stores
//! [`Registry::to_image`] together with what its applications wrote, in one atomic commit, before the answer leaves the
//! card: a power loss before that leaves the card as it was, and the host without an answer.
//!
//! * What belongs to a session ([`Session`]) is gone after a reset: selection, channel, loading, personalisation.
//! * Managing content needs a channel with at least a MAC on commands.
//! * LOAD takes an opaque package with a hash, and a signature once the issuer has put a key for it. No code in it is run:
//!   the applications of this card are part of the card, and a package only gives them leave to be installed.
//! * An application that holds value is neither deleted nor ended with its card. An emergency locks the card instead.

mod content;
mod information;
mod life;
mod load;
mod opening;
mod personalisation;

use crate::{
    aid::Aid,
    apdu::{Command, Response},
    keys::ApplicationKey,
    life_cycle::CardState,
    put_key::{NewKeys, PUT_KEY, PutKey},
    registry::{Domain, Place, Registry},
    secure_channel::{CardChannel, CardOpening, EXTERNAL_AUTHENTICATE, INITIALIZE_UPDATE, SecurityLevel},
    status::StatusWord,
};

/// Instructions of security domains (GlobalPlatform 2.3.1, chapter 11).
mod instruction {
    pub(super) const SELECT: u8 = 0xA4;
    pub(super) const GET_DATA: u8 = 0xCA;
    pub(super) const STORE_DATA: u8 = 0xE2;
    pub(super) const DELETE: u8 = 0xE4;
    pub(super) const INSTALL: u8 = 0xE6;
    pub(super) const LOAD: u8 = 0xE8;
    pub(super) const SET_STATUS: u8 = 0xF0;
    pub(super) const GET_STATUS: u8 = 0xF2;
}

/// Where random bytes come from.
pub trait Entropy {
    /// Fills the bytes with ones that nobody can foresee.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// What a new application is to be.
#[derive(Clone, Copy, Debug)]
pub struct Installation<'a> {
    /// Its name.
    pub aid: Aid,
    /// The load file that gives leave to it.
    pub load_file: Aid,
    /// Which of the card's applications it is an instance of.
    pub module: Aid,
    /// Its parameters, as INSTALL brought them.
    pub parameters: &'a [u8],
}

/// One item of personalisation.
#[derive(Debug)]
pub struct Item<'a> {
    /// The data grouping identifier.
    pub dgi: u16,
    /// What it holds.
    pub value: Value<'a>,
}

/// The value of an item.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "without a heap there is nothing to put the larger one behind")]
pub enum Value<'a> {
    /// It travelled as it is, or under the channel's encryption.
    Data(&'a [u8]),
    /// It travelled under the DEK: a key.
    Key(ApplicationKey),
}

/// The applications of a card, as their security domains see them.
///
/// Where a method says whether something can be, the method that does it follows in the same step, and cannot fail.
pub trait Applications {
    /// Whether such an application can be installed.
    ///
    /// # Errors
    /// The status word of the refusal.
    fn can_install(&self, installation: &Installation<'_>) -> Result<(), StatusWord>;
    /// Makes a new application.
    fn install(&mut self, installation: &Installation<'_>);
    /// Whether it holds a balance, a transaction under way or an exception log: anything that must not vanish.
    fn holds_value(&self, aid: &Aid) -> bool;
    /// Takes an application away. Its sequence numbers must not start again, should it ever come back.
    fn delete(&mut self, aid: &Aid);
    /// Whether an item of personalisation is acceptable.
    ///
    /// # Errors
    /// The status word of the refusal.
    fn accepts(&self, aid: &Aid, item: &Item<'_>) -> Result<(), StatusWord>;
    /// Takes an item of personalisation.
    fn store(&mut self, aid: &Aid, item: &Item<'_>);
    /// A SELECT came, or the card's life cycle moved: whatever the application had begun and not ended is void.
    fn interrupt(&mut self, aid: &Aid);
}

/// What a step answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "without a heap there is nothing to put the larger one behind")]
pub enum Answer {
    /// The security domains answer so.
    Response(Response),
    /// This application was selected; it answers with its own file control information.
    Selected(Aid),
    /// The command is for this application, which is selected. It was not looked into.
    ForApplication(Aid),
}

/// What a reset forgets.
#[derive(Debug, Default)]
pub struct Session {
    /// The selected entry; the issuer's security domain where there is none.
    selected: Option<Place>,
    channel: Channel,
    load: Option<load::Load>,
    personalisation: Option<personalisation::Personalisation>,
    /// Where GET STATUS goes on, with what it was asked for.
    listing: Option<information::Listing>,
}

/// How far a secure channel with the selected security domain has come.
#[derive(Debug, Default)]
enum Channel {
    /// There is none.
    #[default]
    None,
    /// INITIALIZE UPDATE was answered.
    Opening(CardOpening),
    /// It is open.
    Open(CardChannel),
}

impl Session {
    /// The session after a reset: the issuer's security domain is selected.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The level of the open channel.
    #[must_use]
    pub const fn security_level(&self) -> Option<SecurityLevel> {
        match &self.channel {
            Channel::Open(channel) => Some(channel.level()),
            _ => None,
        }
    }

    /// Ends the channel, with everything that was begun in it.
    fn end_channel(&mut self) {
        self.channel = Channel::None;
        self.load = None;
        self.personalisation = None;
        self.listing = None;
    }
}

/// A card that is asked to decide about a command.
#[derive(Debug)]
pub struct Card<'a, A, E> {
    /// What it holds.
    pub registry: &'a mut Registry,
    /// What it remembers until the next reset.
    pub session: &'a mut Session,
    /// Its applications.
    pub applications: &'a mut A,
    /// Its random numbers.
    pub entropy: &'a mut E,
}

/// What a command comes to: a response, or the status word of a refusal.
type Outcome = Result<Response, StatusWord>;

impl<A: Applications, E: Entropy> Card<'_, A, E> {
    /// Decides about one command.
    pub fn step(&mut self, apdu: &[u8]) -> Answer {
        let command = match Command::parse(apdu) {
            Ok(command) => command,
            Err(error) => return Answer::Response(error.into()),
        };
        if self.registry.state() == CardState::Terminated {
            return respond(self.terminated(&command));
        }
        if is_select_by_name(&command) {
            return self.select(&command).unwrap_or_else(|status| Answer::Response(status.into()));
        }
        match self.selected_application() {
            Some(aid) => Answer::ForApplication(aid),
            None => Answer::Response(self.manage(&command)),
        }
    }

    /// A card at its end only tells what it was (table 11-1).
    fn terminated(&self, command: &Command<'_>) -> Outcome {
        match (command.cla, command.ins) {
            (0x00 | 0x80, instruction::GET_DATA) => self.get_data(command, Domain::Issuer),
            _ => Err(StatusWord::CONDITIONS_NOT_MET),
        }
    }

    /// The selected application, where it is no security domain.
    fn selected_application(&self) -> Option<Aid> {
        let entry = self.registry.entry(self.session.selected?)?;
        (!entry.is_domain()).then_some(entry.aid)
    }

    /// The selected security domain.
    fn domain(&self) -> Domain {
        self.session.selected.map_or(Domain::Issuer, Domain::Supplementary)
    }

    /// A command for the selected security domain: its protection is checked and its answer protected.
    fn manage(&mut self, command: &Command<'_>) -> Response {
        if !matches!(command.cla, 0x00 | 0x80 | 0x84) {
            let is_on_another_channel = command.cla & 0x70 == 0x00 && command.cla & 0x03 != 0;
            return match is_on_another_channel {
                true => StatusWord::CHANNEL_NOT_SUPPORTED.into(),
                false => StatusWord::CLASS_UNKNOWN.into(),
            };
        }
        match (command.cla, command.ins) {
            (0x80, INITIALIZE_UPDATE) => return unprotected(self.initialize_update(command)),
            (0x84, EXTERNAL_AUTHENTICATE) => return unprotected(self.external_authenticate(command)),
            _ => {}
        }
        let Channel::Open(channel) = &mut self.session.channel else {
            self.session.end_channel();
            return unprotected(self.without_channel(command));
        };
        let plain = match channel.unwrap(command) {
            Ok(plain) => plain,
            Err(error) => {
                self.session.end_channel();
                return error.status().into();
            }
        };
        let outcome = plain.command().map_err(|error| error.status()).and_then(|plain| self.decide(&plain));
        let response = unprotected(outcome);
        match &self.session.channel {
            Channel::Open(channel) => channel.wrap(&response).unwrap_or_else(|error| error.status().into()),
            // The command ended the channel: its last answer is a bare status word.
            _ => response.status().into(),
        }
    }

    /// What anybody may ask.
    fn without_channel(&self, command: &Command<'_>) -> Outcome {
        match (command.cla, command.ins) {
            (0x00 | 0x80, instruction::GET_DATA) => self.get_data(command, self.domain()),
            (0x80 | 0x84, ins) if is_management(ins) => Err(StatusWord::SECURITY_STATUS),
            (0x84, _) => Err(StatusWord::SECURITY_STATUS),
            _ => Err(StatusWord::INSTRUCTION_UNKNOWN),
        }
    }

    /// A command whose protection was right.
    fn decide(&mut self, command: &Command<'_>) -> Outcome {
        if command.ins == instruction::GET_DATA {
            return self.get_data(command, self.domain());
        }
        if command.cla != 0x80 || !is_management(command.ins) {
            return Err(StatusWord::INSTRUCTION_UNKNOWN);
        }
        if !self.session.security_level().is_some_and(SecurityLevel::has_c_mac) {
            return Err(StatusWord::SECURITY_STATUS);
        }
        self.forget_what_is_interrupted(command.ins);
        let is_for_locked_cards = matches!(command.ins, instruction::GET_STATUS | instruction::SET_STATUS);
        if self.registry.state() == CardState::CardLocked && !is_for_locked_cards {
            return Err(StatusWord::CONDITIONS_NOT_MET);
        }
        match command.ins {
            instruction::INSTALL => self.install(command),
            instruction::LOAD => self.load(command),
            instruction::STORE_DATA => self.store_data(command),
            instruction::DELETE => self.delete(command),
            instruction::SET_STATUS => self.set_status(command),
            instruction::GET_STATUS => self.get_status(command),
            PUT_KEY => self.put_key(command),
            _ => Err(StatusWord::INSTRUCTION_UNKNOWN),
        }
    }

    /// Loading, personalising and listing go on command by command; any other command between ends them.
    fn forget_what_is_interrupted(&mut self, ins: u8) {
        if ins != instruction::LOAD {
            self.session.load = None;
        }
        if ins != instruction::STORE_DATA {
            self.session.personalisation = None;
        }
        if ins != instruction::GET_STATUS {
            self.session.listing = None;
        }
    }

    /// PUT KEY: root keys with the issuer's domain, keys of a domain with a supplementary one. Every check value is
    /// compared before anything is written.
    fn put_key(&mut self, command: &Command<'_>) -> Outcome {
        let Channel::Open(channel) = &self.session.channel else { return Err(StatusWord::SECURITY_STATUS) };
        let put = PutKey::open(command, channel).map_err(|error| error.status())?;
        let (confirmation, length) = put.confirmation();
        match (put.keys, self.domain()) {
            (NewKeys::Channel(keys), domain) => {
                self.registry.put_keys(domain, put.replaces, put.version, keys)?;
            }
            (NewKeys::Dap(key), Domain::Issuer) => self.registry.put_dap_key(key),
            (NewKeys::Dap(_), Domain::Supplementary(_)) => return Err(StatusWord::CONDITIONS_NOT_MET),
        }
        with_data(confirmation.get(..length).unwrap_or_default())
    }

    /// Only the issuer's security domain manages the card's content.
    fn only_issuer(&self) -> Result<(), StatusWord> {
        match self.domain() {
            Domain::Issuer => Ok(()),
            Domain::Supplementary(_) => Err(StatusWord::CONDITIONS_NOT_MET),
        }
    }
}

const fn is_management(ins: u8) -> bool {
    use instruction::{DELETE, GET_STATUS, INSTALL, LOAD, SET_STATUS, STORE_DATA};
    matches!(ins, INSTALL | LOAD | STORE_DATA | DELETE | SET_STATUS | GET_STATUS | PUT_KEY)
}

const fn is_select_by_name(command: &Command<'_>) -> bool {
    command.cla == 0x00 && command.ins == instruction::SELECT && command.p1 == 0x04
}

fn unprotected(outcome: Outcome) -> Response {
    outcome.unwrap_or_else(Response::from)
}

fn respond(outcome: Outcome) -> Answer {
    Answer::Response(unprotected(outcome))
}

fn with_data(data: &[u8]) -> Outcome {
    Response::with_data(data).map_err(|_| StatusWord::WRONG_LENGTH)
}

/// Nothing went wrong, and no confirmation is needed: a length of zero (section 11.5.3.1).
fn no_confirmation() -> Outcome {
    with_data(&[0x00])
}

/// Reads a value with its length before it.
fn take_value<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], StatusWord> {
    let (length, rest) = bytes.split_first().ok_or(StatusWord::WRONG_DATA)?;
    let (value, rest) = rest.split_at_checked(usize::from(*length)).ok_or(StatusWord::WRONG_DATA)?;
    *bytes = rest;
    Ok(value)
}

/// Reads a name with its length before it.
fn take_aid(bytes: &mut &[u8]) -> Result<Aid, StatusWord> {
    Aid::new(take_value(bytes)?).ok_or(StatusWord::WRONG_DATA)
}
