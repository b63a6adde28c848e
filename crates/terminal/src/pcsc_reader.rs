//! A reader of the system, by PC/SC.

use std::ffi::CString;

use globalplatform::apdu::{Command, RESPONSE_BYTES_MAX, Response};
use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State};

use crate::reader::{Reader, ReaderError};

/// A reader by its name, such as "ACS ACR122U 00 00".
pub struct PcscReader {
    context: Context,
    name: CString,
    card: Option<Card>,
}

impl std::fmt::Debug for PcscReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PcscReader({})", self.name.to_string_lossy())
    }
}

/// The names of all readers.
///
/// # Errors
/// [`ReaderError::Broken`], also where the service does not run.
pub fn names() -> Result<Vec<String>, ReaderError> {
    let context = Context::establish(Scope::User).map_err(failed)?;
    let names = context.list_readers_owned().map_err(failed)?;
    Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
}

impl PcscReader {
    /// The reader of this name, whether a card is in it or not.
    ///
    /// # Errors
    /// [`ReaderError::Broken`], also where there is none of this name.
    pub fn open(name: &str) -> Result<Self, ReaderError> {
        if !names()?.iter().any(|known| known == name) {
            return Err(ReaderError::Broken(format!("there is no reader {name}")));
        }
        let context = Context::establish(Scope::User).map_err(failed)?;
        let name = CString::new(name).map_err(|error| ReaderError::Broken(error.to_string()))?;
        Ok(Self { context, name, card: None })
    }
}

impl Reader for PcscReader {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        let mut states = [ReaderState::new(self.name.clone(), State::UNAWARE)];
        self.context.get_status_change(std::time::Duration::ZERO, &mut states).map_err(failed)?;
        Ok(states.iter().any(|state| state.event_state().contains(State::PRESENT)))
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.power_off();
        let card = self.context.connect(&self.name, ShareMode::Exclusive, Protocols::ANY).map_err(failed)?;
        self.card = Some(card);
        Ok(())
    }

    fn power_off(&mut self) {
        if let Some(card) = self.card.take() {
            // A card that has gone already has no power either.
            let _ = card.disconnect(Disposition::UnpowerCard);
        }
    }

    fn transmit(&mut self, command: &Command<'_>) -> Result<Response, ReaderError> {
        let card = self.card.as_ref().ok_or(ReaderError::Lost)?;
        let mut place = [0; RESPONSE_BYTES_MAX];
        let answer = card.transmit(command.to_bytes().as_slice(), &mut place).map_err(failed);
        // Some drivers answer with nothing for a card that has gone.
        let answer = answer.and_then(|bytes| Response::parse(bytes).map_err(|_| ReaderError::Lost));
        answer.map_err(|error| {
            self.power_off();
            // Whatever went wrong while the card had the command: nobody knows what it did.
            if error == ReaderError::NoCard { ReaderError::Lost } else { error }
        })
    }
}

fn failed(error: Error) -> ReaderError {
    match error {
        Error::NoSmartcard => ReaderError::NoCard,
        Error::RemovedCard
        | Error::ResetCard
        | Error::UnpoweredCard
        | Error::UnresponsiveCard
        | Error::CommDataLost
        | Error::NotTransacted => ReaderError::Lost,
        other => ReaderError::Broken(other.to_string()),
    }
}
