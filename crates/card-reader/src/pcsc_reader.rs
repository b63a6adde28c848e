//! A reader of the system, by PC/SC.

use std::{
    ffi::CString,
    fmt, thread,
    time::{Duration, Instant},
};

use globalplatform::apdu::{Command, RESPONSE_BYTES_MAX, Response};
use pcsc::{
    Card, Context, Disposition, Error, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State,
};

use crate::reader::{Reader, ReaderError};

/// A reader by its name, such as "ACS ACR122U 00 00", with or without a card in it.
pub struct PcscReader {
    context: Context,
    name: CString,
    card: Option<Card>,
}

impl fmt::Debug for PcscReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        let known = names()?;
        if !known.iter().any(|known| known == name) {
            return Err(ReaderError::Broken(format!("there is no reader {name:?}, only {known:?}")));
        }
        let context = Context::establish(Scope::User).map_err(failed)?;
        let name = CString::new(name).map_err(|error| ReaderError::Broken(error.to_string()))?;
        Ok(Self { context, name, card: None })
    }

    /// Waits for a card that answers to power.
    ///
    /// # Errors
    /// As [`Reader::power_on`], after `patience`.
    pub fn wait_for_card(&mut self, patience: Duration) -> Result<(), ReaderError> {
        let end = Instant::now() + patience;
        loop {
            match self.power_on() {
                // No card, one that has just been taken away, or one that somebody is still letting go of.
                Err(_) if Instant::now() < end => self.wait_for_change(end),
                powered => return powered,
            }
        }
    }

    /// Waits until the reader says that something changed, a moment at most.
    fn wait_for_change(&self, end: Instant) {
        let left = end.saturating_duration_since(Instant::now()).min(Duration::from_millis(100));
        let mut states = [
            ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE),
            ReaderState::new(self.name.clone(), State::EMPTY),
        ];
        if self.context.get_status_change(left, &mut states).is_ok() {
            thread::sleep(Duration::from_millis(10).min(left));
        }
    }
}

impl Drop for PcscReader {
    fn drop(&mut self) {
        self.power_off();
    }
}

impl Reader for PcscReader {
    fn is_card_present(&mut self) -> Result<bool, ReaderError> {
        let mut states = [ReaderState::new(self.name.clone(), State::UNAWARE)];
        self.context.get_status_change(Duration::ZERO, &mut states).map_err(failed)?;
        Ok(states.iter().any(|state| state.event_state().contains(State::PRESENT)))
    }

    fn power_on(&mut self) -> Result<(), ReaderError> {
        self.power_off();
        let card = self.context.connect(&self.name, ShareMode::Exclusive, Protocols::ANY).map_err(failed)?;
        self.card = Some(card);
        Ok(())
    }

    /// Leaves the card as it is, and the service takes its power soon: where a reset fails because the card has just gone, pcscd
    /// 1.9.9 takes the slot for empty until it has seen it empty, which it does not where the next card comes at once.
    fn power_off(&mut self) {
        if let Some(card) = self.card.take() {
            let _ = card.disconnect(Disposition::LeaveCard);
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
