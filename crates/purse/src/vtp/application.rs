//! The application and its step function.

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};

use super::{contents::Contents, counterpart::Counterpart, counterpart::IssuerCertificate, rules::Rules};
use crate::{
    answer::{Answer, Refusal, after, done, ensure},
    journal::{Journal, OpenError},
    nvm::{Fault, Nvm},
};

/// The name of the application: proprietary, unregistered (ISO/IEC 7816-4, 8.2.1.2).
pub const AID: [u8; 7] = [0xF0, b'S', b'Y', b'C', b'E', b'E', 0x01];

/// A purse in its memory. Equal to another when memory and everything forgotten are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Application<N> {
    pub(super) journal: Journal<N, Contents>,
    pub(super) session: Session,
    pub(super) rules: Rules,
}

/// What is forgotten without power.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Session {
    is_selected: bool,
    pub(super) issuer: Option<IssuerCertificate>,
    pub(super) counterpart: Option<Counterpart>,
    fault: Option<Fault>,
}

impl<N: Nvm> Application<N> {
    /// Writes a personalised purse into memory.
    ///
    /// # Errors
    /// [`Fault`]; personalise again.
    pub fn install(nvm: N, contents: Contents) -> Result<Self, Fault> {
        let journal = Journal::format(nvm, contents)?;
        Ok(Self { journal, session: Session::default(), rules: Rules::KEPT })
    }

    /// Power comes: repairs what a loss of power left. Nothing is selected, and no transfer is aborted.
    ///
    /// # Errors
    /// [`OpenError`], with the memory; [`OpenError::Mute`] is for ever.
    pub fn power_on(nvm: N) -> Result<Self, (OpenError, N)> {
        let journal = Journal::open(nvm)?;
        Ok(Self { journal, session: Session::default(), rules: Rules::KEPT })
    }

    /// Power goes: only memory stays.
    pub fn power_off(self) -> N {
        self.journal.into_nvm()
    }

    /// Finishes in memory what the last command left for after its answer, as [`crate::ep::Application::mirror`] does.
    ///
    /// # Errors
    /// [`Fault`], as of [`Application::step`].
    pub fn mirror(&mut self) -> Result<(), Fault> {
        if let Some(fault) = self.session.fault {
            return Err(fault);
        }
        self.journal.mirror().inspect_err(|fault| {
            self.session = Session { fault: Some(*fault), ..Session::default() };
        })
    }

    /// A reset while power stays: counterpart and selection are forgotten.
    pub fn reset(&mut self) {
        self.session = Session { fault: self.session.fault, ..Session::default() };
    }

    /// What the purse keeps.
    #[must_use]
    pub const fn contents(&self) -> &Contents {
        self.journal.state()
    }

    /// The memory.
    #[must_use]
    pub const fn nvm(&self) -> &N {
        self.journal.nvm()
    }

    /// The memory, to plan its faults in a simulation.
    pub const fn nvm_mut(&mut self) -> &mut N {
        self.journal.nvm_mut()
    }

    /// Takes one command and answers.
    ///
    /// # Errors
    /// [`Fault::PowerLost`]: there is no answer, and none comes before [`Application::power_on`]. A worn out memory is
    /// answered by 6581, also from then on.
    pub fn step(&mut self, command: &Command<'_>) -> Result<Response, Fault> {
        if let Some(fault) = self.session.fault {
            return after(fault);
        }
        match self.answer(command) {
            Ok(response) => Ok(response),
            Err(Refusal::Status(status)) => Ok(status.into()),
            Err(Refusal::Fault(fault)) => {
                self.session = Session { fault: Some(fault), ..Session::default() };
                after(fault)
            }
        }
    }

    fn answer(&mut self, command: &Command<'_>) -> Answer {
        if command.header() == [0x00, 0xA4, 0x04, 0x00] {
            return self.select(command);
        }
        ensure(self.session.is_selected, StatusWord::CONDITIONS_NOT_MET)?;
        let has_parameters = matches!(command.ins, 0x12 | 0x14 | 0x20 | 0x30 | 0x32 | 0x34);
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
            (0x90, 0x40) => self.unlock(command),
            (0x90, 0x42) => self.lock(command),
            (0x90, 0x44) => self.change_pin(command),
            (0x90, _) => Err(StatusWord::INSTRUCTION_UNKNOWN.into()),
            _ => Err(StatusWord::CLASS_UNKNOWN.into()),
        }
    }

    fn select(&mut self, command: &Command<'_>) -> Answer {
        self.session = Session::default();
        ensure(command.data() == AID, StatusWord::FILE_NOT_FOUND)?;
        self.session.is_selected = true;
        done(&[&[0x6F, 0x09, 0x84, 0x07], &AID])
    }
}
