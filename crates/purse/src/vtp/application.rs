//! The application and its step function.

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};

use pki::CERTIFICATE_BYTES;

use super::{contents::Contents, counterpart::Counterpart, counterpart::IssuerCertificate, rules::Rules};
use crate::{
    answer::{Answer, after, done, ensure},
    chip::{self, Chip},
    nvm::{Fault, Nvm},
};

/// The name of the application: proprietary, unregistered (ISO/IEC 7816-4, 8.2.1.2).
pub const AID: [u8; 7] = [0xF0, b'S', b'Y', b'C', b'E', b'E', 0x01];

/// A purse in its memory.
pub type Application<N> = Chip<N, Contents, Session>;

/// What is forgotten without power.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Session {
    is_selected: bool,
    pub(super) issuer: Option<IssuerCertificate>,
    pub(super) counterpart: Option<Counterpart>,
    /// The first half of new certificates, until the second comes.
    pub(super) renewed_issuer: Option<[u8; CERTIFICATE_BYTES]>,
    pub(super) rules: Rules,
}

impl chip::Session for Session {
    fn forget(&mut self) {
        *self = Self { rules: self.rules, ..Self::default() };
    }
}

impl<N: Nvm> Application<N> {
    /// Takes one command and answers.
    ///
    /// # Errors
    /// [`Fault::PowerLost`]: there is no answer, and none comes before [`Chip::power_on`]. A worn out memory is
    /// answered by 6581, also from then on.
    pub fn step(&mut self, command: &Command<'_>) -> Result<Response, Fault> {
        if let Err(fault) = self.sound() {
            return after(fault);
        }
        let answer = self.answer(command);
        self.settle(answer)
    }

    fn answer(&mut self, command: &Command<'_>) -> Answer {
        if command.header() == [0x00, 0xA4, 0x04, 0x00] {
            return self.select(command);
        }
        ensure(self.session.is_selected, StatusWord::CONDITIONS_NOT_MET)?;
        let has_parameters = matches!(command.ins, 0x12 | 0x14 | 0x20 | 0x30 | 0x32 | 0x34 | 0x36);
        let is_own_class = command.cla == 0x90 && !has_parameters;
        ensure(!is_own_class || (command.p1, command.p2) == (0, 0), StatusWord::WRONG_P1_P2)?;
        match (command.cla, command.ins) {
            (0x90, 0x10) => self.identify(command),
            (0x90, 0x12) => self.balance(command),
            (0x90, 0x14) => self.certificate(command),
            (0x90, 0x16) => self.report(command),
            (0x90, 0x20) => self.take_certificate(command),
            (0x90, 0x22) => self.start_from(command),
            (0x90, 0x24) => self.start_to(command),
            (0x90, 0x26) => self.take_req(command),
            (0x90, 0x28) => self.take_val(command),
            (0x90, 0x2A) => self.take_ack(command),
            (0x90, 0x2C) => self.resume(command),
            (0x90, 0x2E) => self.abort(command),
            (0x90, 0x30) => self.read_exception(command),
            (0x90, 0x32) => self.read_transfer(command),
            (0x90, 0x34) => self.take_authority(command),
            (0x90, 0x36) => self.renew(command),
            (0x90, 0x40) => self.unlock(command),
            (0x90, 0x42) => self.lock(command),
            (0x90, 0x44) => self.change_pin(command),
            (0x90, _) => Err(StatusWord::INSTRUCTION_UNKNOWN.into()),
            _ => Err(StatusWord::CLASS_UNKNOWN.into()),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Answer {
        self.reset();
        ensure(command.data() == AID, StatusWord::FILE_NOT_FOUND)?;
        self.session.is_selected = true;
        done(&[&[0x6F, 0x09, 0x84, 0x07], &AID])
    }
}
