//! Readers of the operating system, through PC/SC.

use std::{
    ffi::CString,
    fmt,
    time::{Duration, Instant},
};

use globalplatform::apdu::{RESPONSE_BYTES_MAX, Response};
use pcsc::{Card, Context, Disposition, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State};

use super::{CardGone, Reader};

/// A reader of the system, with or without a card in it.
pub struct SystemReader {
    context: Context,
    name: CString,
    card: Option<Card>,
}

impl fmt::Debug for SystemReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemReader({:?})", self.name)
    }
}

/// The system has no such reader, or no card came into it.
#[derive(Debug)]
pub enum ReaderError {
    /// The service of the system does not answer: is pcscd running?
    Service(pcsc::Error),
    /// There is no reader of this name; those there are.
    NoReader(String, Vec<String>),
    /// No card came in time.
    NoCard,
}

impl fmt::Display for ReaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(error) => write!(f, "the service for card readers does not answer ({error})"),
            Self::NoReader(name, known) => write!(f, "there is no reader {name:?}, only {known:?}"),
            Self::NoCard => f.write_str("no card came into the reader"),
        }
    }
}

impl std::error::Error for ReaderError {}

impl From<pcsc::Error> for ReaderError {
    fn from(error: pcsc::Error) -> Self {
        Self::Service(error)
    }
}

impl SystemReader {
    /// The reader of this name.
    ///
    /// # Errors
    /// [`ReaderError`].
    pub fn named(name: &str) -> Result<Self, ReaderError> {
        let context = Context::establish(Scope::User)?;
        let known: Vec<String> =
            context.list_readers_owned()?.iter().map(|known| known.to_string_lossy().into_owned()).collect();
        let c_name = CString::new(name).ok().filter(|_| known.iter().any(|known| known == name));
        let name = c_name.ok_or_else(|| ReaderError::NoReader(name.to_owned(), known))?;
        Ok(Self { context, name, card: None })
    }

    /// The readers that there are.
    ///
    /// # Errors
    /// [`ReaderError::Service`].
    pub fn names() -> Result<Vec<String>, ReaderError> {
        let names = Context::establish(Scope::User)?.list_readers_owned()?;
        Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }

    /// Waits for a card that answers to power.
    ///
    /// # Errors
    /// [`ReaderError::NoCard`] after `patience`, [`ReaderError::Service`].
    pub fn wait_for_card(&mut self, patience: Duration) -> Result<(), ReaderError> {
        self.let_go();
        let end = Instant::now() + patience;
        loop {
            match self.context.connect(&self.name, ShareMode::Exclusive, Protocols::ANY) {
                Ok(card) => {
                    self.card = Some(card);
                    return Ok(());
                }
                // No card, one that has just been taken away, or one that somebody is still letting go of.
                Err(error) if Instant::now() >= end => {
                    let is_absent = matches!(
                        error,
                        pcsc::Error::NoSmartcard
                            | pcsc::Error::RemovedCard
                            | pcsc::Error::UnpoweredCard
                            | pcsc::Error::UnresponsiveCard
                            | pcsc::Error::SharingViolation
                    );
                    return Err(if is_absent { ReaderError::NoCard } else { ReaderError::Service(error) });
                }
                Err(_) => self.wait_for_change(end),
            }
        }
    }

    /// Ends the connection, and leaves the card as it is: where a reset fails because the card has just gone, pcscd 1.9.9 takes
    /// the slot for empty until it has seen it empty, which it does not where the next card comes at once.
    pub fn let_go(&mut self) {
        if let Some(card) = self.card.take() {
            let _ = card.disconnect(Disposition::LeaveCard);
        }
    }

    /// Waits until the reader says that something changed, a moment at most.
    fn wait_for_change(&self, end: Instant) {
        let left = end.saturating_duration_since(Instant::now()).min(Duration::from_millis(100));
        let mut states = [
            ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE),
            ReaderState::new(self.name.clone(), State::EMPTY),
        ];
        let changed = self.context.get_status_change(left, &mut states);
        if changed.is_ok() {
            std::thread::sleep(Duration::from_millis(10).min(left));
        }
    }
}

impl Drop for SystemReader {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Reader for SystemReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Response, CardGone> {
        let card = self.card.as_ref().ok_or(CardGone)?;
        let mut place = [0; RESPONSE_BYTES_MAX];
        let answer = card.transmit(command, &mut place);
        let answer =
            answer.map_err(|_| CardGone).and_then(|bytes| Response::parse(bytes).map_err(|_| CardGone));
        if answer.is_err() {
            self.let_go();
        }
        answer
    }
}
