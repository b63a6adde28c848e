//! The application and its step function.

use core::fmt;

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};

use super::{
    contents::{Contents, Life, MAC_TRIES, PersonalisationError, Which},
    files::{Place, RECORD_BYTES_MAX},
    log::Proof,
    profile::Counting,
    state::Split,
};
use crate::{
    answer::{Answer, Refusal, after, done, ensure, expect_le},
    chip::{self, Chip},
    fields::{DateTime, Random, Sequence, Terms},
    key_table::KeyRecord,
    nvm::{Fault, Nvm},
    pboc::{
        key::{Algorithm, Key, Purpose, TransactionCode},
        session::SessionKey,
    },
};

/// How many records one compound purchase can write.
pub(super) const CACHES: usize = 2;

/// A purse in its memory.
pub type Application<N> = Chip<N, Contents, Session>;

/// Why keys are not replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutKeysError {
    /// The keys are no keys of a purse.
    Refused(PersonalisationError),
    /// The memory failed.
    Fault(Fault),
}

impl fmt::Display for PutKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl core::error::Error for PutKeysError {}

/// What is forgotten without power.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    pub(super) is_selected: bool,
    pub(super) is_pin_verified: bool,
    pub(super) challenge: Option<[u8; 8]>,
    pub(super) begun: Option<Begun>,
    held: Option<Held>,
}

impl chip::Session for Session {}

/// A transaction that was initialised.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Begun {
    pub(super) which: Which,
    pub(super) terms: Terms,
    pub(super) key_index: u8,
    pub(super) random: Random,
    pub(super) caches: [Option<Cache>; CACHES],
    pub(super) split: Option<Split>,
    /// Of a conversion: from which pocket to which.
    pub(super) pockets: (u8, u8),
}

/// A record that a compound purchase will write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cache {
    pub(super) place: Place,
    pub(super) content: [u8; RECORD_BYTES_MAX],
    pub(super) length: u8,
}

/// Data that GET RESPONSE fetches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    data: [u8; 32],
    length: u8,
}

impl<N: Nvm> Application<N> {
    /// Replaces all keys at once, as the card's security domain does after it authenticated the issuer; a rollover of versions.
    /// What was begun is forgotten.
    ///
    /// # Errors
    /// [`PutKeysError`]; the old keys or the new ones are there, all of them.
    pub fn put_keys(&mut self, keys: &[KeyRecord]) -> Result<(), PutKeysError> {
        self.sound().map_err(PutKeysError::Fault)?;
        self.session.begun = None;
        let next = self.contents().with_keys(keys).map_err(PutKeysError::Refused)?;
        self.journal.commit(next).map_err(|fault| {
            self.fail(fault);
            PutKeysError::Fault(fault)
        })
    }

    /// Takes one command and eight fresh random bytes, and answers.
    ///
    /// # Errors
    /// [`Fault::PowerLost`]: there is no answer, and none comes before [`Chip::power_on`]. A worn out memory is
    /// answered by 6581, also from then on.
    pub fn step(&mut self, command: &Command<'_>, random: [u8; 8]) -> Result<Response, Fault> {
        if let Err(fault) = self.sound() {
            return after(fault);
        }
        let held = self.session.held.take();
        if command.header() == [0x00, 0xC0, 0x00, 0x00] && self.contents().profile.keeps_responses {
            return Ok(fetch(held));
        }
        let begun = self.session.begun.take();
        // A challenge is good for the next command, if that is signed.
        if command.cla & 0x04 == 0 && command.header() != [0x80, 0x2C, 0x00, command.p2] {
            self.session.challenge = None;
        }
        let answer = self.answer(command, random, begun).map(|response| self.hold(command, response));
        self.settle(answer)
    }

    fn answer(&mut self, command: &Command<'_>, random: [u8; 8], begun: Option<Begun>) -> Answer {
        if command.header() == [0x00, 0xA4, 0x04, 0x00] || command.header() == [0x00, 0xA4, 0x00, 0x00] {
            return self.select(command);
        }
        ensure(self.session.is_selected, StatusWord::CONDITIONS_NOT_MET)?;
        match (command.cla, command.ins) {
            (0x00, 0xA4) => Err(StatusWord::WRONG_P1_P2.into()),
            (0x00, 0x84) => self.challenge(command, random),
            (0x00, 0xB0) => self.read_binary(command),
            (0x00, 0xB2) => self.read_record(command),
            (0x80, 0x50) => self.initialise(command, random),
            (0x80, 0x52) => self.credit(command, begun),
            (0x80, 0x54) => self.debit(command, begun),
            (0x80, 0x5A) => self.prove(command),
            (0x80, 0x5C) => self.balance(command),
            (0x80, 0x58) => self.update_overdraft(command, begun),
            (0x80, 0xDC) => self.cache_record(command, begun),
            (0x80, 0xCA) => self.split_and_grade(command),
            (0x80, 0xDA) => self.update_grade(command),
            (0x80, 0xDE) => self.complete_split(command),
            (0xE0, 0x7A) => self.initialise_grey(command, random),
            (0xE0, 0x7C) => self.process_grey(command, begun),
            (0xE0, 0x7E) => self.debit_for_unlock(command),
            (0x00, 0x20) => self.verify_pin(command),
            (0x80, 0x5E) => self.change_or_reload_pin(command),
            (0x84, 0x24) | (0x80, 0x2C) => self.unblock_pin(command),
            (0x84, 0x1E) => self.block(command),
            (0x84, 0x18) => self.unblock(command),
            (0x04, 0xD6) => self.update_binary(command),
            (0x04, 0xDC) => self.update_record(command),
            (0x00 | 0x04 | 0x80 | 0x84 | 0xE0, _) => Err(StatusWord::INSTRUCTION_UNKNOWN.into()),
            _ => Err(StatusWord::CLASS_UNKNOWN.into()),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Answer {
        self.reset();
        let contents = self.journal.state();
        let is_this = match command.p1 {
            0x04 => command.data() == contents.aid.as_slice(),
            _ => command.data() == contents.file_identifier,
        };
        ensure(is_this, StatusWord::FILE_NOT_FOUND)?;
        let aid = contents.aid.as_slice();
        let public = contents.files.transparent(super::files::PUBLIC_INFORMATION).unwrap_or_default();
        // FCI: 6F, of it 84 the identifier, A5 of it 9F0C the public information.
        let length = |bytes: &[u8], more: usize| u8::try_from(bytes.len() + more).unwrap_or(u8::MAX);
        let (aid_length, public_length) = (length(aid, 0), length(public, 0));
        let inner = length(public, 3);
        let outer = aid_length.saturating_add(inner).saturating_add(4);
        expect_le(command, outer.saturating_add(2))?;
        self.session.is_selected = true;
        let contents = self.journal.state();
        done(&[
            &[0x6F, outer, 0x84, aid_length],
            contents.aid.as_slice(),
            &[0xA5, inner, 0x9F, 0x0C, public_length],
            contents.files.transparent(super::files::PUBLIC_INFORMATION).unwrap_or_default(),
        ])
    }

    /// Initialises a transaction; P1 says which.
    fn initialise(&mut self, command: &Command<'_>, random: [u8; 8]) -> Answer {
        let [a, b, c, d, ..] = random;
        let random = Random([a, b, c, d]);
        match command.p1 {
            0x00 => self.initialise_load(command, random),
            0x01..=0x03 => self.initialise_purchase(command, random),
            0x04 => self.initialise_overdraft(command, random),
            0x05 => self.initialise_unload(command, random),
            0x0A => self.initialise_cancel(command, random),
            0x0B => self.initialise_conversion(command, random),
            0x0C => self.initialise_parameters(command, random),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    /// Processes what a host signed in favour of the card; P1 says what.
    fn credit(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        match (command.p1, command.p2) {
            (0x00, 0x00) => self.credit_for_load(command, begun),
            (0x0B, 0x00) => self.convert(command, begun),
            (0x0C, 0x00) => self.update_parameters(command, begun),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    /// Processes a debit; P1 says which.
    fn debit(&mut self, command: &Command<'_>, begun: Option<Begun>) -> Answer {
        match (command.p1, command.p2) {
            (0x01, 0x00) => self.debit_for_purchase(command, begun),
            (0x03, 0x00) => self.debit_for_unload(command, begun),
            (0x0A, 0x00) => self.credit_for_cancel(command, begun),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    /// The pocket that P2 names.
    pub(super) fn which(command: &Command<'_>) -> Result<Which, Refusal> {
        match command.p2 {
            0x01 => Ok(Which::Deposit),
            0x02 => Ok(Which::Purse),
            _ => Err(StatusWord::WRONG_P1_P2.into()),
        }
    }

    /// Refuses where the application does not work, or a grey lock is on.
    pub(super) fn ensure_works(&self) -> Result<(), Refusal> {
        self.ensure_active()?;
        ensure(!self.contents().grey_lock.is_on(), StatusWord::CONDITIONS_NOT_MET)
    }

    /// Refuses where the application does not work.
    pub(super) fn ensure_active(&self) -> Result<(), Refusal> {
        match self.contents().life {
            Life::Active => Ok(()),
            Life::Blocked => Err(StatusWord::FUNCTION_NOT_SUPPORTED.into()),
            Life::Locked => Err(StatusWord::PERMANENTLY_LOCKED.into()),
        }
    }

    /// Refuses where a PIN is needed and was not verified.
    pub(super) fn ensure_pin(&self, is_needed: bool) -> Result<(), Refusal> {
        ensure(!is_needed || self.session.is_pin_verified, StatusWord::SECURITY_STATUS)
    }

    /// The record of a key, and what its algorithm means.
    pub(super) fn key_record<P: Purpose>(&self, index: u8) -> Result<&KeyRecord, Refusal> {
        self.contents().keys.find::<P>(index).ok_or(StatusWord::KEY_INDEX.into())
    }

    /// A key and its algorithm.
    pub(super) fn key<P: Purpose>(&self, index: u8) -> Result<(Key<P>, Algorithm), Refusal> {
        let record = self.key_record::<P>(index)?;
        let key = record.key().ok_or(StatusWord::KEY_INDEX)?;
        Ok((key, self.contents().profile.algorithm(record.algorithm)))
    }

    /// The first key of a purpose.
    pub(super) fn first_key<P: Purpose>(&self) -> Result<Key<P>, Refusal> {
        let record = self.contents().keys.first::<P>().ok_or(StatusWord::KEY_INDEX)?;
        Ok(record.key().ok_or(StatusWord::KEY_INDEX)?)
    }

    /// The key that makes TACs.
    pub(super) fn code_key(&self) -> Result<SessionKey, Refusal> {
        let record = self.contents().keys.first::<TransactionCode>().ok_or(StatusWord::KEY_INDEX)?;
        let key = record.key().ok_or(StatusWord::KEY_INDEX)?;
        Ok(SessionKey::of_transaction_codes(&key, self.contents().profile.algorithm(record.algorithm)))
    }

    /// Compares a MAC that only the issuer can make. The try is counted before the comparison; whoever goes on with the
    /// right MAC gives the tries back in the same commit ([`Application::next`]).
    pub(super) fn check_host(
        &mut self,
        is_right: impl FnOnce() -> bool,
        wrong: StatusWord,
    ) -> Result<(), Refusal> {
        let counts = self.contents().profile.locks_after_wrong_macs;
        if counts {
            let mut next = self.contents().clone();
            next.mac_tries = next.mac_tries.saturating_sub(1);
            if next.mac_tries == 0 {
                next.life = Life::Locked;
            }
            self.journal.commit(next)?;
        }
        if is_right() {
            return Ok(());
        }
        let is_locked = self.contents().life == Life::Locked;
        Err(if is_locked { StatusWord::PERMANENTLY_LOCKED } else { wrong }.into())
    }

    /// The contents after a transaction that a host signed: tries are given back.
    pub(super) fn next_after_host(&self, life: Life) -> Contents {
        let mut next = self.contents().clone();
        next.mac_tries = MAC_TRIES;
        next.life = life;
        next
    }

    /// What every transaction leaves beside its value: a log record and a proof.
    pub(super) fn note(next: &mut Contents, which: Which, terms: &Terms, when: &DateTime, proof: Proof) {
        let shown = match next.profile.log_sequence {
            Counting::Before => proof.sequence,
            Counting::After => proof.sequence.next().unwrap_or(Sequence::END),
        };
        next.log.append(shown, next.pocket(which).overdraft, terms, when);
        next.proofs.keep(proof);
    }

    /// Commits a transaction; the PIN is forgotten where the profile says so.
    pub(super) fn finish(&mut self, next: Contents) -> Result<(), Refusal> {
        self.journal.commit(next)?;
        self.session.is_pin_verified &= self.contents().profile.pin_outlasts_transaction;
        Ok(())
    }

    /// Keeps data for GET RESPONSE where the card does so and the command did not ask for it.
    fn hold(&mut self, command: &Command<'_>, response: Response) -> Response {
        let data = response.data();
        let asks = command.le().is_some() || command.data().is_empty();
        if !self.contents().profile.keeps_responses || asks || data.is_empty() {
            return response;
        }
        let mut held = Held { data: [0; 32], length: 0 };
        let (Ok(length), Some(place)) = (u8::try_from(data.len()), held.data.get_mut(..data.len())) else {
            return response;
        };
        place.copy_from_slice(data);
        held.length = length;
        self.session.held = Some(held);
        StatusWord::more_data(length).into()
    }
}

fn fetch(held: Option<Held>) -> Response {
    let Some(held) = held else { return StatusWord::CONDITIONS_NOT_MET.into() };
    let data = held.data.get(..usize::from(held.length)).unwrap_or_default();
    Response::with_data(data).unwrap_or(StatusWord::MEMORY_FAILURE.into())
}
