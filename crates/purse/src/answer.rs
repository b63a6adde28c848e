//! Answers, refusals, and the checks that every command begins with.

use globalplatform::{
    apdu::{Command, Response},
    status::StatusWord,
};

use crate::nvm::Fault;

/// Why a command is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The card says no.
    Status(StatusWord),
    /// The memory does.
    Fault(Fault),
}

impl From<StatusWord> for Refusal {
    fn from(status: StatusWord) -> Self {
        Self::Status(status)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What every command leads to once the memory has failed: nothing without power, else 6581.
pub(crate) const fn after(fault: Fault) -> Result<Response, Fault> {
    match fault {
        Fault::PowerLost => Err(fault),
        Fault::WornOut => Ok(Response::new(StatusWord::MEMORY_FAILURE)),
    }
}

/// What a command leads to.
pub(crate) type Answer = Result<Response, Refusal>;

/// Done, with the parts as data.
pub(crate) fn done(parts: &[&[u8]]) -> Answer {
    let mut response = Response::new(StatusWord::SUCCESS);
    for part in parts {
        response.push(part).map_err(|_| StatusWord::WRONG_LENGTH)?;
    }
    Ok(response)
}

/// Refuses unless something holds.
pub(crate) fn ensure(holds: bool, otherwise: StatusWord) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// The data of a command that has `N` bytes, to be answered with `answer` bytes.
///
/// A wrong Le is refused before anything happens: 6Cxx.
pub(crate) fn data<const N: usize>(command: &Command<'_>, answer: u8) -> Result<[u8; N], Refusal> {
    let data: [u8; N] = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
    expect_le(command, answer)?;
    Ok(data)
}

/// Refuses an Le that is too small for the answer.
pub(crate) fn expect_le(command: &Command<'_>, answer: u8) -> Result<(), Refusal> {
    match command.le() {
        Some(le) if le < u16::from(answer) => Err(StatusWord::right_le(answer).into()),
        _ => Ok(()),
    }
}
