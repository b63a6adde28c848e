//! What the applications of this crate have in common: how they come into memory, get power, lose it, and fail.
//!
//! An application is a [`Chip`] of its own state and session, with a `step` of its own. A loss of power leaves what
//! [`crate::journal`] says, and nothing of the session.

use globalplatform::apdu::Response;

use crate::{
    answer::{Answer, Refusal},
    journal::{Journal, OpenError, Stored},
    nvm::{Fault, Nvm},
};

/// What an application forgets without power.
pub trait Session: Default {
    /// Forgets everything that a reset ends.
    fn forget(&mut self) {
        *self = Self::default();
    }
}

/// An application in its memory. Equal to another when memory and everything forgotten are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chip<N, S, V> {
    pub(crate) journal: Journal<N, S>,
    pub(crate) session: V,
    /// Why there are no answers any more.
    fault: Option<Fault>,
}

/// What decides how an application answers: what it keeps and what it has begun, without how often it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State<'a, S, V> {
    contents: &'a S,
    session: &'a V,
    fault: Option<Fault>,
}

impl<N: Nvm, S: Stored, V: Session> Chip<N, S, V> {
    /// Writes what was personalised into memory.
    ///
    /// # Errors
    /// [`Fault`]; personalise again.
    pub fn install(nvm: N, contents: S) -> Result<Self, Fault> {
        Ok(Self { journal: Journal::format(nvm, contents)?, session: V::default(), fault: None })
    }

    /// Power comes: repairs what a loss of power left. Nothing is selected, and nothing that was begun is ended.
    ///
    /// # Errors
    /// [`OpenError`], with the memory; [`OpenError::Mute`] is for ever.
    pub fn power_on(nvm: N) -> Result<Self, (OpenError, N)> {
        Ok(Self { journal: Journal::open(nvm)?, session: V::default(), fault: None })
    }

    /// Power goes: only memory stays.
    pub fn power_off(self) -> N {
        self.journal.into_nvm()
    }

    /// Finishes in memory what the last command left for after its answer. Whoever carries answers calls this when one has
    /// left; a loss of power meanwhile changes nothing about what was answered.
    ///
    /// # Errors
    /// [`Fault`], as of the step function.
    pub fn mirror(&mut self) -> Result<(), Fault> {
        self.sound()?;
        self.journal.mirror().inspect_err(|fault| self.fail(*fault))
    }

    /// A reset while power stays: everything begun is forgotten.
    pub fn reset(&mut self) {
        self.session.forget();
    }

    /// What the application keeps.
    #[must_use]
    pub const fn contents(&self) -> &S {
        self.journal.state()
    }

    /// What decides how the application answers: where two agree in it, they answer every command alike.
    #[must_use]
    pub const fn state(&self) -> State<'_, S, V> {
        State { contents: self.journal.state(), session: &self.session, fault: self.fault }
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

    /// Refuses once the memory has failed.
    pub(crate) fn sound(&self) -> Result<(), Fault> {
        self.fault.map_or(Ok(()), Err)
    }

    /// The memory has failed: everything begun is forgotten, and no answer comes any more.
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.session.forget();
        self.fault = Some(fault);
    }

    /// What leaves the chip for what a command led to.
    pub(crate) fn settle(&mut self, answer: Answer) -> Result<Response, Fault> {
        match answer {
            Ok(response) => Ok(response),
            Err(Refusal::Status(status)) => Ok(status.into()),
            Err(Refusal::Fault(fault)) => {
                self.fail(fault);
                crate::answer::after(fault)
            }
        }
    }
}
