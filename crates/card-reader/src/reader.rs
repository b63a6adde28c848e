//! A slot or a field, and why there is no answer from it.

use std::fmt;

use globalplatform::apdu::{Command, Response};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReaderError {
    /// No card is in the field or slot.
    NoCard,
    /// The card went away, or did not answer: whether it carried the command out is not known.
    Lost,
    /// The reader itself does not work; its own words.
    Broken(String),
}

impl fmt::Display for ReaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCard => f.write_str("no card is there"),
            Self::Lost => f.write_str("card went away"),
            Self::Broken(cause) => write!(f, "reader does not work: {cause}"),
        }
    }
}

impl std::error::Error for ReaderError {}

/// A slot or a field with at most one card in it.
pub trait Reader {
    /// Whether a card is there now.
    ///
    /// # Errors
    /// [`ReaderError::Broken`].
    fn is_card_present(&mut self) -> Result<bool, ReaderError>;

    /// Gives the card power. A SELECT follows: a reader of the system may not have taken its power before.
    ///
    /// # Errors
    /// [`ReaderError`].
    fn power_on(&mut self) -> Result<(), ReaderError>;

    /// Takes power from the card: it is released.
    fn power_off(&mut self);

    /// Sends one command and waits for its response.
    ///
    /// # Errors
    /// [`ReaderError`]; after one, the card needs [`Reader::power_on`].
    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError>;
}

impl<R: Reader + ?Sized> Reader for &mut R {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        (**self).is_card_present()
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        (**self).power_on()
    }

    fn power_off(&mut self) {
        (**self).power_off();
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        (**self).transmit(command)
    }
}
