//! What sits in a slot of a reader, and readers for tests and measurements.

#[cfg(feature = "pcsc")]
pub mod daemon;

use std::fmt;

use card_reader::reader::{Reader, ReaderError};
use globalplatform::{
    apdu::{Command, Response},
    domain::Entropy,
};
use purse::{fake_card::FakeCard, nvm::Nvm};

use crate::card::Card;

/// The card was taken away, or its answer did not come: whether it did what it was told is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardGone;

impl fmt::Display for CardGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card does not answer")
    }
}

impl std::error::Error for CardGone {}

impl From<CardGone> for ReaderError {
    fn from(CardGone: CardGone) -> Self {
        Self::Lost
    }
}

/// What sits in a slot of a reader: bytes in, bytes out, and what power does to it.
pub trait Inserted {
    /// Power came, or the reset line moved.
    fn reset(&mut self);
    /// Power went, as far as the reader says so.
    fn power_off(&mut self) {
        self.reset();
    }
    /// Answers a command.
    ///
    /// # Errors
    /// [`CardGone`] where its memory failed for good.
    fn answer(&mut self, command: &[u8]) -> Result<Response, CardGone>;
    /// The answer has left.
    ///
    /// # Errors
    /// As [`Inserted::answer`].
    fn settle(&mut self) -> Result<(), CardGone>;
}

impl<N: Nvm, E: Entropy> Inserted for Card<N, E> {
    fn reset(&mut self) {
        Self::reset(self);
    }

    fn answer(&mut self, command: &[u8]) -> Result<Response, CardGone> {
        self.step(command).map_err(|_| CardGone)
    }

    fn settle(&mut self) -> Result<(), CardGone> {
        self.mirror().map_err(|_| CardGone)
    }
}

/// A card that cheats fits a slot, too.
impl Inserted for FakeCard {
    fn reset(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Result<Response, CardGone> {
        let step = |command: Command<'_>| self.step(&command);
        Ok(Command::parse(command).map_or_else(Into::into, step))
    }

    fn settle(&mut self) -> Result<(), CardGone> {
        Ok(())
    }
}

/// A reader of this process whose card stays in it and has power.
#[derive(Debug)]
pub struct InProcess<C>(pub C);

impl<C: Inserted> Reader for InProcess<C> {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        Ok(true)
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.0.reset();
        Ok(())
    }

    fn power_off(&mut self) {
        self.0.power_off();
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        let answer = self.0.answer(command.to_bytes().as_slice())?;
        self.0.settle()?;
        Ok(answer)
    }
}
